//! `bitsup config [URL]`

use http::{HeaderName, HeaderValue};
use serde::Serialize;

use crate::cli::args::{ConfigArgs, SettingsArgs};
use crate::cli::config::UsageError;
use crate::cli::settings::{self, Environment, OptionKind, Section, SetBy, Setting, Sources};
use crate::cli::{completion, help};
use crate::output::{json, print, redact_header_value, redact_url};
use crate::transport::Proxy;

/// An option and what it is set to, without secrets.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(deny_unknown_fields, title = "A line of `bitsup config --json`"))]
struct Row {
    #[cfg_attr(test, schemars(extend("const" = 1)))]
    v: u8,
    /// Its long name; behind `serve.` those of the receiver.
    option: String,
    #[serde(skip)]
    kind: OptionKind,
    values: Vec<String>,
    /// Whether the file that `config` names is there; only in its line, which is the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<bool>,
    #[serde(flatten)]
    source: Provenance,
}

/// Where the values come from.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "source", rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum Provenance {
    Environment {
        variable: String,
    },
    File {
        file: String,
        line: usize,
    },
    #[serde(rename = "command-line")]
    CommandLine,
    Default,
    /// It is not set at all.
    None,
}

pub(super) fn run(args: &ConfigArgs, given: &SettingsArgs) -> anyhow::Result<()> {
    let mut command = help::command();
    command.build();
    let environment = Environment::read();
    let typed = given.config.as_deref().map(AsRef::as_ref);
    let sources = Sources::read(&command, &environment, typed, given.no_config)?;
    if args.candidates {
        let hosts = sources.hosts().map(|host| (url_of(host), "from config.toml".to_owned()));
        return Ok(print(completion::candidates(hosts))?);
    }
    let not_a_url = |url| UsageError(format!("{url:?} is no URL"));
    let server = args.url.as_deref().map(|url| settings::server_of(url).ok_or_else(|| not_a_url(url))).transpose()?;
    let file = Row::of_file(&sources, given, &environment);
    let mut text = if args.json { json::line(&file) } else { file.file_text(given.no_config) };
    for (name, section, prefix) in [("upload", Section::Client, ""), ("serve", Section::Serve, "serve.")] {
        // Without the receiver there is no such verb.
        let Some(verb) = command.find_subcommand(name) else { continue };
        let set = sources.effective(verb, section, Vec::new(), server.as_ref())?;
        if !args.json && section == Section::Serve {
            text.push_str("\n[serve]\n");
        }
        for (key, arg) in settings::options(verb) {
            let row = Row::new(key, arg, set.iter().find(|setting| setting.key == key));
            let option = format!("{prefix}{key}");
            text.push_str(&if args.json { json::line(&Row { option, ..row }) } else { row.text() });
        }
    }
    Ok(print(text)?)
}

/// The root of a host, as a table names it.
fn url_of(host: &str) -> String {
    if host.parse::<std::net::Ipv6Addr>().is_ok() { format!("https://[{host}]/") } else { format!("https://{host}/") }
}

impl Row {
    fn new(key: &str, arg: &clap::Arg, setting: Option<&Setting>) -> Self {
        let kind = OptionKind::of(arg);
        let values: Vec<String> = match (setting, kind) {
            (Some(setting), _) => setting.values.iter().map(|value| shown(key, &value.to_string_lossy())).collect(),
            (None, OptionKind::Flag) => vec!["false".to_owned()],
            (None, OptionKind::Count) => vec!["0".to_owned()],
            _ => arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect(),
        };
        let source = match setting.map(|setting| &setting.set_by) {
            Some(SetBy::Environment(name)) => Provenance::Environment { variable: name.clone() },
            Some(SetBy::File { path, line }) => Provenance::File { file: path.display().to_string(), line: *line },
            None if values.is_empty() => Provenance::None,
            None => Provenance::Default,
        };
        Self { v: json::VERSION, option: key.to_owned(), kind, values, found: None, source }
    }

    /// The file of settings, whether it is there or not.
    fn of_file(sources: &Sources, given: &SettingsArgs, environment: &Environment) -> Self {
        const VARIABLE: &str = "BITSUP_CONFIG";
        let searched = sources.searched();
        let source = match searched {
            None => Provenance::None,
            Some(_) if given.config.is_some() => Provenance::CommandLine,
            Some(_) if environment.get(VARIABLE).is_some() => Provenance::Environment { variable: VARIABLE.to_owned() },
            Some(_) => Provenance::Default,
        };
        Self {
            v: json::VERSION,
            option: "config".to_owned(),
            kind: OptionKind::One,
            values: searched.iter().map(|file| file.path.display().to_string()).collect(),
            found: searched.map(|file| file.found),
            source,
        }
    }

    /// The file of settings as a comment: it cannot be set in itself.
    fn file_text(&self, off: bool) -> String {
        let path = crate::protocol::text::escape(self.values.concat());
        match self.found {
            Some(true) => format!("# file {path}\n\n"),
            Some(false) => format!("# no file {path}\n\n"),
            None if off => "# no file is read, because of --no-config\n\n".to_owned(),
            None => "# no file is read, because there is no home directory\n\n".to_owned(),
        }
    }

    /// A line of TOML: what is printed can be read again.
    fn text(&self) -> String {
        let from = match &self.source {
            Provenance::Environment { variable } => variable.clone(),
            Provenance::File { file, line } => crate::protocol::text::escape(format!("{file}:{line}")),
            Provenance::CommandLine => "command line".to_owned(),
            Provenance::Default => "default".to_owned(),
            Provenance::None => return format!("# {} is not set\n", self.option),
        };
        let texts: Vec<String> = self.values.iter().map(|value| quoted(value)).collect();
        let value = match self.kind {
            OptionKind::Flag | OptionKind::Count => self.values.concat(),
            OptionKind::One => texts.concat(),
            OptionKind::Many => format!("[{}]", texts.join(", ")),
        };
        let setting = format!("{} = {value}", self.option);
        format!("{setting:<40} # {from}\n")
    }
}

/// A TOML string. JSON's is one but for DEL, and both escape what could act on a terminal only in part.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| !c.is_control() && !('\u{200b}'..='\u{206f}').contains(&c) && c != '\u{feff}';
    let json = serde_json::Value::from(text).to_string();
    json.chars().map(|c| if is_plain(c) { c.to_string() } else { format!("\\u{:04X}", u32::from(c)) }).collect()
}

/// A value without its secrets. A command line is hidden whole: any word of it may be a secret.
fn shown(key: &str, value: &str) -> String {
    const HIDDEN: &str = "<not shown>";
    let is_secret = ["password", "token", "secret"].iter().any(|word| key.contains(word)) && !key.ends_with("-file");
    if is_secret {
        return HIDDEN.to_owned();
    }
    if key == "proxy" && value != "none" {
        // Its login may be spelt as no other URL's is.
        let Ok(proxy) = value.parse::<Proxy>() else { return HIDDEN.to_owned() };
        let url = proxy.to_string();
        return match (proxy.user(), url.split_once("://")) {
            (Some(user), Some((scheme, rest))) => format!("{scheme}://{user}@{rest}"),
            _ => url,
        };
    }
    if key != "header" {
        return redact_url(value);
    }
    let Some((name, rest)) = value.split_once(':') else { return HIDDEN.to_owned() };
    match (name.trim().parse::<HeaderName>(), HeaderValue::from_str(rest.trim())) {
        (Ok(parsed), Ok(rest)) => format!("{}: {}", name.trim(), redact_header_value(parsed.as_str(), &rest)),
        _ => HIDDEN.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::check_schema;

    #[test]
    fn the_schema_is_that_of_the_lines() {
        check_schema::<Row>("config");
    }

    /// A path that is no text.
    #[test]
    #[cfg(unix)]
    fn a_setting_of_any_file_has_its_line() {
        use std::os::unix::ffi::OsStringExt;
        let path = std::ffi::OsString::from_vec(b"/etc/\xff.toml".to_vec()).into();
        let set_by = SetBy::File { path, line: 3 };
        let setting = Setting { key: "retries".to_owned(), values: vec!["7".into()], set_by };
        let row = Row::new("retries", &clap::Arg::new("retries").long("retries"), Some(&setting));
        assert!(row.text().ends_with(".toml:3\n"), "{}", row.text());
        let line: serde_json::Value = serde_json::from_str(&json::line(&row)).expect("JSON");
        assert_eq!((&line["file"], &line["line"]), (&"/etc/\u{fffd}.toml".into(), &3.into()));
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(shown("password-command", "echo hunter2"), "<not shown>");
        assert_eq!(shown("password-file", "/etc/pw"), "/etc/pw");
        assert!(!shown("header", "Authorization: Basic aHVudGVyMg==").contains("aHVudGVyMg"));
        assert_eq!(shown("header", "X-Team: blue"), "X-Team: blue");
        assert_eq!(shown("header", "hunter2"), "<not shown>");
        for proxy in ["http://u:hunter2@proxy:8080", "u:hunter2@proxy:8080", "http://u:hunter2/@proxy", "u:hunter2@"] {
            assert!(!shown("proxy", proxy).contains("hunter2"), "{}", shown("proxy", proxy));
        }
        assert_eq!(shown("proxy", "u:hunter2@proxy:8080"), "http://u@proxy:8080");
        assert_eq!(shown("proxy", "none"), "none");
    }

    #[test]
    fn a_text_is_quoted_so_that_toml_reads_it_again() {
        for text in ["a\"b\\c", "tab\tnewline\n", "\u{7f}\u{1b}", "ö\u{202e}", ""] {
            let quoted = quoted(text);
            assert!(!quoted.chars().any(char::is_control), "{quoted}");
            let line = format!("x = {quoted}");
            let table = toml::de::DeTable::parse(&line).expect("TOML");
            assert_eq!(table.get_ref().values().next().and_then(|value| value.get_ref().as_str()), Some(text));
        }
    }
}
