//! The HTTP front: connections, time limits, and bodies. The only place that knows tokio.

mod application;
mod body;
mod connection;
mod connection_limit;
mod exchange;
mod response_body;
mod stream;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use application::Application;
use connection_limit::ConnectionLimiter;

use super::event::ServeEvent;
use super::limits::{ACCEPT_PAUSE, GRACE, MAX_CONNECTIONS, SWEEP, THREADS_END};
use super::receiver::Receiver;
use super::{Options, Server};

type OnEvent = Box<dyn FnMut(&ServeEvent) + Send>;

/// Stops a [`Server`], from any thread, any number of times, also before it runs.
#[derive(Debug, Clone)]
pub struct StopHandle(watch::Sender<bool>);

impl Default for StopHandle {
    fn default() -> Self {
        Self(watch::channel(false).0)
    }
}

impl StopHandle {
    /// Asks the server to stop. [`Server::run`] returns within two seconds.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// What all connections share.
struct Front {
    receiver: Arc<Receiver>,
    options: Options,
    tls: Option<Arc<rustls::ServerConfig>>,
    application: Application,
    on_event: Mutex<OnEvent>,
}

impl Front {
    fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    fn tell(&self, event: &ServeEvent) {
        (self.on_event.lock().unwrap_or_else(PoisonError::into_inner))(event);
    }
}

/// Serves until stopped.
pub(super) fn run(server: Server, on_event: OnEvent) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let Server { listener, address, options, receiver, tls, discarded, stop } = server;
    let stopped = Arc::clone(&receiver);
    let root = options.root.clone();
    let application = Application::default();
    let front = Arc::new(Front { receiver, options, tls, application, on_event: Mutex::new(on_event) });
    front.tell(&ServeEvent::Started { scheme: front.scheme(), address, root });
    for name in discarded {
        front.tell(&ServeEvent::StateDiscarded { name });
    }
    let result = runtime.block_on(async {
        let listener = TcpListener::from_std(listener)?;
        accept_until_stopped(&front, &listener, stop.0.subscribe()).await;
        Ok(())
    });
    runtime.shutdown_timeout(THREADS_END);
    stopped.settle_all();
    front.tell(&ServeEvent::Stopped);
    result
}

async fn accept_until_stopped(front: &Arc<Front>, listener: &TcpListener, mut stop: watch::Receiver<bool>) {
    let crowd = Arc::new(ConnectionLimiter::default());
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut sweep = interval(SWEEP);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stopping = stop.clone();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            _ = sweep.tick() => {
                let receiver = Arc::clone(&front.receiver);
                spawn_blocking(move || receiver.sweep(SystemTime::now()));
            }
            accepted = accept(listener, &places) => {
                let (stream, client, place) = accepted;
                // Whoever has too many is turned away without a word: an answer would cost more than the connection.
                let Some(admitted) = crowd.admit(client.ip(), front.options.limits.max_connections) else { continue };
                let (front, stop) = (Arc::clone(front), stopping.clone());
                tokio::spawn(async move {
                    connection::serve(front, stream, client, stop).await;
                    drop((admitted, place));
                });
            }
        }
    }
    // All places are free again when the last connection has ended.
    let all = u32::try_from(MAX_CONNECTIONS).unwrap_or(u32::MAX);
    let _ = timeout(GRACE, places.acquire_many(all)).await;
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<tokio::sync::OwnedSemaphorePermit>) {
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, client)) => return (stream, client, place),
            // Out of file descriptors, most likely: the connections there are will free some.
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
}
