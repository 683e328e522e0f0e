//! Any bytes for the mapping of URLs to files.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::serve::fuzzing::target_path(data));
