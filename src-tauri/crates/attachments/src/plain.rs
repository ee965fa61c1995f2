//! Bytes that are text.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::{ExtractError, MOST_TEXT_BYTES};

/// Of so many characters one may be a control character; more is no text.
const CHARACTERS_A_CONTROL: usize = 50;

/// Reads UTF-8, UTF-16 that says so, and else what Windows wrote in the west: no bytes are wrong in
/// it, so what is no text must be told by its characters.
pub fn read(bytes: &[u8]) -> Result<String, ExtractError> {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = match marked {
        Some(encoding) => encoding,
        None if std::str::from_utf8(bytes).is_ok() => UTF_8,
        None => WINDOWS_1252,
    };
    let (text, _, _) = encoding.decode(bytes);
    let is_control = |c: &char| c.is_control() && !"\t\n\r\u{c}\u{1b}".contains(*c);
    let controls = text.chars().filter(is_control).count();
    if text.contains('\0') || controls * CHARACTERS_A_CONTROL > text.chars().count() {
        return Err(ExtractError::Binary);
    }
    if text.len() > MOST_TEXT_BYTES {
        return Err(ExtractError::TooMuchText);
    }
    Ok(text.into_owned())
}
