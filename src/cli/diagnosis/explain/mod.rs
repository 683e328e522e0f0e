//! Codes in words: HRESULTs, HTTP statuses, exit codes. Made from the tables by which the program itself acts.

mod hresult;
mod http;
mod iis;

use std::fmt::Write;

use super::ExitCode;
use super::hresult::info;
use crate::protocol::HResult;

/// A code in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Explanation {
    title: String,
    lines: Vec<(&'static str, String)>,
}

impl Explanation {
    fn new(title: String, meaning: &str, cause: &str, next: &str) -> Self {
        let mut explanation = Self { title, lines: Vec::new() };
        for (label, text) in [("meaning", meaning), ("cause", cause), ("next", next)] {
            explanation.add(label, text);
        }
        explanation
    }

    fn add(&mut self, label: &'static str, text: &str) {
        if !text.is_empty() {
            self.lines.push((label, text.to_owned()));
        }
    }

    /// A line for the code, and one for each thing that is known of it.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}\n", self.title);
        for (label, line) in &self.lines {
            let label = format!("{label}:");
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {label:<8} {line}");
        }
        text
    }
}

/// What a code means, in whatever spelling it is met. Numbers up to three digits are exit codes and HTTP statuses;
/// larger ones, `0x…` and names are HRESULTs.
///
/// # Errors
/// What can be told all the same of a code that is in no table.
pub(crate) fn explain(text: &str) -> Result<Explanation, String> {
    let text = text.trim();
    if let Some(explanation) = iis::explain(text) {
        return Ok(explanation);
    }
    if let Some(number) = small(text) {
        return exit_code(number).or_else(|| http::explain(number)).ok_or_else(|| {
            format!("{number} is no exit code of bitsup and no HTTP status; an HRESULT is written 0x{number:08X}")
        });
    }
    let named = HResult::known().iter().find(|(_, name)| name.eq_ignore_ascii_case(text));
    if let Some(explanation) = named.and_then(|(code, _)| hresult::explain(*code)) {
        return Ok(explanation);
    }
    let Some(code) = read(text) else { return Err(unreadable(text)) };
    // Servers send Windows' plain error codes as well.
    let wrapped = u16::try_from(code.0).ok().map(HResult::from_win32);
    let found = hresult::explain(code).or_else(|| wrapped.and_then(hresult::explain));
    found.ok_or_else(|| format!("bitsup does not know {}", hresult::parts(code)))
}

/// All that can be explained, a line each.
pub(crate) fn list() -> String {
    let mut text = String::from("Exit codes\n");
    for code in ExitCode::ALL {
        let _ = writeln!(text, "  {:<11} {}", *code as u8, code.info().meaning);
    }
    text.push_str("\nHTTP statuses, as the answer to the first packets of an upload\n");
    for status in http::COMMON {
        let _ = writeln!(text, "  {status:<11} {}", http::summary(*status));
    }
    text.push_str("\nStatus and sub-status in IIS's log\n");
    for (code, meaning) in iis::list() {
        let _ = writeln!(text, "  {code:<11} {meaning}");
    }
    text.push_str("\nHRESULTs\n");
    for (code, name) in HResult::known() {
        let _ = writeln!(text, "  0x{:08X}  {name}: {}", code.0, info(*code).map_or("", |info| info.meaning));
    }
    text
}

/// At most three decimal digits.
fn small(text: &str) -> Option<u32> {
    if text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// `0x80070005`, `x80070005`, `80070005`, `80070005h`; decimal as PowerShell prints it, `-2147024891`, or as an unsigned number;
/// a plain Win32 code, `12007`.
fn read(text: &str) -> Option<HResult> {
    if let Some(negative) = text.strip_prefix('-') {
        return format!("-{negative}").parse::<i32>().ok().map(|number| HResult(number.cast_unsigned()));
    }
    let bare = text.strip_suffix(['h', 'H']).unwrap_or(text);
    let is_decimal = bare.len() == text.len() && bare.bytes().all(|b| b.is_ascii_digit());
    match bare.len() {
        4 | 5 | 9 | 10 if is_decimal => bare.parse().ok().map(HResult),
        _ => HResult::parse(bare),
    }
}

fn exit_code(number: u32) -> Option<Explanation> {
    let code = ExitCode::ALL.iter().find(|code| u32::from(**code as u8) == number)?;
    let info = code.info();
    Some(Explanation::new(format!("{number} (exit code of bitsup)"), info.meaning, info.cause, info.next))
}

fn unreadable(text: &str) -> String {
    let wanted = text.to_ascii_uppercase();
    let near = HResult::known().iter().map(|(_, name)| (strsim::jaro_winkler(&wanted, name), name));
    let best = near.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(likeness, _)| *likeness > 0.85);
    match best {
        Some((_, name)) => format!("{text:?} is no code that bitsup knows; {name} is one"),
        None => format!("{text:?} is no exit code, HTTP status, HRESULT, or its name"),
    }
}

#[cfg(test)]
mod tests;
