//! The fields of each event. The names are a public contract; `docs/events.schema.json` is generated from these types.

use std::time::Duration;

use serde::Serialize;

use crate::output::{ErrorText, redact};
use crate::protocol::HResult;
use crate::uploader::Resize;

/// Fields may be added in a version; those here keep their meaning. Sizes and offsets are bytes, durations are seconds.
/// The last line of every run is a summary.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(deny_unknown_fields, title = "A line of `bitsup upload --json`"))]
pub(super) struct EventLine<'a> {
    #[cfg_attr(test, schemars(extend("const" = 1)))]
    pub(super) v: u8,
    #[serde(flatten)]
    pub(super) event: &'a Event,
    /// When it happened: RFC 3339, UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub(super) time: String,
}

/// Something that happened.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) enum Event {
    /// A file is begun, or would be with --dry-run: then the size of standard input is null, and `resumed_from` is
    /// where it would go on.
    Start {
        id: Id,
        /// As it was typed.
        file: String,
        /// The name told to the server.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        url: String,
        size: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        resumed_from: Option<u64>,
        /// Absent unless true.
        #[serde(skip_serializing_if = "is_false")]
        dry_run: bool,
    },
    /// The server opened a session. A resumed upload has none of these.
    Session {
        id: Id,
        session: String,
        protocol: Option<String>,
        /// The host that the server named instead of the URL's.
        host: Option<String>,
    },
    /// At most two a second for a file, one when an upload is resumed, and one when everything is acknowledged.
    Progress {
        id: Id,
        acked: u64,
        /// Sent and not acknowledged.
        in_flight: u64,
        /// Bytes of the file that the network took: the two together.
        sent: u64,
        size: u64,
        /// Bytes a second of late.
        rate: Option<u64>,
        /// Absent unless true.
        #[serde(skip_serializing_if = "is_false")]
        resumed: bool,
    },
    /// Something went wrong; the next try comes after a pause.
    Retry { id: Id, cause: String, pause: Seconds, attempt: u32 },
    /// The size of fragments changed.
    Resize {
        id: Id,
        from: u64,
        to: u64,
        /// Waits between fragments took too much or too little of the time; one took too long; one was refused as too
        /// large; the connection was lost, or no response came in time; the server keeps only part of each; nothing
        /// went wrong for a while.
        #[cfg_attr(test, schemars(extend("enum" = ["waiting", "slow", "refused", "lost", "kept", "recovered"])))]
        why: &'static str,
    },
    /// The server wants another offset than the expected one; with a cause: the session is lost, and a new one starts
    /// over.
    Resync {
        id: Id,
        from: u64,
        to: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<String>,
    },
    /// The server acknowledged the whole file and closed it. With --verify an error may still follow.
    Done {
        id: Id,
        file: String,
        url: String,
        bytes: u64,
        seconds: Seconds,
        /// An earlier run of the same command had uploaded it. Absent unless true.
        #[serde(skip_serializing_if = "is_false")]
        skipped: bool,
    },
    /// A file failed, or, without id, the run.
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<Id>,
        message: String,
        exit: u8,
        /// The server's words.
        server: Option<String>,
        /// The likely cause.
        cause: Option<String>,
        /// The next step.
        next: Option<String>,
        #[serde(flatten)]
        failure: Failure,
    },
    /// The last line. Numbers are those of all files together; session and url are null for several. class and what
    /// follows it are there unless status is success.
    Summary {
        #[cfg_attr(test, schemars(extend("enum" = ["success", "failed", "mixed", "interrupted"])))]
        status: &'static str,
        exit: u8,
        #[serde(flatten)]
        counts: Counts,
        seconds: Seconds,
        #[serde(flatten)]
        failure: Option<Failure>,
    },
}

impl Event {
    /// The failure of a file, or of the run.
    pub(super) fn error(id: Option<Id>, failure: &Failure) -> Self {
        let text = |text: &Option<String>| text.as_deref().map(redact::url);
        let ErrorText { what, said, cause, next } = &failure.text;
        Self::Error {
            id,
            message: redact::url(what),
            exit: failure.exit,
            server: text(said),
            cause: text(cause),
            next: text(next),
            failure: failure.clone(),
        }
    }
}

/// Which file of this run, counted from 1.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Id(#[cfg_attr(test, schemars(range(min = 1)))] pub(super) usize);

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Seconds(#[cfg_attr(test, schemars(range(min = 0)))] f64);

impl From<Duration> for Seconds {
    fn from(time: Duration) -> Self {
        // Milliseconds are what is known; more digits would only be long.
        Self((time.as_secs_f64() * 1000.0).round() / 1000.0)
    }
}

/// The names of what changed the size of fragments.
pub(super) fn reason(why: Resize) -> &'static str {
    match why {
        Resize::Waiting { .. } => "waiting",
        Resize::Slow => "slow",
        Resize::Refused => "refused",
        Resize::Lost => "lost",
        Resize::Kept => "kept",
        Resize::Recovered => "recovered",
    }
}

/// The progress of a run, all its files together.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Counts {
    /// Size of the files that were begun.
    pub(super) bytes: u64,
    pub(super) acked: u64,
    pub(super) resumed_from: u64,
    pub(super) requests: u64,
    pub(super) retries: u64,
    pub(super) files: u64,
    pub(super) uploaded: u64,
    pub(super) failed: u64,
    /// The last one of the file.
    pub(super) session: Option<String>,
    /// Where the file went.
    pub(super) url: Option<String>,
}

/// Why something did not succeed, for programs.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Failure {
    /// The same for people.
    #[serde(skip)]
    pub(crate) text: ErrorText,
    /// The exit code's name.
    #[cfg_attr(test, schemars(extend("enum" = super::tests::classes())))]
    pub(crate) class: &'static str,
    /// The exit code.
    #[serde(skip)]
    pub(crate) exit: u8,
    /// How the run ended with it, in one word.
    #[serde(skip)]
    pub(crate) status: &'static str,
    /// HTTP's status, if a server refused.
    #[cfg_attr(test, schemars(range(min = 100, max = 999)))]
    pub(crate) http: Option<u16>,
    /// BITS's code, if it gave one.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("pattern" = "^0x[0-9A-F]{8}$")))]
    pub(crate) hresult: Option<HResult>,
    /// Whether the same command may succeed later.
    pub(crate) retryable: bool,
    /// The command that goes on, for a POSIX shell, on Windows for `PowerShell`. Null if there is none, or if it would
    /// hold a secret or standard input.
    pub(crate) resume_command: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
fn is_false(flag: &bool) -> bool {
    !flag
}
