//! The texts that `bitsup upload --help` and the manual share: units, settings, environment, files, exit codes, examples.

use super::diagnosis::ExitCode;

/// A term and its explanation.
pub(super) type Topic = (&'static str, &'static str);

pub(super) const UNITS: &[Topic] = &[
    (
        "SIZE",
        "Bytes (1048576), or a number with a unit: 512k, 4M, 1G and 4MiB are binary (1k is 1024 bytes), 4MB is decimal.",
    ),
    (
        "TIME",
        "Seconds (30), or a number with a unit: 500ms, 30s, 10m, 2h, 14d; several are added: 5m30s. 0 is no limit, unless \
         the option says otherwise.",
    ),
];

pub(super) const PRECEDENCE: &str = "\
An option is taken from the first of these that sets it: the command line, the environment, the table [host.\"NAME:PORT\"] \
of the settings file, its table [host.\"NAME\"], its top level, the default. The last of a repeated option holds. What the \
environment or the file sets can be unset on the command line: --no-json, --no-user, --limit-rate 0.";

/// How an option is set elsewhere than on the command line.
pub(super) const SETTINGS: &[Topic] = &[
    (
        "BITSUP_<NAME>",
        "Sets the option --<name>: BITSUP_FRAGMENT_SIZE=4M. An option without a value is set to true or false. An option that \
         can be repeated takes one value per line.",
    ),
    ("config.toml", "Sets the option by its name: fragment-size = \"4M\". bitsup config prints the path of the file."),
];

/// Every other variable that is read, by the program or by its libraries.
pub(super) const ENVIRONMENT: &[Topic] = &[
    ("BITSUP_SERVE_<NAME>", "Sets the option --<name> of bitsup serve: BITSUP_SERVE_MAX_SIZE=10G."),
    ("BITSUP_CONFIG", "The settings file; --config goes before it."),
    ("BITSUP_STATE_DIR", "The directory of unfinished uploads, as --state-dir."),
    ("BITSUP_PASSWORD", "The password of --user. --password-file and --password-command go before it."),
    ("BITSUP_TOKEN", "A bearer token. It is used if there is no --user, no netrc file and no --bearer-file."),
    ("BITSUP_PROXY_PASSWORD", "The password of --proxy-user, or of the user in the proxy's URL."),
    ("NETRC", "The file that --netrc reads instead of ~/.netrc."),
    (
        "http_proxy, HTTPS_PROXY, ALL_PROXY",
        "The proxy for http URLs, for https URLs, and for both. http_proxy is read only in lower case, the others also in lower \
         case. --proxy goes before them.",
    ),
    (
        "NO_PROXY",
        "Hosts that are reached without the proxies of the environment, separated by commas; also in lower case.",
    ),
    (
        "SSL_CERT_FILE, SSL_CERT_DIR",
        "On Linux: a PEM file and a directory of trusted certificate authorities, instead of the system's.",
    ),
    (
        "XDG_CONFIG_HOME, XDG_STATE_HOME",
        "On Linux: the directories that hold bitsup/config.toml and the bitsup directory of unfinished uploads. The defaults are \
         ~/.config and ~/.local/state.",
    ),
    (
        "TMPDIR",
        "The directory for temporary files (on Windows TMP). Standard input is kept there until it is uploaded.",
    ),
    ("NO_COLOR", "If it is not empty, nothing is coloured."),
    ("CLICOLOR_FORCE", "If it is neither empty nor 0, output is coloured although it is not a terminal."),
    ("TERM", "With dumb, there are no colours and no progress bar."),
    (
        "LC_ALL, LC_CTYPE, LANG",
        "The first of them that is set tells whether the progress bar may be more than ASCII: if it names UTF-8.",
    ),
    (
        "XTERM_VERSION, STY, WT_SESSION",
        "They tell xterm and GNU screen, which cut lines when the window gets narrower, from other terminals, and Windows \
         Terminal, which shows more than ASCII, from the old console.",
    ),
    ("COLUMNS", "The width of the help where no terminal tells it."),
    ("GITHUB_ACTIONS, GITLAB_CI, TF_BUILD", "With true, they name the CI service for --ci auto."),
];

pub(super) const FILES: &[Topic] = &[
    (
        "config.toml",
        "Settings. The file is in $XDG_CONFIG_HOME/bitsup (~/.config/bitsup), on macOS in ~/Library/Application Support/bitsup, \
         on Windows in %APPDATA%\\bitsup. It must belong to you or to root, and only its owner may be able to write to it. \
         A relative path in it starts at its directory.",
    ),
    (
        "bitsup/",
        "Unfinished uploads, without secrets. The directory is in $XDG_STATE_HOME (~/.local/state), on macOS in \
         ~/Library/Application Support, on Windows in %LOCALAPPDATA%.",
    ),
    ("~/.netrc", "Users and passwords for --netrc. Only its owner may be able to read it."),
];

/// The format of config.toml, part by part. An array sets an option that can be repeated.
pub(super) const CONFIG_EXAMPLE: &[&str] = &[
    r#"# For every server
no-progress-timeout = "1h"
json = true
cacert = ["corporate.pem"]

# For one host; also "files.example.com:8443"
[host."files.example.com"]
user = "CORP\\build"
password-file = "password.txt"
fragment-size = "4M""#,
    #[cfg(feature = "serve")]
    r#"# For bitsup serve
[serve]
max-size = "10G"
allow-read = true"#,
];

/// A purpose and its command line. Each verb's page has its own.
pub(super) const EXAMPLES: &[Topic] = &[
    ("Upload a file into a directory of the server:", "bitsup upload build.zip https://files.example.com/drop/"),
    ("Upload it under another name:", "bitsup upload build.zip https://files.example.com/drop/nightly.zip"),
    ("Upload several files, four at a time:", "bitsup upload -j 4 a.zip b.zip https://files.example.com/drop/"),
    (
        "Sign in with a Windows account; the password is in a file:",
        "bitsup upload -u 'CORP\\build' --password-file password.txt build.zip https://files.example.com/drop/",
    ),
    (
        "Compare the uploaded file with the source:",
        "bitsup upload --verify sha256 build.zip https://files.example.com/drop/",
    ),
    (
        "Upload at most 2 MiB per second, through a proxy:",
        "bitsup upload --limit-rate 2M --proxy http://proxy.example.com:3128 build.zip https://files.example.com/drop/",
    ),
    ("Upload the output of a command:", "tar cz site | bitsup upload - https://files.example.com/drop/site.tgz"),
    (
        "Upload the files that find lists:",
        "find out -type f -print0 | bitsup upload --files-from - -0 https://files.example.com/drop/",
    ),
    ("Check a server before the first upload:", "bitsup check https://files.example.com/drop/"),
    ("Find the largest fragment that gets through:", "bitsup check --probe-fragment https://files.example.com/drop/"),
    ("List unfinished uploads:", "bitsup sessions list"),
    ("Show one of them, by the first characters of its id:", "bitsup sessions show 3f"),
    ("Cancel it:", "bitsup sessions cancel 3f"),
    ("Remove expired uploads:", "bitsup sessions prune"),
    #[cfg(feature = "serve")]
    ("List what a receiver has not received whole:", "bitsup sessions list --server inbox"),
    #[cfg(feature = "serve")]
    ("Remove such an upload:", "bitsup sessions remove 3f --server inbox"),
    #[cfg(feature = "serve")]
    ("Receive uploads into the directory inbox:", "bitsup serve inbox"),
    #[cfg(feature = "serve")]
    (
        "Receive uploads from other machines, with TLS and a password:",
        "bitsup serve inbox --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem --user drop --password-file password.txt",
    ),
    #[cfg(feature = "serve")]
    ("See a whole upload on this machine:", "bitsup try"),
    ("Show the settings for a server:", "bitsup config https://files.example.com/drop/"),
    ("Explain an error of the server:", "bitsup explain 0x8020001F"),
    ("Write the manual pages:", "bitsup man ~/.local/share/man/man1"),
    ("Write the completion script for fish:", "bitsup completions fish > ~/.config/fish/completions/bitsup.fish"),
];

/// A command line in lines of at most `width` columns, if its words allow it, that a shell joins again.
pub(super) fn in_lines(command: &str, width: usize) -> Vec<String> {
    const INDENT: &str = "    ";
    let is_option = |word: &str| word.len() > 1 && word.starts_with('-');
    let mut groups: Vec<String> = Vec::new();
    for word in command.split(' ') {
        match groups.last_mut() {
            // An option and its value stay together.
            Some(group) if is_option(group) && !group.contains(' ') && !is_option(word) => {
                *group = format!("{group} {word}");
            }
            _ => groups.push(word.to_owned()),
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for group in groups {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + group.len() + " \\".len() <= width => *line = format!("{line} {group}"),
            Some(line) => {
                line.push_str(" \\");
                lines.push(format!("{INDENT}{group}"));
            }
            None => lines.push(group),
        }
    }
    lines
}

/// Each exit code and its meaning.
pub(super) fn exit_codes() -> impl Iterator<Item = (String, &'static str)> {
    ExitCode::ALL.iter().map(|code| ((*code as u8).to_string(), code.info().meaning))
}

/// The summary of the exit codes for every verb but `upload`.
pub(super) const EXIT_STATUS: &str = "\
0 is success, 1 to 18 are kinds of failure, and 129, 130 and 143 are signals. bitsup explain lists all exit codes.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::help;
    use crate::cli::settings::{Environment, Section, Sources, server_of};

    /// The words as a shell would hand them over; no more of its rules than the examples need.
    fn words(line: &str) -> Vec<String> {
        let command = line.rsplit(" | ").next().expect("a command").split(" > ").next().expect("a command");
        command.split_whitespace().map(|word| word.trim_matches('\'').to_owned()).collect()
    }

    #[test]
    fn every_example_is_a_command_line() {
        for (text, line) in EXAMPLES {
            let parsed = help::command().try_get_matches_from(words(line));
            assert!(parsed.is_ok(), "{line}: {}", parsed.expect_err("refused"));
            assert!(text.ends_with(':'), "{text}");
        }
        // Each verb has one.
        for verb in help::command().get_subcommands() {
            let start = format!("bitsup {}", verb.get_name());
            assert!(EXAMPLES.iter().any(|(_, line)| line.contains(&start)), "{start}");
        }
    }

    #[test]
    fn the_example_of_a_settings_file_is_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        std::fs::write(&path, CONFIG_EXAMPLE.join("\n\n")).expect("written");
        let (mut command, environment) = (help::command(), Environment::default());
        command.build();
        let sources = Sources::read(&command, &environment, Some(path.as_os_str()), false).expect("right");
        let set = |verb: &str, section, url: &str| -> Vec<String> {
            let verb = command.find_subcommand(verb).expect("a verb");
            let server = server_of(url).expect("a server");
            let settings = sources.effective(verb, section, Vec::new(), Some(&server)).expect("right");
            let mut keys: Vec<_> = settings.into_iter().map(|setting| setting.key).collect();
            keys.sort();
            keys
        };
        let everywhere = ["no-progress-timeout", "json", "cacert"];
        let of_host = ["user", "password-file", "fragment-size"];
        let set_for_host = set("upload", Section::Client, "https://files.example.com/drop/");
        assert!(everywhere.iter().chain(&of_host).all(|key| set_for_host.iter().any(|set| set == key)));
        let set_for_others = set("upload", Section::Client, "https://h/");
        assert!(of_host.iter().all(|key| !set_for_others.iter().any(|set| set == key)));
        if cfg!(feature = "serve") {
            assert_eq!(set("serve", Section::Serve, "https://h/"), ["allow-read", "max-size"]);
        }
    }

    #[test]
    fn a_broken_example_is_the_same_command() {
        for (_, line) in EXAMPLES {
            for width in [20, 68, 200] {
                let joined = in_lines(line, width).join("\n").replace("\\\n", "");
                assert_eq!(joined.split_whitespace().collect::<Vec<_>>().join(" "), *line);
            }
            let lines = in_lines(line, 68);
            assert!(lines.iter().all(|line| line.len() <= 68 || line.split_whitespace().count() == 1), "{lines:?}");
        }
    }
}
