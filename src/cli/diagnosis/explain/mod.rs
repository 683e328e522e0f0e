//! Codes in words: HRESULTs, HTTP statuses, exit codes. Made from the tables by which the program itself acts.

mod http;
pub(super) mod iis;

use std::fmt::Write;

use ::http::StatusCode;

use super::hresult::info;
use super::{ExitCode, upload};
use crate::protocol::HResult;
use crate::uploader::Refusal;

/// A line for the code, and one for each thing that is known of it; `words` are meaning, cause and next step.
fn explanation(title: &str, words: [&str; 3], more: Option<(&str, &str)>) -> String {
    let mut text = format!("{title}\n");
    let lines = ["meaning", "cause", "next"].into_iter().zip(words).chain(more);
    for (label, line) in lines.filter(|(_, line)| !line.is_empty()) {
        let label = format!("{label}:");
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {label:<8} {line}");
    }
    text
}

/// The meaning of a code, in whatever spelling it is met. Numbers up to three digits are exit codes and HTTP statuses;
/// larger ones, `0x…` and names are HRESULTs. The error tells what is known of a code that is in no table.
pub(crate) fn explain(text: &str) -> Result<String, String> {
    let text = text.trim();
    if let Some(explanation) = iis::explain(text) {
        return Ok(explanation);
    }
    let is_small = text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit());
    if let (true, Ok(number)) = (is_small, text.parse()) {
        return exit_code(number).or_else(|| http::explain(number, "")).ok_or_else(|| {
            format!(
                "{number} is neither an exit code of bitsup nor an HTTP status; an HRESULT is written 0x{number:08X}"
            )
        });
    }
    let named = HResult::known().iter().find(|(_, name)| name.eq_ignore_ascii_case(text));
    if let Some(explanation) = named.and_then(|(code, _)| hresult(*code)) {
        return Ok(explanation);
    }
    let Some(code) = read(text) else { return Err(unreadable(text)) };
    // Servers send Windows' plain error codes as well.
    let wrapped = u16::try_from(code.0).ok().map(HResult::from_win32);
    let found = hresult(code).or_else(|| wrapped.and_then(hresult));
    found.ok_or_else(|| format!("unknown code {}", parts(code)))
}

/// All that can be explained, a line each.
pub(crate) fn list() -> String {
    let mut text = String::from("Exit codes\n");
    for code in ExitCode::ALL {
        let _ = writeln!(text, "  {:<11} {}", *code as u8, code.info().meaning);
    }
    text.push_str("\nHTTP statuses, in response to the first packets of an upload\n");
    for status in http::COMMON {
        let _ = writeln!(text, "  {status:<11} {}", http::summary(*status));
    }
    text.push_str("\nStatus and sub-status of IIS, in its log and its pages\n");
    for (code, meaning) in iis::list() {
        let _ = writeln!(text, "  {code:<11} {meaning}");
    }
    text.push_str("\nHRESULTs\n");
    for (code, name) in HResult::known() {
        let _ = writeln!(text, "  0x{:08X}  {name}: {}", code.0, info(*code).map_or("", |info| info.meaning));
    }
    text
}

/// All codes that can be explained, each with what it is.
pub(crate) fn codes() -> Vec<(String, String)> {
    let listed = list();
    let lines = listed.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(' '));
    lines.map(|(code, words)| (code.to_owned(), words.trim().to_owned())).collect()
}

/// `0x80070005`, `x80070005`, `80070005`, `80070005h`; decimal as PowerShell prints it, `-2147024891`, or as an
/// unsigned number; a plain Win32 code, `12007`.
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

fn exit_code(number: u32) -> Option<String> {
    let code = ExitCode::ALL.iter().find(|code| u32::from(**code as u8) == number)?;
    let info = code.info();
    Some(explanation(&format!("{number} (exit code of bitsup)"), [info.meaning, info.cause, info.next], None))
}

/// The meaning of a code of the table, or of one that wraps an HTTP status.
fn hresult(code: HResult) -> Option<String> {
    let Some(info) = info(code) else {
        let prefix = format!("0x{:08X}: as Windows' client reports HTTP's ", code.0);
        return http::explain(code.http_status()?, &prefix);
    };
    let title = format!("0x{:08X} {} (HRESULT)", code.0, code.name().unwrap_or_default());
    // With which code bitsup ends where a server sends this.
    let sent = [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::BAD_REQUEST];
    let refusal = sent.iter().find_map(|status| Refusal::of_code(code, *status));
    let refused = refusal.map(|refusal| upload::class(refusal).exit_code);
    let exit = refused.or(info.client_exit).map(|exit| (exit as u8).to_string());
    let exit = exit.as_deref().map(|exit| ("exit", exit));
    Some(explanation(&title, [info.meaning, info.cause, info.next], exit))
}

/// The parts of a code that is in no table.
fn parts(code: HResult) -> String {
    let severity = if code.is_failure() { "an error" } else { "a success or a bare number, no error" };
    let facility = match code.facility_name() {
        Some(name) => format!("{} ({name})", code.facility()),
        None => code.facility().to_string(),
    };
    let win32 =
        code.win32().map(|code| format!(", which is Windows' error {code}: `net helpmsg {code}` there tells more"));
    format!(
        "0x{:08X}: severity {severity}, facility {facility}, code 0x{:04X}{}",
        code.0,
        code.code(),
        win32.unwrap_or_default()
    )
}

fn unreadable(text: &str) -> String {
    let wanted = text.to_ascii_uppercase();
    let near = HResult::known().iter().map(|(_, name)| (strsim::jaro_winkler(&wanted, name), name));
    let best = near.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(likeness, _)| *likeness > 0.85);
    match best {
        Some((_, name)) => format!("unknown code {text:?}; did you mean {name}?"),
        None => format!("{text:?} is not an exit code, HTTP status, HRESULT, or the name of one"),
    }
}

#[cfg(test)]
mod tests;
