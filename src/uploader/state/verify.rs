//! After the end: is what can be read at the destination the file?
//!
//! Where the last response was lost, or the server refused what it may have carried out before, this is the only way to
//! know (recovery rule R6): the same content by its SHA-256 is a success.

use std::time::Duration;

use http::{Method, StatusCode};

use crate::uploader::backoff::{Hint, retry_after};
use crate::uploader::context::Context;
use crate::uploader::error::UploadError;
use crate::uploader::event::UploadEvent;
use crate::uploader::failed_attempt::{FailedAttempt, FailureClass};
use crate::uploader::head::{content_length, is_chunked, is_encoded};
use crate::uploader::resume_state::ResumeState;
use crate::uploader::verify::{Mismatch, Seen, Unverified, Verify};

use super::{State, Step};

/// The file is there already: the wait to see it is short.
const MAX_TRIES: u32 = 5;

/// Waits for a HEAD or GET of the destination.
#[derive(Debug, Clone)]
pub(crate) struct Verification {
    method: Method,
    /// How the upload ends unless the same content is found; `None`: Close-Session was acknowledged.
    failure: Option<UploadError>,
    /// The session that the same command could still resume.
    session: Option<ResumeState>,
    tries: u32,
}

impl Verification {
    /// Close-Session was acknowledged.
    pub(super) fn of_success(context: &mut Context) -> State {
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
    pub(crate) fn instead_of(context: &mut Context, failure: UploadError, session: Option<ResumeState>) -> State {
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

    pub(super) fn method(&self) -> &Method {
        &self.method
    }

    /// How an upload ends that is stopped here.
    pub(super) fn interrupted(self) -> UploadError {
        self.failure.unwrap_or(UploadError::Unverified(Unverified::Interrupted))
    }

    pub(super) fn session(&self) -> Option<&ResumeState> {
        self.session.as_ref()
    }

    pub(super) fn on_seen(mut self, context: &mut Context, seen: Seen) -> Step {
        let after = seen.head.as_ref().and_then(|head| retry_after(head.headers()));
        let comparison = self.compare(context, seen);
        let asks_by_get = matches!(
            &comparison,
            Err(Unverified::NoLength(_)
                | Unverified::Status(_, StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED))
        );
        if asks_by_get && self.method == Method::HEAD {
            self.method = Method::GET;
            return Ok(State::Verify(self));
        }
        match comparison {
            Ok(Comparison::Same(proof)) => self.same(context, proof),
            Ok(Comparison::Different(difference)) => Err(match self.failure {
                // It is not there yet, and the same command can still resume the session.
                Some(failure) if self.session.is_some() && failure.keeps_record() => {
                    let text = format!("the file at the destination differs: {difference}");
                    context.tell(UploadEvent::Warning { text });
                    failure
                }
                None | Some(UploadError::Unconfirmed { .. }) => UploadError::Different(difference),
                Some(failure) => failure,
            }),
            Err(reason) => self.unverified(context, reason, after),
        }
    }

    fn same(self, context: &mut Context, proof: String) -> Step {
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

    fn unverified(mut self, context: &mut Context, reason: Unverified, after: Option<Duration>) -> Step {
        let attempt =
            FailedAttempt { cause: UploadError::Unverified(reason.clone()), hint: Hint { after, ..Hint::default() } };
        self.tries += 1;
        let failure = self.failure.clone();
        if attempt.class() == FailureClass::Outage && self.tries <= MAX_TRIES {
            let again = context.retry(attempt, State::Verify(self));
            if again.is_ok() {
                return again;
            }
        }
        let Some(failure) = failure else { return Err(UploadError::Unverified(reason)) };
        context.tell(UploadEvent::Warning { text: format!("the upload cannot be verified: {reason}") });
        Err(failure)
    }

    fn compare(&self, context: &Context, seen: Seen) -> Result<Comparison, Unverified> {
        let (method, size) = (&self.method, context.plan.size);
        let differs = |found| Ok(Comparison::Different(Mismatch::Size { expected: size, found }));
        let Some(head) = seen.head else {
            return Err(seen.end.map_or_else(
                |error| Unverified::Lost(method.clone(), error),
                |()| Unverified::NoLength(method.clone()),
            ));
        };
        if head.status() != StatusCode::OK {
            return Err(Unverified::Status(method.clone(), head.status()));
        }
        if is_encoded(head.headers()) {
            return Err(Unverified::Encoded(method.clone()));
        }
        if seen.count > size {
            return differs(None);
        }
        match content_length(head.headers()) {
            Some(length) if length != size => return differs(Some(length)),
            Some(_) if *method == Method::HEAD => return Ok(Comparison::Same(format!("its size, {size} bytes"))),
            // Whether such a body is whole cannot be told.
            None if *method == Method::HEAD || !is_chunked(head.headers()) => {
                return Err(Unverified::NoLength(method.clone()));
            }
            _ => {}
        }
        seen.end.map_err(|error| Unverified::Lost(method.clone(), error))?;
        match seen.digests {
            _ if seen.count != size => differs(Some(seen.count)),
            _ if context.plan.verify == Verify::Size => Ok(Comparison::Same(format!("its size, {size} bytes"))),
            Some((found, Ok(expected))) if found == expected => Ok(Comparison::Same(format!("its SHA-256, {found}"))),
            Some((found, Ok(expected))) => Ok(Comparison::Different(Mismatch::Sha256 { expected, found })),
            Some((_, Err(why))) => Err(Unverified::Source(why)),
            None => Err(Unverified::NoLength(method.clone())),
        }
    }
}

#[derive(Debug)]
enum Comparison {
    /// With what is the same.
    Same(String),
    Different(Mismatch),
}
