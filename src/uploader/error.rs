//! Why an upload ended without success.

use std::fmt;
use std::time::Duration;

use crate::exchange::TransportError;
use crate::protocol::{AckError, BitsError, PacketKind};

use super::refusal::{Refusal, counts_as_lost};
use super::reply::ReplyError;
use super::verify::{Mismatch, Unverified};

/// Why an upload ended without success. Messages read well after "cannot upload the file: ".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadError {
    /// The server refused a packet.
    Refused {
        /// The packet.
        packet: PacketKind,
        /// The meaning of the error for the upload.
        refusal: Refusal,
        /// The error in the server's response.
        error: BitsError,
    },
    /// The server's response broke the protocol, or came from something else.
    BadResponse {
        /// To which packet.
        packet: PacketKind,
        /// The fault in the response.
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
    /// No response came.
    Lost {
        /// To which packet.
        packet: PacketKind,
        /// The error of the transport.
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
        /// The last error.
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
    /// The session is lost, or the file is another, and starting over is not wanted.
    CannotResume {
        /// The failure after which only a new session would help.
        cause: Box<UploadError>,
    },
    /// The last fragment was sent in full, and then something was refused, or the session was gone: the file may be
    /// there.
    Unconfirmed {
        /// The failure after the last fragment.
        cause: Box<UploadError>,
        /// Whether the server does not know the session any more, so that there is nothing to resume.
        is_gone: bool,
    },
    /// The server appends whatever comes, also what it has already: what it stored is damaged.
    AppendsBlindly,
    /// The server has every byte, but the reply that was asked for cannot be had. Close-Session was not sent.
    Reply(ReplyError),
    /// The server acknowledged everything, and what is at the destination is not the file.
    Different(Mismatch),
    /// The server acknowledged everything, and does not show what is at the destination.
    Unverified(Unverified),
    /// Something on this machine, which the client tells.
    Local,
    /// Authentication was lost by the time the next fragment came, again and again.
    SignInForgotten,
    /// The user stopped it.
    Interrupted,
    /// Something was reported that was not asked for: a mistake in the client.
    OutOfTurn,
}

impl UploadError {
    /// The error of one try, for those who wait for the next: the server's words come first, as a bar may have room for
    /// the beginning only.
    pub(super) fn of_a_try(&self) -> String {
        match self {
            Self::Refused { packet, error, .. } => format!("{error} ({packet})"),
            other => other.to_string(),
        }
    }

    pub(super) fn unconfirmed(cause: Self, is_gone: bool) -> Self {
        Self::Unconfirmed { cause: Box::new(cause), is_gone }
    }

    /// The same as the end of an upload whose last fragment was sent in full (R6): a refusal need not mean that the
    /// file is not there. A request that never got through, and a decision of this side, stay as they are.
    pub(super) fn after_the_last_fragment(self) -> Self {
        let says_something = match &self {
            Self::Refused { .. } => self.is_a_last_word(),
            Self::GaveUp { cause, .. } => cause.is_a_last_word(),
            // An Ack that claims too much is one of a server that has not stored the file.
            Self::BadResponse { packet, .. } => *packet != PacketKind::Fragment,
            Self::Redirected { .. } => true,
            _ => false,
        };
        if says_something { Self::unconfirmed(self, false) } else { self }
    }

    /// The last error, under the one that ended the upload.
    pub(crate) fn root(&self) -> &Self {
        match self {
            Self::GaveUp { cause, .. } | Self::CannotResume { cause } | Self::Unconfirmed { cause, .. } => cause.root(),
            other => other,
        }
    }

    /// Whether it is about a request and its response, so that it matters which host it went to.
    pub(crate) fn is_of_an_exchange(&self) -> bool {
        let root = self.root();
        matches!(root, Self::Refused { .. } | Self::BadResponse { .. } | Self::Redirected { .. } | Self::Lost { .. })
    }

    /// Whether it is a refusal that says something of the file, rather than of an outage or of who asks.
    fn is_a_last_word(&self) -> bool {
        match self {
            Self::Refused { refusal: Refusal::Authentication | Refusal::ProxyAuthentication, .. } => false,
            Self::Refused { refusal, error, .. } => {
                !refusal.may_pass() || (error.status.as_u16() == 500 && !error.is_from_bits())
            }
            _ => false,
        }
    }

    /// Whether the same command can resume the session after this.
    pub(super) fn keeps_record(&self) -> bool {
        match self {
            Self::Unconfirmed { is_gone, .. } => !is_gone && !self.cancels_session(),
            Self::Different(_) | Self::Unverified(_) => false,
            other => !other.cancels_session(),
        }
    }

    /// Whether the session is of no use after this and is given up at the server.
    #[must_use]
    pub fn cancels_session(&self) -> bool {
        match self {
            Self::SourceChanged | Self::AppendsBlindly => true,
            Self::Refused { refusal, .. } => refusal.cancels_session(),
            Self::BadResponse { error, .. } => !counts_as_lost(error),
            // Every further Close would be refused alike: the next run starts over.
            Self::Unconfirmed { cause, .. } => match &**cause {
                Self::Refused { refusal, error, .. } => error.is_from_bits() && refusal.cancels_session(),
                _ => false,
            },
            Self::Redirected { .. }
            | Self::Lost { .. }
            | Self::NoProgress { .. }
            | Self::GaveUp { .. }
            | Self::OutOfTime { .. }
            | Self::CannotResume { .. }
            | Self::SignInForgotten
            | Self::Interrupted
            | Self::Reply(_)
            | Self::Different(_)
            | Self::Unverified(_)
            | Self::Local
            | Self::OutOfTurn => false,
        }
    }
}

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { packet, refusal, .. } => write!(f, "the server refused {packet}: {refusal}"),
            Self::BadResponse { packet, error } => write!(f, "unusable response to {packet}: {error}"),
            Self::Redirected { packet, location, reason } => {
                write!(f, "the response to {packet} redirects to {location}: {reason}")
            }
            Self::Lost { packet, error } => write!(f, "no response to {packet}: {error}"),
            Self::NoProgress { acknowledged, resent, elapsed } => write!(
                f,
                "the server acknowledged nothing beyond byte {acknowledged} for {:.0} s, although {resent} bytes were sent again",
                elapsed.as_secs_f64()
            ),
            Self::SourceChanged => f.write_str("the file changed while it was being uploaded"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::GaveUp { cause, attempts, elapsed } => {
                let attempts = if *attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
                write!(f, "no progress for {:.0} s, {attempts}: {cause}", elapsed.as_secs_f64())
            }
            Self::OutOfTime { acknowledged } => {
                write!(f, "--max-time is over, {acknowledged} bytes are acknowledged")
            }
            Self::CannotResume { cause } => write!(f, "the upload cannot be resumed: {cause}"),
            Self::Unconfirmed { is_gone: true, .. } => f.write_str(
                "unconfirmed: the response to Close-Session was lost, and the server no longer knows the session: the file is probably there",
            ),
            Self::Unconfirmed { .. } => {
                f.write_str("unconfirmed: every byte was sent, but the server did not acknowledge the end of the upload: the file may be there")
            }
            Self::AppendsBlindly => f.write_str("the server stores bytes twice that are sent twice"),
            Self::Reply(error) => {
                write!(f, "every byte is acknowledged, but the reply cannot be fetched: {error}")
            }
            Self::Different(difference) => {
                write!(f, "the server acknowledged the upload, but the file at the destination differs: {difference}")
            }
            Self::Unverified(reason) => {
                write!(f, "the server acknowledged the upload, but it cannot be verified: {reason}")
            }
            Self::Local => f.write_str("internal error: a failure without a cause"),
            Self::SignInForgotten => f.write_str("the server authenticates Ping, but not the fragment after it"),
            Self::OutOfTurn => f.write_str("internal error: an unexpected event"),
        }
    }
}

impl std::error::Error for UploadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused { error, .. } => Some(error),
            Self::BadResponse { error, .. } => Some(error),
            Self::Lost { error, .. } => Some(error),
            Self::GaveUp { cause, .. } | Self::CannotResume { cause } | Self::Unconfirmed { cause, .. } => {
                cause.source()
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;
    use crate::exchange::TransportErrorKind;

    #[test]
    fn a_failure_of_an_exchange_has_a_cause_and_a_host_however_it_is_wrapped() {
        let lost = || {
            let error = TransportError::new(TransportErrorKind::Connect, "connection refused");
            UploadError::Lost { packet: PacketKind::Fragment, error }
        };
        for error in [lost(), UploadError::CannotResume { cause: Box::new(lost()) }] {
            let cause = error.source().expect("the transport's error");
            assert!(cause.is::<TransportError>() && error.is_of_an_exchange());
        }
        assert!(UploadError::SourceChanged.source().is_none() && !UploadError::SourceChanged.is_of_an_exchange());
    }
}
