//! The faults that the simulation (`tests/simulation`) found: the shortest conversation that shows each.

use super::scenario::{ASKED_TWICE, wait};
use super::*;

const ANEW: &str = "> Cancel-Session
     < 200 ack
     > Create-Session
     ! interrupted
     = interrupted";

#[test]
fn a_second_question_that_was_appended_before_its_answer_was_lost_is_noticed() {
    for next in [11_000, 12_560] {
        half_then(&format!(
            "{ASKED_TWICE}! cut
             ~
             > Ping
             < 200 ack
             > Fragment bytes 15120-19998/20000
             < 416 BITS-Received-Content-Range: {next}
             {ANEW}"
        ));
    }
    // Also by another process.
    let lost = ResumeState { lost_question: Some((10_000, 12_560)), ..left_session(15_120) };
    let text = format!(
        "> Ping
         < 200 ack
         > Fragment bytes 15120-19998/20000
         < 416 BITS-Received-Content-Range: 12560
         {ANEW}"
    );
    upload().resuming(lost).then(&text);
}

#[test]
fn a_page_in_place_of_the_second_answer_says_nothing_unless_it_always_comes() {
    half_then(&format!(
        "{ASKED_TWICE}< 404
         ~
         > Ping
         < 200 ack
         > Fragment bytes 15120-19998/20000
         < 200 ack BITS-Received-Content-Range: 19999
         > Fragment bytes 15120-17558/20000
         < 404
         > Ping
         < 200 ack
         > Fragment bytes 19999-19999/20000
         < 200 ack BITS-Received-Content-Range: 20000
         > Fragment bytes 19998-19998/20000
         < 404
         > Close-Session
         < 200 ack
         = success"
    ));
    half_then(&format!(
        "{ASKED_TWICE}! cut
         > Ping
         < 200 ack
         > Fragment bytes 15120-19998/20000
         < 200 ack BITS-Received-Content-Range: 19999
         > Fragment bytes 15120-17558/20000
         ! cut
         > Ping
         < 200 ack
         > Fragment bytes 19999-19999/20000
         < 200 ack BITS-Received-Content-Range: 20000
         > Fragment bytes 19998-19998/20000
         ! cut
         {ANEW}"
    ));
}

#[test]
fn a_gateway_whose_server_was_started_again_makes_the_session_suspect() {
    for status in [502, 503, 504] {
        half_then(&format!(
            "< {status}
             > Fragment bytes 10000-15119/20000
             < 400 ack BITS-Error: 0x80070057
             > Ping
             < 200 ack
             > Fragment bytes 10000-15119/20000
             < 400 ack BITS-Error: 0x80070057
             > Ping
             < 200 ack
             > Fragment bytes 10000-15119/20000
             < 400 ack BITS-Error: 0x80070057
             {ANEW}"
        ));
    }
}

#[test]
fn a_session_is_lost_only_if_the_same_is_said_of_it_each_time() {
    half_then(
        "! cut
         > Fragment bytes 10000-15119/20000
         < 500
         > Ping
         < 200 ack
         > Fragment bytes 10000-15119/20000
         < 500
         > Ping
         < 200 ack
         > Fragment bytes 10000-15119/20000
         < 404
         > Ping
         < 200 ack
         > Fragment bytes 10000-15119/20000
         < 416 BITS-Received-Content-Range: 10000
         > Fragment bytes 10000-19999/20000
         ! interrupted
         = interrupted",
    );
}

#[test]
fn a_last_fragment_that_a_page_refused_is_not_there_if_the_server_says_so() {
    half_then(
        "< 403
         > Fragment bytes 10000-15119/20000
         < 416 BITS-Received-Content-Range: 10000
         > Fragment bytes 10000-15119/20000
         < 400 ack BITS-Error: 0x80070057
         > Cancel-Session
         < 200 ack
         = rejected the request as invalid",
    );
}

#[test]
fn a_run_after_one_that_may_have_sent_all_is_unconfirmed_where_that_one_would_be() {
    let refused = "< 500 ack BITS-Error: 0x8020001F
         > Create-Session
         < 403 ack BITS-Error: 0x80070005
         = the file may be there";
    let text = format!("> Ping\n< 200 ack\n> Fragment bytes 10000-15119/20000\n{refused}");
    upload().resuming(left_session(10_000)).then(&text);
}

#[test]
fn a_run_that_goes_on_at_a_named_host_that_is_gone_leaves_it_in_time() {
    let session = ResumeState {
        target: Some(Uri::from_static("http://other/file.bin")),
        host: Some("other".parse().expect("a host")),
        host_fallback_seconds: Some(110),
        ..left_session(10_000)
    };
    let mut now = Instant::now();
    let mut machine = upload().resuming(session).machine_at(now);
    let began = now;
    while machine.target().host() == Some("other") {
        machine = match machine.next_action() {
            Action::Wait(pause) => {
                now += pause;
                machine.handle(Input::Waited, now)
            }
            Action::Send(packet) => machine.handle(event("refused", packet.body_len()), now),
            action => panic!("{action:?}: {:?}", machine.into_result()),
        };
        machine = write_down(machine, now);
    }
    assert!(now - began >= Duration::from_secs(110));
    while let Action::Wait(pause) = machine.next_action() {
        now += pause;
        machine = machine.handle(Input::Waited, now);
    }
    assert!(matches!(machine.next_action(), Action::Send(Packet::Ping)));
}

#[test]
fn a_session_that_is_tied_to_its_connection_outlives_a_peer_that_closed_two() {
    let closed = "! closed by the peer
         > Fragment bytes 10000-15119/20000
         < 500 ack BITS-Error: 0x8020001F
         > Create-Session
         < 200 ack BITS-Session-Id: t
         > Fragment bytes 0-9999/20000
         < 200 ack BITS-Received-Content-Range: 10000
         > Fragment bytes 10000-19999/20000
         ";
    let machine = upload().half().converse(&format!("{closed}{closed}")).expect("goes on");
    assert!(!machine.needs_new_connection());
}

#[test]
fn a_question_that_cannot_be_sent_is_an_outage_and_no_sign_of_size() {
    half_then(
        "< 404
         > Fragment bytes 10000-15119/20000
         ! refused
         > Fragment bytes 10000-15119/20000
         < 416 BITS-Received-Content-Range: 10000
         > Fragment bytes 10000-19999/20000
         ! interrupted
         = interrupted",
    );
}

#[test]
fn a_connection_that_is_lost_by_a_ping_makes_the_session_suspect() {
    let (refused, question) = ("< 400 ack BITS-Error: 0x80070057", "> Fragment bytes 10000-15119/20000");
    let refused_again = format!("{question}\n{refused}\n> Ping\n< 200 ack\n");
    let begun =
        |ping: &str| format!("! sign in first\n> Ping\n{ping}\n> Fragment bytes 10000-19999/20000\n{refused}\n");
    half_then(&format!(
        "{}{refused_again}{refused_again}{question}\n{refused}\n{ANEW}",
        begun("! closed by the peer\n> Ping\n< 200 ack")
    ));
    half_then(&format!("{}> Cancel-Session\n< 200 ack\n= invalid", begun("< 200 ack")));
}

#[test]
fn a_whole_file_is_not_closed_before_the_second_question_is_answered() {
    let in_doubt = ResumeState { lost_question: Some((10_000, 12_560)), ..left_session(20_000) };
    let text = format!(
        "> Ping
         < 200 ack
         > Fragment bytes 14879-19998/20000
         < 200 ack BITS-Received-Content-Range: 19999
         > Fragment bytes 14879-17438/20000
         < 200 ack BITS-Received-Content-Range: 17439
         {ANEW}"
    );
    upload().resuming(in_doubt).then(&text);
}

#[test]
fn the_last_few_bytes_that_fail_are_no_sign_of_size() {
    file(20_001, 20_000).in_session().then(
        "> Fragment bytes 0-19999/20001
         < 200 ack BITS-Received-Content-Range: 20000
         > Fragment bytes 20000-20000/20001
         < 503
         > Fragment bytes 20000-20000/20001
         < 416 BITS-Received-Content-Range: 0
         > Fragment bytes 0-19999/20001
         ! interrupted
         = interrupted",
    );
}

#[test]
fn the_record_of_another_file_is_kept_as_it_is_until_the_server_has_no_more_of_it() {
    let now = Instant::now();
    let mut machine = Uploader::resume_with_another_file(plan(20_000, 10_000), left_session(10_000), 10_000, now, 1);
    for input in [Input::Responded(response("200 ack")), event("cut", 5120), Input::Waited] {
        machine = machine.handle(input, now);
        assert!(!matches!(machine.next_action(), Action::Save(_)), "{:?}", machine.next_action());
    }
    let stopped = machine.clone().handle(Input::Interrupted, now);
    assert_eq!(stopped.next_action(), Action::Finish);
    for offset in [10_000, 20_000] {
        let ack = response(&format!("416 BITS-Received-Content-Range: {offset}"));
        machine = machine.handle(Input::Responded(ack), now);
    }
    assert!(matches!(machine.next_action(), Action::Save(_)), "{:?}", machine.next_action());
}

/// The server published the earlier file with its last fragment, and refuses to overwrite it. This file is not there.
#[test]
fn what_was_published_of_another_file_is_not_this_one() {
    let now = Instant::now();
    let state = ResumeState { sent_end: 20_000, ..left_session(10_000) };
    let mut machine = Uploader::resume_with_another_file(plan(20_000, 10_000), state, 10_000, now, 1);
    for text in ["200 ack", "416 BITS-Received-Content-Range: 20000", "200 ack", "403 ack BITS-Error: 0x80070005"] {
        machine = wait(respond(machine, text, now), now);
    }
    assert!(matches!(machine.into_result(), Err(UploadError::Refused { refusal: Refusal::Permission, .. })));
}

#[test]
fn a_loss_is_never_the_last_word_of_a_session_that_replaced_one() {
    let lost = |n: u32| format!("! cut\n~\n> Ping\n< 200 ack\n> Fragment bytes {n}-{}/20000\n", n + 5119);
    let (old, new) = (lost(10_000), lost(0));
    half_then(&format!(
        "! cut
         > Fragment bytes 10000-15119/20000
         {old}{old}! cut
         > Cancel-Session
         < 200 ack
         > Create-Session
         < 200 ack BITS-Session-Id: t
         > Fragment bytes 0-9999/20000
         ! cut
         > Fragment bytes 0-5119/20000
         {new}{new}! cut
         ~
         ! interrupted
         = interrupted"
    ));
}

/// The session of the earlier file is gone, and what is there under its name is that file.
#[test]
fn what_may_be_there_of_another_file_is_not_this_one() {
    let now = Instant::now();
    let state = ResumeState { sent_end: 20_000, ..left_session(10_000) };
    let machine = Uploader::resume_with_another_file(plan(20_000, 10_000), state, 10_000, now, 1);
    play_machine(
        machine,
        "> Ping
         < 200 ack
         > Fragment bytes 4880-9999/20000
         < 500 ack BITS-Error: 0x8020001F
         > Create-Session
         < 403 ack BITS-Error: 0x80070005
         = permission denied",
    );
}

/// A request that was carried out twice: the first published the file, the second found no session.
#[test]
fn a_file_that_two_sessions_could_not_close_may_be_there() {
    whole_then(
        "< 400 ack BITS-Error: 0x80070057
         > Cancel-Session
         < 200 ack
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
         = the file may be there",
    );
}

/// The file is not there, but the session is: the same command can resume it.
#[test]
fn a_difference_found_while_the_session_lives_keeps_it() {
    let now = Instant::now();
    let state = ResumeState { close_sent: true, ..left_session(20_000) };
    let plan = Plan { verify: Verify::Sha256, ..plan(20_000, 10_000) };
    let mut machine = Uploader::resume(plan, state, now, 1);
    for text in ["200 ack", "404", "200 ack", "404", "200 ack", "404"] {
        machine = respond(wait(machine, now), text, now);
    }
    assert_eq!(machine.next_action(), Action::Verify(http::Method::GET));
    let seen = Seen { head: Some(response("200 Content-Length: 0")), count: 0, end: Ok(()), digests: None };
    machine = machine.handle(Input::Seen(seen), now);
    assert_eq!(machine.next_action(), Action::Finish, "neither cancelled nor forgotten");
    assert!(matches!(machine.into_result(), Err(UploadError::Unconfirmed { is_gone: false, .. })));
}

/// Bytes of the earlier file beyond the common beginning do not count: an Ack of them would publish that file's end.
#[test]
fn an_ack_of_what_was_sent_of_another_file_is_none_of_this_one() {
    let now = Instant::now();
    let state = ResumeState { sent_end: 20_000, ..left_session(10_000) };
    let machine = Uploader::resume_with_another_file(plan(20_000, 10_000), state, 10_000, now, 1);
    play_machine(
        machine,
        "> Ping
         < 200 ack
         > Fragment bytes 4880-9999/20000
         < 200 ack BITS-Received-Content-Range: 10000
         > Fragment bytes 4880-7439/20000
         < 200 ack BITS-Received-Content-Range: 20000
         > Cancel-Session
         < 200 ack
         = the server claims 20000 bytes",
    );
}
