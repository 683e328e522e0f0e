//! The failures of remembering, told apart by whether the upload may go on.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::durable::AccessError;

use super::record::BadRecord;

/// The upload must not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum JournalError {
    /// Another process uploads this file to this URL right now.
    #[error("another bitsup is busy with this upload")]
    Locked,
}

/// The upload goes on, but may not be resumable. The caller should say so once.
#[derive(Debug, Error)]
pub enum JournalWarning {
    /// There is no usable folder to remember uploads in.
    #[error("no unfinished uploads can be kept in {}: {}", .0.display(), .1)]
    NoFolder(PathBuf, AccessError),
    /// The saved session of this upload is not used.
    #[error(
        "the session kept in {} is not used: {reason}{}",
        path.display(),
        if *set_aside { "; it was renamed to end in .bad" } else { "" }
    )]
    Ignored {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        reason: BadRecord,
        /// Whether it was given the ending `.bad`.
        set_aside: bool,
    },
    /// Records of an older version are not used.
    #[error(
        "{} unfinished uploads in {} are of an older version and cannot be resumed; their records were renamed to end in .bad",
        .1,
        .0.display()
    )]
    Older(PathBuf, usize),
    /// This upload can no longer be remembered.
    #[error("this upload cannot be resumed later: cannot write to {}: {}", .0.display(), .1)]
    NotSaved(PathBuf, #[source] io::Error),
    /// The upload is finished but still remembered.
    #[error("the finished upload is still listed: cannot write to {}: {}", .0.display(), .1)]
    NotRemoved(PathBuf, #[source] io::Error),
}
