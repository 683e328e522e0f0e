//! Files that may be read: published ones, if the operator allows it, and replies, by the user who uploaded.

use std::fs::File;
use std::io;

use super::sessions::{Caller, Receiver};
use crate::server::path::TargetPath;
use crate::server::reply;
use crate::server::response::RequestError;
use crate::server::session::{ApplicationVerdict, SessionPhase};

impl Receiver {
    /// Whether there is anything to read at all.
    pub(crate) fn gives_anything_out(&self) -> bool {
        self.options.allow_read || self.asks()
    }

    /// Opens a reply or a published file.
    pub(crate) fn open_for_reading(&self, caller: &Caller, target: &TargetPath) -> Result<File, RequestError> {
        if let Some(reply) = self.open_reply(caller, target) {
            return reply.map_err(not_there);
        }
        if !self.options.allow_read {
            return Err(RequestError::Method);
        }
        let folder = self.store.folder_of(target);
        folder.and_then(|folder| folder.open_for_reading(target.name())).map_err(not_there)
    }

    /// The reply that lies there, if one does and it is for this caller.
    fn open_reply(&self, caller: &Caller, target: &TargetPath) -> Option<io::Result<File>> {
        let (id, folders) = reply::parse(target.folders(), target.name())?;
        let slot = self.find(caller, &id).filter(|slot| slot.identity.target.folders() == folders)?;
        let ready = {
            let session = self.alive(&slot).ok()?;
            session.phase == SessionPhase::Open && session.verdict == ApplicationVerdict::Accepted
        };
        ready.then(|| self.store.open_reply(&slot.identity))
    }
}

/// Links, folders and what the server itself may not read look as if they were not there.
fn not_there(error: io::Error) -> RequestError {
    match error.kind() {
        io::ErrorKind::NotFound
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::InvalidInput
        | io::ErrorKind::PermissionDenied => RequestError::NoFile,
        // A link where no link may be; the kind has no stable name.
        _ if error.raw_os_error().is_some() => RequestError::NoFile,
        _ => error.into(),
    }
}
