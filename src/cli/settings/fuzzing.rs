//! Properties that hold for any text as a file of settings.

use std::sync::LazyLock;

use clap::Command;

use super::document::{self, Document};
use super::file::SettingsFile;
use super::options::{self, OptionKind, Section};
use super::{SetBy, Setting};
use crate::cli::{help, negation};

const PATH: &str = "/d/config.toml";

/// The program's own.
static COMMAND: LazyLock<Command> = LazyLock::new(|| {
    let mut command = negation::with_negations(help::command());
    command.build();
    command
});

/// An error has its line; no setting is a secret or makes an upload unsafe; settings are read again as they are
/// written.
pub fn settings(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let lines = text.lines().count() + 1;
    let document = match read(text) {
        Ok(document) => document,
        Err(error) => {
            let line =
                error.strip_prefix(PATH).and_then(|rest| rest.strip_prefix(':')?.split(':').next()?.parse().ok());
            assert!(line.is_some_and(|line: usize| (1..=lines).contains(&line)), "{error}");
            return;
        }
    };
    for setting in all(&document) {
        assert_eq!(options::refusal(&setting.key), None);
        assert!(matches!(&setting.set_by, SetBy::File { line, .. } if (1..=lines).contains(line)));
    }
    let written = written(&document);
    let again = read(written.clone()).unwrap_or_else(|error| panic!("{error} in {written}"));
    let plain = |setting: &Setting| (setting.key.clone(), setting.values.clone());
    assert_eq!(all(&again).map(plain).collect::<Vec<_>>(), all(&document).map(plain).collect::<Vec<_>>(), "{written}");
}

fn read(text: String) -> Result<Document, String> {
    document::read(&SettingsFile { path: PATH.into(), text }, &COMMAND).map_err(|error| error.0)
}

fn all(document: &Document) -> impl Iterator<Item = &Setting> {
    let hosts = document.hosts.iter().flat_map(|(_, settings)| settings);
    document.top.iter().chain(hosts).chain(&document.serve)
}

fn written(document: &Document) -> String {
    let table = |section, settings: &[Setting]| -> String { settings.iter().map(|one| line(section, one)).collect() };
    let host = |(name, settings): &(String, Vec<Setting>)| {
        ["[host.", &quoted(name), "]\n", &table(Section::Client, settings)].concat()
    };
    let hosts: String = document.hosts.iter().map(host).collect();
    [table(Section::Client, &document.top), hosts, "[serve]\n".to_owned(), table(Section::Serve, &document.serve)]
        .concat()
}

fn line(section: Section, setting: &Setting) -> String {
    let (_, arg) = options::all(&COMMAND, section).find(|(key, _)| *key == setting.key).expect("a known option");
    let values: Vec<&str> = setting.values.iter().map(|value| value.to_str().expect("UTF-8")).collect();
    let value = match OptionKind::of(arg) {
        OptionKind::Flag | OptionKind::Count => values.concat(),
        OptionKind::One => quoted(&values.concat()),
        OptionKind::Many => format!("[{}]", values.into_iter().map(quoted).collect::<Vec<_>>().join(", ")),
    };
    format!("{} = {value}\n", setting.key)
}

/// The escapes of JSON are some of TOML's, which has one more.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_keep_the_properties(data in any::<Vec<u8>>()) {
            settings(&data);
        }

        #[test]
        fn what_looks_like_settings_keeps_them(
            text in "((fragment[-_]size|timeout|header|verbose|user|insecure|password|netrc-file|cacert|overwrite|listen) ?= ?(\"[ -~]{0,6}\"|'~/a'|\\[(\"[a-z]: [a-z]\",? ?){0,2}\\]|true|false|[0-9_]{1,4}|auto)\n|\\[serve\\]\n|\\[host\\.(h|\"h:80\"|\"ü\")\\]\n|#.{0,3}\n){0,5}"
        ) {
            settings(text.as_bytes());
        }
    }
}
