//! `bitsup check URL`: what is there, and would it take an upload.

use std::fmt::Write as _;
use std::io::{self, Write};

use anyhow::Context;
use serde_json::{Map, Value, json};

use crate::cli::args::CheckArgs;
use crate::cli::config::CheckConfig;
use crate::cli::diagnosis::Diagnosis;
use crate::cli::secret;
use crate::client::{self, Findings};
use crate::output::{ProgressMode, Reporter, redact_url};
use crate::protocol::HostId;
use crate::transport::Http;

pub(super) fn run(args: CheckArgs) -> anyhow::Result<()> {
    let config = CheckConfig::new(args)?;
    let mut reporter = Reporter::stderr(ProgressMode::None, config.verbosity);
    for warning in &config.connect.warnings {
        reporter.warn_always(warning);
    }
    let url = redact_url(&config.plan.destination.to_string());
    let mut login = secret::login(secret::identity(config.auth)?);
    let mut transport = Http::new(config.connect.settings(&config.plan.destination));
    let mut findings = Findings::default();
    let result =
        client::check(&config.plan, &mut transport, &mut login, &mut |event| reporter.event(event), &mut findings);
    reporter.finish();
    findings.reached = findings.reached.or_else(|| transport.connection_info());
    let result = result.with_context(|| format!("cannot upload to {url}"));
    let text = if config.json { record(&url, &findings, &result) } else { lines(&url, &findings) };
    match io::stdout().lock().write_all(text.as_bytes()) {
        // Whoever reads it has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    result
}

/// One fact a line.
fn lines(url: &str, findings: &Findings) -> String {
    let mut text = String::new();
    for (name, value) in facts(url, findings) {
        // A String takes everything.
        let _ = writeln!(text, "{:<13}{value}", format!("{name}:"));
    }
    text
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

/// The same as an object; what was not found out is missing.
fn record(url: &str, findings: &Findings, result: &anyhow::Result<()>) -> String {
    let mut record = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            record.insert(name.to_owned(), value);
        }
    };
    put("v", json!(1));
    put("url", json!(url));
    if let Some(reached) = &findings.reached {
        put("proxy", json!(reached.proxy));
        put("address", json!(reached.address.to_string()));
        let tls = reached.tls.as_ref().map(|tls| {
            json!({
                "version": tls.version,
                "cipher": tls.cipher,
                "names": tls.names,
                "pin": tls.pin.map(|pin| pin.to_string()),
                "client_certificate": tls.sent_certificate,
            })
        });
        put("tls", json!(tls));
    }
    put("server", json!(findings.server));
    put("auth", json!(findings.scheme.map(|scheme| scheme.to_string())));
    put("ping_doubt", json!(findings.ping_doubt));
    if let Some(session) = &findings.session {
        put("protocol", json!(session.protocol.map(|id| id.to_string())));
        put("host_id", json!(session.host.as_ref().map(HostId::as_str)));
        put("host_id_fallback_seconds", json!(session.host_fallback_timeout.map(|time| time.as_secs())));
        put("cancelled", json!(findings.cancelled.as_ref().map(Result::is_ok)));
    }
    if let Some(limit) = &findings.fragment {
        put("fragment", json!({ "accepted": limit.accepted, "refused": limit.refused, "reason": limit.reason }));
    }
    let error = result.as_ref().err().map(Diagnosis::of);
    put("status", json!(if error.is_some() { "error" } else { "ok" }));
    put("exit", json!(error.as_ref().map_or(0, |error| error.exit_code as u8)));
    put("error", json!(error.map(|error| error.what)));
    format!("{}\n", Value::Object(record))
}
