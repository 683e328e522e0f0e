//! Every kind of error has its lines.

use std::time::Duration;

use crate::exchange::{TlsFault, TransportError, TransportErrorKind};
use crate::protocol::{AckError, BitsError, HResult, IdError, PacketKind};
use crate::uploader::{Refusal, ReplyError, Unverified, UploadError};

use super::*;
use crate::auth::{Scheme, SignInError};
use crate::cli::error::StopReason;
use crate::client::NotSignedIn;

const PACKETS: [PacketKind; 2] = [PacketKind::CreateSession, PacketKind::Fragment];

/// Its lines say what failed, why, and what to do; the last names a code that can be explained.
#[track_caller]
fn has_all_lines(error: impl Into<anyhow::Error>) -> ErrorText {
    let error = error.into().context("cannot upload a to b");
    let text = Diagnosis::of(&error).text();
    assert!(text.what.starts_with("cannot upload a to b: "), "{text}");
    assert!(text.cause.as_ref().is_none_or(|cause| !cause.is_empty()), "an empty cause: {text}");
    let next = text.next.clone().unwrap_or_default();
    let (_, code) = next.split_once("bitsup explain ").unwrap_or_else(|| panic!("no pointer: {text}"));
    let code = code.trim_end_matches(')');
    assert!(explain::explain(code).is_ok(), "{code} cannot be explained");
    text
}

fn upload(error: UploadError) -> ClientError {
    ClientError::Upload(error)
}

fn bits_error(status: u16, code: Option<HResult>) -> BitsError {
    let mut answer = http::Response::new(());
    *answer.status_mut() = http::StatusCode::from_u16(status).expect("a status");
    BitsError { code, ..BitsError::of(&answer) }
}

fn refused_error(packet: PacketKind, refusal: Refusal, error: BitsError) -> UploadError {
    UploadError::Refused { packet, refusal, error }
}

const TLS_FAULTS: [TlsFault; 14] = [
    TlsFault::UnknownAuthority,
    TlsFault::SelfSigned,
    TlsFault::NoAuthorities,
    TlsFault::WrongName,
    TlsFault::Expired,
    TlsFault::NotYetValid,
    TlsFault::Pin,
    TlsFault::CertificateWanted,
    TlsFault::CertificateRefused,
    TlsFault::Renegotiation,
    TlsFault::Incompatible,
    TlsFault::BadCertificate,
    TlsFault::NotTls,
    TlsFault::Other,
];

fn losses() -> Vec<TransportErrorKind> {
    use TransportErrorKind as Kind;
    // A new kind must be walked here too.
    let named = |kind| match kind {
        Kind::UnknownHost
        | Kind::LookupFailed
        | Kind::Connect
        | Kind::NotAllowed
        | Kind::ProxyAuthentication
        | Kind::ProxyScheme
        | Kind::ProxyRefused
        | Kind::Tls(_)
        | Kind::Cut
        | Kind::BadResponse
        | Kind::TimedOut(_)
        | Kind::Local
        | Kind::NoConnection
        | Kind::Interrupted => kind,
    };
    let slow = Kind::TimedOut(Duration::from_secs(1));
    let first = [Kind::UnknownHost, Kind::LookupFailed, Kind::Connect, Kind::NotAllowed, Kind::Cut];
    first
        .into_iter()
        .chain(TLS_FAULTS.map(Kind::Tls))
        .chain([Kind::ProxyAuthentication, Kind::ProxyScheme, Kind::ProxyRefused])
        .chain([Kind::BadResponse, slow, Kind::Local, Kind::NoConnection, Kind::Interrupted])
        .map(named)
        .collect()
}

#[test]
fn every_refusal_has_its_lines() {
    use Refusal as R;
    let all = [R::Authentication, R::ProxyAuthentication, R::Permission, R::NoEndpoint, R::FileTooLarge]
        .into_iter()
        .chain([R::FragmentTooLarge, R::SessionNotFound, R::NameTooLong, R::Invalid, R::DiskFull, R::Unavailable])
        .chain([R::ApplicationRejected, R::ApplicationUnavailable]);
    for refusal in all {
        for packet in PACKETS {
            let text = has_all_lines(upload(refused_error(packet, refusal, bits_error(500, None))));
            assert!(text.said.is_some_and(|said| said.starts_with("500 ")), "{refusal}");
            assert!(text.next.is_some_and(|next| next.ends_with("(more: bitsup explain 500)")), "{refusal}");
        }
    }
}

#[test]
fn every_hresult_that_a_server_may_send_is_named_and_explained() {
    for (code, name) in HResult::known() {
        let info = hresult::info(*code).expect(name);
        let error = refused_error(PacketKind::CreateSession, Refusal::Invalid, bits_error(400, Some(*code)));
        let text = has_all_lines(upload(error)).to_string();
        for part in [*name, info.cause, info.next, &format!("bitsup explain 0x{:08X})", code.0)] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    let unknown =
        refused_error(PacketKind::CreateSession, Refusal::Unavailable, bits_error(503, Some(HResult(0x8000_4001))));
    assert!(has_all_lines(upload(unknown)).to_string().contains("explain 503)"));
}

#[test]
fn every_loss_has_its_lines() {
    for kind in losses() {
        for packet in PACKETS {
            let error = TransportError::after_request(kind, "");
            has_all_lines(upload(UploadError::Lost { packet, error }));
        }
        has_all_lines(upload(UploadError::Reply(ReplyError::Lost(TransportError::after_request(kind, "")))));
        let lost = Unverified::Lost(http::Method::HEAD, TransportError::after_request(kind, ""));
        has_all_lines(upload(UploadError::Unverified(lost)));
    }
}

#[test]
fn every_bad_answer_has_its_lines() {
    for packet in PACKETS {
        for error in [
            AckError::NotAnAck { status: http::StatusCode::OK, answerer: Box::default() },
            AckError::NotHttp11,
            AckError::Ambiguous("x"),
            AckError::NoSessionId,
            AckError::BadSessionId(IdError::Empty),
            AckError::OtherSession,
            AckError::ProtocolNotOffered("x".to_owned()),
            AckError::BadOffset("x".to_owned()),
            AckError::OffsetNotSent { claimed: 2, sent: 1 },
            AckError::BadHostId("x".to_owned(), IdError::NotAHost),
        ] {
            has_all_lines(upload(UploadError::BadResponse { packet, error }));
        }
    }
}

#[test]
fn every_other_end_of_an_upload_has_its_lines() {
    let cut = || UploadError::Lost {
        packet: PacketKind::Fragment,
        error: TransportError::after_request(TransportErrorKind::Cut, ""),
    };
    let lost = || {
        refused_error(
            PacketKind::Fragment,
            Refusal::SessionNotFound,
            bits_error(500, Some(HResult::BG_E_SESSION_NOT_FOUND)),
        )
    };
    let elapsed = Duration::from_secs(1);
    for error in [
        UploadError::Redirected { packet: PacketKind::Ping, location: "x".to_owned(), reason: "y" },
        UploadError::NoProgress { acknowledged: 1, resent: 2, elapsed },
        UploadError::SourceChanged,
        UploadError::GaveUp { cause: Box::new(cut()), attempts: 1, elapsed },
        UploadError::OutOfTime { acknowledged: 1 },
        UploadError::CannotResume { cause: Box::new(lost()) },
        UploadError::Unconfirmed { cause: Box::new(lost()), is_gone: true },
        UploadError::Unconfirmed { cause: Box::new(cut()), is_gone: false },
        UploadError::AppendsBlindly,
        UploadError::Interrupted,
        UploadError::OutOfTurn,
    ] {
        has_all_lines(upload(error));
    }
    let text = has_all_lines(upload(UploadError::GaveUp { cause: Box::new(lost()), attempts: 1, elapsed }));
    assert!(text.said.is_some_and(|said| said.contains("BG_E_SESSION_NOT_FOUND")), "what the server said last");
}

#[test]
fn what_ends_an_upload_elsewhere_has_its_lines() {
    let not_found = http::StatusCode::NOT_FOUND;
    has_all_lines(ClientError::NothingToResume { why: None });
    has_all_lines(ClientError::NothingToResume { why: Some("x".to_owned()) });
    for can_go_on in [false, true] {
        let text = has_all_lines(ClientError::Interrupted { can_go_on }).to_string();
        assert_eq!(text.contains("it resumes where this run stopped"), can_go_on, "{text}");
    }
    for error in
        [ReplyError::NotOffered, ReplyError::Status(not_found), ReplyError::BadResponse("x"), ReplyError::TooLarge]
    {
        has_all_lines(upload(UploadError::Reply(error)));
    }
    for reason in [
        Unverified::Status(http::Method::HEAD, not_found),
        Unverified::NoLength(http::Method::HEAD),
        Unverified::Encoded(http::Method::HEAD),
        Unverified::Source("x".to_owned()),
        Unverified::Interrupted,
    ] {
        has_all_lines(upload(UploadError::Unverified(reason)));
    }
    has_all_lines(upload(UploadError::Different(crate::uploader::Mismatch::Size { expected: 1, found: None })));
    has_all_lines(JournalError::Locked);
    for leaves in
        [Resumability::StartsOver, Resumability::Resumes, Resumability::ResumesWithoutNever, Resumability::Acknowledged]
    {
        for by in [StopReason::Interrupt, StopReason::Terminate, StopReason::HangUp, StopReason::MaxTime] {
            let text = has_all_lines(Stopped { by, leaves }).to_string();
            let resumes = leaves == Resumability::Resumes;
            assert_eq!(text.contains("it resumes where this run stopped"), resumes, "{text}");
        }
    }
    has_all_lines(anyhow::anyhow!("anything else"));
    let missing = crate::source::UploadEntity::open("no such file".as_ref()).expect_err("missing");
    assert!(has_all_lines(missing).to_string().contains("explain 3"));
}

#[test]
fn a_typing_error_says_what_is_right_itself() {
    let error = anyhow::Error::new(UsageError("--name wants a name".to_owned()));
    assert_eq!(Diagnosis::of(&error).text().to_string(), "bitsup: error: --name wants a name");
}

#[test]
fn an_error_keeps_its_code_under_any_context() {
    let code = |error: anyhow::Error| Diagnosis::of(&error).exit_code;
    let lost =
        UploadError::Lost { packet: PacketKind::Ping, error: TransportError::new(TransportErrorKind::Connect, "") };
    assert_eq!(code(anyhow::Error::new(upload(lost)).context("cannot upload a to b")), ExitCode::Connection);
    assert_eq!(code(anyhow::Error::new(JournalError::Locked).context("x")), ExitCode::Locked);
    assert_eq!(code(anyhow::Error::new(UsageError("x".into())).context("y")), ExitCode::Usage);
    assert_eq!(code(anyhow::anyhow!("something else")), ExitCode::Internal);
}

#[test]
fn a_reply_that_was_refused_until_the_budget_ended_names_the_status() {
    let cause = Box::new(UploadError::Reply(ReplyError::Status(http::StatusCode::SERVICE_UNAVAILABLE)));
    let error = upload(UploadError::GaveUp { cause, attempts: 3, elapsed: Duration::from_secs(1) });
    let failure = Diagnosis::of(&error.into()).failure(None);
    assert_eq!((failure.exit, failure.http), (11, Some(503)));
    assert!(failure.text.next.is_some_and(|next| next.ends_with("(more: bitsup explain 503)")));
}

fn not_signed_in(reason: SignInError, fields: &[(&'static str, &'static str)], title: &str) -> String {
    let mut answer = http::Response::new(());
    *answer.status_mut() = http::StatusCode::UNAUTHORIZED;
    for (name, value) in fields {
        answer.headers_mut().insert(*name, http::HeaderValue::from_static(value));
    }
    let mut said = BitsError::of(&answer);
    said.answerer.title = Some(title.to_owned());
    let error = NotSignedIn { packet: Some(PacketKind::Ping), reason, said: Some(said) };
    Diagnosis::of(&ClientError::SignIn(Box::new(error)).into()).text().to_string()
}

#[test]
fn programs_are_told_the_status_that_refused_a_user() {
    let answer = http::Response::builder().status(401).body(()).expect("a response");
    let reason = SignInError::Rejected(Scheme::Basic);
    let error = NotSignedIn { packet: Some(PacketKind::Ping), reason, said: Some(BitsError::of(&answer)) };
    let failure = Diagnosis::of(&ClientError::SignIn(Box::new(error)).into()).failure(None);
    assert_eq!((failure.exit, failure.http), (7, Some(401)));
}

#[test]
fn case_56_a_proxy_that_may_not_keep_the_connection_is_named_before_the_password() {
    let rejected = || SignInError::Rejected(Scheme::Ntlm);
    let text = not_signed_in(rejected(), &[("via", "1.1 proxy")], "Unauthorized");
    assert!(
        text.contains("does not keep the connection") && text.contains("NTLM authenticates a connection"),
        "{text}"
    );
    assert!(!not_signed_in(rejected(), &[], "Unauthorized").contains("Via"));
    let digest = not_signed_in(SignInError::Rejected(Scheme::Digest), &[("via", "1.1 proxy")], "Unauthorized");
    assert!(!digest.contains("Via"), "{digest}");
}

#[test]
fn case_45_the_sub_status_of_a_page_that_refuses_a_login_is_explained() {
    let title = "IIS 10.0 Detailed Error - 401.3 - Unauthorized";
    let text = not_signed_in(SignInError::Rejected(Scheme::Digest), &[], title);
    assert!(text.contains("NTFS permissions") && text.ends_with("(more: bitsup explain 401.3)"), "{text}");
}
