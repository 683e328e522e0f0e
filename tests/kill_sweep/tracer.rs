//! A program whose system calls are counted, over all its threads, and that dies where it is told to.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::{ChildStderr, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;

use nix::libc::PTRACE_SYSCALL_INFO_ENTRY;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// A system call by the kernel's number, and the how manieth of its kind over all threads, from 1.
pub(crate) type Point = (i64, usize);

/// How the program ended. It is buried: what it had open is closed.
#[derive(Debug)]
pub(crate) enum End {
    /// Before it made the call that it was told.
    Killed,
    /// By itself, after so many calls of each kind.
    Exited { status: i32, calls: BTreeMap<i64, usize> },
}

/// A running program, and the thread that traces it.
pub(crate) struct Traced {
    id: Pid,
    stderr: Option<ChildStderr>,
    thread: JoinHandle<nix::Result<End>>,
}

impl Traced {
    /// Starts a program that is killed before it makes a call.
    #[expect(clippy::zombie_processes, reason = "whoever traces it waits for its end")]
    pub(crate) fn start(program: &Command, kill_at: Option<Point>) -> Self {
        let mut command = waiting(program);
        let (sender, started) = mpsc::channel();
        // Only the thread that attached may trace.
        let thread = std::thread::spawn(move || {
            let mut child = command.spawn().unwrap();
            let id = Pid::from_raw(i32::try_from(child.id()).unwrap());
            let (stdin, stderr) = (child.stdin.take().unwrap(), child.stderr.take());
            sender.send((id, stderr)).unwrap();
            trace(id, stdin, kill_at)
        });
        let (id, stderr) = started.recv().unwrap();
        Self { id, stderr, thread }
    }

    pub(crate) fn stderr(&mut self) -> ChildStderr {
        self.stderr.take().unwrap()
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        // It may be dead already; nobody else has its number as long as it is not buried.
        let _ = kill(self.id, Signal::SIGTERM);
    }

    /// Waits for its end.
    pub(crate) fn end(self) -> End {
        self.thread.join().unwrap().unwrap()
    }
}

/// Whether this machine lets us trace.
pub(crate) fn is_allowed() -> Result<(), String> {
    let mut program = Command::new("true");
    program.stderr(Stdio::null());
    let end = Traced::start(&program, None).thread.join().unwrap();
    end.map(|_| ()).map_err(|error| error.to_string())
}

/// A shell that waits for a line and then becomes the program.
fn waiting(program: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "read -r go; exec \"$0\" \"$@\""]).arg(program.get_program()).args(program.get_args());
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.stdin(Stdio::piped()).stderr(Stdio::piped());
    shell
}

fn trace(id: Pid, mut stdin: impl Write, kill_at: Option<Point>) -> nix::Result<End> {
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    ptrace::seize(id, options)?;
    ptrace::interrupt(id)?;
    let go = |error: io::Error| nix::Error::from_raw(error.raw_os_error().unwrap_or_default());
    stdin.write_all(b"\n").map_err(go)?;
    let (mut is_program, mut calls, mut killed) = (false, BTreeMap::new(), false);
    loop {
        // Of this thread's children alone: other tests have theirs.
        let status = waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD))?;
        let (thread, signal) = match status {
            WaitStatus::PtraceSyscall(thread) => {
                if let Some(call) = entering(thread).filter(|_| is_program && !killed) {
                    let count = calls.entry(call).or_default();
                    *count += 1;
                    if kill_at == Some((call, *count)) {
                        killed = true;
                        kill(id, Signal::SIGKILL)?;
                    }
                }
                (thread, None)
            }
            WaitStatus::PtraceEvent(thread, _, event) => {
                is_program |= event == ptrace::Event::PTRACE_EVENT_EXEC as i32;
                (thread, None)
            }
            WaitStatus::Stopped(thread, signal) => (thread, Some(signal)),
            WaitStatus::Exited(thread, status) if thread == id => return Ok(End::Exited { status, calls }),
            WaitStatus::Signaled(thread, ..) if thread == id && killed => return Ok(End::Killed),
            WaitStatus::Signaled(thread, ..) if thread == id => return Err(nix::Error::EINTR),
            _ => continue,
        };
        // A thread that was killed in the meantime cannot be told to go on.
        let _ = ptrace::syscall(thread, signal);
    }
}

/// The number of the call that the thread is about to make; `None` if it comes back from one.
fn entering(thread: Pid) -> Option<i64> {
    let info = ptrace::syscall_info(thread).ok()?;
    if info.op != PTRACE_SYSCALL_INFO_ENTRY {
        return None;
    }
    let call = std::fs::read_to_string(format!("/proc/{thread}/syscall")).ok()?;
    call.split(' ').next()?.parse().ok()
}
