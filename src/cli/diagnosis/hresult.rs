//! What an HRESULT means, and what to do about it.

use crate::protocol::HResult;

use super::ExitCode;

/// What is said of a code.
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
    HResult::E_ACCESSDENIED, "access is denied",
        cause: "the account may not write there, a file of that name exists and overwriting is off, or BITS uploads are not enabled on the directory",
        next: "check the folder's permissions, BITSAllowOverwrites and BITSUploadEnabled on the server";
    HResult::E_INVALIDARG, "the server found a header or range invalid",
        cause: "a proxy changed the request, or the server wants something that [MC-BUP] does not describe",
        next: "run it again with -vv to see both heads";
    HResult::DISK_FULL | HResult::DISK_FULL_AS_PRINTED, "the server's disk is full",
        cause: "the volume with the upload folder has no space left",
        next: "free space on the server, then run the same command again";
    HResult::BG_E_SESSION_NOT_FOUND, "the server does not know the session",
        cause: "the session expired, was cleaned up, or another machine of a farm answered",
        next: "run the same command again: a new session is opened";
    HResult::BG_E_TOO_LARGE, "the file is larger than the server allows",
        cause: "BITSMaximumUploadSize is set on the directory",
        next: "raise BITSMaximumUploadSize on the server, or send a smaller file";
    HResult::BG_E_STRING_TOO_LONG, "a name or the URL is too long",
        cause: "the URL or file name exceeds what the server takes",
        next: "use a shorter URL or name";
    HResult::BG_E_CLIENT_SERVER_PROTOCOL_MISMATCH, "client and server have no protocol in common",
        cause: "--protocol names one that the server does not speak",
        next: "leave --protocol away: its default is what every server speaks";
    HResult::BG_E_SERVER_EXECUTE_ENABLE, "the directory allows scripts or programs to run",
        cause: "BITS refuses uploads into a folder whose files could be executed",
        next: "turn script and execute permission off for the virtual directory";
    HResult(0x8020_001B), "the server's answer makes no sense" => Protocol,
        cause: "a proxy or portal answered, or the server is no BITS server",
        next: "check the URL";
    HResult(0x8020_001D), "the file changed while it was being uploaded" => SourceChanged,
        cause: "a program writes to it",
        next: "upload a copy, or wait until the file is finished";
    HResult(0x8020_0024), "no progress was made for too long" => Server,
        cause: "the network or the server is down",
        next: "run the same command again later";
    HResult(0x8007_2EE2), "the request timed out" => Server,
        cause: "the network or the server is slow or down",
        next: "run the same command again later";
    HResult(0x8007_2EE7), "the server's name is not known" => Connection,
        cause: "a typing error, or DNS is down",
        next: "check the host's name";
    HResult(0x8007_2EFD), "no connection could be made" => Connection,
        cause: "nothing listens there, or a firewall is between",
        next: "check host and port";
    HResult(0x8007_04DD), "Windows' BITS service wants an interactive logon of the user",
        cause: "Start-BitsTransfer runs in a service, a scheduled task, a CI job or a remote session",
        next: "use bitsup upload: it needs no logon session";
    HResult(0x8007_2EFE | 0x8007_2EFF), "the connection was reset" => Server,
        cause: "the server or a proxy cut it",
        next: "run the same command again";
    HResult(0x8007_2F05), "the server's certificate is expired or not valid yet" => Tls,
        cause: "it was not renewed, or this machine's clock is wrong",
        next: "check the certificate and the clock";
    HResult(0x8007_2F06), "the server's certificate is for another name" => Tls,
        cause: "the URL names the server differently than its certificate",
        next: "use the name in the certificate";
    HResult(0x8007_2F0C), "the server wants a client certificate" => Tls,
        cause: "the folder is set up for client certificates",
        next: "ask the server's administrator for a certificate";
    HResult(0x8007_2F0D), "nobody whom this machine trusts vouches for the server's certificate" => Tls,
        cause: "it is signed by the server itself or by a private authority",
        next: "add the authority to this machine's trust store";
    HResult(0x8007_2F8F), "the secure connection failed" => Tls,
        cause: "the certificate is not trusted, expired, or for another name",
        next: "check the certificate and the clock";
}
