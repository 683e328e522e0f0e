//! Why an upload did not succeed, wherever that was noticed.

use thiserror::Error;

use crate::source::{DigestError, EntityError};
use crate::uploader::UploadError;

use super::reply::ReplyFileError;
use super::sender::NotSignedIn;

/// An upload that did not succeed.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The conversation with the server ended.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The same, at a host that the server named.
    #[error("at {host}, which the server named (BITS-Host-Id): {error}")]
    AtNamedHost {
        /// Host and port, escaped.
        host: String,
        /// Why it ended.
        #[source]
        error: Box<UploadError>,
    },
    /// The server refuses authentication.
    #[error(transparent)]
    SignIn(#[from] Box<NotSignedIn>),
    /// The source could not be read.
    #[error(transparent)]
    Entity(#[from] EntityError),
    /// The reply cannot be saved. Close-Session was not sent.
    #[error("every byte is acknowledged, but {0}")]
    ReplyFile(#[from] ReplyFileError),
    /// There is no unfinished upload to resume, or none of this content, and starting over was ruled out.
    #[error("{}", match why {
        None => "there is no unfinished upload to this URL".to_owned(),
        Some(why) => format!("the upload cannot be resumed: {why}"),
    })]
    NothingToResume {
        /// Why the one that there is does not do.
        why: Option<String>,
    },
    /// The user stopped it before it ended.
    #[error("interrupted")]
    Interrupted {
        /// Whether another run can go on where this one stopped.
        can_go_on: bool,
    },
}

impl From<DigestError> for ClientError {
    fn from(error: DigestError) -> Self {
        match error {
            DigestError::Differs => Self::Upload(UploadError::SourceChanged),
            DigestError::Entity(error) => Self::Entity(error),
            DigestError::Stopped => Self::Interrupted { can_go_on: true },
        }
    }
}
