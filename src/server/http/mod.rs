//! The HTTP side: connections, time limits, and bodies. The only part that knows tokio.

mod application;
mod body;
mod connection;
mod connection_limit;
mod context;
mod download;
mod handler;
mod response_body;
mod stream;

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use connection_limit::ConnectionLimiter;
pub(super) use context::ServerContext;

use super::event::ServeEvent;
use super::limits::{ACCEPT_PAUSE, GRACE, MAX_CONNECTIONS, SWEEP, THREADS_END};

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
    listener: StdListener,
    context: ServerContext,
    discarded: Vec<String>,
    stop: &StopHandle,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (address, context) = (listener.local_addr()?, Arc::new(context));
    let folder = context.options.root.to_string_lossy().into_owned();
    context.tell(&ServeEvent::Started { url: format!("{}://{address}/", context.scheme()), folder });
    for name in discarded {
        context.tell(&ServeEvent::StateDiscarded { name });
    }
    let result = runtime.block_on(async {
        let listener = TcpListener::from_std(listener)?;
        accept_until_stopped(&context, &listener, stop.0.subscribe()).await;
        Ok(())
    });
    runtime.shutdown_timeout(THREADS_END);
    context.receiver.settle_all();
    context.tell(&ServeEvent::Stopped);
    result
}

async fn accept_until_stopped(context: &Arc<ServerContext>, listener: &TcpListener, mut stop: watch::Receiver<bool>) {
    let limiter = Arc::new(ConnectionLimiter::default());
    let total = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut sweep = interval(SWEEP);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stopping = stop.clone();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            _ = sweep.tick() => {
                let receiver = Arc::clone(&context.receiver);
                spawn_blocking(move || receiver.sweep(SystemTime::now()));
            }
            accepted = accept(listener, &total) => {
                let (stream, client, total_permit) = accepted;
                // A client that has too many is turned away without a word: a response would cost more than the connection.
                let Some(permit) = limiter.admit(client.ip(), context.options.limits.max_connections) else { continue };
                let (context, stop) = (Arc::clone(context), stopping.clone());
                tokio::spawn(async move {
                    connection::serve(context, stream, client, stop).await;
                    drop((permit, total_permit));
                });
            }
        }
    }
    // All permits are back when the last connection has ended.
    let all = u32::try_from(MAX_CONNECTIONS).unwrap_or(u32::MAX);
    let _ = timeout(GRACE, total.acquire_many(all)).await;
}

async fn accept(
    listener: &TcpListener,
    total: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<tokio::sync::OwnedSemaphorePermit>) {
    let total_permit = Arc::clone(total).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, client)) => return (stream, client, total_permit),
            // Out of file descriptors, most likely: the connections there are will free some.
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
}
