//! HTTP proxies: a tunnel by CONNECT (RFC 9110 section 9.3.6), or whole URLs in requests (RFC 9112 section 3.2.2).

use http::StatusCode;
use zeroize::Zeroizing;

use crate::exchange::{TransportError, TransportErrorKind as Kind};
use crate::protocol::error::schemes_of;
use crate::transport::response_head::ResponseHead;
use crate::transport::speech::of_stranger;

use super::{MAY_BE_SOCKS, Proxy, TunnelHandshake};

impl TunnelHandshake<'_> {
    /// Has an HTTP proxy connect to `authority`, a host and port. Bytes on the stream after this are the server's.
    pub(in crate::transport) fn tunnel(&mut self, proxy: &Proxy, authority: &str) -> Result<(), TransportError> {
        let mut request = Zeroizing::new(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n"));
        request.push_str(&proxy.authorization());
        request.push_str("\r\n");
        let ask = |handshake: &mut Self| {
            handshake.send(request.as_bytes())?;
            handshake.receive_head()
        };
        let head = if proxy.credentials.is_some() { self.prove(ask)? } else { ask(self)? };
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.")?.get(2..5)?.parse::<u16>().ok());
        let status = status.and_then(|code| StatusCode::from_u16(code).ok());
        match status {
            Some(status) if status.is_success() => Ok(()),
            // 401 is tinyproxy's word for a wrong password.
            Some(status @ (StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::UNAUTHORIZED)) => {
                Err(unknown_to(proxy, status, lines))
            }
            // It could not reach the server, or is too busy: that may pass.
            Some(status) if status.is_server_error() || matches!(status.as_u16(), 404 | 408 | 425 | 429) => {
                Err(TransportError::new(Kind::Connect, format!("it responded with {status}")))
            }
            Some(status) => Err(TransportError::new(Kind::ProxyRefused, format!("it responded with {status}"))),
            None => Err(TransportError::new(Kind::ProxyRefused, "it is not an HTTP proxy")),
        }
    }

    /// Byte by byte: the first one after it is the server's.
    fn receive_head(&mut self) -> Result<String, TransportError> {
        let (mut watch, mut head) = (ResponseHead::default(), Vec::new());
        while !watch.finished {
            let mut byte = [0];
            if watch.begun {
                self.receive(&mut byte)?;
            } else {
                self.receive_first(&mut byte, MAY_BE_SOCKS)?;
            }
            head.extend(byte);
            let dropped = watch
                .take(&byte)
                .map_err(|excess| TransportError::new(Kind::ProxyRefused, format!("its response: {excess}")))?;
            if let Some(first) = watch.foreign() {
                return Err(TransportError::new(Kind::ProxyRefused, of_stranger(first, "HTTP")));
            }
            head.drain(..dropped.min(head.len()));
        }
        Ok(String::from_utf8_lossy(&head).trim_start().to_owned())
    }
}

/// The response to one request says all: what we know was in it already.
fn unknown_to<'a>(proxy: &Proxy, status: StatusCode, fields: impl Iterator<Item = &'a str>) -> TransportError {
    let challenges: Vec<_> = fields
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("Proxy-Authenticate"))
        .flat_map(|(_, value)| schemes_of(value.as_bytes()))
        .collect();
    if !challenges.is_empty() && !challenges.iter().any(|scheme| scheme.eq_ignore_ascii_case("Basic")) {
        let text = format!("it offers {}, and bitsup supports only Basic at proxies", challenges.join(", "));
        return TransportError::new(Kind::ProxyScheme, text);
    }
    let text = if proxy.credentials.is_some() {
        format!("it does not accept the user and password ({})", status.as_u16())
    } else {
        format!("it responded with {status}")
    };
    TransportError::new(Kind::ProxyAuthentication, text)
}

/// For requests to http URLs: the request line with the whole URL, and who we are to the proxy.
#[derive(Debug)]
pub(in crate::transport) struct AbsoluteForm {
    /// The URL's host and port.
    pub(in crate::transport) authority: String,
    pub(in crate::transport) proxy: Proxy,
}

impl AbsoluteForm {
    /// From the beginning of a head: what goes out instead of its first line, and that line's length.
    pub(in crate::transport) fn first_line(&self, head: &[u8]) -> Option<(Zeroizing<Vec<u8>>, usize)> {
        let length = head.windows(2).position(|pair| pair == b"\r\n")? + 2;
        let space = head[..length].iter().position(|byte| *byte == b' ')? + 1;
        let mut line = Zeroizing::new(Vec::new());
        line.extend_from_slice(&head[..space]);
        line.extend_from_slice(format!("http://{}", self.authority).as_bytes());
        line.extend_from_slice(&head[space..length]);
        line.extend_from_slice(self.proxy.authorization().as_bytes());
        Some((line, length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_line_gets_the_whole_url() {
        let proxy: Proxy = "u:p@proxy".parse().expect("right");
        let form = AbsoluteForm { authority: "h:81".to_owned(), proxy };
        let head = b"BITS_POST /a?b HTTP/1.1\r\nhost: h:81\r\n\r\nbody";
        let (line, length) = form.first_line(head).expect("a line");
        let expected = "BITS_POST http://h:81/a?b HTTP/1.1\r\nProxy-Authorization: Basic dTpw\r\n";
        assert_eq!(String::from_utf8_lossy(&line), expected);
        assert_eq!(&head[length..], b"host: h:81\r\n\r\nbody");
    }

    #[test]
    fn schemes_that_a_proxy_takes_are_named() {
        let proxy: Proxy = "proxy".parse().expect("right");
        let error = unknown_to(
            &proxy,
            StatusCode::PROXY_AUTHENTICATION_REQUIRED,
            ["Proxy-Authenticate: NTLM", "proxy-authenticate: Negotiate"].into_iter(),
        );
        assert!(error.detail.contains("offers NTLM, Negotiate, and"), "{}", error.detail);
        assert!(
            unknown_to(
                &proxy,
                StatusCode::PROXY_AUTHENTICATION_REQUIRED,
                ["Proxy-Authenticate: Basic realm=x"].into_iter()
            )
            .detail
            .contains("407")
        );
    }
}
