//! Every limit of the receiver, with its unit and its reason: first those that the operator may change, then the fixed.
//! Sizes of buffers, which limit nothing, are where the buffers are.

use std::net::IpAddr;
use std::time::Duration;

/// Limits on the space, sessions, connections and time that clients take (RFC 9112 leaves the times to the server).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Largest file, in bytes. Default: no limit but the disk.
    pub max_size: Option<u64>,
    /// Largest fragment, in bytes; a larger one gets 413. Default: no limit.
    pub max_fragment: Option<u64>,
    /// Most bytes that all unfinished files may hold together. Default: no limit but the disk.
    pub max_temp: Option<u64>,
    /// Most unfinished sessions of one client address, so that no client fills the folder. Default: 50.
    pub max_sessions: usize,
    /// Most connections of one client address, which may be many clients behind one. Default: 256.
    pub max_connections: usize,
    /// Life of a session without progress, and of the memory of a finished one. Default: 14 days, as on
    /// IIS.
    pub session_timeout: Duration,
    /// Longest time for a request's head from its first byte on, and for the TLS handshake: both are
    /// short, and a client that sends them byte by byte only holds a connection. Default: 10 s.
    pub head_timeout: Duration,
    /// Longest time between two requests. Default: 60 s.
    pub idle_timeout: Duration,
    /// Longest silence within a body, or while a response is taken. Default: 60 s.
    pub stall_timeout: Duration,
    /// Slowest body after that time, in bytes a second: any link carries that, and no client holds a session for ever.
    /// Default: 100.
    pub min_rate: u64,
    /// Time in which a client may notice an early response while it still sends. Default: 10 s.
    pub linger: Duration,
    /// Time after which the reply command is killed. Default: 5 minutes, the time that [MC-BUP]'s clients wait.
    pub reply_timeout: Duration,
    /// Largest reply, in bytes. Default: 1 GiB.
    pub max_reply: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_size: None,
            max_fragment: None,
            max_temp: None,
            max_sessions: 50,
            max_connections: 256,
            session_timeout: Duration::from_secs(1_209_600),
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            stall_timeout: Duration::from_secs(60),
            min_rate: 100,
            linger: Duration::from_secs(10),
            reply_timeout: Duration::from_secs(300),
            max_reply: 1 << 30,
        }
    }
}

/// Who counts as one client: an IPv4 address, or the 64 bits of IPv6 that one household has.
pub(crate) fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// Time without progress after which a session gives way to a new one of a client that has too many.
pub(crate) const STALE: Duration = Duration::from_secs(3600);

/// Longest head of a request, in bytes: it is held in memory until it is complete, by anyone who can connect.
pub(crate) const MAX_HEAD: usize = 64 << 10;

/// Most fields in a head. A client of BITS sends about ten, a proxy adds a few.
pub(crate) const MAX_FIELDS: usize = 100;

/// Longest value of a header field, in bytes: IIS's limit.
pub(crate) const MAX_VALUE: usize = 4096;

/// Most protocols that Create-Session may offer. There is one so far.
pub(crate) const MAX_PROTOCOLS: usize = 100;

/// Longest name of a file or folder, in bytes: what common file systems take.
pub(crate) const MAX_NAME: usize = 255;

/// Longest path, in bytes of its decoded form: below the 4096 that Linux takes, with room for the root.
pub(crate) const MAX_PATH: usize = 2048;

/// Most connections at a time; the next ones wait to be accepted. Each needs a descriptor or two.
pub(crate) const MAX_CONNECTIONS: usize = 4096;

/// Connections that are served however few descriptors there are.
#[cfg(unix)]
pub(crate) const MIN_CONNECTIONS: usize = 16;

/// Most reply commands that run at a time; further files wait. Each is a process.
pub(crate) const MAX_COMMANDS: usize = 16;

/// Most finished sessions that are remembered for a repeated Close-Session; the oldest go first.
pub(crate) const MAX_TOMBSTONES: usize = 10_000;

/// A refused body up to this size, in bytes, is read to its end, so that the connection can go on. For a larger one a new
/// connection is cheaper.
pub(crate) const MAX_DRAINED: u64 = 64 << 10;

/// `Retry-After` for a client that was refused for want of space or sessions, in seconds.
pub(crate) const RETRY_AFTER: &str = "60";

/// Interval of the search for expired sessions: their lives are counted in days.
pub(crate) const SWEEP: Duration = Duration::from_secs(600);

/// Pause after the system could not accept a connection, most likely for want of descriptors.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Time that requests under way get when the server stops. With [`THREADS_END`] it is below the two seconds promised.
pub(crate) const GRACE: Duration = Duration::from_millis(1500);

/// Time that threads get after that, for a step on the disk.
pub(crate) const THREADS_END: Duration = Duration::from_millis(250);
