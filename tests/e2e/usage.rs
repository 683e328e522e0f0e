//! Wrong input: a clear message, the right code, nothing sent.

use crate::support::bitsup::{Finished, Source, command, run};
use crate::support::nobody;
#[cfg(target_os = "linux")]
use crate::support::script::Reply;
use crate::support::script::ScriptServer;

#[test]
fn what_is_no_source_exits_3() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |path: &std::path::Path, reason: &str| {
        run(["upload".as_ref(), path.as_os_str(), "http://127.0.0.1:9/".as_ref()]).exits(3).says(&[reason]);
    };
    refused(&folder.path().join("missing"), "cannot read");
    refused(folder.path(), "it is a directory");
    #[cfg(unix)]
    {
        let fifo = folder.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo runs");
        assert!(made.success());
        refused(&fifo, "it is not a regular file");
        refused("/dev/null".as_ref(), "it is not a regular file");
        let secret = Source::new(10);
        std::fs::set_permissions(&secret.path, std::os::unix::fs::PermissionsExt::from_mode(0o000)).expect("locked");
        // Root reads it all the same.
        if std::fs::File::open(&secret.path).is_err() {
            refused(&secret.path, "Permission denied");
        }
    }
    #[cfg(target_os = "linux")]
    {
        refused("/proc/self/status".as_ref(), "it does not tell its size");
        refused("/proc/self/mem".as_ref(), "cannot read");
    }
}

#[test]
fn what_is_no_destination_exits_2_and_says_what_is_right() {
    let source = Source::new(1);
    for (url, right) in [
        ("ftp://host/x", "neither an http nor an https URL"),
        ("host/x", "https://server.example/folder/"),
        ("http:///x", "no valid host"),
        ("http://user:s3cret@host/x", "user or password"),
        ("http://host/x#y", "%23"),
        ("http://host:99999/x", "valid"),
        ("http://host/%", "%25"),
    ] {
        let finished = run(["upload".as_ref(), source.arg(), url.as_ref()]);
        finished.exits(2).says(&["bitsup: error: ", right]);
        assert!(!finished.stderr().contains("s3cret"));
    }
}

#[test]
fn wrong_options_exit_2_and_say_what_is_right() {
    let source = Source::new(1);
    for (option, value, right) in [
        ("--protocol", "no-guid", "{7df0354d-249b-430f-820d-3d2a9bef4931}"),
        ("--fragment-size", "1.5M", "512k"),
        ("--fragment-size", "0", "at least one byte"),
        ("--name", "a/b", "without folders"),
        ("--progress", "sometimes", "auto"),
        ("--no-such-option", "x", "--help"),
        ("-k", "-s", "--cacert FILE or --pin-sha256 HASH"),
        ("--parallel", "--retry=3", "--parallel of other tools: --jobs N (more: bitsup upload --help)"),
        ("--include", "*.zip", "--files-from - -0 URL"),
    ] {
        run(["upload".as_ref(), option.as_ref(), value.as_ref(), source.arg(), "http://127.0.0.1:9/".as_ref()])
            .exits(2)
            .says(&[right]);
    }
    // The last word of an option holds.
    let last =
        ["--limit-rate", "1M", "--limit-rate", "2M", "--json", "--no-json", "--fragment-size", "1M", "--dry-run"];
    let dry = command(["upload"]).args(last).args([source.arg(), "http://127.0.0.1:9/".as_ref()]).output();
    assert_eq!(dry.expect("ran").status.code(), Some(0));
    run(["upload"]).exits(2);
    run(["no-such-verb"]).exits(2);
    run(["man".as_ref(), source.arg()]).exits(2).says(&["cannot make the folder"]);
}

#[test]
fn help_and_version_go_to_stdout_and_exit_0() {
    for args in [&["--help"][..], &["-h"], &["--version"], &["upload", "--help"]] {
        let finished = run(args);
        assert_eq!(finished.0.status.code(), Some(0));
        assert!(!finished.stdout().is_empty() && finished.stderr().is_empty());
    }
    assert_eq!(run(["--version"]).stdout(), concat!("bitsup ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
#[cfg(target_os = "linux")]
fn closed_outputs_make_no_panic_and_no_other_code() {
    let full = || std::fs::File::options().write(true).open("/dev/full").expect("opened");
    let source = Source::new(300_000);
    let server = ScriptServer::start({
        let model = crate::support::script::Model::default();
        move |request| model.answer(request)
    });
    for verbosity in ["--progress=plain", "-vv"] {
        let status =
            command(["upload", verbosity]).arg(source.arg()).arg(server.url("/")).stderr(full()).status().expect("ran");
        assert_eq!(status.code(), Some(0), "{verbosity}");
    }
    let broken = ScriptServer::start(|_| Reply::head("HTTP/1.1 404 Not Found"));
    let status = command(["upload"]).arg(source.arg()).arg(broken.url("/")).stderr(full()).status().expect("ran");
    assert_eq!(status.code(), Some(9));
    let status = command(["--help"]).stdout(full()).status().expect("ran");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn quiet_says_nothing_and_verbose_says_each_packet() {
    let source = Source::new(10);
    let server = ScriptServer::start({
        let model = crate::support::script::Model::default();
        move |request| model.answer(request)
    });
    let upload = |options: &[&str]| {
        Finished(command(["upload"]).args(options).arg(source.arg()).arg(server.url("/")).output().expect("ran"))
    };
    assert_eq!(upload(&["-q"]).exits(0).stderr(), "");
    assert_eq!(upload(&["--progress=none"]).exits(0).stderr(), "");
    upload(&[]).exits(0).says(&["100 %", "file.bin"]);
    upload(&["-v"]).exits(0).says(&[
        "> Ping",
        "> Create-Session",
        "> Fragment bytes 0-9/10",
        "< 200",
        "> Close-Session",
    ]);
    upload(&["-vv"]).exits(0).says(&["content-range: bytes 0-9/10", "bits-packet-type: Ack"]);
}

#[test]
fn completions_exist_for_five_shells() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let finished = run(["completions", shell]);
        assert_eq!(finished.0.status.code(), Some(0));
        assert!(finished.stdout().contains("fragment-size"), "{shell}");
    }
}

#[test]
fn codes_are_explained_and_unknown_ones_exit_2() {
    let finished = run(["explain", "0x8020001F"]);
    assert_eq!((finished.0.status.code(), finished.stderr()), (Some(0), String::new()));
    assert!(finished.stdout().starts_with("0x8020001F BG_E_SESSION_NOT_FOUND (HRESULT)\n  meaning: "));
    assert_eq!(run(["explain", "-2145386465"]).stdout(), finished.stdout(), "as PowerShell prints it");
    assert!(run(["explain"]).stdout().contains("BG_E_TOO_LARGE"));
    run(["explain", "0x80041234"]).exits(2).says(&["severity an error, facility 4"]);
    run(["explain", "19"]).exits(2).says(&["neither an exit code"]);
}

#[test]
fn a_pin_without_https_is_refused() {
    for verb in [&["upload", "a"][..], &["check"]] {
        let pin = "00".repeat(32);
        let args = [verb, &["--pin-sha256", &pin, "http://127.0.0.1:9/"]].concat();
        run(&args).exits(2).says(&["--pin-sha256", "requires an https URL"]);
    }
}

#[test]
fn insecure_is_told_also_with_q() {
    for files in [&["Cargo.toml"][..], &["Cargo.toml", "Cargo.lock"]] {
        let url = nobody::url("/");
        let args = [&["upload", "-q", "--insecure", "--no-state", "--retries=0"], files, &[&url]].concat();
        run(&args).exits(5).says(&["warning: --insecure: the server's certificate is not checked"]);
    }
}
