//! The diagnosis when the server does not authenticate the client.

use crate::auth::{Scheme, SignInError};

use super::{Advice, ExitCode, because};

const WITHOUT_TICKETS: &str = if cfg!(all(unix, feature = "kerberos")) {
    "get a ticket with kinit, or add --user NAME"
} else if cfg!(all(windows, feature = "kerberos")) {
    "run bitsup as an account of the server's domain, with --auth negotiate if its name has a dot; or add --user NAME"
} else if cfg!(windows) {
    "--user NAME; to sign in as the logged-on user, build bitsup with --features kerberos"
} else {
    "--user NAME; for Kerberos, build bitsup with --features kerberos and get a ticket with kinit"
};

const CHECK_BOTH: &str = "check --user (for Windows DOMAIN\\USER) and the password; it was sent once only, as wrong passwords may lock the account";

/// `via_proxy`: the server's response came through a proxy.
pub(super) fn advice(reason: &SignInError, via_proxy: bool) -> Advice {
    let because = |cause| because(ExitCode::Authentication, cause);
    let plain = Advice::new(ExitCode::Authentication);
    match reason {
        SignInError::NoCredentials { offered } if offered == "Bearer" => {
            because("the directory does not accept anonymous uploads").next("--bearer-file FILE with a token")
        }
        SignInError::NoCredentials { .. } => because("the directory does not accept anonymous uploads")
            .next("--user NAME and --password-file FILE, or --bearer-file FILE if the server takes tokens"),
        SignInError::NoTickets { .. } => because("the directory does not accept anonymous uploads").next(WITHOUT_TICKETS),
        SignInError::TicketsRejected => because(
            "the tickets' owner may not upload; or the server's key is not the realm's; or the server has Extended Protection, and a \
             proxy ends TLS in front of it",
        )
        .next(if cfg!(windows) {
            "check with klist and whoami who you are here; --user NAME uses another account"
        } else {
            "check the tickets with klist; kinit or --user NAME uses another account"
        }),
        SignInError::Rejected(Scheme::Bearer) => {
            because("the token expired, or is for another service").next("get a new token")
        }
        SignInError::Rejected(scheme @ (Scheme::Ntlm | Scheme::Negotiate)) if via_proxy => because(
            "the response came through a proxy (Via): if it does not keep the connection to the server, no password is accepted; or \
             user or password is wrong",
        )
        .next(format!("connect without that proxy, as {scheme} authenticates a connection; or check --user and the password")),
        SignInError::Rejected(Scheme::Ntlm | Scheme::Negotiate) => because(
            "user or password is wrong, or the account is locked or may not log on there; or the server has Extended Protection, \
             and a proxy ends TLS in front of it or the URL is http",
        )
        .next(CHECK_BOTH),
        SignInError::Rejected(_) => {
            because("user or password is wrong, or the account is locked or may not log on there").next(CHECK_BOTH)
        }
        SignInError::Unanswered { .. } => because(
            "the server, or a proxy, closes the connection during authentication; whether the password is right is not known",
        )
        .next("look at the server's log before you run the command again: wrong passwords may lock the account"),
        SignInError::NothingInCommon { offered, only, .. } => match only {
            Some(scheme) => plain.next(format!("remove --auth, or enable {scheme} on the server")),
            None if needs_windows_auth(offered) => {
                because("this build of bitsup has no NTLM").next("build bitsup with --features windows-auth")
            }
            None => plain.next("enable Basic, Digest, NTLM or Negotiate for the directory"),
        },
        SignInError::Cleartext(_) => {
            plain.next("use https, or add --allow-cleartext-auth if the network can be trusted")
        }
        SignInError::OtherOrigin { .. } => {
            because("BITS-Host-Id or a redirect named that host, and credentials go to the URL's host only")
                .next("use that URL, or add --trust-host-id HOST if you trust it, or --no-host-id to stay at the URL's host")
        }
        SignInError::EachRequest(_) => because(
            "IIS has authPersistSingleRequest=true, or a proxy gives each request a connection of its own: NTLM and Negotiate \
             authenticate a connection",
        )
        .next("set authPersistSingleRequest to false for the site, or use --auth digest or basic where the server offers them"),
        SignInError::Failed { .. } => plain.next("run the same command with -vv"),
    }
}

fn needs_windows_auth(offered: &str) -> bool {
    !cfg!(feature = "windows-auth") && offered.split(", ").any(|scheme| matches!(scheme, "NTLM" | "Negotiate"))
}
