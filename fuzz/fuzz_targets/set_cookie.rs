//! Any bytes for Set-Cookie.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::client::fuzzing::set_cookie(data));
