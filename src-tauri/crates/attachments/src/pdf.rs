//! PDF: the text of its pages in the order of the file. A page that was scanned has none.

use std::io::Read;

use flate2::read::ZlibDecoder;
use pdf_extract::{Document, Error, PlainTextOutput, output_doc};

use crate::bounded::Bounded;
use crate::{ExtractError, MOST_UNPACKED_BYTES};

/// How often one stream may be packed into another one.
const MOST_LAYERS: usize = 4;

pub fn read(bytes: &[u8]) -> Result<String, ExtractError> {
    measure(bytes)?;
    let damaged = |error: &dyn std::fmt::Display| ExtractError::Damaged(error.to_string());
    let document = Document::load_mem(bytes).map_err(|error| match error {
        Error::Decryption(_) | Error::InvalidPassword => ExtractError::Encrypted,
        error => damaged(&error),
    })?;
    // The empty password was tried: most files that are encrypted are so only to forbid printing.
    if document.trailer.has(b"Encrypt") {
        return Err(ExtractError::Encrypted);
    }
    let mut text = Bounded::default();
    let mut output = PlainTextOutput::new(&mut text);
    let written = output_doc(&document, &mut output);
    // A text that is full ends the writing.
    if let Err(error) = written
        && !text.is_full()
    {
        return Err(damaged(&error));
    }
    text.finish()
}

/// Unpacks every stream into nothing: the parser unpacks without a bound, one after the other.
///
/// Streams are found by the word in front of them, whatever the rest of the file says of them. What
/// is not packed ends at its first bytes.
fn measure(bytes: &[u8]) -> Result<(), ExtractError> {
    const WORD: &[u8] = b"stream";
    let mut at = 0;
    while let Some(found) = bytes[at..]
        .windows(WORD.len())
        .position(|word| word == WORD)
    {
        at += found + WORD.len();
        let data = bytes[at..].trim_ascii_start();
        for layers in 1..=MOST_LAYERS {
            match unpacked(data, layers) {
                0 => break,
                length if length > MOST_UNPACKED_BYTES => return Err(ExtractError::Unpacks),
                _ => {}
            }
        }
    }
    Ok(())
}

/// How long it is with so many layers taken off, as far as that goes and a little over the bound.
fn unpacked(data: &[u8], layers: usize) -> u64 {
    let mut reader: Box<dyn Read + '_> = Box::new(data);
    for _ in 0..layers {
        reader = Box::new(ZlibDecoder::new(reader));
    }
    let mut length = 0;
    let mut buffer = vec![0; 64 << 10];
    while length <= MOST_UNPACKED_BYTES {
        match reader.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(read) => length += read as u64,
        }
    }
    length
}
