//! From the text of a value to the value that is meant. Every option has its parser here or in the type itself, whether it
//! is typed, in the environment or in a file.

mod duration;
mod header;
mod names;
mod size;

use std::error::Error;
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;
#[cfg(feature = "serve")]
use std::time::Duration;

use clap::error::{ContextKind, ContextValue};
use http::uri::Authority;

use crate::transport::{Proxies, Proxy};
use crate::uploader::FragmentSize;

pub(super) use duration::parse as time;
pub(super) use header::header;

/// Why an option does not take a value; reads well after the option and a colon. It repeats no secret.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) struct InvalidValue(String);

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for InvalidValue {}

impl InvalidValue {
    /// The option that refused its value, and why, if that is the error. clap's own text has the value in it.
    pub(in crate::cli) fn of(error: &clap::Error) -> Option<String> {
        let reason = error.source()?.downcast_ref::<Self>()?;
        let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return None };
        // It comes with the name of its value.
        let option = option.split(' ').next().unwrap_or_default();
        Some(format!("{option}: {reason}"))
    }
}

/// A value that holds no secret and is read by its own type.
pub(super) fn parsed<T: FromStr<Err: fmt::Display>>(text: &str) -> Result<T, InvalidValue> {
    text.parse().map_err(|reason| InvalidValue(format!("{text:?}: {reason}")))
}

/// A size in bytes; nothing would fit into none.
pub(super) fn bytes(text: &str) -> Result<NonZeroU64, InvalidValue> {
    NonZeroU64::new(size::parse(text)?).ok_or_else(|| InvalidValue("it must be at least one byte".to_owned()))
}

/// A time of whole seconds, as the protocol counts them, and not none.
#[cfg(feature = "serve")]
pub(super) fn seconds(text: &str) -> Result<Duration, InvalidValue> {
    let time = time(text)?;
    if time.as_secs() == 0 {
        return Err(InvalidValue("it must be at least one second".to_owned()));
    }
    Ok(time)
}

pub(super) fn fragment_size(text: &str) -> Result<FragmentSize, InvalidValue> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(FragmentSize::Auto);
    }
    bytes(text).map(FragmentSize::Fixed).map_err(|reason| InvalidValue(format!("{reason}, or auto")))
}

/// A user's name.
pub(super) fn user(text: &str) -> Result<String, InvalidValue> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(InvalidValue("a name without control characters is needed".to_owned()));
    }
    Ok(text.to_owned())
}

/// A host without a port: it is trusted on any.
pub(super) fn host(text: &str) -> Result<String, InvalidValue> {
    let parsed = text.parse::<Authority>().ok().filter(|parsed| parsed.host() == text && !text.is_empty());
    parsed
        .map(|_| text.to_ascii_lowercase())
        .ok_or_else(|| InvalidValue(format!("{text:?} is no host: write its name or address, without a port")))
}

/// The name of a file without its folder.
pub(super) fn base_name(text: &str) -> Result<String, InvalidValue> {
    let is_base_name = !text.is_empty() && text != "." && text != ".." && !text.contains(['/', '\\']);
    if !is_base_name || text.chars().any(char::is_control) {
        return Err(InvalidValue("a file's name without folders and control characters is needed".to_owned()));
    }
    Ok(text.to_owned())
}

/// `none`, or the URL of a proxy. Others can read the command line.
pub(super) fn proxies(text: &str) -> Result<Proxies, InvalidValue> {
    if text == "none" {
        return Ok(Proxies::default());
    }
    let proxy: Proxy = text.parse().map_err(|reason: &str| InvalidValue(reason.to_owned()))?;
    if proxy.has_password() {
        return Err(InvalidValue(
            "it has a password in it, which others could read in the process list: put it into BITSUP_PROXY_PASSWORD or \
             a file for --proxy-password-file"
                .to_owned(),
        ));
    }
    Ok(Proxies::always(proxy))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::args::Cli;

    use super::*;

    #[test]
    fn a_wrong_value_is_told_with_its_option_but_no_secret() {
        for (typed, told) in [
            ("--fragment-size=0", "--fragment-size: it must be at least one byte, or auto"),
            ("--max-time=5", "--max-time: \"5\" is not a time: write 500ms, 30s, 10m, 2h, 14d or 5m30s"),
            ("--trust-host-id=h:80", "--trust-host-id: \"h:80\" is no host: write its name or address, without a port"),
            ("-HAuthorization: Basic s3cret", "--header: it cannot set authorization: "),
            ("-Hs3cret", "--header: a name and a value are needed"),
            ("--proxy=http://me:s3cret@h", "--proxy: it has a password in it, which others could read"),
            ("--proxy=ftp://me:s3cret@h", "--proxy: a proxy's URL begins with"),
        ] {
            let error = Cli::try_parse_from(["bitsup", "upload", typed, "f", "http://h/"]).expect_err("refused");
            let text = InvalidValue::of(&error).expect("our own parser");
            assert!(text.starts_with(told) && !text.contains("s3cret"), "{text}");
        }
        let error = Cli::try_parse_from(["bitsup", "upload", "--retries=x", "f", "http://h/"]).expect_err("refused");
        assert_eq!(InvalidValue::of(&error), None, "clap's own parser");
    }
}
