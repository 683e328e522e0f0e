//! Why an upload did not succeed, wherever that was noticed.

use std::fmt;

use crate::digest::DigestError;
use crate::entity::EntityError;
use crate::protocol::BitsError;
use crate::uploader::UploadError;

use super::reply::ReplyError;
use super::verify::{Difference, Unverified};

/// An upload that did not succeed.
#[derive(Debug)]
pub enum DriverError {
    /// The conversation with the server ended.
    Upload(UploadError),
    /// The source could not be read.
    Entity(EntityError),
    /// What was sent before could not be read again.
    Digest(DigestError),
    /// There is no unfinished upload to go on with, and starting over is not wanted.
    NothingToResume,
    /// The server has every byte, but the reply that was asked for cannot be had. Close-Session was not sent.
    Reply(ReplyError),
    /// The server acknowledged everything, and what is at the destination is not the file.
    Different(Difference),
    /// The server acknowledged everything, and does not show what is at the destination.
    Unverified(Unverified),
    /// The answer to Close-Session was lost, and the server has forgotten the session since; but what is at the
    /// destination is the same as the file.
    UnconfirmedSame {
        /// What the server said to the repeated Close.
        error: BitsError,
        /// By what it is the same.
        proof: String,
    },
    /// The user stopped it before it ended.
    Interrupted {
        /// Whether another run can go on where this one stopped.
        can_go_on: bool,
    },
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upload(error) => write!(f, "{error}"),
            Self::Entity(error) => write!(f, "{error}"),
            Self::Digest(error) => write!(f, "{error}"),
            Self::NothingToResume => f.write_str("there is no unfinished upload of this file to this URL"),
            Self::Reply(error) => {
                write!(f, "every byte is acknowledged, but the reply cannot be fetched: {error}")
            }
            Self::Different(difference) => {
                write!(f, "the server acknowledged the upload, but the file at the destination differs: {difference}")
            }
            Self::Unverified(reason) => {
                write!(f, "the server acknowledged the upload, but it cannot be verified: {reason}")
            }
            Self::UnconfirmedSame { proof, .. } => write!(
                f,
                "the answer to Close-Session was lost, and the server has forgotten the session since; the file at the destination is the same by {proof}"
            ),
            Self::Interrupted { .. } => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for DriverError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // These are shown as they are; what lies behind them comes next.
            Self::Upload(error) => error.source(),
            Self::Entity(error) => error.source(),
            Self::Digest(error) => error.source(),
            Self::UnconfirmedSame { error, .. } => Some(error),
            Self::NothingToResume
            | Self::Interrupted { .. }
            | Self::Reply(_)
            | Self::Different(_)
            | Self::Unverified(_) => None,
        }
    }
}

impl From<UploadError> for DriverError {
    fn from(error: UploadError) -> Self {
        Self::Upload(error)
    }
}

impl From<EntityError> for DriverError {
    fn from(error: EntityError) -> Self {
        Self::Entity(error)
    }
}

impl From<DigestError> for DriverError {
    fn from(error: DigestError) -> Self {
        match error {
            DigestError::Differs(_) => Self::Upload(UploadError::SourceChanged),
            DigestError::Entity(error) => Self::Entity(error),
            stopped @ DigestError::Stopped => Self::Digest(stopped),
        }
    }
}
