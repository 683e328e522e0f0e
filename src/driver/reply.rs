//! The reply of the server's application (MC-BUP 1.3.3): fetched before Close-Session, which deletes it.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderName, HeaderValue, IF_RANGE};
use http::header::{LAST_MODIFIED, RANGE, TRANSFER_ENCODING};
use http::{HeaderMap, Method, StatusCode, Uri, response};

use crate::digest::Contents;
use crate::event::UploadEvent;
use crate::protocol::text::escape;
use crate::protocol::{ContentRange, TransportError, TransportErrorKind, digits};
use crate::transport::Sink;
use crate::uploader::{UploadError, retry_after};

use super::fetching::{self, Patience, may_pass, text};
use super::reply_file::{MAX_SIZE, ReplyFile, ReplyFileError};
use super::{DriverError, Tools};

/// How long the application may take, with time to tell (MC-BUP 3.1.2).
pub(super) const APPLICATION_TIME: Duration = Duration::from_secs(330);

/// Why there is no reply.
#[derive(Debug)]
pub enum ReplyError {
    /// The server offered none, or none that can be fetched.
    NotOffered,
    /// The server does not give it out.
    Status(StatusCode),
    /// The answer is none of one's request.
    BadAnswer(&'static str),
    /// It is larger than what is saved.
    TooLarge,
    /// No answer came.
    Lost(TransportError),
    /// It cannot be saved.
    File(ReplyFileError),
}

/// Reads well after "the reply cannot be fetched: ".
impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOffered => f.write_str("the server offered none"),
            Self::Status(status) => write!(f, "the server answered GET with {status}"),
            Self::BadAnswer(what) => write!(f, "the answer to GET {what}"),
            Self::TooLarge => write!(f, "it is larger than {MAX_SIZE} bytes"),
            Self::Lost(error) => write!(f, "no answer to GET: {error}"),
            Self::File(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for ReplyError {}

/// Fetches the reply from `url` into `file`, as often as `patience` allows, going on where it broke off. `saving` is
/// told the contents before the file gets its name.
pub(super) fn fetch(
    url: &Uri,
    file: &mut ReplyFile,
    tools: &mut Tools<'_>,
    mut patience: Patience,
    saving: impl FnOnce(Contents),
) -> Result<(), DriverError> {
    (tools.report)(&UploadEvent::FetchingReply { url: url.to_string() });
    let mut download = Download::new(file);
    download.restart().map_err(|error| cannot(download.file, error))?;
    loop {
        let before = download.have;
        let answer = fetching::fetch(tools, Method::GET, url, download.fields(), &mut download);
        if download.have > before {
            patience.progressed(Instant::now());
        }
        let (cause, after) = match download.outcome(answer)? {
            Outcome::Whole => break,
            Outcome::Again => (None, None),
            Outcome::Later(cause, after) => (Some(cause), after),
        };
        let Some((pause, attempt)) = patience.pause(after, Instant::now()) else {
            return Err(DriverError::Reply(cause.unwrap_or(ReplyError::BadAnswer("changes all the time"))));
        };
        if let Some(cause) = &cause {
            let cause = format!("the reply cannot be fetched: {cause}");
            (tools.report)(&UploadEvent::Retrying { cause, pause, attempt });
        }
        if tools.interrupter.wait(if cause.is_some() { pause } else { Duration::ZERO }) {
            return Err(UploadError::Interrupted.into());
        }
    }
    let size = download.have;
    let failed = |error| DriverError::Reply(ReplyError::File(error));
    saving(file.contents().map_err(failed)?);
    file.finish().map_err(failed)?;
    (tools.report)(&UploadEvent::ReplySaved { path: file.path().display().to_string(), size });
    Ok(())
}

fn cannot(file: &ReplyFile, error: io::Error) -> DriverError {
    DriverError::Reply(ReplyError::File(file.error(error)))
}

/// What one try came to.
#[derive(Debug)]
enum Outcome {
    Whole,
    /// At once, from another place.
    Again,
    Later(ReplyError, Option<Duration>),
}

/// A reply on its way to its file.
struct Download<'a> {
    file: &'a mut ReplyFile,
    have: u64,
    total: Option<u64>,
    /// What tells this reply from another at the same URL.
    validator: Option<HeaderValue>,
    failure: Option<Failure>,
}

/// Why no more was taken.
#[derive(Debug)]
enum Failure {
    File(io::Error),
    TooLarge,
    BadAnswer(&'static str),
    /// What is there is of no use.
    Changed,
}

impl<'a> Download<'a> {
    fn new(file: &'a mut ReplyFile) -> Self {
        Self { file, have: 0, total: None, validator: None, failure: None }
    }

    fn restart(&mut self) -> io::Result<()> {
        (self.have, self.total, self.validator) = (0, None, None);
        self.file.clear()
    }

    fn fields(&self) -> Vec<(HeaderName, HeaderValue)> {
        let mut fields = Vec::new();
        if self.have > 0
            && let Ok(range) = HeaderValue::try_from(format!("bytes={}-", self.have))
        {
            fields.push((RANGE, range));
            fields.extend(self.validator.clone().map(|validator| (IF_RANGE, validator)));
        }
        fields
    }

    /// Whether the body is to be written, from `have` on.
    fn accept(&mut self, head: &response::Parts) -> Result<bool, Failure> {
        let headers = &head.headers;
        match head.status {
            StatusCode::OK => {
                self.restart().map_err(Failure::File)?;
                self.total = length(headers)?;
                self.validator = validator(headers);
            }
            StatusCode::PARTIAL_CONTENT if self.have > 0 => {
                let range = text(headers, CONTENT_RANGE).and_then(|range| range.parse::<ContentRange>().ok());
                let range = range.ok_or(Failure::BadAnswer("has no usable Content-Range"))?;
                if range.first() != self.have || self.total.is_some_and(|total| total != range.total()) {
                    return Err(Failure::Changed);
                }
                self.total = Some(range.total());
            }
            StatusCode::PARTIAL_CONTENT => return Err(Failure::BadAnswer("is a part that was not asked for")),
            _ => return Ok(false),
        }
        if headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(Failure::BadAnswer("is compressed although that was not asked for"));
        }
        if self.total.is_some_and(|total| total > MAX_SIZE) { Err(Failure::TooLarge) } else { Ok(true) }
    }

    fn outcome(&mut self, answer: Result<response::Parts, TransportError>) -> Result<Outcome, DriverError> {
        match self.failure.take() {
            Some(Failure::File(error)) => return Err(cannot(self.file, error)),
            Some(Failure::TooLarge) => return Err(DriverError::Reply(ReplyError::TooLarge)),
            Some(Failure::BadAnswer(what)) => return Err(DriverError::Reply(ReplyError::BadAnswer(what))),
            Some(Failure::Changed) => return self.begin_again(),
            None => {}
        }
        match answer {
            Err(error) if error.kind == TransportErrorKind::Interrupted => Err(UploadError::Interrupted.into()),
            Err(error) if error.is_transient() => Ok(Outcome::Later(ReplyError::Lost(error), None)),
            Err(error) => Err(DriverError::Reply(ReplyError::Lost(error))),
            Ok(head) if head.status == StatusCode::RANGE_NOT_SATISFIABLE && self.have > 0 => {
                let told = text(&head.headers, CONTENT_RANGE).and_then(|range| range.strip_prefix("bytes */"));
                // The last byte arrived, and the news of it did not.
                if told.and_then(digits) == Some(self.have) { Ok(Outcome::Whole) } else { self.begin_again() }
            }
            Ok(head) if may_pass(head.status) => {
                Ok(Outcome::Later(ReplyError::Status(head.status), retry_after(&head.headers)))
            }
            Ok(head) if !head.status.is_success() => Err(DriverError::Reply(ReplyError::Status(head.status))),
            Ok(head) if !matches!(head.status, StatusCode::OK | StatusCode::PARTIAL_CONTENT) => {
                Err(DriverError::Reply(ReplyError::Status(head.status)))
            }
            // A server may answer with less than was asked for.
            Ok(_) if self.total.is_some_and(|total| self.have < total) => Ok(Outcome::Again),
            Ok(_) if self.total.is_some_and(|total| self.have > total) => self.begin_again(),
            Ok(_) => Ok(Outcome::Whole),
        }
    }

    fn begin_again(&mut self) -> Result<Outcome, DriverError> {
        self.restart().map_err(|error| cannot(self.file, error))?;
        Ok(Outcome::Again)
    }
}

impl Sink for Download<'_> {
    fn begin(&mut self, head: &response::Parts) -> bool {
        self.accept(head).unwrap_or_else(|failure| {
            self.failure = Some(failure);
            false
        })
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.have + bytes.len() as u64 > MAX_SIZE {
            self.failure = Some(Failure::TooLarge);
            return Err(io::Error::other("the reply is too large"));
        }
        if let Err(error) = self.file.append(bytes) {
            self.failure = Some(Failure::File(error));
            return Err(io::Error::other("the reply cannot be saved"));
        }
        self.have += bytes.len() as u64;
        Ok(())
    }
}

/// The body's length; `None` if it comes in chunks, which tell their end themselves.
fn length(headers: &HeaderMap) -> Result<Option<u64>, Failure> {
    if headers.contains_key(TRANSFER_ENCODING) {
        return Ok(None);
    }
    // Whether such a body is whole could not be told.
    text(headers, CONTENT_LENGTH).and_then(digits).map(Some).ok_or(Failure::BadAnswer("does not tell its length"))
}

/// A weak tag does not vouch for bytes.
fn validator(headers: &HeaderMap) -> Option<HeaderValue> {
    let tag = headers.get(ETAG).filter(|tag| tag.as_bytes().starts_with(b"\""));
    tag.or_else(|| headers.get(LAST_MODIFIED)).cloned()
}

/// A warning about an offer that is not followed.
pub(super) fn unusable(raw: &str, error: crate::protocol::reply_url::ReplyUrlError) -> UploadEvent {
    UploadEvent::Warning { text: format!("the server's URL of the reply, {}, is not followed: {error}", escape(raw)) }
}
