//! Standard input, as long as nobody interrupts.

use std::io::{self, Read, Write};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use anyhow::Context;
use tempfile::NamedTempFile;

use crate::cli::signals::Signals;
use crate::driver::DriverError;

const PIECE: usize = 256 * 1024;

/// Pieces read ahead.
const AHEAD: usize = 4;

/// How often to look for a signal while nothing comes.
const LOOK: Duration = Duration::from_millis(100);

/// Keeps standard input in a file of its own, because the protocol wants to know the size first. Dropping removes it.
pub(super) fn spool(signals: &Signals) -> anyhow::Result<NamedTempFile> {
    let failed = || "cannot keep standard input in a temporary file";
    let mut file = NamedTempFile::with_prefix("bitsup-").with_context(failed)?;
    pour(signals, &mut |piece| file.write_all(piece).with_context(failed))?;
    Ok(file)
}

/// All of standard input.
pub(super) fn whole(signals: &Signals) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pour(signals, &mut |piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    })?;
    Ok(bytes)
}

/// Reading cannot be interrupted everywhere, so a thread does it; when nobody wants more it is left alone.
fn pour(signals: &Signals, take: &mut dyn FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
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
        if signals.interrupter().is_interrupted() {
            return Err(DriverError::Interrupted { can_go_on: false }.into());
        }
        match pieces.recv_timeout(LOOK) {
            Ok(piece) => {
                let piece = piece.context("cannot read standard input")?;
                if piece.is_empty() {
                    return Ok(());
                }
                take(&piece)?;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}
