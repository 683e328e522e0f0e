//! From an error to what programs want to know of it.

use crate::client::ClientError;
use crate::exchange::TransportErrorKind;
use crate::output::json::Failure;
use crate::protocol::BitsError;
use crate::uploader::{ReplyError, UploadError};

use super::{ExitCode, exit_code, failure};

/// The facts of an error; `again` is the command that goes on.
pub(crate) fn of(error: &anyhow::Error, again: Option<&str>) -> Failure {
    let code = exit_code::of(error);
    let refusal = refusal(error);
    let http = refusal.map(|refusal| refusal.status.as_u16()).or_else(|| reply_status(error));
    Failure {
        text: failure::text(error),
        class: code.class(),
        exit: code as u8,
        status: match code {
            ExitCode::Interrupted | ExitCode::Terminated => "interrupted",
            ExitCode::Mixed => "mixed",
            _ => "failed",
        },
        http,
        hresult: refusal.and_then(|refusal| refusal.code),
        retryable: code.may_pass(),
        resume_command: again.filter(|_| code.may_pass()).map(str::to_owned),
    }
}

fn refusal(error: &anyhow::Error) -> Option<&BitsError> {
    match error.downcast_ref()? {
        ClientError::Upload(error) => refusal_of(error),
        _ => None,
    }
}

fn refusal_of(error: &UploadError) -> Option<&BitsError> {
    match error {
        UploadError::Refused { error, .. } => Some(error),
        UploadError::GaveUp { cause, .. }
        | UploadError::CannotResume { cause }
        | UploadError::Unconfirmed { cause, .. } => refusal_of(cause),
        _ => None,
    }
}

fn reply_status(error: &anyhow::Error) -> Option<u16> {
    match error.downcast_ref()? {
        ClientError::Upload(UploadError::Reply(ReplyError::Status(status))) => Some(status.as_u16()),
        _ => None,
    }
}

/// Whether a proxy lets nobody in, or not whoever this is.
pub(crate) fn is_proxys_refusal(error: &anyhow::Error) -> bool {
    match error.downcast_ref() {
        Some(ClientError::Upload(error)) => is_proxys(error),
        _ => false,
    }
}

fn is_proxys(error: &UploadError) -> bool {
    match error {
        UploadError::Refused { error, .. } => error.status.as_u16() == 407,
        UploadError::Lost { error, .. } => error.kind == TransportErrorKind::ProxyAuthentication,
        UploadError::GaveUp { cause, .. } | UploadError::CannotResume { cause } => is_proxys(cause),
        _ => false,
    }
}
