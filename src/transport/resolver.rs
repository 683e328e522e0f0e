//! Name lookup that says of itself when it failed.

use std::fmt;

use http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// The system's resolver; its errors are told apart from those of connecting.
#[derive(Debug, Default)]
pub(super) struct SystemResolver(DefaultResolver);

/// The name of the host could not be turned into an address.
#[derive(Debug)]
pub(super) struct LookupError(pub(super) String);

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LookupError {}

impl Resolver for SystemResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        self.0.resolve(uri, config, timeout).map_err(|error| match error {
            ureq::Error::Io(error) => ureq::Error::Other(Box::new(LookupError(error.to_string()))),
            other => other,
        })
    }
}
