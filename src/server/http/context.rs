//! State that all connections share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use crate::server::access::Access;
use crate::server::event::ServeEvent;
use crate::server::http::StopHandle;
use crate::server::limits::MAX_COMMANDS;
use crate::server::options::Options;
use crate::server::receiver::Receiver;
use crate::server::response::RequestError;
use crate::sync::lock;

pub(crate) type OnEvent = Box<dyn FnMut(&ServeEvent) + Send>;

/// The end of a command: nothing until then, and after it why it could not be carried out, if so.
pub(super) type CommandEnd = watch::Receiver<Option<RequestError>>;

pub(crate) struct ServerContext {
    pub(super) receiver: Arc<Receiver>,
    pub(super) options: Options,
    /// The account and the certificate, which may be replaced while the server runs.
    pub(super) access: Arc<Access>,
    pub(super) stop: StopHandle,
    /// The reply commands that run, by session.
    pub(super) commands: Mutex<BTreeMap<Uuid, CommandEnd>>,
    /// One for each more that may run.
    pub(super) command_permits: Semaphore,
    on_event: Mutex<OnEvent>,
}

impl ServerContext {
    pub(crate) fn new(
        receiver: Arc<Receiver>,
        options: Options,
        access: Arc<Access>,
        stop: StopHandle,
        on_event: OnEvent,
    ) -> Self {
        let (commands, command_permits) = (Mutex::default(), Semaphore::new(MAX_COMMANDS));
        Self { receiver, options, access, stop, commands, command_permits, on_event: Mutex::new(on_event) }
    }

    pub(super) fn scheme(&self) -> &'static str {
        if self.options.tls.is_some() { "https" } else { "http" }
    }

    pub(super) fn tell(&self, event: &ServeEvent) {
        lock(&self.on_event)(event);
    }
}
