//! Signing in to a server.

mod secret;

pub use secret::Secret;

/// Environment variables with secrets in them: no child process gets to see them.
pub const SECRET_VARIABLES: [&str; 3] = ["BITSUP_PASSWORD", "BITSUP_PROXY_PASSWORD", "BITSUP_TOKEN"];
