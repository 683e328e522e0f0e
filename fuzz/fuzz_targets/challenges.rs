//! Any bytes for WWW-Authenticate.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::auth::fuzzing::challenges(data));
