//! A folder in memory that knows what a power cut would leave of it, and fails when told to.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::durable::{Files, Lock, NewFile, ReadError};

/// What is to go wrong.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    None,
    /// The n-th operation fails, the others do not.
    Once(usize),
    /// The machine stops within the n-th operation.
    PowerCut(usize),
}

#[derive(Debug, Clone, Default)]
struct Inode {
    content: Vec<u8>,
    /// What the last writing over replaced: it may have reached the disk.
    replaced: Vec<u8>,
    durable: Vec<u8>,
}

#[derive(Debug, Clone)]
enum Change {
    Link(String, usize),
    Unlink(String),
    Rename(String, String),
}

#[derive(Debug)]
struct Disk {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// Changes of names since the last sync: a power cut keeps any first part of them.
    pending: Vec<Change>,
    operations: usize,
    fault: Fault,
}

impl Disk {
    fn step(&mut self) -> io::Result<()> {
        self.operations += 1;
        match self.fault {
            Fault::Once(n) if self.operations == n => Err(io::ErrorKind::StorageFull.into()),
            Fault::PowerCut(n) if self.operations >= n => Err(io::Error::other("no power")),
            _ => Ok(()),
        }
    }

    fn change(&mut self, change: Change) {
        apply(&mut self.names, &change);
        self.pending.push(change);
    }
}

fn apply(names: &mut BTreeMap<String, usize>, change: &Change) {
    match change {
        Change::Link(name, inode) => _ = names.insert(name.clone(), *inode),
        Change::Unlink(name) => _ = names.remove(name),
        Change::Rename(from, to) => {
            if let Some(inode) = names.remove(from) {
                names.insert(to.clone(), inode);
            }
        }
    }
}

/// The folder; clones share it.
#[derive(Debug, Clone)]
pub(super) struct Model(Arc<Mutex<Disk>>);

impl Model {
    pub(super) fn new(fault: Fault) -> Self {
        Self::with(Vec::new(), BTreeMap::new(), fault)
    }

    fn with(inodes: Vec<Inode>, names: BTreeMap<String, usize>, fault: Fault) -> Self {
        let durable_names = names.clone();
        let disk = Disk { inodes, names, durable_names, pending: Vec::new(), operations: 0, fault };
        Self(Arc::new(Mutex::new(disk)))
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().expect("no panic")
    }

    /// Whether the planned fault has happened.
    pub(super) fn has_failed(&self) -> bool {
        let disk = self.disk();
        matches!(disk.fault, Fault::Once(n) | Fault::PowerCut(n) if disk.operations >= n)
    }

    /// Everything that a power cut now may leave: any first part of the pending changes of names; of bytes that were not
    /// synced all, half or none.
    pub(super) fn after_power_cut(&self) -> Vec<Self> {
        let disk = self.disk();
        let mut images = Vec::new();
        for kept in 0..=disk.pending.len() {
            let mut names = disk.durable_names.clone();
            disk.pending[..kept].iter().for_each(|change| apply(&mut names, change));
            for share in 0..3 {
                let survive = |inode: &Inode| {
                    let unsynced = inode.content.len().saturating_sub(inode.durable.len());
                    let mut content = inode.durable.clone();
                    content.extend(inode.content.iter().skip(content.len()).take(unsynced * share / 2));
                    content.extend(inode.replaced.iter().skip(content.len()));
                    Inode { durable: content.clone(), content, replaced: Vec::new() }
                };
                let inodes = disk.inodes.iter().map(survive).collect();
                images.push(Self::with(inodes, names.clone(), Fault::None));
            }
        }
        images
    }
}

impl Files for Model {
    fn read(&self, name: &str) -> Result<Vec<u8>, ReadError> {
        let disk = self.disk();
        let inode = *disk.names.get(name).ok_or(ReadError::Missing)?;
        Ok(disk.inodes[inode].content.clone())
    }

    fn create_new(&self, name: &str) -> io::Result<Box<dyn NewFile>> {
        let mut disk = self.disk();
        disk.step()?;
        if disk.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        disk.inodes.push(Inode::default());
        let inode = disk.inodes.len() - 1;
        disk.change(Change::Link(name.to_owned(), inode));
        Ok(Box::new(Open { model: self.clone(), inode }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step()?;
        if !disk.names.contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        disk.change(Change::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step()?;
        disk.change(Change::Unlink(name.to_owned()));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step()?;
        disk.pending.clear();
        disk.durable_names = disk.names.clone();
        Ok(())
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.disk().names.keys().cloned().collect())
    }

    fn try_lock(&self, _name: &str) -> io::Result<Option<Lock>> {
        Ok(Some(Lock::pretended()))
    }

    fn unlock_and_remove(&self, name: &str, _lock: Lock) -> io::Result<()> {
        self.remove(name)
    }
}

#[derive(Debug)]
struct Open {
    model: Model,
    inode: usize,
}

impl NewFile for Open {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.model.disk();
        let result = disk.step();
        let written = if result.is_ok() { bytes } else { &bytes[..bytes.len() / 2] };
        disk.inodes[self.inode].content.extend_from_slice(written);
        result
    }

    fn rewrite(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.model.disk();
        let result = disk.step();
        let written = if result.is_ok() { bytes } else { &bytes[..bytes.len() / 2] };
        let inode = &mut disk.inodes[self.inode];
        inode.replaced = std::mem::take(&mut inode.content);
        inode.content = [written, inode.replaced.get(written.len()..).unwrap_or_default()].concat();
        result
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = self.model.disk();
        disk.step()?;
        let inode = &mut disk.inodes[self.inode];
        inode.durable = inode.content.clone();
        Ok(())
    }
}
