//! Any bytes for the framing of request heads.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::server::fuzzing::request_head(data));
