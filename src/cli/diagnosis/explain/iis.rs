//! The second half of a status in IIS, `404.13`: in its log, and in the title of its detailed error pages.

use crate::cli::diagnosis::ExitCode;
use crate::protocol::BitsError;

use super::explanation;

/// The texts about a sub-status of an upload directory.
pub(in crate::cli::diagnosis) struct SubStatus {
    pub(in crate::cli::diagnosis) code: &'static str,
    meaning: &'static str,
    /// With which code an upload ends that it refuses.
    pub(in crate::cli::diagnosis) exit_code: ExitCode,
    pub(in crate::cli::diagnosis) cause: &'static str,
    pub(in crate::cli::diagnosis) next: &'static str,
}

macro_rules! sub_statuses {
    ($($code:literal, $meaning:literal => $exit:ident, cause: $cause:literal, next: $next:literal;)*) => {
        const KNOWN: &[SubStatus] = &[$(SubStatus {
            code: $code, meaning: $meaning, exit_code: ExitCode::$exit, cause: $cause, next: $next,
        }),*];
    };
}

sub_statuses! {
    "401.1", "the logon failed" => Authentication,
        cause: "user or password is wrong, or the account is locked or may not log on to that machine",
        next: "check --user and the password; the Windows security log on the server has the reason";
    "401.2", "the authentication scheme is not enabled for the directory" => Authentication,
        cause: "anonymous access is off for the directory, and the request had no credentials of an enabled scheme",
        next: "--user NAME, or enable the scheme (--auth) for the directory";
    "401.3", "the account has no permission on the directory" => Authentication,
        cause: "the NTFS permissions of the physical directory deny the account",
        next: "grant the account Modify on the physical directory";
    "401.4", "an ISAPI filter refused the logon" => Authentication,
        cause: "a filter such as a single sign-on agent is installed on the site",
        next: "ask the server's administrator which accounts the filter lets through";
    "401.5", "an ISAPI or CGI application refused the logon" => Authentication,
        cause: "the application behind the directory checks accounts itself",
        next: "ask the server's administrator which accounts the application accepts";
    "403.1", "execute access is forbidden" => Refused,
        cause: "the handlers of the directory have no Execute permission for the requested extension",
        next: "turn script and execute permission off for BITS uploads, and check the handler mappings";
    "403.3", "write access is forbidden" => Refused,
        cause: "the virtual directory does not allow writing",
        next: "allow Write for the virtual directory, and BITSUploadEnabled";
    "403.4", "the directory requires https" => Refused,
        cause: "SSL is required for the directory",
        next: "use https:// in the URL";
    "403.6", "the client's IP address is refused" => Refused,
        cause: "IP address restrictions of the site",
        next: "allow this client's address in IP Address and Domain Restrictions";
    "403.7", "the directory requires a client certificate" => Tls,
        cause: "no certificate was sent, or the server asked for it by renegotiation",
        next: "--cert FILE and --key FILE; on the server: netsh http update sslcert with clientcertnegotiation=enable";
    "403.8", "the client's host name is refused" => Refused,
        cause: "domain name restrictions of the site",
        next: "allow this client in IP Address and Domain Restrictions";
    "403.13", "the client certificate is revoked, or its revocation cannot be checked" => Tls,
        cause: "the authority revoked it, or the server cannot reach the revocation list",
        next: "get a new certificate, or let the server reach its authority's revocation list";
    "403.14", "the directory cannot be listed" => NoEndpoint,
        cause: "the request was taken for one to list the directory: BITS uploads are not enabled there",
        next: "enable BITS uploads for the virtual directory";
    "403.16", "the client certificate is not trusted" => Tls,
        cause: "the server does not know its authority",
        next: "install the authority on the server, or use a certificate of one that it trusts";
    "403.17", "the client certificate is expired or not yet valid" => Tls,
        cause: "its validity is over or has not begun, or a clock is wrong",
        next: "renew the certificate, and compare the clocks";
    "404.0", "the path does not exist" => NoEndpoint,
        cause: "the virtual directory has another name",
        next: "check the path of the URL";
    "404.2", "the ISAPI or CGI restriction denies the BITS extension" => NoEndpoint,
        cause: "the BITS server extension is not allowed in ISAPI and CGI Restrictions",
        next: "allow the BITS extension (bitssrv.dll) there";
    "404.3", "the MIME map denies the file's extension" => NoEndpoint,
        cause: "the request was taken for a download: BITS uploads are not enabled there",
        next: "enable BITS uploads for the virtual directory";
    "404.4", "no handler is configured" => NoEndpoint,
        cause: "no handler takes the method BITS_POST",
        next: "enable BITS uploads for the virtual directory";
    "404.5", "request filtering denies a sequence in the URL" => NoEndpoint,
        cause: "denyUrlSequences of request filtering has a part of the URL or name",
        next: "use another --name, or change denyUrlSequences";
    "404.6", "request filtering denies the method" => NoEndpoint,
        cause: "request filtering lists the verbs that are allowed, and BITS_POST is not among them",
        next: "allow the verb BITS_POST in request filtering";
    "404.7", "request filtering denies the file's extension" => NoEndpoint,
        cause: "fileExtensions of request filtering denies it",
        next: "use another --name, or allow the extension";
    "404.8", "request filtering hides a part of the path" => NoEndpoint,
        cause: "hiddenSegments of request filtering has a part of the path, such as bin",
        next: "use another path or --name";
    "404.10", "request filtering limits a header field" => NoEndpoint,
        cause: "headerLimits of request filtering is below the length of a field",
        next: "raise the limit of that field";
    "404.11", "request filtering denies the URL as escaped twice" => NoEndpoint,
        cause: "the name or URL has a plus sign, or a percent sign that is escaped again",
        next: "use another --name, or set allowDoubleEscaping to true for the directory";
    "404.12", "request filtering denies characters outside ASCII in the URL" => NoEndpoint,
        cause: "allowHighBitCharacters is false",
        next: "use a --name in ASCII, or set allowHighBitCharacters to true";
    "404.13", "the request is larger than request filtering allows" => TooLarge,
        cause: "maxAllowedContentLength of request filtering, 30,000,000 bytes by default; bitsup halves the fragments, down to 5 KiB",
        next: "nothing, or raise maxAllowedContentLength for larger fragments";
    "404.14", "the URL is longer than request filtering allows" => NoEndpoint,
        cause: "maxUrl of request filtering",
        next: "use a shorter URL or --name, or raise maxUrl";
    "404.15", "the query is longer than request filtering allows" => NoEndpoint,
        cause: "maxQueryString of request filtering",
        next: "use a shorter query, or raise maxQueryString";
    "413.1", "the request is larger than the site allows" => TooLarge,
        cause: "the request's Content-Length is over the limit; with client certificates, uploadReadAheadSize is one",
        next: "raise the limit; for client certificates: netsh http update sslcert with clientcertnegotiation=enable";
    "500.19", "the configuration of the site cannot be read" => Server,
        cause: "a web.config is broken or locked, or IIS may not read it",
        next: "open the page in a browser on the server: it names the line of the file";
}

/// The sub-status in the title of a page by which IIS refuses.
pub(in crate::cli::diagnosis) fn of(refusal: &BitsError) -> Option<&'static SubStatus> {
    refusal.answerer.sub_status(refusal.status).and_then(known)
}

fn known(code: &str) -> Option<&'static SubStatus> {
    KNOWN.iter().find(|known| known.code == code)
}

pub(crate) fn explain(text: &str) -> Option<String> {
    let SubStatus { code, meaning, exit_code, cause, next } = known(text)?;
    let exit = (*exit_code as u8).to_string();
    Some(explanation(&format!("{code} (status and sub-status of IIS)"), [meaning, cause, next], Some(("exit", &exit))))
}

/// Code and meaning of each, for the list.
pub(crate) fn list() -> impl Iterator<Item = (&'static str, &'static str)> {
    KNOWN.iter().map(|known| (known.code, known.meaning))
}
