//! Uploads on a connection that was pinged already.

use super::*;

fn after_another_file() -> Uploader {
    file(20_000, 20_000).machine().skip_ping()
}

fn play_after_another_file(transcript: &str) {
    play_machine(after_another_file(), transcript);
}

#[test]
fn it_begins_with_create() {
    play_after_another_file(
        "> Create-Session
         < 200 ack BITS-Session-Id: s
         > Fragment bytes 0-19999/20000
         < 200 ack BITS-Received-Content-Range: 20000
         > Close-Session
         < 200 ack
         = success",
    );
}

#[test]
fn a_connection_that_is_gone_is_no_failure_and_a_new_one_is_pinged() {
    for loss in ["refused", "cut"] {
        let machine = after_another_file();
        assert!(machine.needs_same_connection());
        let machine = machine.handle(event(loss, 0), Instant::now());
        assert_eq!(machine.next_action(), Action::Send(Packet::Ping), "without a pause");
        assert!(!machine.needs_same_connection());
        play_machine(
            machine,
            "> Ping
             < 200 ack
             > Create-Session
             ! cut
             ~
             > Create-Session
             < 404
             = no BITS uploads",
        );
    }
}

#[test]
fn only_the_first_packet_needs_the_connection() {
    let machine = after_another_file();
    let machine = machine.handle(Input::Responded(response("200 ack BITS-Session-Id: s")), Instant::now());
    assert!(!machine.needs_same_connection());
}

#[test]
fn where_a_redirect_leads_is_greeted() {
    play_after_another_file(
        "> Create-Session
         < 307 Location: https://host/file.bin
         > Ping
         < 200 ack
         > Create-Session
         < 403
         = refused",
    );
}

#[test]
fn an_upload_that_resumes_begins_as_it_would_have() {
    let machine = file(20_000, 20_000).resuming(left_session(10_000)).machine().skip_ping();
    assert_eq!(machine.next_action(), Action::Send(Packet::Ping));
    assert!(!machine.needs_same_connection());
}
