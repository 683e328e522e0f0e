//! `bitsup serve` as a process.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::bitsup::command;

/// `bitsup serve` on a folder of its own and a free port; killed when dropped.
pub(crate) struct Receiver {
    pub(crate) folder: TempDir,
    pub(crate) url: String,
    pub(crate) child: Child,
}

impl Receiver {
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::of(command(["serve", "--listen", "127.0.0.1:0"]).args(options))
    }

    /// Runs this command with the folder as its last argument.
    pub(crate) fn of(command: &mut Command) -> Self {
        let folder = TempDir::new().expect("a folder");
        let mut child = command.arg(folder.path()).stderr(Stdio::piped()).spawn().expect("the receiver starts");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let mut first = String::new();
        lines.read_line(&mut first).expect("the receiver says where it listens");
        let url = first.split_whitespace().find(|word| word.starts_with("http")).expect("a URL in the first line");
        let url = format!("{}/", url.trim_end_matches('/'));
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Self { folder, url, child }
    }

    pub(crate) fn published(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect("published")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether two files hold the same bytes, without holding either.
pub(crate) fn same_bytes(a: &Path, b: &Path) -> bool {
    let open = |path: &Path| BufReader::with_capacity(1 << 20, std::fs::File::open(path).expect("opened"));
    let (mut a, mut b) = (open(a), open(b));
    let (mut x, mut y) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let count = a.read(&mut x).expect("read");
        if count == 0 {
            return b.read(&mut y).expect("read") == 0;
        }
        if b.read_exact(&mut y[..count]).is_err() || x[..count] != y[..count] {
            return false;
        }
    }
}
