//! The record of the upload in the client's state folder. The machine decides what is written when, and the records are
//! those of the shipped journal, byte for byte; only the files are in memory.

use std::time::UNIX_EPOCH;

use bitsup::journal::Record;
use bitsup::protocol::SessionId;
use bitsup::source::Fingerprint;
use bitsup::source::SourceIdentity;
use bitsup::uploader::{ResumeState, Save};
use http::Uri;
use serde_json::json;

use crate::server::Place;

/// Both files of one record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Journal {
    /// Survives a power cut.
    durable: Option<Written>,
    /// Survives the process, in place of what is durable.
    brief: Option<Written>,
    /// Survives the process.
    progress: Option<Written>,
}

/// A session, and the number of the file that is on its way in it.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) state: ResumeState,
    prefix: Fingerprint,
    file: u32,
}

impl Journal {
    /// The record that another process would begin with; what matters for the checks is in it.
    pub(crate) fn durable(&self) -> Option<&ResumeState> {
        self.durable.as_ref().or(self.brief.as_ref()).map(|written| &written.state)
    }

    /// The state that was written last.
    pub(crate) fn latest(&self) -> Option<&ResumeState> {
        self.progress.as_ref().or(self.durable.as_ref()).or(self.brief.as_ref()).map(|written| &written.state)
    }

    /// Writes, with the digest of what is acknowledged.
    pub(crate) fn apply(&mut self, save: Save, file: u32, prefix: impl Fn(u64) -> Fingerprint) -> Result<(), String> {
        let saved = |state: ResumeState| Some(Written { prefix: prefix(state.acknowledged), state, file });
        match save {
            Save::Durable(state) => {
                (self.progress, self.brief) = (None, None);
                self.durable = saved(state);
            }
            Save::Progress(_) if self.durable.is_none() => return Err(String::from("progress of nothing durable")),
            Save::Progress(state) => self.progress = saved(state),
            Save::Brief(_) if self.durable.is_some() => return Err(String::from("brief over something durable")),
            Save::Brief(state) => self.brief = saved(state),
            Save::Forget => *self = Self::default(),
        }
        Ok(())
    }

    /// The record that another process finds; afterwards it alone is left.
    pub(crate) fn load(&mut self, size: u64, power_cut: bool) -> Result<Option<Record>, String> {
        let brief = self.brief.take().filter(|_| !power_cut);
        let Some(durable) = self.durable.take().or(brief) else { return Ok(None) };
        let read = read_back(&durable, size)?;
        let progress = self.progress.take().filter(|_| !power_cut);
        let newer = progress.map(|written| Ok::<_, String>((read_back(&written, size)?, written))).transpose()?;
        let (record, written) = newer.filter(|(newer, _)| newer.goes_on_from(&read)).unwrap_or((read, durable));
        self.durable = Some(written);
        Ok(Some(record))
    }
}

/// Through the file's contents.
fn read_back(written: &Written, size: u64) -> Result<Record, String> {
    let identity = identity(size, written.file);
    let mut record = Record::new(&url(Place::Origin), String::from("f"), String::from("/f"), identity, UNIX_EPOCH);
    (record.session, record.prefix) = (Some(written.state.clone()), Some(written.prefix));
    let bytes = record.to_bytes().map_err(|error| format!("{record:?}: {error}"))?;
    let read = Record::from_bytes(&bytes, record.key).map_err(|error| format!("{record:?}: {error}"))?;
    if read == record { Ok(read) } else { Err(format!("{record:?} is read back as {read:?}")) }
}

/// Of the file with this number.
pub(crate) fn identity(size: u64, file: u32) -> SourceIdentity {
    let source = json!({ "size": size, "modified": [file, 0], "changed": null, "inode": file, "device": null });
    serde_json::from_value(source).expect("an identity")
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
