//! `bitsup try [FILE]...`: the whole job on this machine.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::auth::AuthSettings;
use crate::cli::args::{TryArgs, UploadArgs};
use crate::cli::config::{FoundFile, UploadConfig};
use crate::cli::resume_command;
use crate::cli::signals::Signals;
use crate::output::{Reporter, units};
use crate::server::{Options, Server, StopHandle};

use super::upload::{self, RunContext, UploadConnection};

const GENERATED: u64 = 64 * 1024 * 1024;

const BLOCK: usize = 1024 * 1024;

/// How long all uploads take where a person watches the bar. Over loopback it would be gone before it is seen.
const SECONDS_TO_WATCH: u64 = 3;

/// The files as they are uploaded, and the receiver that takes them.
struct TryRun<'a> {
    args: &'a TryArgs,
    address: SocketAddr,
    signals: &'a Signals,
    reporter: &'a Reporter,
    rate: Option<NonZeroU64>,
}

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
    let address = server.address().context("cannot receive uploads")?;
    let stop = StopOnDrop(server.stop_handle());
    let rate = reporter.is_watched().then(|| watchable_rate(&files)).flatten();
    let trial = TryRun { args, address, signals: &signals, reporter: &reporter, rate };
    thread::scope(|scope| {
        let _stop = stop;
        // Should the receiver die, the upload says so.
        scope.spawn(|| drop(server.run(|_| {})));
        files.iter().try_for_each(|file| trial.upload(file, &received.join(file.file_name().unwrap_or_default())))
    })?;
    trial.show_next_steps();
    Ok(())
}

/// Bytes a second that make the uploads last as long as it takes to see them; small files are not slowed down much.
fn watchable_rate(files: &[PathBuf]) -> Option<NonZeroU64> {
    let total: u64 = files.iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
    NonZeroU64::new((total / SECONDS_TO_WATCH).max(BLOCK as u64))
}

/// Ends the receiver also after a panic: the scope waits for it.
struct StopOnDrop(StopHandle);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl TryRun<'_> {
    fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Uploads a file and compares it with the one that `arrived`.
    fn upload(&self, file: &Path, arrived: &Path) -> anyhow::Result<()> {
        let mut args = UploadArgs::plain(file.to_owned(), self.url(), self.args.output.clone());
        args.limit_rate = self.rate.map(NonZeroU64::get);
        let config = UploadConfig::new(args)?;
        for item in config.files.items(&[FoundFile::plain(file.as_os_str(), None)])? {
            let identity = AuthSettings::anonymous(&item.destination);
            let mut lane = self.reporter.lane(0);
            let journal = upload::journal(&config, &mut lane);
            let (config, identity, signals) = (&config, &identity, self.signals);
            let context = RunContext {
                config,
                identity,
                signals,
                journal,
                json: None,
                resume_command: None,
                finished: None,
                servers: Mutex::default(),
            };
            context.upload(1, &item, &mut UploadConnection::default(), &mut lane)?;
        }
        let same = same_bytes(file, arrived);
        if !same.with_context(|| format!("cannot compare {} with the received file", file.display()))? {
            bail!("the received file differs from {}", file.display());
        }
        let name = Path::new(file.file_name().unwrap_or_default()).display();
        self.reporter.message(&format!("{name}: the received file is identical, byte for byte"));
        std::fs::remove_file(arrived).context("cannot remove the received file")
    }

    /// The command that uploads the same files to this URL.
    fn command(&self, url: &str) -> String {
        let files = self.args.files.iter().map(|file| file.as_os_str().to_owned());
        // The generated file is removed when the run ends.
        let shown = if self.args.files.is_empty() { vec!["FILE".into()] } else { files.collect() };
        let words = ["bitsup".into(), "upload".into()].into_iter().chain(shown).chain([url.into()]);
        resume_command::command(&words.collect::<Vec<_>>()).unwrap_or_else(|| format!("bitsup upload FILE... {url}"))
    }

    /// Says how to go on from here.
    fn show_next_steps(&self) {
        if let Some(rate) = self.rate {
            let rate = units::size(rate.get());
            self.reporter.message(&format!("The rate was limited to {rate}/s so that the bar could be seen."));
        }
        for line in [
            "The same by hand, in two terminals:",
            &format!("  bitsup serve FOLDER --listen {}", self.address),
            &format!("  {}", self.command(&self.url())),
            "Next, a server of yours (`bitsup upload --help` has the options):",
            "  bitsup check https://SERVER/FOLDER/          # does it accept BITS uploads, and mine?",
            &format!("  {}", self.command("https://SERVER/FOLDER/")),
        ] {
            self.reporter.message(line);
        }
    }
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
