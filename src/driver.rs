//! The main loop of an upload: asks the machine what to do, does it, and tells it what came of that.

use std::fmt;
use std::io::{self, Read};
use std::time::Instant;

use http::header::{HOST, HeaderValue, USER_AGENT};
use http::{Request, Uri};

use crate::entity::{EntityError, UploadEntity};
use crate::event::UploadEvent;
use crate::protocol::text::escape;
use crate::protocol::{Packet, PacketKind, header};
use crate::transport::Transport;
use crate::uploader::{Action, Event, Plan, UploadError, Uploader};

/// What bitsup calls itself.
const PRODUCT: &str = concat!("bitsup/", env!("CARGO_PKG_VERSION"));

/// Uploads one file. Returns only when the server acknowledged Close-Session.
///
/// # Errors
/// When the upload ends in any other way.
pub fn upload(
    plan: Plan,
    entity: &UploadEntity,
    transport: &mut dyn Transport,
    report: &mut dyn FnMut(&UploadEvent),
) -> Result<(), DriverError> {
    report(&UploadEvent::Started {
        name: plan.name.as_str().to_owned(),
        url: plan.destination.to_string(),
        size: plan.size,
    });
    let mut uploader = Uploader::new(plan, Instant::now(), seed());
    loop {
        let event = match uploader.next_action() {
            Action::Finish => return Ok(()),
            Action::Wait(pause) => {
                std::thread::sleep(pause);
                Event::Waited
            }
            Action::Send(packet) if depends_on_source(&packet) && !entity.is_unchanged()? => Event::SourceChanged,
            Action::Send(packet) => exchange(&packet, uploader.target(), entity, transport, report)?,
        };
        uploader = uploader.handle(event, Instant::now())?;
        uploader.take_events().iter().for_each(&mut *report);
    }
}

/// Different in every process, as pauses must be.
fn seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

/// Fragments carry the source's bytes, and Close-Session vouches for them.
fn depends_on_source(packet: &Packet) -> bool {
    matches!(packet.kind(), PacketKind::Fragment | PacketKind::CloseSession)
}

fn exchange(
    packet: &Packet,
    target: &Uri,
    entity: &UploadEntity,
    transport: &mut dyn Transport,
    report: &mut dyn FnMut(&UploadEvent),
) -> Result<Event, DriverError> {
    let request = complete(packet.to_request(target));
    report(&UploadEvent::Sending(packet.clone()));
    report(&UploadEvent::RequestHead(Box::new(request.clone().into_parts().0)));
    let mut failed = None;
    let result = match packet {
        Packet::Fragment { range, .. } => {
            let source = entity.read(*range)?;
            let mut body = Body { source, sent: 0, failed: &mut failed, report: &mut *report };
            transport.exchange(request, &mut body)
        }
        _ => transport.exchange(request, &mut io::empty()),
    };
    if let Some(error) = failed {
        // The transport saw only a body that broke off; why is known here. A file that lost bytes has changed.
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Ok(Event::SourceChanged);
        }
        return Err(entity.error(error).into());
    }
    Ok(match result {
        Ok(answer) => {
            let (head, ()) = answer.into_parts();
            report(&UploadEvent::AnswerHead(Box::new(head.clone())));
            report(&UploadEvent::Answered {
                packet: packet.kind(),
                status: head.status,
                next_offset: head.headers.get(header::RECEIVED_CONTENT_RANGE).map(|v| escape(v.as_bytes())),
            });
            Event::Answered(http::Response::from_parts(head, ()))
        }
        Err(error) => Event::Lost(error),
    })
}

/// Adds what HTTP wants besides the packet.
pub(crate) fn complete(mut request: Request<()>) -> Request<()> {
    let host = request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(HOST, host);
    }
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
    request
}

/// A fragment's bytes on their way out: counts them, and remembers why reading failed.
struct Body<'a> {
    source: crate::entity::RangeReader<'a>,
    sent: u64,
    failed: &'a mut Option<io::Error>,
    report: &'a mut dyn FnMut(&UploadEvent),
}

impl Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.source.read(buffer) {
            Ok(0) => Ok(0),
            Ok(count) => {
                // What was read before has been taken by the network by now.
                (self.report)(&UploadEvent::BytesSent(self.sent));
                self.sent += count as u64;
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let for_transport = io::Error::new(error.kind(), "the source could not be read");
                *self.failed = Some(error);
                Err(for_transport)
            }
        }
    }
}

/// An upload that did not succeed.
#[derive(Debug)]
pub enum DriverError {
    /// The conversation with the server ended.
    Upload(UploadError),
    /// The source could not be read.
    Entity(EntityError),
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upload(error) => write!(f, "{error}"),
            Self::Entity(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for DriverError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // Both are shown as they are; what lies behind them comes next.
            Self::Upload(error) => error.source(),
            Self::Entity(error) => error.source(),
        }
    }
}

impl From<UploadError> for DriverError {
    fn from(error: UploadError) -> Self {
        Self::Upload(error)
    }
}

impl From<EntityError> for DriverError {
    fn from(error: EntityError) -> Self {
        Self::Entity(error)
    }
}
