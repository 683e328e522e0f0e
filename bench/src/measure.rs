//! Time, processor time and memory of a program.

use std::ffi::OsString;
use std::fs::File;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::Outcome;

/// The resources that one run of a program used.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub wall: Duration,
    /// Of the user and the system.
    pub processor: Duration,
    /// Bytes of memory at most.
    pub memory: u64,
}

/// A program under measurement, in a process between it and this one. The kernel counts memory that a program's parent
/// had when it forked as the program's, and what all children took together as one: so the parent must be small and must
/// have no other child.
pub struct Measured(std::process::Child, File);

/// Starts it.
pub fn start(program: &str, set_up: impl FnOnce(&mut Command)) -> Outcome<Measured> {
    let errors = tempfile::tempfile()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("measure").arg(program);
    set_up(&mut command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors.try_clone()?);
    Ok(Measured(command.spawn()?, errors))
}

impl Measured {
    /// Waits for its end.
    pub fn finish(self) -> Outcome<Sample> {
        let output = self.0.wait_with_output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        match numbers[..] {
            [wall, processor, memory] if output.status.success() => {
                Ok(Sample { wall: Duration::from_micros(wall), processor: Duration::from_micros(processor), memory })
            }
            _ => Err(format!("{}: {}", output.status, last_words(self.1)).into()),
        }
    }
}

fn last_words(mut errors: File) -> String {
    use std::io::{Read, Seek};
    let mut text = Vec::new();
    let _ = errors.rewind().and_then(|()| errors.read_to_end(&mut text));
    String::from_utf8_lossy(&text).lines().take(2).collect::<Vec<_>>().join(" ")
}

/// The process between: runs one program, prints what it took.
pub fn alone(words: &[OsString]) -> Outcome {
    let (program, arguments) = words.split_first().ok_or("nothing to measure")?;
    let begin = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status()?;
    let wall = begin.elapsed();
    if !status.success() {
        return Err(format!("{} ended with {status}", program.to_string_lossy()).into());
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let processor = usage.user_time() + usage.system_time();
    println!("{} {} {}", wall.as_micros(), processor.num_microseconds(), usage.max_rss() * 1024);
    Ok(())
}
