//! CI services: annotations and sections where they are, and no commands from anybody else.

use crate::support::bitsup::{Finished, Source, command};
use crate::support::script::{ACK, Model, Reply, ScriptServer};

const ATTACK: &str = "::add-mask::x ##vso[task.setvariable variable=a]b %0A::stop-commands::y";

/// Refuses with a text that would like to be a command.
fn attacker() -> ScriptServer {
    ScriptServer::start(|request| match request.packet() {
        "Ping" => Reply::head(&format!("{ACK}\nServer: {ATTACK}")),
        _ => Reply::head(&format!("HTTP/1.1 301 {ATTACK}\nLocation: {ATTACK}\nServer: {ATTACK}")),
    })
}

fn upload(variables: &[(&str, &str)], options: &[&str], files: &[&Source], url: &str) -> Finished {
    let mut command = command(["upload"]);
    command.args(options).args(files.iter().map(|source| source.arg())).arg(url).envs(variables.iter().copied());
    Finished(command.output().expect("it starts"))
}

#[test]
fn an_error_is_annotated_where_the_service_has_that() {
    let (source, server) = (Source::new(10), attacker());
    for (variables, options, command) in [
        (&[("GITHUB_ACTIONS", "true")][..], &[][..], "::error::bitsup: cannot upload "),
        (&[("TF_BUILD", "True")], &[], "##vso[task.logissue type=error]bitsup: cannot upload "),
        (&[], &["--ci", "github"], "::error::bitsup: cannot upload "),
    ] {
        let finished = upload(variables, options, &[&source], &server.url("/f"));
        let stderr = finished.exits(9).stderr();
        assert!(stderr.lines().any(|line| line.starts_with(command)), "{stderr}");
        // It is said once, with what is to be done.
        assert_eq!(stderr.matches("cannot upload ").count(), 1, "{stderr}");
        assert!(!stderr.contains("\n  cause:") && stderr.contains("\n  next:   "), "{stderr}");
    }
    for (variables, options) in
        [(&[][..], &[][..]), (&[("GITLAB_CI", "true")], &[]), (&[("GITHUB_ACTIONS", "true")], &["--ci", "none"])]
    {
        let stderr = upload(variables, options, &[&source], &server.url("/f")).exits(9).stderr();
        assert!(!stderr.contains("::error") && !stderr.contains("logissue"), "{stderr}");
    }
}

#[test]
fn what_a_server_says_is_no_command() {
    let (source, server) = (Source::named("::add-mask::z", 10), attacker());
    for variables in [&[][..], &[("GITHUB_ACTIONS", "true")], &[("TF_BUILD", "True")]] {
        for level in ["--progress=plain", "-v", "-vv"] {
            let stderr = upload(variables, &[level], &[&source], &server.url("/f")).exits(9).stderr();
            let commands: Vec<&str> = stderr.lines().filter(|line| line.trim_start().starts_with("::")).collect();
            assert!(commands.iter().all(|line| line.starts_with("::error::bitsup: ")), "{stderr}");
            let azure = stderr.matches("##").count();
            assert_eq!(azure, usize::from(variables.first().is_some_and(|pair| pair.0 == "TF_BUILD")), "{stderr}");
            // A percent sign that the service would decode is escaped in its commands.
            assert!(commands.iter().all(|line| !line.contains("%0A")), "{stderr}");
        }
    }
}

#[test]
fn what_was_typed_wrongly_is_annotated_and_is_no_command() {
    let source = Source::new(10);
    // A file's name that the shell put where an option may stand.
    let typed = "--x\n::add-mask::y ##vso[z]\x1b[31m";
    for variables in [&[][..], &[("GITHUB_ACTIONS", "true")]] {
        let finished = upload(variables, &[typed], &[&source], "http://h/");
        let stderr = finished.exits(2).stderr();
        assert!(!stderr.contains("\n::add-mask") && !stderr.contains("##") && !stderr.contains('\x1b'), "{stderr:?}");
        let annotation = "::error::bitsup: unexpected argument '--x ::add-mask::y ";
        assert_eq!(stderr.starts_with(annotation), !variables.is_empty(), "{stderr:?}");
    }
}

#[test]
fn several_files_are_a_section() {
    let (a, b, model) = (Source::named("a", 10), Source::named("b", 10), Model::default());
    let server = ScriptServer::start(move |request| model.answer(request));
    for (service, begin, end) in [
        ("github", "::group::bitsup: uploading 2 files", "::endgroup::"),
        ("azure", "##[group]bitsup: uploading 2 files", "##[endgroup]"),
        ("gitlab", "\x1b[0Ksection_start:", ":bitsup_upload\r\x1b[0K"),
    ] {
        let finished = upload(&[], &["--ci", service], &[&a, &b], &server.url("/"));
        assert_eq!(finished.0.status.code(), Some(0), "{}", finished.stderr());
        let stderr = finished.stderr();
        assert!(stderr.starts_with(begin) && stderr.trim_end_matches('\n').ends_with(end), "{stderr:?}");
    }
    assert!(!upload(&[], &[], &[&a, &b], &server.url("/")).exits(0).stderr().contains("section"));
}

/// A file is in the place of the folder for unfinished uploads.
#[test]
fn a_warning_is_annotated_for_one_file_and_for_several() {
    let (a, b, server) = (Source::named("a", 10), Source::named("b", 10), attacker());
    let blocked = a.path.display().to_string();
    for files in [&[&a][..], &[&a, &b]] {
        let options = ["--ci", "github", "--state-dir", &blocked];
        let stderr = upload(&[], &options, files, &server.url("/up/")).stderr();
        let is_annotated = stderr.lines().any(|line| line.starts_with("::warning::bitsup: no unfinished uploads"));
        assert!(is_annotated, "{stderr}");
    }
}
