//! `bitsup sessions cancel ID`: gives an upload up, at the server first.

use anyhow::Context;

use crate::auth::Login;
use crate::cli::args::{AuthArgs, ConnectArgs};
use crate::cli::config::{AuthConfig, ConnectConfig, UsageError};
use crate::cli::secret;
use crate::driver::{DriverError, Unanswered, complete, exchange};
use crate::journal::{Journal, Record, SavedSession};
use crate::output::redact_url;
use crate::protocol::text::escape;
use crate::protocol::{Answer, Packet, PacketKind, ack};
use crate::transport::{Http, RequestOptions, Settings};
use crate::uploader::{Refusal, UploadError};

use super::{find, say};

pub(super) fn run(
    journal: &Journal,
    id: &str,
    force: bool,
    auth: AuthArgs,
    connect: ConnectArgs,
) -> anyhow::Result<()> {
    let listed = journal.list().context("cannot list the unfinished uploads")?;
    let (listed, id) = find::one(&listed, id)?;
    if let Err(reason) = &listed.record {
        return Err(
            UsageError(format!("{id} cannot be cancelled, {reason}: `bitsup sessions prune` may remove it")).into()
        );
    }
    let taken = journal.take(listed.key).with_context(|| format!("cannot cancel {id}"))?;
    // It may have been finished or cancelled meanwhile.
    let Some(entry) = taken else {
        say(&format!("{id} is gone"));
        return Ok(());
    };
    let url = redact_url(&entry.record().url.to_string());
    let told = match tell_server(entry.record(), auth, connect) {
        Err(error) if force => {
            say(&format!("the server was not told: {}", escape(format!("{error:#}"))));
            false
        }
        result => result.with_context(|| format!("cannot cancel the upload to {url}; --force forgets it here only"))?,
    };
    let file = escape(&entry.record().path);
    if let Some(warning) = entry.finished().into_iter().next() {
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
    connect.warnings.iter().for_each(|warning| say(&format!("warning: {warning}")));
    cancel(record, session, connect.settings(&record.url), &mut login).map(|()| true).map_err(anyhow::Error::from)
}

fn cancel(record: &Record, session: &SavedSession, settings: Settings, login: &mut Login) -> Result<(), DriverError> {
    let packet = PacketKind::CancelSession;
    let target = session.target.as_ref().unwrap_or(&record.url);
    let request = complete(Packet::CancelSession { session: session.id.clone() }.to_request(target));
    let answer = match exchange(&mut Http::new(settings), login, &mut |_| {}, &request, RequestOptions::default()) {
        Ok(answer) => answer,
        Err(Unanswered::Lost(error)) => return Err(UploadError::Lost { packet, error }.into()),
        Err(Unanswered::Refused(refused)) => return Err(DriverError::SignIn { packet, refused }),
    };
    match ack::end_of_session(&answer, &session.id) {
        Ok(Answer::Ack(())) => Ok(()),
        Ok(Answer::Refused(error)) => match Refusal::classify(&error, packet) {
            // It forgot it by itself.
            Refusal::SessionNotFound => Ok(()),
            refusal => Err(UploadError::Refused { packet, refusal, error }.into()),
        },
        Err(error) => Err(UploadError::BadAnswer { packet, error }.into()),
    }
}
