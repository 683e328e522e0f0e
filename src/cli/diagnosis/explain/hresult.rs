//! What an HRESULT means.

use http::StatusCode;

use crate::cli::ExitCode;
use crate::cli::diagnosis::exit_code;
use crate::protocol::HResult;
use crate::uploader::Refusal;

use super::{Explanation, http as status};

/// What a code of the table means, or one that wraps an HTTP status.
pub(crate) fn explain(code: HResult) -> Option<Explanation> {
    let Some(info) = code.info() else {
        let mut explanation = status::explain(code.http_status()?)?;
        explanation.title = format!("0x{:08X}: as Windows' client reports HTTP's {}", code.0, explanation.title);
        return Some(explanation);
    };
    let title = format!("0x{:08X} {} (HRESULT)", code.0, info.name);
    let mut explanation = Explanation::new(title, info.meaning, info.cause, info.advice);
    if let Some(exit) = exit(code) {
        explanation.add("exit", &(exit as u8).to_string());
    }
    Some(explanation)
}

/// What can be told of a code that is in no table.
pub(crate) fn parts(code: HResult) -> String {
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

/// With which code bitsup ends where a server sends this, or where Windows' client would report it.
fn exit(code: HResult) -> Option<ExitCode> {
    let sent = [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::BAD_REQUEST];
    if let Some(refusal) = sent.iter().find_map(|status| Refusal::of_code(code, *status)) {
        return Some(exit_code::of_refusal(refusal));
    }
    Some(match code.0 {
        0x8020_001B => ExitCode::Protocol,
        0x8020_001D => ExitCode::SourceChanged,
        0x8020_0024 | 0x8007_2EE2 | 0x8007_2EFE | 0x8007_2EFF => ExitCode::Server,
        0x8007_2EE7 | 0x8007_2EFD => ExitCode::Connection,
        0x8007_2F05 | 0x8007_2F06 | 0x8007_2F0C | 0x8007_2F0D | 0x8007_2F8F => ExitCode::Tls,
        _ => return None,
    })
}
