//! One upload's place in the journal: what happened is told here before, or after, it may be relied on.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::Uri;

use crate::digest::{Contents, Fingerprint};
use crate::protocol::{Session, reply_url};

use super::error::JournalWarning;
use super::files::Lock;
use super::host;
use super::key::{Key, without_query};
use super::record::{Record, SavedSession, may_lead_to};
use super::store::Store;

/// A durable write waits for the disk twice: in a steady upload there is one in this time.
const INTERVAL: Duration = Duration::from_secs(1);

/// The time, from both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// For intervals.
    pub instant: Instant,
    /// For people, and other runs.
    pub wall: SystemTime,
}

impl Now {
    /// Reads both clocks.
    #[must_use]
    pub fn read() -> Self {
        Self { instant: Instant::now(), wall: SystemTime::now() }
    }
}

/// One upload in the journal, locked against other processes for as long as this lives.
///
/// No method fails: what cannot be written is no reason to stop an upload. It becomes one [`JournalWarning`], see
/// [`Entry::take_warnings`]. A record that could not be replaced is removed if that is possible, for what it says about
/// how far the upload got is no longer true.
#[derive(Debug)]
pub struct Entry {
    record: Record,
    /// Highest offset sent in this session; the record may be ahead of it.
    sent: u64,
    written: Option<Written>,
    store: Option<Arc<Store>>,
    lock: Option<Lock>,
    is_on_disk: bool,
    has_failed: bool,
    warnings: Vec<JournalWarning>,
}

/// The last write, and what had been sent by then.
#[derive(Debug, Clone, Copy)]
struct Written {
    at: Instant,
    sent: u64,
}

impl Entry {
    /// An entry that remembers nothing beyond this process.
    pub(super) fn in_memory(record: Record) -> Self {
        Self {
            record,
            sent: 0,
            written: None,
            store: None,
            lock: None,
            is_on_disk: false,
            has_failed: false,
            warnings: Vec::new(),
        }
    }

    pub(super) fn on_disk(record: Record, is_on_disk: bool, store: Arc<Store>, lock: Lock) -> Self {
        let mut entry = Self::in_memory(record);
        entry.sent = entry.record.session.as_ref().map_or(0, |session| session.sent);
        (entry.is_on_disk, entry.store, entry.lock) = (is_on_disk, Some(store), Some(lock));
        entry
    }

    /// What is remembered.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Whether another process finds this record.
    #[must_use]
    pub fn is_on_disk(&self) -> bool {
        self.is_on_disk
    }

    /// What was worth a warning since the last call.
    pub fn take_warnings(&mut self) -> Vec<JournalWarning> {
        std::mem::take(&mut self.warnings)
    }

    pub(super) fn warn(&mut self, warning: JournalWarning) {
        self.warnings.push(warning);
    }

    /// There is no session, or no longer one. Call it before Create-Session. Durable when it returns.
    pub fn create(&mut self, now: Now) {
        self.record.session = None;
        self.sent = 0;
        self.write(now);
    }

    /// Create-Session was acknowledged; packets go to `target`. Call it before the first Fragment. Durable when it
    /// returns.
    pub fn session_opened(&mut self, session: &Session, target: &Uri, now: Now) {
        self.sent = 0;
        self.written = None;
        self.record.session = Some(SavedSession {
            id: session.id.clone(),
            target: None,
            host: session.host.clone(),
            host_fallback_timeout: session.host_fallback_timeout,
            acknowledged: 0,
            prefix: Fingerprint::of(b""),
            sent: 0,
            fragment_size: None,
            refused_size: None,
            close_sent: false,
            reply_url: None,
            reply_saved: false,
        });
        self.target_changed(target);
        self.write(now);
    }

    /// Packets go somewhere else from now on. Written with the next change.
    pub fn target_changed(&mut self, target: &Uri) {
        let url = &self.record.url;
        if let Some(session) = &mut self.record.session {
            let kept = if target.query().is_some() { None } else { Some(without_query(target)) };
            session.target = kept.filter(|target| may_lead_to(url, session.host.as_ref(), target));
        }
    }

    /// The sizes of fragments in bytes: the one in use, and the smallest one refused. Written with the next change.
    pub fn fragment_sizes(&mut self, in_use: u64, refused: Option<u64>) {
        if let Some(session) = &mut self.record.session {
            session.fragment_size = Some(in_use).filter(|size| *size > 0);
            session.refused_size = refused.filter(|size| *size > 0);
        }
    }

    /// The smallest fragment in bytes that the URL's host refused in an upload of the last [`HOST_EXPIRY`](super::HOST_EXPIRY).
    #[must_use]
    pub fn host_refused(&self, now: Now) -> Option<u64> {
        host::refused_size(self.store.as_ref()?, Key::of_host(&self.record.url), now.wall)
    }

    /// The URL's host, or what stands before it, refused a fragment of `size` bytes. Durable when it returns, if that
    /// is possible.
    pub fn refused_by_host(&self, size: u64, now: Now) {
        if let Some(store) = &self.store {
            host::remember(store, Key::of_host(&self.record.url), size, now.wall);
        }
    }

    /// A Fragment that ends before offset `end` is about to be sent: the server may then have all of it.
    ///
    /// It is durable when this returns that so much may have been sent. In a fast upload that is written ahead, by as
    /// much as a second carries; so it is one write a second, which takes the latest Ack along.
    pub fn sending(&mut self, end: u64, now: Now) {
        let size = self.record.identity.size();
        let before = self.sent;
        self.sent = before.max(end.min(size));
        let Some(session) = &mut self.record.session else { return };
        let elapsed = self.written.map(|written| now.instant.saturating_duration_since(written.at));
        if self.sent <= session.sent && elapsed.is_some_and(|elapsed| elapsed < INTERVAL) {
            return;
        }
        session.sent = self.sent.saturating_add(ahead(before, self.written, elapsed)).min(size);
        self.write(now);
        self.written = Some(Written { at: now.instant, sent: before });
    }

    /// The server acknowledged everything before `offset`, whose digest is `prefix`. Written with the next
    /// [`Entry::sending`], [`Entry::close_sending`] or [`Entry::flush`].
    pub fn acknowledged(&mut self, offset: u64, prefix: Fingerprint) {
        if let Some(session) = &mut self.record.session
            && offset <= self.sent
        {
            (session.acknowledged, session.prefix) = (offset, prefix);
        }
    }

    /// The server's reply can be fetched from `raw`, as `BITS-Reply-URL` has it. Written with the next change.
    pub fn reply_offered(&mut self, raw: &str) {
        let url = &self.record.url;
        if let Some(session) = &mut self.record.session
            && reply_url::resolve(raw, url).is_ok()
        {
            session.reply_url = Some(raw.to_owned());
        }
    }

    /// The reply arrived, and a file with these contents is about to get its name. Durable when it returns: another run
    /// then knows the file as its own.
    pub fn reply_saving(&mut self, contents: Contents, now: Now) {
        if let Some(session) = &mut self.record.session
            && session.reply_url.is_some()
            && self.sent == self.record.identity.size()
        {
            session.reply_saved = true;
            self.record.reply = Some(contents);
        }
        self.flush(now);
    }

    /// Close-Session is about to be sent. Durable when it returns.
    pub fn close_sending(&mut self, now: Now) {
        if let Some(session) = &mut self.record.session
            && session.acknowledged == self.record.identity.size()
        {
            session.close_sent = true;
        }
        self.flush(now);
    }

    /// Writes the latest state, before a long wait or when the upload stops. Durable when it returns.
    pub fn flush(&mut self, now: Now) {
        if let Some(session) = &mut self.record.session {
            session.sent = self.sent;
        }
        self.write(now);
    }

    /// The upload succeeded, or its session was cancelled: nothing is remembered any more.
    pub fn finished(mut self) -> Vec<JournalWarning> {
        if let Some(store) = self.store.clone() {
            match store.remove(self.record.key) {
                Ok(()) => self.is_on_disk = false,
                Err(error) => self.warn(JournalWarning::NotRemoved { path: store.path().to_owned(), error }),
            }
        }
        self.take_warnings()
    }

    fn write(&mut self, now: Now) {
        self.record.updated = now.wall;
        self.written = Some(Written { at: now.instant, sent: self.sent });
        let Some(store) = self.store.clone() else { return };
        match store.save(&self.record) {
            Ok(()) => self.is_on_disk = true,
            Err(error) => {
                // What it says about how far the upload got is about to be untrue.
                if store.remove(self.record.key).is_ok() {
                    self.is_on_disk = false;
                }
                if !std::mem::replace(&mut self.has_failed, true) {
                    self.warn(JournalWarning::NotSaved { path: store.path().to_owned(), error });
                }
            }
        }
    }
}

/// How much will be sent until the next write, judged by what was sent since the last one.
fn ahead(sent: u64, written: Option<Written>, elapsed: Option<Duration>) -> u64 {
    let (Some(written), Some(elapsed)) = (written, elapsed) else { return 0 };
    // What takes longer is written each time.
    if elapsed >= INTERVAL {
        return 0;
    }
    let carried = u128::from(sent.saturating_sub(written.sent));
    u64::try_from(carried * INTERVAL.as_micros() / elapsed.as_micros().max(1000)).unwrap_or(u64::MAX)
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let (Some(store), Some(lock), false) = (&self.store, self.lock.take(), self.is_on_disk) {
            // A lock file that stays is removed by `sessions prune`.
            let _ = store.unlock_for_good(self.record.key, lock);
        }
    }
}
