//! Any bytes for netrc.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::cli::fuzzing::netrc(data));
