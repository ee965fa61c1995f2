//! Text from tokens, one at a time: a character may span several of them.

/// Turns the bytes of tokens into text, holding back a character until it is complete.
///
/// ```
/// use sirocco_worker::tokenizer::StreamDecoder;
/// let mut decoder = StreamDecoder::default();
/// assert_eq!(decoder.push(&[b'a', 0xc3]), "a");
/// assert_eq!(decoder.push(&[0xa9]), "é");
/// assert_eq!(decoder.push(&[0xff, b'b', 0xe2]), "\u{fffd}b");
/// assert_eq!(decoder.finish(), "\u{fffd}");
/// ```
#[derive(Clone, Debug, Default)]
pub struct StreamDecoder {
    pending: Vec<u8>,
    drop_space: bool,
}

impl StreamDecoder {
    /// A decoder that drops the first space if `drop_leading_space`.
    pub fn new(drop_leading_space: bool) -> Self {
        Self {
            pending: Vec::new(),
            drop_space: drop_leading_space,
        }
    }

    /// Takes the bytes of the next token and gives the text that is complete now.
    ///
    /// Bytes that no further ones can make a character become U+FFFD.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.pending.extend_from_slice(bytes);
        if self.drop_space && !self.pending.is_empty() {
            self.drop_space = false;
            if self.pending[0] == b' ' {
                self.pending.remove(0);
            }
        }
        let mut text = String::with_capacity(self.pending.len());
        let mut kept = 0;
        for chunk in self.pending.utf8_chunks() {
            text.push_str(chunk.valid());
            kept += chunk.valid().len();
            if chunk.invalid().is_empty() {
                continue;
            }
            let is_last = kept + chunk.invalid().len() == self.pending.len();
            if is_last && could_continue(chunk.invalid()) {
                break;
            }
            text.push(char::REPLACEMENT_CHARACTER);
            kept += chunk.invalid().len();
        }
        self.pending.drain(..kept);
        text
    }

    /// Whether a character is begun and not complete.
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// What is left when no more tokens come: U+FFFD for an incomplete character.
    pub fn finish(&mut self) -> String {
        let text = String::from_utf8_lossy(&self.pending).into_owned();
        self.pending.clear();
        text
    }
}

/// Whether bytes are the beginning of a character.
fn could_continue(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_cut_anywhere_comes_out_whole() {
        let text = "aé漢\u{1f469}\u{200d}\u{1f467}z";
        for size in 1..text.len() {
            let mut decoder = StreamDecoder::default();
            let mut out: String = text
                .as_bytes()
                .chunks(size)
                .map(|chunk| decoder.push(chunk))
                .collect();
            assert!(!decoder.has_pending());
            out.push_str(&decoder.finish());
            assert_eq!(out, text);
        }
    }

    #[test]
    fn bytes_that_cannot_be_completed_are_replaced_at_once() {
        let mut decoder = StreamDecoder::default();
        assert_eq!(decoder.push(&[0x80]), "\u{fffd}");
        assert_eq!(decoder.push(&[0xe2, 0x82]), "");
        assert_eq!(decoder.push(b"x"), "\u{fffd}x");
        assert_eq!(decoder.push(&[0xed, 0xa0]), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn only_the_first_space_is_dropped() {
        let mut decoder = StreamDecoder::new(true);
        assert_eq!(decoder.push(b""), "");
        assert_eq!(decoder.push(b"  a"), " a");
        assert_eq!(decoder.push(b" b"), " b");
        assert_eq!(StreamDecoder::new(true).push(b"a b"), "a b");
    }
}
