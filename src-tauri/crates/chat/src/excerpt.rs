//! Where the words of a search stand in a text, and the part of a long text that shows them best.

use std::cmp::Reverse;
use std::ops::Range;

use sirocco_protocol::TextRange;

use crate::SearchTerms;
use crate::fold::{fold, fold_into, is_diacritic};
use crate::terms::{Wanted, words};
use crate::title::collapse;

/// Characters of an excerpt.
const LENGTH: usize = 180;
/// Characters before its first word that was looked for.
const LEAD: usize = 40;

/// A part of a text, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// With an ellipsis where more comes before or after it.
    pub text: String,
    /// The words that were looked for.
    pub marks: Vec<TextRange>,
}

/// A word that was looked for.
struct Hit {
    /// Bytes of the text.
    range: Range<usize>,
    /// Which word.
    word: usize,
}

impl SearchTerms {
    /// Where the words stand in a text. Of a longer word only the beginning that was looked for.
    ///
    /// ```
    /// use sirocco_chat::SearchTerms;
    /// use sirocco_protocol::TextRange;
    /// let marks = SearchTerms::read("blue SK").marks("The sky is blue");
    /// assert_eq!(marks, [TextRange { start: 4, end: 6 }, TextRange { start: 11, end: 15 }]);
    /// ```
    #[must_use]
    pub fn marks(&self, text: &str) -> Vec<TextRange> {
        let hits = hits(text, &self.wanted());
        in_utf16(text, hits.iter().map(|hit| hit.range.clone()))
    }

    /// The part of a text that has the most of the words, or its beginning if it has none.
    #[must_use]
    pub fn excerpt(&self, text: &str) -> Excerpt {
        let text = collapse(text);
        let hits = hits(&text, &self.wanted());
        let shown = part(&text, best(&hits));
        let cut = &text[shown.clone()];
        let before = if shown.start > 0 { "…" } else { "" };
        let after = if shown.end < text.len() { "…" } else { "" };
        let marks = hits
            .iter()
            .filter(|hit| shown.start <= hit.range.start && hit.range.end <= shown.end)
            .map(|hit| {
                let moved = |at: usize| at - shown.start + before.len();
                moved(hit.range.start)..moved(hit.range.end)
            });
        let text = format!("{before}{cut}{after}");
        Excerpt {
            marks: in_utf16(&text, marks),
            text,
        }
    }
}

fn hits(text: &str, wanted: &[Wanted]) -> Vec<Hit> {
    let mut hits: Vec<Hit> = Vec::new();
    let whole = |range: Range<usize>| {
        let folded = fold(&text[range.clone()]);
        let is_wanted = |wanted: &Wanted| {
            !wanted.is_inside
                && (folded == wanted.folded
                    || (wanted.is_prefix && folded.starts_with(&wanted.folded)))
        };
        let word = wanted.iter().position(is_wanted)?;
        let length = beginning(&text[range.clone()], wanted[word].folded.len());
        Some(Hit {
            range: range.start..range.start + length,
            word,
        })
    };
    let looks_inside = wanted.iter().any(|one| one.is_inside);
    for range in words(text) {
        if looks_inside {
            hits.extend(inside(text, range.clone(), wanted));
        }
        hits.extend(whole(range));
    }
    hits.sort_by_key(|hit| (hit.range.start, hit.range.end));
    let mut end = 0;
    hits.retain(|hit| {
        let is_behind = hit.range.start >= end;
        if is_behind {
            end = hit.range.end;
        }
        is_behind
    });
    hits
}

/// Where words stand in a run of letters.
fn inside(text: &str, run: Range<usize>, wanted: &[Wanted]) -> Vec<Hit> {
    let mut folded = String::new();
    // Where each character begins: folded, and in the text.
    let mut places = Vec::new();
    for (at, c) in text[run.clone()].char_indices() {
        places.push((folded.len(), run.start + at));
        fold_into(c, &mut folded);
    }
    places.push((folded.len(), run.end));
    // A mark that is folded away stands where the next character does: it belongs to the one before.
    let place = |at: usize| {
        let last = places.partition_point(|(folded, _)| *folded <= at);
        let (folded, place) = places[last - 1];
        (folded == at).then_some(place)
    };
    let mut hits: Vec<Hit> = Vec::new();
    for (word, one) in wanted.iter().enumerate().filter(|(_, one)| one.is_inside) {
        for (at, _) in folded.match_indices(&one.folded) {
            if let Some((start, end)) = place(at).zip(place(at + one.folded.len())) {
                hits.push(Hit {
                    range: start..end,
                    word,
                });
            }
        }
    }
    hits
}

/// Bytes of the beginning of a word that becomes so many bytes when it is folded.
fn beginning(word: &str, folded_bytes: usize) -> usize {
    let mut folded = String::new();
    for (at, c) in word.char_indices() {
        if folded.len() >= folded_bytes && !is_diacritic(c) {
            return at;
        }
        fold_into(c, &mut folded);
    }
    word.len()
}

/// The hit that has the most other words behind it within an excerpt; the first of the best.
fn best(hits: &[Hit]) -> Option<&Hit> {
    let different = |at: usize| {
        let end = hits[at].range.start + LENGTH;
        let near = hits[at..].iter().take_while(|hit| hit.range.end <= end);
        let mut words: Vec<usize> = near.map(|hit| hit.word).collect();
        words.sort_unstable();
        words.dedup();
        words.len()
    };
    let at = (0..hits.len()).max_by_key(|at| (different(*at), Reverse(*at)))?;
    Some(&hits[at])
}

/// Bytes of the excerpt that shows a hit: from a word to a word, where there are spaces.
fn part(text: &str, hit: Option<&Hit>) -> Range<usize> {
    let hit = hit.map_or(0..0, |hit| hit.range.clone());
    let lead = text[..hit.start].char_indices().rev().nth(LEAD - 1);
    let start = lead.map_or(0, |(at, _)| {
        let space = text[at..hit.start].find(' ');
        space.map_or(at, |space| at + space + 1)
    });
    let after = |characters| text[start..].char_indices().nth(characters);
    let end = after(LENGTH).map_or(text.len(), |(latest, _)| {
        let earliest = after(LENGTH - LEAD).map_or(0, |(at, _)| at);
        let (earliest, latest) = ((start + earliest).max(hit.end), start + latest);
        let space = text.get(earliest..latest).and_then(|end| end.rfind(' '));
        space.map_or(latest, |space| earliest + space)
    });
    start..end
}

/// Ranges of bytes, in order, as ranges of UTF-16 units.
fn in_utf16(text: &str, ranges: impl Iterator<Item = Range<usize>>) -> Vec<TextRange> {
    let mut at = 0;
    let mut units = 0_usize;
    let mut units_until = |byte: usize| {
        units += text[at..byte].chars().map(char::len_utf16).sum::<usize>();
        at = byte;
        u32::try_from(units).unwrap_or(u32::MAX)
    };
    ranges
        .map(|range| TextRange {
            start: units_until(range.start),
            end: units_until(range.end),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The excerpt with brackets around its marks.
    fn excerpt(query: &str, text: &str) -> String {
        let Excerpt { text, marks } = SearchTerms::read(query).excerpt(text);
        bracketed(&text, &marks)
    }

    fn bracketed(text: &str, marks: &[TextRange]) -> String {
        let units: Vec<u16> = text.encode_utf16().collect();
        let mut shown = String::new();
        let mut at = 0;
        let piece = |from: u32, to: u32| {
            String::from_utf16(&units[from as usize..to as usize]).expect("whole characters")
        };
        for mark in marks {
            shown += &format!("{}[{}]", piece(at, mark.start), piece(mark.start, mark.end));
            at = mark.end;
        }
        shown + &piece(at, units.len() as u32)
    }

    #[test]
    fn a_short_text_is_shown_whole_in_one_line() {
        assert_eq!(
            excerpt("sky", "Why is\n\nthe SKY blue?"),
            "Why is the [SKY] blue?"
        );
        assert_eq!(excerpt("nothing", "Why?"), "Why?");
        assert_eq!(excerpt("", ""), "");
    }

    #[test]
    fn marks_count_as_javascript_counts() {
        assert_eq!(excerpt("cafe", "👩‍🚀 in a café"), "👩‍🚀 in a [café]");
        assert_eq!(
            excerpt("cafe", "cafe\u{301} 👩‍🚀 cafe"),
            "[cafe\u{301}] 👩‍🚀 [cafe]"
        );
    }

    #[test]
    fn only_the_beginning_of_a_longer_word_is_marked() {
        assert_eq!(excerpt("apf", "ein Äpfelchen"), "ein [Äpf]elchen");
        assert_eq!(excerpt("apf ein", "ein Apfelchen"), "[ein] Apfelchen");
        assert_eq!(excerpt("これ", "これは漢字です"), "[これ]は漢字です");
        assert_eq!(
            excerpt("read-only", "read only: readonly"),
            "[read] [only]: readonly"
        );
    }

    #[test]
    fn a_long_text_is_cut_around_the_place_with_the_most_words() {
        let filler = "something else entirely ".repeat(30);
        let text = format!("wind {filler}the wind of the desert {filler}");
        let shown = excerpt("wind desert", &text);
        assert!(
            shown.contains("the [wind] of the [desert] something"),
            "{shown}"
        );
        assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
        assert!(!shown.contains(" …"), "it ends at a word: {shown}");
        assert!(shown.chars().count() <= LENGTH + 6, "{shown}");
    }

    #[test]
    fn words_inside_a_run_without_spaces_are_marked() {
        assert_eq!(
            excerpt("漢字 これ", "これは漢字です。漢字とこれ"),
            "[これ]は[漢字]です。[漢字]と[これ]"
        );
        assert_eq!(excerpt("か", "がか"), "が[か]");
        assert_eq!(excerpt("字a", "漢字Ab"), "漢[字A]b");
        assert_eq!(
            excerpt("漢字 test", "test 漢字 testing"),
            "[test] [漢字] [test]ing"
        );
    }

    #[test]
    fn a_text_without_spaces_is_cut_anywhere() {
        let text = format!("{} 漢字 {}", "あ".repeat(500), "い".repeat(500));
        let shown = excerpt("漢字", &text);
        assert!(shown.contains("[漢字] いいい"), "{shown}");
        assert!(shown.chars().count() <= LENGTH + 4, "{shown}");
    }

    proptest! {
        #[test]
        fn marks_are_in_order_within_the_text_and_are_what_was_looked_for(
            text in "([abÄß漢 \n👩\u{308}]{0,6}){0,80}",
            query in "[abä漢 \"]{0,8}",
        ) {
            let terms = SearchTerms::read(&query);
            let Excerpt { text: shown, marks } = terms.excerpt(&text);
            let units: Vec<u16> = shown.encode_utf16().collect();
            let mut at = 0;
            for mark in &marks {
                prop_assert!(at <= mark.start && mark.start < mark.end && mark.end as usize <= units.len());
                at = mark.end;
                let marked = String::from_utf16(&units[mark.start as usize..mark.end as usize]).unwrap();
                let wanted = terms.wanted();
                prop_assert!(wanted.iter().any(|one| fold(&marked) == one.folded), "{}", marked);
            }
            prop_assert!(shown.chars().count() <= LENGTH + 2);
        }
    }
}
