//! What is shown, checked.

use crate::cli::args::{OutputArgs, Progress};
use crate::output::{ProgressMode, Verbosity};

use super::MachineConfig;

/// What is shown, and how.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct OutputConfig {
    pub(in crate::cli) progress: ProgressMode,
    pub(in crate::cli) verbosity: Verbosity,
}

impl OutputConfig {
    pub(in crate::cli) fn new(args: &OutputArgs) -> Self {
        let progress = match args.progress {
            Progress::Auto => ProgressMode::Auto,
            Progress::Bar => ProgressMode::Bar,
            Progress::Plain => ProgressMode::Plain,
            Progress::None => ProgressMode::None,
        };
        Self { progress, verbosity: Verbosity { quiet: args.quiet, level: args.verbose } }
    }

    /// What is left of it where a program reads along: no progress, unless it was asked for.
    pub(in crate::cli) fn beside(self, machine: MachineConfig) -> Self {
        match self.progress {
            ProgressMode::Auto if machine.json => Self { progress: ProgressMode::None, ..self },
            _ => self,
        }
    }
}
