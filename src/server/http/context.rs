//! State that all connections share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use crate::server::event::ServeEvent;
use crate::server::limits::MAX_COMMANDS;
use crate::server::lock::lock;
use crate::server::options::Options;
use crate::server::receiver::Receiver;
use crate::server::response::RequestError;

pub(crate) type OnEvent = Box<dyn FnMut(&ServeEvent) + Send>;

/// The end of a command: nothing until then, and after it why it could not be carried out, if so.
pub(super) type CommandEnd = watch::Receiver<Option<RequestError>>;

pub(crate) struct ServerContext {
    pub(super) receiver: Arc<Receiver>,
    pub(super) options: Options,
    pub(super) tls: Option<Arc<rustls::ServerConfig>>,
    /// The reply commands that run, by session.
    pub(super) commands: Mutex<HashMap<Uuid, CommandEnd>>,
    /// One for each more that may run.
    pub(super) command_permits: Semaphore,
    on_event: Mutex<OnEvent>,
}

impl ServerContext {
    pub(crate) fn new(
        receiver: Arc<Receiver>,
        options: Options,
        tls: Option<Arc<rustls::ServerConfig>>,
        on_event: OnEvent,
    ) -> Self {
        let (commands, command_permits) = (Mutex::default(), Semaphore::new(MAX_COMMANDS));
        Self { receiver, options, tls, commands, command_permits, on_event: Mutex::new(on_event) }
    }

    pub(super) fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    pub(super) fn tell(&self, event: &ServeEvent) {
        lock(&self.on_event)(event);
    }
}
