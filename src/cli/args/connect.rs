//! How a server is reached

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::values;
use crate::transport::{FixedAddress, Pin, Proxies};

/// How a server is reached: what all verbs that talk to one have in common
#[derive(Debug, Clone, Args)]
pub struct ConnectArgs {
    /// How long to wait
    #[command(flatten)]
    pub timeouts: TimeoutArgs,

    /// Whom to trust, and who to be
    #[command(flatten)]
    pub tls: TlsArgs,

    /// What stands in between
    #[command(flatten)]
    pub proxy: ProxyArgs,

    /// Where names lead
    #[command(flatten)]
    pub address: AddressArgs,
}

/// How long to wait
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_field_names, reason = "fields have the names of their options")]
#[command(next_help_heading = "Retry")]
pub struct TimeoutArgs {
    /// Time for establishing a connection, all addresses and TLS included
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = values::time)]
    pub connect_timeout: Duration,

    /// Time without a byte of a request being taken
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = values::time)]
    pub request_timeout: Duration,

    /// Time until an answer's head is complete; with --reply never below 5m30s for the last fragment's
    #[arg(long, value_name = "TIME", default_value = "5m30s", value_parser = values::time)]
    pub response_timeout: Duration,
}

/// Whom to trust, and who to be
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "TLS")]
pub struct TlsArgs {
    /// Trust the certificate authorities in this PEM file too
    ///
    /// The system's stay trusted. Repeat for several.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub cacert: Vec<PathBuf>,

    /// Certificate for a server that asks for one, with those that vouch for it, in PEM
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub cert: Option<PathBuf>,

    /// Its private key, in PEM [default: in the same file]
    #[arg(long, value_name = "FILE", requires = "cert", value_hint = ValueHint::FilePath)]
    pub key: Option<PathBuf>,

    /// File whose first line decrypts the key (PKCS#8); others must not be able to read it
    #[arg(long, value_name = "FILE", requires = "cert", value_hint = ValueHint::FilePath)]
    pub key_passphrase_file: Option<PathBuf>,

    /// Accept only a server whose public key has this SHA-256, in base64 or hexadecimal, whoever vouches for it;
    /// repeat for several
    #[arg(long, value_name = "HASH", value_parser = values::parsed::<Pin>)]
    pub pin_sha256: Vec<Pin>,

    /// Accept any certificate, and with it anybody who pretends to be the server; pins hold all the same
    #[arg(long)]
    pub insecure: bool,
}

/// What stands in between
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Proxy")]
pub struct ProxyArgs {
    /// Go through this proxy: http, https, socks5, or socks5h, which also looks names up [default: as
    /// the environment says]
    ///
    /// The environment says it in `http_proxy`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.
    #[arg(long, value_name = "URL|none", value_parser = values::proxies, value_hint = ValueHint::Url)]
    pub proxy: Option<Proxies>,

    /// User at the proxy; the password comes from the next option, `BITSUP_PROXY_PASSWORD` or a prompt
    #[arg(long, value_name = "USER")]
    pub proxy_user: Option<String>,

    /// File whose first line is that user's password; others must not be able to read it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub proxy_password_file: Option<PathBuf>,
}

/// Where names lead
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Address")]
pub struct AddressArgs {
    /// Connect to ADDR for HOST and PORT, an IPv6 one in brackets; repeat for several
    #[arg(long, value_name = "HOST:PORT:ADDR", value_parser = values::parsed::<FixedAddress>)]
    pub resolve: Vec<FixedAddress>,

    /// Use only IPv4 addresses
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    pub ipv4: bool,

    /// Use only IPv6 addresses
    #[arg(short = '6', long)]
    pub ipv6: bool,
}
