//! How a server is reached, checked. Reads certificates, keys, and what proxies want.

use std::io::Read;
use std::path::Path;

use http::Uri;
use http::uri::Scheme;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use zeroize::Zeroizing;

use crate::auth::Secret;
use crate::cli::args::{AddressArgs, ConnectArgs, ProxyArgs, TimeoutArgs, TlsArgs};
use crate::cli::secret;
use crate::protocol::Origin;
use crate::transport::{AddressFamily, AddressSettings, ClientIdentity, Proxies, Proxy, Settings, TlsSettings};

use super::UsageError;
use super::retry::time;

/// Longest certificate or key file that is read, in bytes.
const MAX_PEM: u64 = 4 << 20;

/// The option that proxies take their password from.
const PASSWORD_FILE: &str = "--proxy-password-file";
const PASSWORD_VARIABLE: &str = "BITSUP_PROXY_PASSWORD";

/// How a server is reached, checked.
#[derive(Debug)]
pub(in crate::cli) struct ConnectConfig {
    settings: Settings,
    /// What whoever runs this must not overlook.
    pub(in crate::cli) warnings: Vec<String>,
}

impl ConnectConfig {
    pub(in crate::cli) fn new(args: ConnectArgs) -> Result<Self, UsageError> {
        let mut warnings = Vec::new();
        if args.tls.insecure {
            let rest = if args.tls.pin_sha256.is_empty() {
                "anybody in between can pretend to be it and read or change the file"
            } else {
                "only its key is, by --pin-sha256"
            };
            warnings.push(format!("--insecure: the server's certificate is not checked; {rest}"));
        }
        let timeouts = timeouts(&args.timeouts)?;
        let settings = Settings {
            tls: tls(&args.tls)?,
            proxies: proxies(args.proxy)?,
            addresses: addresses(&args.address)?,
            ..timeouts
        };
        Ok(Self { settings, warnings })
    }

    /// Refuses what would look safer than it is.
    pub(in crate::cli) fn suits(&self, destination: &Uri) -> Result<(), UsageError> {
        if self.settings.tls.pins.is_empty() || destination.scheme() == Some(&Scheme::HTTPS) {
            return Ok(());
        }
        Err(UsageError("--pin-sha256 wants an https URL: over http there is no key to compare".to_owned()))
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

/// The time limits of a connection; all else is as always.
fn timeouts(args: &TimeoutArgs) -> Result<Settings, UsageError> {
    Ok(Settings {
        connect_timeout: time("--connect-timeout", &args.connect_timeout)?,
        request_timeout: time("--request-timeout", &args.request_timeout)?,
        response_timeout: time("--response-timeout", &args.response_timeout)?,
        ..Settings::default()
    })
}

fn tls(args: &TlsArgs) -> Result<TlsSettings, UsageError> {
    let mut extra_roots = Vec::new();
    for path in &args.cacert {
        extra_roots.extend(authorities(path)?);
    }
    let pins =
        args.pin_sha256.iter().map(|text| text.parse().map_err(|reason| UsageError(format!("--pin-sha256: {reason}"))));
    Ok(TlsSettings {
        extra_roots,
        pins: pins.collect::<Result<_, _>>()?,
        insecure: args.insecure,
        identity: args
            .cert
            .as_deref()
            .map(|cert| identity(cert, args.key.as_deref(), args.key_passphrase_file.as_deref()))
            .transpose()?,
    })
}

fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, UsageError> {
    let wrong = |reason: &dyn std::fmt::Display| UsageError(format!("--cacert {}: {reason}", path.display()));
    let bytes = read("--cacert", path)?;
    let found = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|error| wrong(&error))?;
    if found.is_empty() {
        return Err(wrong(&"no certificate in PEM: openssl x509 -inform DER -in FILE -out NEW makes one of DER"));
    }
    Ok(found)
}

fn identity(cert: &Path, key: Option<&Path>, passphrase: Option<&Path>) -> Result<ClientIdentity, UsageError> {
    let certificate = read("--cert", cert)?;
    let key_text = key.map(|path| read("--key", path)).transpose()?;
    let passphrase = passphrase.map(|path| secret::from_file("--key-passphrase-file", path)).transpose()?;
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
    let proxies = match args.proxy.as_deref() {
        Some("none") => Proxies::default(),
        Some(url) => Proxies::always(typed(url)?),
        None => Proxies::from_environment(|name| std::env::var(name).ok())
            .map_err(|(name, error)| UsageError(format!("{name} in the environment: {error}")))?,
    };
    let is_typed = args.proxy_user.is_some() || args.proxy.is_some();
    let named = args.proxy_user.as_deref().or_else(|| proxies.user_without_password());
    let has_password =
        args.proxy_password_file.is_some() || !matches!(secret::from_environment(PASSWORD_VARIABLE), Ok(None));
    let Some(user) = named.filter(|_| is_typed || has_password).map(str::to_owned) else {
        if args.proxy_password_file.is_some() {
            return Err(UsageError(format!("{PASSWORD_FILE} wants a --proxy-user")));
        }
        // A URL in the environment may hold all that its proxy wants.
        return Ok(proxies);
    };
    if proxies.is_empty() {
        return Err(UsageError("--proxy-user, but no proxy is named: add --proxy, or set HTTPS_PROXY".to_owned()));
    }
    let password = password(&user, args.proxy_password_file.as_deref())?;
    let told = match args.proxy_user {
        Some(user) => proxies.with_login(&user, password.reveal()),
        None => proxies.with_password(password.reveal()),
    };
    told.map_err(|error| UsageError(format!("--proxy-user: {error}")))
}

/// A proxy from the command line, which others can read.
fn typed(url: &str) -> Result<Proxy, UsageError> {
    let proxy: Proxy = url.parse().map_err(|error| UsageError(format!("--proxy: {error}")))?;
    if proxy.has_password() {
        return Err(UsageError(format!(
            "--proxy has a password in it, which others could read in the process list: put it into {PASSWORD_VARIABLE} \
             or a file for {PASSWORD_FILE}"
        )));
    }
    Ok(proxy)
}

fn password(user: &str, file: Option<&Path>) -> Result<Secret, UsageError> {
    if let Some(file) = file {
        return secret::from_file(PASSWORD_FILE, file);
    }
    if let Some(secret) = secret::from_environment(PASSWORD_VARIABLE).map_err(UsageError)? {
        return Ok(secret);
    }
    secret::prompt(&format!("Password of {} at the proxy", crate::protocol::text::escape(user))).map_err(|error| {
        UsageError(format!(
            "the proxy's user wants a password, and {error}: add {PASSWORD_FILE} or set {PASSWORD_VARIABLE}"
        ))
    })
}

fn addresses(args: &AddressArgs) -> Result<AddressSettings, UsageError> {
    let fixed = args
        .resolve
        .iter()
        .map(|text| text.parse().map_err(|reason| UsageError(format!("--resolve {text:?}: {reason}"))));
    let family = match (args.ipv4, args.ipv6) {
        (true, _) => Some(AddressFamily::V4),
        (_, true) => Some(AddressFamily::V6),
        _ => None,
    };
    Ok(AddressSettings { fixed: fixed.collect::<Result<_, _>>()?, family })
}
