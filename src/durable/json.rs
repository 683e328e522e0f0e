//! JSON files whose field `v` says which version of their format they are in.

use std::cmp::Ordering;

use serde::de::{DeserializeOwned, Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The field `v` of version `N`: nothing else is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Version<const N: u64>;

impl<const N: u64> Serialize for Version<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(N)
    }
}

impl<'de, const N: u64> Deserialize<'de> for Version<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            found if found == N => Ok(Self),
            found => Err(Error::invalid_value(Unexpected::Unsigned(found), &"the version that was asked for")),
        }
    }
}

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
    let found: Versioned = serde_json::from_slice(bytes).map_err(|_| FormatError::Damaged("it is no JSON"))?;
    match found.v.cmp(&N) {
        Ordering::Greater => Err(FormatError::Newer),
        Ordering::Less => Err(FormatError::Older),
        Ordering::Equal => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Card {
        v: Version<2>,
        name: String,
    }

    #[test]
    fn another_version_is_told_from_damage() {
        let read = |text: &str| read::<2, Card>(text.as_bytes());
        let card = Card { v: Version, name: "a".to_owned() };
        assert_eq!(serde_json::to_string(&card).unwrap(), "{\"v\":2,\"name\":\"a\"}");
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
