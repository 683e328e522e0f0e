//! The meaning of an HRESULT, and what to do about it.

use crate::protocol::HResult;

use super::ExitCode;

/// The texts about a code.
#[derive(Debug, Clone, Copy)]
pub(super) struct HResultInfo {
    pub(super) meaning: &'static str,
    pub(super) cause: &'static str,
    pub(super) next: &'static str,
    /// With what bitsup ends where Windows' client would report it. Codes that servers send mean a refusal: it decides.
    pub(super) client_exit: Option<ExitCode>,
}

macro_rules! hresults {
    ($($code:pat, $meaning:literal $(=> $exit:ident)?, cause: $cause:literal, next: $next:literal;)*) => {
        /// `None`: of codes without a name nothing is said.
        pub(super) fn info(code: HResult) -> Option<HResultInfo> {
            let info = |meaning, cause, next, client_exit| Some(HResultInfo { meaning, cause, next, client_exit });
            match code {
                $($code => info($meaning, $cause, $next, [$(ExitCode::$exit)?].first().copied()),)*
                _ => None,
            }
        }
    };
}

hresults! {
    HResult::E_ACCESSDENIED, "permission denied",
        cause: "the account may not write there, or a file of that name exists and overwriting is off, or BITS uploads are not enabled on the directory",
        next: "check the directory's permissions, BITSAllowOverwrites and BITSUploadEnabled on the server";
    HResult::E_INVALIDARG, "the server calls a header field or a range invalid",
        cause: "a proxy changed the request, or the server requires more than [MC-BUP] describes",
        next: "run the same command with -vv to see the request and the response";
    HResult::DISK_FULL | HResult::DISK_FULL_AS_PRINTED, "the server's disk is full",
        cause: "the volume of the upload directory has no space left, or the session directory has reached its limit",
        next: "free space on the server, then run the same command again";
    HResult::BG_E_SESSION_NOT_FOUND, "the server does not know the session",
        cause: "the session expired or was cleaned up, or another server of a farm responded",
        next: "run the same command again: it opens a new session";
    HResult::BG_E_TOO_LARGE, "the file is larger than the server allows",
        cause: "BITSMaximumUploadSize is set on the directory",
        next: "raise BITSMaximumUploadSize on the server, or send a smaller file";
    HResult::BG_E_STRING_TOO_LONG, "a name or the URL is too long",
        cause: "the URL or file name exceeds a limit of the server",
        next: "use a shorter URL or --name";
    HResult::BG_E_CLIENT_SERVER_PROTOCOL_MISMATCH, "client and server have no protocol in common",
        cause: "--protocol names a protocol that the server does not support",
        next: "remove --protocol: its default is what all known servers support";
    HResult::BG_E_SERVER_EXECUTE_ENABLE, "the directory allows scripts or programs to run",
        cause: "BITS refuses uploads into a directory whose files could be executed",
        next: "turn script and execute permission off for the virtual directory";
    HResult(0x8000_4005), "the server failed without saying why" => Server,
        cause: "an unexpected error; bitsup serve sends it where its application (--reply-command) rejects the file",
        next: "look at the server's log";
    HResult(0x8007_0003), "the path does not exist on the server" => NoEndpoint,
        cause: "the URL has a folder that does not exist in the upload directory",
        next: "create the folder on the server, or check the path of the URL";
    HResult(0x8007_0011), "the file cannot be moved to its destination: it is on another volume" => Server,
        cause: "the destination folder is a mount point inside the folder of bitsup serve",
        next: "let bitsup serve receive into a folder that is one file system";
    HResult(0x8007_001D), "the server could not write to its disk" => Server,
        cause: "an I/O error of the server's disk, or a read-only file system, as bitsup serve reports it",
        next: "check the disk and the log of the server";
    HResult(0x8007_0718), "the server has no room for this upload now" => Server,
        cause: "the client has too many sessions, or unfinished uploads have reserved all of --max-temp, as bitsup serve reports it",
        next: "resume or cancel them (bitsup sessions list), or run the same command again later";
    HResult(0x8007_0020), "the file is open in another program" => Refused,
        cause: "on the server, a virus scanner, an application or another session has the file open; on a Windows client, the source file",
        next: "close the other program, or wait for it, then run the same command again";
    HResult(0x8020_0010), "Windows' BITS service sees no network connection" => Connection,
        cause: "Start-BitsTransfer waits for a network that Windows calls connected, also where the server is reachable",
        next: "use bitsup upload: it tries to connect, whatever Windows says of the network";
    HResult(0x8020_0011), "the server did not tell the file's size" => Protocol,
        cause: "BITS downloads require a Content-Length: the code is one of downloads, not of uploads",
        next: "check that the job is an upload (-TransferType Upload), and the URL";
    HResult(0x8020_0013), "the server does not support byte ranges" => Protocol,
        cause: "BITS downloads require the Range header: the code is one of downloads, not of uploads",
        next: "check that the job is an upload (-TransferType Upload), and the URL";
    HResult(0x8020_0014), "the server's HTTP is not enough for BITS" => NoEndpoint,
        cause: "a web server or a proxy responded that does not know BITS, or in HTTP/1.0",
        next: "check the URL and the proxy; on IIS, enable BITS uploads for the virtual directory";
    HResult(0x8020_001B), "the server's response is not valid" => Protocol,
        cause: "a proxy or a portal responded, or the server is no BITS server",
        next: "check the URL";
    HResult(0x8020_001D), "the file changed during the upload" => SourceChanged,
        cause: "another program writes to it",
        next: "upload a copy, or wait until the file is complete";
    HResult(0x8020_0024), "no progress for too long" => Server,
        cause: "the network or the server is down",
        next: "run the same command again later";
    HResult(0x8007_2EE2), "the request timed out" => Server,
        cause: "the network or the server is slow or down",
        next: "run the same command again later";
    HResult(0x8007_2EE7), "the server's name was not found" => Connection,
        cause: "the name is misspelt, or DNS is down",
        next: "check the host name";
    HResult(0x8007_2EFD), "no connection could be made" => Connection,
        cause: "no server listens there, or a firewall blocks the connection",
        next: "check host and port";
    HResult(0x8007_04DD), "Windows' BITS service requires an interactive logon of the user",
        cause: "Start-BitsTransfer runs in a service, a scheduled task, a CI job or a remote session",
        next: "use bitsup upload: it needs no logon session";
    HResult(0x8007_2EFE | 0x8007_2EFF), "the connection was reset" => Server,
        cause: "the server or a proxy closed it",
        next: "run the same command again";
    HResult(0x8007_2F05), "the server's certificate is expired or not valid yet" => Tls,
        cause: "it was not renewed, or this machine's clock is wrong",
        next: "check the certificate and the clock";
    HResult(0x8007_2F06), "the server's certificate is for another name" => Tls,
        cause: "the URL names the server differently than its certificate",
        next: "use a name of the certificate in the URL";
    HResult(0x8007_2F0C), "the server requires a client certificate" => Tls,
        cause: "the directory is set up for client certificates",
        next: "--cert FILE and --key FILE";
    HResult(0x8007_2F0D), "the server's certificate is not trusted" => Tls,
        cause: "it is self-signed, or signed by a private authority",
        next: "add the authority to this machine's trust store, or set --cacert FILE";
    HResult(0x8007_2F8F), "TLS failed" => Tls,
        cause: "the certificate is not trusted, expired, or for another name",
        next: "check the certificate and the clock";
}
