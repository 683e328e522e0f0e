//! Carries out what the state machine wants: the only place where packets, files and the journal meet.

mod check;
mod cookies;
mod error;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod reply;
mod sender;
mod start;
mod upload;
mod verify;

pub(crate) use check::{CheckPlan, Findings, FragmentLimit, check};
pub use error::ClientError;
pub use reply::{ReplyFile, ReplyFileError};
pub use sender::NotSignedIn;
pub use start::{ResumeMode, Start};
pub(crate) use upload::cancel;
pub use upload::{UploadContext, upload};
