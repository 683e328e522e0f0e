//! What goes wrong on the way, and how the machine gets over it.

use super::*;

/// A session, and 10,000 of 20,000 bytes acknowledged.
const HALF: &str = "< 200 ack
     < 200 ack BITS-Session-Id: s
     > Fragment bytes 0-9999/20000
     < 200 ack BITS-Received-Content-Range: 10000
     > Fragment bytes 10000-19999/20000
     ";

fn half_then(transcript: &str) {
    play(&format!("{HALF}{transcript}"));
}

fn saved(acknowledged: u64, close_sent: bool) -> Saved {
    Saved {
        session: "s".parse().expect("a session id"),
        target: Uri::from_static("http://host/file.bin"),
        host_fallback_timeout: None,
        acknowledged,
        sent: 20_000,
        tells_offset: true,
        refused_size: None,
        close_sent,
    }
}

fn resumed(saved: Saved, transcript: &str) {
    play_machine(Uploader::resume(plan(20_000, 10_000), saved, Instant::now(), 1), transcript);
}

#[test]
fn after_a_lost_ack_a_small_fragment_asks() {
    half_then(
        "! cut
         ~
         > Fragment bytes 10000-15119/20000
         < 416 BITS-Received-Content-Range: 20000
         > Close-Session
         < 200 ack
         = success",
    );
    half_then(
        "! timed out
         > Fragment bytes 10000-15119/20000
         < 200 ack BITS-Received-Content-Range: 15120
         > Fragment bytes 15120-19999/20000
         < 200 ack BITS-Received-Content-Range: 20000
         > Close-Session
         < 200 ack
         = success",
    );
}

#[test]
fn a_conflict_with_a_request_that_was_given_up_passes() {
    half_then(
        "! cut
         ~
         > Fragment bytes 10000-15119/20000
         < 409
         ~
         > Fragment bytes 10000-15119/20000
         < 200 ack BITS-Received-Content-Range: 15120
         > Fragment bytes 15120-19999/20000
         < 200 ack BITS-Received-Content-Range: 20000
         > Close-Session
         < 200 ack
         = success",
    );
}

#[test]
fn nobody_is_asked_with_the_last_byte() {
    play_with(
        plan(100, 100),
        "< 200 ack
         < 200 ack BITS-Session-Id: s
         > Fragment bytes 0-99/100
         ! cut
         > Fragment bytes 0-98/100
         < 416 BITS-Received-Content-Range: 100
         > Close-Session
         < 200 ack
         = success",
    );
}

#[test]
fn what_never_went_out_needs_no_question() {
    half_then(
        "! refused
         ~
         > Fragment bytes 10000-19999/20000
         < 200 ack BITS-Received-Content-Range: 20000
         > Close-Session
         < 200 ack
         = success",
    );
}

#[test]
fn errors_that_may_pass_are_tried_again() {
    for error in [
        "503",
        "500",
        "429",
        "408 Retry-After: 5",
        "502 Server: proxy",
        "200 Server: portal",
        "500 ack BITS-Error: 0x80070070",
    ] {
        half_then(&format!(
            "< {error}
             ~
             > Fragment bytes 10000-15119/20000
             < 416 BITS-Received-Content-Range: 10000
             ~
             > Fragment bytes 10000-19999/20000
             < 200 ack BITS-Received-Content-Range: 20000
             > Close-Session
             < {error}
             ~
             > Close-Session
             < 200 ack
             = success"
        ));
    }
}

#[test]
fn ping_and_create_are_tried_again() {
    play(
        "! cut
         ~
         > Ping
         ! timed out
         > Ping
         < 200 ack
         > Create-Session
         ! cut
         > Create-Session
         < 503
         > Create-Session
         < 200 ack BITS-Session-Id: s
         > Fragment bytes 0-9999/20000
         ! interrupted
         = interrupted",
    );
}

#[test]
fn a_lost_session_starts_over_from_0() {
    half_then(
        "< 500 ack BITS-Error: 0x8020001F
         > Create-Session
         < 200 ack BITS-Session-Id: t
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
fn what_the_old_session_sent_does_not_count_for_the_new_one() {
    half_then(
        "< 500 ack BITS-Error: 0x8020001F
         < 200 ack BITS-Session-Id: t
         > Fragment bytes 0-9999/20000
         < 200 ack BITS-Received-Content-Range: 10001
         > Cancel-Session
         < 200 ack
         = only 10000 were sent",
    );
}

#[test]
fn a_session_that_is_lost_again_and_again_ends_the_upload() {
    let machine = Uploader::new(plan(20_000, 10_000), Instant::now(), 1);
    let lost = || Event::Answered(answer("500 ack BITS-Error: 0x8020001F"));
    let (end, packets) = run(machine, with_fragments(|_| lost()));
    assert!(end.is_err_and(|e| matches!(e, UploadError::GaveUp { .. })));
    assert_eq!(packets, 1 + 4 * 2, "a Ping, and four sessions with a fragment each");
}

#[test]
fn the_same_error_five_times_at_one_offset_is_a_lost_session() {
    let mut kinds = Vec::new();
    let machine = Uploader::new(plan(20_000, 10_000), Instant::now(), 1);
    let (end, _) = run(machine, |_, packet| {
        kinds.push(packet.kind());
        let dead = kinds.iter().filter(|kind| **kind == PacketKind::CreateSession).count() < 2;
        match packet {
            Packet::Fragment { .. } if dead => Event::Answered(answer("500")),
            Packet::Fragment { range, .. } => {
                Event::Answered(answer(&format!("200 ack BITS-Received-Content-Range: {}", range.end())))
            }
            _ => Event::Answered(answer("200 ack BITS-Session-Id: s")),
        }
    });
    assert_eq!(end, Ok(()));
    assert_eq!(kinds.iter().filter(|kind| **kind == PacketKind::Fragment).count(), 5 + 2);
}

#[test]
fn a_416_without_an_offset_is_believed_once() {
    half_then(
        "< 416
         > Fragment bytes 10000-19999/20000
         < 416
         > Create-Session
         < 200 ack BITS-Session-Id: t
         > Fragment bytes 0-9999/20000
         ! interrupted
         = interrupted",
    );
}

#[test]
fn a_server_that_never_tells_its_offset_is_not_asked() {
    play(
        "< 200 ack
         < 200 ack BITS-Session-Id: s
         < 200 ack
         > Fragment bytes 10000-19999/20000
         ! cut
         > Create-Session
         < 200 ack BITS-Session-Id: t
         > Fragment bytes 0-9999/20000
         ! cut
         > Fragment bytes 0-5119/20000
         < 200 ack
         > Create-Session
         ! interrupted
         = interrupted",
    );
}

#[test]
fn too_large_in_every_disguise_halves_down_to_5_kib() {
    for refusal in ["413", "404 Server: IIS", "403"] {
        play(&format!(
            "< 200 ack
             < 200 ack BITS-Session-Id: s
             > Fragment bytes 0-9999/20000
             < {refusal}
             > Fragment bytes 0-5119/20000
             < {refusal}
             > Cancel-Session
             < 200 ack
             = the fragment is larger"
        ));
    }
}

#[test]
fn two_cuts_at_one_offset_halve() {
    for loss in ["cut", "timed out"] {
        play_with(
            plan(90_000, 40_000),
            &format!(
                "< 200 ack
                 < 200 ack BITS-Session-Id: s
                 > Fragment bytes 0-39999/90000
                 ! {loss}
                 > Fragment bytes 0-5119/90000
                 < 200 ack BITS-Received-Content-Range: 5120
                 > Fragment bytes 5120-45119/90000
                 ! {loss}
                 > Fragment bytes 5120-10239/90000
                 < 416 BITS-Received-Content-Range: 5120
                 > Fragment bytes 5120-45119/90000
                 ! {loss}
                 > Fragment bytes 5120-10239/90000
                 < 416 BITS-Received-Content-Range: 5120
                 > Fragment bytes 5120-25119/90000
                 ! interrupted
                 = interrupted"
            ),
        );
    }
}

#[test]
fn a_close_whose_answer_was_lost_is_repeated() {
    half_then(
        "< 200 ack BITS-Received-Content-Range: 20000
         > Close-Session
         ! cut
         ~
         > Close-Session
         < 200 ack
         = success",
    );
}

#[test]
fn a_repeated_close_of_a_forgotten_session_is_neither_success_nor_failure() {
    half_then(
        "< 200 ack BITS-Received-Content-Range: 20000
         > Close-Session
         ! cut
         > Close-Session
         < 500 ack BITS-Error: 0x8020001F
         = the file is probably there",
    );
}

#[test]
fn a_first_close_of_a_forgotten_session_starts_over() {
    half_then(
        "< 200 ack BITS-Received-Content-Range: 20000
         > Close-Session
         < 500 ack BITS-Error: 0x8020001F
         > Create-Session
         ! interrupted
         = interrupted",
    );
    half_then(
        "< 200 ack BITS-Received-Content-Range: 20000
         > Close-Session
         ! refused
         > Close-Session
         < 500 ack BITS-Error: 0x8020001F
         > Create-Session
         ! interrupted
         = interrupted",
    );
}

#[test]
fn a_resumed_upload_asks_first() {
    resumed(
        saved(10_000, false),
        "> Ping
         < 200 ack
         > Fragment bytes 10000-15119/20000
         < 416 BITS-Received-Content-Range: 20000
         > Close-Session
         < 200 ack
         = success",
    );
}

#[test]
fn a_resumed_upload_starts_over_where_the_server_never_tells_its_offset() {
    resumed(
        saved(10_000, false),
        "> Ping
         < 200 ack
         > Fragment bytes 10000-15119/20000
         < 200 ack
         > Create-Session
         ! interrupted
         = interrupted",
    );
}

#[test]
fn a_server_that_was_set_back_before_close_gets_the_file_again_once() {
    half_then(
        "< 200 ack BITS-Received-Content-Range: 20000
         > Close-Session
         < 400 ack BITS-Error: 0x80070057
         > Create-Session
         < 200 ack BITS-Session-Id: t
         > Fragment bytes 0-9999/20000
         < 200 ack BITS-Received-Content-Range: 10000
         > Fragment bytes 10000-19999/20000
         < 200 ack BITS-Received-Content-Range: 20000
         > Close-Session
         < 400 ack BITS-Error: 0x80070057
         > Cancel-Session
         < 200 ack
         = found the request invalid",
    );
}

#[test]
fn a_resumed_upload_goes_back_where_the_server_went_back() {
    resumed(
        saved(10_000, false),
        "> Ping
         < 200 ack
         > Fragment bytes 10000-15119/20000
         < 416 BITS-Received-Content-Range: 3
         > Fragment bytes 3-10002/20000
         ! interrupted
         = interrupted",
    );
}

#[test]
fn a_resumed_upload_that_was_complete_is_closed() {
    resumed(
        saved(20_000, false),
        "> Ping\n< 200 ack\n> Close-Session\n< 500 ack BITS-Error: 0x8020001F\n> Create-Session\n! interrupted\n= interrupted",
    );
    resumed(
        saved(20_000, true),
        "> Ping\n< 200 ack\n> Close-Session\n< 500 ack BITS-Error: 0x8020001F\n= the file is probably there",
    );
}

#[test]
fn a_resumed_upload_of_a_lost_session_starts_over_only_if_it_may() {
    resumed(
        saved(10_000, false),
        "< 200 ack\n< 500 ack BITS-Error: 0x8020001F\n> Create-Session\n! interrupted\n= interrupted",
    );
    let mut plan = plan(20_000, 10_000);
    plan.may_start_over = false;
    let machine = Uploader::resume(plan, saved(10_000, false), Instant::now(), 1);
    play_machine(machine, "< 200 ack\n< 500 ack BITS-Error: 0x8020001F\n= cannot be resumed");
}

#[test]
fn what_is_saved_is_what_a_resumed_machine_goes_on_with() {
    let now = Instant::now();
    let mut machine = Uploader::new(plan(20_000, 10_000), now, 1);
    assert_eq!(machine.saved(), None);
    for text in ["200 ack", "200 ack BITS-Session-Id: s"] {
        machine = machine.handle(Event::Answered(answer(text)), now).expect("goes on");
    }
    let expected = |acknowledged, sent| Saved { sent, tells_offset: acknowledged > 0, ..saved(acknowledged, false) };
    assert_eq!(machine.saved(), Some(expected(0, 10_000)));
    machine =
        machine.handle(Event::Answered(answer("200 ack BITS-Received-Content-Range: 10000")), now).expect("goes on");
    assert_eq!(machine.saved(), Some(expected(10_000, 20_000)));
    machine = machine.handle(event("cut"), now).expect("goes on");
    assert_eq!(machine.saved(), Some(expected(10_000, 20_000)), "also in a pause");
    machine = machine.handle(Event::Waited, now).expect("goes on");
    machine = machine.handle(Event::Answered(answer("416 BITS-Received-Content-Range: 20000")), now).expect("goes on");
    assert_eq!(machine.saved(), Some(saved(20_000, true)), "Close is about to be sent");
    machine = machine.handle(Event::Answered(answer("200 ack")), now).expect("done");
    assert_eq!(machine.saved(), None);
}

#[test]
fn a_named_host_that_fails_is_left_in_time() {
    let now = Instant::now();
    let mut machine = Uploader::new(plan(20_000, 10_000), now, 1);
    for text in ["200 ack", "200 ack BITS-Session-Id: s | BITS-Host-Id: other:99 | BITS-Host-Id-Fallback-Timeout: 60"] {
        machine = machine.handle(Event::Answered(answer(text)), now).expect("goes on");
    }
    assert_eq!(machine.target(), &Uri::from_static("http://other:99/file.bin"));
    let (mut pings, mut later) = (0, now);
    while machine.target().host() == Some("other") {
        match machine.next_action() {
            Action::Wait(pause) => {
                later += pause;
                machine = machine.handle(Event::Waited, later).expect("goes on");
            }
            Action::Send(packet) => {
                pings += 1;
                assert_eq!(packet, Packet::Ping);
                later += Duration::from_secs(5);
                machine = machine.handle(event("unknown host"), later).expect("goes on");
            }
            Action::Finish => panic!("finished"),
        }
    }
    assert!(pings > 1 && later - now >= Duration::from_mins(1));
    assert_eq!(machine.target(), &Uri::from_static("http://host/file.bin"));
    machine = machine.handle(Event::Waited, later).expect("goes on");
    assert_eq!(machine.next_action(), Action::Send(Packet::Ping));
}

#[test]
fn a_named_host_is_ignored_on_request() {
    let mut plan = plan(20_000, 10_000);
    plan.follow_host_id = false;
    play_with(
        plan,
        "< 200 ack\n< 200 ack BITS-Session-Id: s | BITS-Host-Id: other\n> Fragment bytes 0-9999/20000\n! interrupted\n= interrupted",
    );
}

#[test]
fn the_budget_is_time_without_progress() {
    let server = || with_fragments(|_| event("refused"));
    let give_up = |change: &dyn Fn(&mut RetryPolicy)| {
        let mut plan = plan(20_000, 10_000);
        change(&mut plan.retry);
        let (end, packets) = run(Uploader::new(plan, Instant::now(), 1), server());
        (end.expect_err("gives up"), packets)
    };
    let (end, packets) = give_up(&|_| ());
    assert!(matches!(end, UploadError::GaveUp { elapsed, .. } if elapsed <= Duration::from_mins(10)), "{end:?}");
    assert!(packets > 15, "{packets}");
    let (end, packets) = give_up(&|retry| retry.retries = Some(3));
    assert!(matches!(end, UploadError::GaveUp { .. }), "{end:?}");
    assert_eq!(packets, 2 + 1 + 3);
    let (end, packets) = give_up(&|retry| retry.no_progress_timeout = Duration::ZERO);
    assert!(matches!(end, UploadError::Lost { .. }), "{end:?}");
    assert_eq!(packets, 3);
    let (end, _) = give_up(&|retry| retry.max_time = Some(Duration::from_secs(20)));
    assert!(matches!(end, UploadError::OutOfTime { .. }), "{end:?}");
}

#[test]
fn only_new_bytes_refill_the_budget() {
    // A server that acknowledges a fragment, then goes back to 0, loses nothing but never finishes.
    let mut flip = false;
    let machine = Uploader::new(plan(20_000, 10_000), Instant::now(), 1);
    let (end, packets) = run(
        machine,
        with_fragments(move |_| {
            flip = !flip;
            if flip { event("cut") } else { Event::Answered(answer("416 BITS-Received-Content-Range: 0")) }
        }),
    );
    assert!(end.is_err());
    assert!(packets < 100, "{packets}");
}

#[test]
fn every_event_is_either_expected_or_refused() {
    let out_of_turn = |machine: Uploader, event| machine.handle(event, Instant::now()).expect_err("refused");
    let new = || Uploader::new(plan(1, 1), Instant::now(), 1);
    assert_eq!(out_of_turn(new(), Event::Waited), UploadError::OutOfTurn);
    let waiting = new().handle(event("cut"), Instant::now()).expect("waits");
    assert_eq!(out_of_turn(waiting, Event::Answered(answer("200 ack"))), UploadError::OutOfTurn);
}
