//! Files that are given out: the response to a GET or HEAD.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};

use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderValue, LAST_MODIFIED, SERVER};
use http::request::Parts;
use http::{Method, Response, StatusCode};

use crate::server::range::{self, Selection};
use crate::server::response::ascii;

/// A file to be sent, positioned.
#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) head: Response<()>,
    /// Positioned at the first of the `len` bytes that follow.
    pub(crate) file: File,
    pub(crate) len: u64,
}

impl Download {
    /// The part of an open file that a request asks for.
    pub(crate) fn new(request: &Parts, mut file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let (size, modified) = (metadata.len(), httpdate::fmt_http_date(metadata.modified()?));
        let mut head = Response::new(());
        let headers = head.headers_mut();
        let (status, first, len) = match range::select(&request.headers, size, &modified) {
            Selection::Whole => (StatusCode::OK, 0, size),
            Selection::Part { first, len } => {
                headers.insert(CONTENT_RANGE, ascii(format!("bytes {first}-{}/{size}", first + len - 1)));
                (StatusCode::PARTIAL_CONTENT, first, len)
            }
            Selection::Outside => {
                headers.insert(CONTENT_RANGE, ascii(format!("bytes */{size}")));
                (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0)
            }
        };
        headers.insert(SERVER, HeaderValue::from_static("bitsup"));
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        // A browser stores it and shows no page.
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
        headers.insert(LAST_MODIFIED, ascii(modified));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(len));
        *head.status_mut() = status;
        file.seek(SeekFrom::Start(first))?;
        let len = if request.method == Method::HEAD { 0 } else { len };
        Ok(Self { head, file, len })
    }
}
