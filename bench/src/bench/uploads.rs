//! bitsup and curl, each sending the same file to the same kind of server.

use std::path::Path;

use crate::measure::{self, Sample};
use crate::options::Options;
use crate::proxy::{self, Link};
use crate::servers::Server;
use crate::table::{self, Figures, Goals, Spread};
use crate::{Outcome, certificates, source};

const CURL: &str = "curl -T";

/// bitsup, with fragments of its own choice or of a fixed size.
#[derive(Debug, Clone, Copy)]
pub struct Contender {
    fragment_size: Option<&'static str>,
}

impl Contender {
    pub const AUTO: Self = Self { fragment_size: None };

    pub fn fixed(size: &'static str) -> Self {
        Self { fragment_size: Some(size) }
    }
}

/// MB a second that a protocol reaches which waits for each Ack: the handshake, Ping, Create-Session, Close-Session, and each
/// fragment cost a round trip. The first sizes are those of the rule in docs/performance.md.
fn stop_and_wait(link: Link, size: u64) -> f64 {
    let (mut left, mut fragments) = (size, 0_u32);
    for wanted in [192 << 10, 1 << 20, 28 << 20].into_iter().chain(std::iter::repeat(256_u64 << 20)) {
        left = left.saturating_sub(wanted);
        fragments += 1;
        if left == 0 {
            break;
        }
    }
    let waiting = f64::from(4 + fragments) * f64::from(link.round_trip) / 1000.0;
    let megabytes = size as f64 / 1e6;
    megabytes / (megabytes * 8.0 / f64::from(link.rate) + waiting)
}

/// curl against contenders, on one track.
#[derive(Debug, Clone)]
pub struct Race {
    pub name: String,
    pub size: u64,
    pub contenders: Vec<Contender>,
    pub goals: Goals,
    pub tls: bool,
    pub link: Option<Link>,
    /// The source comes from the disk.
    pub cold: bool,
}

impl Race {
    pub fn new(name: &str, size: u64, contenders: Vec<Contender>) -> Self {
        let (name, goals) = (name.to_owned(), Goals::default());
        Self { name, size, contenders, goals, tls: false, link: None, cold: false }
    }

    /// For fragments of bitsup's own choice.
    pub fn with_goals(self, rate: f64, processor: Option<f64>) -> Self {
        Self { goals: Goals { rate: Some(rate), processor, memory: Some(1.0), ..self.goals }, ..self }
    }

    /// Over this link, of which almost all that waiting for each Ack allows is to be reached.
    pub fn over(self, link: Link) -> Self {
        let reachable = Some((stop_and_wait(link, self.size), 0.99));
        Self { link: Some(link), goals: Goals { reachable, ..self.goals }, ..self }
    }

    fn row(&self, contender: &Contender) -> String {
        match contender.fragment_size {
            Some(size) => format!("{}, fragments of {size}", self.name),
            None => self.name.clone(),
        }
    }

    /// Prints a row for each contender that is wanted. Tells how many failed.
    pub fn run(&self, options: &Options) -> usize {
        let wanted: Vec<_> = self.contenders.iter().filter(|contender| options.wants(&self.row(contender))).collect();
        if wanted.is_empty() {
            return 0;
        }
        let mut curl = Ok(Vec::new());
        let mut ours: Vec<_> = wanted.iter().map(|_| Ok(Vec::new())).collect();
        for round in 1..=options.runs {
            eprintln!("{}: round {round} of {}", self.name, options.runs);
            add(&mut curl, || self.sample(options, None));
            for (samples, contender) in ours.iter_mut().zip(&wanted) {
                add(samples, || self.sample(options, Some(contender)));
            }
        }
        let mut failed = 0;
        for (samples, contender) in ours.iter().zip(wanted) {
            let goals = if contender.fragment_size.is_none() { self.goals } else { Goals::default() };
            match (&curl, samples) {
                (Ok(curl), Ok(samples)) => {
                    let (its, ours) = (self.figures(curl), self.figures(samples));
                    table::print(&self.row(contender), CURL, &its, &ours, &goals);
                }
                (Err(error), _) | (_, Err(error)) => {
                    table::print_failed(&self.row(contender), error);
                    failed += 1;
                }
            }
        }
        failed
    }

    fn figures(&self, samples: &[Sample]) -> Figures {
        let (megabytes, gibibytes) = (self.size as f64 / 1e6, self.size as f64 / f64::from(1 << 30));
        Figures {
            rate: Spread::of(samples.iter().map(|sample| megabytes / sample.wall.as_secs_f64())),
            processor: Spread::of(samples.iter().map(|sample| sample.processor.as_secs_f64() / gibibytes)),
            memory: Spread::of(samples.iter().map(|sample| sample.memory as f64 / 1e6)),
        }
    }

    /// One upload, by curl or a contender.
    fn sample(&self, options: &Options, contender: Option<&Contender>) -> Outcome<Sample> {
        let source = source::file(&options.folder, self.size)?;
        let tls = [Path::new("--tls"), options.folder.as_path()];
        let server = Server::sink(if self.tls { &tls } else { &[] })?;
        let mut url = format!("{}file", server.url);
        if let Some(link) = self.link {
            url = format!("http://{}/file", proxy::start(link, server.address()?)?);
        }
        if self.cold {
            source::forget(&source)?;
        }
        let program = contender.map_or("curl", |_| options.bitsup.to_str().unwrap_or_default());
        let measured = measure::start(program, |command| match contender {
            None => {
                let root = options.folder.join(certificates::CERTIFICATE);
                command.args(["-sS", "--fail", "--cacert"]).arg(root).arg("-T").arg(&source).arg(&url);
            }
            Some(contender) => {
                command.arg("upload").arg("--quiet").arg(&source).arg(&url);
                command.args(contender.fragment_size.map(|size| format!("--fragment-size={size}")));
                set_environment(command, options);
            }
        })?;
        let sample = measured.finish()?;
        server.finish(self.size)?;
        Ok(sample)
    }
}

/// bitsup trusts the servers, and remembers nothing of other runs.
pub fn set_environment(command: &mut std::process::Command, options: &Options) {
    command.env("SSL_CERT_FILE", options.folder.join(certificates::CERTIFICATE));
    command.env("BITSUP_STATE_DIR", options.folder.join("state"));
}

/// After a failure nothing more is measured for the row.
fn add<T>(samples: &mut Result<Vec<T>, String>, sample: impl FnOnce() -> Outcome<T>) {
    if let Ok(list) = samples {
        match sample() {
            Ok(one) => list.push(one),
            Err(error) => *samples = Err(error.to_string()),
        }
    }
}
