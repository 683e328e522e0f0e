//! `bitsup serve`: from what was typed to what is meant, checked.

use std::num::NonZeroU64;
use std::path::Path;

use crate::cli::args::ServeArgs;
use crate::cli::secret;
use crate::server::{Account, Options, TlsFiles, TrustedProxies};

use super::UsageError;

/// The receiver's options from the arguments.
pub(in crate::cli) fn options(args: ServeArgs) -> Result<Options, UsageError> {
    check_reach(&args)?;
    check_secrets(&args)?;
    if cfg!(windows) && args.file_mode.is_some() {
        return Err(UsageError(
            "--file-mode: Windows has no such permissions; files inherit the directory's".to_owned(),
        ));
    }
    let mut options = Options::new(args.dir, (std::net::Ipv4Addr::LOCALHOST, 0).into());
    options.listen = args.listen;
    options.trusted_proxies = TrustedProxies(args.trust_forwarded_for);
    options.health = args.health;
    options.account = match (&args.user, &args.password_file) {
        (Some(user), Some(file)) => Some(account(user, file)?),
        _ => None,
    };
    options.tls = args.tls_cert.zip(args.tls_key).map(|(cert, key)| TlsFiles { cert, key });
    options.allow_read = args.allow_read;
    options.reply_command = args.reply_command;
    options.allow_overwrite = args.overwrite;
    options.file_mode = args.file_mode;
    options.limits.max_size = args.max_size.map(NonZeroU64::get);
    options.limits.max_fragment = args.max_fragment.map(NonZeroU64::get);
    options.limits.max_temp = args.max_temp.map(NonZeroU64::get);
    options.limits.max_connections = args.max_connections.get();
    options.limits.max_sessions = args.max_sessions.get();
    if let Some(timeout) = args.session_timeout {
        options.limits.session_timeout = timeout;
    }
    options.host_id = args.host_id;
    options.host_id_fallback_timeout = args.host_id_fallback_timeout;
    Ok(options)
}

/// A receiver that other machines can reach names who may upload, and takes no password in clear text.
fn check_reach(args: &ServeArgs) -> Result<(), UsageError> {
    let Some(listen) = args.listen.iter().find(|listen| listen.may_be_reached()) else { return Ok(()) };
    if args.user.is_none() && !args.allow_anonymous {
        return Err(UsageError(format!(
            "--listen {listen} can be reached from other machines, and anyone could upload: \
             add --user and --password-file, or --allow-anonymous if you want that"
        )));
    }
    if args.user.is_some() && args.tls_cert.is_none() && !args.allow_cleartext_auth {
        return Err(UsageError(format!(
            "--user on --listen {listen} sends the password over the network for all to read: \
             add --tls-cert and --tls-key, or --allow-cleartext-auth if something in front does TLS"
        )));
    }
    Ok(())
}

/// A client that may read or replace files must not reach the receiver's own secrets.
fn check_secrets(args: &ServeArgs) -> Result<(), UsageError> {
    if !args.allow_read && !args.overwrite {
        return Ok(());
    }
    let real = |path: &Path| path.canonicalize().ok();
    let Some(root) = real(&args.dir) else { return Ok(()) };
    let files = [("--tls-key", &args.tls_key), ("--password-file", &args.password_file)];
    let inside = |path: &Path| real(path).is_some_and(|path| path.starts_with(&root));
    match files.iter().find_map(|(option, path)| path.as_deref().filter(|path| inside(path)).map(|path| (option, path)))
    {
        None => Ok(()),
        Some((option, path)) => {
            let (what, switch) = if args.allow_read { ("read", "--allow-read") } else { ("replace", "--overwrite") };
            Err(UsageError(format!(
                "{option} {} is in the directory that is served, and with {switch} clients could {what} it: \
                 move it elsewhere",
                path.display()
            )))
        }
    }
}

fn account(user: &str, file: &Path) -> Result<Account, UsageError> {
    let password = secret::from_file("--password-file", file, secret::password)?;
    Account::new(user, password.reveal()).map_err(|error| UsageError(format!("--user and --password-file: {error}")))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;

    use super::*;
    use crate::cli::args::{Cli, Command};
    use crate::server::Limits;

    fn served(args: &[&str]) -> Result<Options, String> {
        let cli = Cli::try_parse_from(["bitsup", "serve"].iter().chain(args)).map_err(|e| e.to_string())?;
        match cli.command {
            Command::Serve(args) => options(*args).map_err(|e| e.to_string()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_help_calls_the_default_is_the_receivers() {
        assert_eq!(served(&[]).expect("right").limits, Limits::default());
    }

    #[test]
    fn a_receivers_limits_are_read() {
        let options = served(&[
            "--session-timeout=2h",
            "--max-sessions=7",
            "--max-temp=1G",
            "--max-connections=9",
            "--host-id=node1:8080",
            "--host-id-fallback-timeout=10m",
        ]);
        let options = options.expect("right");
        assert_eq!(options.limits.session_timeout.as_secs(), 7200);
        assert_eq!(
            (options.limits.max_sessions, options.limits.max_connections, options.limits.max_temp),
            (7, 9, Some(1 << 30))
        );
        assert_eq!(options.host_id.map(|host| host.to_string()).as_deref(), Some("node1:8080"));
        assert_eq!(options.host_id_fallback_timeout.map(|time| time.as_secs()), Some(600));
    }

    #[test]
    fn a_receivers_wrong_limits_are_refused_with_what_is_right() {
        for (args, right) in [
            (&["--session-timeout=14x"][..], "14d"),
            (&["--session-timeout=0"], "at least one second"),
            (&["--max-size=0"], "at least one byte"),
            (&["--max-temp=much"], "512k"),
            (&["--max-sessions=0"], "--max-sessions"),
            (&["--host-id=a/b"], "not a host"),
            (&["--host-id-fallback-timeout=10m"], "--host-id"),
        ] {
            let error = served(args).expect_err("refused");
            assert!(error.contains(right), "{args:?}: {error}");
        }
    }

    #[test]
    fn fault_55_whoever_can_be_reached_says_who_may_come_in() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        fs::write(&file, "s3cret\nsecond line\n").unwrap();
        let given = format!("--password-file={}", file.display());
        close_to_others(&file);
        let all = "--listen=0.0.0.0:0";
        let user = ["--user=me", &given];
        for (args, right) in [
            (vec![all], "--allow-anonymous"),
            (vec!["--listen=[::]:0"], "--allow-anonymous"),
            (vec!["--listen=127.0.0.1:0", "--listen=[::]:0"], "--allow-anonymous"),
            #[cfg(unix)]
            (vec!["--listen=systemd"], "--allow-anonymous"),
            (vec![all, user[0], user[1]], "--allow-cleartext-auth"),
            (vec![user[0]], "--password-file"),
            (vec![user[1]], "--user"),
            (vec!["--allow-anonymous", user[0], user[1]], "--allow-anonymous"),
            (vec!["--tls-cert=a"], "--tls-key"),
        ] {
            let error = served(&args).expect_err("refused");
            assert!(error.contains(right), "{args:?}: {error}");
        }
        assert!(served(&[all, "--allow-anonymous"]).unwrap().account.is_none());
        assert!(served(&[]).unwrap().account.is_none(), "on loopback");
        for args in
            [vec!["--listen=[::1]:0"], vec![all, "--allow-cleartext-auth"], vec![all, "--tls-cert=a", "--tls-key=b"]]
        {
            let options = served(&[&args[..], &user].concat()).unwrap();
            assert_eq!(options.account.expect("an account").name(), "me");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_password_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "s3cret\n").unwrap();
        let given = format!("--password-file={}", file.path().display());
        for (mode, refused) in [(0o604, true), (0o640, true), (0o600, false), (0o400, false)] {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
            let options = served(&["--user=me", &given]);
            assert_eq!(options.is_err_and(|error| error.contains("chmod 600")), refused, "{mode:o}");
        }
        fs::write(file.path(), "\n").unwrap();
        assert!(served(&["--user=me", &given]).is_err_and(|error| error.contains("empty")));
        assert!(served(&["--user=me", "--password-file=/no/such/file"]).is_err());
    }

    fn close_to_others(file: &Path) {
        #[cfg(unix)]
        fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        #[cfg(not(unix))]
        let _ = file;
    }
}
