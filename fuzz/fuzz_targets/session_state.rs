//! Any bytes for the files of a session of the receiver.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::server::fuzzing::session_state(data));
