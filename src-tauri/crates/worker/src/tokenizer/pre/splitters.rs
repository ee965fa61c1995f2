//! Hand-written splitters for the patterns that almost all models use.
//!
//! Each gets one chunk (its characters and their classes) and appends the lengths of its pieces, in characters;
//! the lengths always sum to the chunk. All are linear: white space is looked at three times at most. Where
//! llama.cpp's own splitter departs from the regular expression it stands for, the departure is kept.

use super::characters::Class;

/// One chunk of text: characters and their classes, of equal length.
#[derive(Clone, Copy)]
pub(super) struct Chunk<'a> {
    pub(super) characters: &'a [char],
    pub(super) classes: &'a [Class],
}

impl Chunk<'_> {
    fn len(&self) -> usize {
        self.characters.len()
    }

    fn character(&self, at: usize) -> Option<char> {
        self.characters.get(at).copied()
    }

    fn class(&self, at: usize) -> Option<Class> {
        self.classes.get(at).copied()
    }

    fn is_newline(&self, at: usize) -> bool {
        matches!(self.character(at), Some('\r' | '\n'))
    }

    /// Where the run of characters of which `belongs` holds ends, from `at` on.
    fn run_end(&self, at: usize, belongs: impl Fn(Class) -> bool) -> usize {
        self.classes[at..]
            .iter()
            .position(|class| !belongs(*class))
            .map_or(self.len(), |length| at + length)
    }

    /// End of the run of at most `limit` digits at `at`.
    fn digits_end(&self, at: usize, limit: usize) -> usize {
        let digits = self.classes[at..]
            .iter()
            .take(limit)
            .take_while(|class| **class == Class::Number);
        at + digits.count()
    }

    /// Length of `'s 't 'm 'd 're 've 'll` at `at`, or 0.
    fn contraction(&self, at: usize, any_case: bool) -> usize {
        if self.character(at) != Some('\'') {
            return 0;
        }
        let letter = |offset| {
            let character = self.character(at + offset)?;
            Some(if any_case {
                character.to_ascii_lowercase()
            } else {
                character
            })
        };
        match (letter(1), letter(2)) {
            (Some('s' | 't' | 'm' | 'd'), _) => 2,
            (Some('r' | 'v'), Some('e')) | (Some('l'), Some('l')) => 3,
            _ => 0,
        }
    }

    /// End of the white space piece at `at`: `\s+(?!\S)|\s+`, before it `\s*[\r\n]+` if `newlines`.
    fn space_end(&self, at: usize, newlines: bool) -> usize {
        let end = self.run_end(at, |class| class == Class::Space);
        if newlines && let Some(last) = (at..end).rev().find(|at| self.is_newline(*at)) {
            return last + 1;
        }
        if end - at > 1 && end < self.len() {
            end - 1
        } else {
            end
        }
    }
}

/// Appends pieces by asking `end_of_piece` where the piece that starts at a position ends.
fn split(chunk: Chunk, lengths: &mut Vec<usize>, end_of_piece: impl Fn(usize) -> usize) {
    let mut at = 0;
    while at < chunk.len() {
        let end = end_of_piece(at).clamp(at + 1, chunk.len());
        lengths.push(end - at);
        at = end;
    }
}

/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
pub(super) fn gpt2(chunk: Chunk, lengths: &mut Vec<usize>) {
    split(chunk, lengths, |at| {
        let contraction = chunk.contraction(at, false);
        if contraction > 0 {
            return at + contraction;
        }
        let start = at + usize::from(chunk.character(at) == Some(' '));
        match chunk.class(start) {
            Some(class @ (Class::Letter | Class::Number)) => {
                chunk.run_end(start, |other| other == class)
            }
            Some(class) if class != Class::Space => chunk.run_end(start, |class| {
                !matches!(class, Class::Space | Class::Letter | Class::Number)
            }),
            _ => chunk.space_end(at, false),
        }
    });
}

/// How the splitters of the llama3 and qwen families differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Words {
    /// Longest run of digits that stays together.
    pub(super) digits: usize,
    /// Combining marks count as letters.
    pub(super) marks: bool,
}

/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
/// with `[\p{L}\p{M}]` for `\p{L}` if `marks`.
pub(super) fn words(chunk: Chunk, lengths: &mut Vec<usize>, form: Words) {
    let is_letter = |class| class == Class::Letter || (form.marks && class == Class::Mark);
    split(chunk, lengths, |at| {
        let contraction = chunk.contraction(at, true);
        if contraction > 0 {
            return at + contraction;
        }
        let is_number = chunk.class(at) == Some(Class::Number);
        if !chunk.is_newline(at) && !is_number {
            let here = chunk.class(at).is_some_and(is_letter);
            if here || chunk.class(at + 1).is_some_and(is_letter) {
                return chunk.run_end(at + 1, is_letter);
            }
        }
        if is_number {
            return chunk.digits_end(at, form.digits);
        }
        symbols_end(chunk, at, |class| !is_letter(class))
            .unwrap_or_else(|| chunk.space_end(at, true))
    });
}

/// End of ` ?[^\s\p{L}\p{N}]+[\r\n]*` at `at`, further limited by `belongs`.
fn symbols_end(chunk: Chunk, at: usize, belongs: impl Fn(Class) -> bool) -> Option<usize> {
    let symbol =
        |class| !matches!(class, Class::Space | Class::Letter | Class::Number) && belongs(class);
    let start = at + usize::from(chunk.character(at) == Some(' '));
    if !chunk.class(start).is_some_and(symbol) {
        return None;
    }
    let mut end = chunk.run_end(start, symbol);
    while chunk.is_newline(end) {
        end += 1;
    }
    Some(end)
}

fn is_han(character: char) -> bool {
    matches!(u32::from(character),
        0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x2_0000..=0x2_a6df | 0x2_a700..=0x2_ebef
        | 0x2_f800..=0x2_fa1f)
}

/// Kimi K2: runs of Han, words of other letters with an optional contraction, up to three digits, symbols, space.
pub(super) fn kimi(chunk: Chunk, lengths: &mut Vec<usize>) {
    let han = |at| chunk.character(at).is_some_and(is_han);
    let letter = |at| chunk.class(at) == Some(Class::Letter) && !han(at);
    let advance = |mut at: usize, belongs: &dyn Fn(usize) -> bool| {
        while belongs(at) {
            at += 1;
        }
        at
    };
    split(chunk, lengths, |at| {
        if han(at) {
            return advance(at, &han);
        }
        let class = chunk.class(at);
        let may_lead =
            !chunk.is_newline(at) && !matches!(class, Some(Class::Letter | Class::Number));
        if letter(at) || (may_lead && letter(at + 1)) {
            let end = advance(at + 1, &letter);
            return end + chunk.contraction(end, true);
        }
        if class == Some(Class::Number) {
            return chunk.digits_end(at, 3);
        }
        symbols_end(chunk, at, |_| true).unwrap_or_else(|| chunk.space_end(at, true))
    });
}

/// Digits in groups of three counted from the right of their run; everything between two runs is one piece.
///
/// As in llama.cpp, what stands before a run sticks to its first group.
pub(super) fn digit_groups(chunk: Chunk, lengths: &mut Vec<usize>) {
    let mut done = 0;
    let mut at = 0;
    while at < chunk.len() {
        if chunk.class(at) != Some(Class::Number) {
            at += 1;
            continue;
        }
        let end = chunk.run_end(at, |class| class == Class::Number);
        let first = at + (end - at) % 3;
        for cut in (first..=end).step_by(3).filter(|cut| *cut > at) {
            lengths.push(cut - done);
            done = cut;
        }
        at = end;
    }
    if done < chunk.len() {
        lengths.push(chunk.len() - done);
    }
}

/// `(?=(\d{3})+(?!\d))`: cuts before each group of three ASCII digits counted from the right of their run.
pub(super) fn digit_cuts(chunk: Chunk, lengths: &mut Vec<usize>) {
    let mut done = 0;
    let mut at = 0;
    while at < chunk.len() {
        let digits = chunk.characters[at..]
            .iter()
            .take_while(|character| character.is_ascii_digit())
            .count();
        let end = at + digits;
        for cut in (at + digits % 3..end).step_by(3).filter(|cut| *cut > 0) {
            lengths.push(cut - done);
            done = cut;
        }
        at = end + 1;
    }
    if done < chunk.len() {
        lengths.push(chunk.len() - done);
    }
}

/// `[^\n]+|[\n]+`
pub(super) fn lines(chunk: Chunk, lengths: &mut Vec<usize>) {
    lengths.extend(
        chunk
            .characters
            .chunk_by(|left, right| (*left == '\n') == (*right == '\n'))
            .map(<[char]>::len),
    );
}

#[cfg(test)]
mod tests {
    use super::super::characters::classes_of;
    use super::*;

    fn pieces(text: &str, splitter: impl Fn(Chunk, &mut Vec<usize>)) -> Vec<String> {
        let characters: Vec<char> = text.chars().collect();
        let classes = classes_of(&characters);
        let mut lengths = Vec::new();
        splitter(
            Chunk {
                characters: &characters,
                classes: &classes,
            },
            &mut lengths,
        );
        let mut rest = characters.as_slice();
        let take = |length: usize| {
            let (piece, tail) = rest.split_at(length);
            rest = tail;
            piece.iter().collect()
        };
        lengths.into_iter().map(take).collect()
    }

    #[test]
    fn gpt2_keeps_a_space_with_the_word_that_follows() {
        assert_eq!(
            pieces("I'll  go 42 !?\n", gpt2),
            ["I", "'ll", " ", " go", " 42", " !?", "\n"]
        );
    }

    #[test]
    fn llama3_groups_three_digits_and_qwen2_none() {
        let llama3 = |chunk: Chunk, lengths: &mut Vec<usize>| {
            words(
                chunk,
                lengths,
                Words {
                    digits: 3,
                    marks: false,
                },
            )
        };
        let qwen2 = |chunk: Chunk, lengths: &mut Vec<usize>| {
            words(
                chunk,
                lengths,
                Words {
                    digits: 1,
                    marks: false,
                },
            )
        };
        assert_eq!(
            pieces("x12345 I'M\r\n\n  y", llama3),
            ["x", "123", "45", " I", "'M", "\r\n\n", " ", " y"]
        );
        assert_eq!(pieces("123", qwen2), ["1", "2", "3"]);
    }

    #[test]
    fn marks_split_words_of_qwen2_and_not_of_qwen35() {
        let with = |marks| {
            move |chunk: Chunk, lengths: &mut Vec<usize>| {
                words(chunk, lengths, Words { digits: 1, marks })
            }
        };
        assert_eq!(pieces("कि", with(false)), ["क", "ि"]);
        assert_eq!(pieces("कि", with(true)), ["कि"]);
    }

    #[test]
    fn digits_group_from_the_right() {
        assert_eq!(pieces("1234567", digit_groups), ["1", "234", "567"]);
        assert_eq!(pieces("a1234b", digit_cuts), ["a1", "234b"]);
    }

    #[test]
    fn kimi_keeps_han_apart() {
        assert_eq!(pieces("ab漢字cd", kimi), ["ab", "漢字", "cd"]);
    }

    #[test]
    fn lines_and_newlines_alternate() {
        assert_eq!(pieces("a\n\nb c\n", lines), ["a", "\n\n", "b c", "\n"]);
    }
}
