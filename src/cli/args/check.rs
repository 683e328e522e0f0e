//! `bitsup check`

use clap::{Args, ValueHint};

use super::{AuthArgs, ConnectArgs, values};
use crate::protocol::ProtocolId;

/// `bitsup check`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bitsup check https://files.example.com/drop/")]
pub struct CheckArgs {
    /// Where uploads would go: a folder, or a file in it; nothing is stored there
    #[arg(value_hint = ValueHint::Url)]
    pub url: String,

    /// Offer this protocol to the server; repeat for several, in order of preference
    /// [default: {7df0354d-249b-430f-820d-3d2a9bef4931}]
    #[arg(long, value_name = "GUID", value_parser = values::parsed::<ProtocolId>, help_heading = "Protocol")]
    pub protocol: Vec<ProtocolId>,

    /// Stay at the URL's host, whatever other host the server names
    #[arg(long, help_heading = "Protocol")]
    pub no_host_id: bool,

    /// Find the largest fragment that gets through, up to 32 MiB: sends some hundred MiB at most, and finishes no file
    #[arg(long, help_heading = "Protocol")]
    pub probe_fragment: bool,

    /// Who signs in
    #[command(flatten)]
    pub auth: AuthArgs,

    /// How to reach the server
    #[command(flatten)]
    pub connect: ConnectArgs,

    /// Print one JSON object
    #[arg(long, help_heading = "Output")]
    pub json: bool,

    /// Print each packet and Ack; twice: also the heads, without secrets
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,
}
