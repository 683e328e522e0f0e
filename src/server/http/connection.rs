//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::super::client::Client;
use super::super::event::ServeEvent;
use super::super::limits::{MAX_FIELDS, MAX_HEAD};
use super::context::ServerContext;
use super::handler::RequestHandler;
use super::listeners::AcceptedStream;
use super::stream::{ConnectionFlags, WatchedStream};

/// The TLS library asks for 4 KiB at a time: a system call for each would take longer than decrypting them.
const READ_AHEAD: usize = 64 * 1024;

/// Serves a connection until it ends or the server stops.
pub(super) async fn serve(
    context: Arc<ServerContext>,
    stream: AcceptedStream,
    client: Client,
    flags: Arc<ConnectionFlags>,
    stop: watch::Receiver<bool>,
) {
    match stream {
        AcceptedStream::Tcp(stream) => {
            // Without it the responses are only later, so a failure is no reason to refuse the client.
            let _ = stream.set_nodelay(true);
            shake_hands(context, stream, client, flags, stop).await;
        }
        #[cfg(unix)]
        AcceptedStream::Unix(stream) => shake_hands(context, stream, client, flags, stop).await,
    }
}

async fn shake_hands<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    context: Arc<ServerContext>,
    stream: S,
    client: Client,
    flags: Arc<ConnectionFlags>,
    stop: watch::Receiver<bool>,
) {
    let Some(tls) = context.access.tls() else { return converse(context, stream, client, flags, stop).await };
    let stream = BufReader::with_capacity(READ_AHEAD, stream);
    let handshake = TlsAcceptor::from(tls).accept(stream);
    // A client that cannot agree on TLS was told so by TLS itself.
    let shaken = tokio::select! {
        shaken = timeout(context.options.limits.head_timeout, handshake) => shaken,
        () = flags.is_let_go() => return,
    };
    let refused = match shaken {
        Ok(Ok(stream)) => return converse(context, stream, client, flags, stop).await,
        Ok(Err(error)) => format!("no TLS handshake: {error}"),
        Err(_) => "no TLS handshake in time".to_owned(),
    };
    context.tell(&ServeEvent::Refused { client, reason: refused });
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    context: Arc<ServerContext>,
    stream: S,
    client: Client,
    flags: Arc<ConnectionFlags>,
    mut stop: watch::Receiver<bool>,
) {
    let service = service_fn(|request| {
        let (context, flags) = (Arc::clone(&context), Arc::clone(&flags));
        let handler = RequestHandler::new(context, flags, client, &request);
        Box::pin(async move { Ok::<_, Infallible>(handler.respond(request).await) })
    });
    let io = TokioIo::new(WatchedStream::new(stream, Arc::clone(&flags), context.options.limits));
    let mut connection = http1::Builder::new()
        .half_close(true)
        .header_read_timeout(None)
        .max_headers(MAX_FIELDS)
        .max_header_size(MAX_HEAD)
        .title_case_headers(true)
        .serve_connection(io, service);
    let asked_to_end = async {
        tokio::select! {
            stopped = stop.wait_for(|stop| *stop) => drop(stopped),
            () = flags.is_let_go() => {}
        }
    };
    let result = tokio::select! {
        result = poll_fn(|cx| connection.poll_without_shutdown(cx)) => result,
        () = asked_to_end => {
            // Nothing is lost with one whose place another client needs, unless it has asked for something since.
            if flags.gives_way() && !flags.busy.load(Ordering::Acquire) {
                return;
            }
            Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|cx| connection.poll_without_shutdown(cx)).await
        }
    };
    let stream = connection.into_parts().io.into_inner();
    if let Err(error) = &result {
        let unread = if error.is_parse() { Some("no head of a request") } else { stream.unread() };
        if let Some(what) = unread {
            context.tell(&ServeEvent::Refused { client, reason: format!("{what}: {error}") });
        }
    }
    let mut stream = stream.stream;
    if result.is_err() || flags.linger.load(Ordering::Acquire) {
        linger(stream, context.options.limits.linger).await;
    } else {
        // TLS announces its end here; the client need not hear it.
        let _ = timeout(context.options.limits.linger, stream.shutdown()).await;
    }
}

/// Lets the client read the last response: closing with unread bytes would reset the connection and lose it.
async fn linger(mut stream: impl AsyncRead + AsyncWrite + Unpin, time: Duration) {
    let drained = async {
        stream.shutdown().await?;
        let mut rubbish = vec![0; 32 << 10];
        while stream.read(&mut rubbish).await? > 0 {}
        Ok(())
    };
    // Whether it noticed is the client's business.
    let _: Result<Result<(), std::io::Error>, _> = timeout(time, drained).await;
}
