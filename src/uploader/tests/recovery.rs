//! Failures on the way, and how the machine gets over them; by the rules R1 to R9 of `docs/reliability.md`. The
//! questions of R3 are in `questions`, R5 is in `lost_sessions`, and the hosts of R8 are in `named_hosts`.

use super::*;

#[test]
fn r1_a_large_fragment_that_was_applied_is_found_whatever_size_comes_next() {
    // The question after a lost Ack must not be measured by the size that fragments have since.
    let begin = "< 200 ack Took: 200, 200
         < 200 ack BITS-Session-Id: s | Took: 200, 200
         > Fragment bytes 0-196607/8388608
         < 200 ack BITS-Received-Content-Range: 196608 | Took: 216, 200
         > Fragment bytes 196608-1245183/8388608
         ";
    for loss in ["! cut", "! timed out", "< 404 Server: IIS", "< 413", "< 403", "< 502"] {
        let machine = Uploader::new(Plan { fragment_size: FragmentSize::Auto, ..plan(8 << 20, 1) }, Instant::now(), 1);
        let text = format!(
            "{begin}{loss}
             > Fragment bytes 196608-201727/8388608
             < 416 BITS-Received-Content-Range: 1245184
             ! interrupted
             = interrupted"
        );
        play_machine(machine, &text);
    }
}

#[test]
fn r1_only_what_went_out_can_be_acknowledged() {
    half_then(
        "! cut 4000
         > Fragment bytes 10000-15119/20000
         < 416 BITS-Received-Content-Range: 15121
         > Cancel-Session
         < 200 ack
         = only 15120 were sent",
    );
    half_then(
        "< 200 ack BITS-Received-Content-Range: 20000 | Sent: 9999\n> Cancel-Session\n< 200 ack\n= only 19999 were sent",
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
fn r4_an_outage_is_asked_about_until_it_is_over_and_changes_no_size() {
    for error in [
        "503",
        "429",
        "408 Retry-After: 5",
        "502 Server: proxy",
        "504",
        "507",
        "409",
        "200 Server: portal",
        "302 Location: http://portal/",
        "403 Server: firewall",
        "404 Server: IIS",
        "500 ack BITS-Error: 0x80070070",
    ] {
        half_then(&format!(
            "< {error}
             > Fragment bytes 10000-15119/20000
             < {error}
             ~
             > Fragment bytes 10000-15119/20000
             < {error}
             ~
             > Fragment bytes 10000-15119/20000
             < {error}
             ~
             > Fragment bytes 10000-15119/20000
             < {error}
             ~
             > Fragment bytes 10000-15119/20000
             < {error}
             ~
             > Fragment bytes 10000-15119/20000
             < {error}
             ~
             > Fragment bytes 10000-15119/20000
             < 416 BITS-Received-Content-Range: 10000
             > Fragment bytes 10000-19999/20000
             < 200 ack BITS-Received-Content-Range: 20000
             > Close-Session
             < 200 ack
             = success"
        ));
    }
}

#[test]
fn r4_what_the_server_says_about_when_comes_before_the_question() {
    half_then("< 503 Retry-After: 5\n~\n> Fragment bytes 10000-15119/20000\n! interrupted\n= interrupted");
    half_then("< 500 ack BITS-Error: 0x80070070\n~\n> Fragment bytes 10000-15119/20000\n! interrupted\n= interrupted");
}

#[test]
fn r4_a_fragment_that_fails_while_the_question_passes_is_halved() {
    for failure in ["< 413", "< 404 Server: IIS", "< 403", "< 408", "< 504", "! cut", "! timed out"] {
        file(90_000, 40_000).in_session().then(&format!(
            "> Fragment bytes 0-39999/90000
                 {failure}
                 > Fragment bytes 0-5119/90000
                 < 416 BITS-Received-Content-Range: 0
                 > Fragment bytes 0-19999/90000
                 {failure}
                 > Fragment bytes 0-5119/90000
                 < 416 BITS-Received-Content-Range: 0
                 > Fragment bytes 0-9999/90000
                 < 200 ack BITS-Received-Content-Range: 10000
                 ! interrupted
                 = interrupted"
        ));
    }
}

#[test]
fn r4_the_smallest_fragment_refused_as_too_large_is_final_and_pages_are_not() {
    file(90_000, 40_000).in_session().then(
        "> Fragment bytes 0-39999/90000
         < 413
         > Fragment bytes 0-5119/90000
         < 413
         > Cancel-Session
         < 200 ack
         = the fragment is larger",
    );
    let machine = upload().machine();
    let (end, _) = run(machine, with_fragments(|_| Input::Responded(response("403 Server: firewall"))));
    let error = end.expect_err("ends with the budget");
    assert!(error.to_string().contains("permission denied") && !error.cancels_session(), "{error}");
}

#[test]
fn r4_a_server_that_keeps_part_of_each_fragment_gets_fragments_of_that_size() {
    file(90_000, 40_000).in_session().then(
        "> Fragment bytes 0-39999/90000
         < 200 ack BITS-Received-Content-Range: 8000
         > Fragment bytes 8000-47999/90000
         < 200 ack BITS-Received-Content-Range: 16000
         > Fragment bytes 16000-55999/90000
         < 200 ack BITS-Received-Content-Range: 24000
         > Fragment bytes 24000-31999/90000
         ! interrupted
         = interrupted",
    );
}

#[test]
fn r4_what_is_proven_is_remembered_and_an_outage_never() {
    const PASSES: &str = "200 ack BITS-Received-Content-Range: END";
    const NOTHING: &str = "416 BITS-Received-Content-Range: 0";
    let remembered = |failures: &[&str]| {
        let now = Instant::now();
        let mut machine = file(900_000, 400_000).machine_at(now);
        let mut limits = Vec::new();
        let begin = ["200 ack", "200 ack BITS-Session-Id: s"];
        for text in begin.iter().chain(failures) {
            loop {
                machine = match machine.next_action() {
                    Action::Save(_) => machine.handle(Input::Saved { can_resume: true }, now),
                    Action::Wait(_) => machine.handle(Input::Waited, now),
                    Action::Remember(limit) => {
                        limits.push(limit);
                        machine.handle(Input::Remembered, now)
                    }
                    _ => break,
                };
            }
            let Action::Send(packet) = machine.next_action() else { panic!("ended") };
            let end = if let Packet::Fragment { range, .. } = packet { range.end() } else { 0 };
            machine = machine.handle(Input::Responded(response(&text.replace("END", &end.to_string()))), now);
        }
        write_down(machine, now);
        limits
    };
    assert_eq!(remembered(&["404", "404", "404", "403", "404", NOTHING, PASSES]), []);
    assert_eq!(remembered(&["404", NOTHING, PASSES]), [], "once may be chance");
    assert_eq!(remembered(&["413", NOTHING, PASSES]), [HostLimit::Refused(400_000)]);
    assert_eq!(remembered(&["504", NOTHING, "504", NOTHING, PASSES]), []);
}

/// A later refusal does not take back that a lost fragment may have been stored and published.
#[test]
fn r6_what_was_lost_whole_may_be_there_whatever_is_refused_after_it() {
    half_then(
        "! cut
         > Fragment bytes 10000-15119/20000
         < 502
         > Fragment bytes 10000-15119/20000
         < 416 BITS-Received-Content-Range: 12000
         > Fragment bytes 12000-19999/20000
         < 500 ack BITS-Error: 0x8020001F
         > Create-Session
         < 403 ack BITS-Error: 0x80070005
         = there",
    );
}

#[test]
fn r6_a_close_that_something_else_answered_is_sent_again_and_never_the_file() {
    for answer in ["< 502", "< 503", "< 200 Server: portal", "< 302 Location: http://portal/", "! cut", "! timed out"] {
        whole_then(&format!("{answer}\n~\n> Close-Session\n{answer}\n~\n> Close-Session\n< 200 ack\n= success"));
    }
    for answer in ["< 404 Server: portal", "< 403", "< 500"] {
        whole_then(&format!("{answer}\n~\n> Ping\n{answer}\n> Close-Session\n< 200 ack\n= success"));
    }
}

#[test]
fn r6_a_close_that_never_went_out_was_not_carried_out() {
    whole_then(&format!("! refused\n~\n> Close-Session\n< 500 ack BITS-Error: 0x8020001F\n> Create-Session{ANEW}"));
}

#[test]
fn r6_a_first_close_refused_by_bits_is_read_by_the_table() {
    whole_then(&format!("< 500 ack BITS-Error: 0x8020001F\n> Create-Session{ANEW}"));
    whole_then(&format!("< 400 ack BITS-Error: 0x80070057\n> Cancel-Session\n< 200 ack\n> Create-Session{ANEW}"));
    whole_then("< 403 ack BITS-Error: 0x80070005\n> Cancel-Session\n< 200 ack\n= permission denied");
}

#[test]
fn r6_after_a_lost_answer_to_close_nothing_is_a_failure() {
    whole_then("! cut\n> Close-Session\n< 500 ack BITS-Error: 0x8020001F\n= the file is probably there");
    for refusal in ["400 ack BITS-Error: 0x80070057", "403 ack BITS-Error: 0x80070005"] {
        whole_then(&format!(
            "! cut\n> Close-Session\n< {refusal}\n> Cancel-Session\n< 500 ack\n= the file may be there"
        ));
    }
    for refusal in ["400", "404", "403", "500"] {
        whole_then(&format!(
            "! cut
             > Close-Session
             < {refusal}
             ~
             > Ping
             < 200 ack
             > Close-Session
             < {refusal}
             ~
             > Ping
             < 200 ack
             > Close-Session
             < {refusal}
             = the file may be there"
        ));
    }
}

#[test]
fn r6_a_new_session_that_is_refused_since_the_file_is_there_is_no_failure() {
    for refusal in ["403 ack BITS-Error: 0x80070005", "409"] {
        half_then(&format!(
            "! cut
             > Fragment bytes 10000-15119/20000
             < 500 ack BITS-Error: 0x8020001F
             > Create-Session
             < {refusal}
             = the file may be there"
        ));
    }
    // What BITS says of any other kind may pass.
    half_then(&format!(
        "! cut
         > Fragment bytes 10000-15119/20000
         < 500 ack BITS-Error: 0x8020001F
         > Create-Session
         < 400 ack BITS-Error: 0x80070057
         ~
         > Create-Session{ANEW}"
    ));
    // Unless nothing of the last fragment was missing on this side of the network.
    half_then(
        "! cut 9000
         > Fragment bytes 10000-15119/20000
         < 500 ack BITS-Error: 0x8020001F
         > Create-Session
         < 403 ack BITS-Error: 0x80070005
         = permission denied",
    );
}

#[test]
fn r8_once_a_session_exists_only_decisions_about_trust_are_final() {
    half_then(
        "! no handshake
         ~
         > Fragment bytes 10000-19999/20000
         ! malformed
         > Fragment bytes 10000-15119/20000
         < 200 ack BITS-Received-Content-Range: 15120 | Version: 1.0
         ~
         > Fragment bytes 10000-15119/20000
         ! unknown host
         ~
         > Fragment bytes 10000-15119/20000
         ! untrusted
         = no response to Fragment",
    );
    for fault in ["untrusted", "no handshake", "unknown host", "proxy refused"] {
        play(&format!("! {fault}\n= no response to Ping"));
    }
}

#[test]
fn r8_odd_answers_to_the_first_packets_are_tried_again() {
    play(
        "> Ping
         ! malformed
         ~
         > Ping
         < 200 ack
         > Create-Session
         < 503 Version: 1.0
         ~
         > Create-Session
         < 204
         ~
         > Create-Session
         < 200 ack BITS-Session-Id: s
         ! interrupted
         = interrupted",
    );
    play("< 200 ack\n< 204\n~\n< 204\n~\n< 204\n= no BITS uploads");
}

#[test]
fn r8_a_peer_that_never_answered_is_waited_for_30_seconds_only() {
    let end_of = |events: &'static str| {
        let began = Instant::now();
        let mut now = began;
        let mut machine = upload().machine_at(began);
        loop {
            let input = match machine.next_action() {
                Action::Finish => return (machine.into_result().expect_err("ends"), now - began),
                Action::Wait(pause) => {
                    now += pause;
                    Input::Waited
                }
                _ => event(events, 0),
            };
            machine = machine.handle(input, now);
        }
    };
    for nothing in ["refused", "cut", "malformed"] {
        let (end, time) = end_of(nothing);
        assert!(
            matches!(end, UploadError::GaveUp { .. }) && time <= Duration::from_secs(30),
            "{nothing}: {end} {time:?}"
        );
    }
    assert!(end_of("refused").1 >= Duration::from_secs(30), "the budget is used to its end");
}

#[test]
fn r8_a_connection_that_the_peer_had_closed_is_no_sign_of_size() {
    let mut now = Instant::now();
    let mut machine = file(900_000, 100_000).machine_at(now);
    let (mut fragments, mut new_connections) = (0_u32, 0);
    let end = loop {
        machine = write_down(machine, now);
        let input = match machine.next_action() {
            Action::Finish => break machine.into_result(),
            Action::Wait(pause) => {
                assert!(pause.is_zero(), "no pause");
                now += pause;
                Input::Waited
            }
            Action::Send(Packet::Fragment { range, .. }) => {
                fragments += 1;
                if machine.needs_new_connection() {
                    new_connections += 1;
                    Input::Responded(response(&format!("200 ack BITS-Received-Content-Range: {}", range.end())))
                } else if fragments % 2 == 0 {
                    event("closed by the peer", range.len())
                } else {
                    Input::Responded(response(&format!("200 ack BITS-Received-Content-Range: {}", range.end())))
                }
            }
            _ => Input::Responded(response("200 ack BITS-Session-Id: s")),
        };
        machine = machine.handle(input, now);
        assert_eq!(machine.fragment_size(), 100_000);
    };
    assert_eq!(end, Ok(()));
    assert!(new_connections >= 8, "each fragment after the second loss: {new_connections}");
}

#[test]
fn r8_a_fragment_refused_for_a_one_time_nonce_is_sent_again_itself() {
    half_then(
        "! sign again
         > Fragment bytes 10000-19999/20000
         < 200 ack BITS-Received-Content-Range: 20000
         > Close-Session
         < 200 ack
         = success",
    );
    half_then(
        "! sign in first
         > Ping
         < 200 ack
         > Fragment bytes 10000-19999/20000
         ! sign again
         ! sign again
         ! sign again
         = not the fragment after it",
    );
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
fn r9_the_budget_is_time_without_progress() {
    let server = || with_fragments(|_| event("refused", 0));
    let give_up = |change: &dyn Fn(&mut RetryPolicy)| {
        let (end, packets) = run(upload().with(|plan| change(&mut plan.retry)).machine(), server());
        (end.expect_err("gives up"), packets)
    };
    let (end, packets) = give_up(&|_| ());
    let whole = Duration::from_secs(600);
    assert!(matches!(end, UploadError::GaveUp { elapsed, .. } if elapsed == whole), "{end:?}");
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
fn r9_a_session_that_gets_further_again_after_it_was_set_back_is_not_stuck() {
    let fragment = |first: u64| format!("> Fragment bytes {first}-{}/100000\n", first + 9999);
    let ack = |offset: u64| format!("< 200 ack BITS-Received-Content-Range: {offset}\n");
    let forward = |to: u64| (0..to).map(|n| fragment(n * 10_000) + &ack((n + 1) * 10_000)).collect::<String>();
    let set_back = format!("{}< 416 BITS-Received-Content-Range: 0\n", fragment(80_000));
    file(100_000, 10_000).in_session().then(&format!(
        "{}{set_back}{}> Close-Session\n< 200 ack\n= success",
        forward(8),
        forward(10)
    ));
}

#[test]
fn r9_only_new_bytes_refill_the_budget() {
    // A server that never stores what it is sent, and says so, after each loss.
    let mut flip = false;
    let machine = upload().machine();
    let (end, packets) = run(
        machine,
        with_fragments(move |_| {
            flip = !flip;
            if flip { event("cut", 10_000) } else { Input::Responded(response("416 BITS-Received-Content-Range: 0")) }
        }),
    );
    assert!(end.is_err());
    assert!(packets < 100, "{packets}");
}

#[test]
fn r9_a_files_last_fragment_gets_the_time_that_an_application_needs() {
    let now = Instant::now();
    let mut machine = upload().with(|plan| plan.wants_reply = true).machine_at(now);
    let mut times = Vec::new();
    for text in [
        "200 ack",
        "200 ack BITS-Session-Id: s",
        "200 ack BITS-Received-Content-Range: 10000",
        "503",
        "416 BITS-Received-Content-Range: 20000 | BITS-Reply-URL: r",
    ] {
        times.push(machine.response_time());
        machine = respond(machine, text, now);
    }
    let usual = ResponseTime::default();
    let last = ResponseTime { at_least: Duration::from_secs(330), at_most: None };
    let question = ResponseTime { at_most: Some(Duration::from_secs(60)), ..usual };
    assert_eq!(times, [usual, usual, usual, last, question]);
}

#[test]
fn every_input_is_either_expected_or_refused() {
    let now = Instant::now();
    let end = |machine: Uploader, input| machine.handle(input, now).into_result().expect_err("refused");
    let new = || file(1, 1).machine_at(now);
    assert_eq!(end(new(), Input::Waited), UploadError::OutOfTurn);
    assert_eq!(end(new(), Input::ReplyKept), UploadError::OutOfTurn);
    let waiting = new().handle(event("cut", 0), now);
    assert_eq!(end(waiting, Input::Responded(response("200 ack"))), UploadError::OutOfTurn);
}
