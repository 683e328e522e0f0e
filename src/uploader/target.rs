//! Where packets go: the URL's host, another that the server named, or where a redirect led.

use std::time::{Duration, Instant};

use http::header::LOCATION;
use http::uri::{Parts, PathAndQuery};
use http::{Response, StatusCode, Uri};

use crate::protocol::text::escape;
use crate::protocol::{HostId, Origin, PacketKind};

use super::backoff::left;
use super::error::UploadError;

/// Redirects followed in one upload.
const MAX_REDIRECTS: u32 = 5;

/// Times that hosts which the server named are left in one upload; then its own has to do.
const MAX_LEFT_HOSTS: u32 = 2;

/// The current address of the destination.
#[derive(Debug, Clone)]
pub(super) struct Target {
    origin: Uri,
    current: Uri,
    redirects: u32,
    /// Set while packets go to a host that the server named.
    host: Option<HostStay>,
    /// How often such a host was left.
    left_hosts: u32,
}

/// A stay at a host that the server named (MC-BUP 3.1.5.1.7).
#[derive(Debug, Clone)]
struct HostStay {
    /// As the server wrote it.
    name: Option<HostId>,
    /// How long it lasts without progress; `None`: for ever.
    timeout: Option<Duration>,
    /// The first error since the last progress.
    first_error: Option<Instant>,
}

impl Target {
    pub(super) fn new(destination: Uri) -> Self {
        Self { origin: destination.clone(), current: destination, redirects: 0, host: None, left_hosts: 0 }
    }

    pub(super) fn current(&self) -> &Uri {
        &self.current
    }

    /// Goes to the host that the server named: scheme, path and, unless given, the port stay (MC-BUP 3.1.5.1.7).
    pub(super) fn move_to(&mut self, host: &HostId, timeout: Option<Duration>) {
        let port = host.port().or_else(|| self.current.port_u16());
        let authority = match port {
            Some(port) => format!("{}:{port}", host.host()),
            None => host.host().to_owned(),
        };
        let mut parts = self.current.clone().into_parts();
        parts.authority = authority.parse().ok();
        if let Ok(uri) = Uri::from_parts(parts) {
            self.stay_at(uri, Some(host.clone()), timeout);
        }
    }

    /// Goes on where an earlier process was.
    pub(super) fn stay_at(&mut self, target: Uri, name: Option<HostId>, timeout: Option<Duration>) {
        let elsewhere = Origin::of(&target) != Origin::of(&self.origin);
        self.host = elsewhere.then_some(HostStay { name, timeout, first_error: None });
        self.current = target;
    }

    /// Whether packets go to a host that the server named.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.host.is_some()
    }

    /// Whether a host that the server names is still tried: one that was left again would only cost its time once more.
    pub(super) fn follows_hosts(&self) -> bool {
        self.left_hosts < MAX_LEFT_HOSTS
    }

    /// Whether the server ever named another host.
    pub(super) fn has_other_host(&self) -> bool {
        self.host.is_some() || self.left_hosts > 0
    }

    /// The name of that host.
    pub(super) fn named_host(&self) -> Option<HostId> {
        self.host.as_ref().and_then(|host| host.name.clone())
    }

    /// Back to the URL's own host, and to where it redirected before.
    pub(super) fn back_to_origin(&mut self) {
        if self.host.take().is_some() {
            self.left_hosts += 1;
            self.current = self.origin.clone();
        }
    }

    /// An exchange with the host failed.
    pub(super) fn note_failure(&mut self, now: Instant) {
        if let Some(host) = &mut self.host {
            host.first_error.get_or_insert(now);
        }
    }

    /// The host acknowledged something new.
    pub(super) fn note_progress(&mut self) {
        if let Some(host) = &mut self.host {
            host.first_error = None;
        }
    }

    /// Whether the stay at the host has lasted too long without progress.
    pub(super) fn is_stay_over(&self, now: Instant) -> bool {
        self.host.as_ref().is_some_and(|host| match (host.timeout, host.first_error) {
            (Some(timeout), Some(since)) => left(since, timeout, now).is_none(),
            _ => false,
        })
    }

    /// Follows a response that redirects, if it is one that may be followed: 307 and 308, to the same host, with the
    /// same scheme or from http to https.
    ///
    /// # Errors
    /// When it redirects to where we do not go.
    pub(super) fn follow_redirect(&mut self, response: &Response<()>, packet: PacketKind) -> Result<bool, UploadError> {
        if !response.status().is_redirection() {
            return Ok(false);
        }
        let location = response.headers().get(LOCATION).map(http::HeaderValue::as_bytes).unwrap_or_default();
        let refuse = |reason| Err(UploadError::Redirected { packet, location: escape(location), reason });
        if !matches!(response.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT) {
            return refuse("only 307 and 308 keep the method, so this one is not followed");
        }
        if self.redirects == MAX_REDIRECTS {
            return refuse("too many redirects");
        }
        let Some(uri) = std::str::from_utf8(location).ok().and_then(|text| self.resolve(text)) else {
            return refuse("it names no http or https URL");
        };
        if !self.may_follow(&uri) {
            return refuse("only the same host, or the same host by https, is followed; use that URL if you trust it");
        }
        self.redirects += 1;
        if self.host.is_none() {
            self.origin = uri.clone();
        }
        self.current = uri;
        Ok(true)
    }

    /// Reads a `Location`: a whole URL or a path on this host.
    fn resolve(&self, location: &str) -> Option<Uri> {
        let location = location.split('#').next().unwrap_or_default();
        let mut parts: Parts = self.current.clone().into_parts();
        if location.starts_with('/') && !location.starts_with("//") {
            parts.path_and_query = Some(location.parse::<PathAndQuery>().ok()?);
            return Uri::from_parts(parts).ok();
        }
        let uri: Uri = location.parse().ok()?;
        let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        (uri.scheme().is_some() && uri.host().is_some() && !has_user).then_some(uri)
    }

    fn may_follow(&self, uri: &Uri) -> bool {
        let (here, there) = (Origin::of(&self.current), Origin::of(uri));
        let is_upgrade = here.host() == there.host() && !here.is_https() && there.is_https();
        here == there || is_upgrade
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(from: &str, status: u16, location: &str) -> Result<String, String> {
        let mut target = Target::new(from.parse().expect("a URL"));
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        response.headers_mut().insert(LOCATION, location.parse().expect("a header value"));
        target
            .follow_redirect(&response, PacketKind::Ping)
            .map(|_| target.current().to_string())
            .map_err(|e| e.to_string())
    }

    #[test]
    fn the_same_host_and_an_upgrade_to_https_are_followed() {
        for (from, location, to) in [
            ("http://h/a", "/b", "http://h/b"),
            ("http://h/a", "http://H/b#x", "http://H/b"),
            ("http://h/a", "http://h:80/b", "http://h:80/b"),
            ("http://h/a", "https://h/a", "https://h/a"),
            ("http://h:8080/a", "https://h:8443/a", "https://h:8443/a"),
        ] {
            for status in [307, 308] {
                assert_eq!(redirect(from, status, location).as_deref(), Ok(to), "{from} → {location}");
            }
        }
    }

    #[test]
    fn other_hosts_ports_and_a_step_down_to_http_are_not() {
        for (from, location) in [
            ("http://h/a", "http://other/a"),
            ("http://h/a", "http://h:81/a"),
            ("https://h/a", "http://h/a"),
            ("https://h/a", "https://h:444/a"),
            ("http://h/a", "http://u:p@h/a"),
            ("http://h/a", "//other/a"),
            ("http://h/a", "ftp://h/a"),
            ("http://h/a", "b"),
            ("http://h/a", "h"),
            ("http://h/a", "h:80"),
        ] {
            assert!(redirect(from, 307, location).is_err(), "{from} → {location}");
        }
    }

    #[test]
    fn redirects_that_change_the_method_are_not_followed() {
        for status in [301, 302, 303] {
            assert!(redirect("http://h/a", status, "/b").is_err(), "{status}");
        }
    }

    #[test]
    fn redirects_end() {
        let mut target = Target::new(Uri::from_static("http://h/a"));
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
        response.headers_mut().insert(LOCATION, http::HeaderValue::from_static("/a"));
        let followed = (0..10).take_while(|_| target.follow_redirect(&response, PacketKind::Ping).is_ok()).count();
        assert_eq!(followed, 5);
    }

    #[test]
    fn a_host_id_keeps_scheme_path_and_port() {
        for (from, host, to) in [
            ("http://frankcao8/a?b", "FRANKCAO8", "http://FRANKCAO8/a?b"),
            ("http://h:8080/a", "other", "http://other:8080/a"),
            ("https://h/a", "other:444", "https://other:444/a"),
            ("http://h/a", "[::1]", "http://[::1]/a"),
        ] {
            let mut target = Target::new(from.parse().expect("a URL"));
            target.move_to(&host.parse().expect("a host"), None);
            assert_eq!(target.current().to_string(), to);
        }
    }
}
