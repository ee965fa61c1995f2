//! The text of files that are attached to a message: plain text, Markdown, code, CSV, HTML, PDF, DOCX and XLSX; and
//! images, as models see them.
//!
//! A file comes from anywhere, so nothing it says is believed: what it unpacks to is measured before
//! it is parsed, what a parser writes is bounded, and a parser that panics costs its file and no
//! more. What cannot be bounded from here is time: the caller waits on another thread, as long as it
//! likes.
//!
//! It does not read from the disk, and it keeps no layout: what comes out is for a model to read.
//!
//! ```
//! use sirocco_attachments::extract;
//! use sirocco_protocol::AttachmentKind;
//!
//! let page = extract("page.html", b"<h1>Winds</h1><p>The <b>sirocco</b> is warm.")?;
//! assert_eq!(page.kind, AttachmentKind::Html);
//! assert_eq!(page.text, "# Winds\n\nThe sirocco is warm.");
//! # Ok::<(), sirocco_attachments::ExtractError>(())
//! ```

mod bounded;
mod docx;
mod html;
mod kind;
mod package;
mod pdf;
mod picture;
mod plain;
mod xlsx;

use std::panic::{AssertUnwindSafe, catch_unwind};

use sirocco_protocol::AttachmentKind;

pub use picture::Picture;

/// Bytes of the largest file that is read.
pub const MOST_FILE_BYTES: usize = 32 << 20;
/// Bytes of the longest text that is taken from a file: more than any model reads.
pub const MOST_TEXT_BYTES: usize = 4 << 20;
/// Bytes that a file may unpack to.
const MOST_UNPACKED_BYTES: u64 = 128 << 20;
/// Parsers recurse, as deep as a file says; the stack of the thread that [`extract`] is called on should
/// be this large.
pub const STACK_BYTES: usize = 64 << 20;

/// What was found in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extracted {
    /// What it is.
    pub kind: AttachmentKind,
    /// Its text, lines ended by `\n`, without blanks at its ends; none of an image.
    pub text: String,
    /// The image, if it is one.
    pub picture: Option<Picture>,
}

/// Why a file has no text for us. Each is the end of "could not read `name`: …".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// More than [`MOST_FILE_BYTES`].
    #[error("it is larger than {} MiB", MOST_FILE_BYTES >> 20)]
    TooLarge,
    /// More than [`MOST_TEXT_BYTES`].
    #[error("it has more than {} MiB of text", MOST_TEXT_BYTES >> 20)]
    TooMuchText,
    /// A packed file that is a trap, or far too large.
    #[error("it unpacks to more than {} MiB", MOST_UNPACKED_BYTES >> 20)]
    Unpacks,
    /// It is no text, and no document that is known here.
    #[error(
        "it is not text, not an image (PNG, JPEG, WebP or GIF) and not a PDF, DOCX or XLSX document"
    )]
    Binary,
    /// A document of Word or Excel from before 2007.
    #[error("it has the form Office had before 2007; save it as DOCX or XLSX")]
    OldOffice,
    /// It wants a password.
    #[error("it is protected with a password")]
    Encrypted,
    /// An image that is a trap, or far too large.
    #[error("it has more than {} million pixels", picture::MOST_PIXELS / 1_000_000)]
    TooManyPixels,
    /// There is nothing to read in it.
    #[error("there is no text in it")]
    NoText,
    /// Pages without text.
    #[error("there is no text in it; pages that were scanned are pictures")]
    OnlyPictures,
    /// Its parser says so.
    #[error("it is damaged ({0})")]
    Damaged(String),
    /// Its parser broke.
    #[error("its parser failed on it")]
    Panicked,
}

/// The text of a file. `name` tells what kind of text it is; documents are known by their content.
/// Blocks, and may take for ever: a thread that nobody has to wait for is the place to call it.
///
/// # Errors
/// [`ExtractError`].
pub fn extract(name: &str, bytes: &[u8]) -> Result<Extracted, ExtractError> {
    if bytes.len() > MOST_FILE_BYTES {
        return Err(ExtractError::TooLarge);
    }
    let kind = kind::of(name, bytes)?;
    if kind == AttachmentKind::Image {
        let picture = read_picture(bytes)?;
        return Ok(Extracted {
            kind,
            text: String::new(),
            picture: Some(picture),
        });
    }
    let text = catch_unwind(AssertUnwindSafe(|| parse(kind, bytes)))
        .unwrap_or(Err(ExtractError::Panicked))?;
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text
        .trim_matches(|c: char| c == '\n' || c == '\u{feff}')
        .trim_end();
    if text.trim().is_empty() {
        return Err(match kind {
            AttachmentKind::Pdf => ExtractError::OnlyPictures,
            _ => ExtractError::NoText,
        });
    }
    Ok(Extracted {
        kind,
        text: text.to_owned(),
        picture: None,
    })
}

/// Reads a PNG, JPEG, WebP or GIF file, of the last its first frame. Blocks for as long as decoding takes.
///
/// # Errors
/// [`ExtractError::Binary`] for something else, [`ExtractError::TooLarge`], [`ExtractError::TooManyPixels`],
/// [`ExtractError::Damaged`], [`ExtractError::Panicked`].
pub fn read_picture(bytes: &[u8]) -> Result<Picture, ExtractError> {
    if bytes.len() > MOST_FILE_BYTES {
        return Err(ExtractError::TooLarge);
    }
    catch_unwind(AssertUnwindSafe(|| picture::read(bytes))).unwrap_or(Err(ExtractError::Panicked))
}

fn parse(kind: AttachmentKind, bytes: &[u8]) -> Result<String, ExtractError> {
    match kind {
        AttachmentKind::Text
        | AttachmentKind::Markdown
        | AttachmentKind::Code
        | AttachmentKind::Csv => plain::read(bytes),
        AttachmentKind::Html => html::read(&plain::read(bytes)?),
        AttachmentKind::Pdf => pdf::read(bytes),
        AttachmentKind::Docx => docx::read(bytes),
        AttachmentKind::Xlsx => xlsx::read(bytes),
        AttachmentKind::Image => Err(ExtractError::NoText),
    }
}

#[cfg(test)]
mod tests;
