//! DOCX: the paragraphs of `word/document.xml`, headings and tables marked as Markdown does.
//!
//! The form is that of ECMA-376, part 1, chapter 17. Headers, footers, notes and comments are left
//! out.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use crate::bounded::Bounded;
use crate::{ExtractError, package};

pub fn read(bytes: &[u8]) -> Result<String, ExtractError> {
    let mut archive = package::open(bytes)?;
    let document = package::read(&mut archive, "word/document.xml")?;
    let mut reader = Reader::from_str(&document);
    let mut body = Body::default();
    let damaged = |error: quick_xml::Error| ExtractError::Damaged(error.to_string());
    while !body.text.is_full() {
        match reader.read_event().map_err(damaged)? {
            Event::Start(tag) => body.start(&tag),
            Event::Empty(tag) => {
                body.start(&tag);
                body.end(tag.local_name().as_ref());
            }
            Event::End(tag) => body.end(tag.local_name().as_ref()),
            Event::Text(text) if body.in_run => body.line.push_str(&text.xml10_content()),
            Event::GeneralRef(name) if body.in_run => {
                match name.resolve_char_ref().map_err(damaged)? {
                    Some(character) => body.line.push(character),
                    // Others than those of XML itself could only come from a document type, which
                    // no such file has.
                    None => body.line.push_str(
                        resolve_predefined_entity(&name.xml10_content()).unwrap_or_default(),
                    ),
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    body.text.finish()
}

#[derive(Default)]
struct Body {
    text: Bounded,
    /// The paragraph, or the row of a table.
    line: String,
    mark: String,
    in_run: bool,
    cells: usize,
    depth: usize,
}

impl Body {
    fn start(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            "t" => self.in_run = true,
            "tab" => self.line.push('\t'),
            "br" | "cr" => self.line.push('\n'),
            "tbl" => self.depth += 1,
            "tc" => {
                if self.cells > 0 {
                    self.line.push_str(" | ");
                }
                self.cells += 1;
            }
            "numPr" if self.mark.is_empty() => self.mark.push_str("- "),
            "pStyle" => {
                if let Some(level) = value(tag).as_deref().and_then(heading) {
                    self.mark = "#".repeat(level) + " ";
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "t" => self.in_run = false,
            // In a cell the paragraphs stand in one line.
            "p" if self.depth > 0 => self.line.push(' '),
            "p" => self.break_line(),
            "tr" => {
                self.cells = 0;
                self.break_line();
            }
            "tbl" => {
                self.depth = self.depth.saturating_sub(1);
                self.text.push("\n");
            }
            _ => {}
        }
    }

    fn break_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let mark = std::mem::take(&mut self.mark);
        if !line.trim().is_empty() {
            self.text.push(&mark);
            self.text.push(line.trim_end());
            let is_apart = self.depth == 0 && mark != "- ";
            self.text.push(if is_apart { "\n\n" } else { "\n" });
        }
    }
}

fn value(tag: &BytesStart<'_>) -> Option<String> {
    let mut attributes = tag.attributes().filter_map(Result::ok);
    let value = attributes.find(|attribute| attribute.key.local_name().as_ref() == "val")?;
    Some(value.value.into_owned())
}

/// 1 to 6 for the styles of headings, `Heading1` and the like.
fn heading(style: &str) -> Option<usize> {
    if style.eq_ignore_ascii_case("title") {
        return Some(1);
    }
    let (word, level) = style.split_at_checked(style.len().checked_sub(1)?)?;
    let level: usize = level.parse().ok()?;
    (word.trim_end().eq_ignore_ascii_case("heading") && (1..=9).contains(&level))
        .then_some(level.min(6))
}
