//! From an error to the four lines that people read: what failed, what the server said, the likely cause, what to do.

use crate::auth::{Scheme, SignInError};
use crate::client::ClientError;
use crate::exchange::{TlsFault, TransportErrorKind};
use crate::journal::JournalError;
use crate::output::ErrorText;
use crate::protocol::{AckError, BitsError, PacketKind};
use crate::uploader::{Refusal, ReplyError, Unverified, UploadError};

use super::{exit_code, explain};
use crate::cli::commands::InputError;
use crate::cli::config::UsageError;
use crate::cli::signals::{Left, Stopped, TimeIsUp};
use crate::cli::usage_error::Mistyped;

/// The text for an error, however wrapped: what is known of it, filled up from the table of exit codes.
pub(crate) fn text(error: &anyhow::Error) -> ErrorText {
    if let Some(mistyped) = error.downcast_ref::<Mistyped>() {
        return ErrorText { what: mistyped.to_string(), next: Some(mistyped.next.clone()), ..ErrorText::default() };
    }
    let mut text = own_text(error);
    let code = exit_code::of(error);
    let info = explain::exit_info(code);
    // Whoever typed something wrong is told what is right by the message itself.
    if !error.is::<UsageError>() {
        text.cause.get_or_insert_with(|| info.cause.to_owned());
    }
    let next = text.next.unwrap_or_else(|| info.advice.to_owned());
    let code = server_code(error).unwrap_or_else(|| (code as u8).to_string());
    text.next = Some(format!("{next} (more: bitsup explain {code})"));
    text
}

/// The code with which the server refused, in the spelling that `bitsup explain` is given.
fn server_code(error: &anyhow::Error) -> Option<String> {
    let refusal = match error.downcast_ref::<ClientError>()? {
        ClientError::Upload(
            UploadError::Reply(ReplyError::Status(status)) | UploadError::Unverified(Unverified::Status(_, status)),
        ) => return Some(status.as_u16().to_string()),
        // What the server said last is not what the code is about.
        ClientError::Upload(UploadError::Unconfirmed { .. }) => return None,
        ClientError::Upload(error) => answer(error)?,
        _ => return None,
    };
    let known = refusal.code.filter(|code| code.info().is_some());
    Some(known.map_or_else(|| refusal.status.as_u16().to_string(), |code| format!("0x{:08X}", code.0)))
}

fn own_text(error: &anyhow::Error) -> ErrorText {
    let mut what: Vec<String> = Vec::new();
    for part in error.chain().map(ToString::to_string) {
        // Wrappers that only pass on what they hold would say it twice.
        if what.last().is_none_or(|last| !last.ends_with(&part)) {
            what.push(part);
        }
    }
    #[cfg(feature = "serve")]
    if error.is::<crate::server::ServeError>() {
        what.insert(0, "cannot receive uploads".to_owned());
    }
    if error.is::<JournalError>() {
        return ErrorText { what: what.join(": "), next: Some(LOCKED.to_owned()), ..ErrorText::default() };
    }
    let Some(ClientError::Upload(upload)) = error.downcast_ref::<ClientError>() else {
        let said = match error.downcast_ref() {
            Some(ClientError::SignIn(refused)) => refused.said.as_ref().map(ToString::to_string),
            _ => None,
        };
        what.retain(|part| said.as_ref() != Some(part));
        let (cause, next) = match error.downcast_ref() {
            Some(ClientError::SignIn(refused)) => signing_in(&refused.reason),
            _ if error.is::<InputError>() => (Some("nothing that can be read was piped in"), Some(PIPE)),
            _ => (error.downcast_ref::<TimeIsUp>().map(|_| "--max-time ended the run before it was done"), next(error)),
        };
        let (cause, next) = (cause.map(str::to_owned), next.map(str::to_owned));
        return ErrorText { what: what.join(": "), said, cause, next };
    };
    // The server's own words have a line of their own.
    let said = said(upload);
    what.retain(|part| said.as_ref() != Some(part));
    let (cause, next) = advice(upload);
    ErrorText { what: what.join(": "), said, cause: cause.map(str::to_owned), next: next.map(str::to_owned) }
}

/// What to do where no server is to blame.
fn next(error: &anyhow::Error) -> Option<&'static str> {
    let stopped = error.downcast_ref::<Stopped>().map(|stopped| stopped.left);
    if let Some(left) = stopped.or(error.downcast_ref::<TimeIsUp>().map(|over| over.left)) {
        return match left {
            Left::Session => Some("run the same command again: it goes on where this one stopped"),
            Left::SpurnedSession => Some("leave --resume never away to go on where this one stopped"),
            Left::Nothing => Some("run the same command again: it starts over, as nothing is kept of this upload"),
            Left::Acknowledged => Some("look at the file on the server; without --verify this is a success"),
        };
    }
    #[cfg(feature = "serve")]
    if let Some(crate::server::ServeError::Session(..)) = error.downcast_ref() {
        return Some("look after the disk and start again; to give that upload up, remove the file");
    }
    match error.downcast_ref::<ClientError>()? {
        ClientError::Interrupted { can_go_on: false } => Some(RUN_AGAIN),
        ClientError::ReplyFile(_) => Some(WITHOUT_REPLY),
        ClientError::NothingToResume { why: Some(_) } => Some("leave --resume always away to start over"),
        _ => None,
    }
}

const WITHOUT_TICKETS: &str = if cfg!(all(unix, feature = "kerberos")) {
    "get a ticket with kinit, or add --user NAME"
} else {
    "add --user NAME; for Kerberos install with `cargo install --path . --features kerberos` and get a ticket with kinit"
};

const CHECK_BOTH: &str =
    "check both, also the domain (DOMAIN\\USER); nothing was tried twice, lest the account be locked";

fn signing_in(reason: &SignInError) -> Advice {
    match reason {
        SignInError::NoCredentials { .. } => (
            Some("the folder is not open to anonymous uploads"),
            Some("add --user NAME, or --bearer-file FILE if the server takes tokens"),
        ),
        SignInError::NoTickets { .. } => (Some("the folder is not open to anonymous uploads"), Some(WITHOUT_TICKETS)),
        SignInError::TicketsRejected => (
            Some(
                "the tickets' owner may not come in; the server's own key is not the one that the realm knows; or it has \
             Extended Protection, and TLS ends on the way to it",
            ),
            Some("look at the tickets with klist; to sign in as somebody else, kinit as them or add --user NAME"),
        ),
        SignInError::Rejected(Scheme::Bearer) => {
            (Some("the token expired, or is for something else"), Some("get a new token"))
        }
        SignInError::Rejected(Scheme::Ntlm | Scheme::Negotiate) => (
            Some(
                "the user or password is wrong, or the account is locked or may not come in that way; or the server has \
                 Extended Protection, and TLS ends on the way to it or is not used",
            ),
            Some(CHECK_BOTH),
        ),
        SignInError::Rejected(_) => (
            Some("the user or password is wrong, or the account is locked or may not come in that way"),
            Some(CHECK_BOTH),
        ),
        SignInError::Unanswered { .. } => (
            Some(
                "something on the way, or the server, hangs up on whoever signs in; whether the password is right is not known",
            ),
            Some("find out what hangs up before you run it again: too many tries may lock the account"),
        ),
        SignInError::NothingInCommon { .. } => (
            Some("the server wants another way of signing in than there are credentials for"),
            Some("leave --auth out, or ask the server's administrator which ways are allowed"),
        ),
        SignInError::Cleartext(_) => {
            (None, Some("use https, or add --allow-cleartext-auth if the network can be trusted"))
        }
        SignInError::OtherOrigin { .. } => (
            Some("the server led there (BITS-Host-Id, or a redirect), and credentials do not follow by themselves"),
            Some(
                "use that URL, or add --trust-host-id HOST if you trust it, or --no-host-id to stay at the URL's host",
            ),
        ),
        SignInError::EachRequest(_) => (
            Some(
                "IIS has authPersistSingleRequest=true, or a proxy before the server gives each request a connection of its own",
            ),
            Some(
                "set authPersistSingleRequest to false for the site, or use --auth digest or basic where the server offers them",
            ),
        ),
        SignInError::Failed { .. } => (None, Some("run it again with -vv to see both heads")),
    }
}

fn said(error: &UploadError) -> Option<String> {
    answer(error).map(ToString::to_string)
}

/// The server's refusal, if that is what it was.
fn answer(error: &UploadError) -> Option<&BitsError> {
    match error {
        UploadError::Refused { error, .. } => Some(error),
        UploadError::GaveUp { cause, .. }
        | UploadError::CannotResume { cause }
        | UploadError::Unconfirmed { cause, .. } => answer(cause),
        _ => None,
    }
}

type Advice = (Option<&'static str>, Option<&'static str>);

const LOCKED: &str = "wait for it, or stop it and run the same command again";
const PIPE: &str = "pipe the data in, or name a file";
const RUN_AGAIN: &str = "run the same command again";
const WITHOUT_REPLY: &str = "run the same command again to go on, or without --reply to finish the upload without it";

fn advice(error: &UploadError) -> Advice {
    match error {
        UploadError::Refused { packet, refusal, error } => refused(*packet, *refusal, error),
        UploadError::BadAnswer { packet, error } => bad_answer(*packet, error),
        UploadError::Redirected { .. } => (
            Some("the upload folder moved, or a login page is in front of it"),
            Some("use the URL that it leads to, if that is the folder"),
        ),
        UploadError::Lost { packet: PacketKind::Ping | PacketKind::CreateSession, error }
            if matches!(error.kind, TransportErrorKind::Cut | TransportErrorKind::TimedOut(_)) =>
        {
            (
                Some(
                    "the server, or something before it, closed the connection; or what listens there does not speak HTTP, such as a SOCKS proxy or a TLS port",
                ),
                Some("check the URL's scheme and port"),
            )
        }
        UploadError::Lost { error, .. } => lost(error.kind),
        UploadError::NoProgress { .. } => (
            Some("the server answers but does not keep what it gets"),
            Some("ask the server's administrator to look at its log"),
        ),
        UploadError::SourceChanged => {
            (Some("a program writes to it"), Some("upload a copy, or wait until the file is finished"))
        }
        UploadError::Interrupted => (None, None),
        UploadError::GaveUp { cause, .. } => gave_up(cause),
        UploadError::OutOfTime { .. } => (Some("--max-time is over"), Some(RUN_AGAIN)),
        UploadError::CannotResume { .. } => {
            (Some("the session expired, or the server lost it"), Some("leave --resume always away to start over"))
        }
        UploadError::Unconfirmed { .. } => (
            Some("the server finished the upload, and its response did not get through"),
            Some("look at the file on the server before you run the command again, or add --verify sha256"),
        ),
        UploadError::AppendsBlindly => (
            Some("the server appends each fragment to the file, also one that it has already"),
            Some("run the same command again; it starts over whenever the outcome of a fragment is unknown"),
        ),
        UploadError::Reply(_) => (None, Some(WITHOUT_REPLY)),
        UploadError::Different(_) => {
            (None, Some("look at the file on the server: something changed it on its way or there"))
        }
        UploadError::Unverified(_) => {
            (None, Some("look at the file on the server; without --verify this is a success"))
        }
        UploadError::SignInForgotten => (
            Some("the server, or a proxy before it, closes the connection after each answer, or is several machines"),
            Some("let the server keep connections open, or use --auth digest or basic where the server offers them"),
        ),
        UploadError::OutOfTurn | UploadError::Local => {
            (Some("a mistake in bitsup"), Some("report it with the output of -vv"))
        }
    }
}

/// A small fragment met the same: the size of fragments is not the reason.
fn gave_up(cause: &UploadError) -> Advice {
    match cause {
        UploadError::Refused {
            packet: PacketKind::Fragment,
            refusal: Refusal::Permission | Refusal::NoEndpoint,
            error,
        } if !error.is_from_bits() => (
            Some(
                "a page without BITS's fields: a firewall or proxy before the server refuses what is sent; small fragments were refused as well, so it is not their size",
            ),
            Some(
                "ask who runs the firewall or proxy for its log; run the same command again when it lets the upload through",
            ),
        ),
        cause => advice(cause),
    }
}

/// Cause and next step of a refusal.
pub(crate) fn refused(packet: PacketKind, refusal: Refusal, error: &BitsError) -> Advice {
    // BITS's own code says more than the class it belongs to.
    if let Some(info) = error.code.and_then(crate::protocol::HResult::info) {
        return (Some(info.cause), Some(info.advice));
    }
    match refusal {
        Refusal::Authentication => (
            Some("the folder is not open to anonymous uploads"),
            Some("check which kinds of login it offers: -vv shows them"),
        ),
        Refusal::ProxyAuthentication => {
            (Some("a proxy between this machine and the server wants a login"), Some("check the proxy's login"))
        }
        Refusal::Permission => (
            Some("the account may not write there, or a file of that name exists"),
            Some("check the folder's permissions and whether overwriting is allowed"),
        ),
        Refusal::NoEndpoint => NO_ENDPOINT,
        Refusal::FragmentTooLarge => (
            Some("the server, or a proxy before it, limits the size of a request"),
            Some("try a smaller --fragment-size, such as 1M"),
        ),
        Refusal::Invalid if packet == PacketKind::CreateSession => NO_ENDPOINT,
        Refusal::Invalid => (Some("a proxy changed the request"), Some("run it again with -vv to see both heads")),
        Refusal::NameTooLong => {
            (Some("the URL or file name exceeds what the server takes"), Some("use a shorter URL or name"))
        }
        Refusal::ApplicationRejected => (
            Some("the application that the server hands files to does not want this one"),
            Some("ask who runs the application what it accepts"),
        ),
        Refusal::FileTooLarge => (
            Some("the directory has a largest size for files"),
            Some("raise the server's limit, or send a smaller file"),
        ),
        Refusal::SessionNotFound | Refusal::DiskFull | Refusal::Unavailable | Refusal::ApplicationUnavailable => {
            (Some("the server is busy, restarting or out of order"), Some(RUN_AGAIN))
        }
    }
}

const NO_ENDPOINT: Advice = (
    Some("the URL is wrong, or BITS uploads are not enabled on that folder"),
    Some("check the URL; on IIS, enable BITS uploads for the virtual directory"),
);

fn bad_answer(packet: PacketKind, error: &AckError) -> Advice {
    match error {
        AckError::NotAnAck { .. } | AckError::NotHttp11 => match packet {
            PacketKind::Ping | PacketKind::CreateSession => {
                (Some("a plain web server, a proxy or a login page answered"), NO_ENDPOINT.1)
            }
            _ => (Some("a proxy or a login page answered instead of the server"), Some(RUN_AGAIN)),
        },
        _ => (
            Some("the server, or a proxy before it, does not keep to [MC-BUP]"),
            Some("run it again with -vv to see both heads"),
        ),
    }
}

fn insecure(fault: TlsFault) -> Advice {
    match fault {
        TlsFault::UnknownAuthority => (
            Some("a certificate authority of its own, or somebody in between"),
            Some("add --cacert with the authority's certificate, if you trust it"),
        ),
        TlsFault::WrongName => (
            Some("the URL has another name for the server than its certificate, or somebody is in between"),
            Some("use a name that the certificate has; --resolve connects it to any address"),
        ),
        TlsFault::Expired | TlsFault::NotYetValid => (
            Some("the server's certificate was not renewed in time, or this machine's clock is wrong"),
            Some("check this machine's date; if it is right, tell the server's administrator"),
        ),
        TlsFault::Pin => (
            Some("the server has a new key, or somebody is in between"),
            Some("ask the server's administrator, and give the new hash to --pin-sha256"),
        ),
        TlsFault::CertificateWanted => (
            Some("the server lets in only clients with a certificate"),
            Some("add --cert and --key with a certificate that the server knows"),
        ),
        TlsFault::CertificateRefused => (
            Some("the server does not know the certificate's authority, or its time is over"),
            Some("ask the server's administrator which authority's certificates are taken"),
        ),
        TlsFault::Renegotiation => (
            Some("IIS with TLS 1.2 asks for the certificate only after it has seen the URL"),
            Some(
                "ask the server's administrator to ask at the handshake: netsh http add sslcert (or update sslcert) \
                 with clientcertnegotiation=enable; raising uploadReadAheadSize does not help bitsup",
            ),
        ),
        TlsFault::Incompatible => (
            Some("the server speaks only TLS 1.1 or older, or ciphers that are not safe any more"),
            Some("ask the server's administrator for TLS 1.2 or 1.3"),
        ),
        TlsFault::BadCertificate => (None, Some("look at the server's certificate")),
        TlsFault::NotTls => (Some("the port is one for http"), Some("check the URL's scheme and port")),
        TlsFault::Other => (None, Some("run it again with -vv, and look at the server's certificate and log")),
    }
}

fn lost(kind: TransportErrorKind) -> Advice {
    match kind {
        TransportErrorKind::UnknownHost => (Some("a typing error in the host's name"), Some("check the URL")),
        TransportErrorKind::LookupFailed => (Some("the name server does not answer"), Some(RUN_AGAIN)),
        TransportErrorKind::Connect => {
            (Some("nothing listens there, or a firewall is between"), Some("check host and port"))
        }
        TransportErrorKind::NotAllowed => (
            Some("the server is set up for another network, or not to be trusted"),
            Some("add --no-host-id to stay at the URL's host"),
        ),
        TransportErrorKind::ProxyAuthentication => (
            Some("the user or password for the proxy is missing or wrong, or the proxy takes more than Basic only"),
            Some("add --proxy-user and --proxy-password-file, or --proxy none to go without a proxy"),
        ),
        TransportErrorKind::ProxyRefused => (
            Some("the proxy's rules do not allow this host or port"),
            Some("ask the proxy's administrator, or add --proxy none to go without a proxy"),
        ),
        TransportErrorKind::Tls(fault) => insecure(fault),
        TransportErrorKind::Cut | TransportErrorKind::NoConnection => {
            (Some("the server or something before it closed the connection"), Some(RUN_AGAIN))
        }
        TransportErrorKind::BadResponse => (
            Some("what listens there does not speak HTTP/1.1, or not without TLS"),
            Some("check the URL's scheme and port"),
        ),
        TransportErrorKind::TimedOut(_) => (Some("the network or the server is slow or down"), Some(RUN_AGAIN)),
        TransportErrorKind::Local => (Some("too many open files, or no memory"), Some(RUN_AGAIN)),
        TransportErrorKind::Interrupted => (None, Some(RUN_AGAIN)),
    }
}

#[cfg(test)]
mod tests;
