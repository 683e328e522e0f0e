//! The unfinished uploads of a folder, for its operator; also while a server runs.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::time::SystemTime;

use uuid::Uuid;

use super::Card;
use super::loading::ENDINGS;
use crate::durable::Folder;
use crate::server::path::SESSIONS_FOLDER;
use crate::server::progress;

/// An unfinished upload, as its files say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// Its GUID.
    pub id: Uuid,
    /// Where the file goes, below the folder.
    pub path: String,
    /// Who opened it.
    pub client: IpAddr,
    /// As whom.
    pub user: Option<String>,
    /// The file's size in bytes, once a fragment has declared it.
    pub size: Option<u64>,
    /// Bytes that are there for good.
    pub received: u64,
    /// When it last made progress.
    pub updated: SystemTime,
}

/// The unfinished uploads of a folder, the one that was left alone longest first. Sessions that cannot be read are left
/// out.
///
/// # Errors
/// When the folder cannot be read; `NotFound` if nothing was ever received into it.
pub fn stored_sessions(root: &Path) -> io::Result<Vec<StoredSession>> {
    let folder = Folder::open(root)?.enter(SESSIONS_FOLDER)?;
    let ids = folder.names()?.into_iter().filter_map(|name| Uuid::parse_str(name.strip_suffix(".json")?).ok());
    let mut found: Vec<StoredSession> = ids.filter_map(|id| read(&folder, id).ok().flatten()).collect();
    found.sort_by_key(|session| session.updated);
    Ok(found)
}

/// Removes an unfinished upload. A server that runs there knows it no more from then on, and its client starts over.
///
/// # Errors
/// When a file of it cannot be removed.
pub fn remove_stored_session(root: &Path, id: Uuid) -> io::Result<()> {
    let folder = Folder::open(root)?.enter(SESSIONS_FOLDER)?;
    // The bytes first: without them a server publishes nothing.
    ["part"].iter().chain(&ENDINGS).try_for_each(|ending| folder.remove(&format!("{id}.{ending}")))?;
    folder.sync()
}

/// `None` if it is finished.
fn read(folder: &Folder, id: Uuid) -> io::Result<Option<StoredSession>> {
    let file = folder.open_for_reading(&format!("{id}.json"))?;
    let card = Card::read(&file)?.map_err(|_| io::ErrorKind::InvalidData)?;
    if card.closed || folder.kind(&format!("{id}.part"))?.is_none() {
        return Ok(None);
    }
    let mut pos = folder.open_for_reading(&format!("{id}.pos"))?;
    let progress = progress::read(&mut pos)?;
    let updated = file.metadata()?.modified()?.max(pos.metadata()?.modified()?);
    let (received, size) = progress.map_or((0, None), |(offset, total)| (offset, Some(total)));
    Ok(Some(StoredSession { id, path: card.path, client: card.client, user: card.user, size, received, updated }))
}
