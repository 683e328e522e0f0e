//! The built program, started again whenever the storm ends it.

use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::plan::Kind;
use super::relay::Relay;
use super::weather::Weather;
use crate::bitsup::command;

/// A run that takes longer never ends: the client gives up ten minutes after its last progress, and three of its pauses may
/// be a minute each before it makes any.
const DEADLINE: Duration = Duration::from_secs(780);

/// Only the time-outs that end a stall are shorter than by default.
const OPTIONS: [&str; 5] = ["upload", "--request-timeout", "2s", "--response-timeout", "2s"];

/// Ends the client as the fault says, if it still runs.
pub(crate) fn signal(weather: &mut Weather, kind: Kind) {
    let signal = if kind == Kind::KillClient { Signal::KILL } else { Signal::TERM };
    let id = weather.client.and_then(|id| Pid::from_raw(i32::try_from(id).expect("small")));
    if id.is_some_and(|id| kill_process(id, signal).is_ok()) {
        weather.is_client_ended = true;
    }
}

/// Runs the same command until it ends by itself; `None` if it does not.
pub(crate) fn run(relay: &Relay, source: &Path, state: &Path) -> Option<i32> {
    let url = format!("http://127.0.0.1:{}/file.bin", relay.port);
    loop {
        let mut command = command(OPTIONS);
        command.arg(source).arg(&url).env("BITSUP_STATE_DIR", state);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
        relay.weather().client = Some(child.id());
        let mut stderr = child.stderr.take().expect("piped");
        let reader = thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stderr.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let started = Instant::now();
        let status = loop {
            match child.try_wait().expect("asked") {
                Some(status) => break Some(status),
                None if started.elapsed() > DEADLINE => break None,
                None => thread::sleep(Duration::from_millis(10)),
            }
        };
        let mut weather = relay.weather();
        weather.client = None;
        let was_ended = std::mem::take(&mut weather.is_client_ended);
        drop(weather);
        if status.is_none() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let text = reader.join().expect("no panic");
        let mut weather = relay.weather();
        text.lines().for_each(|line| weather.tell(&format!("   | {line}")));
        weather
            .tell(&status.map_or("the client does not end".to_owned(), |status| format!("the client ends: {status}")));
        // A kill leaves no code, and 143 is the answer to the other signal.
        let code = status?.code();
        if !(was_ended && matches!(code, None | Some(143))) {
            return code.or(Some(-1));
        }
    }
}
