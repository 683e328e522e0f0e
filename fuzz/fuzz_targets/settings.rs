//! Any bytes for config.toml.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::cli::fuzzing::settings(data));
