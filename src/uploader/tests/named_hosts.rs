//! The host that the server names for a session, and when it is left (rule R8 of `docs/reliability.md`).

use super::scenario::{next_packet, wait};
use super::*;

#[test]
fn r8_a_session_lost_at_a_named_host_is_opened_again_there_if_it_lets_us() {
    let named = "< 200 ack
         < 200 ack BITS-Session-Id: s | BITS-Host-Id: other:99 | BITS-Host-Id-Fallback-Timeout: 60
         < 200 ack
         > Fragment bytes 0-9999/20000
         < 500 ack BITS-Error: 0x8020001F
         ";
    let target = |machine: &Uploader| machine.target().host().map(str::to_owned);
    for (reply, host) in [("200 ack BITS-Session-Id: t", "other"), ("404", "host"), ("200 ack", "host")] {
        let now = Instant::now();
        let mut machine = upload().machine_at(now);
        for line in named.lines().filter_map(|line| line.trim().strip_prefix("< ")) {
            machine = respond(machine, line, now);
        }
        assert!(matches!(machine.next_action(), Action::Send(Packet::CreateSession { .. })));
        assert_eq!(target(&machine).as_deref(), Some("other"));
        machine = respond(machine, reply, now);
        assert_eq!(target(&machine).as_deref(), Some(host));
    }
}

#[test]
fn r8_a_host_that_was_left_twice_is_not_tried_again() {
    let now = Instant::now();
    let mut machine = respond(upload().machine_at(now), "200 ack", now);
    for host in ["other", "other", "host"] {
        machine = respond(machine, "200 ack BITS-Session-Id: s | BITS-Host-Id: other:99", now);
        assert_eq!(machine.target().host(), Some(host));
        assert_eq!(machine.named_host().as_deref(), (host == "other").then_some("other:99"));
        if host == "other" {
            // The session is lost there, and no other is opened.
            for text in ["200 ack", "500 ack BITS-Error: 0x8020001F", "404"] {
                machine = respond(machine, text, now);
                machine = wait(machine, now);
            }
        }
    }
}

#[test]
fn r8_a_named_host_that_fails_or_refuses_is_left_in_time() {
    for failure in ["unknown host", "503"] {
        let now = Instant::now();
        let mut machine = upload().machine_at(now);
        for text in
            ["200 ack", "200 ack BITS-Session-Id: s | BITS-Host-Id: other:99 | BITS-Host-Id-Fallback-Timeout: 60"]
        {
            machine = respond(machine, text, now);
        }
        assert_eq!(machine.target(), &Uri::from_static("http://other:99/file.bin"));
        let (mut packets, mut later) = (0, now);
        while machine.target().host() == Some("other") {
            machine = match machine.next_action() {
                Action::Wait(pause) => {
                    later += pause;
                    machine.handle(Input::Waited, later)
                }
                Action::Send(_) => {
                    packets += 1;
                    later += Duration::from_secs(5);
                    let input = if failure == "503" { Input::Responded(response("503")) } else { event(failure, 0) };
                    machine.handle(input, later)
                }
                Action::Finish => panic!("finished: {:?}", machine.into_result()),
                _ => write_down(machine, later),
            };
        }
        assert!(packets > 1 && later - now >= Duration::from_secs(60));
        assert_eq!(machine.target(), &Uri::from_static("http://host/file.bin"));
        assert_eq!(next_packet(&wait(machine, later)), "Ping");
    }
}

/// The session at a host that the server named, its half acknowledged, and the second one cut there; 50 seconds later.
fn cut_at_a_named_host(now: Instant) -> Uploader {
    let host = "BITS-Host-Id: other:99 | BITS-Host-Id-Fallback-Timeout: 60";
    let half = "200 ack BITS-Received-Content-Range: 10000";
    let begun = ["200 ack", &format!("200 ack BITS-Session-Id: s | {host}"), "200 ack", half];
    let machine = begun.iter().fold(upload().machine_at(now), |machine, text| respond(machine, text, now));
    let lost = TransportError::new(TransportErrorKind::Connect, "");
    let machine = write_down(machine.handle(Input::Lost(lost), now), now);
    wait(machine, now + Duration::from_secs(50))
}

#[test]
fn r8_a_named_host_whose_answer_to_a_question_is_news_is_not_left() {
    let now = Instant::now();
    let machine = cut_at_a_named_host(now);
    let (soon, later) = (now + Duration::from_secs(50), now + Duration::from_secs(70));
    let machine = write_down(machine.handle(event("cut", 10_000), soon), soon);
    assert_eq!(next_packet(&machine), "Fragment bytes 10000-15119/20000");
    let machine = respond(machine, "200 ack BITS-Received-Content-Range: 15120", soon);
    assert_eq!(next_packet(&machine), "Fragment bytes 10000-12559/20000");
    let machine = wait(write_down(machine.handle(event("cut", 2560), later), later), later);
    assert_eq!((next_packet(&machine).as_str(), machine.target().host()), ("Ping", Some("other")));
}

#[test]
fn r8_a_page_at_a_host_that_is_left_is_no_sign_of_size() {
    let now = Instant::now();
    let (mut machine, later) = (cut_at_a_named_host(now), now + Duration::from_secs(70));
    assert_eq!(next_packet(&machine), "Fragment bytes 10000-19999/20000");
    machine = wait(respond(machine, "404 Server: IIS", later), later);
    assert_eq!((next_packet(&machine).as_str(), machine.target().host()), ("Ping", Some("host")));
    for text in ["200 ack", "416 BITS-Received-Content-Range: 10000"] {
        machine = respond(machine, text, later);
    }
    assert_eq!(next_packet(&machine), "Fragment bytes 10000-19999/20000");
}

#[test]
fn a_named_host_is_ignored_on_request() {
    upload().with(|plan| plan.follow_host_id = false).then(
        "< 200 ack\n< 200 ack BITS-Session-Id: s | BITS-Host-Id: other\n> Fragment bytes 0-9999/20000\n! interrupted\n= interrupted",
    );
}
