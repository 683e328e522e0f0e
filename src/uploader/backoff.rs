//! When to try again, and when to stop trying.

use std::time::{Duration, Instant};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// How persistent an upload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Time without a newly acknowledged byte after which the upload gives up; zero: it never tries again
    /// (BITS calls it the no-progress time-out).
    pub no_progress_timeout: Duration,
    /// Consecutive tries without progress; `None`: as many as fit the time.
    pub retries: Option<u32>,
    /// The first pause; each further one is up to twice as long.
    pub delay: Duration,
    /// The longest pause.
    pub max_delay: Duration,
    /// Time for the whole upload; `None`: no limit. The session is kept when it is over.
    pub max_time: Option<Duration>,
    /// Until a server has answered in this run, losses are retried this long only.
    pub wait_for_server: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            no_progress_timeout: Duration::from_secs(600),
            retries: None,
            delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(60),
            max_time: None,
            wait_for_server: Duration::from_secs(30),
        }
    }
}

/// A failed attempt's hint on when to try again.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Hint {
    /// The server's `Retry-After`.
    pub(crate) after: Option<Duration>,
    /// It will take a while: a full disk is not emptied in a second.
    pub(crate) slowly: bool,
    /// Nothing is gained by waiting: the next try is a question about this one, or goes to a new connection.
    pub(crate) at_once: bool,
}

/// Tries in a row that may follow at once. A large fragment that fails, and a question that passes, add up to one each
/// time its size halves; more is no longer an answer to a question.
const MAX_AT_ONCE: u32 = 16;

/// Pauses with full jitter: anything between nothing and a limit that doubles, so that many clients of one server
/// that fail together do not come back together.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    random: u64,
}

impl Backoff {
    /// `seed` is the upload's only randomness: the same seed gives the same pauses.
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: seed }
    }

    /// The pause before try number `attempt`, or `None` if `policy` allows no more tries: nothing was gained since
    /// `last_progress`.
    pub(crate) fn allowed(
        &mut self,
        policy: &RetryPolicy,
        attempt: u32,
        hint: Hint,
        last_progress: Instant,
        now: Instant,
    ) -> Option<Duration> {
        let time_left = left(last_progress, policy.no_progress_timeout, now)?;
        if policy.retries.is_some_and(|retries| attempt > retries) {
            return None;
        }
        // A pause that does not fit is cut to what is left, so that the budget is used to its end.
        Some(self.pause(policy, attempt, hint).min(time_left))
    }

    /// The pause before try number `attempt`, counted from 1.
    fn pause(&mut self, policy: &RetryPolicy, attempt: u32, hint: Hint) -> Duration {
        if hint.at_once && attempt <= MAX_AT_ONCE {
            return Duration::ZERO;
        }
        let doubled = policy.delay.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX));
        let limit = if hint.slowly { policy.max_delay } else { doubled.min(policy.max_delay) };
        let jittered = limit.mul_f64(self.fraction());
        hint.after.map_or(jittered, |after| after.max(jittered))
    }

    /// A number from 0 up to 1, by the `SplitMix64` generator.
    fn fraction(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        let top = u32::try_from(z >> 32).unwrap_or(u32::MAX);
        f64::from(top) / (f64::from(u32::MAX) + 1.0)
    }
}

/// How long is left until `limit` after `since`; `None` when it is over.
pub(super) fn left(since: Instant, limit: Duration, now: Instant) -> Option<Duration> {
    let spent = now.checked_duration_since(since).unwrap_or(Duration::ZERO);
    limit.checked_sub(spent).filter(|left| !left.is_zero())
}

/// `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date, which is compared with the server's own clock.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let field = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let wanted = field(RETRY_AFTER)?;
    if let Some(seconds) = crate::protocol::digits(wanted) {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(wanted).ok()?;
    let server_now = httpdate::parse_http_date(field(DATE)?).ok()?;
    Some(until.duration_since(server_now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_below_a_limit_that_doubles() {
        let policy = RetryPolicy::default();
        for seed in 0..200 {
            let mut backoff = Backoff::new(seed);
            for attempt in 1..40 {
                let limit = Duration::from_secs(1 << (attempt - 1).min(6)).min(policy.max_delay);
                let pause = backoff.pause(&policy, attempt, Hint::default());
                assert!(pause <= limit, "attempt {attempt}: {pause:?}");
            }
        }
    }

    #[test]
    fn jitter_uses_the_whole_range() {
        let policy = RetryPolicy::default();
        let pauses: Vec<_> = (0..1000).map(|seed| Backoff::new(seed).pause(&policy, 1, Hint::default())).collect();
        let below_half = pauses.iter().filter(|pause| **pause < Duration::from_millis(500)).count();
        assert!((400..600).contains(&below_half), "{below_half}");
    }

    #[test]
    fn the_servers_wish_is_a_lower_bound() {
        let hint = Hint { after: Some(Duration::from_secs(90)), ..Hint::default() };
        assert_eq!(Backoff::new(1).pause(&RetryPolicy::default(), 1, hint), Duration::from_secs(90));
    }

    #[test]
    fn a_pause_that_does_not_fit_is_cut_to_what_is_left_of_the_budget() {
        let policy = RetryPolicy::default();
        let began = Instant::now();
        let allowed = |at, hint| Backoff::new(7).allowed(&policy, 12, hint, began, began + Duration::from_secs(at));
        let wish = Hint { after: Some(Duration::from_secs(3600)), ..Hint::default() };
        assert_eq!(allowed(595, wish), Some(Duration::from_secs(5)));
        assert!(allowed(599, Hint::default()).is_some_and(|pause| pause <= Duration::from_secs(1)));
        assert_eq!(allowed(600, Hint::default()), None);
    }

    fn after(fields: &[(&'static str, &'static str)]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.insert(*name, http::HeaderValue::from_static(value));
        }
        retry_after(&headers)
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_by_the_servers_clock() {
        assert_eq!(after(&[("retry-after", "120")]), Some(Duration::from_secs(120)));
        let dates = [("retry-after", "Mon, 18 Jun 2007 21:11:57 GMT"), ("date", "Mon, 18 Jun 2007 21:11:27 GMT")];
        assert_eq!(after(&dates), Some(Duration::from_secs(30)));
        let past = [("retry-after", "Mon, 18 Jun 2007 21:11:57 GMT"), ("date", "Mon, 18 Jun 2007 22:11:27 GMT")];
        assert_eq!(after(&past), Some(Duration::ZERO));
        for nonsense in ["", "-1", "soon", "99999999999999999999999"] {
            assert_eq!(after(&[("retry-after", nonsense)]), None, "{nonsense:?}");
        }
        assert_eq!(after(&[]), None);
    }
}
