//! Runs the built program. A test states what it says; that an upload says nothing else, those with `-q` and `--json`.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

use tempfile::TempDir;

/// Path of the program under test: the one that was built with the tests, or what `BITSUP_PROGRAM` names.
pub(crate) fn program() -> &'static str {
    static PROGRAM: LazyLock<String> =
        LazyLock::new(|| std::env::var("BITSUP_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_bitsup").to_owned()));
    &PROGRAM
}

/// A command that sees nothing of the machine it runs on.
pub(crate) fn command(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(program());
    command.args(args).stdin(Stdio::null());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BITSUP_")) {
        command.env_remove(name);
    }
    // Not the folder of whoever runs the tests.
    command.env("BITSUP_STATE_DIR", format!("{}/state-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id()));
    // Nor his settings.
    command.env("XDG_CONFIG_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/no-settings"));
    for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"]
        .into_iter()
        .chain(["NO_COLOR", "CLICOLOR_FORCE", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD"])
    {
        command.env_remove(name);
    }
    command
}

/// Runs the program to its end.
pub(crate) fn run(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Finished {
    Finished(command(args).output().expect("the program starts"))
}

/// A run that has ended.
#[derive(Debug)]
pub(crate) struct Finished(pub Output);

impl Finished {
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).expect("stderr is UTF-8")
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).expect("stdout is UTF-8")
    }

    /// Exited with `code`, wrote nothing to stdout and nothing a log must not hold.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        let stderr = self.stderr();
        assert_eq!(self.0.status.code(), Some(code), "{stderr}");
        assert_eq!(self.stdout(), "", "stdout");
        assert!(!stderr.contains('\r') && !stderr.contains('\x1b'), "{stderr:?}");
        self
    }

    /// Stderr holds each of these.
    #[track_caller]
    pub(crate) fn says(&self, texts: &[&str]) -> &Self {
        let stderr = self.stderr();
        for text in texts {
            assert!(stderr.contains(text), "no {text:?} in:\n{stderr}");
        }
        self
    }
}

/// A file of `size` bytes that repeat nowhere soon. Made once for all tests of a process: that takes a debug build long.
pub(crate) fn content(size: usize) -> Vec<u8> {
    static MADE: Mutex<(u64, Vec<u8>)> = Mutex::new((0x9e37_79b9_7f4a_7c15, Vec::new()));
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let (state, bytes) = &mut *made;
    while bytes.len() < size {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes[..size].to_vec()
}

/// A folder with one file to upload.
pub(crate) struct Source {
    /// Removes the file in the end.
    _folder: TempDir,
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

impl Source {
    pub(crate) fn new(size: usize) -> Self {
        Self::named("file.bin", size)
    }

    pub(crate) fn named(name: &str, size: usize) -> Self {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join(name);
        let bytes = content(size);
        std::fs::write(&path, &bytes).expect("written");
        Self { _folder: folder, path, bytes }
    }

    /// Another file beside it.
    #[cfg(feature = "serve")]
    pub(crate) fn beside(&self, name: &str, size: usize) -> PathBuf {
        let path = self.path.with_file_name(name);
        std::fs::write(&path, content(size)).expect("written");
        path
    }

    pub(crate) fn arg(&self) -> &OsStr {
        self.path.as_os_str()
    }
}

/// Not by a macro: the test harness would keep it to itself.
pub(crate) fn say(text: &str) {
    use std::io::Write;
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).expect("written");
}

/// Whether these tests run below `nohup` or the like, as then the program does: it does not end by SIGHUP.
#[cfg(unix)]
pub(crate) fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let is_ignored = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1);
    if is_ignored {
        say("SKIPPED: SIGHUP is ignored here, as below nohup, so what it does was not tried");
    }
    is_ignored
}
