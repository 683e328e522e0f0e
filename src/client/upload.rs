//! The main loop of an upload: asks the machine what to do, does it, and tells it what came of that. Beside it the one
//! that only gives a session up.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::time::{Duration, Instant, SystemTime};

use http::Uri;

use crate::auth::Authenticator;
use crate::exchange::TransportErrorKind;
use crate::journal::Entry;
use crate::protocol::{ContentName, Packet, PacketKind};
use crate::source::{Contents, DigestError, Fingerprint, PrefixDigest, RangeReader, SourceChange, UploadEntity};
use crate::transport::{CancellationToken, Transport};
use crate::uploader::{
    Action, Input, Plan, ReplyFetched, ReplyRequest, ResumeState, Save, UploadError, UploadEvent, Uploader,
};

use super::error::ClientError;
use super::reply::{ReplyFile, ReplySink};
use super::sender::Client;
use super::start::Start;
use super::{reply, verify};

/// A user who stops an upload waits no longer than this for a session to be given up.
const TIME_AFTER_INTERRUPT: Duration = Duration::from_millis(1500);

/// An upload that failed gives its session up within this time, whatever the network does.
const TIME_AFTER_FAILURE: Duration = Duration::from_secs(10);

/// The parts that an upload works with.
pub struct UploadContext<'a> {
    /// The source.
    pub entity: &'a UploadEntity,
    /// The network.
    pub transport: &'a mut dyn Transport,
    /// Who signs in there.
    pub authenticator: &'a mut Authenticator,
    /// The token that ends the upload from outside.
    pub cancellation: &'a CancellationToken,
    /// Who is told what happens.
    pub report: &'a mut dyn FnMut(&UploadEvent),
}

struct UploadRun<'a> {
    client: Client<'a>,
    entity: &'a UploadEntity,
    cancellation: &'a CancellationToken,
    entry: Entry,
    digest: PrefixDigest,
    reply: Option<ReplyFile>,
    /// The failure on this machine that ends the upload.
    failure: Option<ClientError>,
    /// Whether the transport was told that only one more packet is to go out.
    has_said_last_words: bool,
}

/// Uploads one file; `reply` is where to save the reply of the server's application. Returns without an error only when
/// the server acknowledged Close-Session, or the destination was found to hold the file's content. Returns the
/// content's size and digest if this run has read the whole file.
///
/// # Errors
/// When the upload ends in any other way. The record that another run needs to resume it is then in the journal.
pub fn upload(
    start: Start,
    context: UploadContext<'_>,
    reply: Option<ReplyFile>,
) -> Result<Option<Contents>, ClientError> {
    let Start { uploader, entry, digest } = start;
    let UploadContext { entity, transport, authenticator, cancellation, report } = context;
    let mut run = UploadRun {
        client: Client::new(transport, authenticator, report),
        entity,
        cancellation,
        entry,
        digest,
        reply,
        failure: None,
        has_said_last_words: false,
    };
    run.note_saved_reply();
    let result = run.run(uploader);
    run.warn();
    let read = run.digest.furthest();
    result.map(|()| Some(read).filter(|read| read.size == entity.size()))
}

/// Sends Cancel-Session for a session of an upload to `destination`. One that the server does not know is cancelled.
/// Fails when the server cannot be told, or does not acknowledge it.
pub(crate) fn cancel(
    destination: &Uri,
    state: ResumeState,
    transport: &mut dyn Transport,
    authenticator: &mut Authenticator,
) -> Result<(), ClientError> {
    let plan = Plan { can_resume: false, ..Plan::new(destination.clone(), 0, ContentName::new("")) };
    let mut report = |_: &UploadEvent| {};
    let mut client = Client::new(transport, authenticator, &mut report);
    let mut uploader = Uploader::give_up(plan, state, Instant::now());
    while let Action::Send(packet) = uploader.next_action() {
        let input = client.send(&packet, &uploader, &mut io::empty())?;
        uploader = uploader.handle(input, Instant::now());
    }
    Ok(uploader.into_result()?)
}

impl UploadRun<'_> {
    fn run(&mut self, mut uploader: Uploader) -> Result<(), ClientError> {
        loop {
            self.tell(&mut uploader);
            let input = match uploader.next_action() {
                Action::Finish => return self.result(uploader),
                action => self.perform(action, &uploader).unwrap_or_else(|error| self.failed(error)),
            };
            if matches!(input, Input::Interrupted) {
                self.last_words(TIME_AFTER_INTERRUPT);
            }
            uploader = uploader.handle(input, Instant::now());
        }
    }

    fn failed(&mut self, error: ClientError) -> Input {
        match error {
            ClientError::Interrupted { .. } => Input::Interrupted,
            ClientError::Upload(UploadError::SourceChanged) => Input::SourceChanged,
            error => {
                self.failure.get_or_insert(error);
                Input::Failed
            }
        }
    }

    fn result(&mut self, uploader: Uploader) -> Result<(), ClientError> {
        let named_host = uploader.named_host();
        uploader.into_result().map_err(|error| match (error, self.failure.take()) {
            (UploadError::Local, Some(failure)) => failure,
            (UploadError::Interrupted, _) => {
                let can_go_on = self.entry.can_save() && self.entry.record().session.is_some();
                ClientError::Interrupted { can_go_on }
            }
            (error, _) => match named_host.filter(|_| error.is_of_an_exchange()) {
                Some(host) => ClientError::AtNamedHost { host, error: Box::new(error) },
                None => ClientError::Upload(error),
            },
        })
    }

    fn tell(&mut self, uploader: &mut Uploader) {
        uploader.take_events().iter().for_each(&mut *self.client.report);
        self.warn();
    }

    fn warn(&mut self) {
        for warning in self.entry.take_warnings() {
            (self.client.report)(&UploadEvent::Warning { text: warning.to_string() });
        }
    }

    fn last_words(&mut self, limit: Duration) {
        if !std::mem::replace(&mut self.has_said_last_words, true) {
            self.client.transport.last_words(limit);
        }
    }

    fn perform(&mut self, action: Action, uploader: &Uploader) -> Result<Input, ClientError> {
        match action {
            Action::Save(save) => self.save(save),
            Action::Remember(limit) => {
                self.entry.remember_limit(limit, SystemTime::now());
                Ok(Input::Remembered)
            }
            Action::Send(packet) => self.send(&packet, uploader),
            Action::FetchReply(request) => self.fetch_reply(&request, uploader),
            Action::KeepReply => self.keep_reply(),
            Action::Verify(method) => {
                let seen =
                    verify::look(&mut self.client, &method, uploader.destination(), self.entity, self.cancellation);
                Ok(seen.map_or(Input::Interrupted, Input::Seen))
            }
            Action::Wait(pause) => Ok(if self.cancellation.wait(pause) { Input::Interrupted } else { Input::Waited }),
            Action::Finish => Ok(Input::Failed),
        }
    }

    /// Writes down what the machine wants, with the digest of what it says is acknowledged.
    fn save(&mut self, save: Save) -> Result<Input, ClientError> {
        let now = SystemTime::now();
        match save {
            Save::Durable(state) => {
                if state.reply_saved
                    && let Some(contents) =
                        self.reply.as_mut().and_then(|file| file.contents().transpose()).transpose()?
                {
                    self.entry.reply_saving(contents);
                }
                let (prefix, read) = self.digests(state.acknowledged)?;
                self.entry.save(state, prefix, read, now);
            }
            Save::Progress(state) => {
                let (prefix, read) = self.digests(state.acknowledged)?;
                self.entry.save_progress(state, prefix, read, now);
            }
            Save::Brief(state) => {
                let (prefix, read) = self.digests(state.acknowledged)?;
                self.entry.save_briefly(state, prefix, read, now);
            }
            Save::Forget => self.entry.forget(),
        }
        Ok(Input::Saved { can_resume: self.entry.can_save() })
    }

    /// The digests of what the server has, and of what it may have beyond that.
    fn digests(&mut self, acknowledged: u64) -> Result<(Fingerprint, Option<Contents>), ClientError> {
        let furthest = self.digest.furthest();
        self.digest.seek(acknowledged, self.entity)?;
        Ok((self.digest.fingerprint(), Some(furthest).filter(|furthest| furthest.size > acknowledged)))
    }

    fn send(&mut self, packet: &Packet, uploader: &Uploader) -> Result<Input, ClientError> {
        // Fragments carry the source's bytes, and Close-Session vouches for them.
        if matches!(packet.kind(), PacketKind::Fragment | PacketKind::CloseSession) {
            self.check_source()?;
        }
        if uploader.is_ending() {
            self.last_words(TIME_AFTER_FAILURE);
        }
        (self.client.report)(&UploadEvent::Sending(packet.clone()));
        let Packet::Fragment { range, .. } = packet else {
            return match self.client.send(packet, uploader, &mut io::empty()) {
                // It was to tidy up: why is what is to be told.
                Err(_) if packet.kind() == PacketKind::CancelSession => Ok(Input::Failed),
                sent => Ok(sent?),
            };
        };
        self.digest.seek(range.first(), self.entity)?;
        let source = self.entity.read(*range)?;
        let mut body = FragmentBody { source, entity: self.entity, digest: &mut self.digest, failure: None };
        let sent = self.client.send(packet, uploader, &mut body);
        match body.failure {
            Some(failure) => Err(failure.into()),
            None => Ok(sent?),
        }
    }

    /// The source must still be the file that it was. If only its attributes changed (chmod, another name), its content
    /// is compared with what was sent.
    fn check_source(&mut self) -> Result<(), ClientError> {
        match self.entity.change()? {
            SourceChange::None => Ok(()),
            SourceChange::Content => Err(UploadError::SourceChanged.into()),
            SourceChange::Attributes(now) => {
                let cancellation = self.cancellation;
                let mut go_on =
                    |_| if cancellation.is_interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
                self.digest.compare(self.entity, &mut go_on)?;
                self.entity.accept(now);
                Ok(())
            }
        }
    }

    /// An earlier run saved this session's reply, and it is still there.
    fn note_saved_reply(&mut self) {
        let is_saved = self.entry.record().session.as_ref().is_some_and(|session| session.reply_saved);
        if is_saved
            && let Some(file) = &self.reply
            && let Some(size) = file.saved()
        {
            (self.client.report)(&UploadEvent::ReplySaved { path: file.path().display().to_string(), size });
        }
    }

    fn fetch_reply(&mut self, request: &ReplyRequest, uploader: &Uploader) -> Result<Input, ClientError> {
        let Some(file) = &mut self.reply else { return Ok(Input::Failed) };
        let mut sink = ReplySink::new(file, uploader);
        let (head, end) = self.client.fetch(http::Method::GET, &request.url, reply::fields(request), &mut sink);
        let (taken, failure) = (sink.taken, sink.failure);
        match (failure, end) {
            (Some(error), _) => Err(file.error(error).into()),
            (None, Err(error)) if error.kind == TransportErrorKind::Interrupted => Ok(Input::Interrupted),
            (None, end) => Ok(Input::ReplyFetched(ReplyFetched { head, taken, end })),
        }
    }

    fn keep_reply(&mut self) -> Result<Input, ClientError> {
        let Some(file) = &mut self.reply else { return Ok(Input::Failed) };
        let size = file.contents()?.map_or(0, |contents| contents.size);
        file.finish()?;
        (self.client.report)(&UploadEvent::ReplySaved { path: file.path().display().to_string(), size });
        Ok(Input::ReplyKept)
    }
}

/// A fragment's bytes on their way out: those that go out again are compared with those that went before.
struct FragmentBody<'a> {
    source: RangeReader<'a>,
    entity: &'a UploadEntity,
    digest: &'a mut PrefixDigest,
    /// Why it broke off: the transport sees only that it did.
    failure: Option<DigestError>,
}

impl Read for FragmentBody<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.source.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => Err(DigestError::of_reading(self.entity, error)),
            Ok(count) => self.digest.feed(&buffer[..count]).map(|()| count),
        };
        read.map_err(|failure| {
            self.failure = Some(failure);
            io::Error::other("the source gave no more")
        })
    }
}
