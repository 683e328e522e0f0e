//! The server's certificate as channel binding (RFC 5929 section 4.1).

use pkcs8::der::asn1::{AnyRef, ObjectIdentifier};
use pkcs8::der::{Decode, Reader, SliceReader};
use pkcs8::spki::AlgorithmIdentifierRef;
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::exchange::ChannelBinding;

const SHA384: [ObjectIdentifier; 3] = [
    // sha384WithRSAEncryption, ecdsa-with-SHA384, and the hash itself within RSASSA-PSS
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"),
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"),
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2"),
];

const SHA512: [ObjectIdentifier; 3] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"),
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"),
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3"),
];

const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

/// Hashed as the certificate's own signature is, but by SHA-256 where that is weaker, or uses no hash of its own
/// (Ed25519): the RFC leaves the latter open, and servers take it so.
pub(super) fn binding(certificate: &CertificateDer<'_>) -> ChannelBinding {
    match signature_hash(certificate) {
        Ok(hash) if SHA384.contains(&hash) => ChannelBinding::Sha384(Sha384::digest(certificate).into()),
        Ok(hash) if SHA512.contains(&hash) => ChannelBinding::Sha512(Sha512::digest(certificate).into()),
        _ => ChannelBinding::Sha256(Sha256::digest(certificate).into()),
    }
}

/// The algorithm that names the hash of a certificate's signature: the signature's algorithm, or for RSASSA-PSS the
/// hash's.
fn signature_hash(certificate: &[u8]) -> pkcs8::spki::Result<ObjectIdentifier> {
    let mut reader = SliceReader::new(certificate)?;
    let algorithm = reader.sequence(|fields| {
        let _contents = AnyRef::decode(fields)?;
        let algorithm = AlgorithmIdentifierRef::decode(fields)?;
        let _signature = AnyRef::decode(fields)?;
        pkcs8::der::Result::Ok(algorithm)
    })?;
    if algorithm.oid != RSASSA_PSS {
        return Ok(algorithm.oid);
    }
    // RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] EXPLICIT AlgorithmIdentifier DEFAULT sha1, … }
    let parameters = algorithm.parameters_any()?;
    let mut fields = SliceReader::new(parameters.value())?;
    let hash = AnyRef::decode(&mut fields)?;
    Ok(AlgorithmIdentifierRef::from_der(hash.value())?.oid)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SignatureAlgorithm};

    use super::*;

    fn signed_by(algorithm: &'static SignatureAlgorithm) -> CertificateDer<'static> {
        let key = KeyPair::generate_for(algorithm).expect("a key");
        CertificateParams::default().self_signed(&key).expect("signed").der().clone()
    }

    #[test]
    fn the_hash_is_that_of_the_certificates_signature() {
        let by_256 = signed_by(&rcgen::PKCS_ECDSA_P256_SHA256);
        assert_eq!(binding(&by_256), ChannelBinding::Sha256(Sha256::digest(&by_256).into()));
        let by_384 = signed_by(&rcgen::PKCS_ECDSA_P384_SHA384);
        assert_eq!(binding(&by_384), ChannelBinding::Sha384(Sha384::digest(&by_384).into()));
        let without = signed_by(&rcgen::PKCS_ED25519);
        assert_eq!(binding(&without), ChannelBinding::Sha256(Sha256::digest(&without).into()));
        let data = binding(&by_384).application_data();
        assert!(data.starts_with(b"tls-server-end-point:") && data.len() == 21 + 48);
    }

    /// A certificate's frame around a signature's algorithm.
    fn certificate(algorithm: &str) -> CertificateDer<'static> {
        let digits =
            |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("text"), 16).expect("hexadecimal");
        let algorithm: Vec<u8> = algorithm.as_bytes().chunks(2).map(digits).collect();
        let inner = [&[0x30, 0][..], &algorithm, &[3, 1, 0]].concat();
        let length = u8::try_from(inner.len()).expect("short");
        [&[0x30, length][..], &inner].concat().into()
    }

    #[test]
    fn rsa_and_pss_are_read_as_openssl_writes_them() {
        let pss = "304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130";
        assert!(matches!(binding(&certificate(pss)), ChannelBinding::Sha384(_)));
        assert!(matches!(binding(&certificate("300d06092a864886f70d01010d0500")), ChannelBinding::Sha512(_)));
        // MD5 and SHA-1 are not what anything is bound by.
        for weak in
            ["300d06092a864886f70d0101040500", "300d06092a864886f70d0101050500", "300d06092a864886f70d01010a3000"]
        {
            assert!(matches!(binding(&certificate(weak)), ChannelBinding::Sha256(_)), "{weak}");
        }
        assert!(matches!(binding(&CertificateDer::from(vec![1, 2, 3])), ChannelBinding::Sha256(_)));
    }
}
