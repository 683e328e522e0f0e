//! Any bytes for the files of the state folder.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::journal::fuzzing::record(data));
