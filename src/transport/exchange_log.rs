//! The record of the exchange under way, shared by the parts that carry it out.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::exchange::{CertificateWanted, ChannelBinding, RequestOptions, Timing, TransportError, TransportErrorKind};
use crate::sync::lock;

/// The HTTP library stands between the sender of a body, the connection and the caller; this goes round it.
#[derive(Debug, Clone, Default)]
pub(super) struct ExchangeLog(Arc<Mutex<ExchangeFacts>>);

/// A moment's view of an exchange.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any combination")]
pub(super) struct ExchangeFacts {
    /// Counts exchanges, from 1.
    pub(super) number: u64,
    /// Its connection carried another exchange before.
    pub(super) reused_connection: bool,
    pub(super) options: RequestOptions,
    /// Who it is with, in words.
    pub(super) peer: Option<Arc<str>>,
    /// The channel binding, if the connection is TLS with the server.
    pub(super) channel: Option<ChannelBinding>,
    /// It shows a password to a proxy.
    pub(super) has_proxy_credentials: bool,
    /// The network took some of the request.
    pub(super) request_was_sent: bool,
    /// Bytes of the body that the HTTP library got.
    pub(super) body_handed: u64,
    /// Those of them that the network took.
    pub(super) body_sent: u64,
    pub(super) response_began: bool,
    /// A refusal came while the request was still going out; the rest of the request is not wanted any more.
    pub(super) responded_early: bool,
    /// The peer ended its stream in good order.
    pub(super) closed_by_peer: bool,
    /// The response's body is what the request is about: it may take as long as bytes arrive.
    pub(super) body_is_wanted: bool,
    /// The server asked for a certificate of the client and got none.
    pub(super) certificate_wanted: Option<CertificateWanted>,
    /// When its first byte was offered to the network.
    pub(super) began: Option<Instant>,
    /// When the network had taken all of what was offered last.
    pub(super) sent: Option<Instant>,
    /// When the response's head was complete.
    pub(super) responded: Option<Instant>,
}

impl ExchangeFacts {
    /// How long it took, if it went as it should.
    pub(super) fn timing(&self) -> Option<Timing> {
        let (began, sent) = (self.began?, self.sent?);
        // A response that came before the last byte counts from that byte on.
        let responded = self.responded?.max(sent);
        (!self.responded_early).then(|| Timing {
            total: responded.saturating_duration_since(began),
            waiting: responded.saturating_duration_since(sent),
        })
    }

    /// An error of this exchange, with what is known of it.
    pub(super) fn loss(self, error: TransportError) -> TransportError {
        let was_idle = self.reused_connection && !self.response_began;
        TransportError {
            request_was_sent: self.request_was_sent,
            reused_connection: self.reused_connection,
            response_began: self.response_began,
            body_sent: self.body_sent,
            closed_by_peer: self.closed_by_peer && was_idle && error.kind == TransportErrorKind::Cut,
            peer: self.peer.map(|peer| peer.to_string()),
            ..error
        }
    }
}

impl ExchangeLog {
    /// The next exchange begins. Its connection counts as reused until a new one is made.
    pub(super) fn begin(&self, options: RequestOptions) {
        self.note(|facts| {
            let number = facts.number + 1;
            *facts = ExchangeFacts { number, options, reused_connection: true, ..ExchangeFacts::default() };
        });
    }

    pub(super) fn facts(&self) -> ExchangeFacts {
        lock(&self.0).clone()
    }

    pub(super) fn note(&self, add: impl FnOnce(&mut ExchangeFacts)) {
        add(&mut lock(&self.0));
    }
}
