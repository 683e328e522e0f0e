//! `bitsup try [FILE]...`: the whole job on this machine.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::auth::AuthSettings;
use crate::cli::args::{TryArgs, UploadArgs};
use crate::cli::config::UploadConfig;
use crate::cli::signals::Signals;
use crate::output::Reporter;
use crate::server::{Options, Server, StopHandle};

use super::upload::{self, RunContext, UploadConnection};

const GENERATED: u64 = 64 * 1024 * 1024;

const BLOCK: usize = 1024 * 1024;

pub(super) fn run(args: &TryArgs) -> anyhow::Result<()> {
    let signals = Signals::watch()?;
    let reporter = args.output.reporter();
    let folder = TempDir::new().context("cannot make a temporary folder")?;
    let mut files = args.files.clone();
    if files.is_empty() {
        files.push(generate(folder.path()).context("cannot generate a file to upload")?);
    }
    let received = folder.path().join("received");
    std::fs::create_dir(&received).context("cannot make a temporary folder")?;
    let mut options = Options::new(&received, (Ipv4Addr::LOCALHOST, 0).into());
    // The files are thrown away in the end: waiting for the disk would only blur the figures.
    options.durable = false;
    let server = Server::bind(options).context("cannot receive uploads")?;
    let (address, stop) = (server.address(), StopOnDrop(server.stop_handle()));
    thread::scope(|scope| {
        let _stop = stop;
        // Should the receiver die, the upload says so.
        scope.spawn(|| drop(server.run(|_| {})));
        files.iter().try_for_each(|file| {
            let arrived = received.join(file.file_name().unwrap_or_default());
            try_one(file, &arrived, args, address, &signals, &reporter)
        })
    })
}

/// Ends the receiver also after a panic: the scope waits for it.
struct StopOnDrop(StopHandle);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

fn try_one(
    file: &Path,
    arrived: &Path,
    args: &TryArgs,
    address: SocketAddr,
    signals: &Signals,
    reporter: &Reporter,
) -> anyhow::Result<()> {
    let url = format!("http://{address}/");
    let config = UploadConfig::new(UploadArgs::plain(file.to_owned(), url.clone(), args.output.clone()))?;
    for item in config.files.items(Vec::new(), |source| Ok(vec![source]))? {
        let identity = AuthSettings::anonymous(&item.destination);
        let mut lane = reporter.lane(0);
        let journal = upload::journal(&config, &mut lane);
        let (config, identity) = (&config, &identity);
        let context =
            RunContext { config, identity, signals, journal, json: None, resume_command: None, of_many: false };
        context.upload(1, &item, &mut UploadConnection::default(), &mut lane)?;
    }
    if !same_bytes(file, arrived).with_context(|| format!("cannot compare {} with what arrived", file.display()))? {
        bail!("what arrived differs from {}", file.display());
    }
    let name = Path::new(file.file_name().unwrap_or_default()).display();
    reporter.message(&format!("{name}: what arrived is the same, byte for byte; by hand that is:"));
    reporter.message(&format!("  bitsup serve FOLDER --listen {address}"));
    // A generated file is gone by the time somebody reads this.
    let shown = if args.files.is_empty() { Path::new("FILE") } else { file };
    reporter.message(&format!("  bitsup upload {} {}", shown.display(), url));
    std::fs::remove_file(arrived).context("cannot remove the received file")
}

/// A file whose bytes differ everywhere, so that a block in the wrong place shows.
fn generate(folder: &Path) -> io::Result<PathBuf> {
    let path = folder.join("example.bin");
    let mut file = BufWriter::with_capacity(BLOCK, File::create_new(&path)?);
    // A full-period generator: each 64-bit word occurs once.
    let mut word: u64 = 0;
    for _ in 0..GENERATED / 8 {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        file.write_all(&word.to_le_bytes())?;
    }
    file.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(path)
}

fn same_bytes(a: &Path, b: &Path) -> io::Result<bool> {
    let (mut a, mut b) = (File::open(a)?, File::open(b)?);
    let (mut left, mut right) = (Vec::with_capacity(BLOCK), Vec::with_capacity(BLOCK));
    loop {
        left.clear();
        right.clear();
        (&mut a).take(BLOCK as u64).read_to_end(&mut left)?;
        (&mut b).take(BLOCK as u64).read_to_end(&mut right)?;
        if left.is_empty() || left != right {
            return Ok(left == right);
        }
    }
}
