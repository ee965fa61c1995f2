//! What is told of an answer while it is read.

/// What a model has said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// To the reader.
    Text(String),
    /// To a tool.
    Call(CallPiece),
}

/// A call, in the order it is written; nothing of another call comes between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallPiece {
    /// A call of this tool begins.
    Begin {
        /// The tool's name.
        name: String,
    },
    /// More of the JSON of its arguments.
    Arguments(String),
    /// It is complete, or as complete as it will be.
    End,
}

/// The arguments of a call on their way.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    pending: String,
    given: bool,
}

impl Arguments {
    pub fn push(&mut self, next: char) {
        self.pending.push(next);
    }

    /// Hands out what has come. What is no object waits for its end: it may be JSON inside a string, or nothing.
    pub fn give(&mut self, spoken: &mut Vec<Spoken>) {
        if self.pending.is_empty() || !self.given && !self.pending.starts_with('{') {
            return;
        }
        self.given = true;
        let text = std::mem::take(&mut self.pending);
        spoken.push(Spoken::Call(CallPiece::Arguments(text)));
    }

    /// Hands out the rest, and says that there is no more.
    pub fn end(&mut self, spoken: &mut Vec<Spoken>) {
        if !self.given {
            if let Ok(text) = serde_json::from_str::<String>(&self.pending) {
                self.pending = text;
            }
            // A tool that takes nothing is called with nothing.
            if self.pending.is_empty() || self.pending == "null" {
                self.pending = "{}".into();
            }
            self.given = true;
        }
        self.give(spoken);
        spoken.push(Spoken::Call(CallPiece::End));
    }
}

/// A call of this tool begins.
pub fn begin(name: String, spoken: &mut Vec<Spoken>) {
    spoken.push(Spoken::Call(CallPiece::Begin { name }));
}

/// Appends text, to text that stands there already.
pub fn say(text: String, spoken: &mut Vec<Spoken>) {
    if text.is_empty() {
        return;
    }
    match spoken.last_mut() {
        Some(Spoken::Text(last)) => last.push_str(&text),
        _ => spoken.push(Spoken::Text(text)),
    }
}
