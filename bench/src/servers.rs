//! The servers: the sink and `bitsup serve`, each a process of its own, so that its memory and time can be told.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Outcome;

/// A server that runs.
pub struct Server {
    child: Child,
    /// Where it listens: scheme, address, port.
    pub url: String,
    kind: Kind,
}

enum Kind {
    Sink(BufReader<std::process::ChildStdout>),
    Receiver { folder: PathBuf },
}

/// The resources that a server used from its start on.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Seconds of processor time.
    pub processor: f64,
    /// Bytes of memory at most.
    pub memory: u64,
}

impl Server {
    /// A sink, with these options of its own.
    pub fn sink(options: &[&Path]) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("sink").args(options).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output of the sink")?);
        let mut url = String::new();
        lines.read_line(&mut url)?;
        Ok(Self { child, url: url.trim().to_owned(), kind: Kind::Sink(lines) })
    }

    /// A receiver of files into a folder, which must be empty.
    pub fn receiver(bitsup: &Path, folder: &Path) -> Outcome<Self> {
        let mut command = Command::new(bitsup);
        command.args(["serve", "--quiet", "--listen", "127.0.0.1:0", "--max-connections", "64"]);
        let mut child = command.arg(folder).stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("no output of the receiver")?);
        let mut first = String::new();
        lines.read_line(&mut first)?;
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let url = first.split_whitespace().find(|word| word.contains("://")).ok_or_else(|| first.clone())?;
        let url = url.to_owned();
        Ok(Self { child, url, kind: Kind::Receiver { folder: folder.to_owned() } })
    }

    pub fn address(&self) -> Outcome<SocketAddr> {
        let port = self.url.trim_end_matches('/').rsplit(':').next().ok_or("no port")?;
        Ok(SocketAddr::from(([127, 0, 0, 1], port.parse()?)))
    }

    /// Ends it. Tells what it took, provided that it received this many bytes of files.
    pub fn finish(mut self, expected: u64) -> Outcome<Load> {
        let load = load(self.child.id())?;
        let received = match &mut self.kind {
            Kind::Sink(lines) => {
                drop(self.child.stdin.take());
                let mut count = String::new();
                lines.read_to_string(&mut count)?;
                count.trim().parse()?
            }
            Kind::Receiver { folder } => {
                kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?;
                published(folder)?
            }
        };
        self.child.wait()?;
        if received != expected {
            return Err(format!("the server received {received} bytes of {expected}").into());
        }
        Ok(load)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn published(folder: &Path) -> Outcome<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        let metadata = entry?.metadata()?;
        sum += if metadata.is_file() { metadata.len() } else { 0 };
    }
    Ok(sum)
}

/// From the kernel's files about a process: it counts in ticks of 10 ms.
fn load(process: u32) -> Outcome<Load> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = fields.get(11..13).ok_or("no times")?.iter().filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    let peak: u64 = peak.ok_or("no memory")?.trim().parse()?;
    Ok(Load { processor: ticks / 100.0, memory: peak * 1024 })
}
