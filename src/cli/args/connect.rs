//! How a server is reached, and who signs in: what all verbs that talk to one have in common

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};
use http::{HeaderName, HeaderValue};

use super::values;
use crate::auth::Choice;
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

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Signing in")]
pub(crate) struct AuthArgs {
    /// Sign in as this user; for Windows also `DOMAIN\USER` or `USER@DOMAIN`
    ///
    /// The password comes from `--password-file`, `--password-command`, the environment variable `BITSUP_PASSWORD`,
    /// netrc, or is asked for.
    #[arg(short, long, value_name = "USER", value_parser = values::user)]
    pub(crate) user: Option<String>,

    /// File whose first line is the password, `-` for standard input; others must not be able to read it
    #[arg(long, value_name = "FILE", requires = "user", value_hint = ValueHint::FilePath)]
    pub(crate) password_file: Option<PathBuf>,

    /// Command whose first line of output is the password; the shell runs it
    #[arg(
        long,
        value_name = "CMD",
        requires = "user",
        conflicts_with = "password_file",
        value_hint = ValueHint::CommandString
    )]
    pub(crate) password_command: Option<String>,

    /// File whose first line is a bearer token, `-` for standard input [default: the environment variable
    /// `BITSUP_TOKEN`, if no user is given]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user", "netrc", "netrc_file"], value_hint = ValueHint::FilePath)]
    pub(crate) bearer_file: Option<PathBuf>,

    /// Take user and password from `~/.netrc`, or from the file that the environment variable `NETRC` names
    #[arg(long)]
    pub(crate) netrc: bool,

    /// The same from this file
    #[arg(long, value_name = "FILE", conflicts_with = "netrc", value_hint = ValueHint::FilePath)]
    pub(crate) netrc_file: Option<PathBuf>,

    /// How to sign in: `auto` takes the strongest that the server offers, and nothing weaker after it was refused
    #[arg(long, value_name = "HOW", default_value = "auto", value_parser = values::one_of(values::AUTH))]
    pub(crate) auth: Choice,

    /// Allow Basic and bearer tokens over http, where anybody on the way can read them
    #[arg(long)]
    pub(crate) allow_cleartext_auth: bool,

    /// Sign in at this host, too, when the server leads there (`BITS-Host-Id`); repeat for several
    #[arg(long, value_name = "HOST", value_parser = values::host, value_hint = ValueHint::Hostname)]
    pub(crate) trust_host_id: Vec<String>,

    /// Send this field with every request to the URL's host, and to hosts that are trusted; repeat for several
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = values::header, help_heading = "Protocol")]
    pub(crate) header: Vec<(HeaderName, HeaderValue)>,
}
