//! `bitsup check`, checked.

use crate::cli::args::CheckArgs;
use crate::cli::destination;
use crate::client::CheckPlan;
use crate::protocol::ContentName;
use crate::random;

use std::path::PathBuf;

use super::{AuthConfig, ConnectConfig, UsageError, upload};

/// Begins the name of the file that a folder is asked about. The rest is random: some servers open or empty the file
/// when a session is created, so no name is used that may be there.
const NAME: &str = "bitsup-check-";

/// `bitsup check`, checked.
#[derive(Debug)]
pub(in crate::cli) struct CheckConfig {
    pub(in crate::cli) plan: CheckPlan,
    /// Where the transcript goes, if there is to be one.
    pub(in crate::cli) report: Option<PathBuf>,
    pub(in crate::cli) auth: AuthConfig,
    pub(in crate::cli) connect: ConnectConfig,
}

impl CheckConfig {
    pub(in crate::cli) fn new(args: CheckArgs) -> anyhow::Result<Self> {
        let name = format!("{NAME}{}", random::uuid()?.simple());
        let destination = destination::parse(&args.url, name.as_bytes()).map_err(UsageError)?;
        let destination = destination::beside(&destination, name.as_bytes()).map_err(UsageError)?;
        let connect = ConnectConfig::new(args.connect)?;
        connect.suits(&destination)?;
        Ok(Self {
            auth: AuthConfig::new(args.auth, &destination)?,
            connect,
            plan: CheckPlan {
                destination,
                name: ContentName::new(&name),
                protocols: upload::protocols(args.protocol)?,
                follow_host_id: !args.no_host_id,
                send_fragment: args.report.is_some(),
                probe_fragment: args.probe_fragment,
            },
            report: args.report,
        })
    }
}
