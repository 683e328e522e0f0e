//! Commands that the user gives us, for a password or a reply.

use std::process::Command;

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
