//! JSON files whose field `v` says which version of their format they are in.

use std::cmp::Ordering;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Why contents are not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormatError {
    /// A newer program wrote them, which may want them again.
    Newer,
    Older,
    Damaged(&'static str),
}

/// Reads what is in version `N` of its format.
pub(crate) fn read<const N: u64, T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FormatError> {
    check_version::<N>(bytes)?;
    serde_json::from_slice(bytes).map_err(|_| FormatError::Damaged("a field is wrong"))
}

/// Looks at the version alone: another one may have any other fields.
pub(crate) fn check_version<const N: u64>(bytes: &[u8]) -> Result<(), FormatError> {
    #[derive(Deserialize)]
    struct Versioned {
        v: u64,
    }
    let found: Versioned = serde_json::from_slice(bytes).map_err(|_| FormatError::Damaged("it is not JSON"))?;
    match found.v.cmp(&N) {
        Ordering::Greater => Err(FormatError::Newer),
        Ordering::Less => Err(FormatError::Older),
        Ordering::Equal => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Card {
        v: u64,
        name: String,
    }

    #[test]
    fn another_version_is_told_from_damage() {
        let read = |text: &str| read::<2, Card>(text.as_bytes());
        let card = Card { v: 2, name: "a".to_owned() };
        assert_eq!(read("{\"v\":2,\"name\":\"a\"}"), Ok(card));
        assert_eq!(read("{\"v\":3,\"other\":[]}"), Err(FormatError::Newer));
        assert_eq!(read("{\"v\":18446744073709551615}"), Err(FormatError::Newer));
        assert_eq!(read("{\"v\":1}"), Err(FormatError::Older));
        for damaged in ["", "{}", "[2]", "{\"v\":-1}", "{\"v\":\"2\"}", "{\"v\":2}", "{\"v\":2,\"v\":2,\"name\":\"a\"}"]
        {
            assert!(matches!(read(damaged), Err(FormatError::Damaged(_))), "{damaged}");
        }
    }
}
