//! Any bytes at all as a record.

use proptest::prelude::*;

use super::*;

fn bytes_of(scene: &Scene) -> Vec<u8> {
    let entry = scene.half_way(&Journal::disabled());
    entry.record().to_bytes().expect("written")
}

/// Whether the record keeps the promises of every record that was read.
fn keeps_its_promises(record: &Record, key: Key) -> bool {
    record.key == key
        && record.session.as_ref().is_none_or(|session| {
            session.acknowledged <= session.sent_end
                && session.sent_end <= record.identity.size()
                && (!session.close_sent || session.acknowledged == record.identity.size())
                && session.target.as_ref().is_none_or(|target| target.host() == record.url.host())
        })
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let scene = Scene::new();
    let bytes = bytes_of(&scene);
    let record = Record::from_bytes(&bytes, scene.key()).expect("read");
    assert_eq!(record.to_bytes().expect("written"), bytes);
    assert!(keeps_its_promises(&record, scene.key()));
    for end in 0..bytes.len() {
        assert!(Record::from_bytes(&bytes[..end], scene.key()).is_err(), "the first {end} bytes");
    }
    let other = Key::new(&Uri::from_static("http://h/drop/other"));
    assert!(Record::from_bytes(&bytes, other).is_err());
}

/// As the first release that wrote version 2 left it.
#[test]
fn a_record_of_this_version_is_read_whichever_release_wrote_it() {
    let text = r#"{"v":2,"key":"KEY","url":"http://h/drop/file.bin","has_query":true,"name":"file.bin","path":"/a/file.bin","source":{"size":10000,"modified":[1728000000,5],"changed":null,"inode":7,"device":null},"session":{"session":"{S-1}","target":null,"host":null,"host_fallback_seconds":null,"acknowledged":5000,"sent_end":6000,"tells_offset":true,"keeps_count":false,"lost_question":null,"fragment_limit":null,"last_fragment_sent":false,"close_sent":false,"reply_url":null,"reply_saved":false},"digest":"xxh3-128","prefix":"0123456789abcdef0123456789abcdef","read":{"size":5500,"contents":"fedcba9876543210fedcba9876543210"},"reply":null,"created":1728000000,"updated":1728000060}"#;
    let key = Key::new(&Uri::from_static(URL));
    let text = text.replace("KEY", &key.to_string());
    let record = Record::from_bytes(text.as_bytes(), key).expect("read");
    assert_eq!(record.session, Some(ResumeState { tells_offset: true, ..state(5000, 6000) }));
    assert_eq!(record.prefix.map(|prefix| prefix.to_string()).as_deref(), Some("0123456789abcdef0123456789abcdef"));
    assert_eq!(record.read.map(|read| read.size), Some(5500));
    assert_eq!((record.created, record.updated), (day(20_000), day(20_000) + Duration::from_secs(60)));
    assert_eq!(String::from_utf8(record.to_bytes().expect("written")).expect("text"), text);
    // Not beyond the acknowledged bytes, or beyond the file.
    for read in ["\"size\":5000,\"contents\"", "\"size\":10001,\"contents\""] {
        let wrong = text.replace("\"size\":5500,\"contents\"", read);
        assert!(Record::from_bytes(wrong.as_bytes(), key).is_err(), "{read}");
    }
    // Nor of bytes without a session.
    let session = text.find("\"session\":{").expect("there")..text.find(",\"digest\"").expect("there");
    let read = text.find("\"read\":{").expect("there")..text.find(",\"reply\":null").expect("there");
    let without = format!(
        "{}\"session\":null{}\"read\":null{}",
        &text[..session.start],
        &text[session.end..read.start],
        &text[read.end..]
    );
    assert!(Record::from_bytes(without.as_bytes(), key).is_err(), "{without}");
    let nothing = without.replace("\"prefix\":\"0123456789abcdef0123456789abcdef\"", "\"prefix\":null");
    assert!(Record::from_bytes(nothing.as_bytes(), key).is_ok(), "{nothing}");
}

#[test]
fn fields_that_could_lead_somewhere_else_are_refused() {
    let scene = Scene::new();
    let text = String::from_utf8(bytes_of(&scene)).expect("text");
    let target = "\"target\":null";
    for (from, to) in [
        (target, "\"target\":\"http://evil/x\""),
        (target, "\"target\":\"http://u:p@h/x\""),
        (target, "\"target\":\"http://h/x?y\""),
        (target, "\"target\":\"file:///x\""),
        (target, "\"target\":\"/x\""),
        ("\"host\":null", "\"host\":\"a@b\""),
        ("\"url\":\"http://h", "\"url\":\"http://u:p@h"),
        ("\"url\":\"http://h", "\"url\":\"ftp://h"),
        ("\"digest\":\"xxh3-128\"", "\"digest\":\"md5\""),
        ("\"acknowledged\":5000", "\"acknowledged\":-1"),
        ("\"acknowledged\":5000", "\"acknowledged\":5e3"),
        ("\"fragment_limit\":null", "\"fragment_limit\":0"),
        ("\"tells_offset\":false", "\"tells_offset\":0"),
        ("\"updated\":", "\"updated\":18446744073709551615,\"x\":"),
        ("\"updated\":", "\"updated\":1,\"updated\":"),
        ("{\"v\":2", "{\"v\":1"),
        ("{\"v\":2", "{\"v\":3"),
    ] {
        assert!(text.contains(from), "no {from} in {text}");
        let changed = text.replacen(from, to, 1);
        assert!(Record::from_bytes(changed.as_bytes(), scene.key()).is_err(), "{to}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let key = Key::new(&Uri::from_static(URL));
        prop_assert!(Record::from_bytes(&bytes, key).is_err());
    }

    #[test]
    fn a_changed_record_is_refused_or_keeps_its_promises(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        digits in any::<bool>(),
    ) {
        let scene = Scene::new();
        let mut bytes = bytes_of(&scene);
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = if digits { b'0' + byte % 10 } else { byte };
        }
        if let Ok(record) = Record::from_bytes(&bytes, scene.key()) {
            prop_assert!(keeps_its_promises(&record, scene.key()));
        }
    }
}
