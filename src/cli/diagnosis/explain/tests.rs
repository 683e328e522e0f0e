//! Every code of the tables, and what is in none.

use super::*;

fn text(code: &str) -> String {
    explain(code).unwrap_or_else(|error| panic!("{code}: {error}"))
}

#[test]
fn every_code_in_the_tables_has_meaning_cause_and_advice() {
    for (code, name) in HResult::known() {
        let info = info(*code).expect(name);
        for spelling in [name.to_lowercase(), format!("0x{:08X}", code.0), format!("{:08x}", code.0)] {
            let text = text(&spelling);
            for part in [info.meaning, info.cause, info.next] {
                assert!(text.contains(part), "{spelling}: {text}");
            }
        }
    }
    for code in ExitCode::ALL {
        let text = text(&(*code as u8).to_string());
        assert!(text.contains("meaning: ") && text.contains("cause: ") && text.contains("next: "), "{text}");
    }
    for status in 100..600_u32 {
        let text = text(&status.to_string());
        let is_exit = ExitCode::ALL.iter().any(|code| u32::from(*code as u8) == status);
        assert!(text.contains(if is_exit { "(exit code" } else { "(HTTP status)" }), "{text}");
        assert!(text.contains("meaning: ") && (is_exit || status == 401 || text.contains("cause: ")), "{text}");
    }
}

#[test]
fn a_code_is_read_in_every_spelling() {
    let expected = text("0x8020001F");
    for same in
        ["8020001f", "x8020001F", "0X8020001f", "8020001Fh", "-2145386465", "2149580831", " BG_E_session_NOT_FOUND "]
    {
        assert_eq!(text(same), expected, "{same}");
    }
    assert_eq!(text("12007"), text("0x80072EE7"), "a bare Win32 code");
    assert_eq!(text("0x5"), text("E_ACCESSDENIED"));
    assert!(text("5").starts_with("5 (exit code"));
    assert!(text("0x80190194").contains("404 Not Found"));
}

#[test]
fn a_status_means_what_the_upload_makes_of_it() {
    let not_found = text("404");
    assert!(not_found.contains("no BITS uploads at this URL (exit 9)"), "{not_found}");
    assert!(not_found.contains("within a session: an outage, a fragment that is too large, or a lost"), "{not_found}");
    assert!(text("413").contains("within a session: the fragment is too large"), "{}", text("413"));
    assert!(text("403").contains("within a session: a page of something before the server"), "{}", text("403"));
    assert!(text("503").contains("exit 11; bitsup tries again first"));
    assert!(text("407").contains("(exit 7)"));
}

#[test]
fn a_sub_status_of_iis_log_is_explained_whole() {
    for (code, meaning) in iis::list() {
        let text = text(code);
        for part in [meaning, "cause: ", "next: "] {
            assert!(text.contains(part), "{code}: {text}");
        }
        assert!(list().contains(&format!("\n  {code:<11} {meaning}\n")), "{code}");
    }
    assert!(explain("404.99").is_err());
}

#[test]
fn an_hresult_names_the_exit_code_that_the_upload_ends_with() {
    for (code, exit) in [
        ("E_ACCESSDENIED", ExitCode::Refused),
        ("BG_E_TOO_LARGE", ExitCode::TooLarge),
        ("E_INVALIDARG", ExitCode::Protocol),
        ("BG_E_STRING_TOO_LONG", ExitCode::Usage),
        ("0x80072F8F", ExitCode::Tls),
    ] {
        assert!(text(code).ends_with(&format!("exit:    {}\n", exit as u8)), "{code}: {}", text(code));
    }
}

#[test]
fn what_is_unknown_is_taken_apart_and_not_made_up() {
    for (code, says) in [
        ("19", "exit code"),
        ("700", "nor an HTTP status"),
        ("0x80041234", "severity an error, facility 4 (interface-defined), code 0x1234"),
        ("0x800705B4", "facility 7 (Win32), code 0x05B4, which is Windows' error 1460"),
        ("0x00041234", "no error"),
        ("0x80190000", "facility 25 (HTTP)"),
        ("BG_E_SESSION_NOT_FOND", "did you mean BG_E_SESSION_NOT_FOUND?"),
        ("hello", "not an exit code, HTTP status, HRESULT, or the name of one"),
        ("", "exit code"),
        ("-", "exit code"),
        ("0x180070005", "exit code"),
    ] {
        let error = explain(code).expect_err(code);
        assert!(error.contains(says), "{code}: {error}");
    }
}

#[test]
fn the_list_has_every_table() {
    let list = list();
    for part in ["\n  143 ", "\n  404 ", "\n  0x8020001F  BG_E_SESSION_NOT_FOUND: "] {
        assert!(list.contains(part), "{part}");
    }
}
