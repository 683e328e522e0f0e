//! The head of a response as it arrives: where it ends, and whether it stays within bounds.

use super::speech;

/// Bytes of one head.
pub(super) const MAX_HEAD: usize = 64 * 1024;

/// Header lines of one head.
const MAX_LINES: usize = 100;

/// Interim responses (1xx) before the one that counts.
const MAX_INTERIM: usize = 10;

/// `HTTP/1.1 200`: what tells an interim response from a final one.
const STATUS_END: usize = 12;

/// Follows a response's bytes up to the end of its head. The HTTP library parses the head; this one only watches.
#[derive(Debug, Default)]
pub(super) struct ResponseHead {
    /// Any byte arrived.
    pub(super) begun: bool,
    /// The final head is complete.
    pub(super) finished: bool,
    interim: usize,
    /// Of the head at hand, interim or final:
    bytes: usize,
    lines: usize,
    line_length: usize,
    status: Vec<u8>,
}

impl ResponseHead {
    /// Whether the final head has begun, as far as one can tell. Whatever is no interim response is final.
    pub(super) fn is_final(&self) -> bool {
        self.finished || ((self.status.len() == STATUS_END || self.lines > 0) && !self.is_interim())
    }

    /// Whether the final head is, as far as it came, one of 2xx.
    pub(super) fn is_success(&self) -> bool {
        self.status.starts_with(b"HTTP/1.") && self.status.len() == STATUS_END && self.status.get(8..10) == Some(b" 2")
    }

    /// The first bytes of a response that is not HTTP.
    pub(super) fn foreign(&self) -> Option<&[u8]> {
        Some(&*self.status).filter(|status| !speech::is_http(status))
    }

    /// Takes the next bytes. Returns how many bytes to drop from the front of all that was not dropped yet: interim
    /// heads.
    ///
    /// # Errors
    /// With the bound that the head exceeds.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<usize, String> {
        let mut dropped = 0;
        self.begun |= !bytes.is_empty();
        for byte in bytes {
            if self.finished {
                break;
            }
            self.take_byte(*byte)?;
            if *byte == b'\n' && self.end_line()? {
                if !self.is_interim() {
                    self.finished = true;
                    break;
                }
                dropped += self.bytes;
                self.next_head()?;
            }
        }
        Ok(dropped)
    }

    fn take_byte(&mut self, byte: u8) -> Result<(), String> {
        self.bytes += 1;
        if self.bytes > MAX_HEAD {
            return Err(format!("its head is longer than {MAX_HEAD} bytes"));
        }
        if !matches!(byte, b'\r' | b'\n') {
            self.line_length += 1;
            if self.lines == 0 && self.status.len() < STATUS_END {
                self.status.push(byte);
            }
        }
        Ok(())
    }

    /// Whether the head ends here. Empty lines before a head are allowed for.
    fn end_line(&mut self) -> Result<bool, String> {
        let is_empty = self.line_length == 0;
        self.line_length = 0;
        if is_empty {
            return Ok(self.lines > 0);
        }
        self.lines += 1;
        // The status line is none of them.
        if self.lines > MAX_LINES + 1 {
            return Err(format!("its head has more than {MAX_LINES} lines"));
        }
        Ok(false)
    }

    fn next_head(&mut self) -> Result<(), String> {
        self.interim += 1;
        if self.interim > MAX_INTERIM {
            return Err(format!("more than {MAX_INTERIM} interim answers came before it"));
        }
        (self.bytes, self.lines) = (0, 0);
        self.status.clear();
        Ok(())
    }

    /// 101 is not: after it nothing of HTTP follows.
    fn is_interim(&self) -> bool {
        self.status.starts_with(b"HTTP/1.") && self.status.get(8..10) == Some(b" 1") && !self.status.ends_with(b" 101")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINAL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    const INTERIM: &str = "HTTP/1.1 102 Processing\r\nX: y\r\n\r\n";

    fn head(text: &str) -> ResponseHead {
        let mut head = ResponseHead::default();
        head.take(text.as_bytes()).expect("within bounds");
        head
    }

    #[test]
    fn a_head_ends_with_an_empty_line_however_it_is_cut() {
        for cut in 0..FINAL.len() {
            let mut head = ResponseHead::default();
            assert_eq!(head.take(&FINAL.as_bytes()[..cut]), Ok(0));
            assert!(!head.finished);
            assert_eq!(head.is_final(), cut >= STATUS_END, "{cut}");
            assert_eq!(head.take(&FINAL.as_bytes()[cut..]), Ok(0));
            assert!(head.finished && head.is_final());
        }
        assert!(head("\r\n\nHTTP/1.1 200 OK\n\nbody").finished);
    }

    #[test]
    fn interim_heads_are_dropped_however_they_are_cut() {
        let text = format!("{INTERIM}{INTERIM}{FINAL}");
        for cut in 0..text.len() {
            let mut head = ResponseHead::default();
            let first = head.take(&text.as_bytes()[..cut]).expect("within bounds");
            let second = head.take(&text.as_bytes()[cut..]).expect("within bounds");
            assert_eq!(first + second, 2 * INTERIM.len());
            assert!(head.finished);
        }
        assert!(!head(INTERIM).is_final());
        assert!(!head("HTTP/1.1 100").is_final());
    }

    #[test]
    fn what_is_no_interim_response_is_final() {
        assert!(head("HTTP/1.1 101 Switching Protocols").is_final());
        assert!(head("SSH-2.0-OpenSSH_9.9\r\n").is_final());
        assert!(head("hello\r\n").is_final());
        assert!(head("HTTP/1.1 413").is_final());
    }

    #[test]
    fn a_success_is_known_by_its_status_line() {
        assert!(head(FINAL).is_success() && head("\r\nHTTP/1.0 206").is_success());
        for other in ["", "HTTP/1.1 2", INTERIM, "HTTP/1.1 413 Too Large", "HTTP/2 200 OK", "HTTP/1.1 \r\n200"] {
            assert!(!head(other).is_success(), "{other}");
        }
        assert!(head(&format!("{INTERIM}{FINAL}")).is_success());
    }

    #[test]
    fn what_is_not_http_is_known_by_its_first_byte() {
        assert_eq!(head("\u{15}").foreign(), Some(&b"\x15"[..]));
        assert_eq!(head("SSH-2.0-OpenSSH").foreign(), Some(&b"SSH-2.0-Open"[..]));
        for http in ["", "\r\n", "H", "HTTP/9"] {
            assert_eq!(head(http).foreign(), None, "{http}");
        }
    }

    #[test]
    fn everything_has_a_bound() {
        let mut head = ResponseHead::default();
        assert_eq!(head.take(&vec![b'x'; MAX_HEAD]), Ok(0));
        assert!(head.take(b"x").expect_err("too long").contains("bytes"));
        let lines = |count| format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(count));
        assert_eq!(ResponseHead::default().take(lines(MAX_LINES).as_bytes()), Ok(0));
        assert!(ResponseHead::default().take(lines(MAX_LINES + 1).as_bytes()).expect_err("too many").contains("lines"));
        let interim = INTERIM.repeat(MAX_INTERIM);
        assert_eq!(ResponseHead::default().take(interim.as_bytes()), Ok(interim.len()));
        let excess = ResponseHead::default().take(INTERIM.repeat(MAX_INTERIM + 1).as_bytes());
        assert!(excess.expect_err("too many").contains("interim"));
    }
}
