//! Standard input, until an interrupt.

use std::io::{self, Read, Write};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use anyhow::Context;
use tempfile::NamedTempFile;

use crate::cli::error::InputError;
use crate::cli::signals::Signals;
use crate::client::ClientError;

const PIECE: usize = 256 * 1024;

/// Pieces read ahead.
const AHEAD: usize = 4;

/// How often to look for a signal while nothing comes.
const LOOK: Duration = Duration::from_millis(100);

const NOT_KEPT: &str = "cannot keep standard input in a temporary file";

fn closed() -> InputError {
    InputError("it is closed".to_owned())
}

/// Finds out whether there is something to read from. An input that is closed, or cannot be read, would look like one that
/// is empty.
#[cfg(unix)]
fn examine() -> Result<(), InputError> {
    use std::fs::{self, File};
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;

    use rustix::fs::{OFlags, fcntl_getfl};

    let input = io::stdin().as_fd().try_clone_to_owned().map_err(|_| closed())?;
    let mode = fcntl_getfl(&input).map_err(|_| closed())? & OFlags::RWMODE;
    let metadata = File::from(input).metadata().map_err(|error| InputError(error.to_string()))?;
    if metadata.is_dir() {
        return Err(InputError("it is a directory".to_owned()));
    }
    // Rust's runtime opens the null device, to read and to write, in place of what is closed. Shells open it to read.
    let is_null = fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == metadata.rdev());
    if mode == OFlags::WRONLY || (mode == OFlags::RDWR && is_null) {
        return Err(closed());
    }
    Ok(())
}

/// A process without standard input has no handle for it; a read would find it empty.
#[cfg(windows)]
fn examine() -> Result<(), InputError> {
    use std::fs::File;
    use std::os::windows::io::{AsHandle, AsRawHandle};

    let input = io::stdin();
    if input.as_raw_handle().is_null() {
        return Err(closed());
    }
    let input = input.as_handle().try_clone_to_owned().map_err(|_| closed())?;
    // A pipe has no metadata there.
    if File::from(input).metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(InputError("it is a directory".to_owned()));
    }
    Ok(())
}

/// Keeps standard input in a file of its own, because the protocol wants to know the size first. Dropping removes it.
pub(super) fn spool(signals: &Signals) -> anyhow::Result<NamedTempFile> {
    let mut file = NamedTempFile::with_prefix("bitsup-").context(NOT_KEPT)?;
    pour(signals, &mut file)?;
    Ok(file)
}

/// Reads all of standard input. Reading cannot be interrupted everywhere, so a thread does it; when no more is needed it is
/// left alone.
pub(super) fn pour(signals: &Signals, out: &mut dyn Write) -> anyhow::Result<()> {
    examine()?;
    let (sender, pieces) = sync_channel::<io::Result<Vec<u8>>>(AHEAD);
    std::thread::Builder::new().name("input".to_owned()).spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            let read = (&mut input).take(PIECE as u64).read_to_end(&mut piece);
            let ends = !matches!(read, Ok(count) if count > 0);
            let piece = read.map(|_| piece);
            if sender.send(piece).is_err() || ends {
                return;
            }
        }
    })?;
    loop {
        if signals.cancellation.is_interrupted() {
            return Err(ClientError::Interrupted { can_go_on: false }.into());
        }
        match pieces.recv_timeout(LOOK) {
            Ok(piece) => {
                let piece = piece.map_err(|error| InputError(error.to_string()))?;
                if piece.is_empty() {
                    return Ok(());
                }
                out.write_all(&piece).context(NOT_KEPT)?;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}
