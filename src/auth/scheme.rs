//! Authentication schemes, and why one cannot be used.

use std::fmt;

/// An authentication scheme. The later, the stronger; a bearer token is a matter of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// The password itself, readable on the connection.
    Basic,
    /// A token itself.
    Bearer,
    /// A proof that the password is known (RFC 7616).
    Digest,
    /// Windows' own proof, which belongs to a connection.
    Ntlm,
    /// Windows' choice between Kerberos and NTLM (RFC 4559).
    Negotiate,
}

impl Scheme {
    pub(super) const ALL: [Self; 5] = [Self::Basic, Self::Bearer, Self::Digest, Self::Ntlm, Self::Negotiate];

    /// As it is written in header fields.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "Basic",
            Self::Bearer => "Bearer",
            Self::Digest => "Digest",
            Self::Ntlm => "NTLM",
            Self::Negotiate => "Negotiate",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which schemes the user allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// The strongest that the server offers and that has what it needs.
    #[default]
    Auto,
    /// This one.
    Only(Scheme),
    /// None: nothing is sent.
    None,
}

/// Why authentication failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInError {
    /// The server requires authentication, and there are no credentials.
    NoCredentials {
        /// The schemes that it offers, escaped.
        offered: String,
    },
    /// The server requires authentication, there are only the machine's Kerberos tickets, and these fail.
    NoTickets {
        /// The schemes that it offers, escaped.
        offered: String,
        /// Why the tickets fail, escaped.
        reason: String,
    },
    /// The server did not take the credentials.
    Rejected(Scheme),
    /// No response, or a server error, came each time that the password, or a proof of it, was out: whether it is right is not
    /// known.
    Unanswered {
        /// In which way of signing in.
        scheme: Scheme,
        /// How often.
        times: u32,
    },
    /// The server did not take the Kerberos tickets.
    TicketsRejected,
    /// The server offers nothing that can be used.
    NothingInCommon {
        /// The schemes that it offers, escaped.
        offered: String,
        /// Why none of them can be used.
        reason: String,
        /// The scheme that the user named.
        only: Option<Scheme>,
    },
    /// The secret could be read on the way.
    Cleartext(Scheme),
    /// The credentials are not for this server.
    OtherOrigin {
        /// Who asks for them, escaped.
        asks: String,
        /// Whom they are for.
        origin: String,
    },
    /// The server signs in each request, where the scheme signs in a connection.
    EachRequest(Scheme),
    /// The server's challenge cannot be answered.
    Failed {
        /// In which way of signing in.
        scheme: Scheme,
        /// Why, escaped.
        reason: String,
    },
}

/// Reads well after "cannot upload the file: ".
impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCredentials { offered } => write!(f, "the server requires authentication ({offered})"),
            Self::NoTickets { offered, reason } => {
                let lack =
                    if cfg!(windows) { "the logged-on user cannot sign in" } else { "there is no Kerberos ticket" };
                write!(f, "the server requires authentication ({offered}), and {lack}: {reason}")
            }
            Self::TicketsRejected => f.write_str("the server did not accept the Kerberos tickets"),
            Self::Rejected(Scheme::Bearer) => f.write_str("the server did not accept the token"),
            Self::Rejected(scheme) => write!(f, "the server did not accept the user and password ({scheme})"),
            Self::Unanswered { scheme, times } => {
                write!(
                    f,
                    "no response, or a server error, came {times} times after the user and password were sent ({scheme})"
                )
            }
            Self::NothingInCommon { offered, reason, .. } => write!(f, "the server offers {offered}: {reason}"),
            Self::Cleartext(scheme) => {
                write!(f, "the server requires {scheme}, which over http anyone on the way can read")
            }
            Self::OtherOrigin { asks, origin } => {
                write!(f, "{asks} requires authentication, and the credentials are for {origin} only")
            }
            Self::EachRequest(scheme) => {
                write!(f, "the server authenticates each request anew ({scheme}), not the connection")
            }
            Self::Failed { scheme, reason } => write!(f, "authentication by {scheme} failed: {reason}"),
        }
    }
}

impl std::error::Error for SignInError {}
