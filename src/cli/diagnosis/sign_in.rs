//! What it means that nobody is let in.

use crate::auth::{Scheme, SignInError};

use super::{Advice, ExitCode, because};

const WITHOUT_TICKETS: &str = if cfg!(all(unix, feature = "kerberos")) {
    "get a ticket with kinit, or add --user NAME"
} else {
    "add --user NAME; for Kerberos install with `cargo install --path . --features kerberos` and get a ticket with kinit"
};

const CHECK_BOTH: &str =
    "check both, also the domain (DOMAIN\\USER); nothing was tried twice, lest the account be locked";

pub(super) fn advice(reason: &SignInError) -> Advice {
    let because = |cause| because(ExitCode::Authentication, cause);
    match reason {
        SignInError::NoCredentials { .. } => because("the folder is not open to anonymous uploads")
            .next("add --user NAME, or --bearer-file FILE if the server takes tokens"),
        SignInError::NoTickets { .. } => because("the folder is not open to anonymous uploads").next(WITHOUT_TICKETS),
        SignInError::TicketsRejected => because(
            "the tickets' owner may not come in; the server's own key is not the one that the realm knows; or it has \
             Extended Protection, and TLS ends on the way to it",
        )
        .next("look at the tickets with klist; to sign in as somebody else, kinit as them or add --user NAME"),
        SignInError::Rejected(Scheme::Bearer) => {
            because("the token expired, or is for something else").next("get a new token")
        }
        SignInError::Rejected(Scheme::Ntlm | Scheme::Negotiate) => because(
            "the user or password is wrong, or the account is locked or may not come in that way; or the server has \
             Extended Protection, and TLS ends on the way to it or is not used",
        )
        .next(CHECK_BOTH),
        SignInError::Rejected(_) => {
            because("the user or password is wrong, or the account is locked or may not come in that way")
                .next(CHECK_BOTH)
        }
        SignInError::Unanswered { .. } => because(
            "something on the way, or the server, hangs up on whoever signs in; whether the password is right is not known",
        )
        .next("find out what hangs up before you run it again: too many tries may lock the account"),
        SignInError::NothingInCommon { .. } => {
            because("the server wants another way of signing in than there are credentials for")
                .next("leave --auth out, or ask the server's administrator which ways are allowed")
        }
        SignInError::Cleartext(_) => Advice::new(ExitCode::Authentication)
            .next("use https, or add --allow-cleartext-auth if the network can be trusted"),
        SignInError::OtherOrigin { .. } => because(
            "the server led there (BITS-Host-Id, or a redirect), and credentials do not follow by themselves",
        )
        .next("use that URL, or add --trust-host-id HOST if you trust it, or --no-host-id to stay at the URL's host"),
        SignInError::EachRequest(_) => because(
            "IIS has authPersistSingleRequest=true, or a proxy before the server gives each request a connection of its own",
        )
        .next(
            "set authPersistSingleRequest to false for the site, or use --auth digest or basic where the server offers them",
        ),
        SignInError::Failed { .. } => {
            Advice::new(ExitCode::Authentication).next("run it again with -vv to see both heads")
        }
    }
}
