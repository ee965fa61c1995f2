//! The texts that lie in a part's sources, or the forms of its licence.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::Part;
use crate::dist::stage::file_name;
use crate::paths;

/// How the names of files with what has to be passed on begin, and of folders full of them.
const NAMES: [&str; 7] = [
    "licence",
    "license",
    "copying",
    "copyright",
    "notice",
    "patents",
    "unlicense",
];

/// Endings of programs, which may be called so too.
const PROGRAMS: [&str; 11] = [
    "rs", "c", "cc", "cpp", "h", "py", "js", "mjs", "ts", "sh", "cmake",
];

/// Folders of what is in no program.
const ASIDE: [&str; 6] = [
    "node_modules",
    "tests",
    "test_data",
    "testdata",
    "examples",
    "benches",
];

/// Licences that parts name without a text, the ones that ask least first.
const FORMS: [&str; 5] = [
    "MIT",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "Apache-2.0",
    "MPL-2.0",
];

/// All texts of a part, at least one.
pub fn of(part: &Part) -> Result<Vec<String>> {
    let own = in_folder(&part.folder)?;
    // What lies deeper is of something that the part brings.
    let mut texts = match own.is_empty() {
        true => vec![form(part)?],
        false => own,
    };
    for folder in folders(&part.folder)? {
        collect(&folder, &mut texts)?;
    }
    Ok(texts)
}

fn collect(folder: &Path, texts: &mut Vec<String>) -> Result<()> {
    texts.extend(in_folder(folder)?);
    for folder in folders(folder)? {
        collect(&folder, texts)?;
    }
    Ok(())
}

fn in_folder(folder: &Path) -> Result<Vec<String>> {
    let is_full_of_them = is_named(folder);
    let files = entries(folder)?.into_iter().filter(|path| path.is_file());
    let wanted = files.filter(|path| (is_full_of_them || is_named(path)) && !is_program(path));
    wanted
        .map(|path| {
            let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
            // Names of people in older encodings are no reason to leave a text out.
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        })
        .collect()
}

fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = entries(folder)?;
    folders.retain(|path| path.is_dir() && !ASIDE.contains(&file_name(path).as_str()));
    Ok(folders)
}

/// In the order of their names.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = || format!("could not list {}", folder.display());
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(listed)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()
        .with_context(listed)?;
    entries.sort();
    Ok(entries)
}

fn is_named(path: &Path) -> bool {
    let name = file_name(path).to_lowercase();
    NAMES.iter().any(|start| name.starts_with(start))
}

fn is_program(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    PROGRAMS.contains(&ending.as_ref())
}

/// The form of the first licence that the manifest leaves one to choose, with the names of those who made it.
fn form(part: &Part) -> Result<String> {
    let Some(name) = chosen(&part.licence) else {
        bail!(
            "there is no text in {} and no form of `{}`",
            part.folder.display(),
            part.licence
        );
    };
    let path = paths::root().join(format!("src-tauri/package/licences/{name}.txt"));
    let form =
        fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
    let holders = match part.holders.as_slice() {
        [] => format!("the authors of {}", part.name),
        holders => holders.join(", "),
    };
    Ok(form.replace("{holders}", &holders))
}

/// The form of an expression such as `MIT OR Apache-2.0`, in which every licence is one that suffices.
fn chosen(expression: &str) -> Option<&'static str> {
    let words: Vec<&str> = expression
        .split(|character: char| character.is_whitespace() || "()/".contains(character))
        .collect();
    if words.contains(&"AND") {
        return None;
    }
    FORMS.into_iter().find(|form| words.contains(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_licence_that_asks_least_is_chosen_where_one_suffices() {
        assert_eq!(chosen("Apache-2.0/MIT"), Some("MIT"));
        assert_eq!(chosen("(MPL-2.0 OR Apache-2.0)"), Some("Apache-2.0"));
        assert_eq!(chosen("MIT AND Unicode-3.0"), None);
        assert_eq!(chosen("GPL-3.0-only"), None);
    }

    #[test]
    fn every_form_is_there() {
        for licence in FORMS {
            let part = Part {
                name: "bare".to_owned(),
                version: String::new(),
                licence: licence.to_owned(),
                address: String::new(),
                holders: vec!["Ada".to_owned()],
                folder: PathBuf::new(),
            };
            assert!(!form(&part).unwrap().contains("{holders}"));
        }
    }

    #[test]
    fn texts_are_told_from_programs_of_their_name() {
        assert!(is_named(Path::new("x/LICENSE-APACHE")) && is_named(Path::new("x/Copying.txt")));
        assert!(!is_named(Path::new("x/README.md")));
        assert!(is_program(Path::new("x/license.rs")) && !is_program(Path::new("x/LICENSE.md")));
    }
}
