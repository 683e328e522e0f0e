//! Upload-reply ([MC-BUP] 1.3.3): an application sees each complete file and may answer with a file of its own.

use std::fmt;
use std::io;

use crate::protocol::SessionId;

/// Folders and file in a reply's URL, as IIS names them.
const FOLDERS: [&str; 2] = ["BITS-Sessions", "Replies"];
const FILE: &str = "responsefile.bin";

/// Why there is no reply.
#[derive(Debug)]
pub(crate) enum ReplyFailure {
    /// The application does not want the file, or broke a limit: final.
    Application(String),
    /// The system could not run the application. It is asked again when the client tries again.
    NotRun(String),
    /// The receiver could not keep what the application said. It is asked again when the client tries again.
    Storage(io::Error),
}

impl From<io::Error> for ReplyFailure {
    fn from(error: io::Error) -> Self {
        Self::Storage(error)
    }
}

impl fmt::Display for ReplyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Application(what) | Self::NotRun(what) => f.write_str(what),
            Self::Storage(error) => write!(f, "the reply cannot be stored: {error}"),
        }
    }
}

/// A reply's URL, relative to the upload's and with the separators that IIS sends.
pub(crate) fn url(session: &SessionId) -> String {
    format!("{}\\{}\\{session}\\{FILE}", FOLDERS[0], FOLDERS[1])
}

/// The session whose reply has this path, and the folders of its upload.
pub(crate) fn parse<'a>(folders: &'a [String], name: &str) -> Option<(SessionId, &'a [String])> {
    let [prefix @ .., sessions, replies, session] = folders else { return None };
    let is_reply = [sessions, replies] == FOLDERS && name == FILE;
    is_reply.then_some((session.parse().ok()?, prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::path::TargetPath;

    #[test]
    fn the_url_is_what_iis_sends_and_its_path_is_read_back() {
        let session: SessionId = "{C85B4E0A-9EB9-4114-BFA4-8A43B4710091}".parse().unwrap();
        let sent = "BITS-Sessions\\Replies\\{C85B4E0A-9EB9-4114-BFA4-8A43B4710091}\\responsefile.bin";
        assert_eq!(url(&session), sent);
        let asked = "/upload-ref/BITS-Sessions/Replies/%7BC85B4E0A-9EB9-4114-BFA4-8A43B4710091%7D/responsefile.bin";
        let target = TargetPath::from_url(asked).unwrap();
        assert_eq!(parse(target.folders(), target.name()), Some((session, &["upload-ref".to_owned()][..])));
    }

    #[test]
    fn other_paths_are_no_replies() {
        for path in ["/a", "/Replies/x/responsefile.bin", "/BITS-Sessions/Replies/responsefile.bin", "/a/b/c/d"] {
            let target = TargetPath::from_url(path).unwrap();
            assert_eq!(parse(target.folders(), target.name()), None, "{path}");
        }
    }
}
