//! How much of a link an upload uses with fragments sized by measurement: the state machine over links of all kinds,
//! compared with one request that streams the whole file over the same link. No clock, no network; what is random comes
//! from a seed.
//!
//! `cargo test --test links -- --nocapture` prints the tables of `docs/performance.md`.

mod link;
#[path = "../shared/splitmix.rs"]
mod splitmix;

use std::fmt::Write;
use std::time::{Duration, Instant};

use bitsup::exchange::Timing;
use bitsup::protocol::{ContentName, Packet, header};
use bitsup::uploader::{Action, Input, Plan, Uploader};
use http::{HeaderValue, Response, Uri};

use link::{Connection, Link, MILLISECOND, Times};

const MIB: u64 = 1 << 20;
const SIZES: [(&str, u64); 2] = [("100 MiB", 100 * MIB), ("1 GiB", 1024 * MIB)];

const PLAIN: Link =
    Link { bandwidth: 0, round_trip: 0, jitter: 0, loss: 0, server: 0, server_per_mib: 0, buffers: false };

/// The time and the fragments of an upload.
#[derive(Debug)]
struct Outcome {
    time: u64,
    /// The size of each fragment.
    fragments: Vec<u64>,
    /// The largest number of tenths of a second that one took.
    slowest: u64,
}

/// Nothing is written down: that takes no time here.
fn plan(size: u64) -> Plan {
    Plan { can_resume: false, ..Plan::new(Uri::from_static("http://h/f"), size, ContentName::new("f")) }
}

fn ack(times: Times, offset: Option<u64>) -> Input {
    let mut answer = Response::new(());
    let headers = answer.headers_mut();
    headers.insert(header::PACKET_TYPE, HeaderValue::from_static("Ack"));
    headers.insert(header::SESSION_ID, HeaderValue::from_static("s"));
    offset.map(|offset| headers.insert(header::RECEIVED_CONTENT_RANGE, offset.into()));
    let (total, waiting) = (Duration::from_nanos(times.total), Duration::from_nanos(times.waiting));
    answer.extensions_mut().insert(Timing { total, waiting });
    Input::Responded(answer)
}

fn upload(link: Link, size: u64, seed: u64) -> Outcome {
    let began = Instant::now();
    let mut connection = Connection::new(link, seed);
    let mut outcome = Outcome { time: connection.round_trip(), fragments: Vec::new(), slowest: 0 };
    let mut machine = Uploader::new(plan(size), began, 1);
    while let Action::Send(packet) = machine.next_action() {
        let (times, offset) = if let Packet::Fragment { range, .. } = packet {
            let times = connection.request(range.len());
            outcome.fragments.push(range.len());
            outcome.slowest = outcome.slowest.max(times.total / (100 * MILLISECOND));
            (times, Some(range.end()))
        } else {
            (connection.bodiless(), None)
        };
        outcome.time += times.total;
        let now = began + Duration::from_nanos(outcome.time);
        machine = machine.handle(ack(times, offset), now);
    }
    assert_eq!(machine.into_result(), Ok(()));
    outcome
}

/// One request for all of it, as other programs upload. The server needs its time for a fragment only once.
fn stream(link: Link, size: u64, seed: u64) -> u64 {
    let mut connection = Connection::new(link, seed);
    connection.round_trip() + connection.request(size).total
}

/// The share of a stream's rate that an upload reaches, in thousandths: the median of several seeds, where a link takes
/// anything from them.
fn share(link: Link, size: u64) -> u64 {
    let seeds = if link.jitter == 0 && link.loss == 0 { 1 } else { 5 };
    let mut shares: Vec<u64> =
        (1..=seeds).map(|seed| 1000 * stream(link, size, seed + 100) / upload(link, size, seed).time).collect();
    shares.sort_unstable();
    shares[shares.len() / 2]
}

fn percent(permille: u64) -> String {
    format!("{}.{}", permille / 10, permille % 10)
}

const BANDWIDTHS: [(&str, u64); 8] = [
    ("10 kbit/s", 10_000),
    ("64 kbit/s", 64_000),
    ("1 Mbit/s", 1_000_000),
    ("20 Mbit/s", 20_000_000),
    ("100 Mbit/s", 100_000_000),
    ("500 Mbit/s", 500_000_000),
    ("1 Gbit/s", 1_000_000_000),
    ("10 Gbit/s", 10_000_000_000),
];

/// Microseconds.
const ROUND_TRIPS: [(&str, u64); 8] = [
    ("0.1 ms", 100),
    ("1 ms", 1_000),
    ("10 ms", 10_000),
    ("20 ms", 20_000),
    ("50 ms", 50_000),
    ("100 ms", 100_000),
    ("200 ms", 200_000),
    ("600 ms", 600_000),
];

/// A link, and what must be reached there in thousandths: of 100 MiB and of 1 GiB.
struct Goal {
    name: &'static str,
    bandwidth: u64,
    /// Milliseconds.
    round_trip: u64,
    least: [u64; 2],
}

/// 950 and 980, but where round trips alone forbid it. 100 MiB are at least four fragments, and three more packets: on
/// links that carry them in a second or with a round trip of 200 ms that is more than 5 %. 1 GiB in fragments of up to 256
/// MiB are seven, and three more packets: 1.8 s of 88 s with 200 ms, 0.4 s of 17 s with 50 ms.
const WIDE_AREA: [Goal; 5] = [
    Goal { name: "20 Mbit/s × 20 ms", bandwidth: 20_000_000, round_trip: 20, least: [950, 980] },
    Goal { name: "100 Mbit/s × 50 ms", bandwidth: 100_000_000, round_trip: 50, least: [950, 980] },
    Goal { name: "500 Mbit/s × 50 ms", bandwidth: 500_000_000, round_trip: 50, least: [870, 974] },
    Goal { name: "100 Mbit/s × 200 ms", bandwidth: 100_000_000, round_trip: 200, least: [889, 976] },
    Goal { name: "1 Gbit/s × 10 ms", bandwidth: 1_000_000_000, round_trip: 10, least: [935, 980] },
];

impl Goal {
    fn link(&self) -> Link {
        Link { bandwidth: self.bandwidth, round_trip: self.round_trip * MILLISECOND, ..PLAIN }
    }
}

type Change = fn(Link) -> Link;

/// Variants of a link: its server, disk, jitter, loss or proxy.
const KINDS: [(&str, Change); 8] = [
    ("as it is", |link| link),
    ("server 5 ms", |link| Link { server: 5 * MILLISECOND, ..link }),
    ("server 50 ms", |link| Link { server: 50 * MILLISECOND, ..link }),
    ("disk 500 MiB/s", |link| Link { server_per_mib: 2 * MILLISECOND, ..link }),
    ("jitter 50 %", |link| Link { jitter: 500, ..link }),
    ("loss 0.001 %", |link| Link { loss: 10, ..link }),
    ("loss 0.1 %", |link| Link { loss: 1000, ..link }),
    ("buffering proxy", |link| Link { buffers: true, ..link }),
];

#[expect(clippy::print_stdout, reason = "a test reports")]
fn report(text: &str) {
    println!("{text}");
}

/// A row of a table in Markdown.
fn row<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    cells.into_iter().fold(String::from("|"), |mut row, cell| {
        let _ = write!(row, " {cell} |");
        row
    })
}

#[test]
fn all_links_are_used_as_far_as_round_trips_allow() {
    for (name, size) in SIZES {
        report(&format!("\n{}", row(std::iter::once(name).chain(ROUND_TRIPS.map(|(name, _)| name)))));
        report(&row(std::iter::repeat_n("---", 1 + ROUND_TRIPS.len())));
        for (name, bandwidth) in BANDWIDTHS {
            let shares = ROUND_TRIPS.map(|(_, micros)| {
                let link = Link { bandwidth, round_trip: micros * MILLISECOND / 1000, ..PLAIN };
                let share = share(link, size);
                // Where the link holds less than a quarter of a MiB at once, nothing excuses waiting.
                assert!(bandwidth * micros > 2_000_000_000_000 || share >= 970, "{name}, {micros} µs: {share}");
                percent(share)
            });
            report(&row(std::iter::once(name).chain(shares.iter().map(String::as_str))));
        }
    }
}

#[test]
fn wide_area_links_are_used() {
    for (i, (name, size)) in SIZES.into_iter().enumerate() {
        report(&format!("\n{}", row(std::iter::once(name).chain(KINDS.map(|(name, _)| name)))));
        report(&row(std::iter::repeat_n("---", 1 + KINDS.len())));
        for goal in &WIDE_AREA {
            let shares = KINDS.map(|(_, change)| share(change(goal.link()), size));
            report(&row(std::iter::once(goal.name).chain(shares.map(percent).iter().map(String::as_str))));
            assert!(shares[0] >= goal.least[i], "{name} over {}: {}", goal.name, percent(shares[0]));
            // Nothing that happens on the way makes it much worse, but a server that needs as long as 50 ms each time.
            let worst = shares.iter().min().expect("some");
            assert!(worst + 160 > goal.least[i], "{name} over {}: {shares:?}", goal.name);
        }
    }
}

/// The time that a protocol that waits for each Ack can reach with these first sizes and the largest one: a round trip
/// for Ping, Create-Session, Close-Session and each fragment.
fn stop_and_wait(link: Link, size: u64, seed: u64) -> u64 {
    let mut connection = Connection::new(link, seed);
    let mut time = connection.round_trip();
    time += (0..3).map(|_| connection.bodiless().total).sum::<u64>();
    let mut left = size;
    for wanted in [192 << 10, MIB, 28 * MIB].into_iter().chain(std::iter::repeat(256 * MIB)) {
        let len = left.min(wanted);
        time += connection.request(len).total;
        left -= len;
        if left == 0 {
            break;
        }
    }
    time
}

#[test]
fn default_options_reach_what_stop_and_wait_can() {
    for goal in &WIDE_AREA {
        for (name, size) in SIZES {
            let best = stop_and_wait(goal.link(), size, 1);
            let share = 1000 * best / upload(goal.link(), size, 1).time;
            report(&format!("{name} over {}: {} % of stop-and-wait", goal.name, percent(share)));
            // The goal on a real link is 99 %: there both sides need time of their own, too.
            assert!(share >= 995, "{name} over {}: {}", goal.name, percent(share));
        }
    }
}

#[test]
fn the_size_is_reached_by_the_fourth_fragment() {
    for goal in &WIDE_AREA {
        let fragments = upload(goal.link(), 1024 * MIB, 1).fragments;
        let largest = *fragments.iter().max().expect("some");
        // Measurements scatter; a fragment of 30 s keeps to that.
        assert!(fragments[3] * 3 / 2 > largest, "{}: {fragments:?}", goal.name);
        assert!(fragments[0] <= 256 << 10 && fragments[1] <= MIB && fragments[..3].iter().all(|len| *len < 30_000_000));
    }
}

#[test]
fn no_fragment_takes_much_more_than_30_seconds() {
    for (name, bandwidth) in BANDWIDTHS {
        for (_, micros) in ROUND_TRIPS {
            for (kind, change) in KINDS {
                let link = change(Link { bandwidth, round_trip: micros * MILLISECOND / 1000, ..PLAIN });
                let outcome = upload(link, 20 * MIB, 1);
                // Below 64 kbit/s the first one does: it is sent before anything is known of the link.
                let first = if bandwidth < 64_000 { 1600 } else { 0 };
                let lossy = if link.loss > 0 { 2 } else { 1 };
                assert!(outcome.slowest <= first.max(lossy * 320), "{name}, {kind}: {outcome:?}");
            }
        }
    }
}

#[test]
fn jitter_does_not_make_sizes_flutter() {
    for goal in &WIDE_AREA {
        let fragments = upload(Link { jitter: 500, ..goal.link() }, 1024 * MIB, 7).fragments;
        let changes = fragments.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(changes <= 10, "{}: {fragments:?}", goal.name);
    }
}
