//! The house rules that a program can check: names, lengths, and what must not be left behind.
//!
//! A file of more than 600 lines says why in its first lines, in a sentence with the words
//! `so long because`; a table may.

use std::fmt;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{paths, shell};

const LONGEST_LINES: usize = 600;

/// Where the reason for a long file has to stand.
const REASON_LINES: usize = 20;
const REASON: &str = "so long because";

/// Endings of names that say nothing.
const EMPTY_NAMES: &[&str] = &[
    "manager",
    "service",
    "helper",
    "helpers",
    "util",
    "utils",
    "processor",
];

/// More of them, for types only.
const EMPTY_TYPES: &[&str] = &["data", "info"];

/// And for whole files and folders.
const EMPTY_FILES: &[&str] = &["common", "misc"];

const RUST: &[&str] = &["rs"];
const SCRIPTS: &[&str] = &["ts", "svelte", "mjs", "js"];
const EVERYWHERE: &[&str] = &["rs", "ts", "svelte", "mjs", "js", "css", "sql", "py"];

/// What must not stand in a file of these kinds, and why. In two parts where this file would find itself.
const MARKS: &[(&[&str], &str, &str)] = &[
    (RUST, concat!("to", "do!("), "is not written yet"),
    (RUST, concat!("unimpl", "emented!("), "is not written yet"),
    (RUST, concat!("#[", "ignore"), "is a test that does not run"),
    (
        RUST,
        concat!("#[", "allow("),
        "hides a lint without an end: use expect with a reason",
    ),
    (
        SCRIPTS,
        concat!("it.", "skip("),
        "is a test that does not run",
    ),
    (
        SCRIPTS,
        concat!("test.", "skip("),
        "is a test that does not run",
    ),
    (
        SCRIPTS,
        concat!("describe.", "skip("),
        "is a test that does not run",
    ),
    (
        SCRIPTS,
        concat!("it.", "todo("),
        "is a test that is not written yet",
    ),
    (
        SCRIPTS,
        concat!("it.", "only("),
        "keeps the other tests from running",
    ),
    (
        SCRIPTS,
        concat!("test.", "only("),
        "keeps the other tests from running",
    ),
    (
        SCRIPTS,
        concat!("describe.", "only("),
        "keeps the other tests from running",
    ),
    (
        SCRIPTS,
        concat!("@ts-", "ignore"),
        "hides an error of types",
    ),
    (EVERYWHERE, concat!("TO", "DO"), "belongs into an issue"),
    (EVERYWHERE, concat!("FIX", "ME"), "belongs into an issue"),
    (EVERYWHERE, concat!("XX", "X:"), "belongs into an issue"),
];

/// Fails if any file of the checkout breaks a rule.
pub fn check() -> Result<()> {
    let list = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let files = shell::output(Command::new("git").current_dir(paths::root()).args(list))?;
    let mut violations = Vec::new();
    let mut count = 0;
    for path in files.lines().filter(|path| is_ours(path)) {
        let full = paths::root().join(path);
        // Deleted, but not yet so for git.
        if !full.is_file() {
            continue;
        }
        let text =
            std::fs::read_to_string(&full).with_context(|| format!("could not read {path}"))?;
        violations.extend(violations_of(path, &text));
        count += 1;
    }
    if count == 0 {
        bail!("git lists no source file: nothing was checked");
    }
    for violation in &violations {
        eprintln!("{violation}");
    }
    if !violations.is_empty() {
        bail!("{} of the house rules broken", violations.len());
    }
    println!("{count} files keep the house rules");
    Ok(())
}

/// Sources people write; not what is generated.
fn is_ours(path: &str) -> bool {
    !path.starts_with("ui/src/gen/")
        && extension(path).is_some_and(|extension| EVERYWHERE.contains(&extension))
}

fn extension(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(_, extension)| extension)
}

/// A broken rule, with its place.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    path: String,
    line: usize,
    what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line, self.what)
    }
}

fn violations_of(path: &str, text: &str) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut add = |line: usize, what: String| {
        found.push(Violation {
            path: path.to_owned(),
            line,
            what,
        })
    };

    for part in path.split('/') {
        let stem = part.split('.').next().unwrap_or(part);
        let last = last_word(stem).to_lowercase();
        if EMPTY_NAMES.contains(&last.as_str())
            || EMPTY_FILES.contains(&stem.to_lowercase().as_str())
        {
            add(
                1,
                format!("`{part}` says nothing: name it after what it is"),
            );
        }
    }
    let lines = text.lines().count();
    if lines > LONGEST_LINES
        && !text
            .lines()
            .take(REASON_LINES)
            .any(|line| line.contains(REASON))
    {
        add(
            lines,
            format!(
                "{lines} lines, {LONGEST_LINES} at most without a reason in the first {REASON_LINES}"
            ),
        );
    }
    let kind = extension(path).unwrap_or_default();
    for (index, line) in text.lines().enumerate() {
        for (kinds, mark, why) in MARKS {
            if kinds.contains(&kind) && line.contains(mark) {
                add(index + 1, format!("`{mark}` {why}"));
            }
        }
        if let Some(name) = declared_type(line) {
            let last = last_word(name).to_lowercase();
            if EMPTY_NAMES
                .iter()
                .chain(EMPTY_TYPES)
                .any(|empty| *empty == last)
            {
                add(
                    index + 1,
                    format!("the type `{name}` says nothing: name it after what it is"),
                );
            }
        }
    }
    found
}

/// The type that a line declares, in Rust or TypeScript.
fn declared_type(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    for word in [
        "export ",
        "default ",
        "abstract ",
        "pub(crate) ",
        "pub(super) ",
        "pub ",
    ] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let rest = [
        "struct ",
        "enum ",
        "trait ",
        "type ",
        "class ",
        "interface ",
    ]
    .iter()
    .find_map(|keyword| rest.strip_prefix(keyword))?;
    let end = rest
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .unwrap_or(rest.len());
    let name = &rest[..end];
    name.starts_with(|letter: char| letter.is_uppercase())
        .then_some(name)
}

/// `Pool` of `WorkerPool`, `pool` of `worker_pool` and `worker-pool`.
fn last_word(name: &str) -> &str {
    let name = name.rsplit(['_', '-']).next().unwrap_or(name);
    let start = name
        .char_indices()
        .rev()
        .find(|(_, letter)| letter.is_uppercase())
        .map_or(0, |(start, _)| start);
    &name[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(path: &str, text: &str) -> Vec<String> {
        violations_of(path, text)
            .into_iter()
            .map(|violation| violation.what)
            .collect()
    }

    #[test]
    fn empty_names_of_files_and_types_are_found() {
        assert_eq!(whats("src/model_manager.rs", "").len(), 1);
        assert_eq!(whats("src/utils/date.ts", "").len(), 1);
        assert_eq!(whats("src/ModelHelper.svelte", "").len(), 1);
        assert_eq!(whats("tests/common/mod.rs", "").len(), 1);
        assert_eq!(whats("src/a.rs", "pub struct ModelInfo;").len(), 1);
        assert_eq!(whats("src/a.ts", "  export interface RunData {").len(), 1);
        assert_eq!(whats("src/a.rs", "pub(crate) trait Service {").len(), 1);
    }

    #[test]
    fn words_that_only_contain_an_empty_name_are_fine() {
        assert_eq!(
            whats("src/database.rs", "struct Metadata;\nstruct Information;"),
            [""; 0]
        );
        assert_eq!(
            whats(
                "src/common_prefix.rs",
                "type Utility = u8;\n// a struct Manager"
            ),
            [""; 0]
        );
        assert_eq!(whats("src/a.rs", "let type_info = data;"), [""; 0]);
    }

    #[test]
    fn tests_that_do_not_run_and_unwritten_code_are_found() {
        let line = |parts: [&str; 2]| parts.concat();
        assert_eq!(
            whats("a.rs", &line(["    #[", "ignore = \"slow\"]"])).len(),
            1
        );
        assert_eq!(whats("a.rs", &line(["to", "do!()"])).len(), 1);
        assert_eq!(
            whats("a.test.ts", &line(["it.", "skip('x', () => {})"])).len(),
            1
        );
        assert_eq!(whats("a.css", &line(["/* TO", "DO */"])).len(), 1);
        assert_eq!(whats("a.rs", "parts.iter().skip(1)"), [""; 0]);
    }

    #[test]
    fn a_long_file_needs_a_reason() {
        let long = "x\n".repeat(LONGEST_LINES + 1);
        assert_eq!(whats("a.rs", &long).len(), 1);
        assert_eq!(
            whats(
                "a.rs",
                &format!("//! It is so long because it is a table.\n{long}")
            ),
            [""; 0]
        );
        assert_eq!(whats("a.rs", &"x\n".repeat(LONGEST_LINES)), [""; 0]);
    }

    #[test]
    fn generated_and_foreign_files_are_left_alone() {
        assert!(is_ours("ui/src/app/App.svelte"));
        assert!(!is_ours("ui/src/gen/protocol.ts"));
        assert!(!is_ours("ui/package-lock.json"));
    }
}
