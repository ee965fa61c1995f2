//! Stop strings that never leak: text that might be the beginning of one is held back.

/// Passes text through until one of the stop strings appears in it.
pub struct StopStrings {
    stops: Vec<String>,
    held: String,
}

/// What [`StopStrings::push`] lets out.
#[derive(Debug, PartialEq, Eq)]
pub struct Released {
    /// Text that is certainly not part of a stop string.
    pub text: String,
    /// A stop string is complete; nothing more is to be pushed.
    pub stopped: bool,
}

impl StopStrings {
    /// Empty strings are ignored.
    #[must_use]
    pub fn new(stops: &[String]) -> Self {
        Self {
            stops: stops
                .iter()
                .filter(|stop| !stop.is_empty())
                .cloned()
                .collect(),
            held: String::new(),
        }
    }

    /// Takes more text and releases what is certain. The earliest stop string wins.
    pub fn push(&mut self, text: &str) -> Released {
        if self.stops.is_empty() {
            return Released {
                text: text.to_owned(),
                stopped: false,
            };
        }
        self.held.push_str(text);
        if let Some(start) = self
            .stops
            .iter()
            .filter_map(|stop| self.held.find(stop.as_str()))
            .min()
        {
            self.held.truncate(start);
            return Released {
                text: std::mem::take(&mut self.held),
                stopped: true,
            };
        }
        let keep = self.open_suffix();
        let certain = self.held.len() - keep;
        let text = self.held[..certain].to_owned();
        self.held.drain(..certain);
        Released {
            text,
            stopped: false,
        }
    }

    /// What is still held when the text ends without a stop string.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Length of the longest end of the held text that begins a stop string.
    fn open_suffix(&self) -> usize {
        let longest = self
            .stops
            .iter()
            .map(String::len)
            .max()
            .unwrap_or(0)
            .saturating_sub(1);
        self.held
            .char_indices()
            .map(|(at, _)| self.held.len() - at)
            .filter(|length| *length <= longest)
            .find(|length| {
                let end = &self.held[self.held.len() - length..];
                self.stops.iter().any(|stop| stop.starts_with(end))
            })
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(stops: &[&str], pieces: &[&str]) -> (String, bool) {
        let mut stop_strings =
            StopStrings::new(&stops.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        let mut out = String::new();
        for piece in pieces {
            let released = stop_strings.push(piece);
            out.push_str(&released.text);
            if released.stopped {
                return (out, true);
            }
        }
        out.push_str(&stop_strings.finish());
        (out, false)
    }

    #[test]
    fn a_stop_string_split_over_pieces_never_leaks() {
        assert_eq!(
            run(&["</answer>"], &["42 <", "/ans", "wer> and more"]),
            ("42 ".into(), true)
        );
    }

    #[test]
    fn text_that_only_began_like_a_stop_string_comes_out() {
        assert_eq!(
            run(&["</answer>"], &["a </an", "d> b"]),
            ("a </and> b".into(), false)
        );
    }

    #[test]
    fn the_earliest_stop_string_wins() {
        assert_eq!(
            run(&["world", "lo"], &["hello world"]),
            ("hel".into(), true)
        );
    }

    #[test]
    fn held_text_comes_out_at_the_end() {
        assert_eq!(run(&["###"], &["title ##"]), ("title ##".into(), false));
    }

    #[test]
    fn any_split_gives_the_same_text() {
        let text = "añ – b###c";
        for at in text.char_indices().map(|(at, _)| at) {
            assert_eq!(
                run(&["###"], &[&text[..at], &text[at..]]),
                ("añ – b".into(), true),
                "split at {at}"
            );
        }
    }
}
