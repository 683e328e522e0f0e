//! The application behind the receiver: a command that sees each complete file once and may write a reply.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::sync::{Semaphore, watch};
use tokio::task::block_in_place;
use tokio::time::timeout;
use uuid::Uuid;

use super::super::event::ServeEvent;
use super::super::limits::MAX_COMMANDS;
use super::super::receiver::PendingReply;
use super::super::reply::ReplyError;
use super::super::response::RequestError;
use super::Front;
use crate::auth::SECRET_VARIABLES;

/// Bytes of the reply read at a time.
const BLOCK: usize = 64 << 10;

/// A run under way: nothing until it ends, and then why it could not be carried out, if so.
type Run = watch::Receiver<Option<RequestError>>;

/// The runs under way, by session.
#[derive(Debug)]
pub(super) struct Application {
    runs: Mutex<HashMap<Uuid, Run>>,
    places: Semaphore,
}

impl Default for Application {
    fn default() -> Self {
        Self { runs: Mutex::default(), places: Semaphore::new(MAX_COMMANDS) }
    }
}

impl Application {
    fn runs(&self) -> MutexGuard<'_, HashMap<Uuid, Run>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows a complete file to the application, or waits until it has seen it. The run goes on if its client goes away.
/// Answers why it could not be shown, if so.
pub(super) async fn ask(front: &Arc<Front>, pending: &PendingReply, url: String) -> Option<RequestError> {
    let mut run = block_in_place(|| join(front, pending, url))?;
    // A failure is told by a change; the end of a run that has none to tell closes the channel.
    let _ = run.changed().await;
    let failure = run.borrow();
    failure.clone()
}

/// The run for this file: the one under way, or a new one. `None` if there was one before.
fn join(front: &Arc<Front>, pending: &PendingReply, url: String) -> Option<Run> {
    let mut runs = front.application.runs();
    if let Some(run) = runs.get(&pending.id()) {
        return Some(run.clone());
    }
    let command = front.options.reply_command.clone().filter(|_| pending.is_open())?;
    let (ends, run) = watch::channel(None);
    runs.insert(pending.id(), run.clone());
    let entry = Entry { front: Arc::clone(front), id: pending.id() };
    let pending = pending.clone();
    tokio::spawn(async move {
        let failure = run_once(&entry.front, &pending, &command, &url).await;
        // Whoever is told may ask anew at once.
        drop(entry);
        if failure.is_some() {
            ends.send_replace(failure);
        }
    });
    Some(run)
}

/// A run's place in the list; given up however the run ends.
struct Entry {
    front: Arc<Front>,
    id: Uuid,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.front.application.runs().remove(&self.id);
    }
}

async fn run_once(front: &Front, pending: &PendingReply, command: &str, url: &str) -> Option<RequestError> {
    let _place = front.application.places.acquire().await;
    let result = match block_in_place(|| front.receiver.begin_reply(pending)) {
        Err(error) => Err(error.into()),
        Ok((path, reply)) => {
            let executed =
                timeout(front.options.limits.reply_timeout, execute(front, pending, (command, url), &path, &reply))
                    .await;
            executed.unwrap_or_else(|_| Err(ReplyError::Application("it ran for too long".to_owned())))
        }
    };
    let result = block_in_place(|| front.receiver.end_reply(pending, result));
    let session = pending.session().to_string();
    front.tell(&ServeEvent::Asked { session, result: result.as_ref().map_err(ToString::to_string).copied() });
    match result {
        Err(ReplyError::Storage(error)) => Some(error.into()),
        Ok(_) | Err(ReplyError::Application(_)) => None,
    }
}

/// Runs the command to its end. Answers the reply's size in bytes.
async fn execute(
    front: &Front,
    pending: &PendingReply,
    (command, url): (&str, &str),
    path: &Path,
    reply: &File,
) -> Result<u64, ReplyError> {
    let failed = |what: String| ReplyError::Application(what);
    let max_reply = front.options.limits.max_reply;
    let mut shell = shell(command);
    for name in SECRET_VARIABLES {
        shell.env_remove(name);
    }
    let mut child = shell
        .env("BITSUP_FILE", path)
        .env("BITSUP_URL", url)
        .env("BITSUP_SESSION", pending.session().as_str())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(format!("it cannot be started: {error}")))?;
    let family = Family::of(&child);
    let mut output = child.stdout.take().ok_or_else(|| failed("it has no standard output".to_owned()))?;
    let (mut block, mut size) = (vec![0; BLOCK], 0);
    loop {
        let read = output.read(&mut block).await;
        match read.map_err(|error| failed(format!("its output cannot be read: {error}")))? {
            0 => break,
            count => {
                size += count as u64;
                if size > max_reply {
                    return Err(failed(format!("its reply is larger than {max_reply} bytes")));
                }
                block_in_place(|| front.receiver.write_reply(reply, &block[..count]))?;
            }
        }
    }
    let status = child.wait().await.map_err(|error| failed(format!("its end cannot be awaited: {error}")))?;
    family.release();
    if status.success() { Ok(size) } else { Err(failed(format!("it failed: {status}"))) }
}

#[cfg(unix)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command).process_group(0);
    shell
}

#[cfg(windows)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.arg("/C").raw_arg(command);
    shell
}

/// The command with everything it started: all of it is killed if the command is given up.
struct Family(Option<u32>);

impl Family {
    fn of(child: &Child) -> Self {
        Self(child.id())
    }

    /// It ended by itself; its number may be another's from now on.
    fn release(mut self) {
        self.0 = None;
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(leader) = self.0.and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?)) {
            // Who is gone already needs no killing.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}
