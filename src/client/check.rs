//! Asks a server whether it would take an upload: the beginning of one, cancelled before its first byte.

use std::io::{self, Read};
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use http::Uri;
use http::header::SERVER;
use serde::Serialize;

use crate::auth::{Authenticator, Scheme};
use crate::exchange::TransportErrorKind;
use crate::protocol::text::escape;
use crate::protocol::{ContentName, Packet, ProtocolId, Session};
use crate::transport::{ConnectionInfo, Http};
use crate::uploader::{Action, FragmentSize, Input, Plan, Refusal, RetryPolicy, UploadError, UploadEvent, Uploader};

use super::ClientError;
use super::sender::Client;

/// The fragment that only shows how the server responds to one, in bytes.
const SMALL: u64 = 1024;

/// The largest fragment that is tried, in bytes.
const LARGEST: u64 = 32 << 20;

/// The first one; from there on twice as large each time.
const FIRST: u64 = 64 << 10;

/// The limit is told to this many bytes, or one part in 64.
const PRECISION: u64 = 1024;

#[derive(Debug, Clone)]
pub(crate) struct CheckPlan {
    /// Where a file would go.
    pub destination: Uri,
    /// Its name.
    pub name: ContentName,
    /// Protocols to offer, in order of preference.
    pub protocols: Vec<ProtocolId>,
    /// Whether to go to another host that the server names.
    pub follow_host_id: bool,
    /// Whether to send a small fragment of the file before it is given up.
    pub send_fragment: bool,
    /// Whether to look for the largest fragment that gets through.
    pub probe_fragment: bool,
}

/// The findings, as far as the check went.
#[derive(Debug, Clone, Default)]
pub(crate) struct Findings {
    /// The first connection.
    pub reached: Option<ConnectionInfo>,
    /// How the server authenticated us; `None`: it did not ask, or refused.
    pub scheme: Option<Scheme>,
    /// The server's name for itself, escaped.
    pub server: Option<String>,
    /// Why the Ping was no success, if the rest went on without it.
    pub ping_doubt: Option<String>,
    /// The session that was opened.
    pub session: Option<Session>,
    /// Where its fragments would go.
    pub target: Option<Uri>,
    /// Whether it was cancelled; `Err`: what the server said.
    pub cancelled: Option<Result<(), String>>,
    /// The known limit on the size of fragments.
    pub fragment: Option<FragmentLimit>,
}

/// The known limit on the size of fragments, from above and below.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FragmentLimit {
    /// The largest that the server took, in bytes.
    pub accepted: u64,
    /// The smallest that it did not take, in bytes.
    pub refused: Option<u64>,
    /// How it refused that, safe to print.
    pub reason: Option<String>,
}

/// Pings, opens a session and cancels it, each once. Whatever is found on the way goes into `findings`, also when it ends
/// early. Fails as an upload would.
pub(crate) fn check(
    plan: &CheckPlan,
    transport: &mut Http,
    authenticator: &mut Authenticator,
    report: &mut dyn FnMut(&UploadEvent),
    findings: &mut Findings,
) -> Result<(), ClientError> {
    let mut check = Check { plan, transport, authenticator, report, findings };
    if plan.send_fragment {
        check.begin(SMALL + 1, 1)?
    } else {
        check.begin(1, 0)?
    };
    if plan.probe_fragment {
        let limit = check.probe()?;
        check.findings.fragment = Some(limit);
    }
    Ok(())
}

struct Check<'a> {
    plan: &'a CheckPlan,
    transport: &'a mut Http,
    authenticator: &'a mut Authenticator,
    report: &'a mut dyn FnMut(&UploadEvent),
    findings: &'a mut Findings,
}

impl Check<'_> {
    /// Lets an upload of `size` bytes begin, and gives it up after this many fragments. Returns the last offset that the
    /// server acknowledged.
    fn begin(&mut self, size: u64, fragments: u32) -> Result<u64, ClientError> {
        let mut acknowledged = 0;
        let mut uploader = Uploader::new(self.upload(size), Instant::now(), 0);
        let (findings, report) = (&mut *self.findings, &mut *self.report);
        let mut notice = |event: &UploadEvent| {
            note(findings, event);
            if let UploadEvent::Acknowledged { offset, .. } = event {
                acknowledged = *offset;
            }
            report(event);
        };
        let mut client = Client::new(self.transport, self.authenticator, &mut notice);
        let mut left = fragments;
        let mut was_stopped = false;
        let (mut target, mut scheme, mut failure) = (None, None, None);
        loop {
            uploader.take_events().iter().for_each(&mut *client.report);
            let input = match uploader.next_action() {
                // The answer that it was begun for is known.
                Action::Send(Packet::Fragment { .. }) if left == 0 => {
                    was_stopped = true;
                    target.get_or_insert_with(|| uploader.target().clone());
                    Input::Interrupted
                }
                Action::Send(packet) => {
                    left -= u32::from(packet.body_len() > 0).min(left);
                    match send(&mut client, &packet, &uploader) {
                        Ok(input) => {
                            if matches!(input, Input::Responded(_)) {
                                scheme = client.authenticator.scheme();
                            }
                            input
                        }
                        Err(error) => {
                            failure.get_or_insert(error);
                            Input::Failed
                        }
                    }
                }
                // Nothing is tried twice, and nothing kept.
                Action::Wait(_) => Input::Waited,
                Action::Finish => break,
                _ => Input::Failed,
            };
            uploader = uploader.handle(input, Instant::now());
        }
        self.findings.reached = self.findings.reached.take().or_else(|| self.transport.connection_info());
        self.findings.target = self.findings.target.take().or(target);
        self.findings.scheme = self.findings.scheme.or(scheme);
        match (uploader.into_result(), failure) {
            (Err(UploadError::Interrupted), _) if was_stopped => Ok(acknowledged),
            (Err(_), Some(failure)) => Err(failure),
            (result, _) => Ok(result.map(|()| acknowledged)?),
        }
    }

    fn upload(&self, size: u64) -> Plan {
        Plan {
            protocols: self.plan.protocols.clone(),
            fragment_size: NonZeroU64::new(size - 1).map_or(FragmentSize::Auto, FragmentSize::Fixed),
            retry: RetryPolicy { no_progress_timeout: Duration::ZERO, ..RetryPolicy::default() },
            follow_host_id: self.plan.follow_host_id,
            may_start_over: false,
            can_resume: false,
            ..Plan::new(self.plan.destination.clone(), size, self.plan.name.clone())
        }
    }

    /// Doubles the size until a fragment is refused, then closes in.
    fn probe(&mut self) -> Result<FragmentLimit, ClientError> {
        let mut limit = FragmentLimit::default();
        let mut size = FIRST;
        loop {
            match self.try_fragment(size)? {
                None => limit.accepted = size,
                Some(reason) => (limit.refused, limit.reason) = (Some(size), Some(reason)),
            }
            size = match limit.refused {
                None if limit.accepted >= LARGEST => return Ok(limit),
                None => (limit.accepted * 2).min(LARGEST),
                Some(refused) if refused - limit.accepted <= PRECISION.max(refused / 64) => return Ok(limit),
                Some(refused) => u64::midpoint(limit.accepted, refused),
            };
        }
    }

    /// Sends a fragment of `size` bytes, all zeros, of a file that is a byte longer, and gives the file up. Why it was not
    /// taken.
    fn try_fragment(&mut self, size: u64) -> Result<Option<String>, ClientError> {
        match self.begin(size + 1, 1) {
            Ok(acknowledged) if acknowledged == size => Ok(None),
            Ok(acknowledged) => Ok(Some(format!("the server took {acknowledged} bytes of it"))),
            Err(ClientError::Upload(error)) => match refusal_of_size(&error) {
                Some(reason) => Ok(Some(reason)),
                None => Err(error.into()),
            },
            Err(error) => Err(error),
        }
    }
}

fn note(findings: &mut Findings, event: &UploadEvent) {
    match event {
        UploadEvent::SessionCreated(created) => _ = findings.session.get_or_insert_with(|| created.clone()),
        UploadEvent::PingIgnored { reason } => findings.ping_doubt = Some(reason.clone()),
        UploadEvent::ResponseHead(head) if findings.server.is_none() => {
            findings.server = head.headers.get(SERVER).map(|value| escape(value.as_bytes()));
        }
        UploadEvent::SessionCancelled { refusal } if findings.cancelled.is_none() => {
            findings.cancelled = Some(refusal.clone().map_or(Ok(()), Err));
        }
        _ => {}
    }
}

fn send(client: &mut Client<'_>, packet: &Packet, uploader: &Uploader) -> Result<Input, ClientError> {
    let send = |client: &mut Client<'_>| {
        (client.report)(&UploadEvent::Sending(packet.clone()));
        client.send(packet, uploader, &mut io::repeat(0).take(packet.body_len()))
    };
    match send(client)? {
        // Some servers and proxies close the connection after each response without saying so.
        Input::Lost(error) if error.closed_by_peer || error.is_stale_connection() => Ok(send(client)?),
        input => Ok(input),
    }
}

/// The response to a fragment that may have been refused for its size. Some refuse by a page, some by hanging up, or
/// never answer.
fn refusal_of_size(error: &UploadError) -> Option<String> {
    match error {
        UploadError::Refused { refusal: Refusal::FragmentTooLarge | Refusal::FileTooLarge, error, .. } => {
            Some(error.to_string())
        }
        UploadError::Refused { refusal: Refusal::Permission | Refusal::NoEndpoint, error, .. } => {
            (!error.is_from_bits()).then(|| error.to_string())
        }
        UploadError::Lost { error, .. } => {
            let is_cut = matches!(error.kind, TransportErrorKind::Cut | TransportErrorKind::TimedOut(_));
            is_cut.then(|| error.to_string())
        }
        _ => None,
    }
}
