//! `bitsup sessions`

use clap::{Args, Subcommand};

use super::{AuthArgs, ConnectArgs, StateArgs};

/// `bitsup sessions`
#[derive(Debug, Args)]
pub struct SessionsArgs {
    /// What to do
    #[command(subcommand)]
    pub command: SessionsCommand,

    /// Where unfinished uploads are kept
    #[command(flatten)]
    pub state: StateArgs,
}

/// The verbs of `bitsup sessions`
#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// List unfinished uploads
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show all that is kept of an unfinished upload
    Show {
        /// The first characters of its id, as `list` shows it
        id: String,
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Give an unfinished upload up, here and at the server
    Cancel {
        /// The first characters of its id, as `list` shows it
        id: String,
        /// Forget it here, also when the server cannot be told
        #[arg(long)]
        force: bool,
        /// Who signs in at the server
        #[command(flatten)]
        auth: Box<AuthArgs>,
        /// How to reach the server
        #[command(flatten)]
        connect: Box<ConnectArgs>,
    },
    /// Remove what expired after 14 days, is broken or left over
    Prune {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
}
