//! Any bytes for a server's message of NTLM or Negotiate.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bitsup::auth::fuzzing::ntlm(data));
