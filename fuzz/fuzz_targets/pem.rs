//! Any bytes for certificates and keys in PEM.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::auth::fuzzing::pem(data));
