//! `bitsup upload`, checked.

use std::num::NonZeroU64;
use std::path::PathBuf;

use etcetera::BaseStrategy;
use http::Uri;

use crate::cli::args::{AuthArgs, MachineArgs, OutputArgs, StateArgs, UploadArgs};
use crate::client::ResumeMode;
use crate::output::ProgressMode;
use crate::protocol::{ContentName, ProtocolId};
use crate::transport::{RateLimiter, Settings};
use crate::uploader::{Plan, RetryPolicy, Verify};

use super::{AuthConfig, ConnectConfig, FilesConfig, Item, UsageError};

/// `bitsup upload`, checked.
#[derive(Debug)]
pub(in crate::cli) struct UploadConfig {
    pub(in crate::cli) files: FilesConfig,
    pub(in crate::cli) output: OutputArgs,
    pub(in crate::cli) machine: MachineArgs,
    pub(in crate::cli) connect: ConnectConfig,
    rate_limit: Option<RateLimiter>,
    pub(in crate::cli) resume: ResumeMode,
    /// Where an upload is remembered; `None`: nowhere.
    pub(in crate::cli) state_dir: Option<PathBuf>,
    auth: AuthArgs,
    pub(in crate::cli) reply: Option<PathBuf>,
    pub(in crate::cli) force: bool,
    /// The choices that hold for each file.
    plan: Plan,
}

impl UploadConfig {
    pub(in crate::cli) fn new(args: UploadArgs) -> Result<Self, UsageError> {
        let mut output = args.output;
        // Where a program reads along there is no progress, unless it was asked for.
        if args.machine.json && output.progress == ProgressMode::Auto {
            output.progress = ProgressMode::None;
        }
        if args.no_state && args.resume == ResumeMode::Always {
            return Err(UsageError("--resume always and --no-state exclude each other".to_owned()));
        }
        let plan = Plan {
            protocols: protocols(args.protocol)?,
            fragment_size: args.fragment_size,
            retry: RetryPolicy {
                no_progress_timeout: args.retry.no_progress_timeout,
                retries: args.retry.retries,
                delay: args.retry.retry_delay,
                max_delay: args.retry.retry_max_delay,
                wait_for_server: args.retry.wait_for_server,
                max_time: args.retry.max_time(),
            },
            follow_host_id: !args.no_host_id,
            may_start_over: args.resume != ResumeMode::Always,
            wants_reply: args.reply.is_some(),
            verify: args.verify,
            ..Plan::new(Uri::default(), 0, ContentName::new(""))
        };
        Ok(Self {
            files: FilesConfig::new(args.files, args.name)?,
            connect: ConnectConfig::new(args.connect)?,
            rate_limit: args.limit_rate.and_then(NonZeroU64::new).map(RateLimiter::new),
            auth: args.auth,
            reply: args.reply,
            force: args.force,
            output,
            machine: args.machine,
            state_dir: if args.no_state { None } else { Some(state_dir(args.state)?) },
            resume: args.resume,
            plan,
        })
    }

    /// How files are compared after the upload.
    pub(in crate::cli) fn verify(&self) -> Verify {
        self.plan.verify
    }

    /// How `item`'s server is reached.
    pub(in crate::cli) fn transport(&self, item: &Item) -> Settings {
        Settings { rate_limit: self.rate_limit.clone(), ..self.connect.settings(&item.destination) }
    }

    /// Who signs in for `items`, where they go.
    pub(in crate::cli) fn auth(&self, items: &[Item]) -> Result<AuthConfig, UsageError> {
        let origins: Vec<_> = items.iter().map(|item| &item.destination).collect();
        origins.iter().try_for_each(|destination| self.connect.suits(destination))?;
        AuthConfig::for_all(self.auth.clone(), &origins)
    }

    /// The plan for `item`, which has `size` bytes.
    pub(in crate::cli) fn plan(&self, item: &Item, size: u64) -> Plan {
        Plan { destination: item.destination.clone(), size, name: item.name.clone(), ..self.plan.clone() }
    }
}

pub(super) fn protocols(given: Vec<ProtocolId>) -> Result<Vec<ProtocolId>, UsageError> {
    // The header field must stay below the 4 KiB that IIS reads, and servers look at no more than this many.
    match given.len() {
        0 => Ok(vec![ProtocolId::BITS_1_5_UPLOAD]),
        1..=100 => Ok(given),
        _ => Err(UsageError("--protocol can be given at most 100 times".to_owned())),
    }
}

/// The folder for unfinished uploads: as it is set, or where the system keeps such things.
pub(in crate::cli) fn state_dir(args: StateArgs) -> Result<PathBuf, UsageError> {
    if let Some(given) = args.state_dir.filter(|path| !path.as_os_str().is_empty()) {
        return Ok(given);
    }
    let Ok(folders) = etcetera::base_strategy::choose_native_strategy() else {
        return Err(UsageError(
            "no home directory for the records of unfinished uploads: add --state-dir DIR".to_owned(),
        ));
    };
    // A session is this machine's affair: on Windows not the roaming profile.
    let base =
        if cfg!(windows) { folders.cache_dir() } else { folders.state_dir().unwrap_or_else(|| folders.data_dir()) };
    Ok(base.join("bitsup"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use super::*;
    use crate::cli::args::{Cli, Command};
    use crate::cli::config::FoundFile;
    use crate::protocol::Origin;
    use crate::uploader::FragmentSize;

    fn config(args: &[&str]) -> Result<UploadConfig, String> {
        let cli = Cli::try_parse_from(["bitsup", "upload"].iter().chain(args)).map_err(|e| e.to_string())?;
        let Command::Upload(args) = cli.command else { panic!("not an upload") };
        UploadConfig::new(*args).map_err(|e| e.to_string())
    }

    fn plan(args: &[&str], size: u64) -> Plan {
        let config = config(args).expect("right");
        let typed: Vec<_> = config.files.args.paths.iter().map(|path| FoundFile::plain(path, None)).collect();
        let items = config.files.items(&typed).expect("right");
        config.plan(&items[0], size)
    }

    #[test]
    fn the_defaults_are_what_every_server_takes() {
        let plan = plan(&["a/b c.bin", "http://h/x/"], 7);
        assert_eq!(plan.destination.to_string(), "http://h/x/b%20c.bin");
        assert_eq!(plan.name.as_str(), "b c.bin");
        assert_eq!(plan.protocols, [ProtocolId::BITS_1_5_UPLOAD]);
        assert_eq!((plan.size, plan.fragment_size), (7, FragmentSize::Auto));
    }

    #[test]
    fn what_help_calls_the_default_is_the_librarys() {
        let config = config(&["a", "http://h/"]).expect("right");
        let (chosen, default) = (config.connect.settings(&Uri::from_static("http://h/")), Settings::default());
        let times =
            |settings: &Settings| (settings.connect_timeout, settings.request_timeout, settings.response_timeout);
        assert_eq!(config.plan.retry, RetryPolicy::default());
        assert_eq!(times(&chosen), times(&default));
    }

    #[test]
    fn options_replace_the_defaults() {
        let args = [
            "a",
            "http://h/",
            "--name",
            "n.txt",
            "--fragment-size",
            "1M",
            "--protocol",
            "00000000-0000-0000-0000-000000000001",
            "--protocol",
            "7DF0354D249B430F820D3D2A9BEF4931",
        ];
        let plan = plan(&args, 0);
        assert_eq!(plan.destination.to_string(), "http://h/n.txt");
        assert_eq!(plan.protocols.len(), 2);
        assert_eq!(plan.protocols[1], ProtocolId::BITS_1_5_UPLOAD);
        assert_eq!(plan.fragment_size, FragmentSize::Fixed(NonZeroU64::new(1 << 20).expect("a size")));
    }

    #[test]
    fn what_is_wrong_is_refused_with_what_is_right() {
        for (args, right) in [
            (["--protocol", "xyz"], "{7df0354d-249b-430f-820d-3d2a9bef4931}"),
            (["--fragment-size", "0"], "at least one byte"),
            (["--fragment-size", "big"], "512k"),
            (["--name", "a/b"], "without folders"),
            (["--name", ".."], "without folders"),
        ] {
            let error = config(&["f", "http://h/", args[0], args[1]]).expect_err("refused");
            assert!(error.contains(right), "{args:?}: {error}");
        }
    }

    #[test]
    fn case_63_65_the_last_of_an_option_holds_and_zero_is_no_limit() {
        let typed = ["a", "http://h/", "--limit-rate", "1M", "--limit-rate", "0", "--max-time", "9", "--max-time", "0"];
        let config = config(&typed).expect("right");
        assert!(config.rate_limit.is_none() && config.plan.retry.max_time.is_none());
    }

    #[test]
    fn limits_of_the_command_line_reach_the_network() {
        let typed = ["a", "http://h/", "--limit-rate", "1M", "--connect-timeout", "7", "--request-timeout", "8"];
        let config = config(&[&typed[..], &["--response-timeout", "9"]].concat()).expect("right");
        let typed: Vec<_> = config.files.args.paths.iter().map(|path| FoundFile::plain(path, None)).collect();
        let settings = config.transport(&config.files.items(&typed).expect("right")[0]);
        let times = (settings.connect_timeout, settings.request_timeout, settings.response_timeout);
        assert_eq!(times, (Duration::from_secs(7), Duration::from_secs(8), Duration::from_secs(9)));
        assert!(settings.rate_limit.is_some());
        assert_eq!(settings.origin, Some(Origin::of(&Uri::from_static("http://h/a"))));
    }

    #[test]
    fn resuming_is_the_default_and_needs_a_folder() {
        let kept = |args: &[&str]| {
            config(&[args, &["f", "http://h/"]].concat()).map(|config| (config.resume, config.state_dir))
        };
        let in_x = |resume| Ok((resume, Some("x".into())));
        assert_eq!(kept(&["--state-dir", "x"]), in_x(ResumeMode::Auto));
        assert_eq!(kept(&["--state-dir", "x", "--resume", "always"]), in_x(ResumeMode::Always));
        assert_eq!(kept(&["--no-state"]), Ok((ResumeMode::Auto, None)));
        assert!(kept(&[]).is_ok_and(|(_, folder)| folder.is_some_and(|path| path.is_absolute())));
        for wrong in
            [&["--no-state", "--resume", "always"][..], &["--no-state", "--state-dir", "x"], &["--resume", "x"]]
        {
            assert!(kept(wrong).is_err(), "{wrong:?}");
        }
    }
}
