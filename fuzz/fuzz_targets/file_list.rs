//! Any bytes for a list of files.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::cli::fuzzing::file_list(data));
