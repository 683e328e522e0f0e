//! Completions, in the shells themselves: what one gets for the words that are typed so far.

use std::path::Path;
use std::process::Command;

use crate::support::bitsup::{Source, command, program};
use crate::support::script::{ACK, Reply, ScriptServer};

/// A state folder with one unfinished upload, and its id.
struct Unfinished {
    folder: tempfile::TempDir,
    id: String,
}

impl Unfinished {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("bitsup")).expect("made");
        let settings = folder.path().join("bitsup/config.toml");
        std::fs::write(settings, "[host.\"files.example.com\"]\nverify = 'size'\n").expect("written");
        let server = ScriptServer::start(|request| match request.packet() {
            "Ping" => Reply::head(ACK),
            "Create-Session" => Reply::head(&format!("{ACK}\r\nBITS-Session-Id: {{A-1}}")),
            _ => Reply::head("HTTP/1.1 503 Service Unavailable"),
        });
        let source = Source::new(1000);
        let mut upload = command(["upload", "--no-progress-timeout", "0"]);
        upload.arg(source.arg()).arg(server.url("/")).env("BITSUP_STATE_DIR", folder.path());
        assert_eq!(upload.output().expect("ran").status.code(), Some(11));
        let list =
            command(["sessions", "list", "--json"]).env("BITSUP_STATE_DIR", folder.path()).output().expect("ran");
        let view: serde_json::Value = serde_json::from_slice(&list.stdout).expect("one line of JSON");
        let id = view["id"].as_str().expect("an id").to_owned();
        Self { folder, id }
    }

    /// Runs a shell with bitsup in its path. `None`, aloud, where the shell is not installed.
    fn shell(&self, shell: &str, args: &[&str]) -> Option<Vec<String>> {
        let folder = Path::new(program()).parent().expect("a folder").display().to_string();
        let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new(shell);
        command
            .args(args)
            .env("PATH", path)
            .env("BITSUP_STATE_DIR", self.folder.path())
            .env("HOME", self.folder.path());
        command.env("XDG_CONFIG_HOME", self.folder.path()).env("XDG_DATA_HOME", self.folder.path()).env("TERM", "dumb");
        command.current_dir(self.folder.path()).stdin(std::process::Stdio::null());
        let Ok(output) = command.output() else {
            crate::support::bitsup::say(&format!("NOT TESTED: {shell} is not installed here"));
            return None;
        };
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(output.stderr.is_empty(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
        Some(text.lines().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect())
    }
}

fn committed(name: &str) -> String {
    format!("{}/completions/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn bash_completes_verbs_values_ids_and_leaves_files_to_the_shell() {
    let unfinished = Unfinished::new();
    let complete = |words: &[&str]| {
        let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        let last = words.len() - 1;
        let script = format!(
            "source '{}'; COMP_WORDS=({}); COMP_CWORD={last}; _bitsup_words bitsup '{}' '{}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            committed("bitsup.bash"),
            quoted.join(" "),
            words[last],
            words[last - 1]
        );
        unfinished.shell("bash", &["--norc", "-c", &script]).expect("bash is needed for these tests")
    };
    assert!(complete(&["bitsup", ""]).contains(&"upload".to_owned()));
    assert_eq!(complete(&["bitsup", "sess"]), ["sessions"]);
    assert_eq!(complete(&["bitsup", "upload", "--resume", ""]), ["auto", "always", "never"]);
    assert_eq!(complete(&["bitsup", "upload", "--frag"]), ["--fragment-size"]);
    assert_eq!(complete(&["bitsup", "completions", "p"]), ["powershell"]);
    // As the shell breaks them.
    assert_eq!(complete(&["bitsup", "upload", "--resume", "=", "al"]), ["always"]);
    assert_eq!(complete(&["bitsup", "upload", "--resume", "="]), ["auto", "always", "never"]);
    assert_eq!(complete(&["bitsup", "upload", "a", "https", ":", "//fi"]), ["//files.example.com/"]);
    assert_eq!(complete(&["bitsup", "check", "ht"]), ["https://files.example.com/"]);
    assert_eq!(complete(&["bitsup", "explain", "0x8020001F"]), ["0x8020001F"]);
    let codes = complete(&["bitsup", "explain", "404.1"]);
    assert!(codes.len() > 1 && codes.iter().any(|code| code.starts_with("404.13  -- ")), "{codes:?}");
    std::fs::write(unfinished.folder.path().join("hello.zip"), "").expect("written");
    assert!(complete(&["bitsup", "upload", "h"]).is_empty(), "a file has this name");
    assert!(!complete(&["bitsup", "explain", "--"]).contains(&"--candidates".to_owned()));
    for option in ["-j", "--limit-rate"] {
        assert_eq!(complete(&["bitsup", "upload", option, ""]).len(), 0);
    }
    for verb in ["show", "cancel"] {
        assert_eq!(complete(&["bitsup", "sessions", verb, ""]), [unfinished.id.as_str()]);
        assert_eq!(complete(&["bitsup", "sessions", verb, "zz"]).len(), 0);
        assert!(complete(&["bitsup", "sessions", verb, "--"]).contains(&"--state-dir".to_owned()));
    }
    assert!(complete(&["bitsup", "upload", ""]).is_empty(), "files are readline's");
    let registered = format!("source '{}'; complete -p bitsup", committed("bitsup.bash"));
    let registered = unfinished.shell("bash", &["--norc", "-c", &registered]).expect("bash").join(" ");
    assert!(registered.contains("-o default") && registered.contains("-F _bitsup_words"), "{registered}");
}

#[test]
fn fish_completes_verbs_values_ids_and_files() {
    let unfinished = Unfinished::new();
    std::fs::write(unfinished.folder.path().join("build.zip"), "").expect("written");
    let complete = |line: &str| {
        let script = format!("source '{}'; complete -C '{line}'", committed("bitsup.fish"));
        let lines = unfinished.shell("fish", &["--no-config", "-c", &script])?;
        Some(lines.iter().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect::<Vec<_>>())
    };
    let Some(verbs) = complete("bitsup sess") else { return };
    assert_eq!(verbs, ["sessions"]);
    let has = |line: &str, word: &str| complete(line).is_some_and(|words| words.iter().any(|found| found == word));
    assert!(has("bitsup upload --resume ", "always"));
    assert!(has("bitsup completions ", "zsh"));
    assert!(has("bitsup sessions cancel ", &unfinished.id));
    assert!(has("bitsup explain 404.1", "404.13"));
    assert!(has("bitsup upload build.zip https", "https://files.example.com/"));
    assert!(!has("bitsup upload -j bui", "build.zip") && has("bitsup upload --cacert bui", "build.zip"));
    assert!(has("bitsup upload bui", "build.zip"));
    assert!(!has("bitsup sessions cancel bui", "build.zip"));
}

/// Through a terminal of its own, since zsh completes only on one.
#[test]
fn zsh_completes_verbs_values_ids_and_files() {
    let unfinished = Unfinished::new();
    std::fs::write(unfinished.folder.path().join("build.zip"), "").expect("written");
    let complete = |line: &str, wanted: &str| {
        let script = include_str!("support/complete.zsh");
        let completions = committed("");
        unfinished.shell("zsh", &["-f", "-c", script, "zsh", &completions, line]).map(|lines| {
            let text = lines.join("\n");
            assert!(text.ends_with(wanted), "{line}: no {wanted} in {text:?}");
        })
    };
    if complete("bitsup sess", "bitsup sessions").is_none() {
        return;
    }
    complete("bitsup upload --resume al", "--resume always");
    complete("bitsup completions pow", "completions powershell");
    complete(&format!("bitsup sessions cancel {}", &unfinished.id[..2]), &format!("cancel {}", unfinished.id));
    complete("bitsup upload bui", "upload build.zip");
    complete("bitsup upload build.zip --prog", "--progress=");
    complete("bitsup upload build.zip -j bui", "-j bui");
    complete("bitsup upload -j bui", "upload -j bui");
    complete("bitsup explain 404.1", "explain 404.1");
    complete("bitsup explain 0x8020001F", "explain 0x8020001F");
    complete("bitsup check https:", "check https://files.example.com/");
}
