//! The second half of a status in IIS's log, `404.13`. It is never sent: whoever runs the server reads it there.

use super::explanation;

macro_rules! sub_statuses {
    ($($code:literal, $meaning:literal, cause: $cause:literal, next: $next:literal;)*) => {
        /// Status and sub-status; meaning, cause and next step for an upload folder.
        const KNOWN: &[(&str, [&str; 3])] = &[$(($code, [$meaning, $cause, $next])),*];
    };
}

sub_statuses! {
    "401.1", "the login failed (exit 7)",
        cause: "user or password is wrong, or the account is locked or may not log on to that machine",
        next: "check --user and the password; the Windows security log on the server has the reason";
    "401.2", "the request came without a login that the server takes (exit 7)",
        cause: "anonymous access is off for the folder, or the kind of login that was used is",
        next: "give --user, or enable the kind of login (--auth) for the folder";
    "401.3", "the login succeeded, but the folder's permissions deny the user (exit 7)",
        cause: "the identity that uploads has no Modify on the folder",
        next: "grant it Modify on the physical folder";
    "403.4", "the folder wants https (exit 8)",
        cause: "SSL is required for it",
        next: "use the URL with https";
    "403.7", "the folder wants a client certificate (exit 6)",
        cause: "none was sent, or it was asked for in a second handshake",
        next: "give --cert and --key; have IIS ask when connections are made: netsh http … clientcertnegotiation=enable";
    "403.16", "the client certificate is not trusted (exit 8)",
        cause: "its authority is unknown to the server",
        next: "install the authority on the server, or use a certificate of one that it knows";
    "403.17", "the client certificate is expired or not yet valid (exit 8)",
        cause: "its time is over, or a clock is wrong",
        next: "renew it, and compare the clocks";
    "404.2", "the program behind the folder may not run (exit 9)",
        cause: "ISAPI and CGI restrictions deny the BITS extension",
        next: "allow the BITS extension there";
    "404.6", "the method is denied (exit 9)",
        cause: "request filtering lists the verbs that are allowed, and BITS_POST is not among them",
        next: "allow the verb BITS_POST";
    "404.13", "the fragment is larger than the server takes; bitsup halves it, down to 5 KiB (then exit 10)",
        cause: "maxAllowedContentLength of request filtering, 30,000,000 bytes by default",
        next: "nothing; for larger fragments raise maxAllowedContentLength";
}

pub(crate) fn explain(text: &str) -> Option<String> {
    let (code, words) = KNOWN.iter().find(|(code, _)| *code == text)?;
    Some(explanation(&format!("{code} (status and sub-status in IIS's log)"), *words, None))
}

/// Code and meaning of each, for the list.
pub(crate) fn list() -> impl Iterator<Item = (&'static str, &'static str)> {
    KNOWN.iter().map(|(code, [meaning, ..])| (*code, *meaning))
}
