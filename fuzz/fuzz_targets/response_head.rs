//! Any bytes for the bounds of a response's head.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::transport::fuzzing::response_head(data));
