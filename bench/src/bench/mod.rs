//! The measurements, row by row. Contenders take turns within a round, so that a slow minute of the machine hits all of
//! them; a row shows the medians of the rounds.

mod files;
mod serve;
mod start;
mod uploads;

use std::process::ExitCode;

use crate::options::Options;
use crate::proxy::{self, Link};
use crate::{Outcome, certificates, table};

use uploads::{Contender, Race};

const LINKS: [Link; 5] = [
    Link { rate: 20, round_trip: 20 },
    Link { rate: 100, round_trip: 50 },
    Link { rate: 500, round_trip: 50 },
    Link { rate: 100, round_trip: 200 },
    Link { rate: 1000, round_trip: 10 },
];

/// Prints the table. Fails at its end if a row did.
pub fn run(options: &Options) -> Outcome<ExitCode> {
    certificates::create(&options.folder)?;
    table::print_head();
    let mut failed = 0;
    for race in races(options) {
        failed += race.run(options);
    }
    failed += files::run(options);
    failed += serve::run(options);
    failed += start::run(options);
    if options.rows.is_empty() {
        check_links(options)?;
    }
    if failed > 0 {
        eprintln!("{failed} rows failed");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

impl Options {
    fn wants(&self, row: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|wanted| row.contains(wanted))
    }
}

fn races(options: &Options) -> Vec<Race> {
    let size = options.size;
    let fragments =
        || vec![Contender::AUTO, Contender::fixed("64KiB"), Contender::fixed("1MiB"), Contender::fixed("13MiB")];
    let mut races = vec![
        Race::new("plain", size, fragments()).with_goals(1.4, Some(0.7)),
        Race { cold: true, ..Race::new("plain, source not in the cache", size, vec![Contender::AUTO]) },
        Race { tls: true, ..Race::new("TLS", size, fragments()).with_goals(1.8, Some(0.7)) },
    ];
    let mut links = LINKS.to_vec();
    if options.smoke {
        links = vec![Link { rate: 1000, round_trip: 10 }];
    }
    for size in &options.link_sizes {
        let goal = if *size >= 1 << 30 { 0.98 } else { 0.95 };
        for link in &links {
            let name = format!("{link}, {} MiB", size >> 20);
            let race = Race::new(&name, *size, vec![Contender::AUTO]).with_goals(goal, None);
            races.push(race.over(*link));
        }
    }
    races
}

/// The proxy against itself: what it says it does, and what a bare socket sees of it.
fn check_links(options: &Options) -> Outcome {
    println!();
    let links = if options.smoke { &LINKS[4..] } else { &LINKS };
    for link in links {
        let (rate, round_trip) = proxy::check(*link)?;
        println!("- link of {link}: measured {rate:.1} Mbit/s, {round_trip:.1} ms");
    }
    Ok(())
}
