//! `bitsup upload`, checked.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::args::{AuthArgs, Resume, UploadArgs, VerifyArg};
use crate::cli::size;
use crate::protocol::ProtocolId;
use crate::transport::{RateLimiter, Settings};
use crate::uploader::{FragmentSize, Plan, RetryPolicy, Verify};

use super::{
    AuthConfig, ConnectConfig, FilesConfig, Item, MachineConfig, OutputConfig, ResumeConfig, UsageError, retry,
};

/// `bitsup upload`, checked.
#[derive(Debug)]
pub(in crate::cli) struct UploadConfig {
    pub(in crate::cli) files: FilesConfig,
    pub(in crate::cli) output: OutputConfig,
    pub(in crate::cli) machine: MachineConfig,
    pub(in crate::cli) connect: ConnectConfig,
    rate_limit: Option<RateLimiter>,
    pub(in crate::cli) resume: ResumeConfig,
    auth: AuthArgs,
    protocols: Vec<ProtocolId>,
    fragment_size: FragmentSize,
    retry: RetryPolicy,
    follow_host_id: bool,
    pub(in crate::cli) reply: Option<PathBuf>,
    pub(in crate::cli) force: bool,
    verify: Verify,
}

impl UploadConfig {
    pub(in crate::cli) fn new(args: UploadArgs) -> Result<Self, UsageError> {
        let limit = args.speed.limit_rate.as_deref().map(limit_rate).transpose()?;
        let machine = MachineConfig::new(&args.machine);
        Ok(Self {
            files: FilesConfig::new(args.files, args.name)?,
            protocols: protocols(&args.protocol)?,
            fragment_size: fragment_size(&args.fragment_size)?,
            retry: retry::policy(&args.retry)?,
            connect: ConnectConfig::new(args.connect)?,
            rate_limit: limit.map(RateLimiter::new),
            auth: args.auth,
            follow_host_id: !args.no_host_id,
            reply: args.reply,
            force: args.force,
            verify: verify(args.verify),
            output: OutputConfig::new(&args.output).beside(machine),
            machine,
            resume: ResumeConfig::new(args.resume)?,
        })
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

    /// Time for the whole upload, if it is limited. It runs before the rest is looked at, since that may ask for secrets.
    pub(in crate::cli) fn max_time(args: &UploadArgs) -> Result<Option<Duration>, UsageError> {
        Ok(retry::policy(&args.retry)?.max_time)
    }

    /// The plan for `item`, which has `size` bytes.
    pub(in crate::cli) fn plan(&self, item: &Item, size: u64) -> Plan {
        Plan {
            protocols: self.protocols.clone(),
            fragment_size: self.fragment_size,
            retry: self.retry.clone(),
            follow_host_id: self.follow_host_id,
            may_start_over: self.resume.resume != Resume::Always,
            wants_reply: self.reply.is_some(),
            verify: self.verify,
            ..Plan::new(item.destination.clone(), size, item.name.clone())
        }
    }
}

fn verify(how: VerifyArg) -> Verify {
    match how {
        VerifyArg::None => Verify::None,
        VerifyArg::Size => Verify::Size,
        VerifyArg::Sha256 => Verify::Sha256,
    }
}

pub(super) fn protocols(given: &[String]) -> Result<Vec<ProtocolId>, UsageError> {
    if given.is_empty() {
        return Ok(vec![ProtocolId::BITS_1_5_UPLOAD]);
    }
    // The header field must stay below the 4 KiB that IIS reads, and servers look at no more than this many.
    if given.len() > 100 {
        return Err(UsageError("--protocol can be given at most 100 times".to_owned()));
    }
    let parse = |text: &String| text.parse().map_err(|reason| UsageError(format!("--protocol {text:?}: {reason}")));
    given.iter().map(parse).collect()
}

fn fragment_size(text: &str) -> Result<FragmentSize, UsageError> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(FragmentSize::Auto);
    }
    let bytes = size::parse(text).map_err(|reason| UsageError(format!("--fragment-size: {reason}, or auto")))?;
    NonZeroU64::new(bytes)
        .map(FragmentSize::Fixed)
        .ok_or_else(|| UsageError("--fragment-size must be at least one byte".to_owned()))
}

fn limit_rate(text: &str) -> Result<NonZeroU64, UsageError> {
    let bytes = size::parse(text).map_err(|reason| UsageError(format!("--limit-rate: {reason}")))?;
    NonZeroU64::new(bytes).ok_or_else(|| UsageError("--limit-rate must be at least one byte a second".to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Cli, Command};

    fn config(args: &[&str]) -> Result<UploadConfig, String> {
        let cli = Cli::try_parse_from(["bitsup", "upload"].iter().chain(args)).map_err(|e| e.to_string())?;
        let Command::Upload(args) = cli.command else { panic!("not an upload") };
        UploadConfig::new(*args).map_err(|e| e.to_string())
    }

    fn plan(args: &[&str], size: u64) -> Plan {
        let config = config(args).expect("right");
        let items = config.files.items(Vec::new(), |source| Ok(vec![source])).expect("right");
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
            (["--limit-rate", "0"], "at least one byte"),
            (["--name", "a/b"], "without folders"),
            (["--name", ".."], "without folders"),
        ] {
            let error = config(&["f", "http://h/", args[0], args[1]]).expect_err("refused");
            assert!(error.contains(right), "{args:?}: {error}");
        }
    }
}
