//! The small question after an unknown outcome, and the second one (rule R3 of `docs/reliability.md`).

use super::scenario::asked_twice_then;
use super::*;

#[test]
fn r3_after_a_lost_ack_a_small_fragment_asks_at_once() {
    half_then(
        "! cut
         > Fragment bytes 10000-15119/20000
         < 416 BITS-Received-Content-Range: 20000
         > Close-Session
         < 200 ack
         = success",
    );
}

#[test]
fn r3_a_server_that_keeps_count_is_told_by_a_second_shorter_question() {
    for same in ["416 BITS-Received-Content-Range: 15120", "200 ack BITS-Received-Content-Range: 15120"] {
        half_then(&format!(
            "! timed out
             > Fragment bytes 10000-15119/20000
             < 200 ack BITS-Received-Content-Range: 15120
             > Fragment bytes 10000-12559/20000
             < {same}
             > Fragment bytes 15120-19999/20000
             ! timed out
             > Fragment bytes 15120-19998/20000
             < 200 ack BITS-Received-Content-Range: 19999
             > Fragment bytes 19999-19999/20000
             < 200 ack BITS-Received-Content-Range: 20000
             > Close-Session
             < 200 ack
             = success"
        ));
    }
}

#[test]
fn r3_a_server_that_appends_blindly_gets_a_new_session_for_every_unknown_outcome() {
    asked_twice_then(
        "< 200 ack BITS-Received-Content-Range: 12560
         > Cancel-Session
         < 200 ack
         > Create-Session
         < 200 ack BITS-Session-Id: t
         > Fragment bytes 0-5119/20000
         ! cut
         > Cancel-Session
         ! cut
         > Create-Session
         < 200 ack BITS-Session-Id: u
         > Cancel-Session
         < 200 ack
         > Fragment bytes 0-5119/20000
         < 200 ack BITS-Received-Content-Range: 5120
         ! interrupted
         = interrupted",
    );
}

#[test]
fn r3_a_refusal_of_the_second_question_says_nothing_and_its_loss_begins_anew() {
    asked_twice_then(
        "< 400 ack BITS-Error: 0x80070057
         > Fragment bytes 15120-19999/20000
         ! interrupted
         = interrupted",
    );
    asked_twice_then(
        "! cut
         ~
         > Ping
         < 200 ack
         > Fragment bytes 15120-19998/20000
         < 200 ack BITS-Received-Content-Range: 19999
         > Fragment bytes 15120-17558/20000
         < 200 ack BITS-Received-Content-Range: 17559
         > Cancel-Session
         ! interrupted
         = interrupted",
    );
}

#[test]
fn r3_an_ack_of_the_second_question_that_tells_no_offset_says_nothing() {
    asked_twice_then(
        "< 200 ack
         > Fragment bytes 15120-19999/20000
         ! interrupted
         = interrupted",
    );
}

#[test]
fn r3_a_416_to_the_second_question_counts_wherever_it_leads() {
    asked_twice_then(
        "< 416 BITS-Received-Content-Range: 12560
         > Fragment bytes 12560-17679/20000
         ! interrupted
         = interrupted",
    );
}

#[test]
fn r3_a_server_that_kept_count_once_is_not_suspected_in_another_session() {
    half_then(
        "! cut
         > Fragment bytes 10000-15119/20000
         < 416 BITS-Received-Content-Range: 10000
         > Fragment bytes 10000-15119/20000
         < 500 ack BITS-Error: 0x8020001F
         > Create-Session
         < 200 ack BITS-Session-Id: t
         > Fragment bytes 0-5119/20000
         < 200 ack BITS-Received-Content-Range: 5120
         > Fragment bytes 5120-10239/20000
         ! cut
         > Fragment bytes 5120-10239/20000
         < 200 ack BITS-Received-Content-Range: 10240
         > Fragment bytes 10240-15359/20000
         ! interrupted
         = interrupted",
    );
}

#[test]
fn r3_nobody_is_asked_with_the_last_byte_unless_there_is_no_other() {
    file(100, 100).in_session().then(
        "> Fragment bytes 0-99/100
         ! cut
         > Fragment bytes 0-98/100
         < 416 BITS-Received-Content-Range: 100
         > Close-Session
         < 200 ack
         = success",
    );
    // One byte, and it is the file's first: it is sent in a new session sooner than twice in one.
    file(1, 100).in_session().then(
        "> Fragment bytes 0-0/1
         ! cut
         > Fragment bytes 0-0/1
         < 200 ack BITS-Received-Content-Range: 1
         > Cancel-Session
         < 200 ack
         > Create-Session
         < 200 ack BITS-Session-Id: t
         > Fragment bytes 0-0/1
         < 200 ack BITS-Received-Content-Range: 1
         > Close-Session
         < 200 ack
         = success",
    );
}

#[test]
fn r3_an_ack_without_the_offset_is_asked_about() {
    half_then(
        "< 200 ack
         > Fragment bytes 10000-15119/20000
         < 416 BITS-Received-Content-Range: 10000
         > Fragment bytes 10000-19999/20000
         < 200 ack BITS-Received-Content-Range: 20000
         > Close-Session
         < 200 ack
         = success",
    );
    half_then(
        "< 416
         > Fragment bytes 10000-15119/20000
         < 416
         > Cancel-Session
         < 200 ack
         > Create-Session
         ! interrupted
         = interrupted",
    );
}

#[test]
fn r3_a_server_that_told_its_offset_before_is_asked_again_where_it_tells_none() {
    half_then(
        "! cut
         > Fragment bytes 10000-15119/20000
         < 200 ack
         ~
         > Fragment bytes 10000-15119/20000
         < 416 BITS-Received-Content-Range: 10000
         > Fragment bytes 10000-15119/20000
         ! interrupted
         = interrupted",
    );
}

#[test]
fn r3_a_server_that_never_tells_its_offset_is_not_asked() {
    upload().in_session().then(
        "< 200 ack
         > Fragment bytes 10000-19999/20000
         ! cut
         > Cancel-Session
         < 200 ack
         > Create-Session
         < 200 ack BITS-Session-Id: t
         > Fragment bytes 0-5119/20000
         ! cut
         > Fragment bytes 0-5119/20000
         < 200 ack
         > Cancel-Session
         < 200 ack
         > Create-Session
         ! interrupted
         = interrupted",
    );
}
