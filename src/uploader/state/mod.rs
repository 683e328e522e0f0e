//! The states that wait for something: each says what is next and reads its own response.

pub(super) mod cancel;
pub(super) mod close;
pub(super) mod create;
pub(super) mod fetch_reply;
pub(super) mod fragment;
pub(super) mod ping;
pub(super) mod verify;
