//! The diagnosis when an upload ends without success.

use http::StatusCode;

use crate::exchange::TransportErrorKind;
use crate::protocol::error::Answerer;
use crate::protocol::{AckError, BitsError, ErrorContext, HResult, PacketKind};
use crate::uploader::{Refusal, ReplyError, Unverified, UploadError};

use super::connection::{PROXY_SCHEME, lost};
use super::{Advice, Diagnosis, ExitCode, RUN_AGAIN, because, explain, hresult};

pub(super) const WITHOUT_REPLY: &str =
    "run the same command again to resume, or without --reply to finish the upload without it";
const WITH_HEADS: &str = "run the same command with -vv to see the request and the response";
const LOOK_FIRST: &str = "look at the file on the server before you run the command again, or add --verify sha256";

pub(super) fn diagnose(error: &UploadError) -> Diagnosis {
    let mut diagnosis = Diagnosis::from(advice(error));
    if let UploadError::GaveUp { cause, .. } = error {
        diagnosis.reason = Some(cause.to_string());
    }
    let mut explained = None;
    match error.root() {
        UploadError::Refused { error: refusal, .. } => {
            explained = Some(code(refusal));
            diagnosis.server_said = Some(refusal.to_string());
            (diagnosis.http_status, diagnosis.hresult) = (Some(refusal.status.as_u16()), refusal.code);
            diagnosis.refused_by_proxy = refusal.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED;
        }
        UploadError::Reply(ReplyError::Status(status)) => {
            explained = Some(status.as_u16().to_string());
            diagnosis.http_status = Some(status.as_u16());
        }
        UploadError::Unverified(Unverified::Status(_, status)) => explained = Some(status.as_u16().to_string()),
        UploadError::Lost { error, .. } => {
            let kinds = [TransportErrorKind::ProxyAuthentication, TransportErrorKind::ProxyScheme];
            diagnosis.refused_by_proxy = kinds.contains(&error.kind);
        }
        _ => {}
    }
    // An unconfirmed end is not about the server's last response.
    if let Some(code) = explained.filter(|_| !matches!(error, UploadError::Unconfirmed { .. })) {
        diagnosis.more = Some(format!("bitsup explain {code}"));
    }
    diagnosis
}

/// The code that says most of a refusal: BITS's, IIS's sub-status, HTTP's.
fn code(refusal: &BitsError) -> String {
    if let Some(HResult(code)) = refusal.code.filter(|code| hresult::info(*code).is_some()) {
        return format!("0x{code:08X}");
    }
    explain::iis::of(refusal).map_or_else(|| refusal.status.as_u16().to_string(), |known| known.code.to_owned())
}

fn advice(error: &UploadError) -> Advice {
    use ExitCode as Code;
    match error {
        UploadError::Refused { refusal, error, .. } => refused(*refusal, error),
        UploadError::BadResponse { packet, error } => bad_response(*packet, error),
        UploadError::Redirected { .. } => because(Code::NoEndpoint, "the upload directory moved, or a login page stands in front of it")
            .next("use the redirect's URL, if it is the upload directory"),
        UploadError::Lost { packet, error } => lost(*packet, error.kind),
        UploadError::NoProgress { .. } => because(Code::Server, "the server responds, but does not keep the bytes")
            .next("look at the server's log and its disk"),
        UploadError::SourceChanged => because(Code::SourceChanged, "another program writes to the file")
            .next("upload a copy, or wait until the file is complete"),
        UploadError::Interrupted => Advice::new(Code::Interrupted).next(RESUMES),
        UploadError::GaveUp { cause, .. } => gave_up(cause),
        UploadError::OutOfTime { .. } => Advice::new(Code::Server).next(RUN_AGAIN),
        UploadError::CannotResume { .. } => because(Code::NotResumable, "the session expired, or the server lost it")
            .next("remove --resume always to start over"),
        UploadError::Unconfirmed { is_gone: true, .. } => {
            because(Code::Unconfirmed, "the server closed the session, and its response did not arrive").next(LOOK_FIRST)
        }
        UploadError::Unconfirmed { .. } => because(
            Code::Unconfirmed,
            "the last fragment was sent in full; the response to it, or to Close-Session, came from a proxy or does not say what was stored",
        )
        .next(LOOK_FIRST),
        UploadError::AppendsBlindly => because(Code::Protocol, "the server appends each fragment to the file, also one that it already has")
            .next("run the same command again; it starts over whenever the outcome of a fragment is unknown"),
        UploadError::Reply(error) => reply(error),
        UploadError::Different(_) => because(Code::VerificationFailed, "a proxy, the server or another upload changed the content")
            .next("look at the file on the server, then upload it again"),
        UploadError::Unverified(reason) => unverified(reason),
        UploadError::SignInForgotten => because(
            Code::Authentication,
            "the server or a proxy closes the connection after each response, or a load balancer distributes requests",
        )
        .next("let the server keep connections open, or use --auth digest or basic where the server offers them"),
        UploadError::OutOfTurn | UploadError::Local => {
            because(Code::Internal, "a bug in bitsup").next("report it with the output of -vv")
        }
    }
}

/// BITS's own code says more than the class that it belongs to, and so does the page of a web server.
fn refused(refusal: Refusal, error: &BitsError) -> Advice {
    let found = class(refusal);
    let is_of_application = error.context == Some(ErrorContext::RemoteApplication);
    if let Some(info) = error.code.and_then(hresult::info).filter(|_| !is_of_application) {
        return found.cause(info.cause).next(info.next);
    }
    if error.is_from_bits() {
        return found;
    }
    if let Some(known) = page(error) {
        return known;
    }
    match refusal {
        Refusal::ProxyAuthentication if error.is_beyond_basic() => {
            found.cause("bitsup supports only Basic at proxies").next(PROXY_SCHEME)
        }
        Refusal::Permission if error.status == StatusCode::CONFLICT => found
            .cause("a file of that name exists and overwriting is off, or another upload session has it open")
            .next("use another name, or wait until the other upload has ended"),
        Refusal::Permission => found.cause("the account may not write there"),
        Refusal::NoEndpoint => no_endpoint(&error.answerer),
        _ => found,
    }
}

/// The reason that the title of a page tells.
fn page(refusal: &BitsError) -> Option<Advice> {
    if let Some(known) = explain::iis::of(refusal) {
        return Some(because(known.exit_code, known.cause).next(known.next));
    }
    let title = refusal.answerer.title.as_deref()?;
    let says = |words: &str| title.contains(words);
    if says("No required SSL certificate was sent") {
        let wanted = because(ExitCode::Tls, "nginx requires a client certificate (ssl_verify_client)");
        Some(wanted.next("--cert FILE and --key FILE with a client certificate that the server accepts"))
    } else if says("The SSL certificate error") {
        let refused = because(ExitCode::Tls, "nginx does not accept the client certificate (ssl_verify_client)");
        Some(refused.next("ask the server's administrator which authorities it accepts"))
    } else if says("plain HTTP request was sent to HTTPS port") {
        Some(because(ExitCode::NoEndpoint, "the port expects https").next("use https:// in the URL"))
    } else {
        None
    }
}

fn no_endpoint(answerer: &Answerer) -> Advice {
    let iis = answerer.server.as_deref().is_some_and(|server| server.contains("IIS") || server.contains("HTTPAPI"));
    if iis {
        because(ExitCode::NoEndpoint, "the path does not exist, or BITS uploads are not enabled on it")
            .next("check the path of the URL; on IIS, enable BITS uploads for the virtual directory")
    } else {
        because(ExitCode::NoEndpoint, "a web server or a proxy responded that does not know BITS")
            .next("check the host and path of the URL")
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
            class(*refusal).exit_code,
            "a page without BITS fields: a firewall or proxy in front of the server refuses the content; small fragments were refused as well",
        )
        .next("look at the log of the firewall or proxy; run the same command again when it lets the upload through"),
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
fn reply(error: &ReplyError) -> Advice {
    use ExitCode as Code;
    match error {
        ReplyError::NotOffered => {
            because(Code::Application, "no application is set up for the directory, or it gave no reply")
        }
        ReplyError::TooLarge => Advice::new(Code::Application),
        ReplyError::Status(status) if status.as_u16() == 401 => {
            because(Code::Authentication, "the server requires other credentials for the reply")
        }
        ReplyError::Status(status) if status.is_server_error() => Advice::new(Code::Server),
        ReplyError::Status(_) => because(Code::Application, "the server does not serve the reply that it offered"),
        ReplyError::BadResponse(_) => Advice::new(Code::Protocol),
        ReplyError::Lost(error) => Advice { next: None, ..lost(PacketKind::CloseSession, error.kind) },
    }
    .next(WITHOUT_REPLY)
}

fn unverified(reason: &Unverified) -> Advice {
    let look = "look at the file on the server; without --verify this is a success";
    let unconfirmed = Advice::new(ExitCode::Unconfirmed).next(look);
    match reason {
        Unverified::Interrupted => Advice::new(ExitCode::Interrupted).next(look),
        Unverified::Status(..) => unconfirmed.cause("the server does not serve files from the upload directory"),
        _ => unconfirmed,
    }
}

/// The meaning of a refusal by its class alone.
pub(super) fn class(refusal: Refusal) -> Advice {
    use ExitCode as Code;
    match refusal {
        Refusal::Authentication => because(Code::Authentication, "the directory does not accept anonymous uploads")
            .next("--user NAME, with an authentication scheme that the server offers (-vv shows them)"),
        Refusal::ProxyAuthentication => {
            because(Code::Authentication, "a proxy between this machine and the server requires authentication")
                .next("set --proxy-user and --proxy-password-file")
        }
        Refusal::Permission => because(Code::Refused, "the account may not write there, or a file of that name exists")
            .next("check the directory's permissions, and whether overwriting is allowed"),
        Refusal::NoEndpoint => because(Code::NoEndpoint, "the URL is wrong, or BITS uploads are not enabled there")
            .next("check the URL; on IIS, enable BITS uploads for the virtual directory"),
        Refusal::FragmentTooLarge => {
            because(Code::TooLarge, "the server, or a proxy in front of it, limits the size of a request")
                .next("raise that limit (nginx: client_max_body_size), or use a smaller --fragment-size")
        }
        Refusal::FileTooLarge => because(Code::TooLarge, "the directory limits the size of files")
            .next("raise the server's limit, or send a smaller file"),
        Refusal::Invalid => {
            because(Code::Protocol, "a proxy changed the request, or the server requires more than [MC-BUP] describes")
                .next(WITH_HEADS)
        }
        Refusal::NameTooLong => {
            because(Code::Usage, "the URL or name exceeds a limit of the server").next("use a shorter URL or --name")
        }
        Refusal::ApplicationRejected => {
            because(Code::Application, "the application that the server gives files to does not accept this file")
                .next("ask the application's operator what it accepts")
        }
        Refusal::ApplicationUnavailable => {
            because(Code::Application, "the application that the server gives files to is busy or failed")
                .next(RUN_AGAIN)
        }
        Refusal::SessionNotFound => {
            because(Code::Server, "the session expired, or another server of a farm responded").next(RUN_AGAIN)
        }
        Refusal::DiskFull => because(Code::Server, "the volume of the upload directory is full")
            .next("free space on the server, then run the same command again"),
        Refusal::Unavailable => {
            because(Code::Server, "the server is overloaded, restarting or failing").next(RUN_AGAIN)
        }
    }
}

/// Before a session exists, a response that is no Ack means that no BITS server is there.
fn bad_response(packet: PacketKind, error: &AckError) -> Advice {
    use ExitCode as Code;
    match error {
        AckError::NotAnAck { .. } if packet.is_opening() => {
            because(Code::NoEndpoint, "a web server, a proxy or a login page responded, not a BITS server")
                .next("check the URL; on IIS, enable BITS uploads for the virtual directory")
        }
        AckError::NotHttp11 if packet.is_opening() => {
            because(Code::NoEndpoint, "an old web server or a proxy responded").next("check the URL, and --proxy")
        }
        AckError::NotAnAck { .. } => {
            because(Code::Server, "a proxy or a login page responded instead of the server").next(RUN_AGAIN)
        }
        AckError::NotHttp11 => because(Code::Protocol, "a proxy responded in HTTP/1.0").next(WITH_HEADS),
        _ => because(Code::Protocol, "the server, or a proxy in front of it, deviates from [MC-BUP]").next(WITH_HEADS),
    }
}

/// The next step after an interrupted upload.
pub(super) const RESUMES: &str = "run the same command again: it resumes where this run stopped";
