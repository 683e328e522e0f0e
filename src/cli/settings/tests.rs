//! Sources of settings, over a command line of their own.

use clap::{Arg, ArgAction, Command, ValueHint, value_parser};

use super::file::{Location, SettingsFile};
use super::*;

fn command() -> Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let send = Command::new("send")
        .arg(Arg::new("file"))
        .arg(Arg::new("url"))
        .arg(Arg::new("size").long("fragment-size").short('s'))
        .arg(Arg::new("retries").long("retries").value_parser(value_parser!(u32)))
        .arg(Arg::new("when").long("progress").value_parser(["auto", "bar"]).default_value("auto"))
        .arg(Arg::new("header").long("header").action(ArgAction::Append))
        .arg(Arg::new("allowed").long("allowed").action(ArgAction::Append).value_parser(["yes"]))
        .arg(Arg::new("verbose").long("verbose").short('v').action(ArgAction::Count))
        .arg(Arg::new("cert").long("cert").requires("key").value_hint(ValueHint::FilePath))
        .arg(Arg::new("key").long("key"))
        .arg(flag("no-state").conflicts_with("state-dir"))
        .arg(Arg::new("state-dir").long("state-dir"))
        .arg(flag("insecure"))
        .arg(Arg::new("password").long("password"));
    let serve = Command::new("serve").arg(Arg::new("user").long("user")).arg(flag("overwrite"));
    let global = |id: &'static str, name: &'static str| Arg::new(id).long(name).global(true);
    let mut command = Command::new("bitsup")
        .arg(global("config", "config"))
        .arg(global("no_config", "no-config").action(ArgAction::SetTrue))
        .subcommands([send, serve, Command::new("explain").arg(Arg::new("size").long("fragment-size"))]);
    command.build();
    command
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment::of(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())))
}

/// The command line put together from these words, variables, and this text of the file; blank between words.
fn words(typed: &str, variables: &[(&str, &str)], text: &str) -> Result<String, String> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    let path = file.path().to_str().expect("a name").to_owned();
    let mut variables = variables.to_vec();
    variables.push(("BITSUP_CONFIG", &path));
    let typed = typed.split(' ').map(OsString::from).collect();
    let completed =
        complete(&command(), typed, &environment(&variables)).map_err(|error| error.0.replace(&path, "FILE"))?;
    let words: Vec<_> = completed.args.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    Ok(words.join(" ").replace(&path, "FILE"))
}

#[track_caller]
fn refused(variables: &[(&str, &str)], text: &str, says: &[&str]) {
    let error = words("bitsup send a http://h/", variables, text).expect_err("refused");
    for part in says {
        assert!(error.contains(part), "no {part:?} in {error:?}");
    }
}

const HOSTS: &str = "fragment-size = '1M'\n[host.'h.example']\nfragment_size = \"2M\"\n[host.\"h.example:8443\"]\nfragment-size = \"3M\"\n";

#[test]
fn what_is_typed_goes_before_the_environment_the_host_and_the_top_of_the_file() {
    let size = |typed: &str, variables: &[(&str, &str)]| {
        let words = words(typed, variables, HOSTS).expect("right");
        words
            .split(' ')
            .filter(|word| word.starts_with("--fragment-size") || word.starts_with("-s"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let env = [("BITSUP_FRAGMENT_SIZE", "4M")];
    assert_eq!(size("bitsup send -s5M a https://h.example:8443/", &env), "-s5M");
    assert_eq!(size("bitsup send a https://h.example:8443/", &env), "--fragment-size=4M");
    assert_eq!(size("bitsup send a HTTPS://H.example:8443/", &[]), "--fragment-size=3M");
    assert_eq!(size("bitsup send a https://h.example/x", &[]), "--fragment-size=2M");
    assert_eq!(size("bitsup send a https://other.example/", &[]), "--fragment-size=1M");
    assert_eq!(size("bitsup send", &[]), "--fragment-size=1M");
    assert_eq!(
        size("bitsup send a https://h.example/", &[("BITSUP_FRAGMENT_SIZE", "")]),
        "--fragment-size=2M",
        "empty is unset"
    );
}

/// Blanks are escaped before anything is sent.
#[test]
fn a_host_is_known_in_each_url_that_an_upload_takes() {
    for url in ["https://H.example:8443/", "HTTPS://h.example:8443", "https://h.example:8443/a b/ü?x={y}"] {
        assert_eq!(server_of(url).expect(url).authority(), "h.example:8443");
    }
    for url in ["h.example", "ftp://h.example/", "https:///a", "https://u@h.example/"] {
        assert_eq!(server_of(url), None, "{url}");
    }
}

#[test]
fn every_kind_of_option_can_be_set() {
    let text = "retries = 1_000\nheader = ['A: b', 'C: d']\nverbose = 2\nno-state = true\n";
    assert_eq!(
        words("bitsup send a", &[], text),
        Ok("bitsup send --header=A: b --header=C: d --no-state --retries=1000 --verbose --verbose a".to_owned())
    );
    let env = [
        ("BITSUP_HEADER", "A: b, c\nD: e\n"),
        ("BITSUP_VERBOSE", "1"),
        ("BITSUP_NO_STATE", "Yes"),
        ("BITSUP_RETRIES", "3"),
    ];
    assert_eq!(
        words("bitsup send a", &env, "header = 'X: y'"),
        Ok("bitsup send --retries=3 --header=A: b, c --header=D: e --verbose --no-state a".to_owned())
    );
    assert_eq!(words("bitsup send a", &[("BITSUP_NO_STATE", "0")], "no-state = true"), Ok("bitsup send a".to_owned()));
    assert_eq!(words("bitsup send -v a", &env[1..2], "verbose = 2"), Ok("bitsup send -v a".to_owned()));
    assert_eq!(words("bitsup send a", &[], "fragment-size = '-x'"), Ok("bitsup send --fragment-size=-x a".to_owned()));
}

#[test]
fn an_option_loses_against_a_weightier_one_that_excludes_it() {
    let sets = |typed: &str, variables: &[(&str, &str)], text: &str| words(typed, variables, text).expect("right");
    assert_eq!(sets("bitsup send --state-dir d a", &[], "no-state = true"), "bitsup send --state-dir d a");
    assert_eq!(sets("bitsup send --no-state a", &[("BITSUP_STATE_DIR", "d")], ""), "bitsup send --no-state a");
    assert_eq!(sets("bitsup send a", &[("BITSUP_STATE_DIR", "d")], "no-state = true"), "bitsup send --state-dir=d a");
    assert_eq!(sets("bitsup send a", &[], "no-state = false\nstate-dir = 'd'"), "bitsup send --state-dir=d a");
    refused(&[], "no-state = true\nstate-dir = 'd'\n", &["FILE:2: state-dir excludes no-state, which FILE:1 sets"]);
}

#[test]
fn an_option_may_need_one_that_is_set_elsewhere() {
    let completed = words("bitsup send --key k a", &[], "cert = '/c.pem'").expect("right");
    assert!(completed.starts_with("bitsup send --cert=") && completed.ends_with("c.pem --key k a"), "{completed}");
    assert!(command().try_get_matches_from(completed.split(' ')).is_ok());
}

#[test]
fn the_receiver_has_settings_of_its_own() {
    let text = "fragment-size = '1M'\n[serve]\nuser = 'drop'\n";
    let env = [("BITSUP_FRAGMENT_SIZE", "2M"), ("BITSUP_SERVE_OVERWRITE", "true")];
    assert_eq!(words("bitsup serve", &env, text), Ok("bitsup serve --overwrite --user=drop".to_owned()));
    assert_eq!(words("bitsup explain", &env, text), Ok("bitsup explain".to_owned()));
    assert_eq!(words("bitsup send --no-config", &env[1..], text), Ok("bitsup send --no-config".to_owned()));
    refused(&[], "[serve]\nfragment-size = '1M'", &["FILE:2: unknown setting fragment-size"]);
}

#[test]
fn what_is_no_setting_is_refused_by_name_with_a_suggestion() {
    refused(&[], "\nfragmnt-size = '1M'", &["FILE:2: unknown setting fragmnt-size; did you mean fragment-size?"]);
    refused(&[], "[host.h]\nretry = 1", &["FILE:2: unknown setting retry; did you mean retries?"]);
    refused(&[], "zzz = 1", &["FILE:1: unknown setting zzz: `bitsup upload --help`"]);
    refused(&[], "file = 'x'", &["unknown setting file"]);
    refused(
        &[("BITSUP_FRAGMENT_SIZES", "1M")],
        "",
        &["unknown variable BITSUP_FRAGMENT_SIZES; did you mean BITSUP_FRAGMENT_SIZE?"],
    );
    // Other people's variables, and those that the receiver gives its reply command.
    let others = [("BITSUP_VERSION", "1"), ("BITSUP_FILE", "x"), ("BITSUP_URL", "x"), ("BITSUP_SESSION", "x")];
    assert!(words("bitsup send a", &others, "").is_ok());
}

#[test]
fn what_makes_uploads_unsafe_and_secrets_are_never_read() {
    refused(&[], "insecure = true", &["FILE:1: insecure: --insecure is only taken from the command line"]);
    refused(&[("BITSUP_INSECURE", "1")], "", &["BITSUP_INSECURE: --insecure is only taken from the command line"]);
    refused(&[], "[host.h]\npassword = 'x'", &["FILE:2: password: no secret is read from here; use BITSUP_PASSWORD"]);
    refused(&[], "token = 'x'", &["token: no secret"]);
    assert!(
        words("bitsup send a", &[("BITSUP_PASSWORD", "x"), ("BITSUP_TOKEN", "y")], "")
            .is_ok_and(|words| words == "bitsup send a")
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_refused_with_its_place() {
    for (text, says) in [
        ("no-state = 1", "no-state: expected true or false, found a value of type integer"),
        ("retries = 'many'", "retries: \"many\" is wrong: invalid digit"),
        ("retries = 1.5", "expected a string, found a value of type float"),
        ("retries = 0x10", "expected a string"),
        ("verbose = true", "a number from 0 to 255"),
        ("verbose = 256", "a number from 0 to 255"),
        ("progress = 'sometimes'", "progress: \"sometimes\" is none of auto, bar"),
        ("header = [['a']]", "an array of strings"),
        ("fragment-size = ['a']", "found a value of type array"),
        ("fragment-size = \"a\\u0000\"", "a NUL"),
        ("fragment-size = '1'\nfragment_size = '2'", "set twice"),
        ("fragment-size = '1'\nfragment-size = '2'", "duplicate key"),
        ("[host]\nh = 1", "write [host.\"h\"]"),
        ("host = 'h'", "write [host.\"name\"]"),
        ("[host.'https://h/']", "is not a host"),
        ("serve = 1", "unknown setting serve"),
        ("a = = b", "FILE:1: "),
    ] {
        refused(&[], text, &["FILE:", says]);
    }
    // An option that can be repeated is a header field or the like: its text stays out of the message.
    refused(&[], "[host.h]\nallowed = ['A: s3cret']\n", &["allowed: a value is none of yes"]);
    let error = words("bitsup send a", &[("BITSUP_ALLOWED", "s3cret")], "").expect_err("refused");
    assert!(!error.contains("s3cret"), "{error}");
    refused(&[("BITSUP_RETRIES", "x")], "", &["BITSUP_RETRIES: \"x\" is wrong: invalid digit"]);
    refused(&[("BITSUP_NO_STATE", "perhaps")], "", &["BITSUP_NO_STATE: \"perhaps\" is neither true nor false"]);
    refused(&[("BITSUP_VERBOSE", "very")], "", &["not a number up to 255"]);
}

#[test]
fn paths_start_at_the_files_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config.toml");
    let file = |text: &str| SettingsFile { path: path.clone(), text: text.to_owned() };
    let cert = |text: &str| document::read(&file(text), &command()).expect("right").top[0].values[0].clone();
    assert_eq!(cert("cert = 'c.pem'"), folder.path().join("c.pem").into_os_string());
    assert_eq!(cert("cert = '-'"), "-");
    assert_eq!(cert("fragment-size = 'c'"), "c");
    assert!(!cert("cert = '~/c.pem'").to_string_lossy().contains('~'));
}

#[test]
fn a_complaint_about_a_setting_names_its_place() {
    let typed = ["bitsup", "send", "--no-config", "a"].map(OsString::from).to_vec();
    let completed = complete(&command(), typed, &environment(&[("BITSUP_FRAGMENT_SIZE", "big")]));
    let completed = completed.expect("clap takes any text");
    let blame = completed.blame("--fragment-size: no size, or auto");
    assert_eq!(blame.as_deref(), Some("--fragment-size is set by BITSUP_FRAGMENT_SIZE"));
    assert_eq!(completed.blame("--retries: wrong"), None);
}

#[test]
fn the_file_is_where_somebody_says_or_where_the_system_keeps_such() {
    let named = environment(&[("BITSUP_CONFIG", "e")]);
    let location = |typed: Option<&str>, environment| file::location(typed.map(AsRef::as_ref), environment);
    assert_eq!(location(Some("t"), &named).ok(), Some(Some(at("t", true))));
    assert_eq!(location(None, &named).ok(), Some(Some(at("e", true))));
    assert!(location(Some(""), &named).is_err());
    let usual = location(None, &environment(&[])).expect("right").expect("a home");
    assert!(usual.path.ends_with("bitsup/config.toml") && !usual.is_named);
    assert!(Sources::read(&command(), &named, None, true).is_ok(), "a missing file is not looked for");
}

fn at(path: impl Into<PathBuf>, is_named: bool) -> Location {
    Location { path: path.into(), is_named }
}

#[test]
fn a_file_that_is_not_to_be_trusted_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config.toml");
    let read = |location| file::read(location).map(|file| file.map(|file| file.text)).map_err(|error| error.0);
    assert_eq!(read(at(path.clone(), false)), Ok(None));
    assert!(read(at(path.clone(), true)).is_err_and(|error| error.contains("cannot read the settings in")));
    std::fs::write(&path, "\u{feff}retries = 1").expect("written");
    assert_eq!(read(at(path.clone(), false)), Ok(Some("retries = 1".to_owned())));
    assert!(read(at(folder.path(), false)).is_err_and(|error| error.contains("not a regular file")));
    assert!(read(at(folder.path(), true)).is_err_and(|error| error.contains("a directory")));
    std::fs::write(&path, [0xff, 0xfe, b'a', 0]).expect("written");
    assert!(read(at(path.clone(), true)).is_err_and(|error| error.contains("not UTF-8")));
    std::fs::write(&path, "#".repeat((1 << 20) + 1)).expect("written");
    assert!(read(at(path, true)).is_err_and(|error| error.contains("larger than 1 MiB")));
}

#[test]
#[cfg(unix)]
fn a_file_that_others_can_change_is_refused_and_a_link_is_not() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let (path, link) = (folder.path().join("config.toml"), folder.path().join("link"));
    std::fs::write(&path, "").expect("written");
    std::os::unix::fs::symlink(&path, &link).expect("linked");
    let read_with = |mode| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
        file::read(at(link.clone(), false)).map(|_| ()).map_err(|error| error.0)
    };
    assert_eq!(read_with(0o644), Ok(()));
    for mode in [0o664, 0o646, 0o666] {
        assert!(read_with(mode).is_err_and(|error| error.contains("others can change it")), "{mode:o}");
    }
}
