//! The meaning of an error: its exit code, its cause, what to do next. The text, the JSON and the exit code of an error
//! are all made from its [`Diagnosis`], and `bitsup explain` reads the same tables.

mod connection;
pub(crate) mod exit_code;
pub(crate) mod explain;
mod hresult;
mod sign_in;
mod upload;

use std::borrow::Cow;
use std::error::Error;

use crate::cli::error::{BatchOutcome, InputError, ParseError, Resumability, SelectionError, Stopped, UsageError};
use crate::client::{ClientError, ReplyFileError};
use crate::journal::{JournalError, JournalWarning};
use crate::output::ErrorText;
use crate::output::json::Failure;
use crate::protocol::HResult;
#[cfg(feature = "serve")]
use crate::server::ServeError;
use crate::source::{EntityError, SourceFault};
use crate::uploader::UploadError;

pub use exit_code::ExitCode;

/// All that is said of an error.
#[derive(Debug)]
pub(crate) struct Diagnosis {
    pub(crate) exit_code: ExitCode,
    pub(crate) what: String,
    /// Why, without the file, its destination, and how often it was tried: other files may fail for the same.
    pub(crate) reason: Option<String>,
    server_said: Option<String>,
    /// `None`: the message itself says it, or it is not known.
    pub(crate) cause: Option<Cow<'static, str>>,
    /// The next step for the user; `None`: that is not known.
    next: Option<Cow<'static, str>>,
    /// The command that says more.
    more: Option<String>,
    http_status: Option<u16>,
    hresult: Option<HResult>,
    /// If the run was stopped from outside: how it can be continued.
    pub(crate) stopped: Option<Resumability>,
    /// A proxy requires authentication, or did not accept this password.
    pub(crate) refused_by_proxy: bool,
}

impl Diagnosis {
    /// The meaning of an error, however wrapped: the outermost that is known decides.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        let mut diagnosis = error.chain().find_map(known).unwrap_or_else(|| unknown().into());
        let mut what: Vec<String> = Vec::new();
        for part in error.chain().map(ToString::to_string) {
            // Wrappers that only pass on what they hold would say it twice; the server's own words have their own line.
            if what.last().is_none_or(|last| !last.ends_with(&part)) && diagnosis.server_said.as_ref() != Some(&part) {
                what.push(part);
            }
        }
        let reason = diagnosis.reason.take().unwrap_or_else(|| what.get(1..).unwrap_or_default().join(": "));
        diagnosis.reason = Some(reason + diagnosis.server_said.as_deref().unwrap_or_default());
        diagnosis.what = what.join(": ");
        diagnosis
    }

    /// For people.
    pub(crate) fn text(&self) -> ErrorText {
        let next = match (&self.next, &self.more) {
            (Some(next), Some(more)) => Some(format!("{next} (more: {more})")),
            (Some(next), None) => Some(next.to_string()),
            (None, more) => more.clone(),
        };
        let cause = self.cause.as_ref().map(ToString::to_string);
        ErrorText { what: self.what.clone(), said: self.server_said.clone(), cause, next }
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

/// The facts about an error: its exit code, and its cause and the next step where the error itself tells them.
#[derive(Debug, Clone)]
struct Advice {
    exit_code: ExitCode,
    cause: Option<Cow<'static, str>>,
    next: Option<Cow<'static, str>>,
}

impl Advice {
    fn new(exit_code: ExitCode) -> Self {
        Self { exit_code, cause: None, next: None }
    }

    fn cause(self, cause: impl Into<Cow<'static, str>>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    fn next(self, next: impl Into<Cow<'static, str>>) -> Self {
        Self { next: Some(next.into()), ..self }
    }
}

fn because(exit_code: ExitCode, cause: &'static str) -> Advice {
    Advice::new(exit_code).cause(cause)
}

impl From<Advice> for Diagnosis {
    fn from(Advice { exit_code, cause, next }: Advice) -> Self {
        Self {
            exit_code,
            what: String::new(),
            reason: None,
            server_said: None,
            cause,
            next,
            more: Some(format!("bitsup explain {}", exit_code as u8)),
            http_status: None,
            hresult: None,
            stopped: None,
            refused_by_proxy: false,
        }
    }
}

const RUN_AGAIN: &str = "run the same command again";

/// An error that has no type of ours: of the system, mostly.
fn unknown() -> Advice {
    Advice::new(ExitCode::Internal).next("if it happens again, report it with the output of -vv")
}

/// The diagnosis of an error by its type; its text is not looked at.
fn known(error: &(dyn Error + 'static)) -> Option<Diagnosis> {
    if let Some(error) = error.downcast_ref() {
        return Some(client(error));
    }
    if let Some(stopped) = error.downcast_ref::<Stopped>() {
        return Some(Diagnosis { stopped: Some(stopped.leaves), ..stop(*stopped).into() });
    }
    if let Some(ParseError { next, help, .. }) = error.downcast_ref() {
        let next = Some(next.clone()).filter(|next| !next.is_empty()).map(Cow::Owned);
        return Some(Diagnosis { next, more: Some(help.clone()), ..Advice::new(ExitCode::Usage).into() });
    }
    // Their messages say what is right.
    if error.is::<UsageError>() || error.is::<JournalWarning>() {
        return Some(Diagnosis { more: None, ..Advice::new(ExitCode::Usage).into() });
    }
    #[cfg(feature = "serve")]
    if let Some(error) = error.downcast_ref::<ServeError>() {
        return Some(Diagnosis { more: None, ..serve(error).into() });
    }
    if let Some(error) = error.downcast_ref::<EntityError>() {
        return Some(entity(error).into());
    }
    let advice = if let Some(outcome) = error.downcast_ref::<BatchOutcome>() {
        Advice::new(outcome.exit_code()).next("run the same command again after correcting the errors above")
    } else if error.is::<SelectionError>() {
        return Some(Diagnosis { more: None, ..Advice::new(ExitCode::Source).into() });
    } else if error.is::<InputError>() {
        Advice::new(ExitCode::Source).next("pipe the data in, or name a file")
    } else if error.is::<JournalError>() {
        because(ExitCode::Locked, "another process uploads to the same URL")
            .next("wait until it has ended, then run the same command again")
    } else if error.is::<ReplyFileError>() {
        return Some(Diagnosis { more: None, ..Advice::new(ExitCode::Usage).into() });
    } else {
        return None;
    };
    Some(advice.into())
}

fn client(error: &ClientError) -> Diagnosis {
    let advice = match error {
        ClientError::Upload(error) => return upload::diagnose(error),
        ClientError::AtNamedHost { error, .. } => {
            let diagnosis = upload::diagnose(error);
            let is_lost = matches!(error.root(), UploadError::Lost { .. });
            let next = if is_lost { Some("--no-host-id stays at the URL's host".into()) } else { diagnosis.next };
            return Diagnosis { next, ..diagnosis };
        }
        ClientError::SignIn(refused) => {
            let via_proxy = refused.said.as_ref().is_some_and(|said| said.answerer.came_via_proxy);
            let mut diagnosis = Diagnosis::from(sign_in::advice(&refused.reason, via_proxy));
            if let Some(said) = &refused.said {
                diagnosis.server_said = Some(said.to_string());
                (diagnosis.http_status, diagnosis.hresult) = (Some(said.status.as_u16()), said.code);
                if let Some(sub_status) = explain::iis::of(said) {
                    diagnosis.more = Some(format!("bitsup explain {}", sub_status.code));
                    (diagnosis.cause, diagnosis.next) = (Some(sub_status.cause.into()), Some(sub_status.next.into()));
                }
            }
            return diagnosis;
        }
        ClientError::Entity(error) => entity(error),
        ClientError::NothingToResume { why: None } => {
            because(ExitCode::NotResumable, "the upload was finished, expired after 14 days, or was started elsewhere")
                .next(WITHOUT_ALWAYS)
        }
        ClientError::NothingToResume { why: Some(_) } => Advice::new(ExitCode::NotResumable).next(WITHOUT_ALWAYS),
        ClientError::Interrupted { can_go_on: true } => Advice::new(ExitCode::Interrupted).next(upload::RESUMES),
        ClientError::Interrupted { can_go_on: false } => Advice::new(ExitCode::Interrupted).next(RUN_AGAIN),
        ClientError::ReplyFile(_) => Advice::new(ExitCode::Internal).next(upload::WITHOUT_REPLY),
    };
    advice.into()
}

const WITHOUT_ALWAYS: &str = "remove --resume always to start over";

/// The message names the reason; this is what can be done about the common ones.
fn entity(error: &EntityError) -> Advice {
    let advice = Advice::new(ExitCode::Source);
    match error.fault() {
        SourceFault::Directory => advice.next("bitsup upload -r uploads the files in it"),
        SourceFault::NotRegular => advice.next("write it to a regular file, or pipe it in with - as FILE"),
        SourceFault::Io => advice,
    }
}

fn stop(stopped: Stopped) -> Advice {
    Advice::new(stopped.by.exit_code()).next(match stopped.leaves {
        Resumability::Resumes => upload::RESUMES,
        Resumability::ResumesWithoutNever => "run the command without --resume never to resume the upload",
        Resumability::Remembers => "run the same command again: it goes on with the files that are not done",
        Resumability::StartsOver => "run the same command again: it starts over, nothing is kept of this upload",
        Resumability::Acknowledged => "look at the file on the server; without --verify this is a success",
    })
}

#[cfg(feature = "serve")]
fn serve(error: &ServeError) -> Advice {
    let usage = Advice::new(ExitCode::Usage);
    match error {
        ServeError::Session(..) => usage.next("check the disk and start again; removing the file gives up that upload"),
        ServeError::Runtime(_) => Advice::new(ExitCode::Internal),
        _ => usage,
    }
}

#[cfg(test)]
mod tests;
