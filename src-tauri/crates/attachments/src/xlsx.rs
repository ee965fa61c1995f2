//! XLSX: each sheet as a table of comma-separated values under its name.
//!
//! Cells are read one after the other. A reader that lays a sheet out whole makes room for every
//! cell between the first and the last, and a few bytes are enough to put the last one at the end of
//! 17 thousand million.

use std::io::Cursor;

use calamine::{Data, DataRef, Reader, Xlsx};

use crate::bounded::Bounded;
use crate::{ExtractError, package};

/// Empty rows and cells that are told between two that are not; more are one gap.
const LARGEST_GAP: u32 = 64;

pub fn read(bytes: &[u8]) -> Result<String, ExtractError> {
    package::measure(&mut package::open(bytes)?)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut text = Bounded::default();
    for name in book.sheet_names() {
        // Sheets of charts have no cells.
        let Ok(mut cells) = book.worksheet_cells_reader(&name) else {
            continue;
        };
        let mut table = Table::default();
        while let Some(cell) = cells.next_cell().map_err(damaged)? {
            if text.is_full() {
                break;
            }
            let value = words(cell.get_value());
            if !value.is_empty() {
                table.put(&mut text, &name, cell.get_position(), &value);
            }
        }
        if table.at.is_some() {
            text.push("\n\n");
        }
    }
    text.finish()
}

fn damaged(error: calamine::XlsxError) -> ExtractError {
    match error {
        calamine::XlsxError::Password => ExtractError::Encrypted,
        error => ExtractError::Damaged(error.to_string()),
    }
}

/// A value as it stands in a sheet.
fn words(value: &DataRef<'_>) -> String {
    match Data::from(value.clone()) {
        Data::Empty => String::new(),
        Data::DateTime(date) => match date.as_datetime() {
            Some(time) => time.to_string().trim_end_matches(" 00:00:00").to_owned(),
            None => date.as_f64().to_string(),
        },
        value => value.to_string(),
    }
}

/// Where the writing is.
#[derive(Default)]
struct Table {
    at: Option<(u32, u32)>,
}

impl Table {
    fn put(&mut self, text: &mut Bounded, name: &str, (row, column): (u32, u32), value: &str) {
        let filled = match self.at {
            None => {
                text.push(&format!("# {name}\n\n"));
                0
            }
            Some((last, _)) if row > last => {
                for _ in 0..(row - last).min(LARGEST_GAP) {
                    text.push("\n");
                }
                0
            }
            Some((_, last)) => last,
        };
        for _ in 0..column.saturating_sub(filled).min(LARGEST_GAP) {
            text.push(",");
        }
        self.at = Some((row, column));
        if value.contains([',', '"', '\n']) {
            text.push(&format!("\"{}\"", value.replace('"', "\"\"")));
        } else {
            text.push(value);
        }
    }
}
