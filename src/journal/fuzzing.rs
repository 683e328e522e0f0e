//! Properties that hold for any bytes: played with by the fuzz targets, and in small by the tests.

use serde::Deserialize;

use super::host::HostMemory;
use super::progress::{seal, unseal};
use super::record::Record;
use crate::protocol::fuzzing::is_harmless;
use crate::protocol::{Origin, as_text};

/// A record that is read is one that an upload can go on from, at its own server or the one that it names, and is read
/// again as it is written.
pub fn record(data: &[u8]) {
    #[derive(Deserialize)]
    struct Keyed {
        #[serde(with = "as_text")]
        key: super::Key,
    }
    if let Some(inner) = unseal(data) {
        assert_eq!(unseal(&seal(inner)), Some(inner));
    }
    if let Ok(memory) = HostMemory::from_bytes(data) {
        let written = serde_json::to_vec(&memory).expect("written");
        assert_eq!(HostMemory::from_bytes(&written), Ok(memory));
    }
    // The key is the name of the file, and a record is that of its own.
    let Ok(Keyed { key }) = serde_json::from_slice(data) else { return };
    let record = match Record::from_bytes(data, key) {
        Ok(record) => record,
        Err(error) => {
            assert!(is_harmless(&error.to_string()), "{error}");
            return;
        }
    };
    let written = record.to_bytes().expect("written");
    assert_eq!(unseal(&seal(&written)), Some(&written[..]));
    let again = Record::from_bytes(&written, key).expect("what is written is read");
    assert_eq!(again, record);
    assert_eq!(again.to_bytes().expect("written"), written);
    let Some(session) = &record.session else { return };
    assert!(session.acknowledged <= session.sent_end && session.sent_end <= record.identity.size());
    let (here, there) = (Origin::of(&record.url), Origin::of(&session.target_for(&record.url)));
    let named = session.host.as_ref().map(|host| host.host().trim_matches(['[', ']']).to_ascii_lowercase());
    assert!(here.host() == there.host() || named.as_deref() == Some(there.host()), "{there}");
    assert!(there.is_https() || !here.is_https());
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use http::Uri;
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::Session;
    use crate::source::{Fingerprint, UploadEntity};
    use crate::uploader::ResumeState;

    /// As an upload leaves it half-way.
    fn written() -> String {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), [0; 20]).expect("written");
        let identity = UploadEntity::open(file.path()).expect("opened").identity().clone();
        let url = Uri::from_static("https://h/drop/a.bin");
        let mut record = Record::new(&url, "a.bin".into(), "/a.bin".into(), identity, UNIX_EPOCH);
        let session = Session {
            id: "{S-1}".parse().expect("a session id"),
            protocol: None,
            host: Some("other:99".parse().expect("a host")),
            host_fallback_timeout: Some(Duration::from_secs(60)),
        };
        let mut session = ResumeState::new(&session);
        session.target = Some(Uri::from_static("https://other:99/drop/a.bin"));
        (session.acknowledged, session.sent_end) = (5, 9);
        (record.session, record.prefix) = (Some(session), Some(Fingerprint::of(b"x")));
        String::from_utf8(record.to_bytes().expect("written")).expect("UTF-8")
    }

    proptest! {
        #[test]
        fn any_bytes_keep_the_properties(data in any::<Vec<u8>>()) {
            record(&data);
        }

        #[test]
        fn what_is_almost_a_record_keeps_them(
            from in "[a-z_\":]{1,3}|null|[0-9]{1,2}|https?|other|false",
            to in "[ -~]{0,3}|null|true|false|[0-9]{1,20}|http|other|\\[::1\\]"
        ) {
            let text = written();
            record(text.as_bytes());
            record(text.replacen(&from, &to, 1).as_bytes());
            record(text.replace(&from, &to).as_bytes());
            record(format!("{{\"v\":2,\"refused_size\":{to},\"refused\":{from}}}").as_bytes());
        }
    }
}
