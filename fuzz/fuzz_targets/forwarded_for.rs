//! Any bytes for X-Forwarded-For.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::server::fuzzing::forwarded_for(data));
