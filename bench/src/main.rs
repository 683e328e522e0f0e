//! Measures bitsup beside curl. `bench/run.sh` calls it; `docs/performance.md` says how to read what it prints.

mod bench;
mod certificates;
mod measure;
mod options;
mod proxy;
mod servers;
mod sink;
mod source;
mod table;

use std::process::ExitCode;

/// Errors are for people, at the end of a run.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match options::Command::read().and_then(run) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bitsup-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: options::Command) -> Outcome<ExitCode> {
    match command {
        options::Command::Bench(options) => return bench::run(&options),
        options::Command::Sink(options) => sink::run(options)?,
        options::Command::Proxy(link, server) => {
            println!("{}", proxy::start(link, server)?);
            std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
        }
        options::Command::Measure(command) => measure::alone(&command)?,
    }
    Ok(ExitCode::SUCCESS)
}
