//! Why an upload ended without success.

use std::fmt;
use std::time::Duration;

use crate::protocol::{AckError, BitsError, PacketKind, TransportError};

use super::Refusal;

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
    /// The user stopped it.
    Interrupted,
    /// Something was reported after the upload had ended: a mistake in the driver.
    AlreadyFinished,
}

impl UploadError {
    /// Whether the session is of no use after this and is given up at the server.
    #[must_use]
    pub fn cancels_session(&self) -> bool {
        match self {
            Self::SourceChanged => true,
            Self::Refused { refusal, .. } => refusal.cancels_session(),
            Self::BadAnswer { error, .. } => !matches!(
                error,
                AckError::NotAnAck { .. } | AckError::NotHttp11 | AckError::Ambiguous(_) | AckError::OtherSession
            ),
            Self::Redirected { .. }
            | Self::Lost { .. }
            | Self::NoProgress { .. }
            | Self::Interrupted
            | Self::AlreadyFinished => false,
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
            Self::AlreadyFinished => f.write_str("internal error: the upload had already ended"),
        }
    }
}

impl std::error::Error for UploadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused { error, .. } => Some(error),
            Self::BadAnswer { error, .. } => Some(error),
            Self::Lost { error, .. } => Some(error),
            _ => None,
        }
    }
}
