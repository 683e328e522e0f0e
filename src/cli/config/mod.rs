//! From what was typed to what is meant, checked.

mod auth;
mod check;
mod connect;
mod files;
#[cfg(feature = "serve")]
mod serve;
mod upload;

pub(super) use auth::{AuthConfig, SecretSource};
pub(super) use check::CheckConfig;
pub(super) use connect::ConnectConfig;
pub(super) use files::{FilesConfig, FoundFile, Item, Source};
#[cfg(feature = "serve")]
pub(super) use serve::options as serve_options;
pub(super) use upload::{UploadConfig, state_dir};

pub(super) use super::error::UsageError;
