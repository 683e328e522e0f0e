//! The command line.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use lexopt::prelude::*;

use crate::Outcome;
use crate::proxy::Link;
use crate::sink::SinkOptions;

pub enum Command {
    Bench(Options),
    /// A sink of its own, for profiles.
    Sink(SinkOptions),
    /// A link of its own, for trying things out.
    Proxy(Link, SocketAddr),
    /// One program, measured.
    Measure(Vec<OsString>),
}

/// The programs, folders and rows of a measurement.
#[derive(Debug)]
pub struct Options {
    pub bitsup: PathBuf,
    /// Empty, for this run alone, on a disk.
    pub folder: PathBuf,
    /// The same in memory, for measuring without a disk.
    pub memory: Option<PathBuf>,
    /// Rows whose names contain one of these; all if there are none.
    pub rows: Vec<String>,
    pub runs: usize,
    /// Bytes sent over the loopback.
    pub size: u64,
    /// Bytes of each upload to the receiver.
    pub serve_size: u64,
    /// How many small files are sent in one run.
    pub files: u64,
    /// Bytes sent over the links, by rows of their own.
    pub link_sizes: Vec<u64>,
    /// See that everything works; the numbers mean nothing.
    pub smoke: bool,
}

impl Command {
    pub fn read() -> Outcome<Self> {
        let mut parser = lexopt::Parser::from_env();
        let Some(Value(verb)) = parser.next()? else {
            return Err("usage: bitsup-bench bench|sink|proxy|measure".into());
        };
        match verb.string()?.as_str() {
            "bench" => Ok(Self::Bench(bench(parser)?)),
            "sink" => Ok(Self::Sink(sink(parser)?)),
            "proxy" => {
                let [rate, round_trip, server] = rest(parser)?;
                Ok(Self::Proxy(Link { rate: rate.parse()?, round_trip: round_trip.parse()? }, server.parse()?))
            }
            "measure" => Ok(Self::Measure(parser.raw_args()?.collect())),
            other => Err(format!("no such verb: {other}").into()),
        }
    }
}

fn bench(mut parser: lexopt::Parser) -> Outcome<Options> {
    let mut options = Options {
        bitsup: PathBuf::new(),
        folder: PathBuf::new(),
        memory: None,
        rows: Vec::new(),
        runs: 5,
        size: 2 << 30,
        serve_size: 1 << 30,
        files: 10_000,
        link_sizes: vec![100 << 20, 1 << 30],
        smoke: false,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("bitsup") => options.bitsup = parser.value()?.into(),
            Long("folder") => options.folder = parser.value()?.into(),
            Long("memory") => options.memory = Some(parser.value()?.into()),
            Long("rows") => options.rows.push(parser.value()?.string()?),
            Long("runs") => options.runs = parser.value()?.parse::<usize>()?.max(1),
            Long("size") => options.size = mebibytes(&parser.value()?.string()?)?,
            Long("serve-size") => options.serve_size = mebibytes(&parser.value()?.string()?)?,
            Long("quick") => options.link_sizes = vec![100 << 20],
            Long("smoke") => {
                let small = 3 << 20;
                (options.runs, options.size, options.serve_size, options.smoke) = (1, small, small, true);
                (options.link_sizes, options.files) = (vec![small], 100);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}

fn mebibytes(text: &str) -> Outcome<u64> {
    let count: u64 = text.parse().map_err(|_| format!("a size is a number of MiB, not {text}"))?;
    if count == 0 { Err("a size is at least 1 MiB".into()) } else { Ok(count << 20) }
}

fn sink(mut parser: lexopt::Parser) -> Outcome<SinkOptions> {
    let mut options = SinkOptions::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("tls") => (options.tls, options.certificates) = (true, parser.value()?.into()),
            Long("write") => options.folder = Some(parser.value()?.into()),
            Long("sync") => options.sync = true,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}

fn rest<const N: usize>(mut parser: lexopt::Parser) -> Outcome<[String; N]> {
    let words: Result<Vec<_>, _> = parser.raw_args()?.map(OsString::into_string).collect();
    words.ok().and_then(|words| words.try_into().ok()).ok_or_else(|| format!("{N} arguments are needed").into())
}
