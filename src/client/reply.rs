//! The reply of the server's application on its way to its file, which has its name only when it is whole.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use http::Response;
use http::header::{HeaderName, HeaderValue, IF_RANGE, RANGE};
use tempfile::NamedTempFile;

use crate::source::Contents;
use crate::transport::ResponseSink;
use crate::uploader::{MAX_REPLY, ReplyRequest, Uploader};

/// Where to save the reply.
#[derive(Debug)]
pub struct ReplyFile {
    path: PathBuf,
    may_replace: bool,
    /// The size in bytes of what is there, if an earlier run of the same upload saved it.
    saved: Option<u64>,
    partial: Option<NamedTempFile>,
}

impl ReplyFile {
    /// The reply goes to `path`. Checked now, so that nothing is uploaded whose reply cannot be saved. A reply that an
    /// earlier run of the same upload saved there, told by its contents, may be replaced.
    /// Fails when something else has that name and is not to be replaced, or nothing can be written beside it.
    pub(crate) fn new(path: PathBuf, may_replace: bool, earlier: Option<Contents>) -> Result<Self, ReplyFileError> {
        let saved = earlier.filter(|earlier| holds(&path, *earlier)).map(|earlier| earlier.size);
        let may_replace = may_replace || saved.is_some();
        let file = Self { path, may_replace, saved, partial: None };
        let made = match file.path.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => Err(io::Error::other("it is a directory")),
            Ok(_) if !may_replace => Err(io::Error::other("it exists; --force replaces it")),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => file.create().map(drop),
        };
        made.map_err(|error| file.error(error))?;
        Ok(file)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The size in bytes of the reply that an earlier run saved here.
    pub(crate) fn saved(&self) -> Option<u64> {
        self.saved
    }

    /// The contents that were written; `None`: nothing was.
    pub(super) fn contents(&mut self) -> Result<Option<Contents>, ReplyFileError> {
        let Some(file) = &mut self.partial else { return Ok(None) };
        // Leaves the file at its end, where the next bytes go.
        let read = file.rewind().and_then(|()| Contents::of(file, MAX_REPLY));
        read.map(Some).map_err(|error| self.error(error))
    }

    fn create(&self) -> io::Result<NamedTempFile> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        NamedTempFile::with_prefix_in(".bitsup-reply-", folder)
    }

    /// Writes behind what is there.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.partial()?.write_all(bytes)
    }

    /// Forgets what was written from byte `at` on.
    pub(super) fn cut(&mut self, at: u64) -> io::Result<()> {
        let file = self.partial()?;
        file.set_len(at)?;
        file.seek(SeekFrom::End(0)).map(drop)
    }

    /// Gives the file its name. A later reply of this upload may replace it.
    pub(super) fn finish(&mut self) -> Result<(), ReplyFileError> {
        let save = |this: &mut Self| {
            let partial = this.take_partial()?;
            partial.as_file().sync_all()?;
            let named =
                if this.may_replace { partial.persist(&this.path) } else { partial.persist_noclobber(&this.path) };
            named.map_err(|error| error.error)
        };
        save(self).map_err(|error| self.error(error))?;
        self.may_replace = true;
        Ok(())
    }

    pub(super) fn error(&self, error: io::Error) -> ReplyFileError {
        ReplyFileError { path: self.path.clone(), error }
    }

    fn partial(&mut self) -> io::Result<&mut File> {
        let partial = self.take_partial()?;
        Ok(self.partial.insert(partial).as_file_mut())
    }

    fn take_partial(&mut self) -> io::Result<NamedTempFile> {
        match self.partial.take() {
            Some(partial) => Ok(partial),
            None => self.create(),
        }
    }
}

/// Whether a file of ours could be there: nothing but a plain file is opened.
fn holds(path: &Path, contents: Contents) -> bool {
    let plain = path.symlink_metadata().is_ok_and(|found| found.is_file() && found.len() == contents.size);
    plain
        && File::open(path)
            .and_then(|file| Contents::of(file, contents.size.min(MAX_REPLY)))
            .is_ok_and(|found| found == contents)
}

/// The reply cannot be saved.
#[derive(Debug, thiserror::Error)]
#[error("cannot save the reply as {}: {error}", path.display())]
pub struct ReplyFileError {
    path: PathBuf,
    #[source]
    error: io::Error,
}

/// The fields of the GET.
pub(super) fn fields(request: &ReplyRequest) -> Vec<(HeaderName, HeaderValue)> {
    let mut fields = Vec::new();
    if request.from > 0
        && let Ok(range) = HeaderValue::try_from(format!("bytes={}-", request.from))
    {
        fields.push((RANGE, range));
        fields.extend(request.validator.clone().map(|validator| (IF_RANGE, validator)));
    }
    fields
}

/// Writes the part of a body that the machine wants.
pub(super) struct ReplySink<'a> {
    file: &'a mut ReplyFile,
    uploader: &'a Uploader,
    at: u64,
    pub(super) taken: u64,
    /// Why the file did not take it.
    pub(super) failure: Option<io::Error>,
}

impl<'a> ReplySink<'a> {
    pub(super) fn new(file: &'a mut ReplyFile, uploader: &'a Uploader) -> Self {
        Self { file, uploader, at: 0, taken: 0, failure: None }
    }
}

impl ResponseSink for ReplySink<'_> {
    fn begin(&mut self, head: &Response<()>) -> bool {
        let Some(at) = self.uploader.accept_reply(head) else { return false };
        self.at = at;
        self.failure = self.file.cut(at).err();
        self.failure.is_none()
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        let count = bytes.len() as u64;
        if self.at + self.taken + count > MAX_REPLY {
            // The machine sees by the count that it is too large.
            self.taken = (MAX_REPLY + 1).saturating_sub(self.at);
            return Err(io::Error::other("the reply is too large"));
        }
        self.file.append(bytes).map_err(|error| {
            self.failure = Some(error);
            io::Error::other("the reply cannot be saved")
        })?;
        self.taken += count;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use http::Uri;

    use super::*;
    use crate::protocol::ContentName;
    use crate::uploader::Plan;

    #[test]
    fn the_name_appears_when_the_reply_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("reply");
        let mut file = ReplyFile::new(path.clone(), false, None).expect("free");
        assert_eq!(std::fs::read_dir(folder.path()).expect("read").count(), 0, "the check leaves nothing");
        file.append(b"wrong").expect("written");
        file.cut(0).expect("cleared");
        file.append(b"re").expect("written");
        file.append(b"ply").expect("written");
        assert!(!path.exists());
        file.finish().expect("named");
        assert_eq!(std::fs::read(&path).expect("read"), b"reply");
        file.finish().expect("an empty one replaces its own");
        assert_eq!(std::fs::read(&path).expect("read"), b"");
    }

    #[test]
    fn what_is_there_is_not_replaced_unless_asked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("reply");
        let mut early = ReplyFile::new(path.clone(), false, None).expect("free");
        std::fs::write(&path, "mine").expect("written");
        assert!(early.finish().is_err(), "it came in between");
        assert_eq!(std::fs::read(&path).expect("read"), b"mine");
        let text = |path: &Path, force| ReplyFile::new(path.to_owned(), force, None).expect_err("refused").to_string();
        assert!(text(&path, false).contains("--force"));
        assert!(text(folder.path(), true).contains("it is a directory"));
        assert!(text(&folder.path().join("none/reply"), true).contains("cannot save the reply"));
        ReplyFile::new(path.clone(), true, None).expect("allowed").finish().expect("replaced");
        assert_eq!(std::fs::read(&path).expect("read"), b"");
    }

    #[test]
    fn a_reply_that_does_not_end_is_cut_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = ReplyFile::new(folder.path().join("reply"), false, None).expect("free");
        let plan = Plan::new(Uri::from_static("http://h/f"), 1, ContentName::new("f"));
        let uploader = Uploader::new(plan, Instant::now(), 0);
        // As if 1 GiB but two bytes were there.
        let begin = (1 << 30) - 2;
        let mut sink = ReplySink { at: begin, ..ReplySink::new(&mut file, &uploader) };
        sink.take(b"ab").expect("as much as is allowed");
        assert!(sink.take(b"c").is_err());
        assert!(begin + sink.taken > 1 << 30, "the machine sees that it is too large");
        assert_eq!(file.contents().expect("read").map(|contents| contents.size), Some(2));
    }

    #[test]
    fn only_the_same_contents_are_known_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("reply");
        let mut file = ReplyFile::new(path.clone(), false, None).expect("free");
        file.append(b"reply").expect("written");
        let contents = file.contents().expect("read").expect("something");
        assert_eq!(contents, Contents::of(&b"reply"[..], 5).expect("read"));
        assert!(ReplyFile::new(path.clone(), false, Some(contents)).expect("free").saved().is_none(), "not named yet");
        file.finish().expect("named");
        assert_eq!(ReplyFile::new(path.clone(), false, Some(contents)).expect("ours").saved(), Some(5));
        for other in ["replY", "repl", "reply+", ""] {
            std::fs::write(&path, other).expect("written");
            assert!(ReplyFile::new(path.clone(), false, Some(contents)).is_err(), "{other:?}");
        }
        assert!(ReplyFile::new(path, true, Some(contents)).expect("allowed").saved().is_none());
    }
}
