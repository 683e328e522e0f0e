//! How a server is reached, checked. Reads certificates, keys, and what proxies want.

use std::io::Read;
use std::path::Path;

use crate::auth::pem;
use http::Uri;
use http::uri::Scheme;
use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::auth::Secret;
use crate::cli::args::{ConnectArgs, ProxyArgs, TlsArgs};
use crate::cli::secret;
use crate::protocol::Origin;
use crate::transport::{AddressFamily, AddressSettings, ClientIdentity, Proxies, Settings, TlsSettings};

use super::UsageError;

/// Longest certificate or key file that is read, in bytes.
const MAX_PEM: u64 = 4 << 20;

/// The option that proxies take their password from.
const PASSWORD_FILE: &str = "--proxy-password-file";
const PASSWORD_VARIABLE: &str = "BITSUP_PROXY_PASSWORD";

/// How a server is reached, checked.
#[derive(Debug)]
pub(in crate::cli) struct ConnectConfig {
    settings: Settings,
    /// Told however quiet the output is.
    pub(in crate::cli) warning: Option<String>,
}

impl ConnectConfig {
    pub(in crate::cli) fn new(args: ConnectArgs) -> Result<Self, UsageError> {
        let warning = args.tls.insecure.then(|| {
            let rest = if args.tls.pin_sha256.is_empty() {
                "anyone on the way can impersonate it, and read or change the file"
            } else {
                "only its key is, by --pin-sha256"
            };
            format!("--insecure: the server's certificate is not checked; {rest}")
        });
        let family = match (args.ipv4, args.ipv6) {
            (true, _) => Some(AddressFamily::V4),
            (_, true) => Some(AddressFamily::V6),
            _ => None,
        };
        let settings = Settings {
            connect_timeout: args.connect_timeout,
            request_timeout: args.request_timeout,
            response_timeout: args.response_timeout,
            tls: tls(args.tls)?,
            proxies: proxies(args.proxy)?,
            addresses: AddressSettings { fixed: args.resolve, family },
            ..Settings::default()
        };
        Ok(Self { settings, warning })
    }

    /// Refuses what would look safer than it is.
    pub(in crate::cli) fn suits(&self, destination: &Uri) -> Result<(), UsageError> {
        if self.settings.tls.pins.is_empty() || destination.scheme() == Some(&Scheme::HTTPS) {
            return Ok(());
        }
        Err(UsageError("--pin-sha256 requires an https URL: over http there is no key to compare".to_owned()))
    }

    /// Whether a proxy is told a user and password.
    pub(in crate::cli) fn has_proxy_login(&self) -> bool {
        self.settings.proxies.have_login()
    }

    /// The way to `destination`, and from there to wherever it leads.
    pub(in crate::cli) fn settings(&self, destination: &Uri) -> Settings {
        Settings { origin: Some(Origin::of(destination)), ..self.settings.clone() }
    }
}

fn tls(args: TlsArgs) -> Result<TlsSettings, UsageError> {
    let extra_roots = args.cacert.iter().map(|path| authorities(path)).collect::<Result<Vec<_>, _>>()?.concat();
    let identity =
        args.cert.map(|cert| identity(&cert, args.key.as_deref(), args.key_passphrase_file.as_deref())).transpose()?;
    Ok(TlsSettings { extra_roots, pins: args.pin_sha256, insecure: args.insecure, identity })
}

fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, UsageError> {
    let wrong = |reason: &dyn std::fmt::Display| UsageError(format!("--cacert {}: {reason}", path.display()));
    let bytes = read("--cacert", path)?;
    pem::certificates(&bytes).map_err(|error| wrong(&error))
}

fn identity(cert: &Path, key: Option<&Path>, passphrase: Option<&Path>) -> Result<ClientIdentity, UsageError> {
    let certificate = read("--cert", cert)?;
    let key_text = key.map(|path| read("--key", path)).transpose()?;
    let passphrase =
        passphrase.map(|path| secret::from_file("--key-passphrase-file", path, secret::password)).transpose()?;
    let given = passphrase.as_ref().map(|secret| secret.reveal().as_bytes());
    ClientIdentity::from_pem(&certificate, key_text.as_ref().unwrap_or(&certificate), given).map_err(|error| {
        let files = match key {
            Some(key) => format!("--cert {} --key {}", cert.display(), key.display()),
            None => format!("--cert {}", cert.display()),
        };
        UsageError(format!("{files}: {error}"))
    })
}

/// A file of certificates, or of a key.
fn read(option: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>, UsageError> {
    let wrong = |reason: std::io::Error| UsageError(format!("{option} {}: {reason}", path.display()));
    let file = std::fs::File::open(path).map_err(wrong)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MAX_PEM).read_to_end(&mut bytes).map_err(wrong)?;
    Ok(bytes)
}

fn proxies(args: ProxyArgs) -> Result<Proxies, UsageError> {
    let is_typed = args.proxy_user.is_some() || args.proxy.is_some();
    let proxies = match args.proxy {
        // Without a proxy there is nothing to sign in to.
        Some(proxies) if proxies.is_empty() => return Ok(proxies),
        Some(proxies) => proxies,
        None => Proxies::from_environment(|name| std::env::var(name).ok())
            .map_err(|(name, error)| UsageError(format!("{name} in the environment: {error}")))?,
    };
    let named = args.proxy_user.as_deref().or_else(|| proxies.user_without_password());
    let has_password = args.proxy_password_file.is_some()
        || !matches!(secret::from_environment(PASSWORD_VARIABLE, secret::password), Ok(None));
    let Some(user) = named.filter(|_| is_typed || has_password).map(str::to_owned) else {
        if args.proxy_password_file.is_some() {
            return Err(UsageError(format!("{PASSWORD_FILE} requires --proxy-user")));
        }
        // A URL in the environment may hold all that its proxy wants.
        return Ok(proxies);
    };
    if proxies.is_empty() {
        return Err(UsageError("--proxy-user, but no proxy is named: add --proxy, or set HTTPS_PROXY".to_owned()));
    }
    let password = password(&user, args.proxy_password_file.as_deref())?;
    let told = proxies.with_password(args.proxy_user.as_deref(), password.reveal());
    told.map_err(|error| UsageError(format!("--proxy-user: {error}")))
}

fn password(user: &str, file: Option<&Path>) -> Result<Secret, UsageError> {
    if let Some(file) = file {
        return secret::from_file(PASSWORD_FILE, file, secret::password);
    }
    if let Some(secret) = secret::from_environment(PASSWORD_VARIABLE, secret::password)? {
        return Ok(secret);
    }
    secret::prompt(&format!("Password of {} at the proxy", crate::protocol::text::escape(user))).map_err(|error| {
        UsageError(format!(
            "the proxy's user has no password, and {error}: add {PASSWORD_FILE} or set {PASSWORD_VARIABLE}"
        ))
    })
}
