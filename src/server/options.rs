//! Options of a receiver.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::account::Account;
use super::client::TrustedProxies;
use super::limits::Limits;
use super::listen::Listen;
use crate::protocol::HostId;

/// Options of a receiver.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
#[non_exhaustive]
pub struct Options {
    /// The folder that receives the files. Unfinished ones lie in `.bitsup-sessions` below it.
    pub root: PathBuf,
    /// Where to listen.
    pub listen: Vec<Listen>,
    /// The proxies that are believed when they name their client, for the limits and the log. Default: none.
    pub trusted_proxies: TrustedProxies,
    /// Whether `GET /` is responded to with 200 and `ok`, also without a password, for those who watch the server.
    /// Default: no.
    pub health: bool,
    /// Whether an upload may replace an existing file. Default: no.
    pub allow_overwrite: bool,
    /// The permissions of published files, such as `0o640`, on Unix. Default: by the umask.
    pub file_mode: Option<u32>,
    /// Whether published files can be read by HEAD and GET; folders are never listed. Default: no.
    pub allow_read: bool,
    /// The account that may upload and read. Default: everyone who reaches the address.
    pub account: Option<Account>,
    /// Certificate and key, for HTTPS. Default: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// The command that sees each complete file before the last fragment is acknowledged ([MC-BUP] 1.3.3). Default:
    /// none.
    ///
    /// It runs through the system's shell (`sh -c`, on Windows `cmd /C`), once for a session, with `BITSUP_FILE` (the
    /// path of the received bytes), `BITSUP_URL` and `BITSUP_SESSION` in its environment. Its standard output is the
    /// reply. An exit code other than 0 refuses the file. A run that the server's own end cuts short, or whose reply
    /// the disk does not take, counts as none.
    pub reply_command: Option<String>,
    /// Space, sessions, connections and time that clients may take.
    pub limits: Limits,
    /// The host that Create-Session's Ack names, for the client to continue at ([MC-BUP] 2.2.3.2). Default: none.
    pub host_id: Option<HostId>,
    /// Time without progress, in whole seconds, after which the client returns to its first host. Default: not said.
    pub host_id_fallback_timeout: Option<Duration>,
    /// Whether bytes are synced to the disk before they are acknowledged. Default: yes. Without it a power cut may lose
    /// acknowledged bytes; a crash of the server alone does not.
    pub durable: bool,
}

impl Options {
    /// The defaults, for a folder and an address.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, listen: SocketAddr) -> Self {
        Self {
            root: root.into(),
            listen: vec![listen.into()],
            trusted_proxies: TrustedProxies::default(),
            health: false,
            allow_overwrite: false,
            file_mode: None,
            allow_read: false,
            account: None,
            tls: None,
            reply_command: None,
            limits: Limits::default(),
            host_id: None,
            host_id_fallback_timeout: None,
            durable: true,
        }
    }
}

/// The files of certificate and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those that vouch for it, in PEM.
    pub cert: PathBuf,
    /// Its private key, in PEM, not encrypted.
    pub key: PathBuf,
}
