//! The documents are true: each block of commands in README.md and `docs/` runs, or says above it why it is not run; options
//! in the text exist, and links lead somewhere.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::bitsup::{command, program, run as bitsup};
use crate::support::receiver::Receiver;

const NOT_RUN: &str = "<!-- not run: ";

/// The command is a server: it is started, and stopped by SIGTERM.
const UNTIL_STOPPED: &str = "<!-- until stopped -->";

const SITE: &str = "https://files.example.com/";

const USER: &str = r"CORP\build";

const PASSWORD: &str = "correct horse battery staple";

struct Document {
    name: String,
    text: String,
}

/// A fenced block, and the line above it.
struct Block<'a> {
    place: String,
    above: &'a str,
    language: &'a str,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// These files, and all documents in `docs/`.
fn documents(names: &[&str]) -> Vec<Document> {
    let folder = root().join("docs");
    let entries = std::fs::read_dir(folder).expect("docs/").map(|entry| entry.expect("an entry").file_name());
    let entries = entries.map(|name| format!("docs/{}", name.to_str().expect("text")));
    let mut names: Vec<String> = entries
        .filter(|name| Path::new(name).extension().is_some_and(|kind| kind == "md"))
        .chain(names.iter().map(|name| (*name).to_owned()))
        .collect();
    names.sort();
    let read = |name: String| Document { text: std::fs::read_to_string(root().join(&name)).expect("read"), name };
    names.into_iter().map(read).collect()
}

impl Document {
    fn blocks(&self) -> Vec<Block<'_>> {
        let (mut blocks, mut open, mut above) = (Vec::new(), None, "");
        for (line, number) in self.text.lines().zip(1..) {
            assert!(!line.starts_with([' ', '\t']) || !line.contains("```"), "{}:{number}: indented", self.name);
            match (line.strip_prefix("```"), &mut open) {
                (Some(language), None) => {
                    let place = format!("{}:{number}", self.name);
                    open = Some(Block { place, above, language, text: String::new() });
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (None, Some(block)) => block.text.extend([line, "\n"]),
                (None, None) => above = line,
            }
        }
        assert!(open.is_none(), "{}: a block has no end", self.name);
        blocks
    }

    /// The text without its blocks.
    fn prose(&self) -> String {
        self.text.split("\n```").step_by(2).collect()
    }

    /// Pieces of code within the text.
    fn code(&self) -> Vec<String> {
        self.prose().split('`').skip(1).step_by(2).map(|code| code.replace('\n', " ")).collect()
    }
}

impl Block<'_> {
    /// The commands for a shell; `None` for a block without commands.
    fn commands(&self) -> Option<String> {
        match self.language {
            "sh" | "powershell" => Some(self.text.clone()),
            "console" => {
                Some(self.text.lines().filter_map(|line| line.strip_prefix("$ ")).collect::<Vec<_>>().join("\n"))
            }
            "yaml" | "ini" => {
                let from = |line: &str| Some(line[line.find("bitsup ")?..].to_owned());
                Some(self.text.lines().filter_map(from).collect::<Vec<_>>().join("\n"))
            }
            "text" | "json" | "toml" => {
                assert!(!self.text.starts_with("$ ") && !self.text.contains("\n$ "), "{}: write console", self.place);
                None
            }
            language => panic!("{}: what is done with a block of {language:?}?", self.place),
        }
    }

    /// Each `bitsup …` in it, up to what the shell makes of the output.
    fn calls(&self) -> Vec<String> {
        let text = self.commands().unwrap_or_default().replace("\\\n", " ");
        let lines = text.lines().map(|line| line.split(" #").next().unwrap_or_default());
        let parts = lines.flat_map(|line| line.split(['|', ';', '>', '&']).map(str::trim));
        parts.filter(|part| part.starts_with("bitsup ")).map(str::to_owned).collect()
    }
}

/// Where the blocks run: files that they name, and programs that are not on every machine.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("a folder"));
        for folder in ["inbox", "out/css", "site", "bin", "config"] {
            std::fs::create_dir_all(home.path(folder)).expect("made");
        }
        for file in ["build.zip", "order.xml", "second.zip", "out/index.html", "out/css/style.css", "site/index.html"] {
            std::fs::write(home.path(file), "contents").expect("written");
        }
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let (cert, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let pass = format!("#!/bin/sh\necho '{PASSWORD}'\n");
        for (name, text, mode) in [
            ("cert.pem", cert.as_str(), 0o644),
            ("ca.pem", &cert, 0o644),
            ("key.pem", &key, 0o600),
            ("password.txt", PASSWORD, 0o600),
            ("bin/pass", &pass, 0o755),
        ] {
            std::fs::write(home.path(name), text).expect("written");
            std::fs::set_permissions(home.path(name), PermissionsExt::from_mode(mode)).expect("set");
        }
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A receiver at the place of the documents' server.
    fn receiver(&self, block: &Block) -> Receiver {
        let (cert, key) = (self.path("cert.pem"), self.path("key.pem"));
        let (cert, key) = (cert.to_str().expect("text"), key.to_str().expect("text"));
        let mut options = vec!["--allow-read", "--overwrite", "--reply-command", "echo received"];
        if !block.text.contains("http://127.0.0.1:8080/") {
            options.extend(["--tls-cert", cert, "--tls-key", key]);
        }
        let password = self.path("password.txt");
        if block.text.contains("--user") {
            options.extend(["--user", USER, "--password-file", password.to_str().expect("text")]);
        }
        let receiver = Receiver::start(&options);
        for folder in ["drop/css", "drop/out/css", "orders"] {
            std::fs::create_dir_all(receiver.path(folder)).expect("made");
        }
        std::fs::write(self.path("jobs.csv"), format!("Source,Destination\nbuild.zip,{}drop/\n", receiver.url))
            .expect("written");
        receiver
    }

    fn shell(&self, block: &str) -> Command {
        let folder = Path::new(program()).parent().expect("a folder").display();
        let path = format!("{}:{folder}:{}", self.path("bin").display(), std::env::var("PATH").unwrap_or_default());
        let mut shell = Command::new("bash");
        // Variables that the other tests hide from the program are hidden here too.
        shell.envs(command([""]).get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.args(["-euo", "pipefail", "-c", block]).env("HOME", self.0.path()).env("PATH", path);
        shell.env("BITSUP_CACERT", self.path("ca.pem")).env("BITSUP_STATE_DIR", self.path("state"));
        shell.env("BITSUP_PASSWORD", PASSWORD).env("BITSUP_SERVE_LISTEN", "127.0.0.1:0");
        shell.current_dir(self.0.path()).stdin(Stdio::null());
        shell
    }

    fn run(&self, block: &Block) {
        let commands = block.commands().unwrap_or_default();
        assert!(!commands.is_empty(), "{}: no commands", block.place);
        let receiver = self.receiver(block);
        let commands = commands.replace(SITE, &receiver.url).replace("http://127.0.0.1:8080/", &receiver.url);
        let output = self.shell(&commands).output().expect("bash runs");
        succeeded(block, &output);
        for (upload, file) in [
            ("build.zip https://files.example.com/drop/", "drop/build.zip"),
            ("order.xml https://files.example.com/orders/", "orders/order.xml"),
            ("build.zip http://127.0.0.1:8080/", "build.zip"),
        ] {
            let sends =
                |line: &str| line.contains("bitsup upload") && line.contains(upload) && !line.contains("--dry-run");
            if block.text.lines().any(sends) {
                assert_eq!(receiver.published(file), b"contents", "{}", block.place);
            }
        }
    }

    /// Runs a server until it listens, and stops it.
    fn run_server(&self, block: &Block) {
        let commands = block.text.replace("0.0.0.0:8443", "127.0.0.1:0").replace("bitsup serve", "exec bitsup serve");
        let mut child = self.shell(&commands).stderr(Stdio::piped()).spawn().expect("bash runs");
        let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
        let mut said = String::new();
        stderr.read_line(&mut said).expect("read");
        assert!(said.contains("Z listening on "), "{}: {said}", block.place);
        Command::new("kill").arg(child.id().to_string()).status().expect("kill runs");
        stderr.read_to_string(&mut said).expect("read");
        assert!(child.wait().expect("it ends").success(), "{}: {said}", block.place);
    }
}

fn succeeded(block: &Block, output: &Output) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{}{stderr}", block.place, block.text);
}

#[test]
fn the_commands_in_the_documents_do_what_they_say() {
    let (home, mut count) = (Home::new(), 0);
    for document in documents(&["README.md"]) {
        for block in document.blocks() {
            if block.commands().is_none() {
                continue;
            }
            if let Some(reason) = block.above.strip_prefix(NOT_RUN) {
                assert!(reason.trim_end_matches(" -->").len() > 5, "{}: why?", block.place);
            } else if block.above == UNTIL_STOPPED {
                home.run_server(&block);
            } else {
                home.run(&block);
                count += 1;
            }
        }
    }
    assert!(count >= 20, "{count} blocks ran");
    assert_eq!(std::fs::read(home.path("answer.xml")).expect("the reply"), b"received\n");
    for made in [".zfunc/_bitsup", ".local/share/man/man1/bitsup-upload.1"] {
        assert!(home.path(made).is_file(), "{made}");
    }
}

/// Also where a command is not run, and in files of other programs.
#[test]
fn the_commands_in_the_documents_are_taken_by_the_program() {
    let (home, mut count) = (Home::new(), 0);
    for document in documents(&["README.md", "CONTRIBUTING.md"]) {
        for block in document.blocks() {
            for call in block.calls() {
                // Options are read in order: an unknown one, or a wrong value, comes before the help.
                succeeded(&block, &home.shell(&format!("set +u; {call} --help")).output().expect("bash runs"));
                count += 1;
            }
            if block.language == "toml" {
                std::fs::write(home.path("example.toml"), &block.text).expect("written");
                let output = home.shell("bitsup config --config example.toml").output().expect("bash runs");
                succeeded(&block, &output);
            }
        }
    }
    assert!(count >= 30, "{count} commands");
}

/// Words of a text that may be options.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c != '-' && !c.is_ascii_alphanumeric()).filter(|word| word.starts_with("--"))
}

/// All that the help of all verbs says.
fn all_help() -> String {
    let files = std::fs::read_dir(root().join("tests/help")).expect("tests/help");
    files.map(|file| std::fs::read_to_string(file.expect("an entry").path()).expect("read")).collect()
}

#[test]
fn the_options_in_the_text_exist() {
    let (help, mut found) = (all_help(), 0);
    let known: Vec<&str> = words(&help).collect();
    for document in documents(&["README.md", "SECURITY.md", "ARCHITECTURE.md"]) {
        // That one names options of other programs too; its own test knows which.
        if document.name == "docs/migration.md" {
            continue;
        }
        for code in document.code().iter().filter(|code| code.starts_with("--") || code.starts_with("bitsup ")) {
            for option in words(code) {
                // An option that is not listed may unset one that is.
                let unset = option
                    .strip_prefix("--no-")
                    .map_or_else(|| format!("--no-{}", &option[2..]), |set| format!("--{set}"));
                let is_known = known.contains(&option) || known.contains(&unset.as_str());
                assert!(is_known, "{}: {option} in `{code}`", document.name);
                found += 1;
            }
            if let Some(verb) = code.strip_prefix("bitsup ").and_then(|rest| rest.split(' ').next()) {
                assert!(verb.starts_with('-') || help.contains(&format!("Usage: bitsup {verb}")), "`{code}`");
            }
        }
    }
    assert!(found >= 100, "{found} options");
}

#[test]
fn the_options_that_other_tools_lead_to_are_there() {
    let help = bitsup(["upload", "--help"]).stdout();
    let known: Vec<&str> = words(&help).collect();
    let mut found = 0;
    for line in include_str!("../../docs/migration.md").lines().filter(|line| line.starts_with("| ")) {
        for option in words(line.split(" | ").nth(1).unwrap_or_default()) {
            assert!(known.contains(&option), "{option} in {line}");
            found += 1;
        }
    }
    assert!(found >= 30, "{found} options");
}

/// The anchors of a document's headings, as web sites with repositories make them.
fn anchors(document: &Document) -> Vec<String> {
    let prose = document.prose();
    let headings = prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
    headings.map(|text| text.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn the_links_in_the_documents_lead_somewhere() {
    let documents = documents(&["README.md", "SECURITY.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]);
    let mut found = 0;
    for document in &documents {
        let prose = document.prose();
        for target in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.starts_with("https://") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let name = Path::new(&document.name).parent().expect("a folder").join(path);
            let name = name.to_str().expect("text").replace("docs/../", "");
            let name = if path.is_empty() { document.name.clone() } else { name };
            assert!(root().join(&name).exists(), "{}: {target}", document.name);
            if !anchor.is_empty() {
                let there = documents.iter().find(|other| other.name == name).map(anchors).unwrap_or_default();
                assert!(there.iter().any(|heading| heading == anchor), "{}: {target}", document.name);
            }
            found += 1;
        }
    }
    assert!(found >= 60, "{found} links");
}
