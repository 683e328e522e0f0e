//! Exit codes: a public contract, and one table of all that is said of each.

/// The texts about an exit code. Errors without better words of their own use these.
#[derive(Debug)]
pub(crate) struct ExitInfo {
    /// Its name, for programs.
    pub(crate) class: &'static str,
    /// Whether the same command may succeed later, without a change to anything but time.
    pub(crate) retryable: bool,
    pub(crate) meaning: &'static str,
    pub(crate) cause: &'static str,
    pub(crate) next: &'static str,
}

macro_rules! exit_codes {
    ($($code:ident = $number:literal, class: $class:literal, retryable: $retryable:literal,
        meaning: $meaning:literal,
        cause: $cause:literal,
        next: $next:literal;
    )*) => {
        /// The exit code of the process.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum ExitCode {
            $(#[doc = $meaning] $code = $number,)*
        }

        impl ExitCode {
            pub(crate) const ALL: &[Self] = &[$(Self::$code),*];

            pub(crate) fn info(self) -> &'static ExitInfo {
                match self {
                    $(Self::$code => &ExitInfo {
                        class: $class, retryable: $retryable, meaning: $meaning, cause: $cause, next: $next,
                    },)*
                }
            }
        }
    };
}

// A new code is a row here, an error that leads to it in `diagnosis`, and its number in README.md and
// docs/events.schema.json.
exit_codes! {
    Success = 0, class: "success", retryable: false,
        meaning: "the server acknowledged the whole file and closed the session; or its last response was lost, and --verify sha256 found the same content",
        cause: "all faults during the upload, if there were any, were recovered from",
        next: "nothing";
    Internal = 1, class: "internal", retryable: false,
        meaning: "a bug in bitsup, or a failed system call on this machine",
        cause: "the machine is out of memory, disk space or file descriptors, or bitsup has a bug",
        next: "run the same command again; if it happens again, report it with the output of -vv";
    Usage = 2, class: "usage", retryable: false,
        meaning: "an option, a URL or a setting is wrong, or the URL or name is too long for the server",
        cause: "the message names the option, variable, or line of config.toml",
        next: "correct it; --help shows the options, `bitsup config` shows settings and where they are made";
    Source = 3, class: "source", retryable: false,
        meaning: "the file is missing, unreadable, or not a regular file; or there is nothing to upload",
        cause: "its path is wrong, or this account may not read it",
        next: "check the path and its permissions; add -r for a directory; pipe data in with - as FILE";
    SourceChanged = 4, class: "source-changed", retryable: true,
        meaning: "the file changed during the upload",
        cause: "another program writes to it",
        next: "upload a copy, or wait until the file is complete; the next run starts at the beginning";
    Connection = 5, class: "connection", retryable: true,
        meaning: "the host was not found, the connection failed, or it broke before the upload began",
        cause: "the host name is misspelt, no server listens on that port, or a firewall blocks the connection",
        next: "check host and port, then run the same command again";
    Tls = 6, class: "tls", retryable: false,
        meaning: "TLS failed",
        cause: "the server's certificate is not trusted, expired, or for another name; or the server requires a client certificate",
        next: "check the certificate and this machine's clock";
    Authentication = 7, class: "authentication", retryable: false,
        meaning: "the server (401) or a proxy (407) requires authentication, or did not accept the credentials",
        cause: "user, password or token are missing or wrong",
        next: "check the credentials, and which authentication schemes the server offers (-vv shows them)";
    Refused = 8, class: "refused", retryable: false,
        meaning: "the server refuses the upload",
        cause: "the account may not write there, or a file of that name exists and overwriting is off",
        next: "check the directory's permissions and BITSAllowOverwrites on the server";
    NoEndpoint = 9, class: "no-endpoint", retryable: false,
        meaning: "there are no BITS uploads at that URL",
        cause: "the URL is wrong, or BITS uploads are not enabled on that directory",
        next: "check the URL; on IIS, enable BITS uploads for the virtual directory";
    TooLarge = 10, class: "too-large", retryable: false,
        meaning: "the file, or a fragment of it, is too large for the server",
        cause: "a limit of the directory, of the web server, or of a proxy in front of it",
        next: "raise the limit or send a smaller file; for a fragment, use a smaller --fragment-size";
    Server = 11, class: "server", retryable: true,
        meaning: "the server failed, timed out, or made no progress",
        cause: "the server or the network is overloaded, restarting or failing",
        next: "run the same command again: it resumes where this run stopped";
    Protocol = 12, class: "protocol", retryable: false,
        meaning: "the server, or a proxy in front of it, violated the protocol",
        cause: "a proxy changed a request or response, or the server is not a BITS server",
        next: "run the same command with -vv to see the request and the response";
    Application = 13, class: "application", retryable: false,
        meaning: "the application behind the server rejected the file, or gave no reply",
        cause: "it does not accept this file, or it failed",
        next: "ask the application's operator what it accepts";
    VerificationFailed = 14, class: "verification-failed", retryable: false,
        meaning: "the file on the server differs from the source (--verify)",
        cause: "a proxy, the server or another upload changed the content",
        next: "look at the file on the server, then upload it again";
    Mixed = 15, class: "mixed", retryable: true,
        meaning: "of several files, some failed and others did not, or they failed in different ways",
        cause: "the output has an error for each file that failed",
        next: "run the same command again after correcting the errors";
    NotResumable = 16, class: "not-resumable", retryable: false,
        meaning: "--resume always, and there is no upload to resume",
        cause: "the upload was finished, expired after 14 days, was started elsewhere, was of another content, or the server lost it",
        next: "remove --resume always to start over";
    Locked = 17, class: "locked", retryable: true,
        meaning: "another bitsup is uploading to the same URL",
        cause: "another process has locked the record of this upload",
        next: "wait until it has ended, then run the same command again";
    Unconfirmed = 18, class: "unconfirmed", retryable: false,
        meaning: "unconfirmed: every byte was sent, but it is not certain that the file is on the server",
        cause: "the response to Close-Session was lost, the session was gone or refused after the last fragment, or --verify was not shown the file",
        next: "look at the file on the server before you run the command again; with --verify sha256 the same content is exit 0";
    HungUp = 129, class: "hung-up", retryable: true,
        meaning: "stopped by SIGHUP",
        cause: "the terminal or the connection to it was closed",
        next: "run the same command again: it resumes where this run stopped";
    Interrupted = 130, class: "interrupted", retryable: true,
        meaning: "interrupted by Ctrl-C (SIGINT)",
        cause: "Ctrl-C was pressed, or a program sent SIGINT",
        next: "run the same command again: it resumes where this run stopped";
    Terminated = 143, class: "terminated", retryable: true,
        meaning: "stopped by SIGTERM",
        cause: "the system, a job's time limit or an administrator stopped the process",
        next: "run the same command again: it resumes where this run stopped";
}

impl ExitCode {
    /// How a run ended, in one word for programs.
    pub(crate) fn status(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Mixed => "mixed",
            Self::HungUp | Self::Interrupted | Self::Terminated => "interrupted",
            _ => "failed",
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_frozen() {
        let codes = [
            (ExitCode::Success, 0),
            (ExitCode::Internal, 1),
            (ExitCode::Usage, 2),
            (ExitCode::Source, 3),
            (ExitCode::SourceChanged, 4),
            (ExitCode::Connection, 5),
            (ExitCode::Tls, 6),
            (ExitCode::Authentication, 7),
            (ExitCode::Refused, 8),
            (ExitCode::NoEndpoint, 9),
            (ExitCode::TooLarge, 10),
            (ExitCode::Server, 11),
            (ExitCode::Protocol, 12),
            (ExitCode::Application, 13),
            (ExitCode::VerificationFailed, 14),
            (ExitCode::Mixed, 15),
            (ExitCode::NotResumable, 16),
            (ExitCode::Locked, 17),
            (ExitCode::Unconfirmed, 18),
            (ExitCode::HungUp, 129),
            (ExitCode::Interrupted, 130),
            (ExitCode::Terminated, 143),
        ];
        for (code, number) in codes {
            assert_eq!(code as u8, number);
        }
        assert_eq!(codes.map(|(code, _)| code), ExitCode::ALL, "all are here, in order");
    }

    #[test]
    fn the_readme_has_them_all() {
        let readme = include_str!("../../../README.md");
        let (_, from) = readme.split_once("## Exit codes").expect("the section");
        let (section, _) = from.split_once("\n## ").expect("the section's end");
        let cells = section.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" |"));
        let found: Vec<u8> =
            cells.flat_map(|(cell, _)| cell.split(", ")).filter_map(|number| number.parse::<u8>().ok()).collect();
        assert_eq!(found, ExitCode::ALL.iter().map(|code| *code as u8).collect::<Vec<_>>());
    }
}
