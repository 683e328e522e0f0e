//! Files of certificates and keys that are not what they should be: each is called by its name, and nothing of a key is
//! printed by any path that reads one.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tempfile::TempDir;

use crate::support::bitsup::{Finished, Source, command};
use crate::support::nobody;

struct Files {
    folder: TempDir,
    source: Source,
    cert: String,
    key: KeyPair,
}

impl Files {
    fn new() -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(vec!["h.example".to_owned()]).expect("a certificate");
        Self { folder: TempDir::new().expect("a folder"), source: Source::new(1), cert: cert.pem(), key: signing_key }
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).expect("written");
        path
    }

    /// Every way to read the two files, in both forms of output.
    fn runs(&self, cert: &Path, key: &Path) -> Vec<(&'static str, Finished)> {
        let run = |args: &[&str], files: &[(&str, &Path)]| {
            let mut command = command(args.iter().copied());
            for (option, path) in files {
                command.arg(option).arg(path);
            }
            Finished(command.output().expect("ran"))
        };
        let (source, url) = (self.source.arg(), &nobody::url("/").replace("http", "https"));
        let source = source.to_str().expect("text");
        let folder = self.folder.path().to_str().expect("text");
        let both = [("--cert", cert), ("--key", key)];
        let mut runs = vec![
            ("upload", run(&["upload", source, url], &both)),
            ("upload --json", run(&["upload", "--json", source, url], &both)),
            ("upload --cert", run(&["upload", source, url], &[("--cert", key)])),
            ("upload --cacert", run(&["upload", source, url], &[("--cacert", key)])),
            ("check", run(&["check", url], &both)),
            ("check --json", run(&["check", "--json", url], &[("--cacert", key)])),
        ];
        if cfg!(feature = "serve") {
            let serve = ["serve", folder, "--listen", "127.0.0.1:0"];
            runs.push(("serve", run(&serve, &[("--tls-cert", cert), ("--tls-key", key)])));
            runs.push(("serve --tls-cert", run(&serve, &[("--tls-cert", key), ("--tls-key", key)])));
        }
        runs
    }
}

/// Any eight bytes of the key in a row, as base64, hexadecimal, and decimal numbers hold them.
fn forms(key: &KeyPair) -> Vec<String> {
    let der = key.serialize_der();
    let text = STANDARD.encode(&der);
    let mut forms: Vec<String> = text.as_bytes().chunks(12).filter(|part| part.len() == 12).map(as_text).collect();
    for part in der.as_chunks::<8>().0.iter().chain(text.as_bytes().as_chunks().0) {
        let hex = part.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("written");
            hex
        });
        forms.push(hex.to_uppercase());
        forms.push(hex);
        forms.push(part.iter().map(u8::to_string).collect::<Vec<_>>().join(", "));
    }
    forms
}

fn as_text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("ASCII")
}

#[test]
fn case_40_nothing_of_a_key_is_printed_however_it_is_broken() {
    let files = Files::new();
    // On Windows its lines end in CR LF.
    let (pem, forms) = (files.key.serialize_pem().replace('\r', ""), forms(&files.key));
    let cert = files.write("cert.pem", &files.cert);
    let broken = [
        ("one line", pem.replace('\n', ""), "not PEM: the line ends are missing"),
        ("blanks", pem.trim_end().replace('\n', " "), "not PEM: the line ends are missing"),
        ("no end", pem[..pem.len() / 2].to_owned(), "END line is missing"),
        ("no base64", pem.replacen("MI", "M!", 1), "is damaged"),
    ];
    for (name, text, says) in broken {
        let key = files.write("key.pem", text);
        for (verb, run) in files.runs(&cert, &key) {
            let printed = run.stderr() + &run.stdout();
            let found = forms.iter().find(|form| printed.contains(*form));
            assert_eq!(found, None, "{name}, {verb}: {printed}");
            assert_eq!(run.0.status.code(), Some(2), "{name}, {verb}: {printed}");
            assert!(printed.contains(says), "{name}, {verb}: {printed}");
        }
    }
}

/// A key where another file belongs: its lines are no text for an error either.
#[test]
fn case_40_nothing_of_a_key_is_printed_where_another_file_is_read() {
    let files = Files::new();
    let (pem, forms) = (files.key.serialize_pem().replace('\r', ""), forms(&files.key));
    let body: Vec<_> = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let body = body.join("\n");
    for text in [pem.clone(), pem.replace('\n', ""), body.clone(), body.replace('\n', "")] {
        let is_pem = text.starts_with("-----BEGIN ");
        let key = files.write("key.pem", text);
        #[cfg(unix)]
        std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("set");
        for (option, with) in [
            ("--password-file", "--user=me"),
            ("--bearer-file", "--allow-cleartext-auth"),
            ("--netrc-file", "-v"),
            ("--config", "-v"),
            ("--files-from", "-v"),
            ("--key-passphrase-file", "--cert=cert.pem"),
            ("--proxy-password-file", "--proxy-user=me"),
        ] {
            // Bare base64 may be names of files.
            let is_list = option == "--files-from";
            for json in ["--progress=plain", "--json"].into_iter().filter(|_| !is_list || is_pem) {
                let mut upload = command([
                    "upload",
                    "--no-progress-timeout=0",
                    &format!("--proxy={}", nobody::url("")),
                    with,
                    json,
                    option,
                ]);
                let run = Finished(upload.arg(&key).arg(nobody::url("/")).output().expect("ran"));
                let printed = run.stderr() + &run.stdout();
                let found = forms.iter().find(|form| printed.contains(*form));
                assert_eq!(found, None, "{option}: {printed}");
                assert_ne!(run.0.status.code(), Some(0), "{option}: {printed}");
            }
        }
    }
}

#[test]
fn case_44_what_is_no_pem_is_called_by_its_name() {
    let files = Files::new();
    let der = rcgen_der(&files.cert);
    let pkcs12 = [&[0x30, 0x82, 9, 9, 2, 1, 3][..], &[0; 40]].concat();
    let others: [(&[u8], &str); 5] = [
        (&der, "openssl x509 -inform DER"),
        (&pkcs12, "a PKCS#12 file"),
        (b"-----BEGIN PKCS7-----\nMAA=\n-----END PKCS7-----\n", "a PKCS#7 file"),
        (b" \n", "the file is empty"),
        (b"hello\n", "no certificate in PEM"),
    ];
    for (bytes, says) in others {
        let path = files.write("other", bytes);
        let mut upload = command(["upload", "--cacert"]);
        upload.arg(path).arg(files.source.arg()).arg(nobody::url("/").replace("http", "https"));
        Finished(upload.output().expect("ran")).exits(2).says(&[says]);
    }
}

/// Nobody listens there: exit 5 says that the file was read.
#[test]
fn case_44_a_byte_order_mark_and_openssls_trusted_certificates_are_read() {
    let files = Files::new();
    let appended = [&rcgen_der(&files.cert)[..], &[0x30, 0x0c, 0x30, 0x0a]].concat();
    let trusted = format!(
        "-----BEGIN TRUSTED CERTIFICATE-----\n{}\n-----END TRUSTED CERTIFICATE-----\n",
        STANDARD.encode(appended)
    );
    for text in [format!("\u{feff}{}", files.cert), trusted] {
        let path = files.write("authority", text);
        let mut upload = command(["upload", "--no-state", "--wait-for-server", "0", "--cacert"]);
        upload.arg(path).arg(files.source.arg()).arg(nobody::url("/").replace("http", "https"));
        Finished(upload.output().expect("ran")).exits(5);
    }
}

fn rcgen_der(pem: &str) -> Vec<u8> {
    STANDARD.decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).expect("base64")
}
