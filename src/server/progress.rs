//! How many bytes of a session are durable: two slots in a small file, written in turn. A third says which file is about
//! to get its name.
//!
//! A slot that a power cut tears fails its check, and the other still holds the count before. Overwriting in place costs
//! one sync a fragment where a renamed file would cost two and the folder's.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Size of a slot in bytes: a sector, which disks write as a whole.
const SLOT: usize = 512;

/// Where the third slot begins.
const INTENT: u64 = 2 * SLOT as u64;

/// The greatest offset that is properly noted, with the file's size; `None` if nothing is.
pub(crate) fn read(file: &mut File) -> io::Result<Option<(u64, u64)>> {
    Ok(greatest(slots(file)?))
}

fn greatest(slots: [Option<(u64, u64)>; 2]) -> Option<(u64, u64)> {
    slots.into_iter().flatten().max()
}

/// Goes to the slot that does not hold the greatest offset; returns what is to be written there to note another.
pub(crate) fn seek_slot(file: &mut File, offset: u64, total: u64) -> io::Result<Vec<u8>> {
    let [first, second] = slots(file)?;
    let place = if first > second { SLOT as u64 } else { 0 };
    file.seek(SeekFrom::Start(place))?;
    Ok(slot(offset, total))
}

/// The file that is about to be published, by its size and number; `None` if none is.
pub(crate) fn read_intent(file: &mut File) -> io::Result<Option<(u64, u64)>> {
    let mut slot = Vec::with_capacity(SLOT);
    file.seek(SeekFrom::Start(INTENT))?;
    file.take(SLOT as u64).read_to_end(&mut slot)?;
    Ok(parse(&slot))
}

/// Goes to the slot of the intent; returns what is to be written there.
pub(crate) fn seek_intent(file: &mut File, (size, number): (u64, u64)) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(INTENT))?;
    Ok(slot(size, number))
}

fn slot(one: u64, other: u64) -> Vec<u8> {
    let text = format!("{one} {other}");
    let mut slot = format!("{text} {:016x}\n", check(&text)).into_bytes();
    slot.resize(SLOT, b' ');
    slot
}

fn slots(file: &mut File) -> io::Result<[Option<(u64, u64)>; 2]> {
    let mut bytes = Vec::with_capacity(2 * SLOT);
    file.seek(SeekFrom::Start(0))?;
    file.take(2 * SLOT as u64).read_to_end(&mut bytes)?;
    Ok(parse_slots(&bytes))
}

fn parse_slots(bytes: &[u8]) -> [Option<(u64, u64)>; 2] {
    let (first, second) = bytes.split_at(bytes.len().min(SLOT));
    [first, second].map(|slot| parse(slot).filter(|(offset, total)| offset <= total))
}

fn parse(slot: &[u8]) -> Option<(u64, u64)> {
    let line = std::str::from_utf8(slot).ok()?.split('\n').next()?;
    let (text, sum) = line.rsplit_once(' ')?;
    let (offset, total) = text.split_once(' ')?;
    let (offset, total) = (offset.parse().ok()?, total.parse().ok()?);
    let intact = u64::from_str_radix(sum, 16).ok()? == check(text);
    intact.then_some((offset, total))
}

/// FNV-1a.
fn check(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The offset that is read lies within the size, and the next that is noted is read, or, torn, the one before.
#[cfg(any(fuzzing, test))]
pub(super) fn check_bytes(data: &[u8]) {
    let mut bytes = data.to_vec();
    bytes.truncate(2 * SLOT);
    let [first, second] = parse_slots(&bytes);
    let before = greatest([first, second]);
    assert!(before.is_none_or(|(offset, total)| offset <= total));
    bytes.resize(2 * SLOT, b' ');
    // A slot of fewer bytes than a whole one is none of ours; what was in it may be read otherwise now.
    let [first, second] = parse_slots(&bytes);
    let before = greatest([first, second]);
    let Some(next) = before.map_or(Some(0), |(offset, _)| offset.checked_add(1)) else { return };
    let place = if first > second { SLOT } else { 0 };
    let written = slot(next, u64::MAX);
    let torn = SLOT / 64;
    bytes[place..place + torn].copy_from_slice(&written[..torn]);
    let read = greatest(parse_slots(&bytes));
    assert!(read == before || read == Some((next, u64::MAX)), "{read:?}");
    bytes[place..place + SLOT].copy_from_slice(&written);
    assert_eq!(greatest(parse_slots(&bytes)), Some((next, u64::MAX)));
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn write(file: &mut File, offset: u64, total: u64) -> io::Result<()> {
        let slot = seek_slot(file, offset, total)?;
        file.write_all(&slot)
    }

    #[test]
    fn the_latest_offset_is_read_back() {
        let mut file = tempfile::tempfile().unwrap();
        assert_eq!(read(&mut file).unwrap(), None);
        for offset in [0, 5, 6, 100, 1000] {
            write(&mut file, offset, 1000).unwrap();
            assert_eq!(read(&mut file).unwrap(), Some((offset, 1000)));
        }
    }

    #[test]
    fn a_torn_slot_leaves_the_count_before() {
        let mut file = tempfile::tempfile().unwrap();
        for offset in [5, 10, 15] {
            write(&mut file, offset, 1000).unwrap();
        }
        // 15 overwrote 5; tear it.
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(b"99").unwrap();
        assert_eq!(read(&mut file).unwrap(), Some((10, 1000)));
    }

    #[test]
    fn the_intent_stands_beside_the_offsets() {
        let mut file = tempfile::tempfile().unwrap();
        assert_eq!(read_intent(&mut file).unwrap(), None);
        write(&mut file, 7, 9).unwrap();
        let slot = seek_intent(&mut file, (9, 4)).unwrap();
        file.write_all(&slot).unwrap();
        write(&mut file, 9, 9).unwrap();
        assert_eq!((read(&mut file).unwrap(), read_intent(&mut file).unwrap()), (Some((9, 9)), Some((9, 4))));
    }

    #[test]
    fn rubbish_is_no_count() {
        for rubbish in [&b"\0\0\0"[..], b"5 10", b"5 10 0\n", b"\xff\xff", b"11 10 0000000000000000\n"] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(rubbish).unwrap();
            assert_eq!(read(&mut file).unwrap(), None, "{rubbish:?}");
        }
    }
}
