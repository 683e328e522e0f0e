//! GET and HEAD beside the upload's packets: one try at a time, and the patience between tries.

use std::time::{Duration, Instant};

use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, StatusCode, Uri, response};

use crate::event::UploadEvent;
use crate::protocol::TransportError;
use crate::transport::Sink;
use crate::uploader::{Backoff, Hint, RetryPolicy};

use super::{Tools, complete};

/// Sends one request, and shows both heads.
pub(super) fn fetch(
    tools: &mut Tools<'_>,
    method: Method,
    url: &Uri,
    fields: Vec<(HeaderName, HeaderValue)>,
    sink: &mut dyn Sink,
) -> Result<response::Parts, TransportError> {
    let mut request = Request::new(());
    (*request.method_mut(), *request.uri_mut()) = (method, url.clone());
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("*/*"));
    request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    request.headers_mut().extend(fields);
    let request = complete(request);
    (tools.report)(&UploadEvent::RequestHead(Box::new(request.clone().into_parts().0)));
    let (head, ()) = tools.transport.fetch(request, sink)?.into_parts();
    (tools.report)(&UploadEvent::AnswerHead(Box::new(head.clone())));
    Ok(head)
}

/// Whether the same request may be answered better later.
pub(super) fn may_pass(status: StatusCode) -> bool {
    let fatal = matches!(status, StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED);
    let busy = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    busy || (status.is_server_error() && !fatal)
}

/// A field's value, if it is given once.
pub(super) fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok().map(str::trim) }
}

/// When to try again, and when to stop trying: the upload's own rules, by new bytes of what is fetched.
#[derive(Debug)]
pub(super) struct Patience {
    policy: RetryPolicy,
    last_progress: Instant,
    attempts: u32,
    backoff: Backoff,
}

impl Patience {
    pub(super) fn new(policy: RetryPolicy, seed: u64, now: Instant) -> Self {
        Self { policy, last_progress: now, attempts: 0, backoff: Backoff::new(seed) }
    }

    /// Not more than so many tries in a row.
    pub(super) fn at_most(mut self, retries: u32) -> Self {
        self.policy.retries = Some(self.policy.retries.map_or(retries, |own| own.min(retries)));
        self
    }

    pub(super) fn progressed(&mut self, now: Instant) {
        (self.last_progress, self.attempts) = (now, 0);
    }

    /// The pause before the next try and the try's number, or `None` if there is to be none. `after` is the server's
    /// `Retry-After`.
    pub(super) fn pause(&mut self, after: Option<Duration>, now: Instant) -> Option<(Duration, u32)> {
        self.attempts = self.attempts.saturating_add(1);
        let hint = Hint { after, ..Hint::default() };
        let pause = self.backoff.allowed(&self.policy, self.attempts, hint, self.last_progress, now)?;
        Some((pause, self.attempts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_ends_and_new_bytes_refill_it() {
        let (policy, now) = (RetryPolicy::default(), Instant::now());
        let mut patience = Patience::new(policy.clone(), 1, now);
        for attempt in 1..40 {
            assert_eq!(patience.pause(None, now).map(|(_, number)| number), Some(attempt));
        }
        let later = now + policy.no_progress_timeout;
        assert_eq!(patience.pause(None, later), None);
        patience.progressed(later);
        assert_eq!(patience.pause(None, later).map(|(_, number)| number), Some(1));
    }

    #[test]
    fn tries_are_counted_and_the_servers_wish_is_a_lower_bound() {
        let now = Instant::now();
        let mut patience = Patience::new(RetryPolicy::default(), 1, now).at_most(2);
        let wish = Duration::from_secs(90);
        assert_eq!(patience.pause(Some(wish), now), Some((wish, 1)));
        assert!(patience.pause(None, now).is_some());
        assert_eq!(patience.pause(None, now), None);
        let never = RetryPolicy { no_progress_timeout: Duration::ZERO, ..RetryPolicy::default() };
        assert_eq!(Patience::new(never, 1, now).pause(None, now), None);
    }

    #[test]
    fn a_busy_server_may_answer_better_later() {
        let passing = [408, 425, 429, 500, 502, 503, 504].map(|code| StatusCode::from_u16(code).expect("a status"));
        assert!(passing.into_iter().all(may_pass));
        let lasting = [200, 301, 400, 401, 404, 405, 410, 501, 505];
        assert!(!lasting.map(|code| StatusCode::from_u16(code).expect("a status")).into_iter().any(may_pass));
    }
}
