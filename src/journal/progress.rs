//! The file of an upload's newest Ack: written over in place after each one, for small fragments thousands of times a
//! second. A new file each time would make common file systems write to the disk at each rename.
//!
//! A power cut may leave half of one Ack and half of another in it, so a digest stands before it: whatever does not
//! match counts for nothing, and the durable record for what it says.

use std::fs::File;
use std::io::{self, Seek};

use crate::durable::Disk;
use crate::source::Fingerprint;

/// The byte between the digest and the record.
const GAP: u8 = b' ';

#[derive(Debug)]
pub(super) struct ProgressFile {
    file: File,
    /// The longest that was written, in bytes: what is shorter must cover it.
    len: usize,
}

impl ProgressFile {
    pub(super) fn new(file: File) -> Self {
        Self { file, len: 0 }
    }

    /// Writes a record over the one before. A process that is killed meanwhile leaves one of the two, or nothing usable.
    pub(super) fn write(&mut self, disk: &dyn Disk, record: &[u8]) -> io::Result<()> {
        let mut bytes = seal(record);
        self.len = self.len.max(bytes.len());
        bytes.resize(self.len, GAP);
        self.file.rewind()?;
        disk.write(&self.file, &bytes)
    }
}

pub(super) fn seal(record: &[u8]) -> Vec<u8> {
    let mut bytes = Fingerprint::of(record).to_string().into_bytes();
    bytes.push(GAP);
    bytes.extend_from_slice(record);
    bytes
}

/// The record in what was read, if all of it is there.
pub(super) fn unseal(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|byte| *byte == GAP)?;
    let (digest, record) = (std::str::from_utf8(&bytes[..end]).ok()?, bytes[end..].trim_ascii());
    (digest.parse() == Ok(Fingerprint::of(record))).then_some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_whole_is_read() {
        let sealed = seal(b"{\"v\":2}");
        assert_eq!(unseal(&sealed), Some(&b"{\"v\":2}"[..]));
        let padded: Vec<u8> = sealed.iter().copied().chain(*b"   ").collect();
        assert_eq!(unseal(&padded), Some(&b"{\"v\":2}"[..]));
        for end in 0..sealed.len() {
            assert_eq!(unseal(&sealed[..end]), None, "{end} bytes");
        }
        let other = seal(b"{\"v\":3}");
        assert_eq!(unseal(&[&sealed[..36], &other[36..]].concat()), None);
    }
}
