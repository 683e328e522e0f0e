//! From the options of authentication to credentials.

use std::io;
use std::path::Path;

use super::netrc;
use super::{from_command, from_environment, from_file, password, prompt, token};
use crate::auth::{AuthSettings, Authenticator, Choice, Credentials, Password, Secret, Token};
use crate::cli::config::{AuthConfig, SecretSource, UsageError};
use crate::client::ClientError;
use crate::protocol::Origin;
use crate::protocol::text::escape;
use crate::random;

/// Credentials that no server has seen yet.
pub(in crate::cli) fn login(identity: AuthSettings) -> Authenticator {
    Authenticator::new(identity, random::bytes)
}

/// The identity of a run, with all secrets read.
///
/// # Errors
/// When a secret cannot be had.
pub(in crate::cli) fn identity(config: AuthConfig) -> anyhow::Result<AuthSettings> {
    if config.identity.choice == Choice::None {
        return Ok(config.identity);
    }
    let credentials = credentials(&config)?;
    if matches!(credentials, Some(Credentials::Token(_))) {
        config.check_cleartext()?;
    }
    Ok(AuthSettings { credentials, ..config.identity })
}

/// The command line goes before the environment, the environment before netrc, and a prompt comes last.
fn credentials(config: &AuthConfig) -> anyhow::Result<Option<Credentials>> {
    if let SecretSource::BearerFile(file) = &config.secret {
        return Ok(Some(Credentials::Token(in_token_file(file)?)));
    }
    let Some(user) = &config.user else {
        if let Some(login) = in_netrc(config)? {
            return Ok(Some(Credentials::Password(login)));
        }
        // A token is of no use to the ways that want a password.
        let is_wanted = config.identity.choice == Choice::Auto;
        let token = if is_wanted { from_environment("BITSUP_TOKEN", token)? } else { None };
        return Ok(token.map(|secret| Credentials::Token(Token::new(secret))));
    };
    let password = match &config.secret {
        SecretSource::PasswordFile(file) => from_file("--password-file", file, password)?,
        SecretSource::PasswordCommand(command) => from_command("--password-command", command)?,
        _ => match from_environment("BITSUP_PASSWORD", password)? {
            Some(password) => password,
            None => match in_netrc(config)? {
                Some(login) => login.password,
                None => ask(user, config)?,
            },
        },
    };
    Ok(Some(Credentials::Password(Password { user: user.clone(), password })))
}

/// The file is looked at again when the server refuses the token; standard input holds only one.
fn in_token_file(file: &Path) -> Result<Token, UsageError> {
    let read = |file: &Path| from_file("--bearer-file", file, token);
    let token = Token::new(read(file)?);
    if file == Path::new("-") {
        return Ok(token);
    }
    let file = file.to_owned();
    Ok(token.with_newer(move || read(&file).ok()))
}

fn in_netrc(config: &AuthConfig) -> Result<Option<Password>, UsageError> {
    let Some((option, file)) = &config.netrc else { return Ok(None) };
    let origin = Origin::of(&config.identity.origin);
    let host = origin.host();
    let login = netrc::find(option, file, host, config.user.as_deref())?;
    if login.is_none() && config.user.is_none() {
        return Err(UsageError(format!("{option}: {} has no login for {host}", file.display())));
    }
    Ok(login)
}

fn ask(user: &str, config: &AuthConfig) -> anyhow::Result<Secret> {
    let host = config.identity.origin.authority().map_or("", |authority| authority.as_str());
    match prompt(&format!("Password of {} at {}", escape(user), escape(host))) {
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
