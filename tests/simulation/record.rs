//! What the client's journal holds: when it is written is modelled, what its file says is not.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use bitsup::digest::Fingerprint;
use bitsup::journal::{self, Key, SavedSession};
use bitsup::protocol::{HostId, SessionId};
use bitsup::uploader::Saved;
use http::Uri;
use serde_json::json;

use crate::server::{HOST_FALLBACK_SECONDS, Place};

pub(crate) const HOST_FALLBACK: Duration = Duration::from_secs(HOST_FALLBACK_SECONDS);

/// One session in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Record {
    pub(crate) session: usize,
    /// Where its packets go.
    pub(crate) place: Place,
    /// Whether the server named another host for it.
    pub(crate) has_host: bool,
    pub(crate) acknowledged: u64,
    pub(crate) sent: u64,
    pub(crate) refused_size: Option<u64>,
    pub(crate) close_sent: bool,
}

/// What is durable. The driver need not write each time: so there are two bounds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Journal {
    /// Written at every occasion.
    pub(crate) fresh: Option<Record>,
    /// Written only where it must be, with as much sent ahead as there can be.
    pub(crate) lagging: Option<Record>,
}

thread_local! {
    /// Records that were read back as they were written; millions of restarts share few thousand of them.
    static CHECKED: RefCell<HashSet<(Record, u64)>> = RefCell::default();
}

impl Record {
    /// As Create-Session's Ack leaves it.
    pub(crate) fn new(session: usize, place: Place) -> Self {
        let has_host = place == Place::Named;
        Self { session, place, has_host, acknowledged: 0, sent: 0, refused_size: None, close_sent: false }
    }

    pub(crate) fn of(saved: &Saved, has_host: bool) -> Self {
        Self {
            session: number(&saved.session),
            place: place(&saved.target),
            has_host,
            acknowledged: saved.acknowledged,
            sent: saved.sent,
            refused_size: saved.refused_size,
            close_sent: saved.close_sent,
        }
    }

    /// What the driver makes of it.
    pub(crate) fn saved(self) -> Saved {
        Saved {
            session: name(self.session),
            target: url(self.place),
            host_fallback_timeout: self.has_host.then_some(HOST_FALLBACK),
            acknowledged: self.acknowledged,
            sent: self.sent,
            // As the driver does: it is not in the journal.
            tells_offset: true,
            refused_size: self.refused_size,
            close_sent: self.close_sent,
        }
    }

    /// The journal must find in its file, for a source of `size` bytes, what it wrote there.
    pub(crate) fn check_file(self, size: u64) -> Result<(), String> {
        if CHECKED.with_borrow(|checked| checked.contains(&(self, size))) {
            return Ok(());
        }
        let written = self.in_full(size);
        let bytes = written.to_bytes().map_err(|error| format!("{self:?}: {error}"))?;
        let read = journal::Record::from_bytes(&bytes, written.key).map_err(|error| format!("{self:?}: {error}"))?;
        if read != written {
            return Err(format!("{self:?} is read back as {read:?}"));
        }
        CHECKED.with_borrow_mut(|checked| checked.insert((self, size)));
        Ok(())
    }

    fn in_full(self, size: u64) -> journal::Record {
        let url = url(Place::Origin);
        let path = "/f";
        let source = json!({ "size": size, "modified": null, "changed": null, "inode": null, "device": null });
        journal::Record {
            key: Key::new(&url, Path::new(path)),
            url,
            has_query: false,
            name: String::from("f"),
            path: String::from(path),
            identity: serde_json::from_value(source).expect("an identity"),
            session: Some(self.session_in_full()),
            reply: None,
            created: UNIX_EPOCH,
            updated: UNIX_EPOCH,
        }
    }

    fn session_in_full(self) -> SavedSession {
        let saved = self.saved();
        SavedSession {
            id: saved.session,
            host: self.has_host.then(|| host(&url(Place::Named))),
            target: Some(saved.target),
            host_fallback_timeout: saved.host_fallback_timeout,
            acknowledged: saved.acknowledged,
            prefix: Fingerprint::of(b""),
            sent: saved.sent,
            fragment_size: None,
            refused_size: saved.refused_size,
            close_sent: saved.close_sent,
            reply_url: None,
            reply_saved: false,
        }
    }
}

fn host(url: &Uri) -> HostId {
    url.host().and_then(|host| host.parse().ok()).expect("a host")
}

pub(crate) fn name(session: usize) -> SessionId {
    format!("s{session}").parse().expect("a session id")
}

pub(crate) fn url(place: Place) -> Uri {
    Uri::from_static(match place {
        Place::Origin => "http://h/f",
        Place::Named => "http://named/f",
    })
}

pub(crate) fn place(url: &Uri) -> Place {
    match url.host() {
        Some("h") => Place::Origin,
        Some("named") => Place::Named,
        other => panic!("packets go to {other:?}"),
    }
}

pub(crate) fn number(session: &SessionId) -> usize {
    session.as_str()[1..].parse().expect("a session of ours")
}
