//! Events at the receiver, to be shown or recorded.

use std::fmt;

use serde::Serialize;

use super::client::Client;
use crate::protocol::HResult;
use crate::protocol::text::{Escaped, escape};

/// One thing that happened.
///
/// Its `Display` is one line for a log, with everything that a client sent escaped. As JSON it is an object with `event`,
/// in which texts are as the client sent them and what is not known is left out.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "event", rename_all = "lowercase")]
#[non_exhaustive]
pub enum ServeEvent {
    /// The server listens.
    #[serde(rename = "start")]
    Started {
        /// Where, by which scheme; `unix:` and the path of a Unix socket. Each has an event.
        url: String,
        /// The folder that receives the files.
        folder: String,
    },
    /// State of an unfinished upload made no sense and was removed: its client will start over.
    #[serde(rename = "discarded")]
    StateDiscarded {
        /// The name of the state file.
        name: String,
    },
    /// A packet was responded to.
    Packet(PacketEvent),
    /// A file is complete and has its name.
    Published {
        /// Who sent it.
        #[cfg_attr(test, schemars(with = "String"))]
        client: Client,
        /// The URL's path, raw.
        path: String,
        /// Its size in bytes.
        size: u64,
    },
    /// The application was shown a complete file.
    #[serde(rename = "reply")]
    Asked {
        /// The session that sent it.
        session: String,
        /// Whether it wants the file.
        accepted: bool,
        /// The size of its reply in bytes, if it does.
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
        /// Why it failed, if it does not.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A connection ended before a request on it was understood: it was none, TLS came to no agreement, or the client has
    /// too many connections.
    Refused {
        /// Who connected.
        #[cfg_attr(test, schemars(with = "String"))]
        client: Client,
        /// Why.
        reason: String,
    },
    /// A session that was not continued for an hour gave way to a new one of the same client, which has too many.
    Displaced {
        /// Who has the new one.
        #[cfg_attr(test, schemars(with = "String"))]
        client: Client,
        /// The session that is no more.
        session: String,
    },
    /// Certificate, key and password were read again.
    Reloaded {
        /// Why they are not used, if so: what held before goes on to hold.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Lines of the log that were not read in time were dropped: the log holds up no client.
    Dropped {
        /// How many.
        lines: u64,
    },
    /// The server has stopped.
    #[serde(rename = "stop")]
    Stopped,
}

/// A packet and the response to it. Texts are raw, as the client sent them.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PacketEvent {
    /// Who sent it.
    #[cfg_attr(test, schemars(with = "String"))]
    pub client: Client,
    /// As whom the client authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The request's method.
    pub method: String,
    /// The packet's kind; the request's method if it is no packet.
    pub packet: String,
    /// The URL's path.
    pub path: String,
    /// The session: the new one's, or that which the client named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The fragment's range (`Content-Range`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// HTTP's status.
    pub status: u16,
    /// BITS's code, if the packet was refused with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("pattern" = "^0x[0-9A-F]{8}$")))]
    pub hresult: Option<HResult>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Bytes of the body that came in, or of the file that goes out.
    pub bytes: u64,
    /// Time from the request's head to the response's, in seconds.
    pub seconds: f64,
}

impl fmt::Display for ServeEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { url, folder } => write!(f, "listening on {url} for uploads into {}", escape(folder)),
            Self::StateDiscarded { name } => write!(f, "discarded {}: it makes no sense", escape(name)),
            Self::Packet(packet) => packet.fmt(f),
            Self::Published { client, path, size } => write!(f, "{client} published {} ({size} bytes)", escape(path)),
            Self::Asked { session, size: Some(size), .. } => write!(f, "{session} application replied ({size} bytes)"),
            Self::Asked { session, reason, .. } => {
                write!(f, "{session} application refused: {}", escape(reason.as_deref().unwrap_or_default()))
            }
            Self::Refused { client, reason } => write!(f, "{client} refused: {}", escape(reason)),
            Self::Displaced { client, session } => write!(f, "{client} {session} gave way to a newer session"),
            Self::Reloaded { reason: None } => f.write_str("certificate and password were read again"),
            Self::Reloaded { reason: Some(reason) } => {
                write!(f, "certificate and password could not be read again, the old ones hold: {}", escape(reason))
            }
            Self::Dropped { lines } => write!(f, "{lines} lines were dropped: they were not read in time"),
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

/// `127.0.0.1:5000 ann Fragment /a.txt {A0FF…} bytes 5-9/10: 416 (out of step, offset 0 is next), 5 bytes, 12 ms`
impl fmt::Display for PacketEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.client)?;
        let words =
            [self.user.as_ref(), Some(&self.packet), Some(&self.path), self.session.as_ref(), self.range.as_ref()];
        for text in words {
            text.map_or(Ok(()), |text| write!(f, " {}", Escaped(text.as_bytes())))?;
        }
        write!(f, ": {}", self.status)?;
        if let Some(error) = self.hresult.filter(|error| *error != HResult::S_OK) {
            write!(f, ", {error}")?;
        }
        if let Some(reason) = &self.reason {
            write!(f, " ({})", Escaped(reason.as_bytes()))?;
        }
        if self.bytes > 0 {
            write!(f, ", {} bytes", self.bytes)?;
        }
        write!(f, ", {:.0} ms", self.seconds * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet() -> PacketEvent {
        PacketEvent {
            client: Client::Peer("127.0.0.1:5000".parse().unwrap()),
            user: None,
            method: "BITS_POST".to_owned(),
            packet: "Fragment".to_owned(),
            path: "/a.txt".to_owned(),
            session: Some("{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}".to_owned()),
            range: Some("bytes 0-4/10".to_owned()),
            status: 200,
            hresult: None,
            reason: None,
            bytes: 5,
            seconds: 0.0124,
        }
    }

    #[test]
    fn a_packet_is_one_line() {
        let line =
            "127.0.0.1:5000 Fragment /a.txt {A0FF5911-4144-45B3-BF27-27AFC8EC8A67} bytes 0-4/10: 200, 5 bytes, 12 ms";
        assert_eq!(ServeEvent::Packet(packet()).to_string(), line);
        let of_user = PacketEvent { user: Some("ann".to_owned()), bytes: 0, ..packet() }.to_string();
        assert!(of_user.starts_with("127.0.0.1:5000 ann Fragment /a.txt ") && of_user.ends_with(": 200, 12 ms"));
    }

    #[test]
    fn a_refusal_says_its_code_and_reason() {
        let refused = PacketEvent {
            packet: "Cancel-Session".to_owned(),
            range: None,
            session: None,
            status: 500,
            hresult: Some(HResult::BG_E_SESSION_NOT_FOUND),
            reason: Some("unknown session".to_owned()),
            bytes: 0,
            ..packet()
        };
        let line =
            "127.0.0.1:5000 Cancel-Session /a.txt: 500, BG_E_SESSION_NOT_FOUND (0x8020001F) (unknown session), 12 ms";
        assert_eq!(refused.to_string(), line);
    }

    #[test]
    fn what_a_client_sends_cannot_act_in_a_log() {
        let evil = "x\r\n127.0.0.1:1 forged\x1b[2J".to_owned();
        let hostile = PacketEvent {
            packet: evil.clone(),
            path: evil.clone(),
            session: Some(evil.clone()),
            range: Some(evil),
            ..packet()
        };
        assert!(!hostile.to_string().contains(char::is_control));
    }

    #[test]
    fn a_packet_is_one_json_object_without_what_is_not_known() {
        let refused = PacketEvent { status: 500, hresult: Some(HResult::DISK_FULL), ..packet() };
        let expected = serde_json::json!({
            "event": "packet", "client": "127.0.0.1:5000", "packet": "Fragment", "path": "/a.txt",
            "session": "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}", "range": "bytes 0-4/10", "status": 500,
            "hresult": "0x80070070", "method": "BITS_POST", "bytes": 5, "seconds": 0.0124,
        });
        assert_eq!(serde_json::to_value(ServeEvent::Packet(refused)).unwrap(), expected);
    }

    #[test]
    fn an_applications_verdict_is_one_json_object() {
        let session = "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}";
        let asked = |accepted, size, reason| ServeEvent::Asked { session: session.to_owned(), accepted, size, reason };
        for (event, expected) in [
            (asked(true, Some(5), None), serde_json::json!({"accepted": true, "size": 5})),
            (asked(false, None, Some("no".to_owned())), serde_json::json!({"accepted": false, "reason": "no"})),
        ] {
            let mut expected = expected;
            expected["event"] = "reply".into();
            expected["session"] = session.into();
            assert_eq!(serde_json::to_value(event).unwrap(), expected);
        }
    }
}
