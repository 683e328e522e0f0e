//! A request's body on its way to the HTTP library.

use std::io::{self, Read};

use super::exchange_log::ExchangeLog;

/// Exactly as many bytes as the request promises.
pub(super) struct Outgoing<'a> {
    source: &'a mut dyn Read,
    left: u64,
    piece: usize,
    exchange: ExchangeLog,
}

impl<'a> Outgoing<'a> {
    /// The source is read in pieces of at most `piece` bytes.
    pub(super) fn new(source: &'a mut dyn Read, length: u64, piece: usize, exchange: ExchangeLog) -> Self {
        Self { source, left: length, piece, exchange }
    }
}

impl Read for Outgoing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(self.piece).min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let got = if self.exchange.facts().responded_early {
            // The library goes on to the response only when the whole body has gone by. Nobody will see these bytes: the
            // connection drops them, and they are not even written here.
            wanted
        } else {
            let got = read_some(self.source, &mut buffer[..wanted])?;
            self.exchange.note(|facts| facts.body_handed += got as u64);
            got
        };
        self.left -= got as u64;
        Ok(got)
    }
}

fn read_some(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buffer) {
            // The library would ask again for ever.
            Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the body ended before its length")),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &[u8], length: u64, exchange: &ExchangeLog) -> io::Result<Vec<u8>> {
        let mut source = source;
        let mut bytes = Vec::new();
        Outgoing::new(&mut source, length, usize::MAX, exchange.clone()).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[test]
    fn a_body_has_its_length_or_fails() {
        let exchange = ExchangeLog::default();
        assert_eq!(read(b"abcdef", 4, &exchange).expect("enough"), b"abcd");
        assert_eq!(read(b"", 0, &exchange).expect("nothing"), b"");
        assert_eq!(read(b"abc", 4, &exchange).expect_err("short").kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn after_an_early_response_the_source_is_left_alone() {
        struct Untouchable;
        impl Read for Untouchable {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                panic!("read")
            }
        }
        let exchange = ExchangeLog::default();
        exchange.note(|facts| facts.responded_early = true);
        let mut source = Untouchable;
        let mut body = Outgoing::new(&mut source, 1 << 40, usize::MAX, exchange);
        assert_eq!(body.read(&mut [0; 100]).expect("pretended"), 100);
    }
}
