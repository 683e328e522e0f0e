//! Which file goes where, checked before anything is sent.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use http::Uri;

use crate::cli::args::FilesArgs;
use crate::cli::destination;
use crate::cli::error::SelectionError;
use crate::protocol::{ContentName, name};

use super::UsageError;

/// Where the bytes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Source {
    File(PathBuf),
    StandardInput,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::StandardInput => f.write_str("standard input"),
        }
    }
}

/// A file that was typed or listed, or is in a directory that was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct FoundFile {
    /// Its path, or `-`.
    pub(in crate::cli) source: OsString,
    /// A URL, or a path below the URL that was typed.
    pub(in crate::cli) destination: Option<String>,
    /// The path that it keeps below that, name by name; empty: none, only its name.
    pub(in crate::cli) below: Vec<OsString>,
}

impl FoundFile {
    /// It keeps no path.
    pub(in crate::cli) fn plain(source: &OsStr, destination: Option<String>) -> Self {
        Self { source: source.to_owned(), destination, below: Vec::new() }
    }
}

/// One file on its way to one URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Item {
    pub(in crate::cli) source: Source,
    pub(in crate::cli) name: ContentName,
    /// A label that tells it from the other files: the path that it keeps, or its name.
    pub(in crate::cli) label: String,
    pub(in crate::cli) destination: Uri,
}

/// The options and arguments about files.
#[derive(Debug)]
pub(in crate::cli) struct FilesConfig {
    /// Its paths are those of files; the URL is apart.
    pub(in crate::cli) args: FilesArgs,
    url: Option<String>,
    name: Option<String>,
}

impl FilesConfig {
    pub(in crate::cli) fn new(mut args: FilesArgs, name: Option<String>) -> Result<Self, UsageError> {
        let url = args.paths.pop().map(OsString::into_string).transpose();
        let url = url.map_err(|url| UsageError(format!("the last argument, {}, is not a URL", url.display())))?;
        if args.paths.is_empty() && args.files_from.is_none() {
            return Err(UsageError("FILE or URL is missing: bitsup upload FILE URL".to_owned()));
        }
        Ok(Self { args, url, name })
    }

    /// Each file that was found, with its destination.
    ///
    /// # Errors
    /// When there is none, when two of them have the same destination, or one has none, or cannot have its name there.
    pub(in crate::cli) fn items(&self, found: &[FoundFile]) -> anyhow::Result<Vec<Item>> {
        let several = found.len() > 1;
        if self.name.is_some() && (several || found.iter().any(|file| !file.below.is_empty())) {
            return Err(UsageError("--name is for one file; these are several, or keep their paths".to_owned()).into());
        }
        check_names(found)?;
        let items: Vec<Item> = found.iter().map(|file| self.item(file, several)).collect::<Result<_, _>>()?;
        check_inputs(&items, self.args.files_from.as_deref())?;
        check_duplicates(&items)?;
        Ok(items)
    }

    fn item(&self, file: &FoundFile, several: bool) -> Result<Item, UsageError> {
        let url = self.url_of(file, several)?;
        let source = if file.source == "-" { Source::StandardInput } else { Source::File(file.source.clone().into()) };
        let name = match (&self.name, &source) {
            (Some(name), _) => OsString::from(name),
            // A path without a last part (`/`, `..`) names a folder; opening it will say so.
            (None, Source::File(path)) => path.file_name().unwrap_or_else(|| OsStr::new("file")).to_owned(),
            (None, Source::StandardInput) => destination::last_segment(&url)
                .ok_or_else(|| {
                    UsageError("standard input has no name: add --name NAME, or type the whole URL".to_owned())
                })?
                .into(),
        };
        let destination = destination::parse(&url, name.as_encoded_bytes()).map_err(UsageError)?;
        let name = ContentName::new(&name.to_string_lossy());
        let kept: Vec<_> = file.below.iter().map(|name| name.to_string_lossy()).collect();
        let label = if kept.is_empty() { name.as_str().to_owned() } else { kept.join("/") };
        Ok(Item { source, name, label, destination })
    }

    fn url_of(&self, file: &FoundFile, several: bool) -> Result<String, UsageError> {
        let keeps_path = !file.below.is_empty();
        let folder = match &file.destination {
            Some(url) if url.contains("://") => url.clone(),
            below => {
                let Some(url) = &self.url else {
                    return Err(UsageError("the URL is missing: add it, or list a whole URL for each file".to_owned()));
                };
                if (several || keeps_path || below.is_some()) && !destination::is_folder(url) {
                    let what = if several { "several files need" } else { "a file that keeps its path needs" };
                    return Err(UsageError(format!(
                        "{what} a URL that ends in /, to which each file's name is appended"
                    )));
                }
                match below {
                    None => url.clone(),
                    Some(below) => destination::below(url, below).map_err(UsageError)?,
                }
            }
        };
        let names = file.below.iter().map(|name| name.as_encoded_bytes());
        Ok(if keeps_path { destination::below_names(&folder, names) } else { folder })
    }
}

/// All names that no server can have, before anything is sent. One file alone is left to its server.
fn check_names(found: &[FoundFile]) -> Result<(), SelectionError> {
    let keeps_name = |file: &&FoundFile| file.destination.is_none() && file.source != "-";
    let typed = found.iter().filter(|file| file.below.is_empty()).filter(keeps_name);
    let names = typed.filter(|_| found.len() > 1).filter_map(|file| Path::new(&file.source).file_name());
    let kept = found.iter().flat_map(|file| &file.below).map(OsString::as_os_str);
    let reason = |name: &OsStr| name.to_str().map_or(Some("not UTF-8"), name::unusable);
    let mut wrong: Vec<String> = names
        .chain(kept)
        .filter_map(|name| Some(format!("{:?} ({})", name.to_string_lossy(), reason(name)?)))
        .collect();
    wrong.sort();
    wrong.dedup();
    match wrong.len() {
        0 => Ok(()),
        count => Err(SelectionError(format!(
            "{count} {} not possible on the server, nothing was sent: {}",
            if count == 1 { "name is" } else { "names are" },
            wrong.join(", ")
        ))),
    }
}

/// Standard input can be read once.
fn check_inputs(items: &[Item], list: Option<&Path>) -> Result<(), UsageError> {
    let readers = items.iter().filter(|item| item.source == Source::StandardInput).count();
    if readers + usize::from(list == Some(Path::new("-"))) > 1 {
        return Err(UsageError("standard input can be read only once".to_owned()));
    }
    Ok(())
}

/// The second would replace the first, or wait for it.
fn check_duplicates(items: &[Item]) -> Result<(), UsageError> {
    let mut seen: BTreeMap<Vec<u8>, &Item> = BTreeMap::new();
    for item in items {
        if let Some(other) = seen.insert(destination::place(&item.destination), item) {
            let (a, b) = (&other.source, &item.source);
            // A query may hold a secret.
            let path = item.destination.path();
            return Err(UsageError(format!("{a} and {b} have the same destination {path}: nothing was sent")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::file_list;

    #[derive(Debug, Parser)]
    struct Options {
        #[command(flatten)]
        files: FilesArgs,
        #[arg(long)]
        name: Option<String>,
    }

    fn items(args: &[&str], list: &str) -> Result<Vec<(String, String)>, String> {
        let options = Options::try_parse_from(["x"].iter().chain(args)).map_err(|error| error.to_string())?;
        let config = FilesConfig::new(options.files, options.name).map_err(|error| error.to_string())?;
        let typed = config.args.paths.iter().map(|path| FoundFile::plain(path, None));
        let listed = file_list::parse(list.as_bytes(), false)?;
        let listed = listed.into_iter().map(|file| FoundFile::plain(&file.source, file.destination));
        let items = config.items(&typed.chain(listed).collect::<Vec<_>>()).map_err(|error| error.to_string())?;
        Ok(items.iter().map(|item| (item.source.to_string(), item.destination.to_string())).collect())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn the_url_comes_last_wherever_options_stand() {
        let two = pairs(&[("d/a b", "http://h/x/a%20b"), ("c", "http://h/x/c")]);
        assert_eq!(items(&["d/a b", "c", "http://h/x/"], ""), Ok(two.clone()));
        assert_eq!(items(&["d/a b", "-j", "2", "c", "--fail-fast", "http://h/x/"], ""), Ok(two));
        assert_eq!(items(&["a", "http://h/x"], ""), Ok(pairs(&[("a", "http://h/x")])));
        assert_eq!(items(&["--", "-0", "http://h/"], ""), Ok(pairs(&[("-0", "http://h/-0")])));
    }

    #[test]
    fn a_list_adds_files_and_may_say_where_each_goes() {
        let from = ["--files-from", "list"];
        assert_eq!(
            items(&["--files-from", "l", "a", "http://h/"], "b\n"),
            Ok(pairs(&[("a", "http://h/a"), ("b", "http://h/b")]))
        );
        let csv = "Source,Destination\na,http://h/x\nb,https://g/y/\n";
        assert_eq!(items(&from, csv), Ok(pairs(&[("a", "http://h/x"), ("b", "https://g/y/b")])));
        let below = "Source,Destination\na,p q/r\nb,\n";
        assert_eq!(
            items(&["--files-from", "l", "http://h/x/?k=1"], below),
            Ok(pairs(&[("a", "http://h/x/p%20q/r?k=1"), ("b", "http://h/x/b?k=1")]))
        );
        for (args, list, reason) in [
            (&from[..], "a\n", "the URL is missing"),
            (&["--files-from", "l", "http://h/x"], "a\nb\n", "ends in /"),
            (&["--files-from", "l", "http://h/x/"], "Source,Destination\na,../b\n", ".."),
            (&["--files-from", "-", "-", "http://h/x"], "", "only once"),
        ] {
            let error = items(args, list).expect_err(reason);
            assert!(error.contains(reason), "{args:?}: {error}");
        }
    }

    #[test]
    fn a_path_that_is_kept_goes_below_the_destination() {
        let config = |typed: &[&str]| {
            let options = Options::try_parse_from(["x", "f"].iter().chain(typed)).expect("right");
            FilesConfig::new(options.files, options.name).expect("right")
        };
        let file = |below: &[&str], to: Option<&str>| FoundFile {
            source: "d/f".into(),
            destination: to.map(str::to_owned),
            below: below.iter().map(OsString::from).collect(),
        };
        let url = |typed: &[&str], file: FoundFile| {
            let items = config(typed).items(&[file]).map_err(|error| error.to_string())?;
            Ok::<_, String>(items[0].destination.to_string())
        };
        assert_eq!(url(&["http://h/x/?k"], file(&["a b", "f"], None)), Ok("http://h/x/a%20b/f?k".to_owned()));
        assert_eq!(url(&["http://h/x/"], file(&["a", "f"], Some("p/q"))), Ok("http://h/x/p/q/a/f".to_owned()));
        assert_eq!(url(&["http://h/"], file(&["f"], Some("http://g/y"))), Ok("http://g/y/f".to_owned()));
        for (typed, below, reason) in [
            (&["http://h/x"][..], "f", "ends in /"),
            (&["http://h/x/", "--name=n"], "f", "--name"),
            (&["http://h/x/"], "a:b", "1 name is not possible on the server, nothing was sent: \"a:b\" (a character"),
        ] {
            let error = url(typed, file(&[below], None)).expect_err(reason);
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn every_name_that_no_server_can_have_is_told() {
        let error = items(&["a\u{1}b", "x/aux.txt", "ok", "dot.", "http://h/"], "").expect_err("refused");
        for told in ["3 names are", "\"a\\u{1}b\" (", "\"aux.txt\" (a device", "\"dot.\" ("] {
            assert!(error.contains(told), "{told}: {error}");
        }
        assert!(items(&["aux.txt", "http://h/"], "").is_ok(), "one is left to its server");
        assert!(items(&["--files-from", "l", "http://h/"], "Source,Destination\naux,b\nc,d\n").is_ok());
    }

    #[test]
    fn standard_input_needs_a_name() {
        assert_eq!(items(&["-", "http://h/a%20b"], ""), Ok(pairs(&[("standard input", "http://h/a%20b")])));
        assert_eq!(items(&["-", "http://h/", "--name", "n"], ""), Ok(pairs(&[("standard input", "http://h/n")])));
        assert!(items(&["-", "http://h/"], "").is_err_and(|error| error.contains("--name")));
        assert!(items(&["-", "-", "http://h/"], "").is_err());
    }

    #[test]
    fn two_files_for_one_place_are_refused_however_it_is_spelled() {
        for (args, list) in [
            (&["a/f", "b/f", "http://h/"][..], ""),
            (&["a", "a", "http://h/"], ""),
            (&["--files-from", "l"], "Source,Destination\na,http://h/%61b\nb,HTTP://H:80/ab\n"),
        ] {
            let error = items(args, list).expect_err("refused");
            assert!(error.contains("have the same destination"), "{error}");
        }
        assert!(items(&["a", "b", "--name", "n", "http://h/"], "").is_err_and(|error| error.contains("--name")));
    }
}
