//! Any bytes for the head of a response and what it means as an Ack.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::protocol::fuzzing::ack(data));
