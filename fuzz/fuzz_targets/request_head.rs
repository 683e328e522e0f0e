//! Any bytes for the guard of request heads.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::server::fuzzing::request_head(data));
