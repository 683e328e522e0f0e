//! Which faults each system call gets.

use nix::errno::Errno;
use nix::libc::*;

use crate::tracer::{Fault, Point, WAKE};

/// Numbers and names.
macro_rules! named {
    ($($call:ident)*) => { [$(($call, stringify!($call))),*] };
}

/// Calls that fail by a programmer's mistake alone, if at all: libraries abort where that happens.
const NEVER: [i64; 23] = [
    WAKE,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_sigaltstack,
    SYS_rseq,
    SYS_set_robust_list,
    SYS_set_tid_address,
    SYS_arch_prctl,
    SYS_prctl,
    SYS_gettid,
    SYS_getpid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_exit,
    SYS_exit_group,
    SYS_execve,
    SYS_sched_getaffinity,
    SYS_sched_yield,
    SYS_prlimit64,
    SYS_tgkill,
];

/// These fail where memory is short, and for no other reason that is tried.
const MEMORY: [i64; 8] = [SYS_brk, SYS_mmap, SYS_mremap, SYS_munmap, SYS_mprotect, SYS_madvise, SYS_clone, SYS_clone3];

/// They wait, and may be woken by a signal.
const WAITS: [i64; 7] =
    [SYS_futex, SYS_restart_syscall, SYS_clock_nanosleep, SYS_nanosleep, SYS_wait4, SYS_epoll_wait, SYS_epoll_pwait];

/// They move as many bytes as they can.
const COUNTS: [i64; 8] =
    [SYS_read, SYS_write, SYS_pread64, SYS_pwrite64, SYS_recvfrom, SYS_sendto, SYS_getrandom, SYS_copy_file_range];

const ERRORS: [Errno; 6] = [Errno::EIO, Errno::ENOSPC, Errno::EACCES, Errno::EMFILE, Errno::ENOMEM, Errno::EINTR];

/// The faults of a call. It gets all errors, whether the kernel's manual has them or not: filters and network file systems
/// return any.
pub(crate) fn faults((call, _): Point) -> Vec<Fault> {
    let errors: &[Errno] = match call {
        call if NEVER.contains(&call) => &[],
        call if MEMORY.contains(&call) => &[Errno::ENOMEM],
        call if WAITS.contains(&call) => &[Errno::EINTR],
        _ => &ERRORS,
    };
    let short = COUNTS.contains(&call).then_some(Fault::Short);
    errors.iter().map(|error| Fault::Error(*error)).chain(short).collect()
}

/// Where memory is short, Rust's runtime aborts, and so does the C library in a new thread.
pub(crate) fn may_abort((call, _): Point) -> bool {
    MEMORY.contains(&call)
}

/// The handler of a signal wakes the thread that waits for it by such a call.
pub(crate) fn may_lose_signal((call, _): Point) -> bool {
    call == SYS_sendto
}

/// tokio panics where it gets no sockets for its own use, which it takes before the receiver listens, and where Rust's
/// library has no random numbers for one of its threads.
pub(crate) fn is_tokios(stderr: &str) -> bool {
    let is_of_start = stderr.contains("/tokio-") && !stderr.contains("listening on");
    is_of_start || stderr.contains("failed to generate random data")
}

/// As the manual calls it.
pub(crate) fn name(call: i64) -> String {
    let names = named![
        SYS_accept4 SYS_access SYS_bind SYS_brk SYS_chmod SYS_clock_nanosleep SYS_clone SYS_clone3 SYS_close SYS_connect
        SYS_copy_file_range SYS_dup SYS_epoll_create1 SYS_epoll_ctl SYS_epoll_wait SYS_eventfd2 SYS_fadvise64
        SYS_fallocate SYS_fchmod SYS_fcntl SYS_fdatasync SYS_flock SYS_fstat SYS_fstatfs SYS_fsync SYS_ftruncate
        SYS_futex SYS_getcwd SYS_getdents64 SYS_getpeername SYS_getrandom SYS_getsockname SYS_getsockopt SYS_ioctl
        SYS_linkat SYS_listen SYS_lseek SYS_lstat SYS_madvise SYS_mkdir SYS_mkdirat SYS_mmap SYS_mprotect SYS_mremap
        SYS_munmap SYS_newfstatat SYS_open SYS_openat SYS_openat2 SYS_pidfd_open SYS_pipe2 SYS_poll SYS_ppoll SYS_pread64
        SYS_pwrite64 SYS_read SYS_readlink SYS_readlinkat SYS_recvfrom SYS_recvmsg SYS_rename SYS_renameat SYS_renameat2
        SYS_rmdir SYS_sendmsg SYS_sendto SYS_setsockopt SYS_shutdown SYS_socket SYS_socketpair SYS_stat SYS_statfs
        SYS_statx SYS_umask SYS_uname SYS_unlink SYS_unlinkat SYS_vfork SYS_wait4 SYS_waitid SYS_write SYS_writev
    ];
    let found = names.iter().find(|(number, _)| *number == call);
    found.map_or_else(|| format!("call {call}"), |(_, name)| name.trim_start_matches("SYS_").to_owned())
}

/// Where the program itself begins: the loader and Rust's runtime, which come before, end as they like. The last that the
/// runtime does is to give the main thread a stack for signals.
pub(crate) fn own(calls: &[i64]) -> usize {
    let stacks = calls.iter().enumerate().filter(|(_, call)| **call == SYS_sigaltstack);
    stacks.map(|(index, _)| index + 1).nth(1).expect("Rust's runtime starts")
}
