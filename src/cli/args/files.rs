//! What to upload, and where to

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueHint};

/// What to upload, and where to
#[derive(Debug, Clone, Args)]
pub struct FilesArgs {
    /// The files to upload, `-` for standard input; last, the URL. If that ends in /, each file's percent-encoded name
    /// is appended; several files need such a one
    #[arg(value_name = "FILE", required_unless_present = "files_from", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<OsString>,

    /// Read more files from FILE, or from standard input for `-`: one a line, or CSV with the columns Source and
    /// Destination
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Several files")]
    pub files_from: Option<PathBuf>,

    /// The names read by `--files-from` end with a NUL character
    #[arg(short = '0', long, requires = "files_from", help_heading = "Several files")]
    pub null: bool,

    /// Begin no further file after one has failed
    #[arg(long, help_heading = "Several files")]
    pub fail_fast: bool,

    /// Upload so many files at a time
    #[arg(short, long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=256),
        help_heading = "Several files")]
    pub jobs: u16,

    /// Print what would be uploaded, to where, and from which offset; use no network
    #[arg(long, help_heading = "Safety")]
    pub dry_run: bool,
}
