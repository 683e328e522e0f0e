//! What an error means: its exit code, its cause, what to do next. The text, the JSON and the exit code of an error are all
//! made from its [`Diagnosis`], and `bitsup explain` reads the same tables.

mod connection;
pub(crate) mod exit_code;
pub(crate) mod explain;
mod hresult;
mod sign_in;
mod upload;

use std::borrow::Cow;
use std::error::Error;

use crate::cli::error::{BatchOutcome, InputError, ParseError, Resumability, StopReason, Stopped, UsageError};
use crate::client::{ClientError, ReplyFileError};
use crate::journal::{JournalError, JournalWarning};
use crate::output::ErrorText;
use crate::output::json::Failure;
use crate::protocol::HResult;
#[cfg(feature = "serve")]
use crate::server::ServeError;
use crate::source::EntityError;

pub use exit_code::ExitCode;

/// All that is said of an error.
#[derive(Debug)]
pub(crate) struct Diagnosis {
    pub(crate) exit_code: ExitCode,
    pub(crate) what: String,
    server_said: Option<String>,
    /// `None`: what is wrong was typed or set, and the message itself says what is right.
    pub(crate) cause: Option<&'static str>,
    next: Cow<'static, str>,
    /// The command that says more.
    more: String,
    http_status: Option<u16>,
    hresult: Option<HResult>,
    /// If the run was stopped from outside: how it can be continued.
    pub(crate) stopped: Option<Resumability>,
    /// A proxy lets nobody in, or not with this password.
    pub(crate) refused_by_proxy: bool,
}

impl Diagnosis {
    /// What an error means, however wrapped: the outermost that is known decides.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        let mut diagnosis = error.chain().find_map(known).unwrap_or_else(|| Advice::new(ExitCode::Internal).into());
        let mut what: Vec<String> = Vec::new();
        for part in error.chain().map(ToString::to_string) {
            // Wrappers that only pass on what they hold would say it twice; the server's own words have their own line.
            if what.last().is_none_or(|last| !last.ends_with(&part)) && diagnosis.server_said.as_ref() != Some(&part) {
                what.push(part);
            }
        }
        diagnosis.what = what.join(": ");
        diagnosis
    }

    /// For people.
    pub(crate) fn text(&self) -> ErrorText {
        let next = format!("{} (more: {})", self.next, self.more);
        ErrorText {
            what: self.what.clone(),
            said: self.server_said.clone(),
            cause: self.cause.map(str::to_owned),
            next: Some(next.trim_start().to_owned()),
        }
    }

    /// For programs. `resume_command` is what was typed, if it can be typed again.
    pub(crate) fn failure(&self, resume_command: Option<&str>) -> Failure {
        let info = self.exit_code.info();
        Failure {
            text: self.text(),
            class: info.class,
            exit: self.exit_code as u8,
            status: self.exit_code.status(),
            http: self.http_status,
            hresult: self.hresult,
            retryable: info.retryable,
            resume_command: resume_command.filter(|_| info.retryable).map(str::to_owned),
        }
    }
}

/// A row of the tables: an exit code, with better words than the code's own where there are some.
#[derive(Debug, Clone, Copy)]
struct Advice {
    exit_code: ExitCode,
    cause: Option<&'static str>,
    next: Option<&'static str>,
}

impl Advice {
    fn new(exit_code: ExitCode) -> Self {
        Self { exit_code, cause: None, next: None }
    }

    fn next(self, next: &'static str) -> Self {
        Self { next: Some(next), ..self }
    }

    /// The words that are shown: cause and next step.
    fn words(self) -> (&'static str, &'static str) {
        let info = self.exit_code.info();
        (self.cause.unwrap_or(info.cause), self.next.unwrap_or(info.next))
    }
}

fn because(exit_code: ExitCode, cause: &'static str) -> Advice {
    Advice { cause: Some(cause), ..Advice::new(exit_code) }
}

impl From<Advice> for Diagnosis {
    fn from(advice: Advice) -> Self {
        let (cause, next) = advice.words();
        Self {
            exit_code: advice.exit_code,
            what: String::new(),
            server_said: None,
            cause: Some(cause),
            next: next.into(),
            more: format!("bitsup explain {}", advice.exit_code as u8),
            http_status: None,
            hresult: None,
            stopped: None,
            refused_by_proxy: false,
        }
    }
}

const RUN_AGAIN: &str = "run the same command again";

/// What is known of an error by its type; its text is not looked at.
fn known(error: &(dyn Error + 'static)) -> Option<Diagnosis> {
    if let Some(error) = error.downcast_ref() {
        return Some(client(error));
    }
    if let Some(stopped) = error.downcast_ref::<Stopped>() {
        return Some(Diagnosis { stopped: Some(stopped.leaves), ..stop(*stopped).into() });
    }
    if let Some(ParseError { next, help, .. }) = error.downcast_ref() {
        let (next, more) = (Cow::Owned(next.clone()), help.clone());
        return Some(Diagnosis { cause: None, next, more, ..Advice::new(ExitCode::Usage).into() });
    }
    if error.is::<UsageError>() {
        return Some(Diagnosis { cause: None, ..Advice::new(ExitCode::Usage).into() });
    }
    #[cfg(feature = "serve")]
    if let Some(error) = error.downcast_ref() {
        return Some(serve(error).into());
    }
    let advice = if let Some(outcome) = error.downcast_ref::<BatchOutcome>() {
        Advice::new(outcome.exit_code())
    } else if error.is::<InputError>() {
        because(ExitCode::Source, "nothing that can be read was piped in").next("pipe the data in, or name a file")
    } else if error.is::<EntityError>() {
        Advice::new(ExitCode::Source)
    } else if error.is::<JournalError>() {
        Advice::new(ExitCode::Locked)
    } else if error.is::<ReplyFileError>() || error.is::<JournalWarning>() {
        Advice::new(ExitCode::Usage)
    } else {
        return None;
    };
    Some(advice.into())
}

fn client(error: &ClientError) -> Diagnosis {
    let advice = match error {
        ClientError::Upload(error) => return upload::diagnose(error),
        ClientError::SignIn(refused) => {
            let server_said = refused.said.as_ref().map(ToString::to_string);
            return Diagnosis { server_said, ..sign_in::advice(&refused.reason).into() };
        }
        ClientError::Entity(_) => Advice::new(ExitCode::Source),
        ClientError::NothingToResume { .. } => Advice::new(ExitCode::NotResumable),
        ClientError::Interrupted { can_go_on: true } => Advice::new(ExitCode::Interrupted),
        ClientError::Interrupted { can_go_on: false } => Advice::new(ExitCode::Interrupted).next(RUN_AGAIN),
        ClientError::ReplyFile(_) => Advice::new(ExitCode::Internal).next(upload::WITHOUT_REPLY),
    };
    advice.into()
}

fn stop(stopped: Stopped) -> Advice {
    let by_time = (stopped.by == StopReason::MaxTime).then_some("--max-time ended the run before it was done");
    let advice = Advice { cause: by_time, ..Advice::new(stopped.by.exit_code()) };
    advice.next(match stopped.leaves {
        Resumability::Resumes => "run the same command again: it goes on where this one stopped",
        Resumability::ResumesWithoutNever => "leave --resume never away to go on where this one stopped",
        Resumability::StartsOver => "run the same command again: it starts over, as nothing is kept of this upload",
        Resumability::Acknowledged => "look at the file on the server; without --verify this is a success",
    })
}

#[cfg(feature = "serve")]
fn serve(error: &ServeError) -> Advice {
    match error {
        ServeError::Session(..) => Advice::new(ExitCode::Usage)
            .next("look after the disk and start again; to give that upload up, remove the file"),
        ServeError::Runtime(_) => Advice::new(ExitCode::Internal),
        _ => Advice::new(ExitCode::Usage),
    }
}

#[cfg(test)]
mod tests;
