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

/// `None`: of codes without a name nothing is said.
pub(super) fn info(code: HResult) -> Option<HResultInfo> {
    use ExitCode as Code;
    let (client_exit, meaning, cause, next) = match code {
        HResult::E_ACCESSDENIED => (
            None,
            "access is denied",
            "the account may not write there, a file of that name exists and overwriting is off, or BITS uploads are not enabled on the directory",
            "check the folder's permissions, BITSAllowOverwrites and BITSUploadEnabled on the server",
        ),
        HResult::E_INVALIDARG => (
            None,
            "the server found a header or range invalid",
            "a proxy changed the request, or the server wants something that [MC-BUP] does not describe",
            "run it again with -vv to see both heads",
        ),
        HResult::DISK_FULL | HResult::DISK_FULL_AS_PRINTED => (
            None,
            "the server's disk is full",
            "the volume with the upload folder has no space left",
            "free space on the server, then run the same command again",
        ),
        HResult::BG_E_SESSION_NOT_FOUND => (
            None,
            "the server does not know the session",
            "the session expired, was cleaned up, or another machine of a farm answered",
            "run the same command again: a new session is opened",
        ),
        HResult::BG_E_TOO_LARGE => (
            None,
            "the file is larger than the server allows",
            "BITSMaximumUploadSize is set on the directory",
            "raise BITSMaximumUploadSize on the server, or send a smaller file",
        ),
        HResult::BG_E_STRING_TOO_LONG => (
            None,
            "a name or the URL is too long",
            "the URL or file name exceeds what the server takes",
            "use a shorter URL or name",
        ),
        HResult::BG_E_CLIENT_SERVER_PROTOCOL_MISMATCH => (
            None,
            "client and server have no protocol in common",
            "--protocol names one that the server does not speak",
            "leave --protocol away: its default is what every server speaks",
        ),
        HResult::BG_E_SERVER_EXECUTE_ENABLE => (
            None,
            "the directory allows scripts or programs to run",
            "BITS refuses uploads into a folder whose files could be executed",
            "turn script and execute permission off for the virtual directory",
        ),
        HResult(0x8020_001B) => (
            Some(Code::Protocol),
            "the server's answer makes no sense",
            "a proxy or portal answered, or the server is no BITS server",
            "check the URL",
        ),
        HResult(0x8020_001D) => (
            Some(Code::SourceChanged),
            "the file changed while it was being uploaded",
            "a program writes to it",
            "upload a copy, or wait until the file is finished",
        ),
        HResult(0x8020_0024) => (
            Some(Code::Server),
            "no progress was made for too long",
            "the network or the server is down",
            "run the same command again later",
        ),
        HResult(0x8007_2EE2) => (
            Some(Code::Server),
            "the request timed out",
            "the network or the server is slow or down",
            "run the same command again later",
        ),
        HResult(0x8007_2EE7) => (
            Some(Code::Connection),
            "the server's name is not known",
            "a typing error, or DNS is down",
            "check the host's name",
        ),
        HResult(0x8007_2EFD) => (
            Some(Code::Connection),
            "no connection could be made",
            "nothing listens there, or a firewall is between",
            "check host and port",
        ),
        HResult(0x8007_04DD) => (
            None,
            "Windows' BITS service wants an interactive logon of the user",
            "Start-BitsTransfer runs in a service, a scheduled task, a CI job or a remote session",
            "use bitsup upload: it needs no logon session",
        ),
        HResult(0x8007_2EFF) | HResult(0x8007_2EFE) => (
            Some(Code::Server),
            "the connection was reset",
            "the server or a proxy cut it",
            "run the same command again",
        ),
        HResult(0x8007_2F05) => (
            Some(Code::Tls),
            "the server's certificate is expired or not valid yet",
            "it was not renewed, or this machine's clock is wrong",
            "check the certificate and the clock",
        ),
        HResult(0x8007_2F06) => (
            Some(Code::Tls),
            "the server's certificate is for another name",
            "the URL names the server differently than its certificate",
            "use the name in the certificate",
        ),
        HResult(0x8007_2F0C) => (
            Some(Code::Tls),
            "the server wants a client certificate",
            "the folder is set up for client certificates",
            "ask the server's administrator for a certificate",
        ),
        HResult(0x8007_2F0D) => (
            Some(Code::Tls),
            "nobody whom this machine trusts vouches for the server's certificate",
            "it is signed by the server itself or by a private authority",
            "add the authority to this machine's trust store",
        ),
        HResult(0x8007_2F8F) => (
            Some(Code::Tls),
            "the secure connection failed",
            "the certificate is not trusted, expired, or for another name",
            "check the certificate and the clock",
        ),
        _ => return None,
    };
    Some(HResultInfo { meaning, cause, next, client_exit })
}
