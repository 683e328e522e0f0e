//! Who signs in, checked.

use std::path::PathBuf;

use etcetera::BaseStrategy;
use http::Uri;
use http::uri::Scheme as UriScheme;

use crate::auth::{AuthSettings, Choice, Scheme};
use crate::cli::args::AuthArgs;
use crate::protocol::Origin;

use super::UsageError;

/// Who signs in, and where from the secrets come.
#[derive(Debug, Clone)]
pub(in crate::cli) struct AuthConfig {
    /// Where to credentials may go; they are not read yet.
    pub(in crate::cli) identity: AuthSettings,
    pub(in crate::cli) user: Option<String>,
    pub(in crate::cli) secret: SecretSource,
    /// The option that wants it, and the file.
    pub(in crate::cli) netrc: Option<(&'static str, PathBuf)>,
}

/// Where the password or token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum SecretSource {
    PasswordFile(PathBuf),
    PasswordCommand(String),
    BearerFile(PathBuf),
    /// None was named: the environment may hold one, or the user can be asked.
    Unnamed,
}

impl AuthConfig {
    pub(in crate::cli) fn new(args: AuthArgs, origin: &Uri) -> Result<Self, UsageError> {
        let choice = args.auth;
        // As curl's users type it. No user of Basic, Digest or Windows has a colon in it.
        if args.user.as_ref().is_some_and(|user| user.contains(':')) {
            return Err(UsageError(
                "--user takes no password after a colon, as others could read it in the process list: use --password-file, \
                 --password-command or BITSUP_PASSWORD"
                    .to_owned(),
            ));
        }
        let netrc = match (args.netrc_file, args.netrc) {
            (Some(file), _) => Some(("--netrc-file", file)),
            (None, true) => Some(("--netrc", usual_netrc()?)),
            (None, false) => None,
        };
        let secret = match (args.password_file, args.password_command, args.bearer_file) {
            (Some(file), ..) => SecretSource::PasswordFile(file),
            (_, Some(command), _) => SecretSource::PasswordCommand(command),
            (.., Some(file)) => SecretSource::BearerFile(file),
            _ => SecretSource::Unnamed,
        };
        if matches!(secret, SecretSource::BearerFile(_)) && !matches!(choice, Choice::Auto | Choice::None) {
            return Err(UsageError("--bearer-file and --auth exclude each other".to_owned()));
        }
        let identity = AuthSettings {
            choice,
            allow_cleartext: args.allow_cleartext_auth,
            trusted_hosts: args.trust_host_id,
            headers: args.header.into_iter().collect(),
            ..AuthSettings::anonymous(origin)
        };
        let config = Self { identity, user: args.user, secret, netrc };
        let shows_secret =
            choice == Choice::Only(Scheme::Basic) || matches!(config.secret, SecretSource::BearerFile(_));
        if shows_secret && choice != Choice::None {
            config.check_cleartext()?;
        }
        Ok(config)
    }

    /// For files that may go to several servers, of which only one can have the credentials.
    pub(in crate::cli) fn for_all(args: AuthArgs, origins: &[&Uri]) -> Result<Self, UsageError> {
        let config = Self::new(args, origins.first().copied().unwrap_or(&Uri::default()))?;
        let server = Origin::of(&config.identity.origin);
        if config.names_credentials() && origins.iter().any(|url| Origin::of(url) != server) {
            return Err(UsageError(
                "credentials belong to one server, as does --header, and these files go to several: upload to one at a time".to_owned(),
            ));
        }
        Ok(config)
    }

    fn names_credentials(&self) -> bool {
        let is_named = self.user.is_some() || self.netrc.is_some() || self.secret != SecretSource::Unnamed;
        is_named || !self.identity.headers.is_empty()
    }

    /// Refuses to send a secret over http for all to read.
    pub(in crate::cli) fn check_cleartext(&self) -> Result<(), UsageError> {
        if self.identity.allow_cleartext || self.identity.origin.scheme() == Some(&UriScheme::HTTPS) {
            return Ok(());
        }
        Err(UsageError(
            "the secret would go over http for anybody on the way to read: use https, \
             or add --allow-cleartext-auth if the network can be trusted"
                .to_owned(),
        ))
    }
}

fn usual_netrc() -> Result<PathBuf, UsageError> {
    if let Some(file) = std::env::var_os("NETRC").filter(|file| !file.is_empty()) {
        return Ok(file.into());
    }
    let folders = etcetera::base_strategy::choose_native_strategy();
    let home = folders.map_err(|_| UsageError("no home directory with a .netrc: use --netrc-file".to_owned()))?;
    Ok(home.home_dir().join(if cfg!(windows) { "_netrc" } else { ".netrc" }))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn config(url: &'static str, args: &[&str]) -> Result<AuthConfig, String> {
        #[derive(Debug, Parser)]
        struct Options {
            #[command(flatten)]
            auth: AuthArgs,
        }
        let options = Options::try_parse_from(["bitsup"].iter().chain(args)).map_err(|e| e.to_string())?;
        AuthConfig::new(options.auth, &Uri::from_static(url)).map_err(|e| e.to_string())
    }

    #[test]
    fn sources_are_told_apart() {
        let given = |args| config("https://h/", args).expect("right");
        assert_eq!(given(&["-uDOM\\me"]).user.as_deref(), Some("DOM\\me"));
        assert_eq!(given(&["-ume", "--password-file=-"]).secret, SecretSource::PasswordFile("-".into()));
        assert_eq!(given(&["-ume", "--password-command=x"]).secret, SecretSource::PasswordCommand("x".into()));
        assert_eq!(given(&["--bearer-file=x"]).secret, SecretSource::BearerFile("x".into()));
        assert_eq!(given(&["--netrc-file=x"]).netrc, Some(("--netrc-file", "x".into())));
        assert_eq!(given(&["--auth=ntlm"]).identity.choice, Choice::Only(Scheme::Ntlm));
        assert_eq!(
            given(&["--trust-host-id=Node1", "--trust-host-id=[::1]"]).identity.trusted_hosts,
            ["node1", "[::1]"]
        );
    }

    #[test]
    fn header_fields_keep_their_order() {
        let headers = config("https://h/", &["-HX-Team: blue", "-H", "x-team: red"]).expect("right").identity.headers;
        assert_eq!(headers.get_all("x-team").iter().collect::<Vec<_>>(), ["blue", "red"]);
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for (args, right) in [
            (&["--password-file=x"][..], "--user"),
            (&["-ume", "--password-file=x", "--password-command=y"], "cannot be used with"),
            (&["-ume", "--bearer-file=x"], "cannot be used with"),
            (&["--bearer-file=x", "--auth=basic"], "--auth exclude each other"),
            (&["-ua:b", "--auth=basic"], "colon"),
            (&["-u", ""], "--user"),
            (&["--trust-host-id=h:80"], "without a port"),
            (&["--trust-host-id=u@h"], "no host"),
            (&["--auth=kerberos"], "negotiate"),
        ] {
            let error = config("https://h/", args).expect_err("refused");
            assert!(error.contains(right), "{args:?}: {error}");
        }
    }

    #[test]
    fn fault_52_secrets_over_http_want_to_be_allowed() {
        for args in [&["-ume", "--auth=basic"][..], &["--bearer-file=x"]] {
            let error = config("http://127.0.0.1/", args).expect_err("refused");
            assert!(error.contains("--allow-cleartext-auth"), "{error}");
            assert!(config("http://h/", &[args, &["--allow-cleartext-auth"]].concat()).is_ok());
        }
        assert!(config("http://h/", &["-ume"]).is_ok(), "the server may want something else");
    }
}
