//! Settings in the environment and in config.toml, over the whole program.

use std::path::{Path, PathBuf};

use crate::support::bitsup::{Finished, Source, command};
use crate::support::schema;
use crate::support::script::{Model, ScriptServer};

struct Config {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Config {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).expect("written");
        Self { _folder: folder, path }
    }

    fn run(&self, args: &[&str], variables: &[(&str, &str)]) -> Finished {
        let mut command = command(args);
        command.env("BITSUP_CONFIG", &self.path).envs(variables.iter().copied());
        Finished(command.output().expect("the program starts"))
    }
}

#[test]
fn a_setting_for_a_host_holds_for_that_host_alone() {
    let source = Source::new(10_000);
    let server = ScriptServer::start({
        let model = Model::default();
        move |request| model.answer(request)
    });
    let url = server.url("/");
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let upload = ["upload", "-v", "--no-state", source.path.to_str().expect("a name"), &url];
    let here = Config::new(&format!("[host.\"{host}\"]\nfragment-size = 4000\nresume = 'never'\n"));
    here.run(&upload, &[]).exits(0).says(&["> Fragment bytes 0-3999/10000"]);
    here.run(&upload, &[("BITSUP_FRAGMENT_SIZE", "9000")]).exits(0).says(&["> Fragment bytes 0-8999/10000"]);
    let typed = [&upload[..], &["--fragment-size", "5000"]].concat();
    here.run(&typed, &[("BITSUP_FRAGMENT_SIZE", "9000")]).exits(0).says(&["> Fragment bytes 0-4999/10000"]);
    let elsewhere = Config::new("[host.'files.example.com']\nfragment-size = 4000\n");
    elsewhere.run(&upload, &[]).exits(0).says(&["> Fragment bytes 0-9999/10000"]);
    let off = [&upload[..], &["--no-config"]].concat();
    here.run(&off, &[]).exits(0).says(&["> Fragment bytes 0-9999/10000"]);
}

#[test]
fn case_64_what_is_set_elsewhere_is_unset_for_one_run() {
    let source = Source::new(3000);
    let server = ScriptServer::start({
        let model = Model::default();
        move |request| model.answer(request)
    });
    let config = Config::new("user = 'me'\npassword-file = 'missing'\nlimit-rate = '1k'\nno-state = true\n");
    let variables = [("BITSUP_JSON", "true"), ("BITSUP_VERBOSE", "2"), ("BITSUP_MAX_TIME", "1ms")];
    let url = server.url("/");
    let upload = ["upload", source.path.to_str().expect("a name"), &url];
    config.run(&upload, &[]).exits(2).says(&["--password-file "]);
    let unset = ["--no-json", "--no-verbose", "--no-user", "--limit-rate", "0", "--max-time", "0", "--state"];
    let stderr = config.run(&[&upload[..], &unset].concat(), &variables).exits(0).stderr();
    assert!(!stderr.contains(">> "), "{stderr}");
}

/// An option that unsets is for the command line; and one that only modifies another is silent without it.
#[test]
fn an_opposite_is_no_setting_and_a_modifier_alone_does_nothing() {
    let source = Source::new(10);
    let upload = ["upload", "--dry-run", source.path.to_str().expect("a name"), "http://127.0.0.1:9/"];
    Config::new("no-json = true").run(&upload, &[]).exits(2).says(&["unknown setting no-json"]);
    let dry = |text: &str, typed: &[&str], variables: &[(&str, &str)]| {
        let run = Config::new(text).run(&[&upload[..], typed].concat(), variables);
        assert_eq!(run.0.status.code(), Some(0), "{text} {typed:?}: {}", run.stderr());
    };
    dry("follow-links = true\nnull = true\nforce = true", &[], &[("BITSUP_STATE", "/x")]);
    dry("proxy = 'http://proxy:3128'\nproxy-user = 'me'", &["--proxy", "none"], &[]);
    dry("retries = 3", &["--retries", "unlimited"], &[]);
}

#[test]
fn a_wrong_setting_exits_2_before_anything_is_sent_and_names_its_place() {
    let source = Source::new(10);
    let upload = ["upload", source.path.to_str().expect("a name"), "http://127.0.0.1:9/"];
    let misspelt = Config::new("# mine\nfragmnt-size = '1M'\n");
    misspelt
        .run(&upload, &[])
        .exits(2)
        .says(&["config.toml:2: unknown setting fragmnt-size; did you mean fragment-size?"]);
    Config::new("insecure = true").run(&upload, &[]).exits(2).says(&["only taken from the command line"]);
    let wrong = Config::new("\n\nfragment-size = 'big'\n");
    wrong.run(&upload, &[]).exits(2).says(&["config.toml:3: fragment-size: \"big\" is not a size", "or auto"]);
    let size = [("BITSUP_FRAGMENT_SIZE", "huge")];
    Config::new("").run(&upload, &size).exits(2).says(&["BITSUP_FRAGMENT_SIZE: \"huge\" is not a size"]);
    let proxy = [("BITSUP_PROXY", "http://me:s3cret@h")];
    let refused = Config::new("").run(&upload, &proxy);
    assert!(!refused.exits(2).says(&["BITSUP_PROXY: it has a password in it"]).stderr().contains("s3cret"));
    // Only the upload itself opens files.
    Config::new("\ncacert = ['missing.pem']").run(&upload, &[]).exits(2).says(&[
        "--cacert ",
        "cause:  --cacert is set by ",
        "config.toml:2",
    ]);
    // Help is there all the same.
    assert_eq!(misspelt.run(&["upload", "--help"], &[]).0.status.code(), Some(0));
}

#[test]
fn config_shows_what_holds_and_where_it_is_set_but_no_secret() {
    let config = Config::new("retries = 3\n[host.\"h.example\"]\nresume = \"never\"\n");
    let variables = [("BITSUP_FRAGMENT_SIZE", "4M"), ("BITSUP_PASSWORD", "hunter2")];
    let shown = config.run(&["config", "https://h.example/x"], &variables);
    assert_eq!((shown.0.status.code(), shown.stderr().as_str()), (Some(0), ""));
    let text = shown.stdout();
    let line = |key: &str| {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_else(|| panic!("no {key} in {text}"));
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("fragment-size"), "fragment-size = \"4M\" # BITSUP_FRAGMENT_SIZE");
    assert!(line("retries").starts_with("retries = \"3\" # ") && line("retries").ends_with("config.toml:1"));
    assert!(line("resume").ends_with("config.toml:3"));
    assert_eq!(line("progress"), "progress = \"auto\" # default");
    assert_eq!(line("# max-time"), "# max-time is not set");
    assert!(!text.contains("hunter2"));
    // The printed settings can be read again.
    let again = Config::new(&text);
    assert!(again.run(&["config"], &[]).stdout().contains("fragment-size = \"4M\""));

    let rows = schema::lines("config", &config.run(&["config", "--json"], &variables).stdout());
    let row = |key: &str| rows.iter().find(|row| row["option"] == key).unwrap_or_else(|| panic!("no {key}"));
    assert_eq!(row("fragment-size")["source"], "environment");
    assert_eq!(row("fragment-size")["variable"], "BITSUP_FRAGMENT_SIZE");
    assert_eq!((&row("retries")["source"], &row("retries")["line"]), (&"file".into(), &1.into()));
    assert_eq!(row("resume")["source"], "default", "no URL, no host");
    assert_eq!(row("max-time")["source"], "none");
}

#[test]
fn config_names_the_file_that_it_looks_for_also_when_there_is_none() {
    let config = Config::new("retries = 3\n");
    let path = &config.path;
    let first = |args: &[&str], variables: &[(&str, &str)]| {
        let all = [&["config"], args].concat();
        let text = config.run(&all, variables).stdout();
        let json = schema::lines("config", &config.run(&[&all[..], &["--json"]].concat(), variables).stdout());
        (text.lines().next().unwrap_or_default().to_owned(), json[0].clone())
    };
    let (text, json) = first(&[], &[]);
    assert_eq!(text, format!("# file {}", path.display()));
    assert_eq!((&json["option"], &json["values"][0]), (&"config".into(), &path.to_str().expect("text").into()));
    assert_eq!((&json["found"], &json["source"]), (&true.into(), &"environment".into()));
    let (_, typed) = first(&["--config", path.to_str().expect("text")], &[]);
    assert_eq!(typed["source"], "command-line");
    let (text, json) = first(&["--no-config"], &[]);
    assert_eq!(text, "# no file is read, because of --no-config");
    assert_eq!((&json["found"], &json["source"]), (&serde_json::Value::Null, &"none".into()));

    if cfg!(target_os = "linux") {
        let home = config.path.parent().and_then(Path::to_str).expect("text");
        let (text, json) = first(&[], &[("BITSUP_CONFIG", ""), ("XDG_CONFIG_HOME", home)]);
        assert_eq!(text, format!("# no file {home}/bitsup/config.toml"));
        assert_eq!((&json["found"], &json["source"]), (&false.into(), &"default".into()));
    }
}
