//! Cuts the connection between `bitsup upload` and `bitsup serve` at every byte, in both directions.
//!
//! The short run takes some of the bytes; the long one takes all:
//! `cargo test --test e2e cuts -- --ignored --nocapture`

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::support::bitsup::{Finished, Source, command, say};
use crate::support::proxy::{Fault, Harm, Proxy, Way};
use crate::support::receiver::Receiver;

const SIZE: usize = 300;

/// One after the other, uploads through a proxy of their own.
struct Lane {
    receiver: Receiver,
    proxy: Proxy,
    source: Source,
}

impl Lane {
    fn new() -> Self {
        let receiver = Receiver::start(&["--max-sessions", "100000", "--overwrite", "--quiet"]);
        let address = receiver.url.trim_start_matches("http://").trim_end_matches('/').parse().expect("an address");
        Self { proxy: Proxy::before(address), receiver, source: Source::new(SIZE) }
    }

    /// One upload with this fault. Answers the bytes that went to the server and to the client.
    fn upload(&self, fault: Option<Fault>) -> Result<[usize; 2], String> {
        self.proxy.plan(fault);
        let published = self.receiver.path("file.bin");
        let _ = std::fs::remove_file(&published);
        let url = format!("http://127.0.0.1:{}/file.bin", self.proxy.port);
        let stalls = fault.is_some_and(|fault| fault.harm == Harm::Stall);
        // Only a stall needs them short, and elsewhere a busy machine must not run into them.
        let limit = if stalls { "400ms" } else { "20s" };
        let mut command = command(["upload", "--fragment-size", "100", "--retry-delay", "1ms"]);
        command.args(["--retry-max-delay", "1ms", "--request-timeout", limit, "--response-timeout", limit]);
        command.args(["--no-progress-timeout", "60s"]).arg(self.source.arg()).arg(url);
        let finished = Finished(command.output().expect("the program starts"));
        let (happened, gone) = self.proxy.outcome();
        let whole = std::fs::read(&published).is_ok_and(|bytes| bytes == self.source.bytes);
        let code = finished.0.status.code();
        if code == Some(0) && whole && happened == fault.is_some() {
            return Ok(gone);
        }
        Err(format!("{fault:?}: exit {code:?}, whole: {whole}, happened: {happened}\n{}", finished.stderr()))
    }
}

/// Every `step`-th byte of an upload, by each of these.
fn faults(harms: &[Harm], step: usize) -> Vec<Fault> {
    let totals = Lane::new().upload(None).expect("without a fault it succeeds");
    let mut faults = Vec::new();
    for (index, harm) in harms.iter().copied().enumerate() {
        for way in [Way::ToServer, Way::ToClient] {
            // Nothing of an answer is due before the connection is: that is the other way's first point.
            let start = usize::from(way == Way::ToClient) + index % step;
            let points = (start..=totals[way as usize]).step_by(step);
            faults.extend(points.map(|after| Fault { way, after, harm }));
        }
    }
    faults
}

fn sweep(harms: &[Harm], step: usize, lanes: usize) {
    let started = Instant::now();
    let faults = faults(harms, step);
    let next = AtomicUsize::new(0);
    let failed: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| {
                let lane = Lane::new();
                while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = lane.upload(Some(*fault)) {
                        failed.lock().expect("no panic").push(error);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no panic");
    say(&format!("cut sweep: {harms:?} at {} points in {} s", faults.len(), started.elapsed().as_secs()));
    assert!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), faults.len(), failed.join("\n"));
}

#[test]
fn an_upload_cut_at_some_bytes_ends_right() {
    sweep(&[Harm::Reset, Harm::Close], 23, 4);
}

#[test]
fn an_upload_that_stalls_at_some_bytes_ends_right() {
    sweep(&[Harm::Stall], 97, 8);
}

#[test]
#[ignore = "takes minutes"]
fn an_upload_cut_at_every_byte_ends_right() {
    sweep(&[Harm::Reset, Harm::Close], 1, 4);
}

#[test]
#[ignore = "takes minutes"]
fn an_upload_that_stalls_at_every_byte_ends_right() {
    sweep(&[Harm::Stall], 1, 8);
}
