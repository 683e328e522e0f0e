//! Writers and events for this room's tests, and the schemas in `docs/`.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use http::StatusCode;
use indicatif::{InMemoryTerm, TermLike};
use proptest::prelude::*;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use crate::protocol::{ContentName, ContentRange, Packet, PacketKind, Session};
use crate::uploader::{Resize, UploadEvent};

/// Fails unless `docs/NAME.schema.json` is the schema of `T`; writes it instead where `BITSUP_WRITE_SCHEMAS` is set.
#[track_caller]
pub(crate) fn check_schema<T: JsonSchema>(name: &str) {
    let schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    let text = serde_json::to_string_pretty(&schema).expect("JSON") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/{name}.schema.json"));
    if std::env::var_os("BITSUP_WRITE_SCHEMAS").is_some() {
        std::fs::write(path, text).expect("written");
    } else {
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == text, "{} is out of date: run completions/generate.sh", path.display());
    }
}

/// A writer that keeps what was written.
#[derive(Clone, Default)]
pub(super) struct Buffer(Arc<Mutex<(usize, Vec<u8>)>>);

impl Buffer {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("a test's lock").1.clone()).expect("text")
    }

    pub(super) fn writes(&self) -> usize {
        self.0.lock().expect("a test's lock").0
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut inner = self.0.lock().expect("a test's lock");
        inner.0 += 1;
        inner.1.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A pipe without a reader.
pub(super) struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

/// A terminal's emulation behind a writer; a line feed also returns, as terminals do in their usual mode.
pub(super) struct Emulated(pub(super) InMemoryTerm);

impl Write for Emulated {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).expect("whole characters").replace('\n', "\r\n");
        self.0.write_str(&text)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn session() -> Session {
    let id = "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}".parse().expect("a session id");
    Session { id, protocol: None, host: None, host_fallback_timeout: None }
}

pub(super) fn started(name: &str, size: u64) -> UploadEvent {
    UploadEvent::Started { name: name.to_owned(), url: "http://h/up/a.bin".to_owned(), size }
}

pub(super) fn fragment(first: u64, len: u64, total: u64) -> UploadEvent {
    let range = ContentRange::new(first, len, total).expect("a range");
    UploadEvent::Sending(Packet::Fragment { session: session().id, name: ContentName::new("a.bin"), range })
}

pub(super) fn close() -> UploadEvent {
    UploadEvent::Sending(Packet::CloseSession { session: session().id, name: ContentName::new("a.bin") })
}

/// Any event, with any text and any number in it.
pub(super) fn any_event() -> impl Strategy<Value = UploadEvent> {
    let text = prop_oneof![any::<String>(), Just("\x1b[2J\r\n\u{202e}\u{9b}31m漢字漢字❤\u{fe0f}".to_owned())];
    let number = prop_oneof![any::<u64>(), 0..200_u64];
    prop_oneof![
        (text.clone(), text.clone(), number.clone()).prop_map(|(name, url, size)| UploadEvent::Started {
            name,
            url,
            size
        }),
        Just(UploadEvent::Sending(Packet::Ping)),
        (0..100_u64, 1..100_u64).prop_map(|(first, len)| fragment(first, len, 200)),
        Just(close()),
        (text.clone(), text.clone()).prop_map(|(name, value)| request_head(&name, &value)),
        text.clone().prop_map(|value| answer_head(&value)),
        number.clone().prop_map(UploadEvent::BytesSent),
        text.clone().prop_map(|offset| UploadEvent::Responded {
            packet: PacketKind::Fragment,
            status: StatusCode::OK,
            next_offset: Some(offset)
        }),
        text.prop_map(|reason| UploadEvent::PingIgnored { reason }),
        Just(UploadEvent::BundledAuthorities),
        Just(UploadEvent::SessionCreated(session())),
        (number.clone(), number.clone()).prop_map(|(offset, total)| UploadEvent::Acknowledged { offset, total }),
        (number.clone(), number.clone()).prop_map(|(from, to)| UploadEvent::Resynced { from, to }),
        (number.clone(), number.clone()).prop_map(|(from, to)| UploadEvent::Resized { from, to, why: Resize::Lost }),
        number.prop_map(|size| UploadEvent::Completed { size }),
    ]
}

pub(super) fn request_head(name: &str, value: &str) -> UploadEvent {
    let mut request = http::Request::builder().method("BITS_POST").uri("http://h/up/a.bin");
    if let (Ok(name), Ok(value)) =
        (http::HeaderName::from_bytes(name.as_bytes()), http::HeaderValue::from_bytes(value.as_bytes()))
    {
        request = request.header(name, value);
    }
    UploadEvent::RequestHead(Box::new(request.body(()).expect("a request").into_parts().0))
}

pub(super) fn answer_head(value: &str) -> UploadEvent {
    let mut answer = http::Response::builder();
    if let Ok(value) = http::HeaderValue::from_bytes(value.as_bytes()) {
        answer = answer.header("server", value);
    }
    UploadEvent::ResponseHead(Box::new(answer.body(()).expect("an answer").into_parts().0))
}
