//! Every kind of error has its lines.

use std::time::Duration;

use crate::exchange::TransportError;
use crate::protocol::{HResult, IdError};

use super::*;

const PACKETS: [PacketKind; 2] = [PacketKind::CreateSession, PacketKind::Fragment];

/// What failed, why, and what to do; the last names a code that can be explained.
#[track_caller]
fn has_all_lines(error: impl Into<anyhow::Error>) -> ErrorText {
    let error = error.into().context("cannot upload a to b");
    let text = text(&error);
    assert!(text.what.starts_with("cannot upload a to b: "), "{text}");
    assert!(text.cause.as_ref().is_some_and(|cause| !cause.is_empty()), "no cause: {text}");
    let next = text.next.clone().unwrap_or_default();
    let (advice, code) = next.split_once(" (more: bitsup explain ").unwrap_or_else(|| panic!("no pointer: {text}"));
    assert!(!advice.is_empty(), "{text}");
    let code = code.strip_suffix(')').expect("the end");
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

const TLS_FAULTS: [TlsFault; 12] = [
    TlsFault::UnknownAuthority,
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
        | Kind::ProxyRefused
        | Kind::Tls(_)
        | Kind::Cut
        | Kind::BadAnswer
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
        .chain([Kind::ProxyAuthentication, Kind::ProxyRefused])
        .chain([Kind::BadAnswer, slow, Kind::Local, Kind::NoConnection, Kind::Interrupted])
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
    for info in HResult::known() {
        let error = refused_error(PacketKind::CreateSession, Refusal::Invalid, bits_error(400, Some(info.code)));
        let text = has_all_lines(upload(error)).to_string();
        for part in [info.name, info.cause, info.advice, &format!("bitsup explain 0x{:08X})", info.code.0)] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    let unknown =
        refused_error(PacketKind::CreateSession, Refusal::Unavailable, bits_error(503, Some(HResult(0x8000_4005))));
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
            AckError::NotAnAck { status: http::StatusCode::OK, answerer: crate::protocol::error::Answerer::default() },
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
            has_all_lines(upload(UploadError::BadAnswer { packet, error }));
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
        assert_eq!(text.contains("it goes on where this one stopped"), can_go_on, "{text}");
    }
    for error in
        [ReplyError::NotOffered, ReplyError::Status(not_found), ReplyError::BadAnswer("x"), ReplyError::TooLarge]
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
    for left in [Left::Nothing, Left::Session, Left::SpurnedSession, Left::Acknowledged] {
        has_all_lines(TimeIsUp { left });
        let text = has_all_lines(Stopped { signal: 2, left }).to_string();
        assert_eq!(text.contains("it goes on where this one stopped"), left == Left::Session, "{text}");
    }
    has_all_lines(anyhow::anyhow!("anything else"));
    let missing = crate::source::UploadEntity::open("no such file".as_ref()).expect_err("missing");
    assert!(has_all_lines(missing).to_string().contains("explain 3)"));
}

#[test]
fn a_typing_error_says_what_is_right_and_where_to_look() {
    let error = anyhow::Error::new(UsageError("--name wants a name".to_owned()));
    assert_eq!(
        text(&error).to_string(),
        "bitsup: error: --name wants a name\n  next:   correct what the message names; --help shows the options, \
         `bitsup config` what is set elsewhere (more: bitsup explain 2)"
    );
}
