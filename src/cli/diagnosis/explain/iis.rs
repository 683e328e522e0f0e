//! The second half of a status in IIS's log, `404.13`. It is never sent: whoever runs the server reads it there.

use super::Explanation;

/// Status, sub-status, and what they mean for an upload folder.
struct SubStatus {
    code: &'static str,
    meaning: &'static str,
    cause: &'static str,
    next: &'static str,
}

const KNOWN: &[SubStatus] = &[
    SubStatus {
        code: "401.1",
        meaning: "the login failed (exit 7)",
        cause: "user or password is wrong, or the account is locked or may not log on to that machine",
        next: "check --user and the password; the Windows security log on the server has the reason",
    },
    SubStatus {
        code: "401.2",
        meaning: "the request came without a login that the server takes (exit 7)",
        cause: "anonymous access is off for the folder, or the kind of login that was used is",
        next: "give --user, or enable the kind of login (--auth) for the folder",
    },
    SubStatus {
        code: "401.3",
        meaning: "the login succeeded, but the folder's permissions deny the user (exit 7)",
        cause: "the identity that uploads has no Modify on the folder",
        next: "grant it Modify on the physical folder",
    },
    SubStatus {
        code: "403.4",
        meaning: "the folder wants https (exit 8)",
        cause: "SSL is required for it",
        next: "use the URL with https",
    },
    SubStatus {
        code: "403.7",
        meaning: "the folder wants a client certificate (exit 6)",
        cause: "none was sent, or it was asked for in a second handshake",
        next: "give --cert and --key; have IIS ask when connections are made: netsh http … clientcertnegotiation=enable",
    },
    SubStatus {
        code: "403.16",
        meaning: "the client certificate is not trusted (exit 8)",
        cause: "its authority is unknown to the server",
        next: "install the authority on the server, or use a certificate of one that it knows",
    },
    SubStatus {
        code: "403.17",
        meaning: "the client certificate is expired or not yet valid (exit 8)",
        cause: "its time is over, or a clock is wrong",
        next: "renew it, and compare the clocks",
    },
    SubStatus {
        code: "404.2",
        meaning: "the program behind the folder may not run (exit 9)",
        cause: "ISAPI and CGI restrictions deny the BITS extension",
        next: "allow the BITS extension there",
    },
    SubStatus {
        code: "404.6",
        meaning: "the method is denied (exit 9)",
        cause: "request filtering lists the verbs that are allowed, and BITS_POST is not among them",
        next: "allow the verb BITS_POST",
    },
    SubStatus {
        code: "404.13",
        meaning: "the fragment is larger than the server takes; bitsup halves it, down to 5 KiB (then exit 10)",
        cause: "maxAllowedContentLength of request filtering, 30,000,000 bytes by default",
        next: "nothing; for larger fragments raise maxAllowedContentLength",
    },
];

/// What a sub-status means; `None` for other texts.
pub(crate) fn explain(text: &str) -> Option<Explanation> {
    let found = KNOWN.iter().find(|known| known.code == text)?;
    Some(Explanation::new(
        format!("{text} (status and sub-status in IIS's log)"),
        found.meaning,
        found.cause,
        found.next,
    ))
}

/// Code and meaning of each, for the list.
pub(crate) fn list() -> impl Iterator<Item = (&'static str, &'static str)> {
    KNOWN.iter().map(|known| (known.code, known.meaning))
}
