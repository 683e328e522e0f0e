//! What each exit code means, and what to do about it.

use crate::cli::ExitCode;

/// What is known of one exit code. Errors without better words of their own use these.
#[derive(Debug)]
pub(crate) struct ExitInfo {
    /// What happened.
    pub(crate) meaning: &'static str,
    /// What usually lies behind it.
    pub(crate) cause: &'static str,
    /// What to do about it.
    pub(crate) advice: &'static str,
}

macro_rules! exit_codes {
    ($($code:ident, $meaning:literal, $cause:literal, $advice:literal;)*) => {
        /// All exit codes.
        pub(crate) const ALL: &[ExitCode] = &[$(ExitCode::$code),*];

        /// What is known of a code.
        pub(crate) fn info(code: ExitCode) -> &'static ExitInfo {
            match code {
                $(ExitCode::$code => &ExitInfo { meaning: $meaning, cause: $cause, advice: $advice },)*
            }
        }
    };
}

exit_codes! {
    Success, "the server acknowledged the whole file and closed it; or its last response was lost, and --verify sha256 found the same content",
        "nothing went wrong that was not mended", "nothing is left to do";
    Internal, "a mistake in bitsup, or on this machine", "bitsup is wrong, or the machine is out of memory, disk space or files",
        "run the same command again; if it happens again, report it with the output of -vv";
    Usage, "something typed or configured is wrong", "an option, a URL or a setting is wrong, or the URL or name is too long for the server",
        "correct what the message names; --help shows the options, `bitsup config` what is set elsewhere";
    Source, "the file is missing, unreadable, or not a regular file", "its path is wrong, or this account may not read it",
        "check the path and its permissions; a pipe or device cannot be uploaded: write it to a file first";
    SourceChanged, "the file changed during the upload", "a program writes to it",
        "upload a copy, or wait until the file is finished; the next run starts at the beginning";
    Connection, "the host was not found, or there was no connection, or it broke before the upload began",
        "a typing error in the host, nothing listens there, or a firewall is between", "check host and port, then run the same command again";
    Tls, "TLS failed", "the certificate is not trusted, expired, or for another name", "check the certificate and this machine's clock";
    Authentication, "the server (401) or a proxy (407) wants a login", "the login is missing or wrong",
        "check user and password, and which kinds of login the server offers (-vv shows them)";
    Refused, "the server refuses the upload", "the account may not write there, or a file of that name exists",
        "check the folder's permissions and whether overwriting is allowed";
    NoEndpoint, "there are no BITS uploads at that URL", "the URL is wrong, or BITS uploads are not enabled on that folder",
        "check the URL; on IIS, enable BITS uploads for the virtual directory";
    TooLarge, "the file, or a fragment of it, is too large for the server", "a limit of the directory, of the web server, or of a proxy before it",
        "raise the limit or send a smaller file; for a fragment, try a smaller --fragment-size";
    Server, "the server failed, took too long, or got no further", "the server or the network is busy, restarting or out of order",
        "run the same command again: it goes on where this one stopped";
    Protocol, "the server, or something before it, broke the protocol", "a proxy changed the request or its answer, or the server is no real BITS server",
        "run it again with -vv to see both heads";
    Application, "the application behind the server did not take the file, or gave no reply", "it does not want this file, or is out of order",
        "ask who runs the application what it accepts";
    VerificationFailed, "what arrived is not the file", "something changed it on its way or on the server", "look at the file on the server, then upload it again";
    Mixed, "only some of several files arrived", "the lines above tell what went wrong with each of the others",
        "run the same command again for the files that did not arrive";
    NotResumable, "--resume always, and there is no upload to resume", "the upload was finished, expired after 14 days, was started elsewhere, was of another content, or the server lost it",
        "leave --resume always away to start over";
    Locked, "another bitsup is busy with this upload", "the same file goes to the same URL in another process",
        "wait for it, or stop it and run the same command again";
    Unconfirmed, "unconfirmed: every byte was sent, but it is not certain that the file is on the server",
        "the response to Close-Session was lost, the session was gone or refused after the last fragment, or --verify was not shown the file",
        "look at the file on the server before you run the command again; with --verify sha256 the same content is exit 0";
    Interrupted, "stopped by Ctrl-C (SIGINT)", "somebody wanted it to end", "run the same command again: it goes on where this one stopped";
    Terminated, "stopped by SIGTERM", "the system or a job's time limit wanted it to end", "run the same command again: it goes on where this one stopped";
}

/// The code with this number.
pub(crate) fn of_number(number: u32) -> Option<ExitCode> {
    ALL.iter().copied().find(|code| u32::from(*code as u8) == number)
}
