//! A user's context in the machine's own library, as [`Tickets`](super::tickets::Tickets) needs it.

use std::fmt;

/// One side of a negotiation with one server.
pub(super) trait MechanismContext: fmt::Debug + Send + Sized {
    /// Begins it with the service `HTTP` of `host`, bound to what `binding` says; its first token.
    ///
    /// # Errors
    /// When the machine knows no user, or not `user` if one is named, or the server is none that the user can go to.
    fn begin(host: &str, user: Option<&str>, binding: Option<Vec<u8>>) -> Result<(Self, Vec<u8>), String>;

    /// Takes what the server says; what is to be said next, unless that was all.
    ///
    /// # Errors
    /// When the server is not who it should be, or says what makes no sense.
    fn step(&mut self, token: &[u8]) -> Result<Option<Vec<u8>>, String>;
}
