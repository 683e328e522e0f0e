//! Any bytes for BITS-Reply-URL.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::protocol::fuzzing::reply_url(data));
