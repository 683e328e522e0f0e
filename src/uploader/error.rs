//! Why an upload ended without success.

use std::fmt;
use std::time::Duration;

use crate::protocol::{AckError, BitsError, PacketKind, TransportError};

use super::Refusal;
use super::recovery::counts_as_lost;

/// Why an upload ended without success. Messages read well after "cannot upload the file: ".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadError {
    /// The server refused a packet.
    Refused {
        /// Which.
        packet: PacketKind,
        /// What that means.
        refusal: Refusal,
        /// What the server said.
        error: BitsError,
    },
    /// The server's answer broke the protocol, or came from something else.
    BadAnswer {
        /// To which packet.
        packet: PacketKind,
        /// What was wrong with it.
        error: AckError,
    },
    /// The server sent us elsewhere, and we do not follow.
    Redirected {
        /// On which packet.
        packet: PacketKind,
        /// Where to, as the server wrote it, escaped.
        location: String,
        /// Why not.
        reason: &'static str,
    },
    /// No answer came.
    Lost {
        /// To which packet.
        packet: PacketKind,
        /// What happened.
        error: TransportError,
    },
    /// The server keeps answering, but takes nothing new.
    NoProgress {
        /// The highest offset it ever acknowledged.
        acknowledged: u64,
        /// Bytes sent since then.
        resent: u64,
        /// For how long.
        elapsed: Duration,
    },
    /// The source is no longer the file it was when the upload began.
    SourceChanged,
    /// Nothing new was acknowledged for as long as the user wants to wait, or as often as he wants to try.
    GaveUp {
        /// What went wrong last.
        cause: Box<UploadError>,
        /// Tries since the last progress.
        attempts: u32,
        /// Time since then.
        elapsed: Duration,
    },
    /// The time for the whole upload is over.
    OutOfTime {
        /// The highest offset that was acknowledged.
        acknowledged: u64,
    },
    /// The session is lost, and starting over is not wanted.
    CannotResume {
        /// What the server said, or did.
        cause: Box<UploadError>,
    },
    /// Close-Session was sent, its answer was lost, and the server does not know the session any more: probably the
    /// file is there.
    Unconfirmed {
        /// What the server said to the repeated Close.
        error: BitsError,
    },
    /// The user stopped it.
    Interrupted,
    /// Something was reported that was not asked for: a mistake in the driver.
    OutOfTurn,
}

impl UploadError {
    /// What went wrong with one try, for whoever waits for the next: what the server said comes first, as a bar may
    /// have room for the beginning only.
    pub(super) fn of_a_try(&self) -> String {
        match self {
            Self::Refused { packet, error, .. } => format!("{error} ({packet})"),
            other => other.to_string(),
        }
    }

    /// Whether the session is of no use after this and is given up at the server.
    #[must_use]
    pub fn cancels_session(&self) -> bool {
        match self {
            Self::SourceChanged => true,
            Self::Refused { refusal, .. } => refusal.cancels_session(),
            Self::BadAnswer { error, .. } => !counts_as_lost(error),
            Self::Redirected { .. }
            | Self::Lost { .. }
            | Self::NoProgress { .. }
            | Self::GaveUp { .. }
            | Self::OutOfTime { .. }
            | Self::CannotResume { .. }
            | Self::Unconfirmed { .. }
            | Self::Interrupted
            | Self::OutOfTurn => false,
        }
    }
}

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { packet, refusal, .. } => write!(f, "the server refused {packet}: {refusal}"),
            Self::BadAnswer { packet, error } => write!(f, "no usable answer to {packet}: {error}"),
            Self::Redirected { packet, location, reason } => {
                write!(f, "the answer to {packet} redirects to {location}: {reason}")
            }
            Self::Lost { packet, error } => write!(f, "no answer to {packet}: {error}"),
            Self::NoProgress { acknowledged, resent, elapsed } => write!(
                f,
                "the server took nothing new beyond byte {acknowledged} for {:.0} s, although {resent} bytes were sent again",
                elapsed.as_secs_f64()
            ),
            Self::SourceChanged => f.write_str("the file changed while it was being uploaded"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::GaveUp { cause, attempts, elapsed } => {
                write!(f, "no progress for {:.0} s and {attempts} tries: {cause}", elapsed.as_secs_f64())
            }
            Self::OutOfTime { acknowledged } => {
                write!(f, "the time for the whole upload is over, {acknowledged} bytes are acknowledged")
            }
            Self::CannotResume { cause } => write!(f, "the upload cannot be resumed: {cause}"),
            Self::Unconfirmed { .. } => f.write_str(
                "the answer to Close-Session was lost, and the server has forgotten the session since: the file is probably there",
            ),
            Self::OutOfTurn => f.write_str("internal error: an event that was not asked for"),
        }
    }
}

impl std::error::Error for UploadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused { error, .. } | Self::Unconfirmed { error } => Some(error),
            Self::BadAnswer { error, .. } => Some(error),
            Self::Lost { error, .. } => Some(error),
            Self::GaveUp { cause, .. } | Self::CannotResume { cause } => cause.source(),
            _ => None,
        }
    }
}
