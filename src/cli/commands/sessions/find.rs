//! Ids: the first characters of a key, as many as tell it from the others.

use crate::cli::config::UsageError;
use crate::journal::ListedRecord;

/// Characters shown even if fewer would do: an id should not grow as soon as another upload begins.
const USUAL: usize = 8;

/// The shortest id for each, in their order.
pub(super) fn short_ids(listed: &[ListedRecord]) -> Vec<String> {
    let keys: Vec<String> = listed.iter().map(|listed| listed.key.to_string()).collect();
    let shared = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    // All of one length, so that they stand in a column.
    let needed = keys.windows(2).map(|two| shared(&two[0], &two[1]) + 1).max().unwrap_or(0).max(USUAL);
    keys.iter().map(|key| key.chars().take(needed).collect()).collect()
}

/// The one whose key begins with `id`, and its shortest id.
pub(super) fn one<'a>(listed: &'a [ListedRecord], id: &str) -> Result<(&'a ListedRecord, String), UsageError> {
    let id = id.to_ascii_lowercase();
    let mut found = listed
        .iter()
        .zip(short_ids(listed))
        .filter(|(listed, _)| !id.is_empty() && listed.key.to_string().starts_with(&id));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => {
            Err(UsageError(format!("no unfinished upload has the id {id:?}: `bitsup sessions list` shows their ids")))
        }
        (Some(_), Some(_)) => Err(UsageError(format!("several ids begin with {id:?}: type more of it"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::BadRecord;

    fn listed(begin: &str) -> ListedRecord {
        let key = format!("{begin:0<64}").parse().expect("a key");
        ListedRecord { key, record: Err(BadRecord::Newer) }
    }

    #[test]
    fn ids_are_as_long_as_they_must_be_and_alike() {
        assert!(short_ids(&[]).is_empty());
        assert_eq!(short_ids(&[listed("a")]), ["a0000000"]);
        let ids = short_ids(&[listed("a1"), listed("aaaaaaaaa1"), listed("aaaaaaaaa2")]);
        assert_eq!(ids, ["a100000000", "aaaaaaaaa1", "aaaaaaaaa2"]);
    }

    #[test]
    fn any_beginning_that_only_one_has_will_do() {
        let all = [listed("a1"), listed("a2")];
        assert_eq!(one(&all, "A2").map(|(_, id)| id).map_err(|e| e.to_string()), Ok("a2000000".to_owned()));
        for id in ["a", "", "b", "a1x"] {
            assert!(one(&all, id).is_err(), "{id:?}");
        }
    }
}
