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
    /// Limit the time to establish a connection
    ///
    /// Trying all addresses of the host and the TLS handshake count.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = values::time, help_heading = "Retry")]
    pub(crate) connect_timeout: Duration,

    /// Limit the time in which no byte of a request is sent
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = values::time, help_heading = "Retry")]
    pub(crate) request_timeout: Duration,

    /// Limit the time until a response's header is complete
    ///
    /// With --reply, it is at least 5m30s for the last fragment.
    #[arg(long, value_name = "TIME", default_value = "5m30s", value_parser = values::time, help_heading = "Retry")]
    pub(crate) response_timeout: Duration,

    #[command(flatten)]
    pub(crate) tls: TlsArgs,

    #[command(flatten)]
    pub(crate) proxy: ProxyArgs,

    /// Connect to ADDR for HOST and PORT
    ///
    /// No name look-up is made for them. Write an IPv6 address in brackets. Repeat for several.
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
    /// Also trust the CA certificates in this PEM file
    ///
    /// Or one server's own certificate. The system's certificate authorities stay trusted. Repeat for several files.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) cacert: Vec<PathBuf>,

    /// Send this client certificate to a server that asks
    ///
    /// A PEM file: the certificate, then its intermediate certificates. It is sent only to the URL's host.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) cert: Option<PathBuf>,

    /// Read the private key of --cert from this PEM file
    ///
    /// [default: the --cert file]
    #[arg(long, value_name = "FILE", requires = "cert", value_hint = ValueHint::FilePath)]
    pub(crate) key: Option<PathBuf>,

    /// Read the key's passphrase from the first line of FILE
    ///
    /// For an encrypted PKCS#8 key. Only FILE's owner may be able to read it.
    #[arg(long, value_name = "FILE", requires = "cert", value_hint = ValueHint::FilePath)]
    pub(crate) key_passphrase_file: Option<PathBuf>,

    /// Accept only a server whose public key has this SHA-256 digest
    ///
    /// In base64 or hexadecimal. The certificate is checked as well. Repeat for several.
    #[arg(long, value_name = "HASH", value_parser = values::parsed::<Pin>)]
    pub(crate) pin_sha256: Vec<Pin>,

    /// Do not check the server's certificate
    ///
    /// Anyone on the network path can then pretend to be the server. --pin-sha256 still applies.
    #[arg(long)]
    pub(crate) insecure: bool,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Proxy")]
#[expect(clippy::doc_markdown, reason = "help shows it as it is")]
pub(crate) struct ProxyArgs {
    /// Connect through this proxy, or directly with none
    ///
    /// An http, https, socks5 or socks5h URL; with socks5h the proxy resolves the host's name.
    ///
    /// [default: from the environment]
    #[arg(long, value_name = "URL|none", value_parser = values::proxies, value_hint = ValueHint::Url)]
    pub(crate) proxy: Option<Proxies>,

    /// Sign in to the proxy as USER
    ///
    /// The password comes from --proxy-password-file, BITSUP_PROXY_PASSWORD or a prompt, in this order.
    #[arg(long, value_name = "USER")]
    pub(crate) proxy_user: Option<String>,

    /// Read the proxy's password from the first line of FILE
    ///
    /// Write - for standard input. Only FILE's owner may be able to read it.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) proxy_password_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Signing in")]
#[expect(clippy::doc_markdown, reason = "help shows it as it is")]
pub(crate) struct AuthArgs {
    /// Sign in as USER, or as DOMAIN\USER or USER@DOMAIN
    ///
    /// The password comes from --password-file, --password-command, BITSUP_PASSWORD, netrc or a prompt, in this order.
    #[arg(short, long, value_name = "USER", value_parser = values::user)]
    pub(crate) user: Option<String>,

    /// Read the password from the first line of FILE
    ///
    /// Write - for standard input. Only FILE's owner may be able to read it.
    #[arg(long, value_name = "FILE", requires = "user", value_hint = ValueHint::FilePath)]
    pub(crate) password_file: Option<PathBuf>,

    /// Read the password from the first line that CMD prints
    ///
    /// The shell runs CMD.
    #[arg(
        long,
        value_name = "CMD",
        requires = "user",
        conflicts_with = "password_file",
        value_hint = ValueHint::CommandString
    )]
    pub(crate) password_command: Option<String>,

    /// Read a bearer token from the first line of FILE
    ///
    /// Write - for standard input. Only FILE's owner may be able to read it. Without --user, the default is the token in
    /// the environment variable BITSUP_TOKEN.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user", "netrc", "netrc_file"], value_hint = ValueHint::FilePath)]
    pub(crate) bearer_file: Option<PathBuf>,

    /// Read user and password from ~/.netrc
    ///
    /// Or from the file that the environment variable NETRC names. On Windows the default is ~/_netrc.
    #[arg(long)]
    pub(crate) netrc: bool,

    /// Read user and password from this netrc file
    #[arg(long, value_name = "FILE", conflicts_with = "netrc", value_hint = ValueHint::FilePath)]
    pub(crate) netrc_file: Option<PathBuf>,

    /// Choose the authentication scheme
    ///
    /// With auto, no weaker scheme follows one that was used.
    #[arg(long, value_name = "HOW", default_value = "auto", value_parser = values::one_of(values::AUTH))]
    pub(crate) auth: Choice,

    /// Allow Basic and bearer tokens over http
    ///
    /// Anyone on the network path can then read the password or token.
    #[arg(long)]
    pub(crate) allow_cleartext_auth: bool,

    /// Send credentials also to HOST, if the server names it
    ///
    /// A server names another host for the fragments in its BITS-Host-Id field. Repeat for several.
    #[arg(long, value_name = "HOST", value_parser = values::host, value_hint = ValueHint::Hostname)]
    pub(crate) trust_host_id: Vec<String>,

    /// Add this header field to every request
    ///
    /// It is sent to the URL's host and to the hosts of --trust-host-id. Repeat for several.
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = values::header, help_heading = "Protocol")]
    pub(crate) header: Vec<(HeaderName, HeaderValue)>,
}
