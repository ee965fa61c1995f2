//! The licences of what the programs are made of: crates of the app and of the packed workers, and npm packages of
//! the interface. Most of them ask for their text to lie beside every copy.
//!
//! The texts are those that each part brings; a part without one gets the form of the licence that its manifest
//! names, and one whose licence has no form here keeps the packages from being made. Rust's standard library has a
//! page of its own, from the compiler's documentation.

mod crates;
mod npm;
mod texts;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell;

/// What the list says of itself.
const PREFACE: &str = "\
Sirocco is made of its own code and of the parts below, each with the name of its licence. The numbers are those of
the texts after the list. What a part is made from can be had at the address behind it.
";

/// Something made by others that is in a program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// As its registry calls it.
    pub name: String,
    /// Its version.
    pub version: String,
    /// As its manifest says, mostly an SPDX expression; empty if it says nothing.
    pub licence: String,
    /// Where its sources are.
    pub address: String,
    /// Who made it, as far as the manifest says.
    pub holders: Vec<String>,
    /// Its sources on this machine.
    pub folder: PathBuf,
}

/// Writes the files into `folder` and answers their paths.
pub fn write(folder: &Path, workers: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut parts = crates::of_programs(workers)?;
    parts.extend(npm::of_interface()?);
    parts.sort();
    parts.dedup_by(|a, b| (&a.name, &a.version) == (&b.name, &b.version));
    let with_texts: Vec<(Part, Vec<String>)> = parts
        .into_iter()
        .map(|part| {
            let texts = texts::of(&part)
                .with_context(|| format!("the licence of {} {}", part.name, part.version))?;
            Ok((part, texts))
        })
        .collect::<Result<_>>()?;
    let list = folder.join("third-party-licences.txt");
    fs::write(&list, compose(&with_texts))
        .with_context(|| format!("could not write {}", list.display()))?;
    let mut written = vec![list];
    // Distributions keep their compiler's documentation elsewhere, and the licence texts of Rust in the list do.
    let library = sysroot()?.join("share/doc/rust/COPYRIGHT-library.html");
    if library.is_file() {
        let copy = folder.join("rust-standard-library.html");
        fs::copy(&library, &copy)?;
        written.push(copy);
    }
    Ok(written)
}

fn sysroot() -> Result<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let printed = shell::output(Command::new(rustc).args(["--print", "sysroot"]))?;
    Ok(printed.trim().into())
}

/// The list, then each text once: most are the same but for their line breaks.
fn compose(parts: &[(Part, Vec<String>)]) -> String {
    let mut numbers = BTreeMap::<String, usize>::new();
    let mut order: Vec<&str> = Vec::new();
    let mut list = PREFACE.to_owned();
    for (part, texts) in parts {
        let mut of_part: Vec<String> = texts
            .iter()
            .map(|text| {
                let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
                let number = *numbers.entry(words).or_insert_with(|| {
                    order.push(text);
                    order.len()
                });
                number.to_string()
            })
            .collect();
        of_part.dedup();
        let licence = match part.licence.as_str() {
            "" => "see the text",
            licence => licence,
        };
        let _ = writeln!(
            list,
            "\n{} {}: {licence} ({})\n    {}",
            part.name,
            part.version,
            of_part.join(", "),
            part.address
        );
    }
    let rule = "=".repeat(80);
    for (at, text) in order.iter().enumerate() {
        let _ = write!(list, "\n{rule}\n{}\n{rule}\n\n{}\n", at + 1, text.trim());
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, licence: &str) -> Part {
        Part {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: licence.to_owned(),
            address: format!("https://example.org/{name}"),
            holders: Vec::new(),
            folder: PathBuf::new(),
        }
    }

    #[test]
    fn a_text_that_two_parts_share_stands_once() {
        let parts = [
            (part("a", "MIT"), vec!["You may\nuse it.".to_owned()]),
            (
                part("b", ""),
                vec!["You  may use it.\n".to_owned(), "But not that.".to_owned()],
            ),
        ];
        let list = compose(&parts);
        assert!(list.contains("\na 1.0.0: MIT (1)\n    https://example.org/a\n"));
        assert!(list.contains("\nb 1.0.0: see the text (1, 2)\n"));
        assert_eq!(list.matches("use it.").count(), 1);
        assert!(list.ends_with("\n\nBut not that.\n"));
    }
}
