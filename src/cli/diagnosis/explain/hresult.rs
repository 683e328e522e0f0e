//! An HRESULT in words.

use http::StatusCode;

use crate::cli::diagnosis::{ExitCode, hresult, upload};
use crate::protocol::{HResult, PacketKind};
use crate::uploader::Refusal;

use super::{Explanation, http as status};

/// What a code of the table means, or one that wraps an HTTP status.
pub(crate) fn explain(code: HResult) -> Option<Explanation> {
    let Some(info) = hresult::info(code) else {
        let mut explanation = status::explain(code.http_status()?)?;
        explanation.title = format!("0x{:08X}: as Windows' client reports HTTP's {}", code.0, explanation.title);
        return Some(explanation);
    };
    let title = format!("0x{:08X} {} (HRESULT)", code.0, code.name().unwrap_or_default());
    let mut explanation = Explanation::new(title, info.meaning, info.cause, info.next);
    if let Some(exit) = refusal_exit(code).or(info.client_exit) {
        explanation.add("exit", &(exit as u8).to_string());
    }
    Some(explanation)
}

/// With which code bitsup ends where a server sends this.
fn refusal_exit(code: HResult) -> Option<ExitCode> {
    let sent = [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::BAD_REQUEST];
    let refusal = sent.iter().find_map(|status| Refusal::of_code(code, *status))?;
    Some(upload::class(PacketKind::CreateSession, refusal).exit_code)
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
