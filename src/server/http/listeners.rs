//! All sockets that connections come in on.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

use super::super::client::Client;
use super::super::listen::Listener;
#[cfg(unix)]
use super::super::listen::SocketFile;

pub(super) enum AcceptedStream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

enum Open {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener, #[expect(dead_code, reason = "removes the socket's name in the end")] SocketFile),
}

impl Open {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(AcceptedStream, Client)>> {
        match self {
            Self::Tcp(listener) => listener
                .poll_accept(cx)
                .map_ok(|(stream, address)| (AcceptedStream::Tcp(stream), Client::Peer(address))),
            #[cfg(unix)]
            Self::Unix(listener, _) => {
                listener.poll_accept(cx).map_ok(|(stream, _)| (AcceptedStream::Unix(stream), Client::Local))
            }
        }
    }
}

pub(super) struct Listeners {
    open: Vec<Open>,
    /// The one that is asked first.
    next: usize,
}

impl Listeners {
    /// Needs the runtime.
    pub(super) fn new(listeners: Vec<Listener>) -> io::Result<Self> {
        let open = listeners.into_iter().map(|listener| match listener {
            Listener::Tcp(listener, _) => TcpListener::from_std(listener).map(Open::Tcp),
            #[cfg(unix)]
            Listener::Unix(listener, file) => {
                UnixListener::from_std(listener).map(|listener| Open::Unix(listener, file))
            }
        });
        Ok(Self { open: open.collect::<io::Result<_>>()?, next: 0 })
    }

    /// The next connection. Each socket has its turn: one that is flooded does not keep the others out.
    pub(super) async fn accept(&mut self) -> io::Result<(AcceptedStream, Client)> {
        poll_fn(|cx| {
            for turn in 0..self.open.len() {
                let index = (self.next + turn) % self.open.len();
                if let Poll::Ready(accepted) = self.open[index].poll_accept(cx) {
                    self.next = index + 1;
                    return Poll::Ready(accepted);
                }
            }
            Poll::Pending
        })
        .await
    }
}
