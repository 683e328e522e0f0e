//! Any bytes for the head of a packet.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::server::fuzzing::request(data));
