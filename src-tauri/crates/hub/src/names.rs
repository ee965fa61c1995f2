//! File names that strangers offer, and where they may lead.
//!
//! A repository's tree, a manifest or a header may name `../../.bashrc`, `CON` or a name that differs from a present
//! one only by case. Names pass here before a path is built from them.

use std::path::{Path, PathBuf};

use crate::HubError;

/// Longest name of one file or folder, in bytes; what common file systems take, less room for `.part.json`.
const MAX_SEGMENT_BYTES: usize = 240;
/// Folders in a name.
const MAX_SEGMENTS: usize = 8;

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameProblem {
    /// Nothing there.
    #[error("it is empty, or one of its folders is")]
    Empty,
    /// `.` or `..`, or an absolute path.
    #[error("it leads out of its folder")]
    Outside,
    /// Characters that mean something to some system.
    #[error("it has a character that is not allowed in file names")]
    Character,
    /// `CON`, `NUL` and the like.
    #[error("it is reserved by Windows")]
    Reserved,
    /// Ends in a dot or space, or begins with a dot.
    #[error("it begins or ends with a dot or a space")]
    Edge,
    /// Too long or too deep.
    #[error("it is too long")]
    Long,
    /// A file that differs only by upper and lower case is there.
    #[error("a file is there whose name differs only by upper and lower case")]
    Case,
}

/// The path of the file that a stranger calls `name` (with `/` between folders), inside `folder`.
///
/// # Errors
/// [`HubError::Name`] if the name could lead elsewhere, or mean another file on another system.
///
/// ```
/// use std::path::Path;
/// use sirocco_hub::target_in;
///
/// assert_eq!(target_in(Path::new("/models"), "q4/a.gguf")?, Path::new("/models/q4/a.gguf"));
/// assert!(target_in(Path::new("/models"), "../a.gguf").is_err());
/// # Ok::<(), sirocco_hub::HubError>(())
/// ```
pub fn target_in(folder: &Path, name: &str) -> Result<PathBuf, HubError> {
    let refuse = |problem| HubError::Name {
        name: name.chars().take(200).collect(),
        problem,
    };
    let segments: Vec<&str> = name.split('/').collect();
    if segments.len() > MAX_SEGMENTS {
        return Err(refuse(NameProblem::Long));
    }
    let mut path = folder.to_path_buf();
    for segment in segments {
        check_segment(segment).map_err(refuse)?;
        if differs_only_by_case(&path, segment) {
            return Err(refuse(NameProblem::Case));
        }
        path.push(segment);
    }
    Ok(path)
}

fn check_segment(segment: &str) -> Result<(), NameProblem> {
    if segment.is_empty() {
        return Err(NameProblem::Empty);
    }
    if segment == "." || segment == ".." {
        return Err(NameProblem::Outside);
    }
    if segment.len() > MAX_SEGMENT_BYTES {
        return Err(NameProblem::Long);
    }
    let is_allowed = |c: char| !c.is_control() && !"\\:*?\"<>|".contains(c) && !is_invisible(c);
    if !segment.chars().all(is_allowed) {
        return Err(NameProblem::Character);
    }
    if segment.starts_with(['.', ' ']) || segment.ends_with(['.', ' ']) {
        return Err(NameProblem::Edge);
    }
    let stem = segment
        .split('.')
        .next()
        .unwrap_or_default()
        .trim_end()
        .to_ascii_uppercase();
    let numbered = stem.strip_prefix("COM").or(stem.strip_prefix("LPT"));
    if ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str())
        || numbered.is_some_and(|rest| rest.chars().count() == 1 && "0123456789¹²³".contains(rest))
    {
        return Err(NameProblem::Reserved);
    }
    Ok(())
}

/// Characters that change how a name reads without being seen, such as a switch of the writing direction.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn differs_only_by_case(folder: &Path, segment: &str) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return false;
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .any(|present| present != segment && present.to_lowercase() == segment.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_refused() {
        use NameProblem::*;
        let long = "x".repeat(300);
        let deep = "a/".repeat(9) + "b";
        for (name, problem) in [
            ("", Empty),
            ("/etc/passwd", Empty),
            ("a//b", Empty),
            ("..", Outside),
            ("a/../../b.gguf", Outside),
            ("a\\..\\b.gguf", Character),
            ("C:evil.gguf", Character),
            ("a\0b", Character),
            ("model\u{202e}fugg.exe", Character),
            ("NUL", Reserved),
            ("con.gguf", Reserved),
            ("lpt1.txt", Reserved),
            ("a.gguf.", Edge),
            (".hidden", Edge),
            ("a /b", Edge),
            (&long, Long),
            (&deep, Long),
        ] {
            let answer = target_in(Path::new("/nowhere"), name);
            assert!(
                matches!(&answer, Err(HubError::Name { problem: found, .. }) if *found == problem),
                "{name}: {answer:?}"
            );
        }
    }

    #[test]
    fn ordinary_names_are_taken() {
        for name in [
            "a.gguf",
            "Qwen2.5-0.5B (Q4_K_M).gguf",
            "sub/model-00001-of-00002.gguf",
            "console.gguf",
            "模型.gguf",
        ] {
            assert_eq!(
                target_in(Path::new("/nowhere"), name).expect(name),
                Path::new("/nowhere").join(name)
            );
        }
    }

    #[test]
    fn a_name_that_differs_only_by_case_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("Model.gguf"), "x").expect("a file");
        assert!(target_in(folder.path(), "model.gguf").is_err());
        assert!(target_in(folder.path(), "Model.gguf").is_ok());
    }
}
