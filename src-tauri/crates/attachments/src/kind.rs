//! What a file is: documents say so themselves, and the name of a text tells what kind it is.

use sirocco_protocol::AttachmentKind;

use crate::{ExtractError, package, picture};

/// The first bytes of what Office wrote before 2007, and of today's documents with a password.
const COMPOUND: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
/// A PDF may have other bytes in front; readers look so far.
const PDF_HEAD: usize = 1024;

const MARKDOWN: &[&str] = &["md", "markdown", "mdown", "mkd"];
const TABLES: &[&str] = &["csv", "tsv"];
const PAGES: &[&str] = &["html", "htm", "xhtml"];
const CODE: &[&str] = &[
    "asm", "astro", "awk", "bash", "bat", "c", "cc", "cfg", "clj", "cljs", "cmake", "cpp", "cs",
    "css", "cu", "cxx", "dart", "diff", "elm", "erl", "ex", "exs", "f90", "fish", "fs", "gd",
    "glsl", "go", "gradle", "graphql", "groovy", "h", "hpp", "hs", "ini", "ipynb", "java", "jl",
    "js", "json", "json5", "jsonc", "jsonl", "jsx", "kt", "kts", "less", "lisp", "lua", "m", "mjs",
    "ml", "nim", "nix", "patch", "php", "pl", "proto", "ps1", "py", "r", "rb", "rkt", "rs", "sass",
    "scala", "scm", "scss", "sh", "sol", "sql", "svelte", "swift", "tcl", "tex", "tf", "toml",
    "ts", "tsx", "v", "vb", "vhdl", "vim", "vue", "wgsl", "xml", "yaml", "yml", "zig", "zsh",
];
/// Files that are code without an ending.
const CODE_NAMES: &[&str] = &["dockerfile", "makefile", "justfile", "rakefile", "gemfile"];

pub fn of(name: &str, bytes: &[u8]) -> Result<AttachmentKind, ExtractError> {
    let name = name.to_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let head = &bytes[..bytes.len().min(PDF_HEAD)];
    if head.windows(5).any(|window| window == b"%PDF-") {
        return Ok(AttachmentKind::Pdf);
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return package::kind(bytes);
    }
    if picture::is_one(bytes) {
        return Ok(AttachmentKind::Image);
    }
    if bytes.starts_with(COMPOUND) {
        return Err(if ["docx", "xlsx"].contains(&ending) {
            ExtractError::Encrypted
        } else {
            ExtractError::OldOffice
        });
    }
    let among = |endings: &[&str]| endings.contains(&ending);
    Ok(if among(MARKDOWN) {
        AttachmentKind::Markdown
    } else if among(TABLES) {
        AttachmentKind::Csv
    } else if among(PAGES) {
        AttachmentKind::Html
    } else if among(CODE) || CODE_NAMES.contains(&name.as_str()) {
        AttachmentKind::Code
    } else {
        AttachmentKind::Text
    })
}
