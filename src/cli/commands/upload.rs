//! `bitsup upload FILE URL`

use anyhow::Context;

use crate::cli::args::UploadArgs;
use crate::cli::config::UploadConfig;
use crate::driver;
use crate::entity::UploadEntity;
use crate::output::Reporter;
use crate::transport::Http;

pub(super) fn run(args: UploadArgs) -> anyhow::Result<()> {
    let config = UploadConfig::new(args)?;
    let mut reporter = Reporter::stderr(config.output.progress, config.output.verbosity);
    upload(&config, &mut reporter)
}

/// Uploads one file, reporting as it goes.
pub(super) fn upload(config: &UploadConfig, reporter: &mut Reporter) -> anyhow::Result<()> {
    let entity = UploadEntity::open(&config.file)?;
    let plan = config.plan(entity.size());
    let mut transport = Http::new(config.transport.clone());
    let result = driver::upload(plan, &entity, &mut transport, &mut |event| reporter.event(event));
    reporter.finish();
    result.with_context(|| format!("cannot upload {} to {}", config.file.display(), config.destination()))
}
