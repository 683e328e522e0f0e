//! Events at the receiver, to be shown or recorded.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use http::StatusCode;

use crate::protocol::text::{Escaped, escape};
use crate::protocol::{HResult, PacketKind};

/// One thing that happened. Its `Display` is one line for a log, with everything that a client sent escaped.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ServeEvent {
    /// The server listens.
    Started {
        /// `http` or `https`.
        scheme: &'static str,
        /// Where.
        address: SocketAddr,
        /// The folder that receives the files.
        root: PathBuf,
    },
    /// State of an unfinished upload made no sense and was removed: its client will start over.
    StateDiscarded {
        /// The name of the state file.
        name: String,
    },
    /// A packet was responded to.
    Packet(PacketEvent),
    /// A file is complete and has its name.
    Published {
        /// Who sent it.
        client: SocketAddr,
        /// The URL's path, raw.
        path: String,
        /// Its size in bytes.
        size: u64,
    },
    /// The application was shown a complete file.
    Asked {
        /// The session that sent it.
        session: String,
        /// The size of its reply in bytes, or why it failed.
        result: Result<u64, String>,
    },
    /// The server has stopped.
    Stopped,
}

/// A packet and the response to it. Texts are raw, as the client sent them.
#[derive(Debug, Clone)]
pub struct PacketEvent {
    /// Who sent it.
    pub client: SocketAddr,
    /// The method; `BITS_POST` for a proper packet.
    pub method: String,
    /// The packet's kind, if it is one.
    pub kind: Option<PacketKind>,
    /// The URL's path.
    pub path: String,
    /// The session: the new one's, or that which the client named.
    pub session: Option<String>,
    /// The fragment's range (`Content-Range`).
    pub range: Option<String>,
    /// HTTP's status.
    pub status: StatusCode,
    /// BITS's code, if the packet was refused with one.
    pub error: Option<HResult>,
    /// Why it was refused.
    pub reason: Option<String>,
}

impl fmt::Display for ServeEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { scheme, address, root } => {
                write!(
                    f,
                    "listening on {scheme}://{address}/ for uploads into {}",
                    escape(root.to_string_lossy().as_bytes())
                )
            }
            Self::StateDiscarded { name } => write!(f, "discarded {}: it makes no sense", escape(name)),
            Self::Packet(packet) => packet.fmt(f),
            Self::Published { client, path, size } => write!(f, "{client} published {} ({size} bytes)", escape(path)),
            Self::Asked { session, result: Ok(size) } => write!(f, "{session} application replied ({size} bytes)"),
            Self::Asked { session, result: Err(reason) } => {
                write!(f, "{session} application refused: {}", escape(reason))
            }
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

/// `127.0.0.1:5000 Fragment /a.txt {A0FF…} bytes 5-9/10: 416 (out of step, offset 0 is next)`
impl fmt::Display for PacketEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.client)?;
        match self.kind {
            Some(kind) => write!(f, "{kind}")?,
            None => write!(f, "{}", Escaped(self.method.as_bytes()))?,
        }
        write!(f, " {}", Escaped(self.path.as_bytes()))?;
        for text in [&self.session, &self.range].into_iter().flatten() {
            write!(f, " {}", Escaped(text.as_bytes()))?;
        }
        write!(f, ": {}", self.status.as_u16())?;
        if let Some(error) = self.error.filter(|error| *error != HResult::S_OK) {
            write!(f, ", {error}")?;
        }
        if let Some(reason) = &self.reason { write!(f, " ({})", Escaped(reason.as_bytes())) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet() -> PacketEvent {
        PacketEvent {
            client: "127.0.0.1:5000".parse().unwrap(),
            method: "BITS_POST".to_owned(),
            kind: Some(PacketKind::Fragment),
            path: "/a.txt".to_owned(),
            session: Some("{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}".to_owned()),
            range: Some("bytes 0-4/10".to_owned()),
            status: StatusCode::OK,
            error: None,
            reason: None,
        }
    }

    #[test]
    fn a_packet_is_one_line() {
        let line = "127.0.0.1:5000 Fragment /a.txt {A0FF5911-4144-45B3-BF27-27AFC8EC8A67} bytes 0-4/10: 200";
        assert_eq!(ServeEvent::Packet(packet()).to_string(), line);
    }

    #[test]
    fn a_refusal_says_its_code_and_reason() {
        let refused = PacketEvent {
            kind: Some(PacketKind::CancelSession),
            range: None,
            session: None,
            status: StatusCode::INTERNAL_SERVER_ERROR,
            error: Some(HResult::BG_E_SESSION_NOT_FOUND),
            reason: Some("unknown session".to_owned()),
            ..packet()
        };
        let line = "127.0.0.1:5000 Cancel-Session /a.txt: 500, BG_E_SESSION_NOT_FOUND (0x8020001F) (unknown session)";
        assert_eq!(refused.to_string(), line);
    }

    #[test]
    fn what_a_client_sends_cannot_act_in_a_log() {
        let evil = "x\r\n127.0.0.1:1 forged\x1b[2J".to_owned();
        let hostile = PacketEvent {
            method: evil.clone(),
            kind: None,
            path: evil.clone(),
            session: Some(evil.clone()),
            range: Some(evil),
            ..packet()
        };
        assert!(!hostile.to_string().contains(char::is_control));
    }
}
