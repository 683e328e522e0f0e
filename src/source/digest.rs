//! Digests of the bytes that were sent: a byte that goes out twice must be the same byte.
//!
//! XXH3-128 notices change; it is no protection against an attacker who can choose the file's contents.

use std::fmt;
use std::io::{self, BufRead, Read};
use std::ops::ControlFlow;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use twox_hash::xxhash3_128::Hasher;

use crate::protocol::text::{NotHex, parse_hex_u128};
use crate::protocol::{ContentRange, as_text};
use crate::source::{EntityError, UploadEntity};

/// Places kept to go back to. Each holds a hasher's state, below 1 KiB.
const MAX_MARKS: usize = 64;

/// The last marks are never given up: recovery goes back to them.
const RECENT: usize = 4;

/// Bytes read at a time where the network does not set the pace.
const BLOCK: usize = 256 * 1024;

/// A re-read prefix is marked this often, in bytes.
const MARK_EVERY: u64 = 64 << 20;

/// The XXH3-128 of some bytes: 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// The fingerprint of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Hasher::oneshot(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = NotHex;

    /// # Errors
    /// When the text is anything but 32 lower-case hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, NotHex> {
        parse_hex_u128(text).map(Self)
    }
}

/// The size and digest that tell the contents of one file, or of its beginning, from another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// Size in bytes.
    pub size: u64,
    /// The digest of all bytes.
    #[serde(rename = "contents", with = "as_text")]
    pub fingerprint: Fingerprint,
}

impl Contents {
    /// Reads to the end, or past `limit` bytes at most.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(source: impl Read, limit: u64) -> io::Result<Self> {
        let mut hasher = Hasher::new();
        let mut source = io::BufReader::with_capacity(BLOCK, source.take(limit.saturating_add(1)));
        let mut size = 0;
        loop {
            let bytes = source.fill_buf()?;
            if bytes.is_empty() {
                return Ok(Self { size, fingerprint: Fingerprint(hasher.finish_128()) });
            }
            hasher.write(bytes);
            let len = bytes.len();
            size += len as u64;
            source.consume(len);
        }
    }
}

/// The digest of everything before a position, built from the bytes as they were sent.
///
/// It can go back to any offset. Bytes that are fed again are compared with what was fed before, so that a file whose
/// contents change between a fragment and its repetition is noticed, whatever its size and times say.
///
/// ```text
/// seek(fragment.first) → feed(...) as the body is read → Ack tells an offset → seek(offset) → fingerprint()
/// ```
///
/// [`PrefixDigest::seek`] reads the file only when the offset lies where feeding neither began nor ended.
pub(crate) struct PrefixDigest {
    hasher: Hasher,
    position: u64,
    /// By offset, the first at 0.
    marks: Vec<Mark>,
    /// The first mark behind `position`.
    next: usize,
}

#[derive(Clone)]
struct Mark {
    offset: u64,
    hasher: Hasher,
}

impl PrefixDigest {
    /// Nothing was sent yet.
    pub(crate) fn new() -> Self {
        let start = Mark { offset: 0, hasher: Hasher::new() };
        Self { hasher: start.hasher.clone(), position: 0, marks: vec![start], next: 1 }
    }

    /// How many bytes, from the file's first on, the fingerprint covers.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The digest of the bytes before the position.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint(self.hasher.finish_128())
    }

    /// Takes the bytes that follow the position, and moves behind them.
    /// Fails when they, or the bytes since the last [`PrefixDigest::seek`], are not those that were fed here before.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), DigestError> {
        while let Some(mark) = self.marks.get(self.next) {
            let distance = usize::try_from(mark.offset - self.position).unwrap_or(usize::MAX);
            let Some((before, after)) = bytes.split_at_checked(distance) else { break };
            self.hasher.write(before);
            self.position = mark.offset;
            if self.hasher.finish_128() != mark.hasher.finish_128() {
                return Err(DigestError::Differs);
            }
            self.next += 1;
            bytes = after;
        }
        self.hasher.write(bytes);
        self.position += bytes.len() as u64;
        Ok(())
    }

    /// Remembers what was fed up to here, then goes to `offset`, reading the file where nothing is remembered.
    ///
    /// Called with the current position it costs nothing but the memory of it; offsets where a fragment began or ended
    /// need no reading either.
    /// Fails when the file cannot be read up to there, or is no longer what was sent.
    pub(crate) fn seek(&mut self, offset: u64, entity: &UploadEntity) -> Result<(), DigestError> {
        self.mark();
        if offset == self.position {
            return Ok(());
        }
        self.next = self.marks.partition_point(|mark| mark.offset <= offset);
        // There is always one at 0.
        let nearest = &self.marks[self.next - 1];
        self.position = nearest.offset;
        self.hasher = nearest.hasher.clone();
        self.read_up_to(offset, entity)?;
        self.mark();
        Ok(())
    }

    /// How far feeding ever got, with the digest of everything before that.
    pub(crate) fn furthest(&mut self) -> Contents {
        self.mark();
        // There is always one at 0.
        let mark = &self.marks[self.marks.len() - 1];
        Contents { size: mark.offset, fingerprint: Fingerprint(mark.hasher.finish_128()) }
    }

    /// Reads everything that was fed so far again, and compares it. `progress` as in [`verify_prefix`].
    /// Fails when it is no longer what was fed, cannot be read, or `progress` said to stop.
    pub(crate) fn compare(
        &mut self,
        entity: &UploadEntity,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<(), DigestError> {
        let end = self.furthest().size;
        let mut again = Self { marks: self.marks.clone(), ..Self::new() };
        again.read_in_steps(end, entity, progress)
    }

    fn read_in_steps(
        &mut self,
        end: u64,
        entity: &UploadEntity,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<(), DigestError> {
        while self.position < end {
            if progress(self.position).is_break() {
                return Err(DigestError::Stopped);
            }
            self.read_up_to(end.min(self.position + MARK_EVERY), entity)?;
            self.mark();
        }
        Ok(())
    }

    fn read_up_to(&mut self, offset: u64, entity: &UploadEntity) -> Result<(), DigestError> {
        let Some(length) = offset.checked_sub(self.position).filter(|length| *length > 0) else { return Ok(()) };
        let range = ContentRange::new(self.position, length, entity.size()).map_err(|_| DigestError::Differs)?;
        for_each_block(entity, range, |bytes| self.feed(bytes))
    }

    fn mark(&mut self) {
        if self.marks[self.next - 1].offset == self.position {
            return;
        }
        self.marks.insert(self.next, Mark { offset: self.position, hasher: self.hasher.clone() });
        self.next += 1;
        if self.marks.len() > MAX_MARKS {
            self.forget_one();
        }
    }

    /// Gives up the mark whose neighbours are closest together: what stays is spread over the whole prefix.
    fn forget_one(&mut self) {
        let gap = |i: &usize| self.marks[i + 1].offset - self.marks[i - 1].offset;
        if let Some(index) = (1..self.marks.len() - RECENT).min_by_key(gap) {
            self.marks.remove(index);
            self.next -= usize::from(index < self.next);
        }
    }
}

/// Reads the first `length` bytes of a file that was sent in part by an earlier run, and compares them with what that
/// run sent. `progress` is told how far it got, at least every 64 MiB, and may stop it.
/// Fails when they differ, cannot be read, or `progress` said to stop.
pub(crate) fn verify_prefix(
    entity: &UploadEntity,
    length: u64,
    expected: Fingerprint,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<PrefixDigest, DigestError> {
    let mut digest = PrefixDigest::new();
    digest.read_in_steps(length, entity, progress)?;
    if digest.fingerprint() == expected { Ok(digest) } else { Err(DigestError::Differs) }
}

/// Reads a part of the source to its end, unless `take` fails.
pub(crate) fn for_each_block(
    entity: &UploadEntity,
    range: ContentRange,
    mut take: impl FnMut(&[u8]) -> Result<(), DigestError>,
) -> Result<(), DigestError> {
    let mut reader = entity.read(range)?;
    let mut block = vec![0; BLOCK.min(usize::try_from(range.len()).unwrap_or(BLOCK))];
    loop {
        match reader.read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(count) => take(&block[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(DigestError::of_reading(entity, error)),
        }
    }
}

/// Why the digest of a part of the source cannot be had.
#[derive(Debug)]
pub(crate) enum DigestError {
    /// The source is no longer what was sent before.
    Differs,
    /// The source cannot be read.
    Entity(EntityError),
    /// The caller did not want to wait.
    Stopped,
}

impl DigestError {
    /// The meaning of an error from reading the source: a file that lost bytes has changed.
    pub(crate) fn of_reading(entity: &UploadEntity, error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Differs } else { Self::Entity(entity.error(error)) }
    }
}

impl From<EntityError> for DigestError {
    fn from(error: EntityError) -> Self {
        Self::Entity(error)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Seek, SeekFrom, Write};

    use proptest::prelude::*;

    use super::*;

    fn source(bytes: &[u8]) -> (tempfile::NamedTempFile, UploadEntity) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), bytes).expect("written");
        let entity = UploadEntity::open(file.path()).expect("opened");
        (file, entity)
    }

    fn content(size: usize) -> Vec<u8> {
        (0..size).map(|i| (i * 31 % 251).to_le_bytes()[0]).collect()
    }

    fn overwrite(file: &tempfile::NamedTempFile, offset: u64, bytes: &[u8]) {
        let mut file = File::options().write(true).open(file.path()).expect("opened");
        file.seek(SeekFrom::Start(offset)).expect("positioned");
        file.write_all(bytes).expect("written");
    }

    fn go_on(_: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    #[test]
    fn fingerprints_are_those_of_xxh3_128() {
        assert_eq!(Fingerprint::of(b"").to_string(), "99aa06d3014798d86001c324468d497f");
        let text = Fingerprint::of(b"abc").to_string();
        assert_eq!(text.parse(), Ok(Fingerprint::of(b"abc")));
        for bad in ["", "99AA06D3014798D86001C324468D497F", "+9aa06d3014798d86001c324468d497f", &text[1..]] {
            assert_eq!(bad.parse::<Fingerprint>(), Err(NotHex), "{bad}");
        }
    }

    #[test]
    fn an_ack_within_a_fragment_needs_only_the_missing_part() {
        let bytes = content(1000);
        let (file, entity) = source(&bytes);
        let mut digest = PrefixDigest::new();
        digest.feed(&bytes[..400]).expect("new");
        digest.seek(400, &entity).expect("no reading");
        digest.feed(&bytes[400..900]).expect("new");
        // The bytes before the fragment are not read again: a change there goes unnoticed now.
        overwrite(&file, 0, b"changed");
        digest.seek(500, &entity).expect("read");
        assert_eq!(digest.fingerprint(), Fingerprint::of(&bytes[..500]));
        digest.seek(900, &entity).expect("remembered");
        assert_eq!(digest.fingerprint(), Fingerprint::of(&bytes[..900]));
    }

    #[test]
    fn the_furthest_is_the_last_of_all_that_were_marked() {
        let bytes = content(300);
        let (_file, entity) = source(&bytes);
        let mut digest = PrefixDigest::new();
        for start in [0, 100, 200] {
            digest.feed(&bytes[start..start + 100]).expect("new");
            digest.seek(start as u64 + 100, &entity).expect("here");
            assert_eq!(digest.furthest().size, start as u64 + 100);
        }
    }

    #[test]
    fn a_repetition_with_other_bytes_is_noticed() {
        let bytes = content(1000);
        let (file, entity) = source(&bytes);
        let mut digest = PrefixDigest::new();
        digest.feed(&bytes[..800]).expect("new");
        digest.seek(300, &entity).expect("read");
        digest.feed(&bytes[300..800]).expect("the same again");
        digest.seek(0, &entity).expect("remembered");
        let mut other = bytes.clone();
        other[100] ^= 1;
        assert!(matches!(digest.feed(&other), Err(DigestError::Differs)));
        assert_eq!(digest.position(), 300);
        overwrite(&file, 350, b"changed");
        digest.seek(400, &entity).expect("read");
        assert!(matches!(digest.feed(&bytes[400..]), Err(DigestError::Differs)));
        assert_eq!(digest.position(), 800);
    }

    #[test]
    fn a_file_that_shrank_differs() {
        let bytes = content(1000);
        let (file, entity) = source(&bytes);
        let mut digest = PrefixDigest::new();
        digest.feed(&bytes[..600]).expect("new");
        file.as_file().set_len(50).expect("cut");
        assert!(matches!(digest.seek(100, &entity), Err(DigestError::Differs)));
        assert!(matches!(digest.seek(5000, &entity), Err(DigestError::Differs)));
    }

    #[test]
    fn a_later_run_compares_the_prefix() {
        let bytes = content(1000);
        let (file, entity) = source(&bytes);
        let sent = Fingerprint::of(&bytes[..700]);
        let digest = verify_prefix(&entity, 700, sent, &mut go_on).expect("the same");
        assert_eq!((digest.position(), digest.fingerprint()), (700, sent));
        assert!(matches!(
            verify_prefix(&entity, 700, sent, &mut |_| ControlFlow::Break(())),
            Err(DigestError::Stopped)
        ));
        assert!(matches!(verify_prefix(&entity, 1001, sent, &mut go_on), Err(DigestError::Differs)));
        overwrite(&file, 699, b"x");
        assert!(matches!(verify_prefix(&entity, 700, sent, &mut go_on), Err(DigestError::Differs)));
    }

    #[test]
    fn the_memory_of_a_long_upload_is_bounded_and_spread() {
        let bytes = content(100_000);
        let (_file, entity) = source(&bytes);
        let mut digest = PrefixDigest::new();
        for piece in bytes.chunks(100) {
            digest.feed(piece).expect("new");
            digest.seek(digest.position(), &entity).expect("nothing to do");
        }
        assert_eq!(digest.marks.len(), MAX_MARKS);
        let widest = digest.marks.windows(2).map(|two| two[1].offset - two[0].offset).max();
        assert!(widest.is_some_and(|gap| gap <= 100_000 / 16), "{widest:?}");
        assert_eq!(digest.marks[0].offset, 0);
    }

    proptest! {
        #[test]
        fn any_walk_ends_with_the_digest_of_the_prefix(steps in prop::collection::vec((0usize..3000, 0usize..500), 1..200)) {
            let bytes = content(3000);
            let (_file, entity) = source(&bytes);
            let mut digest = PrefixDigest::new();
            for (offset, count) in steps {
                digest.seek(offset as u64, &entity).expect("unchanged");
                prop_assert_eq!(digest.fingerprint(), Fingerprint::of(&bytes[..offset]));
                let end = (offset + count).min(bytes.len());
                digest.feed(&bytes[offset..end]).expect("unchanged");
                prop_assert_eq!(digest.fingerprint(), Fingerprint::of(&bytes[..end]));
                prop_assert!(digest.marks.len() <= MAX_MARKS);
                prop_assert!(digest.marks.is_sorted_by(|a, b| a.offset < b.offset));
            }
        }
    }
}
