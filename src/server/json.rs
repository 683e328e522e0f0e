//! Events for programs: one JSON object a line.

use serde_json::{Map, Value, json};

use super::event::{PacketEvent, ServeEvent};

impl ServeEvent {
    /// The event as an object, with `"v":1` and `"event"`. What a client sent is in it as it was sent: where it may be read
    /// as something else than JSON, it has to be made harmless when it is written.
    ///
    /// A `packet` has `client`, `packet` (its type, or the method), `path`, `session`, `range`, `status`, `hresult` and
    /// `reason`; what is not known is left out. Once a file has its name, `published` follows.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let value = match self {
            Self::Started { scheme, address, root } => {
                json!({"event": "start", "url": format!("{scheme}://{address}/"), "folder": root.to_string_lossy()})
            }
            Self::StateDiscarded { name } => json!({"event": "discarded", "name": name}),
            Self::Packet(packet) => packet.to_value(),
            Self::Published { client, path, size } => {
                json!({"event": "published", "client": client.to_string(), "path": path, "size": size})
            }
            Self::Asked { session, result: Ok(size) } => {
                json!({"event": "reply", "session": session, "accepted": true, "size": size})
            }
            Self::Asked { session, result: Err(reason) } => {
                json!({"event": "reply", "session": session, "accepted": false, "reason": reason})
            }
            Self::Stopped => json!({"event": "stop"}),
        };
        let mut line = Map::from_iter([("v".to_owned(), json!(1))]);
        if let Value::Object(fields) = value {
            line.extend(fields);
        }
        Value::Object(line)
    }
}

impl PacketEvent {
    fn to_value(&self) -> Value {
        let packet = self.kind.map_or(&*self.method, |kind| kind.as_str());
        let mut value = json!({
            "event": "packet",
            "client": self.client.to_string(),
            "packet": packet,
            "path": self.path,
            "status": self.status.as_u16(),
        });
        let hresult = self.error.map(|error| format!("0x{:08X}", error.0));
        let optional =
            [("session", &self.session), ("range", &self.range), ("hresult", &hresult), ("reason", &self.reason)];
        for (name, text) in optional {
            if let Some(text) = text {
                value[name] = json!(text);
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::protocol::{HResult, PacketKind};

    fn packet(path: &str) -> ServeEvent {
        ServeEvent::Packet(PacketEvent {
            client: "127.0.0.1:5000".parse().unwrap(),
            method: "BITS_POST".to_owned(),
            kind: Some(PacketKind::Fragment),
            path: path.to_owned(),
            session: Some("{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}".to_owned()),
            range: Some("bytes 0-4/10".to_owned()),
            status: StatusCode::INTERNAL_SERVER_ERROR,
            error: Some(HResult::DISK_FULL),
            reason: None,
        })
    }

    #[test]
    fn a_packet_is_one_object() {
        let expected = json!({
            "v": 1, "event": "packet", "client": "127.0.0.1:5000", "packet": "Fragment", "path": "/a",
            "session": "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}", "range": "bytes 0-4/10", "status": 500,
            "hresult": "0x80070070",
        });
        assert_eq!(packet("/a").to_json(), expected);
    }
}
