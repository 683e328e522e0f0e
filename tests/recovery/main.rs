//! Recovery with default options: the built program against servers that lose, refuse, delay and forget, over real
//! sockets. Each test tells one conversation that once ended wrong, or the rule that decides it.

#![cfg(unix)]

#[expect(dead_code, reason = "shared with the end-to-end tests, which use more of it")]
#[path = "../e2e/support/bitsup.rs"]
mod bitsup;
mod checks;
mod connections;
mod ends;
mod hosts;
mod job;
mod losses;
mod outages;
mod questions;
mod replies;
mod resume;
mod server;
mod sessions;
mod signing_in;
mod sizes;
mod storm;
mod together;
