//! The one sender of requests, for uploads, checks and cancelling: adds what HTTP and authentication want, shows both
//! heads, and hands on what came back as it is. The meaning of a response is not its business.

use std::io::{self, Read};

use http::header::{ACCEPT, ACCEPT_ENCODING, HOST, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Request, Response, StatusCode, Uri};

use crate::auth::{AuthStatus, Authenticator, SignInError};
use crate::exchange::{
    BodySent, CertificateWanted, ConnectionUse, RequestOptions, TlsFault, TransportError, TransportErrorKind,
};
use crate::protocol::text::escape;
use crate::protocol::{BitsError, Packet, PacketKind, header};
use crate::transport::{ResponseSink, Transport};
use crate::uploader::{Input, Reauthentication, UploadEvent, Uploader};

use super::cookies::Cookies;

/// The product name in `User-Agent`.
const PRODUCT: &str = concat!("bitsup/", env!("CARGO_PKG_VERSION"));

/// Sends requests on one connection after the other, as one user.
pub(crate) struct Client<'a> {
    pub(super) transport: &'a mut dyn Transport,
    pub(super) authenticator: &'a mut Authenticator,
    pub(super) report: &'a mut dyn FnMut(&UploadEvent),
    /// Within a session: a farm binds sessions to machines by them.
    cookies: Cookies,
    /// A session was used, so that the next one is another.
    had_session: bool,
}

/// The server refuses authentication.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}{}", packet.map_or_else(String::new, |packet| format!(", on {packet}")))]
pub struct NotSignedIn {
    /// On which packet; `None`: on a GET or HEAD.
    pub packet: Option<PacketKind>,
    /// Why.
    pub reason: SignInError,
    /// The server's refusal; `None`: it was not asked.
    #[source]
    pub said: Option<BitsError>,
}

/// Why a request got no response that counts.
#[derive(Debug)]
enum Unanswered {
    /// None came.
    Lost(TransportError),
    /// It was not sent, or refused, until it is authenticated anew.
    Unauthenticated { response: Option<Box<Response<()>>>, by: Reauthentication },
    /// The server refuses authentication.
    Refused(SignInError, Option<Box<Response<()>>>),
}

impl<'a> Client<'a> {
    pub(crate) fn new(
        transport: &'a mut dyn Transport,
        authenticator: &'a mut Authenticator,
        report: &'a mut dyn FnMut(&UploadEvent),
    ) -> Self {
        Self { transport, authenticator, report, cookies: Cookies::default(), had_session: false }
    }

    /// Sends `packet` to where `uploader` wants it, with `body` if it is a fragment.
    ///
    /// # Errors
    /// When the server refuses authentication.
    pub(crate) fn send(
        &mut self,
        packet: &Packet,
        uploader: &Uploader,
        body: &mut dyn Read,
    ) -> Result<Input, Box<NotSignedIn>> {
        match packet.kind() {
            PacketKind::CreateSession if std::mem::take(&mut self.had_session) => self.cookies.forget(),
            PacketKind::Fragment | PacketKind::CloseSession => self.had_session = true,
            _ => {}
        }
        let request = self.complete(packet.to_request(uploader.target()));
        let options = options(uploader);
        let sent = if packet.body_len() > 0 {
            self.send_once(request, options, body)
        } else {
            self.send_authenticated(&request, options, |transport, signed, options| {
                transport.exchange(signed, options, &mut io::empty())
            })
        };
        match sent {
            Ok(response) => {
                self.tell_response(packet.kind(), &response);
                Ok(for_want_of_certificate(packet.kind(), &response).map_or(Input::Responded(response), Input::Lost))
            }
            Err(Unanswered::Unauthenticated { response, by }) => {
                let mut body_sent = 0;
                if let Some(response) = response {
                    self.tell_response(packet.kind(), &response);
                    body_sent = response.extensions().get().map_or(0, |BodySent(bytes)| *bytes);
                }
                Ok(Input::Unauthenticated { body_sent, by })
            }
            Err(Unanswered::Lost(error)) if error.kind == TransportErrorKind::Interrupted => Ok(Input::Interrupted),
            Err(Unanswered::Lost(error)) => Ok(Input::Lost(error)),
            Err(Unanswered::Refused(reason, response)) => {
                let said = response.as_deref().map(BitsError::of);
                Err(Box::new(NotSignedIn { packet: Some(packet.kind()), reason, said }))
            }
        }
    }

    /// Sends a GET or HEAD. The sink sees only heads of responses that count, and of refusals.
    ///
    /// Returns the head, if one came, and whether the body arrived as far as the sink wanted it.
    pub(super) fn fetch(
        &mut self,
        method: Method,
        url: &Uri,
        fields: Vec<(HeaderName, HeaderValue)>,
        sink: &mut dyn ResponseSink,
    ) -> (Option<Response<()>>, Result<(), TransportError>) {
        let mut request = Request::new(());
        (*request.method_mut(), *request.uri_mut()) = (method, url.clone());
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("*/*"));
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        request.headers_mut().extend(fields);
        let request = self.complete(request);
        let mut sink = Kept { sink, head: None };
        let result = self.send_authenticated(&request, RequestOptions::default(), |transport, signed, options| {
            transport.fetch(signed, options, &mut sink)
        });
        match result {
            Ok(response) => (Some(response), Ok(())),
            Err(Unanswered::Lost(error)) => (sink.head, Err(error)),
            // Its status says it.
            Err(_) => {
                let mut refused = Response::new(());
                *refused.status_mut() = StatusCode::UNAUTHORIZED;
                (Some(refused), Ok(()))
            }
        }
    }

    /// A request without a body goes out as often as authentication takes.
    fn send_authenticated(
        &mut self,
        request: &Request<()>,
        options: RequestOptions,
        mut send: impl FnMut(&mut dyn Transport, Request<()>, RequestOptions) -> Result<Response<()>, TransportError>,
    ) -> Result<Response<()>, Unanswered> {
        let mut begun_again = false;
        loop {
            let mut signed = request.clone();
            let signed_options = self.prepare(&mut signed, options)?.unwrap_or(options);
            self.tell_request(&signed);
            let response = match send(self.transport, signed.clone(), signed_options) {
                Ok(response) => response,
                // Authentication on that connection begins anew on another, unless the request itself belongs to it.
                Err(error)
                    if error.kind == TransportErrorKind::NoConnection
                        && !begun_again
                        && options.connection != ConnectionUse::Same =>
                {
                    begun_again = true;
                    self.authenticator.on_disconnect(false);
                    continue;
                }
                Err(error) => {
                    self.authenticator.on_disconnect(error.request_was_sent);
                    return Err(Unanswered::Lost(error));
                }
            };
            self.learn(&signed, &response);
            match self.authenticator.on_response(&signed, &response) {
                Ok(AuthStatus::Complete) => return Ok(response),
                Ok(AuthStatus::Repeat | AuthStatus::SignInFirst) => {}
                Err(reason) => return Err(Unanswered::Refused(reason, Some(Box::new(response)))),
            }
        }
    }

    /// A request with a body goes out once: whether it does so again, the state machine decides.
    fn send_once(
        &mut self,
        mut request: Request<()>,
        options: RequestOptions,
        body: &mut dyn Read,
    ) -> Result<Response<()>, Unanswered> {
        let unsent = || Unanswered::Unauthenticated { response: None, by: Reauthentication::PingFirst };
        let options = self.prepare(&mut request, options)?.ok_or_else(unsent)?;
        self.tell_request(&request);
        let mut body = Counted { body, report: self.report, sent: 0 };
        let response = self.transport.exchange(request.clone(), options, &mut body).map_err(|error| {
            self.authenticator.on_disconnect(error.request_was_sent);
            if error.kind == TransportErrorKind::NoConnection { unsent() } else { Unanswered::Lost(error) }
        })?;
        self.learn(&request, &response);
        let by = match self.authenticator.on_response(&request, &response) {
            Ok(AuthStatus::Complete) => return Ok(response),
            Ok(AuthStatus::Repeat) => Reauthentication::Repeat,
            Ok(AuthStatus::SignInFirst) => Reauthentication::PingFirst,
            Err(reason) => return Err(Unanswered::Refused(reason, Some(Box::new(response)))),
        };
        Err(Unanswered::Unauthenticated { response: Some(Box::new(response)), by })
    }

    /// Signs a request, and keeps it to its connection if it must be. `None`: another is to sign in first.
    fn prepare(
        &mut self,
        request: &mut Request<()>,
        options: RequestOptions,
    ) -> Result<Option<RequestOptions>, Unanswered> {
        let connection =
            match self.authenticator.prepare(request).map_err(|reason| Unanswered::Refused(reason, None))? {
                None => return Ok(None),
                Some(ConnectionUse::Same) => ConnectionUse::Same,
                Some(wanted) if options.connection == ConnectionUse::Any => wanted,
                Some(_) => options.connection,
            };
        Ok(Some(RequestOptions { connection, ..options }))
    }

    /// Adds what HTTP wants besides the packet, and what the server asked to be told again.
    fn complete(&self, mut request: Request<()>) -> Request<()> {
        let host = request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
        if let Some(host) = host {
            request.headers_mut().insert(HOST, host);
        }
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
        self.cookies.add_to(&mut request);
        request
    }

    fn learn(&mut self, request: &Request<()>, response: &Response<()>) {
        self.cookies.learn(request.uri(), response.headers());
        (self.report)(&UploadEvent::ResponseHead(Box::new(response.clone().into_parts().0)));
    }

    fn tell_request(&mut self, request: &Request<()>) {
        (self.report)(&UploadEvent::RequestHead(Box::new(request.clone().into_parts().0)));
    }

    fn tell_response(&mut self, packet: PacketKind, response: &Response<()>) {
        (self.report)(&UploadEvent::Responded {
            packet,
            status: response.status(),
            next_offset: response.headers().get(header::RECEIVED_CONTENT_RANGE).map(|v| escape(v.as_bytes())),
        });
    }
}

/// Tells how much of a body went out.
struct Counted<'a> {
    body: &'a mut dyn Read,
    report: &'a mut dyn FnMut(&UploadEvent),
    sent: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.body.read(buffer)?;
        if count > 0 {
            // The bytes that were read before have been taken by the network by now.
            (self.report)(&UploadEvent::BytesSent(self.sent));
            self.sent += count as u64;
        }
        Ok(count)
    }
}

fn options(uploader: &Uploader) -> RequestOptions {
    let time = uploader.response_time();
    let connection = if uploader.needs_same_connection() {
        ConnectionUse::Same
    } else if uploader.needs_new_connection() {
        ConnectionUse::New
    } else {
        ConnectionUse::Any
    };
    RequestOptions { response_at_least: time.at_least, response_at_most: time.at_most, connection }
}

/// Hides the challenges from the sink, and keeps the head it saw: a body that breaks off leaves nothing else.
struct Kept<'a> {
    sink: &'a mut dyn ResponseSink,
    head: Option<Response<()>>,
}

impl ResponseSink for Kept<'_> {
    fn begin(&mut self, head: &Response<()>) -> bool {
        if head.status() == StatusCode::UNAUTHORIZED {
            return false;
        }
        self.head = Some(head.clone());
        self.sink.begin(head)
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.take(bytes)
    }
}

/// A web server that wants a certificate and got none says 403, and why only in the body (IIS: 403.7). It says so at once:
/// one that let a packet in before asked for a certificate, but does not insist, and its 403 means something else.
fn for_want_of_certificate(packet: PacketKind, response: &Response<()>) -> Option<TransportError> {
    let wanted = response.extensions().get::<CertificateWanted>()?;
    let may_mean_it = match wanted {
        CertificateWanted::AtHandshake => packet == PacketKind::Ping,
        // The server may ask only for what changes something.
        CertificateWanted::ByRenegotiation => packet.is_opening(),
    };
    if !may_mean_it || response.status() != StatusCode::FORBIDDEN || BitsError::of(response).is_from_bits() {
        return None;
    }
    let (fault, how) = match wanted {
        CertificateWanted::AtHandshake => (TlsFault::CertificateWanted, "in the TLS handshake"),
        CertificateWanted::ByRenegotiation => {
            (TlsFault::Renegotiation, "by renegotiation, a second TLS handshake that bitsup does not do")
        }
    };
    let detail = format!("the server responded 403 after it had asked for a client certificate {how}");
    Some(TransportError::after_request(TransportErrorKind::Tls(fault), detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_403_is_for_want_of_a_certificate_only_where_nothing_was_let_in_before() {
        let refused = |packet, wanted| {
            let mut response = Response::new(());
            *response.status_mut() = StatusCode::FORBIDDEN;
            response.extensions_mut().insert(wanted);
            for_want_of_certificate(packet, &response).is_some()
        };
        for (packet, at_handshake, by_renegotiation) in [
            (PacketKind::Ping, true, true),
            (PacketKind::CreateSession, false, true),
            (PacketKind::Fragment, false, false),
            (PacketKind::CloseSession, false, false),
        ] {
            assert_eq!(refused(packet, CertificateWanted::AtHandshake), at_handshake, "{packet}");
            assert_eq!(refused(packet, CertificateWanted::ByRenegotiation), by_renegotiation, "{packet}");
        }
    }
}
