//! Parts of a file.

use std::ops::Range;

/// What a `Range` header asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Everything: there is no header, or none that can be read (RFC 9110, 14.2 lets it be ignored).
    Whole,
    Part(Range<u64>),
    /// Nothing of the file.
    Unsatisfiable,
}

/// Reads `bytes=a-b`, `bytes=a-` and `bytes=-n`. Several ranges at once are answered with everything.
pub(super) fn asked(header: Option<&str>, size: u64) -> Asked {
    let bounds = header.and_then(|text| text.strip_prefix("bytes=")?.split_once('-'));
    match bounds.map(|(first, last)| (first.trim(), last.trim())) {
        Some(("", last)) => last.parse().map_or(Asked::Whole, |count: u64| {
            let start = size.saturating_sub(count);
            part(start..size)
        }),
        Some((first, "")) => first
            .parse()
            .map_or(Asked::Whole, |start| part(start..size)),
        Some((first, last)) => match (first.parse::<u64>(), last.parse::<u64>()) {
            (Ok(first), Ok(last)) if first <= last => part(first..size.min(last.saturating_add(1))),
            _ => Asked::Whole,
        },
        None => Asked::Whole,
    }
}

fn part(range: Range<u64>) -> Asked {
    if range.is_empty() {
        Asked::Unsatisfiable
    } else {
        Asked::Part(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let part = |range| Asked::Part(range);
        for (header, wanted) in [
            ("bytes=0-0", part(0..1)),
            ("bytes=2-4", part(2..5)),
            ("bytes=2-", part(2..10)),
            ("bytes=-3", part(7..10)),
            ("bytes=-30", part(0..10)),
            ("bytes=5-99", part(5..10)),
            ("bytes=10-", Asked::Unsatisfiable),
            ("bytes=-0", Asked::Unsatisfiable),
            ("bytes=4-2", Asked::Whole),
            ("bytes=0-1,3-4", Asked::Whole),
            ("bytes=x-", Asked::Whole),
            ("lines=1-2", Asked::Whole),
        ] {
            assert_eq!(asked(Some(header), 10), wanted, "{header}");
        }
        assert_eq!(asked(None, 10), Asked::Whole);
        assert_eq!(asked(Some("bytes=0-"), 0), Asked::Unsatisfiable);
    }
}
