//! `--dry-run`: what would be uploaded, without a network.

use std::io::Write;
use std::time::SystemTime;

use crate::cli::config::{Item, Source, UploadConfig};
use crate::cli::diagnosis::Diagnosis;
use crate::cli::error::BatchOutcome;
use crate::client::ResumeMode;
use crate::journal::{Journal, Upload};
use crate::output::Reporter;
use crate::output::json::JsonLog;
use crate::output::{escape_line, redact_url, units};
use crate::source::UploadEntity;

pub(super) fn run(
    config: &UploadConfig,
    items: &[Item],
    reporter: &Reporter,
    json: Option<&JsonLog>,
    resume_command: Option<&str>,
) -> anyhow::Result<()> {
    let journal = config.state_dir.as_deref().map_or_else(Journal::disabled, |folder| {
        Journal::open_existing(folder).unwrap_or_else(|_| Journal::disabled())
    });
    let mut outcome = BatchOutcome::of(items.len());
    for (index, item) in items.iter().enumerate() {
        match look(config, item, &journal) {
            Ok((size, offset)) => {
                outcome.uploaded += 1;
                tell(json, index + 1, item, size, offset);
            }
            Err(error) if items.len() == 1 => return Err(error),
            Err(error) => {
                let diagnosis = Diagnosis::of(&error);
                outcome.failed_by(diagnosis.exit_code);
                reporter.error(&diagnosis.text());
                if let Some(json) = json {
                    json.file(index + 1, &item.source.to_string()).failed(&diagnosis.failure(resume_command));
                }
            }
        }
    }
    Ok(outcome.verdict()?)
}

/// The file's size, and where its upload would go on.
fn look(config: &UploadConfig, item: &Item, journal: &Journal) -> anyhow::Result<(Option<u64>, u64)> {
    let Source::File(path) = &item.source else { return Ok((None, 0)) };
    let entity = UploadEntity::open(path)?;
    let plan = config.plan(item, entity.size());
    let upload = Upload { destination: &plan.destination, name: &plan.name, entity: &entity };
    let known = journal.peek(&upload, SystemTime::now()).filter(|record| {
        // Its content is compared only when it is uploaded.
        config.resume != ResumeMode::Never && record.identity.size() == entity.size()
    });
    let offset = known.and_then(|record| record.session).map_or(0, |session| session.acknowledged);
    Ok((Some(entity.size()), offset))
}

fn tell(json: Option<&JsonLog>, id: usize, item: &Item, size: Option<u64>, offset: u64) {
    let url = item.destination.to_string();
    if let Some(json) = json {
        return json.planned(id, &item.source.to_string(), &url, size, offset);
    }
    let shown = size.map_or_else(|| "size not known yet".to_owned(), units::size);
    let mut line = format!("{} -> {}, {shown}", item.source, redact_url(&url));
    if offset > 0 {
        line = format!("{line}, resumes at {}", units::size(offset));
    }
    // A closed output is no error.
    let _ = writeln!(std::io::stdout(), "{}", escape_line(&line));
}
