//! Why an upload did not succeed, wherever that was noticed.

use std::fmt;

use crate::source::DigestError;
use crate::source::EntityError;
use crate::uploader::UploadError;

use super::reply_file::ReplyFileError;
use super::sender::NotSignedIn;

/// An upload that did not succeed.
#[derive(Debug)]
pub enum ClientError {
    /// The conversation with the server ended.
    Upload(UploadError),
    /// The server lets nobody in.
    SignIn(Box<NotSignedIn>),
    /// The source could not be read.
    Entity(EntityError),
    /// What was sent before could not be read again.
    Digest(DigestError),
    /// The reply cannot be saved. Close-Session was not sent.
    ReplyFile(ReplyFileError),
    /// There is no unfinished upload to go on with, or none of this content, and starting over is not wanted.
    NothingToResume {
        /// Why the one that there is does not do.
        why: Option<String>,
    },
    /// The user stopped it before it ended.
    Interrupted {
        /// Whether another run can go on where this one stopped.
        can_go_on: bool,
    },
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upload(error) => write!(f, "{error}"),
            Self::SignIn(refused) => match refused.packet {
                Some(packet) => write!(f, "{}, on {packet}", refused.reason),
                None => write!(f, "{}", refused.reason),
            },
            Self::Entity(error) => write!(f, "{error}"),
            Self::Digest(error) => write!(f, "{error}"),
            Self::ReplyFile(error) => write!(f, "every byte is acknowledged, but {error}"),
            Self::NothingToResume { why: None } => {
                f.write_str("there is no unfinished upload of this file to this URL")
            }
            Self::NothingToResume { why: Some(why) } => write!(f, "the upload cannot be resumed: {why}"),
            Self::Interrupted { .. } => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // These are shown as they are; what lies behind them comes next.
            Self::Upload(error) => error.source(),
            Self::Entity(error) => error.source(),
            Self::Digest(error) => error.source(),
            Self::SignIn(refused) => refused.said.as_ref().map(|said| said as _),
            Self::NothingToResume { .. } | Self::Interrupted { .. } | Self::ReplyFile(_) => None,
        }
    }
}

impl From<UploadError> for ClientError {
    fn from(error: UploadError) -> Self {
        Self::Upload(error)
    }
}

impl From<EntityError> for ClientError {
    fn from(error: EntityError) -> Self {
        Self::Entity(error)
    }
}

impl From<Box<NotSignedIn>> for ClientError {
    fn from(refused: Box<NotSignedIn>) -> Self {
        Self::SignIn(refused)
    }
}

impl From<ReplyFileError> for ClientError {
    fn from(error: ReplyFileError) -> Self {
        Self::ReplyFile(error)
    }
}

impl From<DigestError> for ClientError {
    fn from(error: DigestError) -> Self {
        match error {
            DigestError::Differs(_) => Self::Upload(UploadError::SourceChanged),
            DigestError::Entity(error) => Self::Entity(error),
            DigestError::Stopped => Self::Interrupted { can_go_on: true },
        }
    }
}
