//! From where secrets are to what somebody signs in with.

use std::io;
use std::path::Path;

use super::netrc::{self, NetrcLogin};
use super::{from_command, from_environment, from_file, in_environment, prompt, token, token_from_file};
use crate::auth::{AuthSettings, Authenticator, Choice, Credentials, Password, Secret, Token};
use crate::cli::config::{AuthConfig, SecretSource, UsageError};
use crate::client::ClientError;
use crate::protocol::Origin;

/// Somebody who has not signed in yet.
pub(in crate::cli) fn login(identity: AuthSettings) -> Authenticator {
    Authenticator::new(identity, || *uuid::Uuid::new_v4().as_bytes())
}

/// Whoever is to sign in, with all secrets read.
///
/// # Errors
/// When a secret cannot be had.
pub(in crate::cli) fn identity(config: AuthConfig) -> anyhow::Result<AuthSettings> {
    let credentials = if config.choice == Choice::None { None } else { credentials(&config)? };
    if matches!(credentials, Some(Credentials::Token(_))) {
        config.check_cleartext()?;
    }
    Ok(AuthSettings {
        origin: config.origin,
        trusted_hosts: config.trusted_hosts,
        credentials,
        choice: config.choice,
        allow_cleartext: config.allow_cleartext,
        headers: config.headers,
    })
}

/// What is named on the command line goes before the environment, that before netrc, and asking comes last.
fn credentials(config: &AuthConfig) -> anyhow::Result<Option<Credentials>> {
    if let SecretSource::BearerFile(file) = &config.secret {
        return Ok(Some(Credentials::Token(in_token_file(file)?)));
    }
    let Some(user) = &config.user else {
        if let Some(login) = in_netrc(config)? {
            return Ok(Some(password(login.user, login.password)));
        }
        // A token is of no use to the ways that want a password.
        let is_wanted = config.choice == Choice::Auto;
        let token = if is_wanted { in_environment("BITSUP_TOKEN", token).map_err(UsageError)? } else { None };
        return Ok(token.map(|secret| Credentials::Token(Token::new(secret))));
    };
    let secret = match &config.secret {
        SecretSource::PasswordFile(file) => from_file("--password-file", file)?,
        SecretSource::PasswordCommand(command) => from_command("--password-command", command)?,
        _ => match environment("BITSUP_PASSWORD")? {
            Some(secret) => secret,
            None => match in_netrc(config)? {
                Some(login) => login.password,
                None => ask(user, config)?,
            },
        },
    };
    Ok(Some(password(user.clone(), secret)))
}

/// The file is looked at again when the server refuses the token; standard input holds only one.
fn in_token_file(file: &Path) -> Result<Token, UsageError> {
    let read = |file: &Path| token_from_file("--bearer-file", file);
    let token = Token::new(read(file)?);
    if file == Path::new("-") {
        return Ok(token);
    }
    let file = file.to_owned();
    Ok(token.with_newer(move || read(&file).ok()))
}

fn password(user: String, password: Secret) -> Credentials {
    Credentials::Password(Password { user, password })
}

fn environment(name: &str) -> Result<Option<Secret>, UsageError> {
    from_environment(name).map_err(UsageError)
}

fn in_netrc(config: &AuthConfig) -> Result<Option<NetrcLogin>, UsageError> {
    let Some((option, file)) = &config.netrc else { return Ok(None) };
    let origin = Origin::of(&config.origin);
    let host = origin.host();
    let login = netrc::find(option, file, host, config.user.as_deref())?;
    if login.is_none() && config.user.is_none() {
        return Err(UsageError(format!("{option}: {} has no login for {host}", file.display())));
    }
    Ok(login)
}

fn ask(user: &str, config: &AuthConfig) -> anyhow::Result<Secret> {
    let shown = |text: &str| crate::protocol::text::escape(text);
    let host = config.origin.authority().map_or("", |authority| authority.as_str());
    match prompt(&format!("Password of {} at {}", shown(user), shown(host))) {
        Ok(secret) => Ok(secret),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            Err(ClientError::Interrupted { can_go_on: false }.into())
        }
        Err(error) => Err(UsageError(format!(
            "--user needs a password, but {error}: add --password-file or --password-command, or set BITSUP_PASSWORD"
        ))
        .into()),
    }
}
