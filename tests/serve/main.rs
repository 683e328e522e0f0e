//! The receiver over raw sockets: one case a rule of [MC-BUP] and of the receiver's own promises.
#![cfg(feature = "serve")]
#![expect(clippy::unwrap_used, reason = "whatever fails here is a failed test")]

mod access;
mod conformance;
mod files;
mod fragments;
mod heads;
mod interruptions;
mod limits;
mod listening;
mod reading;
mod replies;
mod sessions;
mod slow;
mod straight;
mod support;
#[path = "../shared/transcript.rs"]
mod transcript;
