//! `bitsup serve` and `bitsup try`

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::{OutputArgs, values};
use crate::protocol::HostId;
use crate::server::{Listen, TrustedProxy};

#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
#[expect(clippy::doc_markdown, reason = "help shows it as it is")]
pub(crate) struct ServeArgs {
    /// Directory for the received files
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,

    /// Listen on ADDR:PORT
    ///
    /// Also PORT on this machine alone, :PORT on all its IPv4 addresses, unix:PATH for a Unix socket, or systemd for the
    /// sockets of a .socket unit. Port 0 picks a free port. Repeat for several.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080", value_parser = values::listen)]
    pub(crate) listen: Vec<Listen>,

    /// Let anyone upload who can reach the address
    ///
    /// Needed to listen on an address that other machines can reach, without --user.
    #[arg(long, conflicts_with = "user", help_heading = "Access")]
    pub(crate) allow_anonymous: bool,

    /// Require Basic authentication as this user
    #[arg(long, value_name = "NAME", requires = "password_file", help_heading = "Access")]
    pub(crate) user: Option<String>,

    /// Read the password from the first line of FILE
    ///
    /// Write - for standard input. Only FILE's owner may be able to read it.
    #[arg(long, value_name = "FILE", requires = "user", value_hint = ValueHint::FilePath, help_heading = "Access")]
    pub(crate) password_file: Option<PathBuf>,

    /// Allow --user without TLS on addresses that others can reach
    ///
    /// Anyone on the network path can then read the password.
    #[arg(long, requires = "user", help_heading = "Access")]
    pub(crate) allow_cleartext_auth: bool,

    /// Serve HTTPS with this certificate
    ///
    /// A PEM file: the certificate, then its intermediate certificates.
    #[arg(long, value_name = "FILE", requires = "tls_key", value_hint = ValueHint::FilePath, help_heading = "Access")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// Read the private key of --tls-cert from FILE
    ///
    /// A PEM file. The key must not be encrypted.
    #[arg(long, value_name = "FILE", requires = "tls_cert", value_hint = ValueHint::FilePath, help_heading = "Access")]
    pub(crate) tls_key: Option<PathBuf>,

    /// Serve received files by HEAD and GET
    ///
    /// Anyone who may upload may read them. Directories are never listed.
    #[arg(long, help_heading = "Access")]
    pub(crate) allow_read: bool,

    /// Believe X-Forwarded-For from this network
    ///
    /// Also the address of a proxy, or unix for those who use the Unix socket. Limits and log then have the proxy's
    /// clients. Repeat for several.
    #[arg(long, value_name = "CIDR", help_heading = "Access", value_parser = values::parsed::<TrustedProxy>)]
    pub(crate) trust_forwarded_for: Vec<TrustedProxy>,

    /// Respond to GET / with 200 and ok
    ///
    /// For load balancers and monitors, without a password.
    #[arg(long, help_heading = "Access")]
    pub(crate) health: bool,

    /// Replace existing files
    #[arg(long, help_heading = "Uploads")]
    pub(crate) overwrite: bool,

    /// Give received files these permissions
    ///
    /// In octal, such as 640; not on Windows. A directory with the setgid bit gives them its group.
    ///
    /// [default: by the umask]
    #[arg(long, value_name = "MODE", value_parser = values::file_mode, help_heading = "Uploads")]
    pub(crate) file_mode: Option<u32>,

    /// Discard an upload after TIME without progress
    ///
    /// A finished upload is remembered for the same time.
    ///
    /// [default: 14d]
    #[arg(long, value_name = "TIME", help_heading = "Uploads", value_parser = values::seconds)]
    pub(crate) session_timeout: Option<Duration>,

    /// Tell clients to send the fragments to this host
    ///
    /// It is the BITS-Host-Id field of the response to Create-Session.
    #[arg(long, value_name = "HOST[:PORT]", value_parser = values::parsed::<HostId>, help_heading = "Uploads")]
    pub(crate) host_id: Option<HostId>,

    /// Tell clients when to leave the --host-id host
    ///
    /// After TIME without progress, a client returns to the URL's host.
    #[arg(long, value_name = "TIME", requires = "host_id", help_heading = "Uploads", value_parser = values::seconds)]
    pub(crate) host_id_fallback_timeout: Option<Duration>,

    /// Run this shell command for each complete file
    ///
    /// It runs before the last byte is acknowledged. Its output becomes the reply to the client; an exit code other than 0
    /// refuses the file. Its environment has BITSUP_FILE, BITSUP_URL and BITSUP_SESSION. It is killed after 5
    /// minutes.
    #[arg(long, value_name = "CMD", value_hint = ValueHint::CommandString, help_heading = "Uploads")]
    pub(crate) reply_command: Option<String>,

    /// Limit the size of a file
    ///
    /// [default: no limit]
    #[arg(long, value_name = "SIZE", help_heading = "Limits", value_parser = values::bytes)]
    pub(crate) max_size: Option<NonZeroU64>,

    /// Limit the size of a fragment
    ///
    /// [default: no limit]
    #[arg(long, value_name = "SIZE", help_heading = "Limits", value_parser = values::bytes)]
    pub(crate) max_fragment: Option<NonZeroU64>,

    /// Limit the unfinished uploads of a client address
    #[arg(long, value_name = "N", default_value = "50", help_heading = "Limits")]
    pub(crate) max_sessions: NonZeroUsize,

    /// Limit the size of all unfinished uploads together
    ///
    /// An upload's whole size counts from its first fragment on.
    ///
    /// [default: no limit]
    #[arg(long, value_name = "SIZE", help_heading = "Limits", value_parser = values::bytes)]
    pub(crate) max_temp: Option<NonZeroU64>,

    /// Limit the connections of a client address
    #[arg(long, value_name = "N", default_value = "256", help_heading = "Limits")]
    pub(crate) max_connections: NonZeroUsize,

    /// Print events as JSON lines on standard output
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,

    /// Do not print a line for each packet
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TryArgs {
    /// Files to upload
    ///
    /// [default: a generated file of 64 MiB]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
