//! Ids as people type them: the first characters, as many as tell one from the others.

use crate::cli::config::UsageError;

/// Characters shown even if fewer would do: an id should not grow as soon as another upload begins.
const USUAL: usize = 8;

/// For each, in their order, the first characters of it: as many as tell it from the others.
pub(super) fn short(ids: &[String]) -> Vec<String> {
    let mut sorted: Vec<&String> = ids.iter().collect();
    sorted.sort();
    let shared = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    // All of one length, so that they stand in a column.
    let needed = sorted.windows(2).map(|two| shared(two[0], two[1]) + 1).max().unwrap_or(0).max(USUAL);
    ids.iter().map(|id| id.chars().take(needed).collect()).collect()
}

/// The place of the one that begins with `typed`.
pub(super) fn find(ids: &[String], typed: &str) -> Result<usize, UsageError> {
    let typed = typed.trim_matches(['{', '}']).to_ascii_lowercase();
    let mut fitting = (0..ids.len()).filter(|place| !typed.is_empty() && ids[*place].starts_with(&typed));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(UsageError(format!(
            "no unfinished upload has the id {typed:?}: `bitsup sessions list` shows their ids"
        ))),
        (Some(_), Some(_)) => Err(UsageError(format!("several ids begin with {typed:?}: type more of it"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(beginnings: &[&str]) -> Vec<String> {
        beginnings.iter().map(|begin| format!("{begin:0<64}")).collect()
    }

    #[test]
    fn ids_are_as_long_as_they_must_be_and_alike() {
        assert_eq!(short(&[]).len(), 0);
        assert_eq!(short(&ids(&["a"])), ["a0000000"]);
        let shown = short(&ids(&["aaaaaaaaa1", "a1", "aaaaaaaaa2"]));
        assert_eq!(shown, ["aaaaaaaaa1", "a100000000", "aaaaaaaaa2"]);
    }

    #[test]
    fn any_beginning_that_only_one_has_will_do() {
        let all = ids(&["a1", "a2"]);
        assert_eq!((find(&all, "A2").ok(), find(&all, "{a1}").ok()), (Some(1), Some(0)));
        for typed in ["a", "", "b", "a1x"] {
            assert!(find(&all, typed).is_err(), "{typed:?}");
        }
    }
}
