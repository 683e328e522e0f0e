//! Certificates and private keys from PEM (RFC 7468), for either side of TLS.
//!
//! The parser's own errors repeat what it does not understand, and that may be a private key: none of their text is passed
//! on.

use std::borrow::Cow;
use std::fmt;

use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// As OpenSSL names a certificate to which it appended what it is trusted for.
const TRUSTED: &str = "TRUSTED CERTIFICATE";

/// Why a file holds no certificate, or no key. It says nothing of the file's contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PemError {
    /// Whether a key was wanted.
    is_key: bool,
    problem: Problem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    Empty,
    Der,
    Pkcs12,
    Pkcs7,
    NoLineEnds,
    NoEnd,
    Damaged,
    Missing,
}

/// All certificates in a text, in their order: at least one.
///
/// # Errors
/// When there is none, or one is damaged.
pub(crate) fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let wrong = |problem| PemError { is_key: false, problem };
    let text = without_bom(text);
    let readable = plain_certificates(text);
    let found: Result<Vec<CertificateDer<'static>>, pem::Error> = CertificateDer::pem_slice_iter(&readable).collect();
    match found {
        Ok(found) if found.is_empty() => Err(wrong(missing(text))),
        Ok(found) => Ok(found.into_iter().map(without_appendix).collect()),
        Err(error) => Err(wrong(problem(text, &error))),
    }
}

/// The first private key in a text.
///
/// # Errors
/// When there is none, or it is damaged.
pub(crate) fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, PemError> {
    let text = without_bom(text);
    PrivateKeyDer::from_pem_slice(text).map_err(|error| PemError { is_key: true, problem: problem(text, &error) })
}

/// A key whose section begins and does not end.
pub(crate) fn cut_off_key() -> PemError {
    PemError { is_key: true, problem: Problem::NoEnd }
}

fn without_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

fn plain_certificates(text: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(text) {
        Ok(text) if text.contains(TRUSTED) => text.replace(TRUSTED, "CERTIFICATE").into_bytes().into(),
        _ => text.into(),
    }
}

/// Without what OpenSSL appended: the certificate is the first element, a sequence of a length in two bytes or three.
fn without_appendix(certificate: CertificateDer<'static>) -> CertificateDer<'static> {
    let end = match *certificate.as_ref() {
        [0x30, 0x82, high, low, ..] => 4 + usize::from(u16::from_be_bytes([high, low])),
        [0x30, 0x81, len, ..] => 3 + usize::from(len),
        _ => return certificate,
    };
    certificate.get(..end).map(|whole| whole.to_vec().into()).unwrap_or(certificate)
}

fn problem(text: &[u8], error: &pem::Error) -> Problem {
    match error {
        _ if lacks_line_ends(text) => Problem::NoLineEnds,
        pem::Error::MissingSectionEnd { .. } => Problem::NoEnd,
        pem::Error::NoItemsFound => missing(text),
        _ => Problem::Damaged,
    }
}

/// Why nothing was found.
fn missing(text: &[u8]) -> Problem {
    match text {
        _ if text.trim_ascii().is_empty() => Problem::Empty,
        _ if lacks_line_ends(text) => Problem::NoLineEnds,
        // PKCS#12 is a sequence in DER whose first element is the number 3.
        [0x30, ..] if text.windows(3).take(8).any(|three| three == [2, 1, 3]) => Problem::Pkcs12,
        [0x30, ..] => Problem::Der,
        _ if text.windows(11).any(|part| part == b"BEGIN PKCS7") => Problem::Pkcs7,
        _ => Problem::Missing,
    }
}

/// Stores of secrets like to make one line of a file.
fn lacks_line_ends(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let Some((_, section)) = text.split_once("-----BEGIN ") else { return false };
    let Some((_, body)) = section.split_once("-----") else { return false };
    !body.trim_start_matches([' ', '\t']).starts_with(['\r', '\n'])
}

impl fmt::Display for PemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, convert) =
            if self.is_key { ("private key", "openssl pkey") } else { ("certificate", "openssl x509") };
        match self.problem {
            Problem::Empty => f.write_str("the file is empty"),
            Problem::Der => write!(f, "DER, not PEM: {convert} -inform DER -in FILE -out NEW makes PEM of it"),
            Problem::Pkcs12 => f.write_str(
                "a PKCS#12 file, of which PEM files are to be made: \
                 openssl pkcs12 -in FILE -clcerts -nokeys -out cert.pem, \
                 then openssl pkcs12 -in FILE -nocerts -out key.pem",
            ),
            Problem::Pkcs7 => {
                f.write_str("a PKCS#7 file: openssl pkcs7 -print_certs -in FILE -out NEW makes PEM of it")
            }
            Problem::NoLineEnds => f.write_str("not PEM: the line ends are missing"),
            Problem::NoEnd => write!(f, "the {what} is cut off: its END line is missing"),
            Problem::Damaged => write!(f, "the {what} is damaged: it is not base64 between its BEGIN and END lines"),
            Problem::Missing => write!(f, "no {what} in PEM"),
        }
    }
}

impl std::error::Error for PemError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_a_section_are_told_apart() {
        for (text, problem) in [
            (&b" \r\n"[..], Problem::Empty),
            (b"\x30\x82\x01\x0a\x02\x01\x03\x30", Problem::Pkcs12),
            (b"\x30\x82\x01\x0a\x02\x01\x02\x30", Problem::Der),
            // The number 3 further on is something else.
            (b"\x30\x82\x01\x0a\x04\x04\x01\x01\x01\x01\x05\x00\x02\x01\x03", Problem::Der),
            (b"-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----\n", Problem::Pkcs7),
            (b"-----BEGIN CERTIFICATE----- AAAA -----END CERTIFICATE-----", Problem::NoLineEnds),
            (b"cert: -----BEGIN CERTIFICATE----- AAAA -----END CERTIFICATE-----", Problem::NoLineEnds),
            (b"ssh-ed25519 AAAA", Problem::Missing),
        ] {
            assert_eq!(certificates(text), Err(PemError { is_key: false, problem }), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn what_openssl_appended_is_cut_off_whatever_the_length() {
        let der = |bytes: Vec<u8>| without_appendix(CertificateDer::from(bytes)).to_vec();
        let short = [&[0x30, 0x81, 3, 1, 2, 3][..], b"appended"].concat();
        assert_eq!(der(short), [0x30, 0x81, 3, 1, 2, 3]);
        let long = [&[0x30, 0x82, 1, 0][..], &[7; 256], b"appended"].concat();
        assert_eq!(der(long.clone()), long[..260]);
        // A length beyond the end is for the library to refuse.
        assert_eq!(der(vec![0x30, 0x81, 9, 1]), [0x30, 0x81, 9, 1]);
        assert_eq!(der(vec![0x31, 0x81, 1, 1, 1]), [0x31, 0x81, 1, 1, 1]);
    }
}
