//! Decides which fault hits the next request, and keeps account of the storm.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use super::plan::{Fault, Kind};
use crate::server::Request;

/// The fault that hits one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fate {
    /// `None`: it passes.
    pub(crate) kind: Option<Kind>,
    pub(crate) place: u64,
}

/// All that the connections of one storm share.
#[derive(Debug)]
pub(crate) struct Weather {
    started: Instant,
    ahead: VecDeque<Fault>,
    passed: u64,
    /// An answer for a while.
    until: Option<(u16, Instant)>,
    /// Until then the server is dead.
    pub(crate) down_until: Option<Instant>,
    pub(crate) client: Option<u32>,
    /// The client was killed or told to end, and is to be started again.
    pub(crate) is_client_ended: bool,
    /// Sessions that a client used.
    pub(crate) used: BTreeSet<String>,
    /// Sessions of which the server was to be told that they are given up, each time that it could not be.
    pub(crate) untold: Vec<String>,
    /// The last fragment went out whole, and something refused afterwards: the file may be there.
    pub(crate) is_doubtful: bool,
    is_whole: bool,
    /// Bytes of bodies that came, and those of them that were lost.
    pub(crate) sent: u64,
    pub(crate) lost: u64,
    pub(crate) happened: Vec<String>,
    pub(crate) story: Vec<String>,
}

impl Weather {
    pub(crate) fn new(faults: &[Fault]) -> Self {
        Self {
            started: Instant::now(),
            ahead: faults.iter().copied().collect(),
            passed: 0,
            until: None,
            down_until: None,
            client: None,
            is_client_ended: false,
            used: BTreeSet::new(),
            untold: Vec::new(),
            is_doubtful: false,
            is_whole: false,
            sent: 0,
            lost: 0,
            happened: Vec::new(),
            story: Vec::new(),
        }
    }

    pub(crate) fn tell(&mut self, text: &str) {
        let at = self.started.elapsed();
        self.story.push(format!("{:7.3} {text}", at.as_secs_f64()));
    }

    /// Decides when a request's head is there.
    pub(crate) fn fate(&mut self, request: &Request) -> Fate {
        if !request.session().is_empty() {
            self.used.insert(request.session().to_owned());
        }
        let fate = self.decide(request);
        if fate.kind.is_some_and(Kind::is_page) && (self.is_whole || request.is_last()) {
            self.is_doubtful = true;
        }
        self.is_whole |= request.is_last();
        fate
    }

    fn decide(&mut self, request: &Request) -> Fate {
        if let Some((status, until)) = self.until {
            let kind = Kind::Answers(status, Duration::ZERO);
            if Instant::now() < until && self.fits(kind, request) {
                return Fate { kind: Some(kind), place: 0 };
            }
        }
        let due = self.ahead.front().filter(|fault| self.passed >= fault.passing && self.fits(fault.kind, request));
        let is_due = due.is_some();
        if !is_due {
            self.passed += 1;
            return Fate { kind: None, place: 0 };
        }
        let fault = self.ahead.pop_front().expect("due");
        self.passed = 0;
        self.happened.push(fault.kind.name());
        self.tell(&format!("   FAULT {:?} at {} millionths", fault.kind, fault.place));
        if let Kind::Answers(status, a_while) = fault.kind {
            self.until = Some((status, Instant::now() + a_while));
        }
        Fate { kind: Some(fault.kind), place: fault.place }
    }

    /// The server that died has lost its sessions.
    pub(crate) fn forgot(&mut self) {
        self.is_doubtful |= self.is_whole;
    }

    /// A page in answer to Create-Session, or to Ping before it, is what it says: there is no session to keep. In answer
    /// to Close-Session it leaves open whether the file is there. A stalled last Ack takes longer than a storm.
    fn fits(&self, kind: Kind, request: &Request) -> bool {
        match kind {
            _ if kind.is_page() => request.is_fragment() || (request.packet() == "Ping" && !self.used.is_empty()),
            Kind::Stall(_) => !request.is_last(),
            _ => true,
        }
    }
}
