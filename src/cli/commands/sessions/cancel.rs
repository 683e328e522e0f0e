//! `bitsup sessions cancel ID`: gives an upload up, at the server first.

use anyhow::Context;

use crate::cli::args::{AuthArgs, ConnectArgs};
use crate::cli::config::{AuthConfig, ConnectConfig, UsageError};
use crate::cli::diagnosis::Diagnosis;
use crate::cli::secret;
use crate::client;
use crate::journal::{Journal, Record};
use crate::output::redact_url;
use crate::protocol::text::escape;
use crate::transport::Http;

use super::{find, say};

pub(super) fn run(
    journal: &Journal,
    id: &str,
    force: bool,
    auth: AuthArgs,
    connect: ConnectArgs,
) -> anyhow::Result<()> {
    let listed = journal.list().context("cannot list the unfinished uploads")?;
    let (listed, id) = find(&listed, id)?;
    if let Err(reason) = &listed.record {
        return Err(
            UsageError(format!("{id} cannot be cancelled, {reason}: `bitsup sessions prune` may remove it")).into()
        );
    }
    let taken = journal.take(listed.key).with_context(|| format!("cannot cancel {id}"))?;
    // It may have been finished or cancelled meanwhile.
    let Some(mut entry) = taken else {
        say(&format!("{id} is gone"));
        return Ok(());
    };
    let url = redact_url(&entry.record().url.to_string());
    let told = match tell_server(entry.record(), auth, connect) {
        Err(error) if force => {
            say(&format!("the server did not get the cancellation: {}", escape(Diagnosis::of(&error).what)));
            false
        }
        result => result.with_context(|| format!("cannot cancel the upload to {url}; --force forgets it here only"))?,
    };
    let file = escape(&entry.record().path);
    entry.forget();
    if let Some(warning) = entry.take_warnings().into_iter().next() {
        return Err(warning.into());
    }
    let done = if told { "cancelled" } else { "forgotten" };
    say(&format!("{done}: {file} to {url}"));
    Ok(())
}

/// Whether there was something to tell.
fn tell_server(record: &Record, auth: AuthArgs, connect: ConnectArgs) -> anyhow::Result<bool> {
    let Some(session) = &record.session else { return Ok(false) };
    if record.has_query && session.target.is_none() {
        return Err(UsageError("its URL has a query, which is not kept because it may hold a secret".to_owned()).into());
    }
    let mut login = secret::login(secret::identity(AuthConfig::new(auth, &record.url)?)?);
    let connect = ConnectConfig::new(connect)?;
    connect.warning.iter().for_each(|warning| say(&format!("warning: {warning}")));
    let mut http = Http::new(connect.settings(&record.url));
    client::cancel(&record.url, session.clone(), &mut http, &mut login).map(|()| true).map_err(anyhow::Error::from)
}
