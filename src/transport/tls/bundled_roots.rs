//! Certificate authorities that the program brings along, for machines that have none.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::{OtherError, RootCertStore};

/// Variables by which a user says where the trust store is. One that leads nowhere is an error, and no reason to trust
/// anybody else.
const PLACES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Mozilla's list, as it was when the program was built.
#[cfg(all(feature = "bundled-roots", target_os = "linux"))]
fn roots() -> &'static [CertificateDer<'static>] {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS
}

/// None: this build has no list, or the platform always has one.
#[cfg(not(all(feature = "bundled-roots", target_os = "linux")))]
fn roots() -> &'static [CertificateDer<'static>] {
    &[]
}

/// Whether they may stand in for a trust store that is empty.
pub(super) fn may_stand_in() -> bool {
    !roots().is_empty() && PLACES.iter().all(|name| std::env::var_os(name).is_none())
}

/// Judges by them and by `extra_roots`.
pub(super) fn judge(
    extra_roots: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, rustls::Error> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots().iter().cloned());
    extra_roots.iter().try_for_each(|root| store.add(root.clone()))?;
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
        .build()
        .map_err(|error| rustls::Error::Other(OtherError(Arc::new(error))))
}

#[cfg(test)]
mod tests {
    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::{ServerName, UnixTime};
    use rustls::{CertificateError, Error};

    use super::*;

    #[test]
    fn a_users_authority_is_trusted_beside_them_and_a_stranger_is_not() {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let name = ServerName::try_from("localhost").expect("a name");
        let authority = |name: &str| {
            let mut made = rcgen::CertificateParams::new(Vec::new()).expect("a certificate");
            made.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            made.distinguished_name.push(rcgen::DnType::CommonName, name);
            let key = rcgen::KeyPair::generate().expect("a key");
            rcgen::CertifiedIssuer::self_signed(made, key).expect("signed")
        };
        let (known, stranger) = (authority("known"), authority("stranger"));
        let judge = judge(&[known.der().clone()], &provider).expect("made");
        let judged = |issuer| {
            let key = rcgen::KeyPair::generate().expect("a key");
            let made = rcgen::CertificateParams::new(["localhost".to_owned()]).expect("a certificate");
            let made = made.signed_by(&key, issuer).expect("signed");
            judge.verify_server_cert(made.der(), &[], &name, &[], UnixTime::now()).map(drop)
        };
        assert_eq!(judged(&known), Ok(()));
        assert_eq!(judged(&stranger), Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)));
    }

    #[cfg(all(feature = "bundled-roots", target_os = "linux"))]
    #[test]
    fn all_of_them_can_be_read() {
        let mut store = RootCertStore::empty();
        let (taken, ignored) = store.add_parsable_certificates(roots().iter().cloned());
        assert!(taken > 100 && ignored == 0, "{taken} taken, {ignored} ignored");
    }
}
