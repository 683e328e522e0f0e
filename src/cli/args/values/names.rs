//! The values of which there are only a few, as they are typed.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::auth::{Choice, Scheme};
use crate::client::ResumeMode;
use crate::output::ProgressMode;
use crate::uploader::Verify;

fn value(name: &'static str, help: &'static str) -> PossibleValue {
    PossibleValue::new(name).help(help)
}

impl ValueEnum for Choice {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Auto,
            Self::Only(Scheme::Basic),
            Self::Only(Scheme::Digest),
            Self::Only(Scheme::Ntlm),
            Self::Only(Scheme::Negotiate),
            Self::None,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Auto => value("auto", "The strongest that the server offers"),
            Self::Only(Scheme::Basic) => value("basic", "The password itself"),
            Self::Only(Scheme::Digest) => value("digest", "A proof of the password"),
            Self::Only(Scheme::Ntlm) => value("ntlm", "Windows' NTLM"),
            Self::Only(Scheme::Negotiate) => value("negotiate", "Windows' Negotiate"),
            // An option of its own brings the token.
            Self::Only(Scheme::Bearer) => return None,
            Self::None => value("none", "Not at all"),
        })
    }
}

impl ValueEnum for ResumeMode {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Auto, Self::Always, Self::Never]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Auto => value("auto", "Resume if the content is the same, else start over"),
            Self::Always => value("always", "Resume, or fail with exit 16"),
            Self::Never => value("never", "Cancel the old session and start over"),
        })
    }
}

impl ValueEnum for Verify {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::None, Self::Size, Self::Sha256]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::None => value("none", "Not at all"),
            Self::Size => value("size", "By its size"),
            Self::Sha256 => value("sha256", "By its SHA-256"),
        })
    }
}

impl ValueEnum for ProgressMode {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Auto, Self::Bar, Self::Plain, Self::None]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Auto => value("auto", "A bar on a terminal, lines elsewhere"),
            Self::Bar => value("bar", "A bar"),
            Self::Plain => value("plain", "Whole lines, as for a log"),
            Self::None => value("none", "Nothing"),
        })
    }
}
