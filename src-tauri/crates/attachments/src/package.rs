//! The zip archives that today's Office documents are, unpacked with care.

use std::io::{Cursor, Read};

use sirocco_protocol::AttachmentKind;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::{ExtractError, MOST_UNPACKED_BYTES};

/// Files in an archive; documents have a few dozen, and one for each picture.
const MOST_ENTRIES: usize = 10_000;

pub type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

pub fn kind(bytes: &[u8]) -> Result<AttachmentKind, ExtractError> {
    let archive = open(bytes)?;
    let has = |name: &str| archive.index_for_name(name).is_some();
    if has("word/document.xml") {
        Ok(AttachmentKind::Docx)
    } else if has("xl/workbook.xml") {
        Ok(AttachmentKind::Xlsx)
    } else {
        Err(ExtractError::Binary)
    }
}

pub fn open(bytes: &[u8]) -> Result<Archive<'_>, ExtractError> {
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if archive.len() > MOST_ENTRIES {
        return Err(ExtractError::Unpacks);
    }
    Ok(archive)
}

/// One file of an archive. What an archive says of its size is not believed.
pub fn read(archive: &mut Archive<'_>, name: &str) -> Result<String, ExtractError> {
    let entry = archive.by_name(name).map_err(damaged)?;
    let mut bytes = Vec::new();
    entry
        .take(MOST_UNPACKED_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| ExtractError::Damaged(error.to_string()))?;
    if bytes.len() as u64 > MOST_UNPACKED_BYTES {
        return Err(ExtractError::Unpacks);
    }
    String::from_utf8(bytes).map_err(|_| ExtractError::Damaged(format!("{name} is not UTF-8")))
}

/// Unpacks everything into nothing: for a parser that would unpack it without a bound.
pub fn measure(archive: &mut Archive<'_>) -> Result<(), ExtractError> {
    let mut left = MOST_UNPACKED_BYTES;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(damaged)?;
        let unpacked = std::io::copy(&mut entry.take(left + 1), &mut std::io::sink())
            .map_err(|error| ExtractError::Damaged(error.to_string()))?;
        left = left.checked_sub(unpacked).ok_or(ExtractError::Unpacks)?;
    }
    Ok(())
}

fn damaged(error: ZipError) -> ExtractError {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => ExtractError::Encrypted,
        error => ExtractError::Damaged(error.to_string()),
    }
}
