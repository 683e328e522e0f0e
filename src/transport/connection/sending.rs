//! A request on its way out, with an eye on a response that comes before its end.

use std::io;
use std::time::Instant;

use rustix::event::PollFlags;
use ureq::unversioned::transport::Buffers;

use crate::exchange::{TransportError, TransportErrorKind as Kind};
use crate::transport::poll::{self, deadline};

use super::super::obs_text::undisguise;
use super::Connection;

/// The bytes that the library wrote to be sent next.
#[derive(Debug)]
struct Output {
    amount: usize,
    /// Bytes of it in front of the body's.
    head: usize,
    /// Bytes of the body in earlier outputs.
    before: u64,
}

impl Output {
    /// Bytes of the body that went out when this one has, up to `sent`.
    fn body_sent(&self, sent: usize) -> u64 {
        self.before + sent.saturating_sub(self.head) as u64
    }
}

impl Connection {
    /// Sends what the library wrote, the request line as the other end wants it.
    pub(super) fn transmit(&mut self, amount: usize, begins: bool) -> Result<(), TransportError> {
        if begins {
            undisguise(&mut self.buffers.output()[..amount]);
        }
        // The body's part of what the library wrote is the end of it, behind the head.
        let before = std::mem::replace(&mut self.body_handed, self.exchange.facts().body_handed);
        let body = usize::try_from(self.body_handed - before).unwrap_or(usize::MAX);
        let output = Output { amount, head: amount.saturating_sub(body), before };
        let form = self.endpoint.form.as_ref().filter(|_| begins);
        match form.and_then(|form| form.first_line(&self.buffers.output()[..amount])) {
            Some((line, length)) => self.send(&line, length, &output),
            None => self.send(&[], 0, &output),
        }
    }

    /// Sends `line`, and the library's output from `skipped` on.
    fn send(&mut self, line: &[u8], skipped: usize, output: &Output) -> Result<(), TransportError> {
        let (mut line, mut sent) = (line, skipped);
        let mut due = deadline(self.settings.request_timeout);
        // A peer that takes everything is never waited for, so this is the moment to see its response.
        let mut refused = self.refused_early()?;
        // Offered to the network up to here.
        let mut granted = skipped;
        while !refused {
            if line.is_empty() && sent == granted && granted < output.amount {
                (granted, refused) = self.keep_pace(granted, output.amount)?;
                due = deadline(self.settings.request_timeout);
                continue;
            }
            let before = self.stream.accepted();
            let was_line = !line.is_empty();
            let (taken, result) =
                if was_line { self.stream.push(line) } else { self.stream.push(&self.buffers.output()[sent..granted]) };
            if was_line {
                line = &line[taken..];
            } else {
                sent += taken;
            }
            if self.note_sent(before, output.body_sent(sent)) {
                due = deadline(self.settings.request_timeout);
            }
            match result {
                Ok(()) if !was_line && sent == output.amount => return Ok(()),
                Ok(()) => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => refused = self.salvage(&error)?,
            }
            if !refused {
                let ready = self.wait(self.awaited() | PollFlags::OUT, due, self.settings.request_timeout)?;
                refused = ready.intersects(!PollFlags::OUT) && self.refused_early()?;
            }
        }
        Ok(())
    }

    /// Notes what went out, `before` what the network had taken; says whether it took more.
    fn note_sent(&self, before: u64, body: u64) -> bool {
        let has_taken = self.stream.accepted() > before;
        self.exchange.note(|facts| {
            facts.request_was_sent |= has_taken;
            facts.body_sent = body;
        });
        has_taken
    }

    /// Waits until more may go out: up to where, of `amount`, and whether a refusal came meanwhile.
    fn keep_pace(&mut self, sent: usize, amount: usize) -> Result<(usize, bool), TransportError> {
        let Some(limit) = &self.settings.rate_limit else { return Ok((amount, false)) };
        let (bytes, when) = limit.grant(amount - sent, Instant::now());
        loop {
            let awaited = self.awaited();
            let ready = poll::wait(self.stream.tcp(), awaited, Some(when), &self.cancellation)?;
            // Where nothing is awaited, it is an error, and sending will show it.
            if ready.is_none() || awaited.is_empty() {
                return Ok((sent + bytes, false));
            }
            if self.refused_early()? {
                return Ok((sent, true));
            }
        }
    }

    /// The peer hung up. It may have said why before, in a response or in a TLS alert.
    fn salvage(&mut self, error: &io::Error) -> Result<bool, TransportError> {
        self.notice_end(error);
        match self.refused_early() {
            Ok(true) => Ok(true),
            Err(error) if matches!(error.kind, Kind::Tls(_) | Kind::BadResponse | Kind::ProxyRefused) => Err(error),
            Ok(false) | Err(_) => Err(self.lost(self.stream.fault(error))),
        }
    }

    /// Whether the response is known as far as it matters before the request is out: a success, whose head is complete.
    fn has_early_success(&self) -> bool {
        self.response.finished && self.response.is_success()
    }

    /// The events to wait for beside the network's readiness while the request goes out. Behind the head of an early
    /// success nothing is read: its rest may be endless.
    fn awaited(&self) -> PollFlags {
        if self.has_early_success() { PollFlags::empty() } else { PollFlags::IN }
    }

    /// Whether a refusal came while the request is not out yet. From then on the request is not sent further. A success
    /// is one only when the server has the whole request, whatever it says before.
    fn refused_early(&mut self) -> Result<bool, TransportError> {
        while !self.response.is_final() || (self.response.is_success() && !self.response.finished) {
            match self.receive_some()? {
                None => return Ok(false),
                Some(0) => return Err(self.hung_up()),
                Some(_) => self.news = true,
            }
        }
        if self.has_early_success() {
            self.is_ahead = true;
            return Ok(false);
        }
        self.spent = true;
        self.exchange.note(|facts| facts.responded_early = true);
        Ok(true)
    }
}
