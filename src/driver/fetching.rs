//! GET and HEAD beside the upload's packets: one try at a time, and the patience between tries.

use std::time::{Duration, Instant};

use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderName, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, response};

use crate::protocol::{TransportError, digits};
use crate::transport::Sink;
use crate::uploader::RetryPolicy;

use super::signed::{self, Unanswered};
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
    match signed::fetch(&mut *tools.transport, tools.login, &mut *tools.report, &request, sink) {
        Ok(answer) => Ok(answer.into_parts().0),
        Err(Unanswered::Lost(error)) => Err(error),
        // Its status says it.
        Err(Unanswered::Refused(_)) => {
            let mut refused = Response::new(());
            *refused.status_mut() = StatusCode::UNAUTHORIZED;
            Ok(refused.into_parts().0)
        }
    }
}

/// Whether the same request may be answered better later.
pub(super) fn may_pass(status: StatusCode) -> bool {
    let fatal = matches!(status, StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED);
    let busy = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    busy || (status.is_server_error() && !fatal)
}

/// `Retry-After` in seconds; as a date it is not looked at here.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    digits(text(headers, RETRY_AFTER)?).map(Duration::from_secs)
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
    random: u64,
}

impl Patience {
    pub(super) fn new(policy: RetryPolicy, seed: u64, now: Instant) -> Self {
        Self { policy, last_progress: now, attempts: 0, random: seed | 1 }
    }

    /// Not more than so many tries in a row.
    pub(super) fn at_most(mut self, retries: u32) -> Self {
        self.policy.retries = Some(self.policy.retries.map_or(retries, |own| own.min(retries)));
        self
    }

    pub(super) fn progressed(&mut self, now: Instant) {
        (self.last_progress, self.attempts) = (now, 0);
    }

    /// The pause before the next try and the try's number, or `None` if there is to be none.
    pub(super) fn pause(&mut self, after: Option<Duration>, now: Instant) -> Option<(Duration, u32)> {
        self.attempts = self.attempts.saturating_add(1);
        let spent = now.saturating_duration_since(self.last_progress);
        let left = self.policy.no_progress_timeout.checked_sub(spent).filter(|left| !left.is_zero())?;
        if self.policy.retries.is_some_and(|retries| self.attempts > retries) {
            return None;
        }
        let factor = 1_u32.checked_shl(self.attempts - 1).unwrap_or(u32::MAX);
        let limit = self.policy.delay.saturating_mul(factor).min(self.policy.max_delay);
        let pause = limit.mul_f64(self.fraction()).max(after.unwrap_or_default());
        (pause < left || after.is_some()).then(|| (pause.min(left), self.attempts))
    }

    /// A number from 0 to 1, by the xorshift generator.
    fn fraction(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        f64::from(u32::try_from(self.random >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_end_with_the_budget() {
        let (policy, now) = (RetryPolicy::default(), Instant::now());
        for seed in 0..100 {
            let mut patience = Patience::new(policy.clone(), seed, now);
            for attempt in 1..40 {
                let limit = Duration::from_secs(1 << (attempt - 1).min(6)).min(policy.max_delay);
                let (pause, number) = patience.pause(None, now).expect("within the budget");
                assert!(pause <= limit && number == attempt, "{attempt}: {pause:?}");
            }
            assert_eq!(patience.pause(None, now + policy.no_progress_timeout), None);
            patience.progressed(now + policy.no_progress_timeout);
            assert!(patience.pause(None, now + policy.no_progress_timeout).is_some());
        }
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
