//! The steps that make bytes last and can fail half-way, behind a trait so that tests can let each fail.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};

use super::{Folder, Replace};

/// The steps on whose order the durability rests.
pub(crate) trait Disk: fmt::Debug + Send + Sync {
    /// Makes a file that was not there.
    fn create(&self, folder: &Folder, name: &str) -> io::Result<File> {
        folder.create_new(name)
    }

    /// Removes a file; one that is not there is fine.
    fn remove(&self, folder: &Folder, name: &str) -> io::Result<()> {
        folder.remove(name)
    }

    /// Cuts a file to a length.
    fn set_len(&self, file: &File, len: u64) -> io::Result<()> {
        file.set_len(len)
    }

    /// Writes all bytes where the file stands.
    fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    /// Makes a file's bytes survive a power cut.
    fn sync_data(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// Makes a file's bytes and permissions survive a power cut.
    fn sync_all(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    /// Makes a folder's names survive a power cut.
    fn sync_folder(&self, folder: &Folder) -> io::Result<()> {
        folder.sync()
    }

    /// Gives a file another place on the same file system.
    fn rename(&self, (from, name): (&Folder, &str), (to, new): (&Folder, &str), replace: Replace) -> io::Result<()> {
        from.rename(name, to, new, replace)
    }

    /// Writes a whole file. A crash leaves what had the name before or the new file; when this returns, the new one
    /// survives a power cut.
    fn replace(&self, folder: &Folder, name: &str, temporary: &str, bytes: &[u8]) -> io::Result<()> {
        self.remove(folder, temporary)?;
        let written = self.create(folder, temporary).and_then(|file| {
            self.write(&file, bytes)?;
            // The bytes before the name that leads to them.
            self.sync_all(&file)
        });
        let named = written.and_then(|()| self.rename((folder, temporary), (folder, name), Replace::Allowed));
        if named.is_err() {
            // A full disk must not stay full because of us; the error is told either way.
            let _ = self.remove(folder, temporary);
        }
        named.and_then(|()| self.sync_folder(folder))
    }

    /// Bytes that may still be written, if the file system says.
    fn free_space(&self, folder: &Folder) -> Option<u64> {
        folder.free_space()
    }
}

/// Bytes survive a power cut once they are synced.
#[derive(Debug)]
pub(crate) struct Durable;

impl Disk for Durable {}

/// Bytes survive the server's end, but not the machine's.
#[derive(Debug)]
pub(crate) struct Volatile;

impl Disk for Volatile {
    fn sync_data(&self, _: &File) -> io::Result<()> {
        Ok(())
    }

    fn sync_all(&self, _: &File) -> io::Result<()> {
        Ok(())
    }

    fn sync_folder(&self, _: &Folder) -> io::Result<()> {
        Ok(())
    }
}
