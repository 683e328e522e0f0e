//! SOCKS 5 (RFC 1928), with user and password (RFC 1929).

use std::net::IpAddr;

use zeroize::Zeroizing;

use crate::exchange::{TransportError, TransportErrorKind as Kind};
use crate::transport::speech::of_stranger;

use super::{MAY_BE_HTTP, Proxy, TunnelHandshake};

const VERSION: u8 = 5;
const ANYONE: u8 = 0;
const PASSWORD: u8 = 2;
const NOTHING_SUITS: u8 = 0xff;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

impl TunnelHandshake<'_> {
    /// Has a SOCKS proxy connect to `host`, a name or an address. Bytes on the stream after this are the server's.
    pub(in crate::transport) fn socks(&mut self, proxy: &Proxy, host: &str, port: u16) -> Result<(), TransportError> {
        self.greet(proxy)?;
        self.send(&request(host, port)?)?;
        let mut head = [0; 4];
        self.receive(&mut head)?;
        check_version(head[0])?;
        if head[1] != 0 {
            return Err(refused(head[1]));
        }
        // The address that the proxy connected from.
        let length = match head[3] {
            IPV4 => 4,
            IPV6 => 16,
            NAME => {
                let mut length = [0];
                self.receive(&mut length)?;
                usize::from(length[0])
            }
            _ => return Err(no_socks()),
        };
        self.receive(&mut [0; 255 + 2][..length + 2])
    }

    fn greet(&mut self, proxy: &Proxy) -> Result<(), TransportError> {
        match &proxy.credentials {
            Some(_) => self.send(&[VERSION, 2, ANYONE, PASSWORD])?,
            None => self.send(&[VERSION, 1, ANYONE])?,
        }
        let mut chosen = [0; 2];
        self.receive_first(&mut chosen[..1], MAY_BE_HTTP)?;
        check_version(chosen[0])?;
        self.receive(&mut chosen[1..])?;
        match (chosen[1], &proxy.credentials) {
            (ANYONE, _) => Ok(()),
            (PASSWORD, Some(login)) => self.log_in(&login.user, &login.password),
            (NOTHING_SUITS, _) => Err(if proxy.credentials.is_some() {
                TransportError::new(Kind::ProxyScheme, "it requires another method than user and password")
            } else {
                TransportError::new(Kind::ProxyAuthentication, "it requires a user and password")
            }),
            _ => Err(no_socks()),
        }
    }

    fn log_in(&mut self, user: &str, password: &str) -> Result<(), TransportError> {
        let mut message = Zeroizing::new(vec![1]);
        for text in [user, password] {
            // Lengths were checked when it was set up.
            message.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
            message.extend_from_slice(text.as_bytes());
        }
        let response = self.prove(|handshake| {
            handshake.send(&message)?;
            let mut response = [0; 2];
            handshake.receive(&mut response).map(|()| response)
        })?;
        if response[1] == 0 {
            Ok(())
        } else {
            Err(TransportError::new(Kind::ProxyAuthentication, "it does not accept the user and password"))
        }
    }
}

fn request(host: &str, port: u16) -> Result<Vec<u8>, TransportError> {
    let mut request = vec![VERSION, CONNECT, 0];
    match host.parse() {
        Ok(IpAddr::V4(address)) => {
            request.push(IPV4);
            request.extend(address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            request.push(IPV6);
            request.extend(address.octets());
        }
        Err(_) => {
            let length =
                u8::try_from(host.len()).map_err(|_| TransportError::new(Kind::UnknownHost, "its name is too long"))?;
            request.extend([NAME, length]);
            request.extend(host.as_bytes());
        }
    }
    request.extend(port.to_be_bytes());
    Ok(request)
}

fn check_version(version: u8) -> Result<(), TransportError> {
    if version == VERSION {
        return Ok(());
    }
    Err(TransportError::new(Kind::ProxyRefused, of_stranger(&[version], "SOCKS 5")))
}

fn no_socks() -> TransportError {
    TransportError::new(Kind::ProxyRefused, "it is not a SOCKS 5 proxy")
}

/// RFC 1928 section 6. Only what the proxy's rules forbid stays forbidden.
fn refused(code: u8) -> TransportError {
    let (kind, text) = match code {
        2 => (Kind::ProxyRefused, "not allowed by its rules"),
        3 => (Kind::Connect, "network unreachable"),
        4 => (Kind::Connect, "host unreachable"),
        5 => (Kind::Connect, "the server refused the connection"),
        6 => (Kind::Connect, "connecting timed out"),
        8 => (Kind::ProxyRefused, "address type not supported"),
        _ => (Kind::Connect, "general failure"),
    };
    TransportError::new(kind, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_as_the_rfc_has_them() {
        let bytes = |host, port| request(host, port).expect("short enough");
        assert_eq!(bytes("h.x", 443), b"\x05\x01\x00\x03\x03h.x\x01\xbb");
        assert_eq!(bytes("192.0.2.1", 80), b"\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50");
        assert_eq!(bytes("::1", 80), b"\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50");
        assert!(request(&"h".repeat(256), 80).is_err());
    }
}
