//! The HTTP side: connections, time limits, and bodies. The only part that knows tokio.

mod application;
mod body;
mod connection;
mod context;
mod descriptors;
mod handler;
mod listeners;
mod response_body;
mod stream;

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::SystemTime;

use tokio::sync::{Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

pub(super) use context::ServerContext;

use super::event::ServeEvent;
use super::limits::{ACCEPT_PAUSE, GRACE, SWEEP, THREADS_END, network};
use super::listen::Listener;
use super::receiver::Receiver;
use crate::random;
use listeners::Listeners;
use stream::ConnectionFlags;

/// Stops a [`Server`](super::Server), from any thread, any number of times, also before it runs.
#[derive(Debug, Clone)]
pub struct StopHandle(watch::Sender<bool>);

impl Default for StopHandle {
    fn default() -> Self {
        Self(watch::channel(false).0)
    }
}

impl StopHandle {
    /// Asks the server to stop. [`Server::run`](super::Server::run) returns within two seconds.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

pub(super) fn run(
    listeners: Vec<Listener>,
    context: ServerContext,
    discarded: Vec<String>,
    stop: &StopHandle,
) -> io::Result<()> {
    // tokio panics without.
    random::bytes()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let context = Arc::new(context);
    let folder = context.options.root.to_string_lossy().into_owned();
    for listener in &listeners {
        context.tell(&ServeEvent::Started { url: listener.url(context.scheme()), folder: folder.clone() });
    }
    for name in discarded {
        context.tell(&ServeEvent::StateDiscarded { name });
    }
    let mut sweeper = Sweeper::default();
    let result = runtime.block_on(async {
        accept_until_stopped(&context, Listeners::new(listeners)?, stop.0.subscribe(), &mut sweeper).await;
        Ok(())
    });
    runtime.shutdown_timeout(THREADS_END);
    sweeper.end();
    context.receiver.settle_all();
    context.tell(&ServeEvent::Stopped);
    result
}

async fn accept_until_stopped(
    context: &Arc<ServerContext>,
    mut listeners: Listeners,
    mut stop: watch::Receiver<bool>,
    sweeper: &mut Sweeper,
) {
    let mut clients = BTreeMap::new();
    let most = descriptors::connections();
    let total = Arc::new(Semaphore::new(most));
    let mut idle = IdleConnections::default();
    let mut sweeps = interval(SWEEP);
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stopping = stop.clone();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            _ = sweeps.tick() => {
                sweeper.sweep(&context.receiver, &stopping);
            }
            accepted = listeners.accept() => {
                let Ok((stream, client)) = accepted else {
                    // Out of file descriptors, most likely: the connections there are will free some.
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                };
                // A client that has too many is turned away without a word: a response would cost more than the connection.
                let most = context.options.limits.max_connections;
                let permit = if context.options.trusted_proxies.trust(client) {
                    // Behind it are many clients.
                    Arc::default()
                } else if let Some(permit) = admit(&mut clients, client.ip(), most) {
                    permit
                } else {
                    context.tell(&ServeEvent::Refused { client, reason: "too many connections".to_owned() });
                    continue;
                };
                let mut stopping_now = stopping.clone();
                let total_permit = loop {
                    if total.available_permits() == 0 {
                        idle.let_one_go();
                    }
                    tokio::select! {
                        _ = stopping_now.wait_for(|stop| *stop) => break None,
                        permit = Arc::clone(&total).acquire_owned() => break Some(permit),
                        // By then another may be idle.
                        () = sleep(ACCEPT_PAUSE) => {}
                    }
                };
                let Some(total_permit) = total_permit else { break };
                let (context, stop, flags) = (Arc::clone(context), stopping.clone(), idle.add());
                tokio::spawn(async move {
                    connection::serve(context, stream, client, flags, stop).await;
                    drop((permit, total_permit));
                });
            }
        }
    }
    // All permits are back when the last connection has ended.
    let all = u32::try_from(most).unwrap_or(u32::MAX);
    let _ = timeout(GRACE, total.acquire_many(all)).await;
}

/// Removes what has expired, in a thread of its own.
#[derive(Default)]
struct Sweeper(Option<JoinHandle<()>>);

impl Sweeper {
    /// If there can be no thread now, the next time will do: tokio's own threads panic then, and here that would end the
    /// server.
    fn sweep(&mut self, receiver: &Arc<Receiver>, stop: &watch::Receiver<bool>) {
        if self.0.as_ref().is_some_and(|last| !last.is_finished()) {
            return;
        }
        let (receiver, stop) = (Arc::clone(receiver), stop.clone());
        let thread = std::thread::Builder::new().name("sweep".to_owned());
        self.0 = thread.spawn(move || receiver.sweep(SystemTime::now(), || !*stop.borrow())).ok();
    }

    /// Waits for it: it holds sessions that are to be settled, and the folder that the next server is to have.
    fn end(self) {
        if let Some(thread) = self.0 {
            let _ = thread.join();
        }
    }
}

/// The connections that there are, to find one that nothing is asked on.
#[derive(Default)]
struct IdleConnections(Vec<Weak<ConnectionFlags>>);

impl IdleConnections {
    /// The flags of one more.
    fn add(&mut self) -> Arc<ConnectionFlags> {
        self.0.retain(|flags| flags.strong_count() > 0);
        let flags = Arc::new(ConnectionFlags::default());
        self.0.push(Arc::downgrade(&flags));
        flags
    }

    /// Ends the one that has been idle longest, if one is: a new client has something to say.
    fn let_one_go(&self) {
        let idle = self.0.iter().filter_map(Weak::upgrade).filter(|flags| flags.is_idle());
        if let Some(longest) = idle.min_by_key(|flags| flags.last_used()) {
            longest.let_go();
        }
    }
}

/// A permit for one more connection of this client, unless it has `most` already. In the list is one clone more than there
/// are permits.
fn admit(clients: &mut BTreeMap<IpAddr, Arc<()>>, client: IpAddr, most: usize) -> Option<Arc<()>> {
    clients.retain(|_, permit| Arc::strong_count(permit) > 1);
    let permit = clients.entry(network(client)).or_default();
    (Arc::strong_count(permit) <= most).then(|| Arc::clone(permit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_are_counted_for_each_client_and_come_back() {
        let mut clients = BTreeMap::new();
        let (one, two) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let first = admit(&mut clients, one, 2);
        let second = admit(&mut clients, one, 2);
        assert!(first.is_some() && second.is_some() && admit(&mut clients, one, 2).is_none());
        assert!(admit(&mut clients, two, 2).is_some());
        drop(first);
        assert!(admit(&mut clients, one, 2).is_some());
        drop(second);
        assert!(admit(&mut clients, two, 2).is_some());
        assert_eq!(clients.len(), 1, "no client is remembered for ever");
    }
}
