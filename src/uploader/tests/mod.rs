//! Transcripts: whole conversations as text. `>` is what the machine must send, `<` what the server answers,
//! `!` another event, `~` a pause, `=` how it ends.

mod lost_sessions;
mod named_hosts;
mod questions;
mod recovery;
mod replies;
mod resuming;
mod scenario;
mod simulated;
mod sizes;
mod skipped_ping;
mod verifying;

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use http::{HeaderName, HeaderValue, StatusCode};
use proptest::prelude::*;

use scenario::{ANEW, file, half_then, left_session, respond, upload, whole_then};

use super::*;
use crate::exchange::{BodySent, Timing, TlsFault, TransportError, TransportErrorKind};
use crate::protocol::{AckError, BitsError, ContentName, ContentRange, Packet, PacketKind, header};

fn plan(size: u64, fragment: u64) -> Plan {
    let destination = Uri::from_static("http://host/file.bin");
    let fragment_size = FragmentSize::Fixed(NonZeroU64::new(fragment).expect("a size"));
    Plan { fragment_size, ..Plan::new(destination, size, ContentName::new("file.bin")) }
}

/// `200 ack Name: value | Name: value`; `Sent: n` is how much of the body went out, and no field.
fn response(text: &str) -> Response<()> {
    let (status, mut fields) = text.split_once(' ').unwrap_or((text, ""));
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_bytes(status.as_bytes()).expect("a status");
    if let Some(rest) = fields.strip_prefix("ack") {
        response.headers_mut().insert(header::PACKET_TYPE, HeaderValue::from_static("Ack"));
        fields = rest;
    }
    for field in fields.split('|').filter(|field| !field.trim().is_empty()) {
        let (name, value) = field.split_once(':').expect("Name: value");
        match name.trim() {
            "Took" => _ = response.extensions_mut().insert(timing(value)),
            "Sent" => _ = response.extensions_mut().insert(BodySent(value.trim().parse().expect("a number"))),
            "Version" => *response.version_mut() = http::Version::HTTP_10,
            name => {
                let name: HeaderName = name.parse().expect("a header name");
                response.headers_mut().append(name, value.trim().parse().expect("a header value"));
            }
        }
    }
    response
}

/// `total, waiting` in milliseconds.
fn timing(text: &str) -> Timing {
    let (total, waiting) = text.split_once(',').expect("total, waiting");
    let time = |text: &str| Duration::from_millis(text.trim().parse().expect("a number"));
    Timing { total: time(total), waiting: time(waiting) }
}

/// The event in place of a response to a packet whose body has this many bytes. `cut 500`: after 500 of them.
fn event(text: &str, body: u64) -> Input {
    let (text, sent) = match text.rsplit_once(' ') {
        Some((text, number)) if number.bytes().all(|b| b.is_ascii_digit()) => (text, number.parse().expect("a number")),
        _ => (text, body),
    };
    let lost = |kind| TransportError { body_sent: sent, ..TransportError::after_request(kind, "") };
    match text {
        "source changed" => Input::SourceChanged,
        "kept" => Input::ReplyKept,
        "interrupted" => Input::Interrupted,
        "failed" => Input::Failed,
        "cut" => Input::Lost(lost(TransportErrorKind::Cut)),
        "closed by the peer" => {
            let error =
                TransportError { reused_connection: true, closed_by_peer: true, ..lost(TransportErrorKind::Cut) };
            Input::Lost(error)
        }
        "refused" => Input::Lost(TransportError::new(TransportErrorKind::Connect, "")),
        "malformed" => Input::Lost(lost(TransportErrorKind::BadResponse)),
        "untrusted" => Input::Lost(TransportError::new(TransportErrorKind::Tls(TlsFault::UnknownAuthority), "")),
        "no handshake" => Input::Lost(TransportError::new(TransportErrorKind::Tls(TlsFault::Other), "")),
        "proxy refused" => Input::Lost(TransportError::new(TransportErrorKind::ProxyRefused, "")),
        "unknown host" => Input::Lost(TransportError::new(TransportErrorKind::UnknownHost, "")),
        "timed out" => Input::Lost(lost(TransportErrorKind::TimedOut(Duration::from_secs(9)))),
        "sign again" => Input::Unauthenticated { body_sent: sent, by: Reauthentication::Repeat },
        "sign in first" => Input::Unauthenticated { body_sent: 0, by: Reauthentication::PingFirst },
        other => panic!("unknown event {other:?}"),
    }
}

fn fetches(machine: &Uploader) -> bool {
    matches!(machine.next_action(), Action::FetchReply(_))
}

fn body_of(machine: &Uploader) -> u64 {
    match machine.next_action() {
        Action::Send(packet) => packet.body_len(),
        _ => 0,
    }
}

/// Plays a transcript against a machine with a 20,000-byte file in fragments of 10,000.
fn play(transcript: &str) {
    upload().then(transcript);
}

/// Carries out at once every action that writes something down.
fn write_down(mut machine: Uploader, now: Instant) -> Uploader {
    loop {
        machine = match machine.next_action() {
            Action::Save(_) => machine.handle(Input::Saved { can_resume: true }, now),
            Action::Remember(_) => machine.handle(Input::Remembered, now),
            _ => return machine,
        };
    }
}

fn play_machine(machine: Uploader, transcript: &str) {
    assert!(converse(machine, transcript).is_none(), "the transcript has no end");
}

/// Plays a transcript; returns the machine if that does not tell how it ends. Pauses pass by themselves; `~` asserts that
/// there is one.
fn converse(machine: Uploader, transcript: &str) -> Option<Uploader> {
    let mut now = Instant::now();
    let mut machine = write_down(machine, now);
    for line in transcript.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (mark, text) = line.split_at(1);
        let text = text.trim();
        if mark == "~" {
            assert!(matches!(machine.next_action(), Action::Wait(_)), "no pause at {line:?}");
        }
        while let Action::Wait(pause) = machine.next_action() {
            now += pause;
            machine = write_down(machine.handle(Input::Waited, now), now);
        }
        if mark == "=" {
            assert_eq!(machine.next_action(), Action::Finish, "{line}");
            let end = machine.into_result().map_or_else(|error| error.to_string(), |()| "success".to_owned());
            assert!(end.contains(text), "{line}, but: {end}");
            return None;
        }
        assert_ne!(machine.next_action(), Action::Finish, "ended before {line:?}: {:?}", machine.into_result());
        let body = body_of(&machine);
        machine = match mark {
            "~" => machine,
            ">" => {
                match machine.next_action() {
                    Action::Send(packet) => assert_eq!(packet.to_string(), text),
                    Action::FetchReply(request) => assert_eq!(format!("GET reply from {}", request.from), text),
                    Action::Verify(method) => assert_eq!(format!("{method} destination"), text),
                    other => assert_eq!(format!("{other:?}"), text),
                }
                machine
            }
            "<" if matches!(machine.next_action(), Action::Verify(_)) => machine.handle(verifying::seen(text), now),
            "<" if fetches(&machine) => machine.handle(replies::fetched(text), now),
            "<" => machine.handle(Input::Responded(response(text)), now),
            "!" => match event(text, body) {
                Input::Lost(error) if fetches(&machine) => machine.handle(replies::lost(error), now),
                event => machine.handle(event, now),
            },
            mark => panic!("unknown mark {mark:?}"),
        };
        machine = write_down(machine, now);
    }
    Some(machine)
}

#[test]
fn the_straight_path() {
    play(
        "> Ping
         < 200 ack
         > Create-Session
         < 200 ack BITS-Session-Id: s
         > Fragment bytes 0-9999/20000
         < 200 ack BITS-Received-Content-Range: 10000
         > Fragment bytes 10000-19999/20000
         < 200 ack BITS-Received-Content-Range: 20000
         > Close-Session
         < 200 ack
         = success",
    );
}

#[test]
fn an_empty_file_needs_no_fragment() {
    file(0, 10).then(
        "> Ping
         < 200 ack
         > Create-Session
         < 200 ack BITS-Session-Id: s
         > Close-Session
         < 201 ack
         = success",
    );
}

#[test]
fn a_ping_that_nobody_understands_is_passed_over() {
    for ping in ["200 Content-Type: text/html", "404", "500", "200 ack BITS-Error-Code: 1 | BITS-Error-Context:", "405"]
    {
        play(&format!(
            "> Ping
             < {ping}
             > Create-Session
             < 404 Server: nginx
             = no BITS uploads at this URL"
        ));
    }
}

#[test]
fn a_ping_that_is_forbidden_is_final() {
    play("< 401\n= authentication is required");
    play("< 407\n= the proxy requires");
    play("< 403\n= permission denied");
    play("! unknown host\n= no response to Ping");
}

#[test]
fn redirects_of_ping_and_create_are_followed_on_the_same_host() {
    play(
        "> Ping
         < 307 Location: /elsewhere
         > Ping
         < 200 ack
         > Create-Session
         < 308 Location: https://host/elsewhere
         > Create-Session
         < 307 Location: http://evil/
         = redirects to http://evil/",
    );
}

#[test]
fn a_redirect_of_a_fragment_is_not_followed() {
    upload().in_session().then(
        "< 307 Location: /elsewhere
         > Fragment bytes 0-5119/20000
         < 307 Location: /elsewhere
         ~
         > Fragment bytes 0-5119/20000
         ! interrupted
         = interrupted",
    );
}

#[test]
fn a_plain_web_server_is_no_endpoint() {
    play(
        "< 200 Server: nginx
         > Create-Session
         < 200 Server: nginx | Content-Type: text/html
         = 200 OK from nginx, text/html, not a BITS Ack",
    );
}

#[test]
fn the_server_decides_the_offset_forwards_and_backwards() {
    upload().in_session().then(
        "> Fragment bytes 0-9999/20000
         < 416 BITS-Received-Content-Range: 7
         > Fragment bytes 7-10006/20000
         < 200 ack BITS-Received-Content-Range: 5000
         > Fragment bytes 5000-14999/20000
         < 200 ack BITS-Received-Content-Range: 15000
         > Fragment bytes 15000-19999/20000
         < 416 BITS-Recieved-Content-Range: 0
         > Fragment bytes 0-9999/20000
         < 416 BITS-Received-Content-Range: 20000
         > Close-Session
         < 200 ack
         = success",
    );
}

#[test]
fn bytes_that_were_never_sent_are_never_skipped() {
    upload().in_session().then(
        "> Fragment bytes 0-9999/20000
         < 200 ack BITS-Received-Content-Range: 10001
         > Cancel-Session
         < 500
         = the server claims 10001 bytes, but only 10000 were sent",
    );
}

#[test]
fn a_server_that_never_tells_the_offset_is_believed_on_200() {
    upload().in_session().then(
        "< 200 ack
         > Fragment bytes 10000-19999/20000
         < 200 ack
         > Close-Session
         < 200 ack
         = success",
    );
}

#[test]
fn a_server_that_once_told_the_offset_is_not_believed_without() {
    upload().in_session().then(
        "< 200 ack BITS-Received-Content-Range: 10000
         > Fragment bytes 10000-19999/20000
         < 200 ack
         > Fragment bytes 10000-15119/20000
         < 200 ack BITS-Received-Content-Range: 20000
         > Close-Session
         < 200 ack
         = success",
    );
}

#[test]
fn an_ack_of_another_session_counts_as_lost() {
    upload().in_session().then(
        "< 200 ack BITS-Session-Id: t | BITS-Received-Content-Range: 10000
         > Fragment bytes 0-5119/20000
         < 200 ack BITS-Session-Id: s | BITS-Received-Content-Range: 10000
         > Fragment bytes 10000-15119/20000
         ! interrupted
         = interrupted",
    );
}

#[test]
fn another_host_is_greeted_before_the_first_fragment() {
    let machine = upload().after(&["200 ack", "200 ack BITS-Session-Id: s | BITS-Host-Id: HOST"]);
    assert_eq!(machine.next_action(), Action::Send(Packet::Ping));
    assert_eq!(machine.target(), &Uri::from_static("http://HOST/file.bin"));
    let machine = respond(machine, "200 ack", Instant::now());
    assert!(matches!(machine.next_action(), Action::Send(Packet::Fragment { .. })));
}

#[test]
fn an_upload_is_ending_where_only_its_session_is_to_be_given_up() {
    let machine = upload().after(&["200 ack", "200 ack BITS-Session-Id: s"]);
    assert!(!machine.is_ending());
    let machine = respond(machine, "403 ack BITS-Error: 0x80070005", Instant::now());
    assert!(machine.is_ending(), "{:?}", machine.next_action());
}

#[test]
fn a_refusal_that_is_final_gives_the_session_up() {
    for (refusal, end) in [
        ("403 ack BITS-Error: 0x80070005", "permission denied"),
        ("500 ack BITS-Error: 0x80200020", "the file is larger"),
        ("400 ack BITS-Error: 0x80070057", "rejected the request as invalid"),
        ("411", "rejected the request as invalid"),
    ] {
        upload().in_session().then(&format!(
            "> Fragment bytes 0-9999/20000
             < {refusal}
             > Cancel-Session
             ! cut
             = {end}"
        ));
    }
}

#[test]
fn a_refusal_that_may_pass_keeps_the_session() {
    for (refusal, end) in [
        ("503", "cannot process it now"),
        ("500 ack BITS-Error: 0x80070070", "disk is full"),
        ("500 ack BITS-Error-Code: 0x8020001F", "does not know the session"),
        ("401", "authentication is required"),
        ("200", "not a BITS Ack"),
    ] {
        upload()
            .with(|plan| plan.retry.no_progress_timeout = Duration::ZERO)
            .in_session()
            .then(&format!("> Fragment bytes 0-9999/20000\n< {refusal}\n= {end}"));
    }
}

#[test]
fn a_changed_source_cancels_and_an_interrupt_does_not() {
    upload().in_session().then(
        "! source changed
         > Cancel-Session
         < 200 ack
         = the file changed",
    );
    play("! source changed\n= the file changed");
    play("< 200 ack\n< 200 ack BITS-Session-Id: s\n! interrupted\n= interrupted");
}

#[test]
fn nothing_but_close_acknowledged_is_success() {
    for close in ["200", "204 ack", "500", "404 ack", "200 ack BITS-Error: 0x80070005"] {
        let machine = file(5, 10).after(&[
            "200 ack",
            "200 ack BITS-Session-Id: s",
            "200 ack BITS-Received-Content-Range: 5",
            close,
        ]);
        assert!(machine.into_result().is_err(), "{close}");
    }
}

/// Runs a machine to its end against a server that answers packet number n; returns how it ended and how many packets
/// it took.
fn run(mut machine: Uploader, mut server: impl FnMut(usize, &Packet) -> Input) -> (Result<(), UploadError>, usize) {
    let mut now = Instant::now();
    let mut packets = 0;
    loop {
        assert_eq!(machine.next_action(), machine.next_action());
        machine = write_down(machine, now);
        let event = match machine.next_action() {
            Action::Finish => return (machine.into_result(), packets),
            Action::Wait(pause) => {
                now += pause;
                Input::Waited
            }
            Action::Send(packet) => {
                packets += 1;
                assert!(packets < 10_000, "it never ends");
                server(packets - 1, &packet)
            }
            other => panic!("{other:?}"),
        };
        machine = machine.handle(event, now);
    }
}

/// A server that opens sessions and treats fragments as told.
fn with_fragments(mut fragment: impl FnMut(usize) -> Input) -> impl FnMut(usize, &Packet) -> Input {
    move |n, packet| match packet.kind() {
        PacketKind::Fragment => fragment(n),
        _ => Input::Responded(response("200 ack BITS-Session-Id: s")),
    }
}

#[test]
fn answers_without_progress_end() {
    for stuck in ["200 ack BITS-Received-Content-Range: 0", "416 BITS-Received-Content-Range: 0", "416"] {
        let machine = upload().machine();
        let (end, packets) = run(machine, with_fragments(|_| Input::Responded(response(stuck))));
        assert!(end.is_err_and(|e| e.to_string().contains("acknowledged nothing beyond byte 0")), "{stuck}");
        assert!(packets < 40, "{stuck}: {packets}");
    }
}

#[test]
fn ping_pong_ends() {
    let offsets = ["200 ack BITS-Received-Content-Range: 9000", "416 BITS-Received-Content-Range: 0"];
    let machine = upload().machine();
    let (end, packets) = run(machine, with_fragments(|n| Input::Responded(response(offsets[n % 2]))));
    assert!(end.is_err_and(|e| e.to_string().contains("acknowledged nothing beyond byte 9000")));
    assert!(packets < 100, "{packets}");
}

/// An honest server: it stores what it is sent in order, and may tell a lower offset than it could, or go back.
struct Honest {
    stored: Vec<u8>,
    published: Option<Vec<u8>>,
}

impl Honest {
    fn fragment(&mut self, range: ContentRange, source: &[u8], whim: Option<u64>) -> String {
        let (first, end) =
            (usize::try_from(range.first()).expect("small"), usize::try_from(range.end()).expect("small"));
        let in_step = first <= self.stored.len();
        if in_step && end > self.stored.len() {
            self.stored.extend_from_slice(&source[self.stored.len()..end]);
        }
        if let Some(whim) = whim {
            self.stored.truncate(usize::try_from(whim).expect("small"));
        }
        let status = if in_step { "200 ack" } else { "416" };
        format!("{status} BITS-Received-Content-Range: {}", self.stored.len())
    }

    fn answer(&mut self, packet: &Packet, source: &[u8], whim: Option<u64>) -> String {
        match packet {
            Packet::CreateSession { .. } => "200 ack BITS-Session-Id: s".into(),
            Packet::Fragment { range, .. } => self.fragment(*range, source, whim),
            Packet::CloseSession { .. } => {
                self.published = Some(self.stored.clone());
                "200 ack".into()
            }
            _ => "200 ack".into(),
        }
    }
}

proptest! {
    /// At most three whims: a fourth full rollback in a row would rightly be called a loop.
    #[test]
    fn honest_offsets_always_end_in_success_with_the_right_bytes(
        size in 0usize..5000,
        fragment in 1u64..6000,
        mut whims in proptest::collection::vec(proptest::option::weighted(0.5, 0u64..5000), 0..=3),
    ) {
        let source: Vec<u8> = (0..size).map(|i| u8::try_from(i * 7 % 251).expect("a byte")).collect();
        let mut server = Honest { stored: Vec::new(), published: None };
        let machine = Uploader::new(plan(size as u64, fragment.max(size as u64 / 50).max(1)), Instant::now(), 1);
        let (end, _) = run(machine, |_, packet| {
            let whim = if packet.kind() == PacketKind::Fragment { whims.pop().flatten() } else { None };
            Input::Responded(response(&server.answer(packet, &source, whim)))
        });
        prop_assert_eq!(end, Ok(()));
        prop_assert_eq!(server.published, Some(source));
    }

    /// Whatever is repeated for ever, it ends, and soon enough.
    #[test]
    fn no_answers_make_the_machine_panic_or_run_for_ever(
        answers in proptest::collection::vec((100u16..600, proptest::bool::weighted(0.9), proptest::option::of(0u64..300)), 1..60),
    ) {
        let machine = file(200, 64).machine();
        let _ = run(machine, |n, _| {
            let (status, ack, offset) = answers[n % answers.len()];
            let offset = offset.map(|offset| format!("| BITS-Received-Content-Range: {offset}")).unwrap_or_default();
            Input::Responded(response(&format!("{status} {} BITS-Session-Id: s{offset}", if ack { "ack" } else { "" })))
        });
    }
}

/// What is written down once the session of the last response is there.
fn record_after(responses: &[&str]) -> ResumeState {
    let (last, before) = responses.split_last().expect("some");
    let machine = upload().after(before).handle(Input::Responded(response(last)), Instant::now());
    let Action::Save(Save::Durable(state) | Save::Brief(state)) = machine.next_action() else {
        panic!("nothing is written down: {:?}", machine.next_action())
    };
    state
}

#[test]
fn a_record_names_the_host_of_its_session_and_no_secret_of_a_redirect() {
    let plain = record_after(&["200 ack", "200 ack BITS-Session-Id: s"]);
    assert_eq!((plain.target, plain.host), (None, None));
    let named = record_after(&["200 ack", "200 ack BITS-Session-Id: s | BITS-Host-Id: other:99"]);
    assert_eq!(named.host.map(|host| host.to_string()).as_deref(), Some("other:99"));
    // A later session of that host, too.
    let named = ["200 ack", "200 ack BITS-Session-Id: s | BITS-Host-Id: other:99", "200 ack"];
    let later = record_after(&[&named[..], &["500 ack BITS-Error: 0x8020001F", "200 ack BITS-Session-Id: t"]].concat());
    assert_eq!(later.host.map(|host| host.to_string()).as_deref(), Some("other:99"));
    let moved = record_after(&["307 Location: /elsewhere", "200 ack", "200 ack BITS-Session-Id: s"]);
    assert_eq!(moved.target.map(|target| target.path().to_owned()).as_deref(), Some("/elsewhere"));
    let moved = record_after(&["307 Location: /elsewhere?secret", "200 ack", "200 ack BITS-Session-Id: s"]);
    assert_eq!(moved.target, None);
}

#[test]
fn a_repeated_close_is_answered_soon_or_asked_again() {
    let time = |transcript: &str| upload().whole().converse(transcript).expect("it goes on").response_time().at_most;
    assert_eq!(time(""), None);
    assert_eq!(time("! cut\n> Close-Session\n"), Some(Duration::from_secs(60)));
}

#[test]
fn a_refusal_without_a_code_is_told_by_its_status_and_packet() {
    for (status, end) in [("400 ack", "rejected the request as invalid"), ("413", "no BITS uploads")] {
        upload().then(&format!("> Ping\n< 200 ack\n> Create-Session\n< {status}\n= {end}"));
    }
}

#[test]
fn a_portals_redirect_in_a_session_is_waited_for() {
    let portal = "302 Location: http://portal/";
    upload().then(&format!("> Ping\n< {portal}\n= redirect"));
    upload().then(&format!("> Ping\n< 200 ack\n> Create-Session\n< {portal}\n= redirect"));
    half_then(&format!(
        "< 500 ack BITS-Error: 0x8020001F\n> Create-Session\n< {portal}\n~\n> Create-Session\n! interrupted\n= interrupted"
    ));
}

#[test]
fn a_ping_that_a_portal_redirects_within_a_session_is_told_with_where_it_leads() {
    let redirected = "! sign in first\n> Ping\n< 302 Location: http://portal/";
    let mut machine = upload().half().converse(redirected).expect("it goes on");
    let told = |event| if let UploadEvent::PingIgnored { reason } = event { Some(reason) } else { None };
    let reasons: Vec<_> = machine.take_events().into_iter().filter_map(told).collect();
    assert!(matches!(&reasons[..], [reason] if reason.contains("http://portal/")), "{reasons:?}");
}

/// Recovery rule R6.
#[test]
fn r6_after_the_last_fragment_a_word_about_the_file_is_no_certain_failure() {
    let refused = |text: &str| {
        let response = response(text);
        let (packet, error) = (PacketKind::CloseSession, BitsError::of(&response));
        UploadError::Refused { packet, refusal: Refusal::classify(&error, packet), error }
    };
    let gave_up = |cause| UploadError::GaveUp { cause: Box::new(cause), attempts: 3, elapsed: Duration::ZERO };
    let bad = |packet| UploadError::BadResponse { packet, error: AckError::NotHttp11 };
    let redirected = UploadError::Redirected { packet: PacketKind::Ping, location: String::new(), reason: "" };
    let is_unconfirmed =
        |error: UploadError| matches!(error.after_the_last_fragment(), UploadError::Unconfirmed { .. });
    for text in ["404", "403", "400 ack", "500"] {
        assert!(is_unconfirmed(refused(text)) && is_unconfirmed(gave_up(refused(text))), "{text}");
    }
    for text in ["401", "407", "503", "500 ack"] {
        assert!(!is_unconfirmed(refused(text)) && !is_unconfirmed(gave_up(refused(text))), "{text}");
    }
    assert!(is_unconfirmed(redirected) && is_unconfirmed(bad(PacketKind::CloseSession)));
    assert!(!is_unconfirmed(bad(PacketKind::Fragment)));
}

#[test]
fn a_new_session_waits_as_long_as_the_server_says() {
    half_then(&format!("< 500 ack BITS-Error: 0x8020001F | Retry-After: 7\n~\n> Create-Session{ANEW}"));
}

/// Recovery rule R9.
#[test]
fn r9_an_ack_that_stands_still_is_followed_by_a_pause() {
    half_then(
        "< 200 ack BITS-Received-Content-Range: 10000
         ~
         > Fragment bytes 10000-19999/20000
         ! interrupted
         = interrupted",
    );
}
