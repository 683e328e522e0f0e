//! After Close-Session: is what can be read at the destination the file?

use std::fmt;
use std::io::{self, Read};
use std::time::Instant;

use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{Method, StatusCode, response};
use sha2::{Digest, Sha256};

use crate::entity::{EntityError, UploadEntity};
use crate::event::UploadEvent;
use crate::protocol::{ContentRange, TransportError, TransportErrorKind, digits};
use crate::transport::{Interrupter, Sink};
use crate::uploader::{UploadError, retry_after};

use super::fetching::{self, Patience, may_pass, text};
use super::{DriverError, Tools, Wishes};

/// The file is there already; nobody waits for ever to see it.
const MAX_RETRIES: u32 = 4;

/// Bytes of the source read at a time.
const BLOCK: usize = 256 * 1024;

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
#[derive(Debug)]
pub enum Unverified {
    /// The server does not give it out.
    Status(Method, StatusCode),
    /// The answer does not tell how long it is.
    NoLength(Method),
    /// The server gives out something else than the file's bytes.
    Encoded(Method),
    /// No answer came.
    Lost(Method, TransportError),
    /// The source is no longer what was uploaded.
    SourceChanged,
    /// The source cannot be read again.
    Source(EntityError),
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
            Self::SourceChanged => f.write_str("the file changed since it was uploaded"),
            Self::Source(error) => write!(f, "{error}"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

/// Compares, if that is wished for and the upload got so far, and says what follows for the upload's result.
pub(super) fn after(
    result: Result<(), DriverError>,
    tools: &mut Tools<'_>,
    wishes: &Wishes,
) -> Result<(), DriverError> {
    let unconfirmed = match result {
        _ if wishes.verify == Verify::None => return result,
        Ok(()) => None,
        Err(DriverError::Upload(UploadError::Unconfirmed { error })) => Some(error),
        Err(_) => return result,
    };
    let how = if wishes.verify == Verify::Size { "size" } else { "SHA-256" };
    (tools.report)(&UploadEvent::Verifying { how });
    let patience = Patience::new(wishes.retry.clone(), wishes.seed, Instant::now()).at_most(MAX_RETRIES);
    match (Check { tools: &mut *tools, wishes, patience }.run(), unconfirmed) {
        (Ok(Finding::Different(difference)), _) => Err(DriverError::Different(difference)),
        (Ok(Finding::Same(proof)), None) => {
            (tools.report)(&UploadEvent::Verified { proof });
            Ok(())
        }
        (Ok(Finding::Same(proof)), Some(error)) => Err(DriverError::UnconfirmedSame { error, proof }),
        (Err(reason), None) => Err(DriverError::Unverified(reason)),
        (Err(reason), Some(error)) => {
            (tools.report)(&UploadEvent::Warning { text: format!("the upload cannot be verified: {reason}") });
            Err(UploadError::Unconfirmed { error }.into())
        }
    }
}

#[derive(Debug)]
enum Finding {
    /// With what is the same.
    Same(String),
    Different(Difference),
}

struct Check<'a, 't> {
    tools: &'a mut Tools<'t>,
    wishes: &'a Wishes,
    patience: Patience,
}

impl Check<'_, '_> {
    fn run(mut self) -> Result<Finding, Unverified> {
        let size = self.tools.entity.size();
        let method = if self.wishes.verify == Verify::Size { Method::HEAD } else { Method::GET };
        let found = loop {
            let mut sink = Received::new(size);
            // A cache in front of the server may hold what was there before.
            let fields: Vec<(HeaderName, HeaderValue)> = vec![(CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
            let answer = fetching::fetch(self.tools, method.clone(), &self.wishes.destination, fields, &mut sink);
            match answer {
                Ok(head) if may_pass(head.status) => {
                    let reason = Unverified::Status(method.clone(), head.status);
                    self.wait(reason, retry_after(&head.headers))?;
                }
                Ok(head) => break sink.finding(&method, &head)?,
                Err(_) if sink.is_too_long() => {
                    break Found::Different(Difference::Size { expected: size, found: None });
                }
                Err(error) if error.kind == TransportErrorKind::Interrupted => return Err(Unverified::Interrupted),
                Err(error) if error.is_transient() => self.wait(Unverified::Lost(method.clone(), error), None)?,
                Err(error) => return Err(Unverified::Lost(method, error)),
            }
        };
        match found {
            Found::Different(difference) => Ok(Finding::Different(difference)),
            Found::SameSize => Ok(Finding::Same(format!("its size, {size} bytes"))),
            Found::Digest(found) => {
                let expected = source_digest(self.tools.entity, self.tools.interrupter)?;
                Ok(if found == expected {
                    Finding::Same(format!("its SHA-256, {found}"))
                } else {
                    Finding::Different(Difference::Sha256 { expected, found })
                })
            }
        }
    }

    fn wait(&mut self, reason: Unverified, after: Option<std::time::Duration>) -> Result<(), Unverified> {
        let Some((pause, attempt)) = self.patience.pause(after, Instant::now()) else { return Err(reason) };
        (self.tools.report)(&UploadEvent::Retrying { cause: reason.to_string(), pause, attempt });
        if self.tools.interrupter.wait(pause) { Err(Unverified::Interrupted) } else { Ok(()) }
    }
}

/// What an answer shows.
enum Found {
    Different(Difference),
    SameSize,
    Digest(String),
}

/// What of a file at the destination arrives.
struct Received {
    size: u64,
    count: u64,
    hasher: Sha256,
}

impl Received {
    fn new(size: u64) -> Self {
        Self { size, count: 0, hasher: Sha256::new() }
    }

    fn is_too_long(&self) -> bool {
        self.count > self.size
    }

    fn finding(self, method: &Method, head: &response::Parts) -> Result<Found, Unverified> {
        if head.status != StatusCode::OK {
            return Err(Unverified::Status(method.clone(), head.status));
        }
        if is_encoded(head) {
            return Err(Unverified::Encoded(method.clone()));
        }
        let differs = |found| Found::Different(Difference::Size { expected: self.size, found: Some(found) });
        match length(head) {
            Some(length) if length != self.size => Ok(differs(length)),
            Some(_) if method == Method::HEAD => Ok(Found::SameSize),
            // Whether such a body is whole cannot be told.
            None if method == Method::HEAD || !head.headers.contains_key(TRANSFER_ENCODING) => {
                Err(Unverified::NoLength(method.clone()))
            }
            _ if self.count != self.size => Ok(differs(self.count)),
            _ => Ok(Found::Digest(hexadecimal(&self.hasher.finalize()))),
        }
    }
}

impl Sink for Received {
    fn begin(&mut self, head: &response::Parts) -> bool {
        let may_fit = length(head).is_none_or(|length| length == self.size);
        head.status == StatusCode::OK && !is_encoded(head) && may_fit
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.count += bytes.len() as u64;
        if self.is_too_long() {
            return Err(io::Error::other("it is longer than the file"));
        }
        self.hasher.update(bytes);
        Ok(())
    }
}

/// The length that the head tells. Chunks have one of their own.
fn length(head: &response::Parts) -> Option<u64> {
    let chunked = head.headers.contains_key(TRANSFER_ENCODING);
    text(&head.headers, CONTENT_LENGTH).filter(|_| !chunked).and_then(digits)
}

fn is_encoded(head: &response::Parts) -> bool {
    head.headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// The source's own digest; it must still be what was uploaded.
fn source_digest(entity: &UploadEntity, interrupter: &Interrupter) -> Result<String, Unverified> {
    let is_unchanged = || match entity.is_unchanged() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Unverified::SourceChanged),
        Err(error) => Err(Unverified::Source(error)),
    };
    is_unchanged()?;
    let mut hasher = Sha256::new();
    if let Ok(range) = ContentRange::new(0, entity.size(), entity.size()) {
        let mut reader = entity.read(range).map_err(Unverified::Source)?;
        let mut block = vec![0; BLOCK];
        loop {
            if interrupter.is_interrupted() {
                return Err(Unverified::Interrupted);
            }
            match reader.read(&mut block) {
                Ok(0) => break,
                Ok(count) => hasher.update(&block[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(Unverified::SourceChanged),
                Err(error) => return Err(Unverified::Source(entity.error(error))),
            }
        }
    }
    is_unchanged()?;
    Ok(hexadecimal(&hasher.finalize()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
