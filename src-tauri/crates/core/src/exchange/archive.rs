//! A zip with one file for each conversation.

use std::collections::HashSet;
use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A zip that grows in memory.
pub struct Archive {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    /// In lower case: many file systems know no other.
    names: HashSet<String>,
}

impl Archive {
    pub fn new() -> Self {
        Self {
            zip: ZipWriter::new(Cursor::new(Vec::new())),
            names: HashSet::new(),
        }
    }

    /// Adds a file; two of the same name are told apart by a number.
    pub fn add(&mut self, stem: &str, extension: &str, text: &str) -> std::io::Result<()> {
        let name = std::iter::once(format!("{stem}.{extension}"))
            .chain((2_u64..).map(|number| format!("{stem} ({number}).{extension}")))
            .find(|name| self.names.insert(name.to_lowercase()))
            .expect("numbers do not end");
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.zip.start_file(name, options)?;
        self.zip.write_all(text.as_bytes())
    }

    /// The bytes of the file.
    pub fn finish(self) -> std::io::Result<Vec<u8>> {
        Ok(self.zip.finish()?.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn files_of_one_name_are_told_apart() {
        let mut archive = Archive::new();
        for text in ["one", "two", "three"] {
            let stem = if text == "two" { "A" } else { "a" };
            archive.add(stem, "md", text).unwrap();
        }
        let bytes = archive.finish().unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        for (name, expected) in [("a.md", "one"), ("A (2).md", "two"), ("a (3).md", "three")] {
            let mut text = String::new();
            zip.by_name(name)
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, expected);
        }
    }
}
