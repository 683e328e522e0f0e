//! How a server is reached: what all verbs that talk to one have in common

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::values;
use crate::transport::{FixedAddress, Pin, Proxies};

#[derive(Debug, Clone, Args)]
pub(crate) struct ConnectArgs {
    /// Time for establishing a connection, all addresses and TLS included
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = values::time, help_heading = "Retry")]
    pub(crate) connect_timeout: Duration,

    /// Time without a byte of a request being taken
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = values::time, help_heading = "Retry")]
    pub(crate) request_timeout: Duration,

    /// Time until an answer's head is complete; with --reply never below 5m30s for the last fragment's
    #[arg(long, value_name = "TIME", default_value = "5m30s", value_parser = values::time, help_heading = "Retry")]
    pub(crate) response_timeout: Duration,

    #[command(flatten)]
    pub(crate) tls: TlsArgs,

    #[command(flatten)]
    pub(crate) proxy: ProxyArgs,

    /// Connect to ADDR for HOST and PORT, an IPv6 one in brackets; repeat for several
    #[arg(long, value_name = "HOST:PORT:ADDR", value_parser = values::parsed::<FixedAddress>, help_heading = "Address")]
    pub(crate) resolve: Vec<FixedAddress>,

    /// Use only IPv4 addresses
    #[arg(short = '4', long, conflicts_with = "ipv6", help_heading = "Address")]
    pub(crate) ipv4: bool,

    /// Use only IPv6 addresses
    #[arg(short = '6', long, help_heading = "Address")]
    pub(crate) ipv6: bool,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "TLS")]
pub(crate) struct TlsArgs {
    /// Trust the certificate authorities in this PEM file too
    ///
    /// The system's stay trusted. Repeat for several.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) cacert: Vec<PathBuf>,

    /// Certificate for a server that asks for one, with those that vouch for it, in PEM
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) cert: Option<PathBuf>,

    /// Its private key, in PEM [default: in the same file]
    #[arg(long, value_name = "FILE", requires = "cert", value_hint = ValueHint::FilePath)]
    pub(crate) key: Option<PathBuf>,

    /// File whose first line decrypts the key (PKCS#8); others must not be able to read it
    #[arg(long, value_name = "FILE", requires = "cert", value_hint = ValueHint::FilePath)]
    pub(crate) key_passphrase_file: Option<PathBuf>,

    /// Accept only a server whose public key has this SHA-256, in base64 or hexadecimal, whoever vouches for it;
    /// repeat for several
    #[arg(long, value_name = "HASH", value_parser = values::parsed::<Pin>)]
    pub(crate) pin_sha256: Vec<Pin>,

    /// Accept any certificate, and with it anybody who pretends to be the server; pins hold all the same
    #[arg(long)]
    pub(crate) insecure: bool,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Proxy")]
pub(crate) struct ProxyArgs {
    /// Go through this proxy: http, https, socks5, or socks5h, which also looks names up [default: as
    /// the environment says]
    ///
    /// The environment says it in `http_proxy`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.
    #[arg(long, value_name = "URL|none", value_parser = values::proxies, value_hint = ValueHint::Url)]
    pub(crate) proxy: Option<Proxies>,

    /// User at the proxy; the password comes from the next option, `BITSUP_PROXY_PASSWORD` or a prompt
    #[arg(long, value_name = "USER")]
    pub(crate) proxy_user: Option<String>,

    /// File whose first line is that user's password; others must not be able to read it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) proxy_password_file: Option<PathBuf>,
}
