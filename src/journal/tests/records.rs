//! Any bytes at all as a record.

use proptest::prelude::*;

use super::*;

fn bytes_of(scene: &Scene) -> Vec<u8> {
    let entry = scene.half_way(&Journal::disabled());
    entry.record().to_bytes().expect("written")
}

/// What every record that was read promises to its users.
fn keeps_its_promises(record: &Record, key: Key) -> bool {
    record.key == key
        && record.session.as_ref().is_none_or(|saved| {
            saved.state.acknowledged <= saved.state.sent_end
                && saved.state.sent_end <= record.identity.size()
                && (!saved.state.close_sent || saved.state.acknowledged == record.identity.size())
                && saved.state.target.as_ref().is_none_or(|target| target.host() == record.url.host())
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
