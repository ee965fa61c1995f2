//! The title a conversation gets from its first message.

use unicode_segmentation::UnicodeSegmentation;

/// The title of a conversation without a message.
pub const NEW_CONVERSATION: &str = "New conversation";

/// Characters as a reader counts them (grapheme clusters).
const LONGEST: usize = 60;

/// The first line that says something, without Markdown, cut at a word near 60 characters.
///
/// ```
/// use sirocco_chat::automatic_title;
/// assert_eq!(automatic_title("## **Why** is `the sky` [blue](https://example.org)?\n\n…"),
///            "Why is the sky blue?");
/// ```
#[must_use]
pub fn automatic_title(first_message: &str) -> String {
    first_message
        .lines()
        .filter(|line| !is_fence(line))
        .map(|line| shorten(&plain(line)))
        .find(|line| line.chars().any(char::is_alphanumeric))
        // A message of signs only, such as "???" or an emoji, is its own best title.
        .or_else(|| {
            let words = shorten(&collapse(first_message));
            (!words.is_empty()).then_some(words)
        })
        .unwrap_or_else(|| NEW_CONVERSATION.to_owned())
}

/// What a model is asked for a title with, as the next thing the person says.
pub const TITLE_REQUEST: &str = "Write a title for this conversation: at most six words, in the \
    language of the conversation. Answer with the title and nothing else.";

/// The title in the words of a model that was asked for one; none if there is none in them. `is_cut`: it was stopped
/// there, perhaps in the middle of a word.
///
/// ```
/// use sirocco_chat::written_title;
/// assert_eq!(written_title("**Title:** \"Winds of the South\".\n", false).as_deref(),
///            Some("Winds of the South"));
/// assert_eq!(written_title("Winds of the Sou", true).as_deref(), Some("Winds of the"));
/// ```
#[must_use]
pub fn written_title(answer: &str, is_cut: bool) -> Option<String> {
    let says_something = |line: &str| line.chars().any(char::is_alphanumeric);
    let mut lines = answer.trim_start().lines();
    let line = plain(lines.find(|line| says_something(line))?);
    let line = match line.split_once(':') {
        Some((label, title)) if label.eq_ignore_ascii_case("title") => title.trim(),
        _ => line.as_str(),
    };
    let line = match line.rsplit_once(' ') {
        Some((whole, _)) if is_cut && lines.next().is_none() => whole,
        _ => line,
    };
    let bare = line.trim_matches(|c: char| c.is_whitespace() || "\"'“”„«»‘’.,;:".contains(c));
    says_something(bare).then(|| shorten(bare))
}

/// The title of a conversation that is made of another one: what it is of it stands behind the old
/// title, counted from the second time on.
///
/// ```
/// use sirocco_chat::marked_title;
/// assert_eq!(marked_title("Rain", "branch"), "Rain (branch)");
/// assert_eq!(marked_title("Rain (branch)", "branch"), "Rain (branch 2)");
/// ```
#[must_use]
pub fn marked_title(title: &str, mark: &str) -> String {
    let before = title
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once(" ("))
        .and_then(|(stem, inside)| {
            let count = match inside.strip_prefix(mark)? {
                "" => 1,
                count => count.strip_prefix(' ')?.parse::<u32>().ok()?,
            };
            Some((stem, count))
        });
    match before {
        Some((stem, count)) => format!("{stem} ({mark} {})", count.saturating_add(1)),
        None => format!("{title} ({mark})"),
    }
}

fn is_fence(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("```") || line.starts_with("~~~")
}

fn plain(line: &str) -> String {
    collapse(&without_emphasis(&without_links(without_markers(line))))
}

/// Headings, quotes, list items and their check boxes.
fn without_markers(line: &str) -> &str {
    let mut rest = line.trim();
    loop {
        let before = rest;
        let heading = rest.trim_start_matches('#');
        if heading.len() < rest.len() && heading.starts_with(' ') {
            rest = heading.trim_start();
        }
        for marker in ["> ", "- ", "* ", "+ ", "[ ] ", "[x] ", "[X] "] {
            rest = rest.strip_prefix(marker).unwrap_or(rest).trim_start();
        }
        rest = rest.strip_prefix('>').unwrap_or(rest);
        let number = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        if number.len() < rest.len() {
            let item = number.strip_prefix(". ").or(number.strip_prefix(") "));
            rest = item.unwrap_or(rest).trim_start();
        }
        if rest.len() == before.len() {
            return rest;
        }
    }
}

/// `[text](address)` and `![text](address)` become their text.
fn without_links(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(open) = rest.find('[') {
        let after = &rest[open + 1..];
        let link = after.find("](").and_then(|middle| {
            let label = &after[..middle];
            let end = after[middle..].find(')')?;
            (!label.contains('[')).then_some((label, &after[middle + end + 1..]))
        });
        let before = &rest[..open];
        match link {
            Some((label, following)) => {
                text.push_str(before.strip_suffix('!').unwrap_or(before));
                text.push_str(label);
                rest = following;
            }
            None => {
                text.push_str(before);
                text.push('[');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

/// Drops the signs of code and emphasis where they stand at the edge of a word; `snake_case` and
/// `2 * 3` keep theirs.
fn without_emphasis(line: &str) -> String {
    let signs: Vec<char> = line.chars().collect();
    let mut text = String::with_capacity(line.len());
    let mut at = 0;
    while at < signs.len() {
        let sign = signs[at];
        let end = at + signs[at..].iter().take_while(|c| **c == sign).count();
        let alone = (at == 0 || signs[at - 1].is_whitespace())
            && (end == signs.len() || signs[end].is_whitespace());
        let inside = at > 0
            && end < signs.len()
            && signs[at - 1].is_alphanumeric()
            && signs[end].is_alphanumeric();
        let drop = match sign {
            '`' => true,
            '*' => !alone,
            '_' => !alone && !inside,
            '~' => !alone && end - at == 2,
            _ => false,
        };
        if !drop {
            text.extend(&signs[at..end]);
        }
        at = end;
    }
    text
}

/// One space between words, and none of the invisible signs that turn text around.
pub(crate) fn collapse(text: &str) -> String {
    let visible: String = text
        .chars()
        .filter(|c| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shorten(text: &str) -> String {
    if text.graphemes(true).count() <= LONGEST {
        return text.to_owned();
    }
    // One for the ellipsis.
    let cut: String = text.graphemes(true).take(LONGEST - 1).collect();
    let next = text[cut.len()..].chars().next();
    let at_a_word = match cut.rfind(' ') {
        _ if next.is_some_and(char::is_whitespace) => cut.as_str(),
        // A word so long that cutting before it would leave little is cut itself.
        Some(space) if cut[..space].graphemes(true).count() >= LONGEST / 2 => &cut[..space],
        _ => cut.as_str(),
    };
    let trimmed = at_a_word.trim_end_matches(|c: char| c.is_whitespace() || ",;:-–—(".contains(c));
    format!("{trimmed}…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_line_that_says_something_is_the_title() {
        for (message, title) in [
            ("Hello", "Hello"),
            ("\n\n  Hello\tthere  \nand more", "Hello there"),
            ("---\n\n# Plan\n- one", "Plan"),
            ("```rust\nfn main() {}\n```\nWhat is this?", "fn main() {}"),
            ("- [ ] buy milk", "buy milk"),
            ("> 1. quoted", "quoted"),
            (">quoted", "quoted"),
            ("1.5 is a number", "1.5 is a number"),
            ("#hashtag", "#hashtag"),
            ("???", "???"),
            ("🦀", "🦀"),
            ("", NEW_CONVERSATION),
            (" \n\t", NEW_CONVERSATION),
        ] {
            assert_eq!(automatic_title(message), title, "{message:?}");
        }
    }

    #[test]
    fn markdown_is_left_out_and_look_alikes_stay() {
        for (message, title) in [
            (
                "**bold** *em* __bold__ _em_ ~~gone~~ `code`",
                "bold em bold em gone code",
            ),
            ("rename my_long_name please", "rename my_long_name please"),
            ("what is 2 * 3 ~ 6?", "what is 2 * 3 ~ 6?"),
            ("a[0] and [x]", "a[0] and [x]"),
            ("see ![a cat](cat.png) and [this](x)", "see a cat and this"),
            ("an [open link](", "an [open link]("),
        ] {
            assert_eq!(automatic_title(message), title, "{message:?}");
        }
    }

    #[test]
    fn a_long_line_is_cut_at_a_word() {
        let title = automatic_title(
            "Please explain to me in simple words how a compiler allocates registers",
        );
        assert_eq!(
            title,
            "Please explain to me in simple words how a compiler…"
        );
        let exact = "x".repeat(60);
        assert_eq!(automatic_title(&exact), exact);
        assert_eq!(
            automatic_title(&"x".repeat(61)),
            format!("{}…", "x".repeat(59))
        );
    }

    #[test]
    fn what_a_model_writes_around_a_title_is_left_out() {
        for (answer, is_cut, title) in [
            ("Winds", false, Some("Winds")),
            ("\n\n# Winds\n\nI hope", true, Some("Winds")),
            ("« Vents du sud »", false, Some("Vents du sud")),
            ("title: Winds", false, Some("Winds")),
            (
                "Rust: the borrow checker",
                false,
                Some("Rust: the borrow checker"),
            ),
            ("C++", false, Some("C++")),
            ("What is rain?", false, Some("What is rain?")),
            ("Winds", true, Some("Winds")),
            ("\"\"", false, None),
            ("", false, None),
            ("…\n---", true, None),
        ] {
            assert_eq!(
                written_title(answer, is_cut).as_deref(),
                title,
                "{answer:?}"
            );
        }
    }

    #[test]
    fn a_mark_is_counted_and_other_brackets_stay() {
        for (title, marked) in [
            ("Rain (copy 2)", "Rain (copy 3)"),
            ("Rain (branch)", "Rain (branch) (copy)"),
            ("Rain (copy of it)", "Rain (copy of it) (copy)"),
            ("(copy)", "(copy) (copy)"),
        ] {
            assert_eq!(marked_title(title, "copy"), marked);
        }
    }

    #[test]
    fn a_family_is_not_torn_apart() {
        let title = automatic_title(&"👨‍👩‍👧‍👦".repeat(80));
        assert_eq!(title, format!("{}…", "👨‍👩‍👧‍👦".repeat(59)));
    }

    proptest! {
        #[test]
        fn a_title_is_one_short_line_that_is_not_empty(message in "\\PC{0,200}|(\\PC|\n){0,80}|[#>*_`~\\[\\]()! a\n]{0,80}") {
            let title = automatic_title(&message);
            prop_assert!(!title.trim().is_empty());
            prop_assert!(!title.contains('\n'));
            prop_assert!(title.graphemes(true).count() <= LONGEST);
        }
    }
}
