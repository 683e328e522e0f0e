//! A connection under the HTTP library: sends and receives by the clock, and looks for answers that come early.

use std::io;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use ureq::Error;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

use crate::protocol::{ChannelBinding, TransportErrorKind as Kind};

use super::answer::{AnswerHead, MAX_HEAD};
use super::buffers::PageBuffers;
use super::exchange::Exchange;
use super::fault::Fault;
use super::interrupt::Interrupter;
use super::obs_text::undisguise;
use super::poll;
use super::proxy::AbsoluteForm;
use super::settings::{Settings, deadline};
use super::stream::Stream;
use super::tls::{CertificateWanted, Tls};

/// The source is read and handed to the network in pieces of at most this size. Of 512 KiB, 1, 2 and 4 MiB this took the
/// least processor time on a loopback, 8 % less than 512 KiB.
pub(super) const SEND_BUFFER: usize = 2 * 1024 * 1024;

/// An answer is a head and rarely more. There is room for the largest head and for what comes with its last byte.
const RECEIVE_BUFFER: usize = MAX_HEAD + 16 * 1024;

/// For the body of an answer that nobody wants: it is worth waiting for only because the connection can then be used
/// again.
const BODY_TIME: Duration = Duration::from_secs(10);

/// One connection. The HTTP library's own time limits are not used.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    buffers: PageBuffers,
    /// How requests are written for the proxy at the other end, if one is to pass them on.
    form: Option<AbsoluteForm>,
    /// What binds to it, if TLS goes all the way to the server.
    channel: Option<ChannelBinding>,
    settings: Settings,
    interrupter: Interrupter,
    exchange: Exchange,
    /// Which exchange the following belong to.
    number: u64,
    answer: AnswerHead,
    /// Something was received that the library has not been told of.
    news: bool,
    /// When the answer's head must be complete, once it is waited for.
    head_due: Option<Instant>,
    /// The same for its body.
    body_due: Option<Instant>,
    /// It carried an early answer or failed: what comes next on it means nothing.
    spent: bool,
}

impl Connection {
    pub(super) fn new(
        stream: Stream,
        form: Option<AbsoluteForm>,
        channel: Option<ChannelBinding>,
        settings: Settings,
        interrupter: Interrupter,
        exchange: Exchange,
    ) -> Self {
        Self {
            stream,
            form,
            channel,
            buffers: PageBuffers::new(RECEIVE_BUFFER, SEND_BUFFER),
            settings,
            interrupter,
            exchange,
            number: 0,
            answer: AnswerHead::default(),
            news: false,
            head_due: None,
            body_due: None,
            spent: false,
        }
    }

    /// Whether this is the beginning of another exchange.
    fn notice_exchange(&mut self) -> bool {
        let number = self.exchange.facts().number;
        let is_new = self.number != number;
        if is_new {
            self.number = number;
            self.answer = AnswerHead::default();
            (self.news, self.head_due, self.body_due) = (false, None, None);
            let wanted = self.stream.tls().and_then(Tls::certificate_wanted);
            let proves = self.form.as_ref().is_some_and(AbsoluteForm::proves);
            self.exchange.note(|facts| {
                (facts.certificate_wanted, facts.channel, facts.proves_at_proxy) = (wanted, self.channel, proves);
            });
        }
        is_new
    }

    /// Sends what the library wrote, the request line as the other end wants it.
    fn transmit(&mut self, amount: usize, begins: bool) -> Result<(), Fault> {
        if begins {
            undisguise(&mut self.buffers.output()[..amount]);
        }
        let form = self.form.as_ref().filter(|_| begins);
        match form.and_then(|form| form.first_line(&self.buffers.output()[..amount])) {
            Some((line, length)) => self.send(&line, length, amount),
            None => self.send(&[], 0, amount),
        }
    }

    /// Sends `line`, and the library's output from `skipped` to `amount`.
    fn send(&mut self, line: &[u8], skipped: usize, amount: usize) -> Result<(), Fault> {
        let (mut line, mut sent) = (line, skipped);
        let mut due = deadline(self.settings.request_timeout);
        // A peer that takes everything is never waited for, so this is the moment to see its answer.
        let mut answered = self.answered_early()?;
        // Offered to the network up to here.
        let mut granted = skipped;
        while !answered {
            if line.is_empty() && sent == granted && granted < amount {
                (granted, answered) = self.keep_pace(granted, amount)?;
                due = deadline(self.settings.request_timeout);
                continue;
            }
            let before = self.stream.accepted();
            let was_line = !line.is_empty();
            let (taken, result) = if was_line {
                self.stream.push(line)
            } else {
                let (taken, result) = self.stream.push(&self.buffers.output()[sent..granted]);
                sent += taken;
                (taken, result)
            };
            if was_line {
                line = &line[taken..];
            }
            if self.stream.accepted() > before {
                self.exchange.note(|facts| facts.request_was_sent = true);
                due = deadline(self.settings.request_timeout);
            }
            match result {
                Ok(()) if !was_line && sent == amount => return Ok(()),
                Ok(()) => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => answered = self.salvage(&error)?,
            }
            if !answered {
                let ready = self.wait(PollFlags::IN | PollFlags::OUT, due, self.settings.request_timeout)?;
                answered = ready.intersects(!PollFlags::OUT) && self.answered_early()?;
            }
        }
        Ok(())
    }

    /// Waits until more may go out: up to where, of `amount`, and whether an answer came meanwhile.
    fn keep_pace(&mut self, sent: usize, amount: usize) -> Result<(usize, bool), Fault> {
        let Some(pace) = &self.settings.pace else { return Ok((amount, false)) };
        let (bytes, when) = pace.grant(amount - sent, Instant::now());
        loop {
            let ready = poll::wait(&[self.stream.tcp()], PollFlags::IN, Some(when), &self.interrupter)?;
            if ready.is_empty() {
                return Ok((sent + bytes, false));
            }
            if self.answered_early()? {
                return Ok((sent, true));
            }
        }
    }

    /// The peer hung up. It may have said why before, in an answer or in a TLS alert.
    fn salvage(&mut self, error: &io::Error) -> Result<bool, Fault> {
        match self.answered_early() {
            Ok(true) => Ok(true),
            Err(fault) if matches!(fault.kind, Kind::Tls(_) | Kind::BadAnswer) => Err(fault),
            Ok(false) | Err(_) => Err(self.stream.fault(error)),
        }
    }

    /// Whether an answer came while the request is not out yet. From then on the request is not sent further.
    fn answered_early(&mut self) -> Result<bool, Fault> {
        while !self.answer.is_final() {
            match self.receive_some()? {
                None => return Ok(false),
                Some(0) => return Err(self.hung_up()),
                Some(_) => self.news = true,
            }
        }
        self.spent = true;
        self.exchange.note(|facts| facts.answered_early = true);
        Ok(true)
    }

    /// Waits for more of the answer; `false` at the end of the stream.
    fn receive(&mut self) -> Result<bool, Fault> {
        if std::mem::take(&mut self.news) && !self.buffers.input().is_empty() {
            return Ok(true);
        }
        let (limit, due) = self.time_for_answer();
        loop {
            match self.receive_some()? {
                None => {
                    self.wait(PollFlags::IN, due, limit)?;
                }
                Some(0) if self.answer.is_finished() => return Ok(false),
                Some(0) => return Err(self.hung_up()),
                Some(_) if self.buffers.input().is_empty() => {}
                Some(_) => return Ok(true),
            }
        }
    }

    /// The limit that holds for the part of the answer at hand, and when it is over.
    fn time_for_answer(&mut self) -> (Duration, Option<Instant>) {
        let facts = self.exchange.facts();
        let (limit, due) = match (self.answer.is_finished(), facts.body_is_wanted) {
            // Counted from the last byte.
            (true, true) => return (self.settings.request_timeout, deadline(self.settings.request_timeout)),
            (true, false) => (BODY_TIME, &mut self.body_due),
            (false, _) if self.settings.response_timeout.is_zero() => (Duration::ZERO, &mut self.head_due),
            (false, _) => (self.settings.response_timeout.max(facts.patience), &mut self.head_due),
        };
        *due = due.or_else(|| deadline(limit));
        (limit, *due)
    }

    /// Receives what is there into the buffer, without interim heads. `None` when nothing is there yet, 0 at the end.
    fn receive_some(&mut self) -> Result<Option<usize>, Fault> {
        let count = match self.stream.receive(self.buffers.input_append_buf()) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.notice_renegotiation();
                return Ok(None);
            }
            Err(error) => return Err(self.stream.fault(&error)),
        };
        self.buffers.input_appended(count);
        if count > 0 {
            self.exchange.note(|facts| facts.response_began = true);
            let input = self.buffers.input();
            let taken = self.answer.take(&input[input.len() - count..]);
            let interim = taken.map_err(|excess| Fault::new(Kind::BadAnswer, excess.to_string()))?;
            if interim > 0 {
                self.buffers.input_consume(interim);
            }
            if self.answer.is_finished() {
                self.exchange.note(|facts| _ = facts.answered.get_or_insert_with(Instant::now));
            }
        }
        Ok(Some(count))
    }

    /// A server that got no second handshake has little time left to say what it makes of that: some say nothing.
    fn notice_renegotiation(&mut self) {
        let wanted = self.stream.tls().and_then(Tls::certificate_wanted);
        if wanted == Some(CertificateWanted::ByRenegotiation) && self.exchange.facts().certificate_wanted != wanted {
            self.exchange.note(|facts| facts.certificate_wanted = wanted);
            let soon = deadline(BODY_TIME);
            self.head_due = self.head_due.into_iter().chain(soon).min();
        }
    }

    fn wait(&self, events: PollFlags, due: Option<Instant>, limit: Duration) -> Result<PollFlags, Fault> {
        let ready = poll::wait(&[self.stream.tcp()], events, due, &self.interrupter)?;
        ready.first().copied().ok_or_else(|| {
            let late = Fault::new(Kind::TimedOut(limit), "");
            self.stream.explain(late)
        })
    }

    fn hung_up(&self) -> Fault {
        let when = if self.answer.has_begun() { "in the middle of its answer" } else { "without an answer" };
        let closed = Fault::new(Kind::Cut, format!("the server closed it {when}"));
        self.stream.explain(closed)
    }
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        let begins = self.notice_exchange();
        let facts = self.exchange.facts();
        if facts.answered_early {
            return Ok(());
        }
        if facts.only_to.is_some_and(|channel| self.channel != Some(channel)) {
            self.spent = true;
            return Err(Fault::new(Kind::NoConnection, "").into());
        }
        self.exchange.note(|facts| _ = facts.began.get_or_insert_with(Instant::now));
        self.transmit(amount, begins).inspect_err(|_| self.spent = true)?;
        self.exchange.note(|facts| facts.sent = Some(Instant::now()));
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        self.notice_exchange();
        self.receive().map_err(|fault| {
            self.spent = true;
            fault.into()
        })
    }

    /// Asked before it is used again: the peer must have been silent since the last answer.
    fn is_open(&mut self) -> bool {
        !self.spent
            && self.buffers.input().is_empty()
            && matches!(self.stream.receive(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    fn is_tls(&self) -> bool {
        self.stream.is_tls()
    }
}
