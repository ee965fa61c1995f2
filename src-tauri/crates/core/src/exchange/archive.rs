//! A zip with one file for each conversation.

use std::collections::{HashMap, HashSet};
use std::io::{Result, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A zip that grows.
pub struct Archive<W: Write + Seek> {
    zip: ZipWriter<W>,
    /// In lower case: many file systems know no other.
    names: HashSet<String>,
    /// The number that the next file of a stem is tried with: thousands may have one title.
    next: HashMap<String, u64>,
}

impl<W: Write + Seek> Archive<W> {
    pub fn new(writer: W) -> Self {
        Self {
            zip: ZipWriter::new(writer),
            names: HashSet::new(),
            next: HashMap::new(),
        }
    }

    /// Adds a file; two of the same name are told apart by a number.
    pub fn add(&mut self, stem: &str, extension: &str, text: &str) -> Result<()> {
        let next = self.next.entry(stem.to_lowercase()).or_insert(1);
        let name = loop {
            let name = match *next {
                1 => format!("{stem}.{extension}"),
                number => format!("{stem} ({number}).{extension}"),
            };
            *next += 1;
            if self.names.insert(name.to_lowercase()) {
                break name;
            }
        };
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.zip.start_file(name, options)?;
        self.zip.write_all(text.as_bytes())
    }

    /// What it was written to, whole.
    pub fn finish(self) -> Result<W> {
        Ok(self.zip.finish()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Read};

    #[test]
    fn files_of_one_name_are_told_apart() {
        let mut archive = Archive::new(Cursor::new(Vec::new()));
        for (stem, text) in [
            ("a", "one"),
            ("A", "two"),
            ("a (3)", "three"),
            ("a", "four"),
        ] {
            archive.add(stem, "md", text).unwrap();
        }
        let bytes = archive.finish().unwrap();
        let mut zip = zip::ZipArchive::new(bytes).unwrap();
        for (name, expected) in [
            ("a.md", "one"),
            ("A (2).md", "two"),
            ("a (3).md", "three"),
            ("a (4).md", "four"),
        ] {
            let mut text = String::new();
            zip.by_name(name)
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, expected);
        }
    }
}
