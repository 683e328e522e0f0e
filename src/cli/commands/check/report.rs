//! The file of `bitsup check --report`.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use http::Uri;

use crate::auth::{AuthSettings, Credentials};
use crate::cli::config::UsageError;
use crate::cli::diagnosis::Diagnosis;
use crate::cli::private_file;
use crate::client::{CheckPlan, Findings};
use crate::output::{Disguise, Reporter, Transcript};
use crate::protocol::Origin;
use crate::transport::Settings;

const NEXT: &str = "report: host names, addresses, user names and credentials in it are replaced, paths of URLs are \
                    not: read it before you attach it";

/// A transcript on its way to its file.
pub(super) struct Report {
    pub(super) transcript: Transcript,
    disguise: Disguise,
    path: PathBuf,
    file: File,
}

impl Report {
    /// The file is made before anything is sent, so that nothing is sent whose transcript cannot be kept.
    pub(super) fn create(
        path: PathBuf,
        plan: &CheckPlan,
        settings: &Settings,
        identity: &AuthSettings,
    ) -> Result<Self, UsageError> {
        let file = private_file::create(&path)
            .map_err(|error| UsageError(format!("--report {}: cannot create it: {error}", path.display())))?;
        let mut disguise = Disguise::default();
        let server = Origin::of(&plan.destination);
        disguise.learn(server.host(), "server.example");
        if let Some(proxy) = settings.proxies.route(&server) {
            if let Ok(url) = proxy.to_string().parse::<Uri>() {
                disguise.learn(Origin::of(&url).host(), "proxy.example");
            }
            proxy.user().iter().for_each(|user| disguise.learn_user(user));
        }
        if let Some(Credentials::Password(login)) = &identity.credentials {
            disguise.learn(login.password.reveal(), "<redacted>");
            disguise.learn_user(&login.user);
        }
        // Fields of one's own may be secrets. Shorter values are none.
        let own = identity.headers.values().filter_map(|value| value.to_str().ok());
        own.filter(|value| value.len() >= 4).for_each(|value| disguise.learn(value, "<redacted>"));
        // It differs from run to run.
        disguise.learn(plan.name.as_str(), "bitsup-check-NAME");
        Ok(Self { transcript: Transcript::new(), disguise, path, file })
    }

    /// Writes the file, and says what is in it.
    pub(super) fn finish(
        mut self,
        url: &str,
        findings: &Findings,
        error: Option<&anyhow::Error>,
        reporter: &Reporter,
    ) -> anyhow::Result<()> {
        let tls = findings.reached.as_ref().and_then(|reached| reached.tls.as_ref());
        tls.iter().flat_map(|tls| &tls.names).for_each(|name| self.disguise.learn_other_host(name));
        let mut facts = super::facts(url, findings);
        // Public logs of certificates know whose key it is.
        facts.retain(|(name, _)| *name != "key");
        let diagnosis = error.map(Diagnosis::of);
        let failed =
            |it: Diagnosis| format!("exit {}, {}", it.exit_code as u8, it.text().to_string().replace('\n', ";"));
        facts.push(("result", diagnosis.map_or_else(|| "exit 0".to_owned(), failed)));
        let path = self.path.display();
        let text = self.transcript.text(self.disguise, &facts);
        match self.file.write_all(text.as_bytes()).with_context(|| format!("cannot write the report {path}")) {
            Ok(()) => {
                reporter.message(&format!("report: {path} has the requests and responses, with times and versions"));
                reporter.message(NEXT);
            }
            // How the check failed matters more.
            Err(unwritten) if error.is_some() => reporter.warn_always(&format!("{unwritten:#}")),
            Err(unwritten) => return Err(unwritten),
        }
        Ok(())
    }
}
