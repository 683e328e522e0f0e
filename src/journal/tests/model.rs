//! A disk that knows what a power cut would leave of a folder, and fails when told to. The folder and its files are real.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use tempfile::TempDir;

use crate::durable::{Disk, Folder, Replace};

/// The failure to simulate.
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
    /// The content before the last writing over: it may have reached the disk.
    replaced: Vec<u8>,
    durable: Vec<u8>,
}

#[derive(Debug, Clone)]
enum Change {
    Link(String, usize),
    Unlink(String),
    Rename(String, String),
}

#[derive(Debug, Default)]
struct State {
    inodes: Vec<Inode>,
    /// By the system's number for it, which it may give again.
    open: BTreeMap<u64, usize>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// Changes of names since the last sync: a power cut keeps any first part of them.
    pending: Vec<Change>,
    operations: usize,
}

impl State {
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

/// The disk under one folder; clones share it.
#[derive(Debug, Clone)]
pub(super) struct Model {
    folder: Arc<TempDir>,
    state: Arc<Mutex<State>>,
    fault: Fault,
}

impl Model {
    pub(super) fn new(fault: Fault) -> Self {
        Self { folder: Arc::new(tempfile::tempdir().expect("a folder")), state: Arc::default(), fault }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }

    /// Counts an operation, which may be the one that fails.
    fn step(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        state.operations += 1;
        match self.fault {
            Fault::Once(n) if state.operations == n => Err(io::ErrorKind::StorageFull.into()),
            Fault::PowerCut(n) if state.operations >= n => Err(io::Error::other("no power")),
            _ => Ok(state),
        }
    }

    /// Whether the planned fault has happened.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.fault, Fault::Once(n) | Fault::PowerCut(n) if self.state().operations >= n)
    }

    /// Everything that a power cut now may leave: any first part of the pending changes of names; of bytes that were not
    /// synced all, half or none.
    pub(super) fn after_power_cut(&self) -> Vec<Self> {
        let state = self.state();
        let mut images = Vec::new();
        for kept in 0..=state.pending.len() {
            let mut names = state.durable_names.clone();
            state.pending[..kept].iter().for_each(|change| apply(&mut names, change));
            for share in 0..3 {
                let image = Self::new(Fault::None);
                for (name, inode) in &names {
                    write(&image.folder.path().join(name), &survivor(&state.inodes[*inode], share));
                }
                images.push(image);
            }
        }
        images
    }
}

/// The bytes of a file with none, half or all of those that were not synced.
fn survivor(inode: &Inode, share: usize) -> Vec<u8> {
    let unsynced = inode.content.len().saturating_sub(inode.durable.len());
    let mut content = inode.durable.clone();
    content.extend(inode.content.iter().skip(content.len()).take(unsynced * share / 2));
    content.extend(inode.replaced.iter().skip(content.len()));
    content
}

/// Whatever the umask is, others may not write to it.
fn write(path: &Path, content: &[u8]) {
    std::fs::write(path, content).expect("written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("closed");
    }
}

#[cfg(unix)]
fn number(file: &File) -> u64 {
    std::os::unix::fs::MetadataExt::ino(&file.metadata().expect("asked"))
}

#[cfg(windows)]
fn number(file: &File) -> u64 {
    winapi_util::file::information(file).expect("asked").file_index()
}

impl Disk for Model {
    fn create(&self, folder: &Folder, name: &str) -> io::Result<File> {
        let mut state = self.step()?;
        let file = folder.create_new(name)?;
        let inode = state.inodes.len();
        state.inodes.push(Inode::default());
        state.open.insert(number(&file), inode);
        state.change(Change::Link(name.to_owned(), inode));
        Ok(file)
    }

    fn remove(&self, folder: &Folder, name: &str) -> io::Result<()> {
        let mut state = self.step()?;
        folder.remove(name)?;
        state.change(Change::Unlink(name.to_owned()));
        Ok(())
    }

    fn rename(&self, (from, name): (&Folder, &str), (to, new): (&Folder, &str), replace: Replace) -> io::Result<()> {
        let mut state = self.step()?;
        from.rename(name, to, new, replace)?;
        state.change(Change::Rename(name.to_owned(), new.to_owned()));
        Ok(())
    }

    fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        let (bytes, result) = match self.step() {
            Ok(_) => (bytes, Ok(())),
            Err(error) => (&bytes[..bytes.len() / 2], Err(error)),
        };
        let start = usize::try_from(file.stream_position()?).expect("small");
        io::Write::write_all(&mut file, bytes)?;
        let mut state = self.state();
        let inode = state.open[&number(file)];
        let inode = &mut state.inodes[inode];
        inode.replaced = std::mem::take(&mut inode.content);
        let end = inode.replaced.get(start + bytes.len()..).unwrap_or_default();
        inode.content = [&inode.replaced[..start], bytes, end].concat();
        result
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        self.sync_all(file)
    }

    fn sync_all(&self, file: &File) -> io::Result<()> {
        let mut state = self.step()?;
        let inode = state.open[&number(file)];
        let inode = &mut state.inodes[inode];
        inode.durable = inode.content.clone();
        Ok(())
    }

    fn sync_folder(&self, _: &Folder) -> io::Result<()> {
        let mut state = self.step()?;
        state.pending.clear();
        state.durable_names = state.names.clone();
        Ok(())
    }
}
