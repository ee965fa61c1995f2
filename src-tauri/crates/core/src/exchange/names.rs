//! What exported files are called.

use chrono::{Local, TimeZone};

/// Bytes of the longest title in a name: with day and ending, no file system finds it too long.
const LONGEST_TITLE: usize = 160;

/// The day it began and its title, as every file system takes it.
pub fn stem(title: &str, created_at_ms: i64) -> String {
    let title = title_of(title);
    match day(created_at_ms) {
        Some(day) => format!("{day} {title}"),
        None => title,
    }
}

/// Of this place, such as `2023-11-14`.
pub fn day(unix_ms: i64) -> Option<String> {
    let time = Local.timestamp_millis_opt(unix_ms).earliest()?;
    Some(time.date_naive().to_string())
}

fn title_of(title: &str) -> String {
    let plain: String = title
        .chars()
        .map(|c| match c {
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => ' ',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect();
    let mut words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    words.truncate(words.floor_char_boundary(LONGEST_TITLE));
    // Windows takes no dot at the end, and one in front hides a file.
    let words = words.trim_matches(['.', ' ']);
    if words.is_empty() {
        "conversation".to_owned()
    } else {
        words.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_a_name_that_every_file_system_takes() {
        assert_eq!(title_of("Why is the sky blue?"), "Why is the sky blue");
        assert_eq!(title_of("../../etc/passwd\0"), "etc passwd");
        assert_eq!(title_of("C:\\a\n<b>..."), "C a b");
        assert_eq!(title_of("وداعا"), "وداعا");
        assert_eq!(title_of(" ... "), "conversation");
        let long = title_of(&"ä".repeat(500));
        assert_eq!(long.len(), LONGEST_TITLE);
    }

    #[test]
    fn a_time_that_is_no_day_is_left_out() {
        assert_eq!(stem("a", i64::MAX), "a");
        let stem = stem("a", 1_700_000_000_000);
        assert!(
            stem.starts_with("2023-11-1") && stem.ends_with(" a"),
            "{stem}"
        );
    }
}
