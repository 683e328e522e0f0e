//! The buffers that the HTTP library works in.

use ureq::unversioned::transport::{Buffers, LazyBuffers};

/// A page of memory, on any machine that matters.
const PAGE: usize = 4096;

/// The library's buffers, but for an output buffer that begins with a page.
///
/// The kernel copies the source's pages into it. Where an allocator puts a large buffer, 16 bytes into a page, that takes
/// up to three times as long on some processors: each load seems to depend on the store 4 KiB before it.
#[derive(Debug)]
pub(super) struct PageBuffers {
    input: LazyBuffers,
    output: Vec<u8>,
    output_start: usize,
    output_size: usize,
}

impl PageBuffers {
    /// The sizes are in bytes; nothing is allocated before it is needed.
    pub(super) fn new(input_size: usize, output_size: usize) -> Self {
        // The library's own output buffer is not used; it cannot be empty.
        Self { input: LazyBuffers::new(input_size, 1), output: Vec::new(), output_start: 0, output_size }
    }

    fn allocate(&mut self) {
        if self.output.is_empty() {
            self.output = vec![0; self.output_size + PAGE];
            // At most a page, or no alignment at all where pointers cannot be looked at.
            self.output_start = self.output.as_ptr().align_offset(PAGE).min(PAGE);
        }
    }
}

impl Buffers for PageBuffers {
    fn output(&mut self) -> &mut [u8] {
        self.allocate();
        &mut self.output[self.output_start..][..self.output_size]
    }

    fn input(&self) -> &[u8] {
        self.input.input()
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        self.input.input_append_buf()
    }

    fn input_appended(&mut self, amount: usize) {
        self.input.input_appended(amount);
    }

    fn input_consume(&mut self, amount: usize) {
        self.input.input_consume(amount);
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        self.allocate();
        let (scratch, _) = self.input.tmp_and_output();
        (scratch, &mut self.output[self.output_start..][..self.output_size])
    }

    fn can_use_input(&self) -> bool {
        self.input.can_use_input()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_begins_with_a_page_and_has_its_size() {
        let mut buffers = PageBuffers::new(100, 300_000);
        assert_eq!(buffers.output().as_ptr().addr() % PAGE, 0);
        assert_eq!(buffers.output().len(), 300_000);
        assert_eq!(buffers.tmp_and_output().1.len(), 300_000);
    }
}
