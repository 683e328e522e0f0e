//! Any responses, one after the other, for the machine that uploads.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::uploader::fuzzing::conversation(data, std::time::Instant::now()));
