//! A program whose system calls are listed, over all its threads, and to one of which happens what a test says.
//!
//! `strace` can inject faults too, but counts for each thread, so that one fault comes to many threads, and pretends that
//! bytes were written which were not.

use std::io::{self, Write};
use std::process::{ChildStderr, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;

use nix::errno::Errno;
use nix::libc::{PTRACE_SYSCALL_INFO_ENTRY, PTRACE_SYSCALL_INFO_EXIT, SYS_futex, SYS_write};
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// A system call by the kernel's number, and the how manieth of its kind over all threads, from 1.
pub(crate) type Point = (i64, usize);

/// The fault at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The program is killed before it.
    Kill,
    /// It returns this error, and is not carried out unless it closes a file.
    Error(Errno),
    /// It is carried out for the first byte only.
    Short,
}

/// How the program ended. It is buried: what it had open is closed.
#[derive(Debug)]
pub(crate) enum End {
    /// Before it made the call that it was told.
    Killed,
    /// By a signal that nobody sent, as when it aborts.
    Died(Signal),
    /// By itself, after these calls, in their order.
    Exited { status: i32, calls: Vec<i64> },
}

/// A running program, and the thread that traces it.
pub(crate) struct Traced {
    id: Pid,
    stderr: Option<ChildStderr>,
    thread: JoinHandle<nix::Result<End>>,
}

impl Traced {
    /// Starts a program to one of whose calls something happens.
    #[expect(clippy::zombie_processes, reason = "whoever traces it waits for its end")]
    pub(crate) fn start(program: &Command, fault: Option<(Point, Fault)>) -> Self {
        let mut command = waiting(program);
        let (sender, started) = mpsc::channel();
        // Only the thread that attached may trace.
        let thread = std::thread::spawn(move || {
            let mut child = command.spawn().unwrap();
            let id = Pid::from_raw(i32::try_from(child.id()).unwrap());
            let (stdin, stderr) = (child.stdin.take().unwrap(), child.stderr.take());
            sender.send((id, stderr)).unwrap();
            Tracer::new(id, fault).trace(stdin)
        });
        let (id, stderr) = started.recv().unwrap();
        Self { id, stderr, thread }
    }

    pub(crate) fn stderr(&mut self) -> ChildStderr {
        self.stderr.take().unwrap()
    }

    /// Its process: nobody else has this number as long as it is not buried.
    pub(crate) fn id(&self) -> Pid {
        self.id
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        // It may be dead already.
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

/// The calls as points, in their order.
pub(crate) fn points(calls: &[i64]) -> Vec<Point> {
    let mut counts = std::collections::BTreeMap::<i64, usize>::new();
    let mut nth = |call: i64| {
        let count = counts.entry(call).or_default();
        *count += 1;
        (call, *count)
    };
    calls.iter().map(|call| nth(*call)).collect()
}

/// A shell that waits for a line and then becomes the program.
fn waiting(program: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "read -r go; exec \"$0\" \"$@\""]).arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.stdin(Stdio::piped()).stderr(Stdio::piped());
    shell
}

/// The state of the tracing thread.
struct Tracer {
    id: Pid,
    fault: Option<(Point, Fault)>,
    calls: Vec<i64>,
    /// Calls so far of the kind that the fault is for.
    count: usize,
    was_killed: bool,
    /// The thread that is in the changed call.
    changed: Option<(Pid, registers::Changed)>,
}

impl Tracer {
    fn new(id: Pid, fault: Option<(Point, Fault)>) -> Self {
        Self { id, fault, calls: Vec::new(), count: 0, was_killed: false, changed: None }
    }

    fn trace(mut self, mut stdin: impl Write) -> nix::Result<End> {
        let options = Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_EXITKILL;
        ptrace::seize(self.id, options)?;
        ptrace::interrupt(self.id)?;
        let go = |error: io::Error| nix::Error::from_raw(error.raw_os_error().unwrap_or_default());
        stdin.write_all(b"\n").map_err(go)?;
        let mut is_program = false;
        loop {
            // Of this thread's children alone: other tests have theirs.
            let status = waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD))?;
            let (thread, signal) = match status {
                WaitStatus::PtraceSyscall(thread) => {
                    if is_program && !self.was_killed {
                        self.at_call(thread)?;
                    }
                    (thread, None)
                }
                WaitStatus::PtraceEvent(thread, _, event) => {
                    is_program |= event == ptrace::Event::PTRACE_EVENT_EXEC as i32 && !self.is_shell();
                    (thread, None)
                }
                WaitStatus::Stopped(thread, signal) => (thread, Some(signal)),
                WaitStatus::Exited(thread, status) if thread == self.id => {
                    return Ok(End::Exited { status, calls: self.calls });
                }
                WaitStatus::Signaled(thread, ..) if thread == self.id && self.was_killed => return Ok(End::Killed),
                WaitStatus::Signaled(thread, signal, _) if thread == self.id => return Ok(End::Died(signal)),
                _ => continue,
            };
            // A thread that was killed in the meantime cannot be told to go on.
            let _ = ptrace::syscall(thread, signal);
        }
    }

    /// Whether the shell is still starting: its own start may be seen, or be over before.
    fn is_shell(&self) -> bool {
        let arguments = std::fs::read(format!("/proc/{}/cmdline", self.id)).unwrap_or_default();
        arguments.starts_with(b"sh\0")
    }

    /// A thread makes a call, or comes back from one.
    fn at_call(&mut self, thread: Pid) -> nix::Result<()> {
        let Ok(info) = ptrace::syscall_info(thread) else { return Ok(()) };
        if info.op == PTRACE_SYSCALL_INFO_EXIT
            && let Some((_, changed)) = self.changed.take_if(|(changed, _)| *changed == thread)
        {
            return registers::restore(thread, &changed);
        }
        if info.op != PTRACE_SYSCALL_INFO_ENTRY {
            return Ok(());
        }
        let Some(call) = number(thread) else { return Ok(()) };
        self.calls.push(call);
        let Some(((_, nth), fault)) = self.fault.filter(|((wanted, _), _)| *wanted == call) else { return Ok(()) };
        self.count += 1;
        if self.count != nth {
            return Ok(());
        }
        let changed = match fault {
            Fault::Kill => {
                self.was_killed = true;
                return kill(self.id, Signal::SIGKILL);
            }
            Fault::Error(error) => registers::fail(thread, call, error)?,
            Fault::Short => registers::shorten(thread, call)?,
        };
        self.changed = Some((thread, changed));
        Ok(())
    }
}

/// In place of a call's number: a thread of the program wakes another, by an `eventfd` or a futex, which cannot fail.
pub(crate) const WAKE: i64 = -1;

/// The number of the call that the thread is about to make.
fn number(thread: Pid) -> Option<i64> {
    let text = std::fs::read_to_string(format!("/proc/{thread}/syscall")).ok()?;
    let mut words = text.split(' ');
    let call = words.next()?.parse().ok()?;
    let mut arguments = words.map_while(|word| i64::from_str_radix(word.trim_start_matches("0x"), 16).ok());
    let is_eventfd = |file: i64| {
        let path = std::fs::read_link(format!("/proc/{thread}/fd/{file}")).unwrap_or_default();
        path.to_string_lossy().contains("[eventfd]")
    };
    // FUTEX_WAIT and FUTEX_WAIT_BITSET, without the flags for private futexes and the clock.
    let waits = |command: i64| [0, 9].contains(&(command & 0x7f));
    let is_wake = (call == SYS_write && arguments.next().is_some_and(is_eventfd))
        || (call == SYS_futex && arguments.nth(1).is_some_and(|command| !waits(command)));
    Some(if is_wake { WAKE } else { call })
}

/// A call's number, arguments and result.
#[cfg(target_arch = "x86_64")]
mod registers {
    use nix::errno::Errno;
    use nix::libc::{SYS_brk, SYS_close, SYS_getrandom, user_regs_struct};
    use nix::sys::ptrace;
    use nix::unistd::Pid;

    /// The registers and the error to set when a changed call returns.
    #[derive(Debug)]
    pub(super) struct Changed {
        before: user_regs_struct,
        error: Option<Errno>,
    }

    /// Lets a call fail.
    pub(super) fn fail(thread: Pid, call: i64, error: Errno) -> nix::Result<Changed> {
        let before = ptrace::getregs(thread)?;
        if call == SYS_brk {
            // Asked for nothing, it tells where memory ends, as it does when it fails.
            ptrace::setregs(thread, user_regs_struct { rdi: 0, ..before })?;
            return Ok(Changed { before, error: None });
        }
        // Linux closes a file also where it returns an error.
        if call != SYS_close {
            ptrace::setregs(thread, user_regs_struct { orig_rax: u64::MAX, ..before })?;
        }
        Ok(Changed { before, error: Some(error) })
    }

    /// Leaves a call room for one byte.
    pub(super) fn shorten(thread: Pid, call: i64) -> nix::Result<Changed> {
        let before = ptrace::getregs(thread)?;
        let mut registers = before;
        let length = if call == SYS_getrandom { &mut registers.rsi } else { &mut registers.rdx };
        *length = 1.min(*length);
        ptrace::setregs(thread, registers)?;
        Ok(Changed { before, error: None })
    }

    /// A call leaves its arguments as they are: compilers count on it.
    pub(super) fn restore(thread: Pid, changed: &Changed) -> nix::Result<()> {
        let registers = ptrace::getregs(thread)?;
        let rax = changed.error.map_or(registers.rax, |error| (-i64::from(error as i32)).cast_unsigned());
        let user_regs_struct { rdi, rsi, rdx, .. } = changed.before;
        ptrace::setregs(thread, user_regs_struct { rax, rdi, rsi, rdx, ..registers })
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod registers {
    use nix::errno::Errno;
    use nix::unistd::Pid;

    #[derive(Debug)]
    pub(super) struct Changed;

    pub(super) fn fail(_: Pid, _: i64, _: Errno) -> nix::Result<Changed> {
        Err(Errno::ENOTSUP)
    }

    pub(super) fn shorten(_: Pid, _: i64) -> nix::Result<Changed> {
        Err(Errno::ENOTSUP)
    }

    pub(super) fn restore(_: Pid, _: &Changed) -> nix::Result<()> {
        Err(Errno::ENOTSUP)
    }
}
