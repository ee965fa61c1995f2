//! Files that are attached to messages.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::AttachmentId;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// Plain text.
    Text,
    /// Markdown.
    Markdown,
    /// The source of a program, or data in a form of programs.
    Code,
    /// A table with separators.
    Csv,
    /// A page of the web.
    Html,
    /// A PDF document.
    Pdf,
    /// A document of Word.
    Docx,
    /// A workbook of Excel.
    Xlsx,
    /// A picture: PNG, JPEG, WebP or GIF.
    Image,
}

impl AttachmentKind {
    /// The word used on the wire, in the database and in prompts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Markdown => "markdown",
            Self::Code => "code",
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Image => "image",
        }
    }
}

/// A file as it stands at a message. Of the file only its text is kept or, of an image, what models see of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// The name of the file, one line and not empty.
    pub name: String,
    /// What it is.
    pub kind: AttachmentKind,
    /// Bytes of the file.
    pub size_bytes: u64,
    /// Characters of its text.
    pub characters: u32,
    /// How large an image is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pixels: Option<Pixels>,
}

/// How large an image is, as models see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Pixels {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

/// An image that is attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AttachedImage {
    /// `image/png` or `image/jpeg`.
    pub media_type: String,
    /// The file, base64.
    pub content_base64: String,
}

impl AttachedImage {
    /// For a file that was written here.
    #[must_use]
    pub fn media_type_of(file: &[u8]) -> &'static str {
        if file.starts_with(b"\x89PNG") {
            "image/png"
        } else {
            "image/jpeg"
        }
    }
}
