//! Any bytes for a client's certificate and key.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::transport::fuzzing::client_identity(data));
