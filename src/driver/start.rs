//! Where an upload begins: at the beginning, or where an earlier run stopped.

use std::ops::ControlFlow;
use std::time::Instant;

use crate::digest::{DigestError, PrefixDigest, verify_prefix};
use crate::entity::UploadEntity;
use crate::journal::{Claim, Entry, Now, SavedSession};
use crate::transport::Interrupter;
use crate::uploader::{Event, Plan, Saved, Uploader};

use super::DriverError;

/// Whether to go on with what an earlier run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResumeMode {
    /// If there is something.
    #[default]
    Auto,
    /// Or fail.
    Always,
    /// Start over.
    Never,
}

/// An upload that is ready to run.
#[derive(Debug)]
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
    /// When there is nothing to go on with but `mode` demands it, when the source cannot be read, or on an interrupt.
    pub fn new(
        plan: Plan,
        entity: &UploadEntity,
        claim: Claim,
        mode: ResumeMode,
        interrupter: &Interrupter,
        seed: u64,
    ) -> Result<Self, DriverError> {
        let Claim { entry, is_known } = claim;
        let refused = entry.host_refused(Now::read());
        let knowing = |uploader: Uploader| match refused {
            Some(size) => uploader.knowing_refused(size),
            None => uploader,
        };
        let session = entry.record().session.clone().filter(|_| is_known && mode != ResumeMode::Never);
        let Some(session) = session else {
            if mode == ResumeMode::Always {
                return Err(DriverError::NothingToResume);
            }
            return Ok(Self {
                uploader: knowing(Uploader::new(plan, Instant::now(), seed)),
                entry,
                digest: PrefixDigest::new(),
            });
        };
        let changed = entity.identity().difference(&entry.record().identity).is_some();
        let digest = if changed { None } else { unchanged_prefix(entity, &session, interrupter)? };
        let uploader = knowing(Uploader::resume(plan.clone(), saved(session, &plan), Instant::now(), seed));
        let Some(digest) = digest else { return Self::given_up(uploader, entry) };
        Ok(Self { uploader, entry, digest })
    }

    /// Nothing of the new file may be mixed with the old: the session is cancelled, and the upload ends.
    fn given_up(uploader: Uploader, entry: Entry) -> Result<Self, DriverError> {
        let uploader = uploader.handle(Event::SourceChanged, Instant::now())?;
        Ok(Self { uploader, entry, digest: PrefixDigest::new() })
    }
}

/// The digest of what was acknowledged, or `None` if the file is not what was sent.
fn unchanged_prefix(
    entity: &UploadEntity,
    session: &SavedSession,
    interrupter: &Interrupter,
) -> Result<Option<PrefixDigest>, DriverError> {
    let mut go_on = |_| if interrupter.is_interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    match verify_prefix(entity, session.acknowledged, session.prefix, &mut go_on) {
        Ok(digest) => Ok(Some(digest)),
        Err(DigestError::Differs(_)) => Ok(None),
        Err(DigestError::Stopped) => Err(DriverError::Interrupted { can_go_on: true }),
        Err(error) => Err(error.into()),
    }
}

fn saved(session: SavedSession, plan: &Plan) -> Saved {
    Saved {
        target: session.target.unwrap_or_else(|| plan.destination.clone()),
        session: session.id,
        host_fallback_timeout: session.host_fallback_timeout,
        acknowledged: session.acknowledged,
        sent: session.sent,
        // Not written down. A server that never does makes the next session start over soon enough.
        tells_offset: true,
        refused_size: session.refused_size,
        close_sent: session.close_sent,
    }
}
