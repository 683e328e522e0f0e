//! Why an upload did not succeed, wherever that was noticed.

use std::fmt;

use crate::digest::DigestError;
use crate::entity::EntityError;
use crate::uploader::UploadError;

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
    /// The user stopped it before it began.
    Interrupted,
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upload(error) => write!(f, "{error}"),
            Self::Entity(error) => write!(f, "{error}"),
            Self::Digest(error) => write!(f, "{error}"),
            Self::NothingToResume => f.write_str("there is no unfinished upload of this file to this URL"),
            Self::Interrupted => f.write_str("interrupted"),
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
            Self::NothingToResume | Self::Interrupted => None,
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
