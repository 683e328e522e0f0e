//! `bitsup serve` and `bitsup try`

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::{OutputArgs, values};
use crate::protocol::HostId;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
pub(crate) struct ServeArgs {
    /// The folder that receives the files
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,

    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) listen: std::net::SocketAddr,

    /// Listen on an address that others can reach, although anyone may then upload
    #[arg(long, conflicts_with = "user", help_heading = "Access")]
    pub(crate) allow_anonymous: bool,

    /// Let in only this user, with Basic authentication
    #[arg(long, value_name = "NAME", requires = "password_file", help_heading = "Access")]
    pub(crate) user: Option<String>,

    /// File whose first line is the user's password; others must not be able to read it
    #[arg(long, value_name = "FILE", requires = "user", value_hint = ValueHint::FilePath, help_heading = "Access")]
    pub(crate) password_file: Option<PathBuf>,

    /// Ask for the password without TLS on an address that others can reach
    #[arg(long, requires = "user", help_heading = "Access")]
    pub(crate) allow_cleartext_auth: bool,

    /// Certificate for HTTPS, with those that vouch for it, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key", value_hint = ValueHint::FilePath, help_heading = "Access")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// Its private key, in PEM, not encrypted
    #[arg(long, value_name = "FILE", requires = "tls_cert", value_hint = ValueHint::FilePath, help_heading = "Access")]
    pub(crate) tls_key: Option<PathBuf>,

    /// Give published files out by HEAD and GET to whoever may upload; folders are never listed
    #[arg(long, help_heading = "Access")]
    pub(crate) allow_read: bool,

    /// Replace files that exist
    #[arg(long, help_heading = "Uploads")]
    pub(crate) overwrite: bool,

    /// Life of an upload without progress; a finished one is remembered as long [default: 14d]
    #[arg(long, value_name = "TIME", help_heading = "Uploads", value_parser = values::seconds)]
    pub(crate) session_timeout: Option<Duration>,

    /// Name this host in the answer to Create-Session: the client sends the fragments there
    #[arg(long, value_name = "HOST[:PORT]", value_parser = values::parsed::<HostId>, help_heading = "Uploads")]
    pub(crate) host_id: Option<HostId>,

    /// Time without progress after which the client returns from that host to the URL's own
    #[arg(long, value_name = "TIME", requires = "host_id", help_heading = "Uploads", value_parser = values::seconds)]
    pub(crate) host_id_fallback_timeout: Option<Duration>,

    /// Run this command in the shell for each complete file, before its last byte is acknowledged; its output
    /// becomes the reply to the client, an exit code other than 0 refuses the file. It finds `BITSUP_FILE`,
    /// `BITSUP_URL` and `BITSUP_SESSION` in its environment and is killed after 5 minutes
    #[arg(long, value_name = "CMD", value_hint = ValueHint::CommandString, help_heading = "Uploads")]
    pub(crate) reply_command: Option<String>,

    /// Largest file accepted [default: no limit]
    #[arg(long, value_name = "SIZE", help_heading = "Limits", value_parser = values::bytes)]
    pub(crate) max_size: Option<NonZeroU64>,

    /// Largest fragment accepted [default: no limit]
    #[arg(long, value_name = "SIZE", help_heading = "Limits", value_parser = values::bytes)]
    pub(crate) max_fragment: Option<NonZeroU64>,

    /// Most unfinished uploads of one client address
    #[arg(long, value_name = "N", default_value = "50", help_heading = "Limits")]
    pub(crate) max_sessions: NonZeroUsize,

    /// Most bytes that all unfinished uploads may hold together [default: no limit]
    #[arg(long, value_name = "SIZE", help_heading = "Limits", value_parser = values::bytes)]
    pub(crate) max_temp: Option<NonZeroU64>,

    /// Most connections of one client address
    #[arg(long, value_name = "N", default_value = "256", help_heading = "Limits")]
    pub(crate) max_connections: NonZeroUsize,

    /// Print what happens on standard output, one JSON object a line
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,

    /// Print no line for each packet on standard error
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TryArgs {
    /// Files to upload [default: a generated one of 64 MiB]
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
