//! Gives the session of an earlier run up.

use std::io;
use std::time::Instant;

use http::Uri;

use crate::auth::Authenticator;
use crate::protocol::ContentName;
use crate::transport::Transport;
use crate::uploader::UploadEvent;
use crate::uploader::{Action, Plan, ResumeState, Uploader};

use super::ClientError;
use super::sender::Client;

/// Sends Cancel-Session for a session of an upload to `destination`. One that the server does not know is cancelled.
/// Fails when the server cannot be told, or does not acknowledge it.
pub(crate) fn cancel(
    destination: &Uri,
    state: ResumeState,
    transport: &mut dyn Transport,
    authenticator: &mut Authenticator,
) -> Result<(), ClientError> {
    let plan = Plan { can_resume: false, ..Plan::new(destination.clone(), 0, ContentName::new("")) };
    let mut report = |_: &UploadEvent| {};
    let mut client = Client::new(transport, authenticator, &mut report);
    let mut uploader = Uploader::give_up(plan, state, Instant::now());
    while let Action::Send(packet) = uploader.next_action() {
        let input = client.send(&packet, &uploader, &mut io::empty())?;
        uploader = uploader.handle(input, Instant::now());
    }
    Ok(uploader.into_result()?)
}
