//! Exit codes: a public contract. One enum, one table from errors to it.

use crate::client::{ClientError, ReplyFileError};
use crate::exchange::TransportErrorKind;
use crate::journal::{JournalError, JournalWarning};
use crate::protocol::{AckError, PacketKind};
#[cfg(feature = "serve")]
use crate::server::ServeError;
use crate::source::EntityError;
use crate::uploader::{Refusal, ReplyError, Unverified, UploadError};

use crate::cli::batch::SomeFailed;
use crate::cli::commands::InputError;
use crate::cli::config::UsageError;
use crate::cli::signals::{Stopped, TimeIsUp};
use crate::cli::usage_error::Mistyped;

/// What the process tells its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// Every file was acknowledged and closed.
    Success = 0,
    /// A mistake in bitsup, or on this machine.
    Internal = 1,
    /// Usage, configuration, URL.
    Usage = 2,
    /// The source is missing, unreadable or not a regular file.
    Source = 3,
    /// The source changed during the upload.
    SourceChanged = 4,
    /// Name lookup or connection failed.
    Connection = 5,
    /// TLS or certificate.
    Tls = 6,
    /// Authentication (401, 407).
    Authentication = 7,
    /// Refused: permission, already exists, path.
    Refused = 8,
    /// No BITS endpoint there, or uploads are disabled.
    NoEndpoint = 9,
    /// Too large for the server.
    TooLarge = 10,
    /// Server errors, stall, or the time budget is spent.
    Server = 11,
    /// Protocol violation.
    Protocol = 12,
    /// The server's application rejected the file.
    Application = 13,
    /// What is at the destination is not the file.
    VerificationFailed = 14,
    /// Of several files some were uploaded and others not, or they failed in different ways.
    Mixed = 15,
    /// `--resume always`, and there is nothing to go on with.
    NotResumable = 16,
    /// Another bitsup is busy with this upload.
    Locked = 17,
    /// The file is probably there, the server cannot say so.
    Unconfirmed = 18,
    /// Stopped by SIGINT.
    Interrupted = 130,
    /// Stopped by SIGTERM.
    Terminated = 143,
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

impl ExitCode {
    /// Its name, for programs.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Internal => "internal",
            Self::Usage => "usage",
            Self::Source => "source",
            Self::SourceChanged => "source-changed",
            Self::Connection => "connection",
            Self::Tls => "tls",
            Self::Authentication => "authentication",
            Self::Refused => "refused",
            Self::NoEndpoint => "no-endpoint",
            Self::TooLarge => "too-large",
            Self::Server => "server",
            Self::Protocol => "protocol",
            Self::Application => "application",
            Self::VerificationFailed => "verification-failed",
            Self::Mixed => "mixed",
            Self::NotResumable => "not-resumable",
            Self::Locked => "locked",
            Self::Unconfirmed => "unconfirmed",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
        }
    }

    /// Whether the same command may succeed later, without a change to anything but time.
    pub(crate) fn may_pass(self) -> bool {
        matches!(
            self,
            Self::SourceChanged
                | Self::Connection
                | Self::Server
                | Self::Mixed
                | Self::Locked
                | Self::Interrupted
                | Self::Terminated
        )
    }
}

/// The code for an error, however wrapped.
pub(crate) fn of(error: &anyhow::Error) -> ExitCode {
    if let Some(error) = error.downcast_ref::<ClientError>() {
        return match error {
            ClientError::Upload(error) => of_upload(error),
            ClientError::Entity(_) | ClientError::Digest(_) => ExitCode::Source,
            ClientError::SignIn(_) => ExitCode::Authentication,
            ClientError::NothingToResume { .. } => ExitCode::NotResumable,
            ClientError::Interrupted { .. } => ExitCode::Interrupted,
            ClientError::ReplyFile(_) => ExitCode::Internal,
        };
    }
    if let Some(Stopped { signal, .. }) = error.downcast_ref() {
        return if *signal == 2 { ExitCode::Interrupted } else { ExitCode::Terminated };
    }
    if let Some(failed) = error.downcast_ref::<SomeFailed>() {
        return failed.code;
    }
    if error.is::<TimeIsUp>() {
        return ExitCode::Server;
    }
    if error.is::<EntityError>() || error.is::<InputError>() {
        return ExitCode::Source;
    }
    if error.is::<JournalError>() {
        return ExitCode::Locked;
    }
    if error.is::<UsageError>()
        || error.is::<Mistyped>()
        || error.is::<ReplyFileError>()
        || error.is::<JournalWarning>()
    {
        return ExitCode::Usage;
    }
    #[cfg(feature = "serve")]
    if let Some(error) = error.downcast_ref::<ServeError>() {
        return match error {
            ServeError::Root(..)
            | ServeError::Session(..)
            | ServeError::Tls(_)
            | ServeError::InUse(_)
            | ServeError::Bind(..) => ExitCode::Usage,
            _ => ExitCode::Internal,
        };
    }
    ExitCode::Internal
}

fn of_upload(error: &UploadError) -> ExitCode {
    match error {
        UploadError::Refused { refusal, .. } => of_refusal(*refusal),
        UploadError::BadAnswer { packet, error } => of_bad_answer(*packet, error),
        UploadError::SignInForgotten => ExitCode::Authentication,
        UploadError::Redirected { .. } => ExitCode::NoEndpoint,
        UploadError::Lost { packet, error } => of_loss(*packet, error.kind),
        UploadError::NoProgress { .. } | UploadError::OutOfTime { .. } => ExitCode::Server,
        UploadError::SourceChanged => ExitCode::SourceChanged,
        UploadError::GaveUp { cause, .. } => of_spent(cause),
        UploadError::CannotResume { .. } => ExitCode::NotResumable,
        UploadError::Interrupted | UploadError::Unverified(Unverified::Interrupted) => ExitCode::Interrupted,
        UploadError::Unconfirmed { .. } | UploadError::Unverified(_) => ExitCode::Unconfirmed,
        UploadError::AppendsBlindly => ExitCode::Protocol,
        UploadError::Reply(error) => of_reply(error),
        UploadError::Different(_) => ExitCode::VerificationFailed,
        UploadError::OutOfTurn | UploadError::Local => ExitCode::Internal,
    }
}

/// The reply is the application's; what the network does on its way is not.
fn of_reply(error: &ReplyError) -> ExitCode {
    match error {
        ReplyError::Status(status) if status.as_u16() == 401 => ExitCode::Authentication,
        ReplyError::Status(status) if status.is_server_error() => ExitCode::Server,
        ReplyError::NotOffered | ReplyError::TooLarge | ReplyError::Status(_) => ExitCode::Application,
        ReplyError::BadAnswer(_) => ExitCode::Protocol,
        ReplyError::Lost(error) => of_loss(PacketKind::CloseSession, error.kind),
    }
}

/// The budget is spent: on a network that never worked, on an application that did not want it, on what stands before
/// the server and refuses by its pages, or on a server.
fn of_spent(cause: &UploadError) -> ExitCode {
    let is_refusal = matches!(cause, UploadError::Refused { .. });
    match of_upload(cause) {
        code @ (ExitCode::Connection | ExitCode::Application | ExitCode::Tls) => code,
        code @ (ExitCode::Refused | ExitCode::NoEndpoint | ExitCode::Protocol) if is_refusal => code,
        _ => ExitCode::Server,
    }
}

/// The code for what the server refuses.
pub(crate) fn of_refusal(refusal: Refusal) -> ExitCode {
    match refusal {
        Refusal::Authentication | Refusal::ProxyAuthentication => ExitCode::Authentication,
        Refusal::Permission => ExitCode::Refused,
        Refusal::NoEndpoint => ExitCode::NoEndpoint,
        Refusal::FileTooLarge | Refusal::FragmentTooLarge => ExitCode::TooLarge,
        Refusal::NameTooLong => ExitCode::Usage,
        Refusal::Invalid => ExitCode::Protocol,
        Refusal::SessionNotFound | Refusal::DiskFull | Refusal::Unavailable => ExitCode::Server,
        Refusal::ApplicationRejected | Refusal::ApplicationUnavailable => ExitCode::Application,
    }
}

/// Before a session exists, an answer that is no Ack means that no BITS server is there.
fn of_bad_answer(packet: PacketKind, error: &AckError) -> ExitCode {
    let opening = matches!(packet, PacketKind::Ping | PacketKind::CreateSession);
    match error {
        AckError::NotAnAck { .. } | AckError::NotHttp11 if opening => ExitCode::NoEndpoint,
        AckError::NotAnAck { .. } => ExitCode::Server,
        _ => ExitCode::Protocol,
    }
}

/// A connection that breaks before there is a session never worked.
fn of_loss(packet: PacketKind, kind: TransportErrorKind) -> ExitCode {
    match kind {
        TransportErrorKind::UnknownHost
        | TransportErrorKind::LookupFailed
        | TransportErrorKind::Connect
        | TransportErrorKind::ProxyRefused => ExitCode::Connection,
        TransportErrorKind::ProxyAuthentication => ExitCode::Authentication,
        TransportErrorKind::Cut | TransportErrorKind::NoConnection
            if matches!(packet, PacketKind::Ping | PacketKind::CreateSession) =>
        {
            ExitCode::Connection
        }
        TransportErrorKind::Tls(_) => ExitCode::Tls,
        TransportErrorKind::Cut | TransportErrorKind::NoConnection | TransportErrorKind::TimedOut(_) => {
            ExitCode::Server
        }
        TransportErrorKind::BadResponse | TransportErrorKind::NotAllowed => ExitCode::Protocol,
        TransportErrorKind::Local => ExitCode::Internal,
        TransportErrorKind::Interrupted => ExitCode::Interrupted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::TransportError;

    #[test]
    fn the_numbers_are_frozen() {
        let codes = [
            (ExitCode::Success, 0),
            (ExitCode::Internal, 1),
            (ExitCode::Usage, 2),
            (ExitCode::Source, 3),
            (ExitCode::SourceChanged, 4),
            (ExitCode::Connection, 5),
            (ExitCode::Tls, 6),
            (ExitCode::Authentication, 7),
            (ExitCode::Refused, 8),
            (ExitCode::NoEndpoint, 9),
            (ExitCode::TooLarge, 10),
            (ExitCode::Server, 11),
            (ExitCode::Protocol, 12),
            (ExitCode::Application, 13),
            (ExitCode::VerificationFailed, 14),
            (ExitCode::Mixed, 15),
            (ExitCode::NotResumable, 16),
            (ExitCode::Locked, 17),
            (ExitCode::Unconfirmed, 18),
            (ExitCode::Interrupted, 130),
            (ExitCode::Terminated, 143),
        ];
        for (code, number) in codes {
            assert_eq!(code as u8, number);
        }
    }

    #[test]
    fn an_error_keeps_its_code_under_any_context() {
        let lost =
            UploadError::Lost { packet: PacketKind::Ping, error: TransportError::new(TransportErrorKind::Connect, "") };
        let error = anyhow::Error::new(ClientError::Upload(lost)).context("cannot upload a to b");
        assert_eq!(of(&error), ExitCode::Connection);
        assert_eq!(of(&anyhow::Error::new(JournalError::Locked).context("x")), ExitCode::Locked);
        assert_eq!(of(&anyhow::Error::new(UsageError("x".into())).context("y")), ExitCode::Usage);
        assert_eq!(of(&anyhow::anyhow!("something else")), ExitCode::Internal);
    }
}
