//! Where an upload begins: at the beginning, or where an earlier run stopped. The content decides, not the metadata: a
//! fresh checkout of the same file has another path, inode and time.

use std::ops::ControlFlow;
use std::time::{Instant, SystemTime};

use crate::journal::{Entry, Record};
use crate::protocol::ContentName;
use crate::source::{Contents, DigestError, PrefixDigest, UploadEntity, verify_prefix};
use crate::transport::CancellationToken;
use crate::uploader::{Plan, UploadEvent, Uploader};

use super::ClientError;

/// Whether to resume what an earlier run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResumeMode {
    /// If there is something of the same content.
    #[default]
    Auto,
    /// Or fail.
    Always,
    /// Start over; a session that there is, is given up.
    Never,
}

/// Reading less again than this takes no time worth telling, in bytes.
const LONG_REREADING: u64 = 256 << 20;

/// An upload that is ready to run.
pub struct Start {
    pub(super) uploader: Uploader,
    pub(super) entry: Entry,
    pub(super) digest: PrefixDigest,
}

impl Start {
    /// Prepares an upload of `entity` by what the journal says of it. The part that was acknowledged to an earlier run
    /// is read again: it must still be what was sent then. `seed` is the randomness of its pauses.
    ///
    /// # Errors
    /// When there is nothing to resume but `mode` demands it, when the source cannot be read, or on an interrupt.
    pub fn new(
        plan: Plan,
        entity: &UploadEntity,
        entry: Entry,
        mode: ResumeMode,
        cancellation: &CancellationToken,
        report: &mut dyn FnMut(&UploadEvent),
        seed: u64,
    ) -> Result<Self, ClientError> {
        let plan = Plan {
            refused_before: entry.refused_before(SystemTime::now()),
            can_resume: plan.can_resume && entry.can_save(),
            ..plan
        };
        let now = Instant::now();
        let Some(session) = entry.record().session.clone().filter(|_| entry.is_known()) else {
            if mode == ResumeMode::Always {
                return Err(ClientError::NothingToResume { why: None });
            }
            return Ok(Self { uploader: Uploader::new(plan, now, seed), entry, digest: PrefixDigest::new() });
        };
        let found = match mode {
            ResumeMode::Never => Err(None),
            ResumeMode::Auto | ResumeMode::Always => same_prefix(entity, entry.record(), cancellation, report)?,
        };
        match (found, mode) {
            (Ok(mut digest), _) => {
                // The session was opened for that name; the destination decides where the file goes.
                let plan = Plan { name: ContentName::new(&entry.record().name), ..plan };
                let uploader = if entity.identity().is_unchanged_since(&entry.record().identity) {
                    Uploader::resume(plan, session, Instant::now(), seed)
                } else {
                    // It begins with what was acknowledged; what comes behind that may be anything.
                    let known = known_end(entry.record().read, entity, &mut digest)?;
                    Uploader::resume_with_another_file(plan, session, known, Instant::now(), seed)
                };
                Ok(Self { uploader, entry, digest })
            }
            (Err(why), ResumeMode::Always) => Err(ClientError::NothingToResume { why }),
            (Err(why), _) => {
                if let Some(why) = why {
                    report(&UploadEvent::StartingOver { why });
                }
                let uploader = Uploader::start_over(plan, session, Instant::now(), seed);
                Ok(Self { uploader, entry, digest: PrefixDigest::new() })
            }
        }
    }

    /// The same on a connection that carried an upload to this server before: unless it resumes a session, its Ping
    /// is left out.
    pub(crate) fn skip_ping(mut self) -> Self {
        self.uploader = self.uploader.skip_ping();
        self
    }
}

/// Up to where a file that looks like another one is known to be the same: what was acknowledged, or what was read beyond
/// that for the network.
fn known_end(read: Option<Contents>, entity: &UploadEntity, digest: &mut PrefixDigest) -> Result<u64, ClientError> {
    let acknowledged = digest.position();
    let Some(read) = read else { return Ok(acknowledged) };
    digest.seek(read.size, entity)?;
    let is_same = digest.fingerprint() == read.fingerprint;
    digest.seek(acknowledged, entity)?;
    Ok(if is_same { read.size } else { acknowledged })
}

/// The digest of what was acknowledged, or why the session cannot be resumed.
fn same_prefix(
    entity: &UploadEntity,
    record: &Record,
    cancellation: &CancellationToken,
    report: &mut dyn FnMut(&UploadEvent),
) -> Result<Result<PrefixDigest, Option<String>>, ClientError> {
    let (Some(session), Some(prefix)) = (&record.session, record.prefix) else { return Ok(Err(None)) };
    if record.identity.size() != entity.size() {
        let (then, now) = (record.identity.size(), entity.size());
        return Ok(Err(Some(format!("the file has {now} bytes, that of the interrupted upload had {then}"))));
    }
    let total = session.acknowledged;
    let mut tenths = None;
    let mut progress = |done: u64| {
        let tenth = done.saturating_mul(10).checked_div(total);
        if total >= LONG_REREADING && tenths != tenth {
            tenths = tenth;
            report(&UploadEvent::Rereading { done, total });
        }
        if cancellation.is_interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    match verify_prefix(entity, total, prefix, &mut progress) {
        Ok(digest) => Ok(Ok(digest)),
        Err(DigestError::Differs) => {
            Ok(Err(Some("the file's content is not that of the interrupted upload".to_owned())))
        }
        Err(error) => Err(error.into()),
    }
}
