//! Any bytes for Content-Range and Range.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::server::fuzzing::content_range(data));
