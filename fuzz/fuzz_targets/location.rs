//! Any bytes for the Location of a redirect.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::uploader::fuzzing::location(data));
