//! Which file goes where, checked before anything is sent.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use http::Uri;

use crate::cli::args::FilesArgs;
use crate::cli::destination;
use crate::cli::file_list::ListedFile;
use crate::protocol::ContentName;

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

/// One file on its way to one URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Item {
    pub(in crate::cli) source: Source,
    pub(in crate::cli) name: ContentName,
    pub(in crate::cli) destination: Uri,
}

/// What was typed about files.
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

    /// The files that were typed and those that a list has, each with its destination. `expand` turns a pattern that
    /// the shell left alone into what it stands for.
    ///
    /// # Errors
    /// When two of them have the same destination, or one has none.
    pub(in crate::cli) fn items(
        &self,
        listed: Vec<ListedFile>,
        expand: impl Fn(OsString) -> Result<Vec<OsString>, UsageError>,
    ) -> Result<Vec<Item>, UsageError> {
        let typed = self.args.paths.iter().map(|source| ListedFile { source: source.clone(), destination: None });
        let mut all: Vec<ListedFile> = Vec::new();
        for ListedFile { source, destination } in typed.chain(listed) {
            let sources = expand(source)?;
            all.extend(sources.into_iter().map(|source| ListedFile { source, destination: destination.clone() }));
        }
        if all.is_empty() {
            return Err(UsageError("the list names no file".to_owned()));
        }
        if all.len() > 1 && self.name.is_some() {
            return Err(UsageError("--name is for one file; these are several".to_owned()));
        }
        let several = all.len() > 1;
        let items: Vec<Item> = all.into_iter().map(|file| self.item(file, several)).collect::<Result<_, _>>()?;
        check_inputs(&items, self.args.files_from.as_deref())?;
        check_duplicates(&items)?;
        Ok(items)
    }

    fn item(&self, file: ListedFile, several: bool) -> Result<Item, UsageError> {
        let source = if file.source == "-" { Source::StandardInput } else { Source::File(file.source.into()) };
        let url = self.url_of(file.destination, several)?;
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
        Ok(Item { source, name: ContentName::new(&name.to_string_lossy()), destination })
    }

    fn url_of(&self, destination: Option<String>, several: bool) -> Result<String, UsageError> {
        if let Some(url) = destination.as_ref().filter(|to| to.contains("://")) {
            return Ok(url.clone());
        }
        let Some(url) = &self.url else {
            return Err(UsageError("the URL is missing: add it, or list a whole URL for each file".to_owned()));
        };
        let is_folder = destination::is_folder(url);
        if (several || destination.is_some()) && !is_folder {
            let text = "several files need a URL that ends in /, to which each file's name is appended";
            return Err(UsageError(text.to_owned()));
        }
        match destination {
            None => Ok(url.clone()),
            Some(below) => destination::below(url, &below).map_err(UsageError),
        }
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
    let mut seen: HashMap<Vec<u8>, &Item> = HashMap::with_capacity(items.len());
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
        let listed = file_list::parse(list.as_bytes(), false)?;
        let items = config.items(listed, |source| Ok(vec![source])).map_err(|error| error.to_string())?;
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
            (&from, "", "no file"),
            (&["--files-from", "l", "http://h/x"], "a\nb\n", "ends in /"),
            (&["--files-from", "l", "http://h/x/"], "Source,Destination\na,../b\n", ".."),
            (&["--files-from", "-", "-", "http://h/x"], "", "only once"),
        ] {
            let error = items(args, list).expect_err(reason);
            assert!(error.contains(reason), "{args:?}: {error}");
        }
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
