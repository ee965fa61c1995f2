//! `tojson` as `transformers` has it: Python's `json.dumps` with `ensure_ascii=False`.

use std::io::{self, Write};

use minijinja::value::Kwargs;
use minijinja::{Error, ErrorKind, State, Value};
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::methods::charge_bytes;

/// Python's spacing: `, ` and `: ` on one line, `,` and a newline with an indent.
struct Python {
    indent: Option<usize>,
    item_separator: String,
    key_separator: String,
    depth: usize,
    has_items: bool,
    ascii: bool,
}

impl Python {
    fn break_line<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        match self.indent {
            Some(indent) => write!(writer, "\n{:width$}", "", width = indent * self.depth),
            None => Ok(()),
        }
    }

    fn open<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &str) -> io::Result<()> {
        self.depth += 1;
        self.has_items = false;
        writer.write_all(bracket.as_bytes())
    }

    fn close<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &str) -> io::Result<()> {
        self.depth -= 1;
        if self.has_items {
            self.break_line(writer)?;
        }
        self.has_items = true;
        writer.write_all(bracket.as_bytes())
    }

    fn item<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(self.item_separator.as_bytes())?;
        }
        self.break_line(writer)
    }
}

impl Formatter for Python {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, "[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, "]")
    }

    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.item(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_items = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, "{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, "}")
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.item(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(self.key_separator.as_bytes())
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if !self.ascii {
            return writer.write_all(fragment.as_bytes());
        }
        for character in fragment.chars() {
            if character.is_ascii() {
                writer.write_all(&[character as u8])?;
            } else {
                character
                    .encode_utf16(&mut [0; 2])
                    .iter()
                    .try_for_each(|unit| write!(writer, "\\u{unit:04x}"))?;
            }
        }
        Ok(())
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_items = true;
        Ok(())
    }
}

/// Stops a value that is written longer than a prompt may be: lists can repeat one long string for free.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > super::limits::MAX_PROMPT_BYTES {
            return Err(io::Error::other("the value is too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The filter. `sort_keys` is accepted and has no effect, as no known template sets it.
pub(super) fn tojson(state: &State, value: &Value, arguments: Kwargs) -> Result<Value, Error> {
    let indent: Option<usize> = arguments
        .get::<Option<usize>>("indent")?
        .map(|indent| indent.min(16));
    let separators: Option<Vec<String>> = arguments.get("separators")?;
    let ascii = arguments
        .get::<Option<bool>>("ensure_ascii")?
        .unwrap_or(false);
    let _: Option<Value> = arguments.get("sort_keys")?;
    arguments.assert_all_used()?;
    let mut separators = separators.unwrap_or_default().into_iter();
    let item_separator = separators
        .next()
        .unwrap_or_else(|| if indent.is_some() { "," } else { ", " }.to_owned());
    let key_separator = separators.next().unwrap_or_else(|| ": ".to_owned());
    let form = Python {
        indent,
        item_separator,
        key_separator,
        depth: 0,
        has_items: false,
        ascii,
    };
    let mut serializer = Serializer::with_formatter(Bounded(Vec::new()), form);
    let failed =
        |error| Error::new(ErrorKind::InvalidOperation, "cannot write as JSON").with_source(error);
    value.serialize(&mut serializer).map_err(failed)?;
    let text = String::from_utf8(serializer.into_inner().0).map_err(|error| {
        Error::new(ErrorKind::InvalidOperation, "cannot write as JSON").with_source(error)
    })?;
    charge_bytes(state, text.len())?;
    Ok(Value::from(text))
}
