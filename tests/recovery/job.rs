//! Runs of the built program, with default options. Each has its own folder for state, and a deadline after which it is
//! taken for one that never ends.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::bitsup::{Source, command};
use crate::server::Server;

/// No conversation of these tests takes this long.
const DEADLINE: Duration = Duration::from_secs(120);

/// A file to upload and the state folder of those who upload it.
pub(crate) struct Job {
    pub(crate) source: Source,
    pub(crate) folder: TempDir,
    pub(crate) path: &'static str,
}

impl Job {
    pub(crate) fn new(size: usize) -> Self {
        Self { source: Source::new(size), folder: TempDir::new().expect("a folder"), path: "/drop/file.bin" }
    }

    /// A file that another job has not, with the same state folder: the next upload from the same machine.
    pub(crate) fn next(self, size: usize, path: &'static str) -> Self {
        Self { source: Source::new(size), folder: self.folder, path }
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(crate) fn command(&self, server: &Server, options: &[&str]) -> Command {
        self.command_for(self.source.arg(), &server.url(self.path), options)
    }

    pub(crate) fn command_for(&self, file: &OsStr, url: &str, options: &[&str]) -> Command {
        let mut args: Vec<OsString> = vec!["upload".into()];
        args.extend(options.iter().map(Into::into));
        args.extend([file.to_owned(), url.into()]);
        let mut command = command(args);
        command.env("BITSUP_STATE_DIR", self.state());
        command
    }

    pub(crate) fn run(&self, server: &Server, options: &[&str]) -> Ended {
        Running::start(self.command(server, options)).end()
    }

    pub(crate) fn spawn(&self, server: &Server, options: &[&str]) -> Running {
        Running::start(self.command(server, options))
    }

    /// Names of the files in the state folder that hold anything.
    pub(crate) fn remembered(&self) -> Vec<String> {
        let mut names = Vec::new();
        collect(&self.state(), &mut names);
        names
    }

    /// The upload ended well: this file is there and no other, nothing is open, nothing is remembered.
    #[track_caller]
    pub(crate) fn arrived(&self, server: &Server) {
        self.published(server);
        assert_eq!(self.remembered(), Vec::<String>::new(), "nothing is remembered");
    }

    /// The file is there, byte for byte, and no session is left.
    #[track_caller]
    pub(crate) fn published(&self, server: &Server) {
        self.published_beside(server, 0);
    }

    /// The same, but for so many sessions of other uploads.
    #[track_caller]
    pub(crate) fn published_beside(&self, server: &Server, open: usize) {
        let bits = server.bits();
        let published = bits.published.get(self.path).expect("the file is published");
        assert_eq!(published.len(), self.source.bytes.len(), "its size");
        assert!(*published == self.source.bytes, "its bytes");
        assert_eq!(bits.sessions.len(), open, "open sessions");
    }

    /// The bytes sent are the file, the lost fragments and at most 1 MiB more.
    #[track_caller]
    pub(crate) fn frugal(&self, server: &Server) {
        let bits = server.bits();
        let (sent, lost) = (bits.sent, bits.lost);
        let limit = self.source.bytes.len() as u64 + lost + (1 << 20);
        assert!(sent <= limit, "{sent} bytes went out for {}, of which {lost} were lost", self.source.bytes.len());
    }
}

fn collect(folder: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, names);
        } else if entry.metadata().is_ok_and(|metadata| metadata.len() > 0) {
            names.push(format!("{}: {}", path.display(), fs::read_to_string(&path).unwrap_or_default()));
        }
    }
}

/// A run that has not ended. Killed when dropped.
pub(crate) struct Running {
    child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let stdout = child.stdout.take().map(read_all);
        let stderr = child.stderr.take().map(read_all);
        Self { child, stdout, stderr }
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    pub(crate) fn terminate(&self) {
        use rustix::process::{Pid, Signal, kill_process};
        let id = Pid::from_raw(i32::try_from(self.child.id()).expect("small")).expect("not 0");
        kill_process(id, Signal::TERM).expect("sent");
    }

    pub(crate) fn end(self) -> Ended {
        self.end_within(DEADLINE)
    }

    pub(crate) fn end_within(mut self, limit: Duration) -> Ended {
        let started = Instant::now();
        let code = loop {
            match self.child.try_wait().expect("asked") {
                Some(status) => break status.code(),
                None if started.elapsed() > limit => break None,
                None => thread::sleep(Duration::from_millis(5)),
            }
        };
        if code.is_none() {
            let _ = self.child.kill();
        }
        let text = |reader: Option<JoinHandle<Vec<u8>>>| {
            String::from_utf8_lossy(&reader.expect("once").join().expect("no panic")).into_owned()
        };
        Ended { code, stdout: text(self.stdout.take()), stderr: text(self.stderr.take()) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_all(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

/// A run that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None` if it did not end in time.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        let text = &self.stderr;
        // The beginning and the end of it say what happened.
        let tail = text.lines().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n");
        let how = self.code.map_or("it did not end".to_owned(), |code| format!("exit {code}"));
        assert!(self.code == Some(code), "{how}, not {code}:\n{tail}");
        self
    }

    /// Stderr holds one of these, in any letter case.
    #[track_caller]
    pub(crate) fn says_one_of(&self, texts: &[&str]) -> &Self {
        let stderr = self.stderr.to_lowercase();
        assert!(texts.iter().any(|text| stderr.contains(text)), "none of {texts:?} in:\n{}", self.stderr);
        self
    }
}
