//! Options of other tools, and what does the same here. `docs/migration.md` has this table too; a test compares the
//! two.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::error::ParseError;

/// Options that mean the same, and what does it here.
type Habit = (&'static [&'static str], &'static str);

const TRUST: &str = "trust the server's certificate by --cacert FILE or --pin-sha256 HASH; --insecure checks none";
const CHOOSE: &str = "none; choose with find: find DIR -name '*.zip' -print0 | bitsup upload --files-from - -0 URL";
const NOT_HERE: &str = "none";

const HABITS: &[Habit] = &[
    // The whole command.
    (&["-T", "--upload-file", "-F", "--form", "-d", "--data", "--data-binary"], "bitsup upload FILE URL"),
    (&["-Source", "-Destination", "-TransferType", "--endpoint-url"], "bitsup upload FILE URL"),
    (&["-X", "--request", "-HttpMethod"], "none: the protocol has its own method, BITS_POST"),
    (&["-o", "--output"], "--reply FILE"),
    (&["-C", "--continue-at"], "not needed: the same command resumes"),
    (&["-f", "--fail", "--fail-with-body"], "not needed: a refusal is never exit code 0"),
    (&["-L", "--location"], "not needed: the redirects that the protocol can follow are followed"),
    (&["-Asynchronous", "-Suspended"], "none: bitsup ends with the upload; & runs it in the background"),
    (&["-NotifyCmdLine", "-NotifyFlags"], "bitsup upload FILE URL && COMMAND"),
    (&["-DisplayName", "-Description", "-Dynamic", "-TransferPolicy"], NOT_HERE),
    // Which files.
    (
        &[
            "--include",
            "--exclude",
            "--filter",
            "--include-pattern",
            "--exclude-pattern",
            "--include-from",
            "--exclude-from",
        ],
        CHOOSE,
    ),
    (&["--list-of-files", "--files-from-raw"], "--files-from FILE"),
    (&["--copy-links", "--follow-symlinks"], "--follow-links"),
    (&["--dryrun", "-WhatIf", "-Confirm"], "--dry-run"),
    (&["--overwrite", "--ignore-existing", "--update"], "none: the server decides whether a file is replaced"),
    (&["--create-dirs"], "none: the server's directories must exist"),
    (&["-Z", "--parallel", "--parallel-max", "--transfers"], "--jobs N"),
    (&["--fail-early"], "--fail-fast"),
    (&["--checksum", "--put-md5", "--checksum-algorithm"], "--verify sha256"),
    (&["--size-only", "--check-length"], "--verify size"),
    (&["--chunk-size", "--block-size-mb"], "--fragment-size SIZE"),
    (&["--bwlimit", "--cap-mbps", "-Priority"], "--limit-rate SIZE"),
    // When to give up.
    (&["-m", "--max-duration", "-MaxDownloadTime"], "--max-time TIME"),
    (&["--retry", "--low-level-retries"], "--retries N"),
    (&["--retry-max-time", "-y", "--speed-time", "-Y", "--speed-limit", "-RetryTimeout"], "--no-progress-timeout TIME"),
    (&["-RetryInterval"], "--retry-delay TIME"),
    (&["--retry-connrefused"], "--wait-for-server TIME"),
    (&["--retry-all-errors"], "not needed: whatever may pass is retried"),
    (&["--contimeout", "--cli-connect-timeout"], "--connect-timeout TIME"),
    (&["--timeout", "--cli-read-timeout"], "--response-timeout TIME"),
    // Signing in, TLS, proxies, HTTP.
    (&["-Credential"], "--user USER and --password-file FILE"),
    (&["-n", "-UseStoredCredential"], "--netrc, or --password-command CMD"),
    (&["--oauth2-bearer"], "--bearer-file FILE, or BITSUP_TOKEN in the environment"),
    (&["--basic", "--digest", "--ntlm", "--negotiate", "--anyauth", "-Authentication"], "--auth HOW"),
    (&["-k", "--no-check-certificate", "--no-verify-ssl", "-SecurityFlags"], TRUST),
    (&["--pinnedpubkey"], "--pin-sha256 HASH"),
    (&["--capath", "--ca-bundle"], "--cacert FILE"),
    (&["-E"], "--cert FILE"),
    (&["--pass"], "--key-passphrase-file FILE"),
    (&["-x", "--socks5", "--socks5-hostname", "-ProxyUsage", "-ProxyList"], "--proxy URL"),
    (&["--noproxy", "--no-proxy", "-ProxyBypass"], "--proxy none, or NO_PROXY in the environment"),
    (&["-U", "-ProxyCredential"], "--proxy-user USER and --proxy-password-file FILE"),
    (&["--connect-to"], "--resolve HOST:PORT:ADDR"),
    (&["-A", "--user-agent", "-e", "--referer", "-b", "--cookie", "-CustomHeaders"], "--header 'NAME: VALUE'"),
    (&["-c", "--cookie-jar"], "not needed: a server's cookies are sent back to it"),
    (&["--http1.0", "--http1.1", "--http2"], "not needed: the protocol needs HTTP/1.1"),
    (&["--tlsv1.2", "--tlsv1.3"], "not needed: nothing older is accepted"),
    (&["--compressed", "--tr-encoding"], "none: the protocol forbids both"),
    // Output.
    (&["-s", "--silent", "--only-show-errors"], "--quiet"),
    (&["-S", "--show-error"], "not needed: errors are always shown"),
    (&["-i", "-D", "--dump-header", "--trace", "--trace-ascii", "--debug", "--log-level", "-Verbose"], "-v, or -vv"),
    (&["-I", "--head"], "bitsup check URL"),
    (&["-w", "--write-out", "--output-type"], "--json"),
    (&["-#", "--progress-bar", "-P"], "--progress bar"),
    (&["--no-progress", "--no-progress-meter"], "--progress none"),
    (&["--stats", "--stats-one-line"], "--progress plain"),
    (&["--log-file", "--stderr"], "2> FILE"),
    (&["-K"], "--config FILE"),
];

/// The advice for an option that is not known here, if it is one of another tool's.
pub(super) fn answer(error: &clap::Error, words: &[OsString]) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidArg) else { return None };
    // PowerShell's `-Source` is to clap a row of short options.
    let typed = words.iter().filter_map(|word| word.to_str()).find(|word| word.starts_with(unknown.as_str()));
    let typed = typed.unwrap_or(unknown);
    let option = typed.split(['=', ':']).next().unwrap_or_default();
    if let Some((name, here)) = known(option).or_else(|| known(unknown)) {
        return Some(told(name, here));
    }
    let is_file = unknown.starts_with('-') && Path::new(typed).exists();
    is_file.then(|| format!("to name the file {typed}, write ./{typed}"))
}

/// PowerShell's options by their whole names, which clap would take for rows of short ones: `-Verbose` for `-v -e …`.
pub(super) fn of_powershell(words: &[OsString]) -> Option<ParseError> {
    let verb = words.get(1)?.to_str().filter(|verb| ["upload", "check"].contains(verb))?;
    let options = words.iter().skip(2).map_while(|word| word.to_str().filter(|word| *word != "--"));
    let mut names = options.filter(|word| word.len() > 2 && word.starts_with('-') && !word.starts_with("--"));
    let (name, here) = names.find_map(|word| known(word.split(':').next()?).filter(|(name, _)| name.len() > 2))?;
    Some(ParseError {
        what: format!("unexpected argument '{name}' found"),
        next: told(name, here),
        help: format!("bitsup {verb} --help"),
    })
}

fn told(name: &str, here: &str) -> String {
    format!("{name} of other tools: {here}")
}

fn known(option: &str) -> Option<(&'static str, &'static str)> {
    let is_long = option.starts_with('-') && !option.starts_with("--") && option.len() > 2;
    // PowerShell does not tell small letters from capitals.
    let same = |name: &str| if is_long { name.eq_ignore_ascii_case(option) } else { name == option };
    HABITS.iter().find_map(|(names, here)| Some((*names.iter().find(|name| same(name))?, *here)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::help;

    fn error(typed: &[&str]) -> (clap::Error, Vec<OsString>) {
        let words: Vec<OsString> = ["bitsup", "upload"].iter().chain(typed).map(OsString::from).collect();
        (help::command().try_get_matches_from(&words).expect_err("refused"), words)
    }

    #[test]
    fn case_67_every_habit_is_answered() {
        for (names, here) in HABITS {
            for name in *names {
                let expected = format!("{name} of other tools: {here}");
                if name.len() > 2 && !name.starts_with("--") {
                    for typed in [(*name).to_owned(), name.to_lowercase(), format!("{name}:x")] {
                        let words = ["bitsup", "upload", "f", &typed, "http://h/"].map(OsString::from);
                        assert_eq!(of_powershell(&words).map(|error| error.next).as_ref(), Some(&expected), "{typed}");
                    }
                    continue;
                }
                let (error, words) = error(&[name, "f", "http://h/"]);
                assert_eq!(answer(&error, &words), Some(expected));
            }
        }
        for (typed, name) in [("--transfers=4", "--transfers"), ("-sS", "-s"), ("-fsSL", "-f"), ("-source", "-Source")]
        {
            let (error, words) = error(&[typed, "f", "http://h/"]);
            let found = answer(&error, &words).expect("known");
            assert!(found.starts_with(&format!("{name} of ")), "{typed}: {found}");
        }
        let (error, words) = error(&["--no-such", "f", "http://h/"]);
        assert_eq!(answer(&error, &words), None);
        let file = ["bitsup", "upload", "--", "-Source", "http://h/"].map(OsString::from);
        assert!(of_powershell(&file).is_none());
    }

    #[test]
    fn what_does_it_here_exists() {
        let mut command = help::command();
        command.build();
        let upload = command.find_subcommand("upload").expect("a verb");
        for (_, here) in HABITS {
            for word in here.split([' ', ',', ';', ':']).filter_map(|word| word.strip_prefix("--")) {
                assert!(upload.get_arguments().any(|arg| arg.get_long() == Some(word)), "{word} in {here}");
            }
        }
    }

    #[test]
    fn the_documents_have_the_same_table() {
        let row = |(names, here): &Habit| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("| {} | {} |\n", names.join(", "), here.replace('|', "\\|"))
        };
        let table: String = HABITS.iter().map(row).collect();
        let document = include_str!("../../docs/migration.md");
        assert!(document.contains(&table), "docs/migration.md has another table than this:\n{table}");
    }
}
