//! The reply of the server's application (MC-BUP 1.3.3): fetched before Close-Session, which deletes it.

use std::time::Duration;

use http::header::{CONTENT_RANGE, ETAG, HeaderValue, LAST_MODIFIED};
use http::{HeaderMap, Response, StatusCode, Uri};

use crate::exchange::TransportError;
use crate::protocol::text::escape;
use crate::protocol::{ContentRange, digits, reply_url};
use crate::uploader::backoff::{Hint, retry_after};
use crate::uploader::context::Context;
use crate::uploader::error::UploadError;
use crate::uploader::event::UploadEvent;
use crate::uploader::failed_attempt::{FailedAttempt, FailureClass};
use crate::uploader::head::{content_length, is_chunked, is_encoded, single};
use crate::uploader::reply::{MAX_REPLY, ReplyError, ReplyFetched, ReplyRequest};
use crate::uploader::resume_state::ResumeState;

use super::{State, Step};

/// How often a download begins at its first byte: a reply that changes all the time has no end.
const MAX_STARTS: u32 = 3;

const CHANGES: ReplyError = ReplyError::BadResponse("changes all the time");

/// A reply on its way to its file.
#[derive(Debug, Clone)]
pub(crate) struct FetchReply {
    session: ResumeState,
    url: Uri,
    have: u64,
    /// The most bytes that were ever held: only what is beyond counts as progress.
    most: u64,
    total: Option<u64>,
    /// Tells this reply from another at the same URL.
    validator: Option<HeaderValue>,
    starts: u32,
    /// The last error.
    failure: Option<ReplyError>,
}

/// The meaning of a response's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReplyBody {
    /// The reply from this byte on, and its length in bytes; `None`: it comes in chunks, which tell their end themselves.
    From(u64, Option<u64>),
    /// Nothing of use.
    Nothing,
    /// Of another reply than what is there already.
    Changed,
}

impl FetchReply {
    /// # Errors
    /// When none was offered that may be fetched.
    pub(super) fn of(context: &mut Context, session: ResumeState) -> Result<Self, UploadError> {
        let raw = session.reply_url.as_deref();
        let url = raw.and_then(|raw| reply_url::resolve(raw, &context.plan.destination).ok());
        let url = url.ok_or(UploadError::Reply(ReplyError::NotOffered))?;
        context.tell(UploadEvent::FetchingReply { url: url.to_string() });
        Ok(Self { session, url, have: 0, most: 0, total: None, validator: None, starts: 1, failure: None })
    }

    pub(super) fn session(&self) -> &ResumeState {
        &self.session
    }

    pub(super) fn request(&self) -> ReplyRequest {
        ReplyRequest {
            url: self.url.clone(),
            from: self.have,
            validator: self.validator.clone().filter(|_| self.have > 0),
        }
    }

    /// At which byte the response's body begins, if the upload reads it.
    pub(crate) fn accept(&self, head: &Response<()>) -> Option<u64> {
        match self.body(head) {
            Ok(ReplyBody::From(at, _)) => Some(at),
            Ok(ReplyBody::Nothing | ReplyBody::Changed) | Err(_) => None,
        }
    }

    fn body(&self, head: &Response<()>) -> Result<ReplyBody, ReplyError> {
        let headers = head.headers();
        let body = match head.status() {
            // The whole: what is there already is of no use, or there is nothing.
            StatusCode::OK => ReplyBody::From(0, length(headers)?),
            StatusCode::PARTIAL_CONTENT if self.have > 0 => {
                let range = single(headers, CONTENT_RANGE).and_then(|range| range.parse::<ContentRange>().ok());
                let range = range.ok_or(ReplyError::BadResponse("has no usable Content-Range"))?;
                if range.first() != self.have || self.total.is_some_and(|total| total != range.total()) {
                    return Ok(ReplyBody::Changed);
                }
                ReplyBody::From(self.have, Some(range.total()))
            }
            StatusCode::PARTIAL_CONTENT => return Err(ReplyError::BadResponse("is a part that was not asked for")),
            _ => return Ok(ReplyBody::Nothing),
        };
        if is_encoded(headers) {
            return Err(ReplyError::BadResponse("is compressed although that was not asked for"));
        }
        match body {
            ReplyBody::From(_, Some(total)) if total > MAX_REPLY => Err(ReplyError::TooLarge),
            body => Ok(body),
        }
    }

    pub(super) fn on_fetched(mut self, context: &mut Context, fetched: ReplyFetched) -> Step {
        let Some(head) = fetched.head else {
            return match fetched.end {
                Err(error) => self.again(context, ReplyError::Lost(error), None),
                Ok(()) => Err(UploadError::OutOfTurn),
            };
        };
        match self.body(&head).map_err(UploadError::Reply)? {
            ReplyBody::Changed => self.begin_again(context),
            ReplyBody::Nothing => self.nothing(context, &head),
            ReplyBody::From(at, total) => {
                if at == 0 && self.have > 0 && !self.starts_anew() {
                    // A connection that breaks again and again before the end, to a server that cannot go on in the middle.
                    return Err(UploadError::Reply(self.failure.unwrap_or(CHANGES)));
                }
                if at == 0 {
                    self.validator = validator(head.headers());
                }
                self.total = total;
                self.have = at + fetched.taken;
                self.arrived(context, fetched.end)
            }
        }
    }

    fn starts_anew(&mut self) -> bool {
        self.starts += 1;
        self.starts <= MAX_STARTS
    }

    fn arrived(mut self, context: &mut Context, end: Result<(), TransportError>) -> Step {
        if self.have > MAX_REPLY {
            return Err(UploadError::Reply(ReplyError::TooLarge));
        }
        if self.have > self.most {
            self.most = self.have;
            context.budget.progressed(context.now);
        }
        match (end, self.total) {
            (Err(error), _) => self.again(context, ReplyError::Lost(error), None),
            (Ok(()), Some(total)) if self.have > total => self.begin_again(context),
            // A server may answer with less than was asked for.
            (Ok(()), Some(total)) if self.have < total => {
                self.again(context, ReplyError::BadResponse("ends before its length"), None)
            }
            (Ok(()), _) => Ok(self.whole()),
        }
    }

    fn nothing(self, context: &mut Context, head: &Response<()>) -> Step {
        if head.status() == StatusCode::RANGE_NOT_SATISFIABLE && self.have > 0 {
            let told = single(head.headers(), CONTENT_RANGE).and_then(|range| range.strip_prefix("bytes */"));
            // The last byte arrived, and the news of it did not.
            return if told.and_then(digits) == Some(self.have) { Ok(self.whole()) } else { self.begin_again(context) };
        }
        let after = retry_after(head.headers());
        self.again(context, ReplyError::Status(head.status()), after)
    }

    fn whole(self) -> State {
        State::KeepReply(ResumeState { reply_saved: true, ..self.session })
    }

    /// The reply at that URL is another by now.
    fn begin_again(mut self, context: &mut Context) -> Step {
        if self.have > 0 && !self.starts_anew() {
            return Err(UploadError::Reply(CHANGES));
        }
        (self.have, self.total, self.validator) = (0, None, None);
        self.again(context, CHANGES, None)
    }

    fn again(mut self, context: &mut Context, error: ReplyError, after: Option<Duration>) -> Step {
        self.failure = Some(error.clone());
        let attempt = FailedAttempt { cause: UploadError::Reply(error), hint: Hint { after, ..Hint::default() } };
        if attempt.class() == FailureClass::Final {
            return Err(attempt.cause);
        }
        context.retry(attempt, State::FetchReply(self))
    }
}

impl Context {
    /// Notes where the reply is, if that is somewhere it may be fetched from.
    pub(super) fn usable_reply(&mut self, raw: String) -> Option<String> {
        match reply_url::resolve(&raw, &self.plan.destination) {
            Ok(_) => Some(raw),
            Err(error) => {
                if self.plan.wants_reply {
                    let text = format!("the server's URL of the reply, {}, is not followed: {error}", escape(&raw));
                    self.tell(UploadEvent::Warning { text });
                }
                None
            }
        }
    }
}

/// The body's length; `None` if it comes in chunks, which tell their end themselves.
fn length(headers: &HeaderMap) -> Result<Option<u64>, ReplyError> {
    if is_chunked(headers) {
        return Ok(None);
    }
    // Whether such a body is whole could not be told.
    content_length(headers).map(Some).ok_or(ReplyError::BadResponse("does not tell its length"))
}

/// A weak tag does not vouch for bytes.
fn validator(headers: &HeaderMap) -> Option<HeaderValue> {
    let tag = headers.get(ETAG).filter(|tag| tag.as_bytes().starts_with(b"\""));
    tag.or_else(|| headers.get(LAST_MODIFIED)).cloned()
}
