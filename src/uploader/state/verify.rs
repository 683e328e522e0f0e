//! After the end: is what can be read at the destination the file?
//!
//! Where the last response was lost, or the server refused what it may have carried out before, this is the only way to
//! know (recovery rule R6): the same content by its SHA-256 is a success.

use std::fmt;
use std::time::Instant;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{Method, Response, StatusCode};

use crate::exchange::TransportError;
use crate::protocol::digits;
use crate::uploader::UploadEvent;

use super::fetch_reply::single;
use crate::uploader::backoff::{Hint, retry_after};
use crate::uploader::recovery::{FailedAttempt, Reading};
use crate::uploader::{Context, ResumeState, State, UploadError};

/// The file is there already; nobody waits for ever to see it.
const MAX_TRIES: u32 = 5;

/// How what arrived is compared with the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    /// Not at all.
    #[default]
    None,
    /// By its size, which HEAD tells.
    Size,
    /// By its SHA-256: all of it is read back by GET.
    Sha256,
}

/// What is at the destination is not the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Its size differs.
    Size {
        /// The file's.
        expected: u64,
        /// What is there; `None`: more.
        found: Option<u64>,
    },
    /// Its contents differ.
    Sha256 {
        /// The file's, in hexadecimal digits.
        expected: String,
        /// That of what is there.
        found: String,
    },
}

/// Reads well after "the file at the destination differs: ".
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { expected, found: Some(found) } => write!(f, "it has {found} bytes instead of {expected}"),
            Self::Size { expected, found: None } => write!(f, "it has more than the file's {expected} bytes"),
            Self::Sha256 { expected, found } => write!(f, "its SHA-256 is {found} instead of {expected}"),
        }
    }
}

/// Why what is at the destination could not be compared with the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unverified {
    /// The server does not give it out.
    Status(Method, StatusCode),
    /// The response does not tell how long it is.
    NoLength(Method),
    /// The server gives out something else than the file's bytes.
    Encoded(Method),
    /// No response came.
    Lost(Method, TransportError),
    /// The source cannot be read again, or is no longer what was uploaded.
    Source(String),
    /// The user did not want to wait.
    Interrupted,
}

/// Reads well after "the upload cannot be verified: ".
impl fmt::Display for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(method, status) => write!(f, "the server answered {method} with {status}"),
            Self::NoLength(method) => write!(f, "the answer to {method} does not tell its length"),
            Self::Encoded(method) => write!(f, "the answer to {method} is compressed although that was not asked for"),
            Self::Lost(method, error) => write!(f, "no answer to {method}: {error}"),
            Self::Source(why) => f.write_str(why),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

/// What a HEAD or GET of the destination showed.
#[derive(Debug)]
pub struct Seen {
    /// The response's head, if there was one.
    pub head: Option<Response<()>>,
    /// Bytes of the body that arrived: at most one more than the file has.
    pub count: u64,
    /// Whether the body arrived to its end.
    pub end: Result<(), TransportError>,
    /// The SHA-256 of what arrived, and that of the source or why it is not known; only where as much arrived as the
    /// source has.
    pub digests: Option<(String, Result<String, String>)>,
}

/// Waits for a HEAD or GET of the destination.
#[derive(Debug, Clone)]
pub(in crate::uploader) struct Verification {
    method: Method,
    /// How the upload ends unless the same content is found; `None`: Close-Session was acknowledged.
    failure: Option<UploadError>,
    /// The session that the same command could still go on with.
    session: Option<ResumeState>,
    tries: u32,
}

impl Verification {
    /// Close-Session was acknowledged.
    pub(in crate::uploader) fn of_success(context: &mut Context) -> State {
        context.tell(UploadEvent::Completed { size: context.plan.size });
        if context.plan.verify != Verify::None {
            return Self::begin(context, None, None);
        }
        if context.plan.size == 0 {
            let text = "the end of an empty file is unconfirmed: it has no bytes to acknowledge, and some servers create no file for it; --verify size looks";
            context.tell(UploadEvent::Warning { text: text.to_owned() });
        }
        State::Finished
    }

    /// The upload ends with `failure`, unless the file is found at the destination.
    pub(in crate::uploader) fn instead_of(
        context: &mut Context,
        failure: UploadError,
        session: Option<ResumeState>,
    ) -> State {
        match context.plan.verify {
            Verify::None => State::Ended(failure),
            Verify::Size | Verify::Sha256 => Self::begin(context, Some(failure), session),
        }
    }

    fn begin(context: &mut Context, failure: Option<UploadError>, session: Option<ResumeState>) -> State {
        let (how, method) = match context.plan.verify {
            Verify::Size => ("size", Method::HEAD),
            Verify::None | Verify::Sha256 => ("SHA-256", Method::GET),
        };
        context.tell(UploadEvent::Verifying { how });
        State::Verify(Self { method, failure, session, tries: 1 })
    }

    pub(in crate::uploader) fn method(&self) -> &Method {
        &self.method
    }

    /// How an upload ends that is stopped here.
    pub(in crate::uploader) fn interrupted(self) -> UploadError {
        self.failure.unwrap_or(UploadError::Unverified(Unverified::Interrupted))
    }

    pub(in crate::uploader) fn session(&self) -> Option<&ResumeState> {
        self.session.as_ref()
    }

    pub(in crate::uploader) fn seen(
        mut self,
        context: &mut Context,
        seen: Seen,
        now: Instant,
    ) -> Result<State, UploadError> {
        let after = seen.head.as_ref().and_then(|head| retry_after(head.headers()));
        let finding = self.finding(context, seen);
        let asks_by_get = matches!(
            &finding,
            Err(Unverified::NoLength(_)
                | Unverified::Status(_, StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED))
        );
        if asks_by_get && self.method == Method::HEAD {
            self.method = Method::GET;
            return Ok(State::Verify(self));
        }
        match finding {
            Ok(Finding::Same(proof)) => self.same(context, proof),
            Ok(Finding::Different(difference)) => Err(match self.failure {
                None | Some(UploadError::Unconfirmed { .. }) => UploadError::Different(difference),
                Some(failure) => failure,
            }),
            Err(reason) => self.unverified(context, reason, after, now),
        }
    }

    fn same(self, context: &mut Context, proof: String) -> Result<State, UploadError> {
        context.tell(UploadEvent::Verified { proof });
        match self.failure {
            None => {}
            Some(_) if context.plan.verify == Verify::Sha256 => {
                context.tell(UploadEvent::Completed { size: context.plan.size });
            }
            // Another file may have that size.
            Some(failure) => return Err(failure),
        }
        Ok(State::Finished)
    }

    fn unverified(
        mut self,
        context: &mut Context,
        reason: Unverified,
        after: Option<std::time::Duration>,
        now: Instant,
    ) -> Result<State, UploadError> {
        let attempt =
            FailedAttempt { cause: UploadError::Unverified(reason.clone()), hint: Hint { after, ..Hint::default() } };
        self.tries += 1;
        let failure = self.failure.clone();
        if attempt.reading() == Reading::Outage && self.tries <= MAX_TRIES {
            let again = context.retry(attempt, State::Verify(self), now);
            if again.is_ok() {
                return again;
            }
        }
        let Some(failure) = failure else { return Err(UploadError::Unverified(reason)) };
        context.tell(UploadEvent::Warning { text: format!("the upload cannot be verified: {reason}") });
        Err(failure)
    }

    fn finding(&self, context: &Context, seen: Seen) -> Result<Finding, Unverified> {
        let (method, size) = (&self.method, context.plan.size);
        let differs = |found| Ok(Finding::Different(Difference::Size { expected: size, found }));
        let Some(head) = seen.head else {
            return Err(seen.end.map_or_else(
                |error| Unverified::Lost(method.clone(), error),
                |()| Unverified::NoLength(method.clone()),
            ));
        };
        if head.status() != StatusCode::OK {
            return Err(Unverified::Status(method.clone(), head.status()));
        }
        if head
            .headers()
            .get_all(CONTENT_ENCODING)
            .iter()
            .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
        {
            return Err(Unverified::Encoded(method.clone()));
        }
        if seen.count > size {
            return differs(None);
        }
        match length(&head) {
            Some(length) if length != size => return differs(Some(length)),
            Some(_) if *method == Method::HEAD => return Ok(Finding::Same(format!("its size, {size} bytes"))),
            // Whether such a body is whole cannot be told.
            None if *method == Method::HEAD || !head.headers().contains_key(TRANSFER_ENCODING) => {
                return Err(Unverified::NoLength(method.clone()));
            }
            _ => {}
        }
        seen.end.map_err(|error| Unverified::Lost(method.clone(), error))?;
        match seen.digests {
            _ if seen.count != size => differs(Some(seen.count)),
            _ if context.plan.verify == Verify::Size => Ok(Finding::Same(format!("its size, {size} bytes"))),
            Some((found, Ok(expected))) if found == expected => Ok(Finding::Same(format!("its SHA-256, {found}"))),
            Some((found, Ok(expected))) => Ok(Finding::Different(Difference::Sha256 { expected, found })),
            Some((_, Err(why))) => Err(Unverified::Source(why)),
            None => Err(Unverified::NoLength(method.clone())),
        }
    }
}

#[derive(Debug)]
enum Finding {
    /// With what is the same.
    Same(String),
    Different(Difference),
}

/// Whether a response's body is worth reading: it may be the file.
#[must_use]
pub fn may_be_the_file(head: &Response<()>, size: u64) -> bool {
    head.status() == StatusCode::OK && length(head).is_none_or(|length| length == size)
}

/// The length that the head tells. Chunks have one of their own.
fn length(head: &Response<()>) -> Option<u64> {
    let chunked = head.headers().contains_key(TRANSFER_ENCODING);
    single(head.headers(), CONTENT_LENGTH).filter(|_| !chunked).and_then(digits)
}
