//! HTML: what a reader sees, with headings and lists marked as Markdown does.
//!
//! Only the tokens are looked at. A tree would have to be built by rules that hostile pages nest
//! without end, and a text needs none.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use crate::ExtractError;
use crate::bounded::Bounded;

pub fn read(page: &str) -> Result<String, ExtractError> {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(page));
    let tokenizer = Tokenizer::new(Reading::default(), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner().text.finish()
}

#[derive(Default)]
struct Reading(RefCell<Page>);

#[derive(Default)]
struct Page {
    text: Bounded,
    /// Line ends that come before the next word.
    breaks: usize,
    /// A blank comes before the next word.
    blank: bool,
    /// What stands at the beginning of the next line.
    mark: String,
    /// Text stands as it was written.
    pre: usize,
    /// The element whose inside is not shown.
    hidden: Option<String>,
    /// Cells of the row.
    cells: usize,
}

impl TokenSink for Reading {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut page = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => page.tag(&tag),
            Token::CharacterTokens(text) => {
                page.say(&text);
                TokenSinkResult::Continue
            }
            _ => TokenSinkResult::Continue,
        }
    }
}

impl Page {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = tag.name.as_ref();
        let starts = tag.kind == TagKind::StartTag;
        if let Some(hidden) = &self.hidden {
            if !starts && hidden == name {
                self.hidden = None;
            }
            return TokenSinkResult::Continue;
        }
        match name {
            "br" => self.break_line(self.breaks + 1),
            "p" | "blockquote" | "table" | "ul" | "ol" | "dl" | "hr" | "figure" => {
                self.break_line(2)
            }
            "pre" => {
                self.break_line(2);
                self.pre = if starts {
                    self.pre + 1
                } else {
                    self.pre.saturating_sub(1)
                };
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.break_line(2);
                if starts {
                    let level = usize::from(name.as_bytes()[1] - b'0');
                    self.mark = "#".repeat(level) + " ";
                }
            }
            "li" => {
                self.break_line(1);
                if starts {
                    "- ".clone_into(&mut self.mark);
                }
            }
            "tr" => {
                self.break_line(1);
                self.cells = 0;
            }
            "td" | "th" if starts => {
                if self.cells > 0 {
                    self.write(" | ");
                }
                self.cells += 1;
                self.blank = false;
            }
            "div" | "section" | "article" | "header" | "footer" | "main" | "aside" | "nav"
            | "form" | "dt" | "dd" | "address" | "fieldset" | "option" => self.break_line(1),
            "title" => {
                self.break_line(2);
                if starts {
                    return TokenSinkResult::RawData(RawKind::Rcdata);
                }
            }
            "script" | "style" | "noscript" | "template" | "iframe" if starts => {
                self.hidden = Some(name.to_owned());
                match name {
                    "script" => return TokenSinkResult::RawData(RawKind::ScriptData),
                    "style" | "iframe" => return TokenSinkResult::RawData(RawKind::Rawtext),
                    _ => {}
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }

    /// The next word stands on another line, `count` line ends below.
    fn break_line(&mut self, count: usize) {
        self.breaks = self.breaks.max(count.min(2));
        self.blank = false;
    }

    fn say(&mut self, text: &str) {
        if self.hidden.is_some() {
            return;
        }
        if self.pre > 0 {
            return self.write(text);
        }
        let mut words = text.split_whitespace();
        if text.starts_with(char::is_whitespace) {
            self.blank = true;
        }
        if let Some(first) = words.next() {
            self.write(first);
            for word in words {
                self.blank = true;
                self.write(word);
            }
            self.blank = text.ends_with(char::is_whitespace);
        }
    }

    fn write(&mut self, text: &str) {
        let begins = self.text.as_str().is_empty();
        if self.breaks > 0 {
            if !begins {
                self.text.trim_end();
                self.text.push(["\n", "\n\n"][self.breaks.min(2) - 1]);
            }
            self.breaks = 0;
        } else if self.blank && !begins {
            self.text.push(" ");
        }
        self.blank = false;
        let mark = std::mem::take(&mut self.mark);
        self.text.push(&mark);
        self.text.push(text);
    }
}
