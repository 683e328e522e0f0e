//! Carries packets out: asks the session what to do, does it on the disk, and puts the response together.

mod close;
mod create;
mod download;
mod expiry;
mod fragment;
mod next;
mod quota;
mod reply;
mod sessions;
mod slot;
#[cfg(test)]
#[cfg(unix)]
mod tests;

use super::request::Request;
use super::response::{Ack, RequestError};
use crate::protocol::Packet;

pub(crate) use fragment::IncomingFragment;
pub(crate) use next::{Next, PendingReply};
use next::{next, response_of};
pub(crate) use sessions::{Caller, Receiver};

impl Receiver {
    /// Carries out any packet but a Fragment, whose body has to come first.
    pub(crate) fn handle(&self, caller: &Caller, request: &Request) -> Next {
        let target = &request.target;
        // Close-Session and Cancel-Session supersede a fragment whose body still comes in.
        let slot = |id| {
            self.slot(caller, id, target).inspect(|slot| {
                slot.supersede(None);
            })
        };
        Next::Respond(match &request.packet {
            Packet::Ping => Ok(Ack::Pong).into(),
            Packet::CreateSession { protocols, .. } => self.create(caller, protocols, target),
            Packet::CloseSession { session, .. } => match slot(session) {
                Ok(slot) => return next(&slot, true, self.close(&slot)),
                Err(error) => error.into(),
            },
            Packet::CancelSession { session } => match slot(session) {
                Ok(slot) => response_of(&slot, self.cancel(&slot)),
                Err(error) => error.into(),
            },
            Packet::Fragment { .. } => RequestError::Invalid("a fragment without a body").into(),
        })
    }
}
