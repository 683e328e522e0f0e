//! The application behind the receiver: a command that sees each complete file once and may write a reply.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::sync::watch;
use tokio::task::block_in_place;
use tokio::time::timeout;
use uuid::Uuid;

use super::super::event::ServeEvent;
use super::super::receiver::PendingReply;
use super::super::reply::ReplyFailure;
use super::super::response::RequestError;
use super::context::{CommandEnd, ServerContext};
use crate::auth::shell;
use crate::sync::lock;

/// Variables that systemd set for this process alone.
const SUPERVISOR_VARIABLES: [&str; 4] = ["NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"];

/// Bytes of the reply read at a time.
const BLOCK: usize = 64 << 10;

/// Shows a complete file to the application, or waits until it has seen it. The command runs on if its client goes
/// away. Returns why it could not be shown, if so.
pub(super) async fn ask(context: &Arc<ServerContext>, pending: &PendingReply, url: String) -> Option<RequestError> {
    let mut end = block_in_place(|| join(context, pending, url))?;
    // A failure is told by a change; a command that has none to tell closes the channel.
    let _ = end.changed().await;
    let failure = end.borrow();
    failure.clone()
}

/// The end of the command for this file: of the one that runs, or of a new one. `None` if there was one before.
fn join(context: &Arc<ServerContext>, pending: &PendingReply, url: String) -> Option<CommandEnd> {
    let mut commands = lock(&context.commands);
    if let Some(end) = commands.get(&pending.id()) {
        return Some(end.clone());
    }
    let command = context.options.reply_command.clone().filter(|_| pending.is_open())?;
    let (sender, end) = watch::channel(None);
    commands.insert(pending.id(), end.clone());
    let running = RunningCommand { context: Arc::clone(context), id: pending.id() };
    let pending = pending.clone();
    tokio::spawn(async move {
        let failure = run_once(&running.context, &pending, &command, &url).await;
        // A client that is told may ask anew at once.
        drop(running);
        if failure.is_some() {
            sender.send_replace(failure);
        }
    });
    Some(end)
}

/// A command in the list; it leaves the list however it ends.
struct RunningCommand {
    context: Arc<ServerContext>,
    id: Uuid,
}

impl Drop for RunningCommand {
    fn drop(&mut self) {
        lock(&self.context.commands).remove(&self.id);
    }
}

async fn run_once(context: &ServerContext, pending: &PendingReply, command: &str, url: &str) -> Option<RequestError> {
    let _permit = context.command_permits.acquire().await;
    let result = match block_in_place(|| context.receiver.begin_reply(pending)) {
        Err(error) => Err(error.into()),
        Ok((path, reply)) => {
            let executed =
                timeout(context.options.limits.reply_timeout, execute(context, pending, (command, url), &path, &reply))
                    .await;
            executed.unwrap_or_else(|_| Err(ReplyFailure::Application("it ran for too long".to_owned())))
        }
    };
    let result = block_in_place(|| context.receiver.end_reply(pending, result));
    context.tell(&ServeEvent::Asked {
        session: pending.session().to_string(),
        accepted: result.is_ok(),
        size: result.as_ref().ok().copied(),
        reason: result.as_ref().err().map(ToString::to_string),
    });
    match result {
        Err(ReplyFailure::Storage(error)) => Some(error.into()),
        Err(ReplyFailure::NotRun(_)) => Some(RequestError::NotRun),
        Ok(_) | Err(ReplyFailure::Application(_)) => None,
    }
}

/// Runs the command to its end. Returns the reply's size in bytes.
async fn execute(
    context: &ServerContext,
    pending: &PendingReply,
    (command, url): (&str, &str),
    path: &Path,
    reply: &File,
) -> Result<u64, ReplyFailure> {
    let failed = |what: String| ReplyFailure::Application(what);
    let not_run = |what: &str, error: io::Error| ReplyFailure::NotRun(format!("{what}: {error}"));
    let max_reply = context.options.limits.max_reply;
    let mut shell = Command::from(shell(command));
    #[cfg(unix)]
    shell.process_group(0);
    for name in SUPERVISOR_VARIABLES {
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
        .map_err(|error| not_run("it cannot be started", error))?;
    let mut group = ProcessGroup(child.id());
    let mut output = child.stdout.take().ok_or_else(|| failed("it has no standard output".to_owned()))?;
    let (mut block, mut size) = (vec![0; BLOCK], 0);
    loop {
        let read = output.read(&mut block).await;
        match read.map_err(|error| not_run("its output cannot be read", error))? {
            0 => break,
            count => {
                size += count as u64;
                if size > max_reply {
                    return Err(failed(format!("its reply is larger than {max_reply} bytes")));
                }
                block_in_place(|| context.receiver.write_reply(reply, &block[..count]))?;
            }
        }
    }
    let status = child.wait().await.map_err(|error| not_run("its end cannot be awaited", error))?;
    // It ended by itself; its number may be another's from now on.
    group.0 = None;
    if status.success() { Ok(size) } else { Err(failed(format!("it failed: {status}"))) }
}

/// The command with everything it started: all of it is killed if the command is given up.
struct ProcessGroup(Option<u32>);

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(leader) = self.0.and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?)) {
            // A group that has ended needs no killing.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}
