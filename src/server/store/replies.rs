//! Replies and refusals of applications, on disk.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::{SessionIdentity, SessionStore};
use crate::server::folder::Replace;
use crate::server::path::SESSIONS_FOLDER;
use crate::server::session::ApplicationVerdict;

impl SessionStore {
    /// The verdict that an earlier server noted.
    pub(super) fn load_verdict(&self, identity: &SessionIdentity) -> io::Result<ApplicationVerdict> {
        let is_there = |ending| Ok::<_, io::Error>(self.sessions.kind(&identity.file(ending))?.is_some());
        Ok(match (is_there("reply")?, is_there("failed")?) {
            (true, _) => ApplicationVerdict::Accepted,
            (false, true) => ApplicationVerdict::Rejected,
            (false, false) => ApplicationVerdict::Pending,
        })
    }

    /// The path of a session's bytes.
    pub(crate) fn part_path(&self, identity: &SessionIdentity) -> io::Result<PathBuf> {
        Ok(std::path::absolute(&self.path)?.join(SESSIONS_FOLDER).join(identity.file("part")))
    }

    /// Makes an empty file for an application's reply.
    pub(crate) fn create_reply(&self, identity: &SessionIdentity) -> io::Result<File> {
        self.discard(identity, "out")?;
        self.disk.create(&self.sessions, &identity.file("out"))
    }

    /// Keeps a complete reply.
    pub(crate) fn keep_reply(&self, identity: &SessionIdentity) -> io::Result<()> {
        let (out, reply) = (identity.file("out"), identity.file("reply"));
        self.disk.sync_all(&self.sessions.open_file(&out)?)?;
        self.disk.rename((&self.sessions, &out), (&self.sessions, &reply), Replace::Allowed)?;
        self.disk.sync_folder(&self.sessions)
    }

    /// Notes that the application does not want the file.
    pub(crate) fn keep_rejection(&self, identity: &SessionIdentity) -> io::Result<()> {
        self.remove_reply(identity)?;
        self.disk.create(&self.sessions, &identity.file("failed"))?;
        self.disk.sync_folder(&self.sessions)
    }

    /// Removes whatever an application said.
    pub(crate) fn remove_reply(&self, identity: &SessionIdentity) -> io::Result<()> {
        ["out", "reply", "failed"].into_iter().try_for_each(|ending| self.discard(identity, ending))
    }

    /// Opens a reply for reading.
    pub(crate) fn open_reply(&self, identity: &SessionIdentity) -> io::Result<File> {
        self.sessions.open_for_reading(&identity.file("reply"))
    }
}
