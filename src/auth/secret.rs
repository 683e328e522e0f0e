//! A password, token or passphrase, and commands that must not see them.

use std::fmt;
use std::process::Command;

use zeroize::Zeroizing;

/// A text that nothing may print. Its memory is wiped when it is dropped.
///
/// Copies in other libraries (a header field, a hash) are theirs to forget.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over; there should be no other copy of it.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, to send or to hash it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Environment variables with our secrets.
const SECRET_VARIABLES: [&str; 3] = ["BITSUP_PASSWORD", "BITSUP_PROXY_PASSWORD", "BITSUP_TOKEN"];

/// The system's shell, to run `command`, which does not see our secrets.
pub(crate) fn shell(command: &str) -> Command {
    let mut shell = system_shell(command);
    for name in SECRET_VARIABLES {
        shell.env_remove(name);
    }
    shell
}

#[cfg(not(windows))]
fn system_shell(command: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command);
    shell
}

#[cfg(windows)]
fn system_shell(command: &str) -> Command {
    use std::os::windows::process::CommandExt;
    let mut shell = Command::new("cmd");
    // As it is: the shell has its own rules for quotes.
    shell.arg("/C").raw_arg(command);
    shell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_see_no_secret_of_ours() {
        let command = shell("true");
        let removed: Vec<_> = command.get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        for name in ["BITSUP_PASSWORD", "BITSUP_PROXY_PASSWORD", "BITSUP_TOKEN"] {
            assert!(removed.iter().any(|removed| *removed == name), "{name}: {removed:?}");
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret::new("s3cret".to_owned());
        assert_eq!(secret.reveal(), "s3cret");
        assert_eq!(format!("{:?} {:#?}", secret, Some(&secret)), "Secret(…) Some(\n    Secret(…),\n)");
    }
}
