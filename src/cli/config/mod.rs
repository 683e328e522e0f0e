//! From what was typed to what is meant, checked.

mod auth;
mod check;
mod connect;
mod files;
mod header;
mod machine;
mod output;
mod resume;
mod retry;
mod upload;

pub(super) use auth::{AuthConfig, SecretSource};
pub(super) use check::CheckConfig;
pub(super) use connect::ConnectConfig;
pub(super) use files::{FilesConfig, Item, Source};
pub(super) use machine::MachineConfig;
pub(super) use output::OutputConfig;
pub(super) use resume::{ResumeConfig, state_dir};
pub(super) use upload::UploadConfig;

pub(super) use super::error::UsageError;
