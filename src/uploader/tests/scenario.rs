//! Uploads up to the point where a test begins.

use super::*;
use crate::protocol::Session;

/// A session of the file of [`upload`], and its first half acknowledged.
const HALF: &str = "> Fragment bytes 0-9999/20000
     < 200 ack BITS-Received-Content-Range: 10000
     > Fragment bytes 10000-19999/20000
     ";

/// A first question that a server which appends whatever comes answers like any other, and the second one.
pub(super) const ASKED_TWICE: &str = "! cut
     > Fragment bytes 10000-15119/20000
     < 200 ack BITS-Received-Content-Range: 15120
     > Fragment bytes 10000-12559/20000
     ";

/// The rest of a session that is lost: a new one from 0.
pub(super) const ANEW: &str = "
     < 200 ack BITS-Session-Id: t
     > Fragment bytes 0-9999/20000
     < 200 ack BITS-Received-Content-Range: 10000
     > Fragment bytes 10000-19999/20000
     < 200 ack BITS-Received-Content-Range: 20000
     > Close-Session
     < 200 ack
     = success";

/// An upload, and what is said in it before the test's own part.
pub(super) struct Scenario {
    plan: Plan,
    resumed: Option<ResumeState>,
    beginning: String,
}

/// A file of 20,000 bytes in fragments of 10,000.
pub(super) fn upload() -> Scenario {
    file(20_000, 10_000)
}

/// A file of `size` bytes in fragments of `fragment`.
pub(super) fn file(size: u64, fragment: u64) -> Scenario {
    Scenario { plan: plan(size, fragment), resumed: None, beginning: String::new() }
}

impl Scenario {
    pub(super) fn with(mut self, change: impl FnOnce(&mut Plan)) -> Self {
        change(&mut self.plan);
        self
    }

    /// An earlier process left this.
    pub(super) fn resuming(self, state: ResumeState) -> Self {
        Self { resumed: Some(state), ..self }
    }

    /// Ping and Create-Session are acknowledged.
    pub(super) fn in_session(mut self) -> Self {
        self.beginning += "< 200 ack\n< 200 ack BITS-Session-Id: s\n";
        self
    }

    /// The first half is acknowledged, and the second one about to be sent.
    pub(super) fn half(self) -> Self {
        let mut half = self.in_session();
        half.beginning += HALF;
        half
    }

    /// Every byte is acknowledged, and Close-Session about to be sent.
    pub(super) fn whole(self) -> Self {
        let mut whole = self.half();
        whole.beginning += "< 200 ack BITS-Received-Content-Range: 20000\n> Close-Session\n";
        whole
    }

    /// Plays the beginning, then `transcript` to its end.
    pub(super) fn then(self, transcript: &str) {
        assert!(self.converse(transcript).is_none(), "the transcript has no end");
    }

    /// The machine after the beginning and `transcript`, unless it has ended.
    pub(super) fn converse(self, transcript: &str) -> Option<Uploader> {
        let text = format!("{}{transcript}", self.beginning);
        converse(self.machine(), &text)
    }

    pub(super) fn machine(self) -> Uploader {
        self.machine_at(Instant::now())
    }

    /// The machine before it has said anything.
    pub(super) fn machine_at(self, now: Instant) -> Uploader {
        match self.resumed {
            Some(state) => Uploader::resume(self.plan, state, now, 1),
            None => Uploader::new(self.plan, now, 1),
        }
    }

    /// The machine after these responses, all at one time, with all that it writes down written.
    pub(super) fn after(self, responses: &[&str]) -> Uploader {
        let now = Instant::now();
        responses.iter().fold(write_down(self.machine_at(now), now), |machine, text| respond(machine, text, now))
    }
}

/// The response `text` to what `machine` waits for.
pub(super) fn respond(machine: Uploader, text: &str, now: Instant) -> Uploader {
    write_down(machine.handle(Input::Responded(response(text)), now), now)
}

/// `machine` after its pauses, all that it writes down written.
pub(super) fn wait(mut machine: Uploader, now: Instant) -> Uploader {
    machine = write_down(machine, now);
    while let Action::Wait(_) = machine.next_action() {
        machine = write_down(machine.handle(Input::Waited, now), now);
    }
    machine
}

pub(super) fn next_packet(machine: &Uploader) -> String {
    match machine.next_action() {
        Action::Send(packet) => packet.to_string(),
        other => format!("{other:?}"),
    }
}

pub(super) fn half_then(transcript: &str) {
    upload().half().then(transcript);
}

pub(super) fn asked_twice_then(transcript: &str) {
    half_then(&format!("{ASKED_TWICE}{transcript}"));
}

pub(super) fn whole_then(transcript: &str) {
    upload().whole().then(transcript);
}

/// A session of an earlier process, of which all may have been sent.
pub(super) fn left_session(acknowledged: u64) -> ResumeState {
    let id = "s".parse().expect("a session id");
    let session = Session { id, protocol: None, host: None, host_fallback_timeout: None };
    ResumeState { acknowledged, sent_end: 20_000, tells_offset: true, ..ResumeState::new(&session) }
}
