//! Whether this peer keeps connections open, and what their losses say of the size of fragments (recovery rule R8).

use crate::exchange::{TransportError, TransportErrorKind};

/// Losses until the peer is taken for one that never keeps connections. One may be chance, such as a server that was
/// started again; a new connection for each fragment costs a handshake each.
const MAX_LOSSES: u32 = 2;

/// Losses on connections that had carried a response before.
///
/// Two causes look alike: a peer that closes after each response without saying so, and a box on the way that resets large
/// bodies. On a new connection only the latter goes on, and only that one says something of the size.
#[derive(Debug, Clone, Default)]
pub(super) struct Connections {
    /// The peer had closed them in good order.
    closed: u32,
    /// They were cut without a word.
    stale: u32,
    /// New connections fared no better: it is not their age.
    new_ones_fail: bool,
}

impl Connections {
    pub(super) fn note_loss(&mut self, error: &TransportError) {
        if error.closed_by_peer {
            self.closed = self.closed.saturating_add(1);
        } else if error.is_stale_connection() {
            self.stale = self.stale.saturating_add(1);
        } else if error.kind == TransportErrorKind::Cut && !error.reused_connection && self.are_never_kept() {
            self.stale = 0;
            self.new_ones_fail = true;
        }
    }

    /// Whether fragments go out on new connections.
    pub(super) fn are_never_kept(&self) -> bool {
        (self.stale >= MAX_LOSSES && !self.new_ones_fail) || self.closed >= MAX_LOSSES
    }

    /// Whether the age of the connection explains the loss, so that it says nothing of the fragment's size.
    pub(super) fn explain(&self, error: &TransportError) -> bool {
        error.closed_by_peer || (error.is_stale_connection() && !self.new_ones_fail)
    }

    /// Some servers tie a session to its connection, and a new connection for each fragment loses it: connections are kept
    /// again.
    pub(super) fn keep_again(&mut self) {
        (self.closed, self.stale) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(kind: TransportErrorKind, reused_connection: bool, response_began: bool) -> TransportError {
        TransportError { reused_connection, response_began, ..TransportError::after_request(kind, "") }
    }

    #[test]
    fn only_a_cut_on_a_new_connection_says_that_their_age_is_not_the_cause() {
        use TransportErrorKind::{Cut, TimedOut};
        let mut connections = Connections::default();
        // Before old ones were lost it says nothing of their age.
        connections.note_loss(&loss(Cut, false, false));
        for _ in 0..MAX_LOSSES {
            assert!(!connections.are_never_kept());
            connections.note_loss(&loss(Cut, true, false));
        }
        for other in [loss(TimedOut(std::time::Duration::ZERO), false, false), loss(Cut, true, true)] {
            connections.note_loss(&other);
            assert!(connections.are_never_kept() && connections.explain(&loss(Cut, true, false)), "{other:?}");
        }
        connections.note_loss(&loss(Cut, false, false));
        assert!(!connections.are_never_kept() && !connections.explain(&loss(Cut, true, false)));
    }
}
