//! Files to send.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};

/// A file of this size with bytes that do not repeat, made once.
pub fn file(folder: &Path, size: u64) -> io::Result<PathBuf> {
    let path = folder.join(format!("source-{size}"));
    if path.exists() {
        return Ok(path);
    }
    let file = File::create_new(&path)?;
    let mut writer = BufWriter::with_capacity(1 << 20, &file);
    for word in words(size, size) {
        writer.write_all(&word)?;
    }
    writer.flush()?;
    // Pages that wait for the disk would disturb what is measured, and cannot be dropped from the cache.
    file.sync_all()?;
    Ok(path)
}

/// The contents of a small file; another seed makes others.
pub fn block(seed: u64, size: u64) -> Vec<u8> {
    words(seed, size).flatten().collect()
}

fn words(seed: u64, size: u64) -> impl Iterator<Item = [u8; 8]> {
    let mut state = (seed << 1) | 1;
    (0..size / 8).map(move |_| {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
}

/// Makes the next reader wait for the disk.
pub fn forget(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    Ok(posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)?)
}
