//! Who signs in, and how

use std::path::PathBuf;

use clap::{Args, ValueHint};
use http::{HeaderName, HeaderValue};

use super::values;
use crate::auth::Choice;

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
