//! Whether to go on with an unfinished upload, checked.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use crate::cli::args::{Resume, ResumeArgs, StateArgs};

use super::UsageError;

/// Whether and where an upload is remembered, checked.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) struct ResumeConfig {
    pub(in crate::cli) resume: Resume,
    /// `None`: nothing is kept.
    pub(in crate::cli) state_dir: Option<PathBuf>,
}

impl ResumeConfig {
    pub(in crate::cli) fn new(args: ResumeArgs) -> Result<Self, UsageError> {
        if args.no_state && args.resume == Resume::Always {
            return Err(UsageError("--resume always needs what --no-state does not keep: leave one out".to_owned()));
        }
        let state_dir = if args.no_state { None } else { Some(state_dir(args.state)?) };
        Ok(Self { resume: args.resume, state_dir })
    }
}

/// The folder for unfinished uploads: as typed, by the environment, or where the system keeps such things.
pub(in crate::cli) fn state_dir(args: StateArgs) -> Result<PathBuf, UsageError> {
    let given = args.state_dir.or_else(|| std::env::var_os("BITSUP_STATE_DIR").map(PathBuf::from));
    if let Some(given) = given.filter(|path| !path.as_os_str().is_empty()) {
        return Ok(given);
    }
    let Ok(folders) = etcetera::base_strategy::choose_native_strategy() else {
        return Err(UsageError(
            "there is no home folder to keep unfinished uploads in: add --state-dir DIR".to_owned(),
        ));
    };
    // A session is this machine's affair: on Windows not the roaming profile.
    let base =
        if cfg!(windows) { folders.cache_dir() } else { folders.state_dir().unwrap_or_else(|| folders.data_dir()) };
    Ok(base.join("bitsup"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn resuming_is_the_default_and_needs_a_folder() {
        #[derive(Debug, Parser)]
        struct Options {
            #[command(flatten)]
            resume: ResumeArgs,
        }
        let config = |args: &[&str]| {
            let options = Options::try_parse_from(["bitsup"].iter().chain(args)).map_err(|e| e.to_string())?;
            ResumeConfig::new(options.resume).map_err(|e| e.to_string())
        };
        let kept = |resume| Ok(ResumeConfig { resume, state_dir: Some("x".into()) });
        assert_eq!(config(&["--state-dir", "x"]), kept(Resume::Auto));
        assert_eq!(config(&["--state-dir", "x", "--resume", "always"]), kept(Resume::Always));
        assert_eq!(config(&["--no-state"]), Ok(ResumeConfig { resume: Resume::Auto, state_dir: None }));
        assert!(config(&[]).is_ok_and(|config| config.state_dir.is_some_and(|path| path.is_absolute())));
        for wrong in
            [&["--no-state", "--resume", "always"][..], &["--no-state", "--state-dir", "x"], &["--resume", "x"]]
        {
            assert!(config(wrong).is_err(), "{wrong:?}");
        }
    }
}
