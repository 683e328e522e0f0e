//! A client with its state folder, a link and a server. How exchanges are disturbed is in `disturb`, what must hold
//! whatever goes wrong in `check`, and how uploads may end in `end`.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use bitsup::protocol::{ContentName, Packet};
use bitsup::source::Fingerprint;
use bitsup::uploader::UploadEvent;
use bitsup::uploader::{Action, FragmentSize, HostLimit, Input, Plan, Seen, UploadError, Uploader, Verify};
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, Response, StatusCode};

use crate::end::{End, Excuse};
use crate::fault::{Fault, Trouble};
use crate::journal::{Journal, identity, number, place, url};
use crate::link::Link;
use crate::model::Model;
use crate::server::{Place, Request, Server};
use crate::watch::Watch;

/// How often the user gives the same command again after an upload ended without success.
const MAX_RUNS: u32 = 40;

/// The time that passes before that.
const BETWEEN_RUNS: Duration = Duration::from_secs(60);

/// Of the machine: a server that names hosts that fail is believed so often.
const MAX_LEFT_HOSTS: u32 = 2;

/// The client's records of its uploads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Kept,
    /// Only once something goes wrong.
    Deferred,
    Nothing,
}

/// The file to upload, how, and to which server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) model: Model,
    pub(crate) size: u64,
    pub(crate) sizing: FragmentSize,
    pub(crate) link: Link,
    pub(crate) state: State,
    pub(crate) verify: Verify,
    /// A refused size that an earlier upload is said to have learnt about the host, in bytes.
    pub(crate) refused_before: Option<u64>,
    pub(crate) seed: u64,
}

impl Setup {
    fn plan(&self, refused_before: Option<u64>) -> Plan {
        Plan {
            fragment_size: self.sizing,
            refused_before,
            can_resume: self.state != State::Nothing,
            defer_saves: self.state == State::Deferred,
            verify: self.verify,
            ..Plan::new(url(Place::Origin), self.size, ContentName::new("f"))
        }
    }

    pub(crate) fn fixed(size: u64) -> FragmentSize {
        FragmentSize::Fixed(NonZeroU64::new(size).expect("a size"))
    }

    /// Versions of the source are the same before this byte.
    fn differs_from(&self) -> u64 {
        self.size / 3
    }
}

#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct World {
    pub(crate) setup: Setup,
    /// `None` only while it is told what happened.
    pub(crate) machine: Option<Uploader>,
    pub(crate) server: Server,
    pub(crate) now: Instant,
    pub(crate) connection: u32,
    /// Whether that carried a response.
    pub(crate) is_reused: bool,
    /// Whether the server closed it, since it was started again.
    pub(crate) server_closed: bool,
    pub(crate) journal: Journal,
    /// As it was before the last response.
    journal_before: Journal,
    pub(crate) watch: Watch,
    pub(crate) previous: Option<(Request, Place)>,
    pub(crate) first_fragment: Option<(Request, Place)>,
    pub(crate) next: Option<Request>,
    /// Where that goes.
    pub(crate) place: Place,
    pub(crate) runs: u32,
    /// Of the source's content: 0, then 1.
    pub(crate) version: u8,
    /// The source's number: another file may have the same content.
    file: u32,
    /// The answer of something in between, and until when it gives it.
    pub(crate) trouble: Option<(Trouble, Instant)>,
    /// The next fragment carries a nonce that was not used.
    pub(crate) has_nonce: bool,
    remembered: Option<u64>,
    /// Whether it tells what it tells the machine.
    pub(crate) tells: bool,
    /// Why a run before this one ended without success.
    pub(crate) excuse: Option<Excuse>,
    pub(crate) end: Option<End>,
}

pub(crate) type Verdict = Result<(), String>;

impl World {
    /// `now` is only where the clock begins.
    pub(crate) fn new(setup: Setup, now: Instant) -> Result<Self, String> {
        let mut world = Self {
            setup,
            machine: Some(Uploader::new(setup.plan(setup.refused_before), now, setup.seed)),
            server: Server::new(setup.model, setup.size, setup.differs_from()),
            now,
            connection: 0,
            is_reused: false,
            journal: Journal::default(),
            journal_before: Journal::default(),
            watch: Watch::new(now),
            previous: None,
            first_fragment: None,
            next: None,
            place: Place::Origin,
            runs: 1,
            version: 0,
            file: 0,
            trouble: None,
            server_closed: false,
            has_nonce: false,
            remembered: setup.refused_before,
            tells: false,
            excuse: None,
            end: None,
        };
        world.go_on()?;
        Ok(world)
    }

    /// The request that is about to be sent; `None` when the upload has ended.
    pub(crate) fn next(&self) -> Option<Request> {
        self.next
    }

    pub(crate) fn end(&self) -> Option<End> {
        self.end
    }

    /// Carries the next request out, with a fault or without. `amount` is a number from 0 to 255 for how much is cut
    /// or lost, or for how long something in between is in the way.
    pub(crate) fn exchange(&mut self, fault: Option<Fault>, amount: u8) -> Verdict {
        let request = self.next.expect("the upload has not ended");
        if let Some(Fault::For(trouble)) = fault {
            let seconds = [20, 3, 90, 400][usize::from(amount % 4)];
            self.trouble = Some((trouble, self.now + Duration::from_secs(seconds)));
        }
        self.trouble = self.trouble.filter(|(_, until)| self.now < *until);
        let fault = fault.or(self.trouble.map(|(trouble, _)| Fault::For(trouble)));
        self.watch.note_fault(request, fault, &self.setup.model, self.now);
        self.check_request(request)?;
        match fault {
            Some(Fault::CrashUnsaved) => {
                self.journal = self.journal_before.clone();
                return self.restart(false);
            }
            Some(Fault::CrashUnsent | Fault::PowerUnsent) => return self.restart(fault == Some(Fault::PowerUnsent)),
            Some(Fault::CrashReplaced | Fault::CrashTouched) => {
                self.file += 1;
                self.version += u8::from(fault == Some(Fault::CrashReplaced));
                // Nothing of the other file arrives any more: its connection is gone.
                (self.previous, self.first_fragment) = (None, None);
                return self.restart(false);
            }
            // The client notices before it sends.
            Some(Fault::SourceChanged) => return self.tell(Input::SourceChanged),
            Some(Fault::Interrupted) => return self.tell(Input::Interrupted),
            _ => {}
        }
        self.check_order(request)?;
        let sessions = self.server.sessions();
        let input = match fault {
            None => Some(self.deliver(request)),
            Some(fault) => self.disturb(fault, request, amount),
        };
        self.account(request, input.as_ref(), fault.is_some());
        let verdict = match input {
            Some(input) => self.tell(input),
            None => self.restart(fault == Some(Fault::PowerUnanswered)),
        };
        self.watch.note_orphans(request, fault.is_some(), sessions..self.server.sessions());
        verdict?;
        if self.end.is_some() { self.check_left_behind() } else { Ok(()) }
    }

    fn tell(&mut self, input: Input) -> Verdict {
        if self.tells {
            crate::report(&format!("            {input:?}"));
        }
        self.journal_before.clone_from(&self.journal);
        self.handle(input);
        self.go_on()
    }

    fn handle(&mut self, input: Input) {
        if let Some(machine) = self.machine.take() {
            self.machine = Some(machine.handle(input, self.now));
        }
    }

    /// Lets pauses pass, writes what is to be written, and finds out what is to be sent next.
    fn go_on(&mut self) -> Verdict {
        loop {
            self.note_events();
            let input = match self.machine.as_ref().map_or(Action::Finish, Uploader::next_action) {
                Action::Save(save) => {
                    self.check_save(&save)?;
                    let (version, differs_from) = (self.version, self.setup.differs_from());
                    self.journal.apply(save, self.file, |len| prefix(version, differs_from, len))?;
                    Input::Saved { can_resume: true }
                }
                Action::Remember(limit) => {
                    self.remember(limit)?;
                    Input::Remembered
                }
                Action::Wait(pause) => {
                    self.now += pause;
                    Input::Waited
                }
                Action::Verify(method) => Input::Seen(self.seen(&method)),
                Action::Send(packet) => {
                    self.next = Some(request(&packet, self.version));
                    self.place = self.machine.as_ref().map_or(self.place, |machine| place(machine.target()));
                    return Ok(());
                }
                Action::Finish => return self.finished(),
                action @ (Action::FetchReply(_) | Action::KeepReply) => return Err(format!("{action:?}")),
            };
            self.handle(input);
        }
    }

    fn note_events(&mut self) {
        for event in self.machine.as_mut().map(Uploader::take_events).unwrap_or_default() {
            match event {
                UploadEvent::SessionCreated(session) => {
                    let is_followed = session.host.is_some() && self.watch.hosts_left < MAX_LEFT_HOSTS;
                    self.watch.note_session(number(&session.id), is_followed.then_some(self.now));
                }
                UploadEvent::Verified { .. } => self.watch.verified = true,
                UploadEvent::HostGivenUp { .. } => self.watch.hosts_left += 1,
                _ => {}
            }
        }
    }

    /// Only what the server refuses is remembered of it, and nothing that was an outage. Two outages that each met one
    /// fragment of that size, and nothing else, cannot be told from that, and neither can what is refused by its content.
    fn remember(&mut self, limit: HostLimit) -> Verdict {
        self.remembered = match limit {
            HostLimit::Refused(size)
                if self.watch.pages < 2
                    && self.setup.model.forbids.is_none()
                    && self.setup.model.largest.is_none_or(|(largest, _)| size <= largest) =>
            {
                return Err(format!("remembers that {size} bytes are refused"));
            }
            HostLimit::Refused(size) => Some(size),
            HostLimit::None => None,
        };
        Ok(())
    }

    /// The same command again.
    pub(crate) fn restart(&mut self, power_cut: bool) -> Verdict {
        self.runs += 1;
        if self.runs > MAX_RUNS {
            return Err(String::from("it ends without success again and again"));
        }
        self.next_connection();
        let found = self.journal.load(self.setup.size, power_cut)?;
        self.check_found(found.as_ref().and_then(|record| record.session.as_ref()))?;
        let plan = self.setup.plan(self.remembered);
        let (now, seed) = (self.now, self.setup.seed.wrapping_add(u64::from(self.runs)));
        let prefix = |len| prefix(self.version, self.setup.differs_from(), len);
        // As the client does: the content decides.
        let found = found.and_then(|record| Some((record.session?, record.prefix?, record.identity)));
        self.machine = Some(match found {
            None => Uploader::new(plan, now, seed),
            Some((state, sent, _)) if sent != prefix(state.acknowledged) => {
                self.watch.is_starting_over = true;
                Uploader::start_over(plan, state, now, seed)
            }
            Some((state, _, earlier)) if !identity(self.setup.size, self.file).is_unchanged_since(&earlier) => {
                self.watch.is_starting_over = true;
                let known = state.acknowledged;
                Uploader::resume_with_another_file(plan, state, known, now, seed)
            }
            Some((state, ..)) => Uploader::resume(plan, state, now, seed),
        });
        self.journal_before.clone_from(&self.journal);
        self.go_on()
    }

    /// Whether the source is not the file that the first run uploaded.
    pub(crate) fn is_another_file(&self) -> bool {
        self.file > 0
    }

    pub(crate) fn next_connection(&mut self) {
        self.connection += 1;
        (self.is_reused, self.server_closed) = (false, false);
    }

    fn finished(&mut self) -> Verdict {
        self.next = None;
        match self.machine.take().map_or(Err(UploadError::OutOfTurn), Uploader::into_result) {
            Ok(()) => {
                self.end = Some(self.succeeded()?);
                Ok(())
            }
            Err(error) => {
                self.end = self.judge(&error)?;
                if self.end.is_some() {
                    return Ok(());
                }
                self.now += BETWEEN_RUNS;
                self.restart(false)
            }
        }
    }

    /// The outcome of a look at the destination.
    fn seen(&self, method: &Method) -> Seen {
        let mut head = Response::new(());
        let Some(len) = self.server.published_len() else {
            *head.status_mut() = StatusCode::NOT_FOUND;
            return Seen { head: Some(head), count: 0, end: Ok(()), digests: None };
        };
        head.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(len));
        let is_read = *method == Method::GET && len == self.setup.size;
        let found = if self.server.has_published(self.version) { "the source's" } else { "another" };
        Seen {
            head: Some(head),
            count: if *method == Method::GET { len.min(self.setup.size + 1) } else { 0 },
            end: Ok(()),
            digests: is_read.then(|| (String::from(found), Ok(String::from("the source's")))),
        }
    }
}

/// Of the first `len` bytes of a version of the source.
fn prefix(version: u8, differs_from: u64, len: u64) -> Fingerprint {
    let version = if len > differs_from { version } else { 0 };
    Fingerprint::of(format!("{version} {len}").as_bytes())
}

fn request(packet: &Packet, version: u8) -> Request {
    match packet {
        Packet::Ping => Request::Ping,
        Packet::CreateSession { .. } => Request::Create,
        Packet::Fragment { session, range, .. } => {
            Request::Fragment { session: number(session), first: range.first(), end: range.end(), version }
        }
        Packet::CloseSession { session, .. } => Request::Close { session: number(session) },
        Packet::CancelSession { session } => Request::Cancel { session: number(session) },
    }
}
