//! One seed, and what is to be true in the end.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

use tempfile::TempDir;

use super::client;
use super::plan::{Kind, Plan, ServerKind};
use super::random::Random;
use super::relay::Relay;
use super::target::Target;
use super::weather::Weather;

/// Bytes that recovery may send beyond the file and the lost fragments.
const SLACK: u64 = 64 << 20;

/// The same where no session is lost: only questions overlap.
const SLACK_IN_A_SESSION: u64 = 1 << 20;

/// The outcome of a storm.
pub(crate) struct Verdict {
    pub(crate) seed: u64,
    /// `exit 0`, or what is wrong.
    pub(crate) end: String,
    pub(crate) faults: Vec<String>,
    pub(crate) wasted: u64,
    pub(crate) took: Duration,
    pub(crate) story: Vec<String>,
}

impl Verdict {
    pub(crate) fn is_right(&self) -> bool {
        matches!(self.end.as_str(), "exit 0" | "exit 18, in doubt")
    }
}

pub(crate) fn run(seed: u64) -> Verdict {
    let (plan, started) = (Plan::new(seed), Instant::now());
    let folder = TempDir::new().expect("a folder");
    let (source, state) = (folder.path().join("file.bin"), folder.path().join("state"));
    let bytes = Random::new(!seed).bytes(usize::try_from(plan.size).expect("small"));
    fs::write(&source, &bytes).expect("written");
    let relay = Relay::start(Weather::new(&plan.faults), Target::start(plan.server), plan.rate);
    relay.weather().tell(&format!("seed {seed}: {plan:#?}"));
    let code = client::run(&relay, &source, &state);
    let remembered = remembered(&state).expect("read");
    let end = judge(&plan, &relay, code, &bytes, &remembered);
    let mut weather = relay.weather();
    for text in &remembered {
        weather.tell(&format!("   remembered: {text}"));
    }
    let wasted = weather.sent.saturating_sub(weather.lost + plan.size);
    Verdict {
        seed,
        end,
        faults: weather.happened.clone(),
        wasted,
        took: started.elapsed(),
        story: weather.story.clone(),
    }
}

fn judge(plan: &Plan, relay: &Relay, code: Option<i32>, bytes: &[u8], remembered: &[String]) -> String {
    let weather = relay.weather();
    match code {
        None => return "does not end".to_owned(),
        Some(18) if weather.is_doubtful => return "exit 18, in doubt".to_owned(),
        Some(0) => {}
        Some(code) => return format!("exit {code}"),
    }
    let target = relay.target();
    if target.published().is_none_or(|published| published != bytes) {
        return "exit 0, another content".to_owned();
    }
    // Two refusals that look like a limit may be remembered as one.
    let pages = plan
        .faults
        .iter()
        .filter(|fault| matches!(fault.kind, Kind::Answer(403 | 404, _) | Kind::Answers(403 | 404, _)));
    if !remembered.is_empty() && pages.count() < 2 {
        return "exit 0, something is remembered".to_owned();
    }
    // One that no client ever named is one whose Ack was lost, or whose client died with it.
    // Nor one whose Cancel-Session met a fault when it was given up, when the next was opened, and before Close.
    let is_untold = |session: &String| weather.untold.iter().filter(|untold| *untold == session).count() >= 3;
    let is_left = |session: &String| weather.used.contains(session) && !is_untold(session);
    if target.open_sessions().iter().any(is_left) {
        return "exit 0, a session is left".to_owned();
    }
    let forgets = matches!(plan.server, ServerKind::Scripted { forgets: true, .. });
    // Rule R5: where the server may have been restarted, three silences of a session that is there give it up, once.
    let silences = plan.faults.iter().filter(|fault| fault.kind.is_silence()).count();
    let given_up = if silences >= 3 && weather.used.len() > 1 { plan.size } else { 0 };
    if weather.sent > plan.size + weather.lost + given_up + if forgets { SLACK } else { SLACK_IN_A_SESSION } {
        return "exit 0, wasteful".to_owned();
    }
    "exit 0".to_owned()
}

/// Files in the state folder that hold anything, with what they hold.
fn remembered(folder: &Path) -> io::Result<Vec<String>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry?.path();
        let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        if !text.is_empty() {
            all.push(format!("{}: {text}", path.display()));
        }
    }
    Ok(all)
}
