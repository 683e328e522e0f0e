//! Any bytes for the mapping of URLs to files.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::server::fuzzing::target_path(data));
