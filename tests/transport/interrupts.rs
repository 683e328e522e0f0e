//! Interruption of whatever is blocked. A test that ends at all has shown that it was.

use std::sync::mpsc;

use bitsup::protocol::TransportErrorKind as Kind;

use crate::support::{Scheme, Server, read_head, read_request, schemes};

/// Interrupts an exchange once the server says that it came to a stop.
fn interrupted(scheme: Scheme, length: u64, read_body: bool) -> bool {
    let (stopped, told) = mpsc::channel();
    let server = Server::start(scheme, move |stream, _| {
        if read_body {
            read_request(stream)?;
        } else {
            read_head(stream)?;
        }
        stopped.send(()).expect("listened to");
        std::thread::park();
        Ok(())
    });
    let mut client = server.client();
    let interrupter = client.interrupter();
    let other = std::thread::spawn(move || {
        told.recv().expect("told");
        interrupter.interrupt();
    });
    let error = server.send(&mut client, length).expect_err("interrupted");
    other.join().expect("no panic");
    let again = server.send(&mut client, length).expect_err("still interrupted");
    assert_eq!(again.kind, Kind::Interrupted);
    assert!(!again.request_was_sent && !again.is_transient());
    error.kind == Kind::Interrupted && error.request_was_sent
}

#[test]
fn sending_is_interrupted() {
    assert!(schemes().all(|scheme| interrupted(scheme, 1 << 40, false)));
}

#[test]
fn waiting_for_an_answer_is_interrupted() {
    assert!(schemes().all(|scheme| interrupted(scheme, 10, true)));
}
