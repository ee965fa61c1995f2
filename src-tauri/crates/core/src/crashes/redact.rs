//! What may not stand in a report is taken out of it: the person's own folder, secrets, and texts.
//!
//! Messages of panics quote what the program was busy with, which may be a line of a conversation. So everything from
//! the first quotation mark to the last one goes, but for the names of Rust that all such messages hold.

use std::path::Path;

/// Stands for what was taken out.
const HIDDEN: &str = "…";
/// What tokens begin with: ours, the Hub's, those of others who serve models, and GitHub's.
const PREFIXES: [&str; 4] = ["sk-", "hf_", "ghp_", "github_pat_"];
/// A number or name is shorter; keys and hashes are not.
const LONG: usize = 32;
/// Quoted by the standard library itself.
const HARMLESS: [&str; 8] = [
    "None",
    "Some",
    "Ok",
    "Err",
    "left == right",
    "left != right",
    "left matches right",
    "RUST_BACKTRACE=1",
];

/// A line without the person's folder and without secrets; what would not print is left out.
pub fn redact(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|one| if one == '\t' { ' ' } else { one })
        .filter(|one| *one == '\n' || !one.is_control())
        .collect();
    let text = match std::env::home_dir() {
        Some(home) => without_folder(&text, &home),
        None => text,
    };
    without_secrets(&text)
}

/// The same for what may quote a text.
pub fn redact_quoting(text: &str) -> String {
    redact(&without_quotes(text))
}

/// Paths below this folder begin with `~`.
fn without_folder(text: &str, folder: &Path) -> String {
    let Some(folder) = folder.to_str().filter(|folder| folder.len() > 1) else {
        return text.to_owned();
    };
    // Messages also show paths of Windows as they stand in source text.
    let escaped = folder.replace('\\', "\\\\");
    let text = replace_folder(text, &escaped);
    replace_folder(&text, folder)
}

fn replace_folder(text: &str, folder: &str) -> String {
    let mut rest = text;
    let mut replaced = String::with_capacity(text.len());
    while let Some(at) = rest.find(folder) {
        let (before, after) = (&rest[..at], &rest[at + folder.len()..]);
        replaced.push_str(before);
        // The folder of another person may begin with the same letters.
        let is_whole =
            !after.starts_with(|next: char| next.is_alphanumeric() || "_-.".contains(next));
        replaced.push_str(if is_whole { "~" } else { folder });
        rest = after;
    }
    replaced + rest
}

fn without_secrets(text: &str) -> String {
    let mut is_secret = false;
    let pieces = text.split_inclusive(char::is_whitespace).map(|piece| {
        let word = piece.trim_end();
        let shown = if is_secret && !word.is_empty() {
            HIDDEN.to_owned()
        } else {
            without_keys(&without_login(word))
        };
        is_secret = word.eq_ignore_ascii_case("bearer") || (is_secret && word.is_empty());
        shown + &piece[word.len()..]
    });
    pieces.collect()
}

/// An address without its user, password and query.
fn without_login(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else {
        return word.to_owned();
    };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, _)) => (rest, "?…"),
        None => (rest, ""),
    };
    let host_end = rest.find('/').unwrap_or(rest.len());
    let host_start = rest[..host_end].rfind('@');
    let (login, rest) = match host_start {
        Some(at) => (HIDDEN, &rest[at..]),
        None => ("", rest),
    };
    format!("{scheme}://{login}{rest}{query}")
}

/// A word without what looks like a key.
fn without_keys(word: &str) -> String {
    let mut shown = String::with_capacity(word.len());
    let mut rest = word;
    while !rest.is_empty() {
        let run_end = rest.find(|one| !is_of_key(one)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(run_end);
        shown.push_str(if is_key(run) { HIDDEN } else { run });
        let between = after.find(is_of_key).unwrap_or(after.len());
        shown.push_str(&after[..between]);
        rest = &after[between..];
    }
    shown
}

fn is_of_key(one: char) -> bool {
    one.is_ascii_alphanumeric() || one == '_' || one == '-'
}

fn is_key(run: &str) -> bool {
    let is_long = |part: &str| {
        let has = |kind: fn(&char) -> bool| part.chars().any(|one| kind(&one));
        part.len() >= LONG && has(char::is_ascii_digit) && has(char::is_ascii_alphabetic)
    };
    let is_named = PREFIXES
        .iter()
        .any(|prefix| run.starts_with(prefix) && run.len() > prefix.len() + 4);
    is_named || run.split(['_', '-']).any(is_long)
}

/// Everything from the first quotation mark to the last one is gone; from the first on, if it is the only one.
fn without_quotes(text: &str) -> String {
    let is_mark = |one: char| one == '`' || one == '"';
    let mut from = 0;
    let first = loop {
        let Some(at) = text[from..].find(is_mark).map(|at| from + at) else {
            return text.to_owned();
        };
        let inside = at + 1;
        let length = text[inside..].find(&text[at..inside]);
        match length.filter(|length| is_harmless(&text[inside..inside + length])) {
            Some(length) => from = inside + length + 1,
            None => break at,
        }
    };
    let last = text.rfind(is_mark).filter(|last| *last > first);
    let rest = last.map_or("", |last| &text[last + 1..]);
    format!("{}`{HIDDEN}`{rest}", &text[..first])
}

fn is_harmless(quoted: &str) -> bool {
    let is_path = quoted.contains("::")
        && quoted
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || ":_()".contains(one));
    is_path || HARMLESS.contains(&quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_persons_folder_becomes_a_tilde() {
        let short = |text: &str| without_folder(text, Path::new("/home/ada"));
        assert_eq!(
            short("at /home/ada/m/a.rs:3 and /home/ada, not /home/adam/x or /home/ada-2"),
            "at ~/m/a.rs:3 and ~, not /home/adam/x or /home/ada-2"
        );
        let windows = Path::new(r"C:\Users\ada");
        assert_eq!(
            without_folder(r#"C:\Users\ada\a.rs, "C:\\Users\\ada\\b""#, windows),
            r#"~\a.rs, "~\\b""#
        );
        assert_eq!(without_folder("/etc", Path::new("/")), "/etc");
    }

    #[test]
    fn secrets_are_taken_out_and_what_is_none_stays() {
        for (text, shown) in [
            ("token hf_abcdefgh, sent", "token …, sent"),
            ("(sk-sirocco-0123456789abcdef0123456789abcdef)", "(…)"),
            (
                "Authorization: Bearer a.b.c end",
                "Authorization: Bearer … end",
            ),
            ("key=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "key=…"),
            (
                "https://ada:pw@hub.example:8080/a?sig=1 x",
                "https://…@hub.example:8080/a?… x",
            ),
            ("http://127.0.0.1:1234/v1", "http://127.0.0.1:1234/v1"),
            (
                "qwen2.5-coder-0.5b-instruct-q4_k_m-imatrix-v2.gguf",
                "qwen2.5-coder-0.5b-instruct-q4_k_m-imatrix-v2.gguf",
            ),
            (
                "  4: core::ops::function::FnOnce::call_once::h0123456789abcdef",
                "  4: core::ops::function::FnOnce::call_once::h0123456789abcdef",
            ),
        ] {
            assert_eq!(without_secrets(text), shown);
        }
    }

    #[test]
    fn quoted_texts_are_taken_out() {
        for (text, shown) in [
            (
                "byte index 3 is not a char boundary; it is inside 'é' of `Dear `diary`, I`[...]",
                "byte index 3 is not a char boundary; it is inside 'é' of `…`[...]",
            ),
            ("could not read \"Dear diary", "could not read `…`"),
            (
                "called `Result::unwrap()` on an `Err` value: Custom { error: \"no \\\"diary\\\"\" }",
                "called `Result::unwrap()` on an `Err` value: Custom { error: `…` }",
            ),
            (
                "assertion `left == right` failed\n  left: \"Dear\"\n right: \"diary\"",
                "assertion `left == right` failed\n  left: `…`",
            ),
            ("`secret` and `Option::unwrap()`", "`…`"),
            (
                "index out of bounds: the len is 3",
                "index out of bounds: the len is 3",
            ),
        ] {
            assert_eq!(without_quotes(text), shown);
        }
    }

    #[test]
    fn what_does_not_print_is_left_out() {
        assert_eq!(redact("a\u{1b}[31mb\tc\u{0}"), "a[31mb c");
    }
}
