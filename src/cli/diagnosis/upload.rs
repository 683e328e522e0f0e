//! What it means that an upload ended without success.

use crate::exchange::TransportErrorKind;
use crate::protocol::{AckError, HResult, PacketKind};
use crate::uploader::{Refusal, ReplyError, Unverified, UploadError};

use super::connection::lost;
use super::{Advice, Diagnosis, ExitCode, RUN_AGAIN, because, hresult};

pub(super) const WITHOUT_REPLY: &str =
    "run the same command again to go on, or without --reply to finish the upload without it";
const SEE_HEADS: &str = "run it again with -vv to see both heads";

pub(super) fn diagnose(error: &UploadError) -> Diagnosis {
    let mut diagnosis = Diagnosis::from(advice(error));
    let mut explained = None;
    match error.root() {
        UploadError::Refused { error: refusal, .. } => {
            let code = refusal.code.filter(|code| hresult::info(*code).is_some());
            let status = refusal.status.as_u16();
            explained = Some(code.map_or_else(|| status.to_string(), |HResult(code)| format!("0x{code:08X}")));
            diagnosis.server_said = Some(refusal.to_string());
            (diagnosis.http_status, diagnosis.hresult) = (Some(status), refusal.code);
            diagnosis.refused_by_proxy = status == 407;
        }
        UploadError::Reply(ReplyError::Status(status)) => {
            explained = Some(status.as_u16().to_string());
            diagnosis.http_status = Some(status.as_u16());
        }
        UploadError::Unverified(Unverified::Status(_, status)) => explained = Some(status.as_u16().to_string()),
        UploadError::Lost { error, .. } => {
            diagnosis.refused_by_proxy = error.kind == TransportErrorKind::ProxyAuthentication;
        }
        _ => {}
    }
    // What the server said last is not what an unconfirmed end is about.
    if let Some(code) = explained.filter(|_| !matches!(error, UploadError::Unconfirmed { .. })) {
        diagnosis.more = format!("bitsup explain {code}");
    }
    diagnosis
}

fn advice(error: &UploadError) -> Advice {
    use ExitCode as Code;
    match error {
        UploadError::Refused { packet, refusal, error } => {
            let found = class(*packet, *refusal);
            // BITS's own code says more than the class that it belongs to.
            match error.code.and_then(hresult::info) {
                Some(info) => Advice { cause: Some(info.cause), next: Some(info.next), ..found },
                None => found,
            }
        }
        UploadError::BadResponse { packet, error } => bad_answer(*packet, error),
        UploadError::Redirected { .. } => {
            because(Code::NoEndpoint, "the upload folder moved, or a login page is in front of it")
                .next("use the URL that it leads to, if that is the folder")
        }
        UploadError::Lost { packet, error } => lost(*packet, error.kind),
        UploadError::NoProgress { .. } => because(Code::Server, "the server answers but does not keep what it gets")
            .next("ask the server's administrator to look at its log"),
        UploadError::SourceChanged => {
            Advice::new(Code::SourceChanged).next("upload a copy, or wait until the file is finished")
        }
        UploadError::Interrupted => Advice::new(Code::Interrupted),
        UploadError::GaveUp { cause, .. } => gave_up(cause),
        UploadError::OutOfTime { .. } => because(Code::Server, "--max-time is over").next(RUN_AGAIN),
        UploadError::CannotResume { .. } => because(Code::NotResumable, "the session expired, or the server lost it"),
        UploadError::Unconfirmed { .. } => {
            because(Code::Unconfirmed, "the server finished the upload, and its response did not get through")
                .next("look at the file on the server before you run the command again, or add --verify sha256")
        }
        UploadError::AppendsBlindly => {
            because(Code::Protocol, "the server appends each fragment to the file, also one that it has already")
                .next("run the same command again; it starts over whenever the outcome of a fragment is unknown")
        }
        UploadError::Reply(error) => Advice::new(reply(error)).next(WITHOUT_REPLY),
        UploadError::Different(_) => Advice::new(Code::VerificationFailed)
            .next("look at the file on the server: something changed it on its way or there"),
        UploadError::Unverified(reason) => {
            let is_interrupted = matches!(reason, Unverified::Interrupted);
            Advice::new(if is_interrupted { Code::Interrupted } else { Code::Unconfirmed })
                .next("look at the file on the server; without --verify this is a success")
        }
        UploadError::SignInForgotten => because(
            Code::Authentication,
            "the server, or a proxy before it, closes the connection after each answer, or is several machines",
        )
        .next("let the server keep connections open, or use --auth digest or basic where the server offers them"),
        UploadError::OutOfTurn | UploadError::Local => {
            because(Code::Internal, "a mistake in bitsup").next("report it with the output of -vv")
        }
    }
}

/// The budget is spent: on a network that never worked, on an application that did not want it, on what stands before
/// the server and refuses by its pages, or on a server.
fn gave_up(cause: &UploadError) -> Advice {
    use ExitCode as Code;
    let is_refusal = matches!(cause, UploadError::Refused { .. });
    let found = match cause {
        // A small fragment met the same: the size of fragments is not the reason.
        UploadError::Refused {
            packet: PacketKind::Fragment,
            refusal: refusal @ (Refusal::Permission | Refusal::NoEndpoint),
            error,
        } if !error.is_from_bits() => because(
            class(PacketKind::Fragment, *refusal).exit_code,
            "a page without BITS's fields: a firewall or proxy before the server refuses what is sent; small fragments were refused as well, so it is not their size",
        )
        .next(
            "ask who runs the firewall or proxy for its log; run the same command again when it lets the upload through",
        ),
        cause => advice(cause),
    };
    let exit_code = match found.exit_code {
        code @ (Code::Connection | Code::Application | Code::Tls) => code,
        code @ (Code::Refused | Code::NoEndpoint | Code::Protocol) if is_refusal => code,
        _ => Code::Server,
    };
    Advice { exit_code, ..found }
}

/// The reply is the application's; what the network does on its way is not.
fn reply(error: &ReplyError) -> ExitCode {
    match error {
        ReplyError::Status(status) if status.as_u16() == 401 => ExitCode::Authentication,
        ReplyError::Status(status) if status.is_server_error() => ExitCode::Server,
        ReplyError::NotOffered | ReplyError::TooLarge | ReplyError::Status(_) => ExitCode::Application,
        ReplyError::BadResponse(_) => ExitCode::Protocol,
        ReplyError::Lost(error) => lost(PacketKind::CloseSession, error.kind).exit_code,
    }
}

/// What a refusal means by its class alone.
pub(super) fn class(packet: PacketKind, refusal: Refusal) -> Advice {
    use ExitCode as Code;
    match refusal {
        Refusal::Authentication => because(Code::Authentication, "the folder is not open to anonymous uploads")
            .next("check which kinds of login it offers: -vv shows them"),
        Refusal::ProxyAuthentication => {
            because(Code::Authentication, "a proxy between this machine and the server wants a login")
                .next("check the proxy's login")
        }
        Refusal::Permission => Advice::new(Code::Refused),
        Refusal::NoEndpoint => Advice::new(Code::NoEndpoint),
        Refusal::FragmentTooLarge => {
            because(Code::TooLarge, "the server, or a proxy before it, limits the size of a request")
                .next("try a smaller --fragment-size, such as 1M")
        }
        Refusal::FileTooLarge => because(Code::TooLarge, "the directory has a largest size for files")
            .next("raise the server's limit, or send a smaller file"),
        Refusal::Invalid if packet == PacketKind::CreateSession => {
            let endpoint = Code::NoEndpoint.info();
            because(Code::Protocol, endpoint.cause).next(endpoint.next)
        }
        Refusal::Invalid => because(Code::Protocol, "a proxy changed the request").next(SEE_HEADS),
        Refusal::NameTooLong => {
            because(Code::Usage, "the URL or file name exceeds what the server takes").next("use a shorter URL or name")
        }
        Refusal::ApplicationRejected => {
            because(Code::Application, "the application that the server hands files to does not want this one")
        }
        Refusal::ApplicationUnavailable => because(Code::Application, BUSY).next(RUN_AGAIN),
        Refusal::SessionNotFound | Refusal::DiskFull | Refusal::Unavailable => {
            because(Code::Server, BUSY).next(RUN_AGAIN)
        }
    }
}

const BUSY: &str = "the server is busy, restarting or out of order";

/// Before a session exists, an answer that is no Ack means that no BITS server is there.
fn bad_answer(packet: PacketKind, error: &AckError) -> Advice {
    let exit_code = match error {
        AckError::NotAnAck { .. } | AckError::NotHttp11 if packet.is_opening() => {
            return because(ExitCode::NoEndpoint, "a plain web server, a proxy or a login page answered");
        }
        AckError::NotAnAck { .. } => ExitCode::Server,
        AckError::NotHttp11 => ExitCode::Protocol,
        _ => {
            return because(ExitCode::Protocol, "the server, or a proxy before it, does not keep to [MC-BUP]");
        }
    };
    because(exit_code, "a proxy or a login page answered instead of the server").next(RUN_AGAIN)
}
