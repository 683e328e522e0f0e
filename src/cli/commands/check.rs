//! `bitsup check URL`: what is there, and would it take an upload.

mod report;

use anyhow::Context;
use serde::Serialize;

use crate::cli::args::CheckArgs;
use crate::cli::config::CheckConfig;
use crate::cli::diagnosis::Diagnosis;
use crate::cli::secret;
use crate::client::{self, Findings, FragmentLimit};
use crate::output::{BUNDLED_AUTHORITIES, ProgressMode, Reporter, Verbosity, json, print, redact_url, units};
use crate::protocol::HostId;
use crate::transport::{Authorities, Http, Settings};
use crate::uploader::UploadEvent;

use report::Report;

pub(super) fn run(args: CheckArgs) -> anyhow::Result<()> {
    let json = args.json;
    let reporter = Reporter::stderr(ProgressMode::None, Verbosity { quiet: false, level: args.verbose });
    let config = CheckConfig::new(args)?;
    config.connect.warning.iter().for_each(|text| reporter.warn_always(text));
    let url = redact_url(&config.plan.destination.to_string());
    let identity = secret::identity(config.auth)?;
    let keep_refusal_bodies = config.report.is_some();
    let settings = Settings { keep_refusal_bodies, ..config.connect.settings(&config.plan.destination) };
    let mut report = config.report.map(|path| Report::create(path, &config.plan, &settings, &identity)).transpose()?;
    let mut transport = Http::new(settings);
    let mut findings = Findings::default();
    let mut lane = reporter.lane(0);
    let mut tell = |event: &UploadEvent| {
        lane.event(event);
        if let Some(report) = &mut report {
            report.transcript.event(event);
        }
    };
    let result = client::check(&config.plan, &mut transport, &mut secret::login(identity), &mut tell, &mut findings);
    findings.reached = findings.reached.or_else(|| transport.connection_info());
    let result = result.with_context(|| format!("cannot upload to {url}"));
    if json {
        print(json::line(&CheckReport::new(&url, &findings, result.as_ref().err())))?;
    } else {
        let shown = |(name, value)| format!("{:<13}{value}\n", format!("{name}:"));
        print(facts(&url, &findings).into_iter().map(shown).collect::<String>())?;
    }
    if let Some(report) = report {
        report.finish(&url, &findings, result.as_ref().err(), &reporter)?;
    }
    result
}

fn facts(url: &str, findings: &Findings) -> Vec<(&'static str, String)> {
    let mut facts = vec![("url", url.to_owned())];
    if let Some(reached) = &findings.reached {
        facts.extend(reached.proxy.iter().map(|proxy| ("proxy", proxy.clone())));
        facts.push(("address", reached.address.to_string()));
        if let Some(tls) = &reached.tls {
            let cipher = tls.cipher.as_ref().map(|cipher| format!(", {cipher}")).unwrap_or_default();
            facts.push(("tls", format!("{}{cipher}", tls.version)));
            facts.push(("certificate", tls.names.join(", ")));
            if tls.authorities == Authorities::Bundled {
                facts.push(("trust", BUNDLED_AUTHORITIES.to_owned()));
            }
            facts.extend(tls.pin.iter().map(|pin| ("key", pin.to_string())));
            facts.extend(tls.sent_certificate.then(|| ("client", "the server asked for our certificate".to_owned())));
        }
    }
    facts.extend(findings.server.iter().map(|server| ("server", server.clone())));
    facts.extend(findings.scheme.map(|scheme| ("signed in", format!("by {scheme}"))));
    facts.extend(findings.ping_doubt.iter().map(|doubt| ("ping", format!("no Ack: {doubt}"))));
    if let Some(session) = &findings.session {
        let protocol = session.protocol.map_or_else(|| "the server does not say".to_owned(), |id| id.to_string());
        facts.push(("protocol", protocol));
        facts.extend(session.host.iter().map(|host| ("host-id", host.as_str().to_owned())));
        let end = match &findings.cancelled {
            Some(Ok(())) => "opened and cancelled".to_owned(),
            Some(Err(error)) => format!("opened; Cancel-Session was refused: {error}"),
            None => "opened".to_owned(),
        };
        facts.push(("session", end));
    }
    if let Some(limit) = &findings.fragment {
        let refused = limit.refused.map(|size| format!("; {size} refused: {}", limit.reason.as_deref().unwrap_or("")));
        facts.push(("fragments", format!("{} bytes taken{}", limit.accepted, refused.unwrap_or_default())));
    }
    facts
}

/// The same for programs. Facts that were not found out are missing.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(deny_unknown_fields, title = "The line of `bitsup check --json`"))]
struct CheckReport<'a> {
    #[cfg_attr(test, schemars(extend("const" = 1)))]
    v: u8,
    /// RFC 3339, UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    time: String,
    url: &'a str,
    /// The proxy, without user and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<&'a str>,
    /// The proxy's, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<TlsReport<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<&'a str>,
    /// How the server was signed in to.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<String>,
    /// Why the Ping was no success, if the rest went on without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    ping_doubt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host_id_fallback_seconds: Option<u64>,
    /// Whether the server acknowledged Cancel-Session.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fragment: Option<&'a FragmentLimit>,
    #[cfg_attr(test, schemars(extend("enum" = ["ok", "error"])))]
    status: &'static str,
    exit: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct TlsReport<'a> {
    version: &'static str,
    cipher: Option<&'a str>,
    /// The names in the server's certificate.
    names: &'a [String],
    /// Its key, as `--pin-sha256` takes it.
    pin: Option<String>,
    /// Who vouches for it: `system`; `bundled`, where this machine has no certificate authorities and the program's own
    /// stand in; `unchecked` with `--insecure`.
    #[cfg_attr(test, schemars(extend("enum" = ["system", "bundled", "unchecked"])))]
    authorities: &'static str,
    /// Whether the server asked for a certificate of the client and got one.
    client_certificate: bool,
}

impl<'a> CheckReport<'a> {
    fn new(url: &'a str, findings: &'a Findings, error: Option<&anyhow::Error>) -> Self {
        let diagnosis = error.map(Diagnosis::of);
        let (reached, session) = (findings.reached.as_ref(), findings.session.as_ref());
        let tls = reached.and_then(|reached| reached.tls.as_ref()).map(|tls| TlsReport {
            version: tls.version,
            cipher: tls.cipher.as_deref(),
            names: &tls.names,
            pin: tls.pin.map(|pin| pin.to_string()),
            authorities: match tls.authorities {
                Authorities::Platform => "system",
                Authorities::Bundled => "bundled",
                Authorities::Unchecked => "unchecked",
            },
            client_certificate: tls.sent_certificate,
        });
        Self {
            v: json::VERSION,
            time: units::now(),
            url,
            proxy: reached.and_then(|reached| reached.proxy.as_deref()),
            address: reached.map(|reached| reached.address.to_string()),
            tls,
            server: findings.server.as_deref(),
            auth: findings.scheme.map(|scheme| scheme.to_string()),
            ping_doubt: findings.ping_doubt.as_deref(),
            protocol: session.and_then(|session| session.protocol).map(|id| id.to_string()),
            host_id: session.and_then(|session| session.host.as_ref()).map(HostId::as_str),
            host_id_fallback_seconds: session
                .and_then(|session| session.host_fallback_timeout)
                .map(|time| time.as_secs()),
            cancelled: session.and(findings.cancelled.as_ref()).map(Result::is_ok),
            fragment: findings.fragment.as_ref(),
            status: if error.is_some() { "error" } else { "ok" },
            exit: diagnosis.as_ref().map_or(0, |diagnosis| diagnosis.exit_code as u8),
            error: diagnosis.map(|diagnosis| diagnosis.what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::check_schema;

    #[test]
    fn the_schema_is_that_of_the_report() {
        check_schema::<CheckReport<'_>>("check");
    }
}
