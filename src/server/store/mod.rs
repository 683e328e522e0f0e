//! Sessions on disk, and the published files.
//!
//! A session is three files in the sessions folder, named by its GUID: `.json` says what it is (written once at
//! Create-Session and once more as a tombstone), `.part` holds the bytes, `.pos` how many of them are durable. Once an
//! application has seen the complete file, there is its `.reply`, or `.failed` if it did not want the file.
//!
//! Invariants, at any moment of a crash:
//! - `.json` exists only after the other two: a session that was acknowledged is whole. Files without it are rubbish.
//! - `.pos` is written after the bytes it counts were synced. Bytes of `.part` beyond that are not counted.
//! - The destination is renamed from a complete, synced `.part`, after `.pos` says which file that is. An open `.json`
//!   without `.part` was published if the destination is that file; else the bytes were removed.

mod loading;
mod stored;

pub use stored::{StoredSession, remove_stored_session, stored_sessions};

use std::fs::{File, Permissions};
use std::io::{self, Read, Seek, SeekFrom};
use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::path::{SESSIONS_FOLDER, TargetPath};
use super::progress;
use super::session::SessionState;
use crate::durable::json::{self, FormatError};
use crate::durable::{self, Disk, Folder, Kind, Lock, Replace};

const FORMAT: u64 = 1;
const LOCK: &str = "lock";
const PROBE: &str = "probe";

/// The contents of a session's `.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Card {
    v: u64,
    path: String,
    client: IpAddr,
    #[serde(default)]
    user: Option<String>,
    closed: bool,
}

/// The parts of a session that never change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionIdentity {
    pub(crate) id: Uuid,
    pub(crate) target: TargetPath,
    /// Who opened it.
    pub(crate) client: IpAddr,
    /// As whom.
    pub(crate) user: Option<String>,
}

impl Card {
    /// Longer ones are none of ours, in bytes.
    const MAX_SIZE: u64 = 64 << 10;

    fn read(file: &File) -> io::Result<Result<Self, FormatError>> {
        let mut bytes = Vec::new();
        file.take(Self::MAX_SIZE).read_to_end(&mut bytes)?;
        Ok(json::read::<FORMAT, Self>(&bytes))
    }
}

impl SessionIdentity {
    fn file(&self, ending: &str) -> String {
        format!("{}.{ending}", self.id)
    }

    fn card(&self, closed: bool) -> Card {
        let (path, user) = (self.target.to_string(), self.user.clone());
        Card { v: FORMAT, path, client: self.client, user, closed }
    }
}

#[derive(Debug)]
pub(crate) struct SessionStore {
    path: PathBuf,
    root: Folder,
    sessions: Folder,
    published_mode: Option<Permissions>,
    disk: Box<dyn Disk>,
    /// Held as long as the store lives.
    _lock: Lock,
}

impl SessionStore {
    /// Opens the root and its sessions folder for this process alone.
    ///
    /// `mode` is that of published files; without one, the umask decides.
    pub(crate) fn open(root: &std::path::Path, mode: Option<u32>, disk: Box<dyn Disk>) -> io::Result<Self> {
        let (path, root) = (root.to_owned(), Folder::open(root)?);
        let sessions = root.enter_private(SESSIONS_FOLDER)?;
        let lock = sessions.try_lock(LOCK)?.ok_or(io::ErrorKind::ResourceBusy)?;
        let published_mode = sessions.usual_mode(PROBE, mode)?;
        Ok(Self { path, root, sessions, published_mode, disk, _lock: lock })
    }

    /// The folder a file goes into. `NotFound` if it is missing, or that of the sessions.
    pub(crate) fn folder_of(&self, target: &TargetPath) -> io::Result<Folder> {
        let mut folder = self.root.enter(".")?;
        for name in target.folders() {
            folder = folder.enter(name)?;
            // The path was looked at, but file systems have their own ideas of which names are the same: on macOS `ſ`
            // is an `s`.
            if folder.is_same_folder(&self.sessions)? {
                return Err(io::ErrorKind::NotFound.into());
            }
        }
        Ok(folder)
    }

    /// Whether the root is still what its path names. An error says neither: descriptors may be short for a moment.
    pub(crate) fn is_in_place(&self) -> io::Result<bool> {
        match Folder::open(&self.path).and_then(|there| there.is_same_folder(&self.root)) {
            Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&error.kind()) => Ok(false),
            result => result,
        }
    }

    /// Whether a session's files were removed. They were not if the whole folder is gone.
    pub(crate) fn is_removed(&self, identity: &SessionIdentity) -> bool {
        self.lacks(identity, "json")
    }

    /// Whether a session's bytes were removed.
    pub(crate) fn has_lost_bytes(&self, identity: &SessionIdentity) -> bool {
        self.lacks(identity, "part")
    }

    fn lacks(&self, identity: &SessionIdentity, ending: &str) -> bool {
        matches!(self.sessions.kind(&identity.file(ending)), Ok(None)) && matches!(self.is_in_place(), Ok(true))
    }

    /// Whether finished files can be renamed into this folder.
    pub(crate) fn can_publish_into(&self, folder: &Folder) -> io::Result<bool> {
        folder.is_same_device(&self.sessions)
    }

    /// Bytes that may still be written, if the file system says.
    pub(crate) fn free_space(&self) -> Option<u64> {
        self.disk.free_space(&self.sessions)
    }

    /// Writes bytes of a session.
    pub(crate) fn write(&self, part: &File, bytes: &[u8]) -> io::Result<()> {
        self.disk.write(part, bytes)
    }

    /// Makes a new session's files.
    pub(crate) fn create(&self, identity: &SessionIdentity) -> io::Result<()> {
        self.disk.create(&self.sessions, &identity.file("part"))?;
        self.disk.create(&self.sessions, &identity.file("pos"))?;
        self.write_card(identity, false)
    }

    /// Opens a session's bytes for writing from `offset` on.
    pub(crate) fn open_part(&self, identity: &SessionIdentity, offset: u64) -> io::Result<File> {
        let mut file = self.sessions.open_file(&identity.file("part"))?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(file)
    }

    /// Makes everything written durable, and notes how much that is.
    pub(crate) fn settle(&self, identity: &SessionIdentity, part: &File, session: &mut SessionState) -> io::Result<()> {
        let total = session.total.unwrap_or(0);
        let result = self.disk.sync_data(part).and_then(|()| {
            let mut pos = self.sessions.open_file(&identity.file("pos"))?;
            let slot = progress::seek_slot(&mut pos, session.written, total)?;
            self.disk.write(&pos, &slot)?;
            self.disk.sync_data(&pos)
        });
        match result {
            Ok(()) => session.durable = session.written,
            // After a failed sync it is unknown which of the bytes are there.
            Err(_) => session.written = session.durable,
        }
        result
    }

    /// Publishes a complete file of `size` bytes in its folder and leaves a tombstone. Can be asked again if it failed.
    pub(crate) fn publish(
        &self,
        identity: &SessionIdentity,
        folder: &Folder,
        size: u64,
        replace: Replace,
    ) -> io::Result<()> {
        let (part, name) = (identity.file("part"), identity.target.name());
        let standing = folder.kind(name)?;
        if self.sessions.kind(&part)?.is_some() {
            if !matches!(standing, None | Some(Kind::File)) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let file = self.sessions.open_file(&part)?;
            // A write that failed half-way may have left more than was counted.
            self.disk.set_len(&file, size)?;
            if let Some(mode) = &self.published_mode {
                file.set_permissions(mode.clone())?;
            }
            folder.give_its_group(&file)?;
            self.disk.sync_all(&file)?;
            self.announce(identity, &file)?;
            self.disk.rename((&self.sessions, &part), (folder, name), replace)?;
        } else if !self.is_published(identity)? {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.seal(identity, folder)
    }

    /// Notes which file is about to get its name.
    fn announce(&self, identity: &SessionIdentity, file: &File) -> io::Result<()> {
        let mut pos = self.sessions.open_file(&identity.file("pos"))?;
        let intent = progress::seek_intent(&mut pos, durable::stamp(file)?)?;
        self.disk.write(&pos, &intent)?;
        self.disk.sync_data(&pos)
    }

    /// Whether the file that was about to get its name has it.
    fn is_published(&self, identity: &SessionIdentity) -> io::Result<bool> {
        let intent = progress::read_intent(&mut self.sessions.open_file(&identity.file("pos"))?)?;
        let standing =
            self.folder_of(&identity.target).and_then(|folder| folder.open_for_reading(identity.target.name()));
        Ok(match standing.and_then(|file| durable::stamp(&file)) {
            Ok(stamp) => intent == Some(stamp),
            // It is not there, or is no file.
            Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&error.kind()) => false,
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => false,
            Err(error) => return Err(error),
        })
    }

    /// Makes a published file's name last, and leaves a tombstone.
    fn seal(&self, identity: &SessionIdentity, folder: &Folder) -> io::Result<()> {
        self.disk.sync_folder(folder)?;
        // The file is published, whether or not the tombstone can be written: its missing part says the same.
        let _ = self.write_card(identity, true).and_then(|()| {
            self.remove_reply(identity)?;
            // The last to go: as long as it is there, the next start does all this again.
            self.discard(identity, "pos")
        });
        Ok(())
    }

    pub(crate) fn remove(&self, identity: &SessionIdentity) -> io::Result<()> {
        self.discard(identity, "json")?;
        self.disk.sync_folder(&self.sessions)?;
        self.discard(identity, "part")?;
        self.discard(identity, "pos")?;
        self.remove_reply(identity)
    }

    /// The path of a session's bytes, and an empty file for what an application replies to them.
    pub(crate) fn begin_reply(&self, identity: &SessionIdentity) -> io::Result<(PathBuf, File)> {
        let part = std::path::absolute(&self.path)?.join(SESSIONS_FOLDER).join(identity.file("part"));
        self.discard(identity, "out")?;
        Ok((part, self.disk.create(&self.sessions, &identity.file("out"))?))
    }

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

    fn discard(&self, identity: &SessionIdentity, ending: &str) -> io::Result<()> {
        self.disk.remove(&self.sessions, &identity.file(ending))
    }

    fn write_card(&self, identity: &SessionIdentity, closed: bool) -> io::Result<()> {
        let (name, temporary) = (identity.file("json"), identity.file("tmp"));
        let bytes = serde_json::to_vec(&identity.card(closed))?;
        self.disk.replace(&self.sessions, &name, &temporary, &bytes)
    }
}

/// A card that is read leads to a place that a request could have named, and is read again as it is written.
#[cfg(any(fuzzing, test))]
pub(super) fn check_card(data: &[u8]) {
    let Ok(card) = json::read::<FORMAT, Card>(data) else { return };
    let Ok(target) = TargetPath::from_saved(&card.path) else { return };
    let identity = SessionIdentity { id: Uuid::nil(), target, client: card.client, user: card.user.clone() };
    let written = serde_json::to_vec(&identity.card(card.closed)).expect("written");
    assert_eq!(json::read::<FORMAT, Card>(&written), Ok(card));
}
