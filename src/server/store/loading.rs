//! Files that an earlier server left: sessions to resume, and rubbish.
//!
//! Sessions that were never whole are removed. One that cannot be read now may be whole: then the server does not
//! start, for a client would begin anew, and a session once removed never comes back.

use std::collections::BTreeSet;
use std::io;

use uuid::Uuid;

use super::{Card, SessionIdentity, SessionStore};
use crate::durable::json::FormatError;
use crate::server::ServeError;
use crate::server::path::{SESSIONS_FOLDER, TargetPath};
use crate::server::progress;
use crate::server::session::{ApplicationVerdict, SessionPhase, SessionState};

/// The endings of a session's files.
pub(super) const ENDINGS: [&str; 7] = ["json", "part", "pos", "tmp", "out", "reply", "failed"];

/// The sessions and the rubbish that were found at the start.
#[derive(Debug, Default)]
pub(crate) struct LoadedSessions {
    /// Sessions to resume.
    pub(crate) sessions: Vec<(SessionIdentity, SessionState)>,
    /// Names of state files that make no sense and were removed.
    pub(crate) discarded: Vec<String>,
}

impl SessionStore {
    /// Reads the sessions that an earlier server left, and removes rubbish.
    ///
    /// # Errors
    /// [`ServeError::Session`] if one of them cannot be read; nothing has been removed then. [`ServeError::Root`] if
    /// the folder cannot be read or tidied.
    pub(crate) fn load(&self) -> Result<LoadedSessions, ServeError> {
        let root = |error| ServeError::Root(self.path.clone(), error);
        let names = self.sessions.names().map_err(root)?;
        let mut found = LoadedSessions::default();
        let mut kept = BTreeSet::new();
        for id in names.iter().filter_map(|name| Uuid::parse_str(name.strip_suffix(".json")?).ok()) {
            let name = format!("{id}.json");
            match self.load_one(id) {
                Ok(Some(session)) => found.sessions.push(session),
                Ok(None) => {}
                Err(error) if is_senseless(&error) => {
                    found.discarded.push(name);
                    continue;
                }
                Err(error) => return Err(ServeError::Session(self.path.join(SESSIONS_FOLDER).join(name), error)),
            }
            kept.insert(id.to_string());
        }
        self.tidy(names, &kept, &found).map_err(root)?;
        Ok(found)
    }

    /// Finishes what a crash left half-done, and removes what belongs to no session.
    fn tidy(&self, names: Vec<String>, kept: &BTreeSet<String>, found: &LoadedSessions) -> io::Result<()> {
        for (identity, _) in found.sessions.iter().filter(|(_, session)| session.phase == SessionPhase::Closed) {
            // A crash between the rename and the tombstone: no client may be told a name that a power cut would undo.
            if self.sessions.kind(&identity.file("pos"))?.is_some()
                && let Ok(folder) = self.folder_of(&identity.target)
            {
                self.seal(identity, &folder)?;
            }
        }
        for name in names {
            let (stem, ending) = name.split_once('.').unwrap_or((&name, ""));
            let ours = Uuid::parse_str(stem).is_ok() && ENDINGS.contains(&ending);
            if ours && (["tmp", "out"].contains(&ending) || !kept.contains(stem)) {
                self.disk.remove(&self.sessions, &name)?;
            }
        }
        Ok(())
    }

    /// `None` for a session in a newer program's format, which is left alone.
    fn load_one(&self, id: Uuid) -> io::Result<Option<(SessionIdentity, SessionState)>> {
        let file = self.sessions.open_file(&format!("{id}.json"))?;
        let card = match Card::read(&file)? {
            Err(FormatError::Newer) => return Ok(None),
            card => card.map_err(|_| io::ErrorKind::InvalidData)?,
        };
        let target = TargetPath::from_saved(&card.path).map_err(|_| io::ErrorKind::InvalidData)?;
        let identity = SessionIdentity { id, target, client: card.client, user: card.user };
        let mut session = SessionState::new(file.metadata()?.modified()?);
        if card.closed {
            session.phase = SessionPhase::Closed;
        } else if self.sessions.kind(&identity.file("part"))?.is_none() {
            // Renamed just before a crash, or removed by an operator who tidies up.
            if !self.is_published(&identity)? {
                return Err(io::ErrorKind::NotFound.into());
            }
            session.phase = SessionPhase::Closed;
        } else {
            self.load_progress(&identity, &mut session)?;
            session.verdict = self.load_verdict(&identity)?;
        }
        Ok(Some((identity, session)))
    }

    fn load_progress(&self, identity: &SessionIdentity, session: &mut SessionState) -> io::Result<()> {
        let mut file = self.sessions.open_file(&identity.file("pos"))?;
        if let Some((offset, total)) = progress::read(&mut file)? {
            // The server before may have ended between the write and its sync.
            self.disk.sync_data(&file)?;
            session.total = Some(total);
            session.durable = offset;
            session.touched = session.touched.max(file.metadata()?.modified()?);
        }
        let part = self.sessions.open_file(&identity.file("part"))?;
        match part.metadata()?.len() {
            length if length < session.durable => return Err(io::ErrorKind::InvalidData.into()),
            length if length > session.durable => self.disk.set_len(&part, session.durable)?,
            _ => {}
        }
        session.written = session.durable;
        Ok(())
    }

    /// The verdict that an earlier server noted.
    fn load_verdict(&self, identity: &SessionIdentity) -> io::Result<ApplicationVerdict> {
        let is_there = |ending| Ok::<_, io::Error>(self.sessions.kind(&identity.file(ending))?.is_some());
        Ok(match (is_there("reply")?, is_there("failed")?) {
            (true, _) => ApplicationVerdict::Accepted,
            (false, true) => ApplicationVerdict::Rejected,
            (false, false) => ApplicationVerdict::Pending,
        })
    }
}

/// Whether the files themselves are wrong: one is missing, or says what none of ours says.
fn is_senseless(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}
