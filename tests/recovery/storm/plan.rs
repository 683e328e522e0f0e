//! A storm made from a seed: the file's size, the server, and the sequence of faults.

use std::time::Duration;

use super::random::Random;
use crate::server::Overlap;

const MIB: u64 = 1 << 20;

/// The two ways to end a connection early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Reset,
    Close,
}

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Up,
    Down,
}

/// The moment of an injected response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// After the request was read; the server does not get it.
    Instead,
    /// As soon as the head is there.
    OnTheHead,
    /// The server gets the request; its answer is swallowed.
    Afterwards,
}

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing listens for a while.
    Refuse(Duration),
    Cut(Way, Cut),
    /// The server does what was asked for, and nothing of its answer arrives.
    LoseAnswer(Cut),
    Stall(Way),
    /// One answer of this status.
    Answer(u16, Mode),
    /// All answers for a while.
    Answers(u16, Duration),
    /// The server dies, and comes back after a while.
    KillServer(Duration),
    KillClient,
    TerminateClient,
}

impl Kind {
    pub(crate) fn name(self) -> String {
        match self {
            Self::Refuse(_) => "refuse".to_owned(),
            Self::Cut(Way::Up, _) => "cut request".to_owned(),
            Self::Cut(Way::Down, _) => "cut answer".to_owned(),
            Self::LoseAnswer(_) => "lost answer".to_owned(),
            Self::Stall(_) => "stall".to_owned(),
            Self::Answer(status, Mode::Afterwards) => format!("{status} afterwards"),
            Self::Answer(status, _) => format!("{status} once"),
            Self::Answers(status, _) => format!("{status} for a while"),
            Self::KillServer(_) => "kill server".to_owned(),
            Self::KillClient => "kill client".to_owned(),
            Self::TerminateClient => "terminate client".to_owned(),
        }
    }

    /// It leaves a request without a response.
    pub(crate) fn is_silence(self) -> bool {
        matches!(self, Self::Refuse(_) | Self::Cut(..) | Self::LoseAnswer(_) | Self::Stall(_) | Self::KillServer(_))
    }

    /// Something between the client and the server answers as neither of them would.
    pub(crate) fn is_page(self) -> bool {
        matches!(self, Self::Answer(status, _) | Self::Answers(status, _) if status < 408)
    }
}

/// A fault and its moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    /// Requests that pass between the fault before it and this one.
    pub(crate) passing: u64,
    pub(crate) kind: Kind,
    /// Position in the request or the response, in millionths of its length.
    pub(crate) place: u64,
}

/// The server behind the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerKind {
    /// `bitsup serve`.
    Receiver,
    /// A scripted server.
    Scripted { overlap: Overlap, keeps_parts: bool, forgets: bool },
}

/// A storm.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) size: u64,
    pub(crate) server: ServerKind,
    /// Bytes a second through the relay.
    pub(crate) rate: Option<u64>,
    pub(crate) faults: Vec<Fault>,
}

impl Plan {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let size = match random.below(20) {
            0 => 0,
            1..=4 => random.below(10_000),
            5..=9 => random.below(300_000),
            _ => random.below(6 * MIB),
        };
        let server = server(&mut random);
        let rate = random.is_one_in(3).then_some(4_000_000);
        let count = 1 + random.below(8);
        let faults = (0..count).map(|_| fault(&mut random)).collect();
        Self { size, server, rate, faults }
    }
}

fn server(random: &mut Random) -> ServerKind {
    if cfg!(feature = "serve") && random.is_one_in(3) {
        return ServerKind::Receiver;
    }
    let (overlap, keeps_parts) =
        random.one_of(&[(Overlap::Refuses, false), (Overlap::Trims, true), (Overlap::Trims, false)]);
    ServerKind::Scripted { overlap, keeps_parts, forgets: random.is_one_in(3) }
}

fn fault(random: &mut Random) -> Fault {
    let cut = random.one_of(&[Cut::Reset, Cut::Close]);
    let way = random.one_of(&[Way::Up, Way::Down]);
    let mode = random.one_of(&[Mode::Instead, Mode::Instead, Mode::OnTheHead, Mode::Afterwards]);
    let status = random.one_of(&[200, 302, 403, 404, 429, 502, 503, 504]);
    let a_while = Duration::from_millis(200 + random.below(2500));
    let kind = match random.below(20) {
        0 | 1 => Kind::Refuse(a_while),
        2..=5 => Kind::Cut(way, cut),
        6..=8 => Kind::LoseAnswer(cut),
        9 => Kind::Stall(way),
        10..=12 => Kind::Answer(status, mode),
        13 | 14 => Kind::Answers(status, a_while),
        15 | 16 => Kind::KillServer(a_while / 2),
        17 | 18 => Kind::KillClient,
        _ => Kind::TerminateClient,
    };
    Fault { passing: random.below(4), kind, place: random.below(1_000_001) }
}
