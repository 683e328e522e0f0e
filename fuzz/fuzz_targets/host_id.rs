//! Any bytes for BITS-Host-Id.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::uploader::fuzzing::host_id(data));
