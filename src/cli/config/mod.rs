//! From what was typed to what is meant, checked.

mod auth;
mod check;
mod connect;
mod files;
mod output;
#[cfg(feature = "serve")]
mod serve;
mod upload;

use std::fmt;

pub(super) use auth::{AuthConfig, SecretSource};
pub(super) use check::CheckConfig;
pub(super) use connect::ConnectConfig;
pub(super) use files::{FilesConfig, Item, Source};
pub(super) use output::{MachineConfig, OutputConfig};
#[cfg(feature = "serve")]
pub(super) use serve::options as serve_options;
pub(super) use upload::{UploadConfig, state_dir};

/// Something typed is wrong. The message says what is right.
#[derive(Debug)]
pub(super) struct UsageError(pub(super) String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}
