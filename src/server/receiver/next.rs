//! The next step of a request: a response, or first a question to the application.

use std::sync::Arc;

use super::slot::SessionSlot;
use crate::server::response::{Ack, RequestError, Response};

/// The next step of a request.
pub(crate) enum Next {
    Respond(Response),
    /// The application has to see the file first; [`super::Receiver::respond_after`] has the response then.
    AskApplication(PendingReply),
}

/// A complete file that the application has not seen yet, and the packet that waits for it.
#[derive(Clone)]
pub(crate) struct PendingReply {
    pub(super) slot: Arc<SessionSlot>,
    pub(super) closing: bool,
}

/// The response about a session, or the file to show to the application first if there is no Ack yet.
pub(super) fn next(slot: &Arc<SessionSlot>, closing: bool, result: Result<Option<Ack>, RequestError>) -> Next {
    match result.transpose() {
        None => Next::AskApplication(PendingReply { slot: Arc::clone(slot), closing }),
        Some(result) => Next::Respond(response_of(slot, result)),
    }
}

pub(super) fn response_of(slot: &SessionSlot, result: Result<Ack, RequestError>) -> Response {
    match result {
        // A session that is no more has no name to repeat.
        Err(RequestError::UnknownSession) => RequestError::UnknownSession.into(),
        result => Response::of(slot.session_id(), result),
    }
}
