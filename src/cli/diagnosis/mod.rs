//! What an error means to people and programs: its exit code, its cause, and what to do next.

pub(crate) mod exit_code;
pub(crate) mod explain;
pub(crate) mod facts;
pub(crate) mod failure;

pub use exit_code::ExitCode;
