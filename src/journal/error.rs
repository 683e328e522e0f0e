//! What goes wrong with remembering, told apart by whether the upload may go on.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::durable::AccessError;

use super::record::BadRecord;

/// The upload must not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalError {
    /// Another process uploads this file to this URL right now.
    Locked,
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked => f.write_str("another bitsup is busy with this upload"),
        }
    }
}

impl std::error::Error for JournalError {}

/// The upload goes on, but may not be resumable: to be said once.
#[derive(Debug)]
pub enum JournalWarning {
    /// There is no usable folder to remember uploads in.
    NoFolder {
        /// Which folder was to be used.
        path: PathBuf,
        /// What is wrong with it.
        reason: AccessError,
    },
    /// What was remembered of this upload is not used.
    Ignored {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: BadRecord,
        /// Whether it was given the ending `.bad`.
        set_aside: bool,
    },
    /// Records of an older version are not used.
    Older {
        /// The folder.
        path: PathBuf,
        /// How many.
        count: usize,
    },
    /// This upload can no longer be remembered.
    NotSaved {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The upload is finished but still remembered.
    NotRemoved {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl fmt::Display for JournalWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFolder { path, reason } => {
                write!(f, "no unfinished uploads can be kept in {}: {reason}", path.display())
            }
            Self::Ignored { path, reason, set_aside } => {
                write!(f, "the session kept in {} is not used: {reason}", path.display())?;
                if *set_aside { f.write_str("; it was renamed to end in .bad") } else { Ok(()) }
            }
            Self::Older { path, count } => write!(
                f,
                "{count} unfinished uploads in {} are of an older version and cannot be resumed; their records were renamed to end in .bad",
                path.display()
            ),
            Self::NotSaved { path, error } => {
                write!(f, "this upload cannot be resumed later: cannot write to {}: {error}", path.display())
            }
            Self::NotRemoved { path, error } => {
                write!(f, "the finished upload is still listed: cannot write to {}: {error}", path.display())
            }
        }
    }
}

impl std::error::Error for JournalWarning {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotSaved { error, .. }
            | Self::NotRemoved { error, .. }
            | Self::NoFolder { reason: AccessError::Io(error), .. } => Some(error),
            Self::Ignored { reason, .. } => Some(reason),
            Self::NoFolder { .. } | Self::Older { .. } => None,
        }
    }
}
