//! Sessions that a server may have lost (recovery rule R5 of `docs/reliability.md`).

use super::*;

/// A lost connection makes the session suspect; three failures with acknowledged Pings between them end it.
const LOST: &str = "! cut 4000
         < 500
         > Ping
         < 200 ack
         < 500
         > Ping
         < 200 ack
         < 500
         > Cancel-Session
         < 200 ack
         > Create-Session";

#[test]
fn r5_a_lost_session_starts_over_from_0() {
    half_then(&format!("< 500 ack BITS-Error: 0x8020001F\n> Create-Session{ANEW}"));
}

#[test]
fn r5_what_the_old_session_sent_does_not_count_for_the_new_one() {
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
fn r5_a_suspect_session_is_lost_after_three_failures_with_acknowledged_pings_between() {
    for failure in ["< 500", "< 400", "< 400 ack BITS-Error: 0x80070057", "< 404", "< 410", "! timed out", "! cut"] {
        half_then(&format!(
            "! cut
             > Fragment bytes 10000-15119/20000
             {failure}
             ~
             > Ping
             < 200 ack
             > Fragment bytes 10000-15119/20000
             {failure}
             ~
             > Ping
             < 503
             > Fragment bytes 10000-15119/20000
             {failure}
             ~
             > Ping
             < 200 ack
             > Fragment bytes 10000-15119/20000
             {failure}
             > Cancel-Session
             < 200 ack
             > Create-Session{ANEW}"
        ));
    }
}

#[test]
fn r5_what_only_the_new_session_meets_is_not_its_servers_last_word() {
    // The old session was answered by plain 500s; in the new one the link cuts whatever is sent.
    let (mut fragments, mut sessions, mut stored) = (0, 0, 0);
    let (end, _) = run(upload().machine(), |_, packet| match packet {
        Packet::CreateSession { .. } => {
            (sessions, stored) = (sessions + 1, 0);
            Input::Responded(response(&format!("200 ack BITS-Session-Id: s{sessions}")))
        }
        Packet::Fragment { range, .. } => {
            fragments += 1;
            match fragments {
                2 | 6..=11 => event("cut", range.len()),
                3..=5 => Input::Responded(response("500")),
                _ => {
                    stored = range.end().max(stored);
                    Input::Responded(response(&format!("200 ack BITS-Received-Content-Range: {stored}")))
                }
            }
        }
        _ => Input::Responded(response("200 ack")),
    });
    assert_eq!((end, sessions), (Ok(()), 2));
}

#[test]
fn r5_pages_and_gateways_never_cost_a_session() {
    for failure in ["403 Server: firewall", "405 Server: firewall", "503", "502", "504", "429", "408", "302", "200"] {
        let machine = upload().machine();
        let mut count = 0;
        let mut sessions = 0;
        let (end, _) = run(machine, |_, packet| match packet {
            Packet::CreateSession { .. } => {
                sessions += 1;
                Input::Responded(response("200 ack BITS-Session-Id: s"))
            }
            Packet::Fragment { range, .. } => {
                count += 1;
                if count < 15 {
                    return Input::Responded(response(failure));
                }
                Input::Responded(response(&format!("200 ack BITS-Received-Content-Range: {}", range.end().max(10_000))))
            }
            _ => Input::Responded(response("200 ack")),
        });
        assert_eq!((end, sessions), (Ok(()), 1), "{failure}");
    }
}

/// Once the file is further than any session before, what that one met counts for nothing.
#[test]
fn r5_a_session_that_gets_further_may_be_lost_in_the_same_way() {
    file(40_000, 10_000).in_session().then(&format!(
        "> Fragment bytes 0-9999/40000
         < 200 ack BITS-Received-Content-Range: 7000
         > Fragment bytes 7000-16999/40000
         {LOST}
         < 200 ack BITS-Session-Id: t
         > Fragment bytes 0-9999/40000
         < 200 ack BITS-Received-Content-Range: 10000
         > Fragment bytes 10000-19999/40000
         < 200 ack BITS-Received-Content-Range: 20000
         > Fragment bytes 20000-29999/40000
         {LOST}
         ! interrupted
         = interrupted"
    ));
}

#[test]
fn r5_pages_to_the_create_session_after_a_lost_session_pass_like_an_outage() {
    let page = "< 403 Server: firewall\n";
    half_then(&format!(
        "< 500 ack BITS-Error: 0x8020001F
         > Create-Session
         {page}{page}{page}{page}{page}{page}
         > Create-Session
         < 200 ack BITS-Session-Id: t
         > Fragment bytes 0-9999/20000
         ! interrupted
         = interrupted"
    ));
}

#[test]
fn r5_a_session_that_is_not_suspect_means_what_it_says() {
    half_then("< 400 ack BITS-Error: 0x80070057\n> Cancel-Session\n< 200 ack\n= rejected the request as invalid");
    // Once the new session meets the same, that is final.
    half_then(&format!(
        "{LOST}
         < 200 ack BITS-Session-Id: t
         > Fragment bytes 0-9999/20000
         < 500
         > Fragment bytes 0-5119/20000
         < 500
         > Ping
         < 200 ack
         > Fragment bytes 0-5119/20000
         < 500
         > Ping
         < 200 ack
         > Fragment bytes 0-5119/20000
         < 500
         = the server cannot process it now"
    ));
}

#[test]
fn r5_only_the_new_sessions_counters_count() {
    // Lost at 90 %: every fragment of the second session refills the budget, whatever the first one got.
    let mut now = Instant::now();
    let mut machine = file(100_000, 10_000).machine_at(now);
    let (mut lost, mut hiccup, mut packets) = (false, false, 0);
    let end = loop {
        machine = write_down(machine, now);
        let input = match machine.next_action() {
            Action::Finish => break machine.into_result(),
            Action::Wait(pause) => {
                now += pause;
                Input::Waited
            }
            Action::Send(Packet::Fragment { range, .. }) => {
                packets += 1;
                // As long as the whole budget, but for a second.
                now += Duration::from_secs(100);
                if range.first() >= 90_000 && !lost {
                    lost = true;
                    Input::Responded(response("500 ack BITS-Error: 0x8020001F"))
                } else if range.first() == 50_000 && lost && !hiccup {
                    hiccup = true;
                    event("cut", range.len())
                } else {
                    Input::Responded(response(&format!("200 ack BITS-Received-Content-Range: {}", range.end())))
                }
            }
            _ => Input::Responded(response("200 ack BITS-Session-Id: s")),
        };
        machine = machine.handle(input, now);
        assert!(packets < 100);
    };
    assert_eq!(end, Ok(()));
}

#[test]
fn r5_a_session_that_is_lost_again_and_again_ends_the_upload() {
    let machine = upload().machine();
    let lost = || Input::Responded(response("500 ack BITS-Error: 0x8020001F"));
    let (end, packets) = run(machine, with_fragments(|_| lost()));
    assert!(end.is_err_and(|e| matches!(e, UploadError::GaveUp { .. })));
    assert_eq!(packets, 1 + 4 * 2, "a Ping, and four sessions with a fragment each");
}
