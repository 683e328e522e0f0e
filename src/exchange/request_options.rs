//! What one request wants of the transport.

use std::time::Duration;

use crate::exchange::ChannelBinding;

/// What one request wants beyond [`Settings`](crate::transport::Settings).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestOptions {
    /// The response's head gets at least this long, whatever the settings say. Zero: no wish.
    pub response_at_least: Duration,
    /// The response's head gets at most this long: also where the settings allow more, or have no limit.
    pub response_at_most: Option<Duration>,
    /// Which connection may carry the request.
    pub connection: ConnectionUse,
}

impl RequestOptions {
    /// How long a response's head may take, by the limit of the settings. `None`: for ever.
    pub(crate) fn response_limit(&self, usual: Option<Duration>) -> Option<Duration> {
        let limit = usual.map(|usual| usual.max(self.response_at_least));
        limit.into_iter().chain(self.response_at_most).min()
    }
}

/// Which connection may carry a request. Where there is none, nothing is sent, and the error is
/// [`NoConnection`](crate::exchange::TransportErrorKind::NoConnection).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConnectionUse {
    /// The last one, or a new one.
    #[default]
    Any,
    /// Only the one that carried the last request.
    Same,
    /// Only one with this channel binding.
    Bound(ChannelBinding),
    /// Only a new one. The last one is closed.
    New,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_least_wins_over_the_settings_and_at_most_over_both() {
        let seconds = Duration::from_secs;
        let limit = |usual: Option<u64>, least, most: Option<u64>| {
            let options = RequestOptions {
                response_at_least: seconds(least),
                response_at_most: most.map(seconds),
                ..RequestOptions::default()
            };
            options.response_limit(usual.map(seconds)).map(|limit| limit.as_secs())
        };
        assert_eq!(limit(Some(5), 0, None), Some(5));
        assert_eq!(limit(Some(5), 9, None), Some(9));
        assert_eq!(limit(Some(5), 9, Some(2)), Some(2));
        assert_eq!(limit(Some(5), 0, Some(9)), Some(5));
        assert_eq!(limit(None, 9, None), None);
        assert_eq!(limit(None, 9, Some(3)), Some(3));
    }
}
