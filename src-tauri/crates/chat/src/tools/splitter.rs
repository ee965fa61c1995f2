//! The parser.

use super::marks::{Between, Family, MARKS, longest_partial};
use super::object::{CallObject, Found};
use super::spoken::{Arguments, Spoken, begin, say};
use super::value::{Step, ValueEnd};
use super::{HERMES_END, MISTRAL_ARGUMENTS, MISTRAL_ID};

/// Splits an answer into text and calls. What is held back is only what may still turn out to be a call, and white
/// space in front of one; however the text is cut into pieces, the result is the same.
///
/// ```
/// use sirocco_chat::{CallPiece, Spoken, ToolCallSplitter};
/// let mut splitter = ToolCallSplitter::new(["wind"]);
/// assert_eq!(splitter.push("I look.\n<tool_"), [Spoken::Text("I look.".into())]);
/// let spoken = splitter.push("call>{\"name\": \"wind\", \"arguments\": {\"at\":");
/// assert_eq!(spoken[0], Spoken::Call(CallPiece::Begin { name: "wind".into() }));
/// assert_eq!(spoken[1], Spoken::Call(CallPiece::Arguments("{\"at\":".into())));
/// ```
#[derive(Clone, Debug)]
pub struct ToolCallSplitter {
    names: Vec<String>,
    place: Place,
    /// Not looked at yet.
    held: String,
    /// Looked at, and text after all if no call comes of it.
    raw: String,
}

#[derive(Clone, Debug)]
enum Place {
    /// No word has come: a bare object would be a call of Llama's.
    Start,
    Text,
    /// Behind a mark or a call, where calls go on or end.
    Between(Between),
    /// In a call that is an object.
    Object {
        after: Between,
        object: CallObject,
        name: Option<String>,
        arguments: Arguments,
    },
    /// In the name of a call of Mistral's newer models.
    Name(Between),
    /// In the arguments behind such a name.
    Value {
        after: Between,
        end: ValueEnd,
        arguments: Arguments,
    },
}

impl ToolCallSplitter {
    /// A parser for an answer of a model that may call these tools.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self {
            names: names.into_iter().map(Into::into).collect(),
            place: Place::Start,
            held: String::new(),
            raw: String::new(),
        }
    }

    /// Takes the next piece and answers what is certain now.
    pub fn push(&mut self, text: &str) -> Vec<Spoken> {
        self.held.push_str(text);
        let mut spoken = Vec::new();
        while self.step(&mut spoken) {}
        if let Place::Object {
            name: Some(_),
            arguments,
            ..
        }
        | Place::Value { arguments, .. } = &mut self.place
        {
            arguments.give(&mut spoken);
        }
        spoken
    }

    /// The answer is over: what was held back is no call, and a call that has begun has ended.
    pub fn finish(&mut self) -> Vec<Spoken> {
        let mut spoken = Vec::new();
        match std::mem::replace(&mut self.place, Place::Text) {
            Place::Start | Place::Text => {}
            Place::Between(between) if between.called => self.held.clear(),
            Place::Object {
                name: Some(_),
                mut arguments,
                ..
            }
            | Place::Value { mut arguments, .. } => {
                arguments.end(&mut spoken);
            }
            Place::Between(_) | Place::Object { .. } | Place::Name(_) => self.give_raw(&mut spoken),
        }
        let held = std::mem::take(&mut self.held);
        say(held, &mut spoken);
        spoken
    }

    /// Decides as much as possible at the current place; true if there is more to decide.
    fn step(&mut self, spoken: &mut Vec<Spoken>) -> bool {
        match std::mem::replace(&mut self.place, Place::Text) {
            Place::Start => {
                let words = self.held.trim_start();
                if words.is_empty() {
                    self.place = Place::Start;
                    return false;
                }
                if words.starts_with('{') {
                    let at = self.held.len() - words.len();
                    self.raw.extend(self.held.drain(..at));
                    self.open_object(Between::behind(Family::Bare));
                }
                true
            }
            Place::Text => self.text(spoken),
            Place::Between(between) => self.between(between, spoken),
            Place::Name(between) => self.name(between, spoken),
            Place::Object {
                after,
                object,
                name,
                arguments,
            } => self.object(after, object, name, arguments, spoken),
            Place::Value {
                after,
                end,
                arguments,
            } => self.value(after, end, arguments, spoken),
        }
    }

    fn text(&mut self, spoken: &mut Vec<Spoken>) -> bool {
        let mark = MARKS
            .iter()
            .filter_map(|(mark, family)| Some((self.held.find(mark)?, *mark, *family)))
            .min_by_key(|(at, ..)| *at);
        if let Some((at, mark, family)) = mark {
            let words = self.held[..at].trim_end().len();
            say(self.held.drain(..words).collect(), spoken);
            self.raw.extend(self.held.drain(..at - words + mark.len()));
            self.place = Place::Between(Between::behind(family));
            return true;
        }
        let certain = self.held.len() - longest_partial(&self.held);
        let certain = self.held[..certain].trim_end().len();
        say(self.held.drain(..certain).collect(), spoken);
        false
    }

    fn between(&mut self, mut between: Between, spoken: &mut Vec<Spoken>) -> bool {
        let Some(next) = self.held.chars().next() else {
            self.place = Place::Between(between);
            return false;
        };
        if next.is_whitespace() || between.skips(next) {
            self.raw.push(next);
            self.held.drain(..next.len_utf8());
            self.place = Place::Between(between);
            return true;
        }
        if next == '{' {
            self.open_object(between);
            return true;
        }
        if let Some((mark, family)) = MARKS.iter().find(|(mark, _)| self.held.starts_with(mark)) {
            self.raw.extend(self.held.drain(..mark.len()));
            self.place = Place::Between(Between::behind(*family));
            return true;
        }
        if between.family == Family::Hermes && between.called && self.held.starts_with(HERMES_END) {
            self.held.drain(..HERMES_END.len());
            self.place = Place::Between(between);
            return true;
        }
        let may_be = |mark: &str| mark.starts_with(self.held.as_str());
        if MARKS.iter().any(|(mark, _)| may_be(mark))
            || between.family == Family::Hermes && between.called && may_be(HERMES_END)
        {
            self.place = Place::Between(between);
            return false;
        }
        if between.takes_name() && is_of_a_name(next) {
            self.place = Place::Name(between);
            return true;
        }
        // Somebody talks on: behind a call to the reader, behind a mark that was none as well.
        if between.called {
            self.raw.clear();
        } else {
            self.give_raw(spoken);
        }
        true
    }

    fn open_object(&mut self, after: Between) {
        self.place = Place::Object {
            after,
            object: CallObject::new(after.family == Family::Bare),
            name: None,
            arguments: Arguments::default(),
        };
    }

    fn object(
        &mut self,
        after: Between,
        mut object: CallObject,
        mut name: Option<String>,
        mut arguments: Arguments,
        spoken: &mut Vec<Spoken>,
    ) -> bool {
        let held = std::mem::take(&mut self.held);
        for (at, next) in held.char_indices() {
            let behind = &held[at + next.len_utf8()..];
            if name.is_none() {
                self.raw.push(next);
            }
            match object.push(next) {
                Found::Nothing => {}
                Found::Argument(next) => arguments.push(next),
                Found::Name(found) if name.is_none() && self.may_call(after, &found) => {
                    self.raw.clear();
                    begin(found.clone(), spoken);
                    name = Some(found);
                }
                Found::End if name.is_some() => {
                    arguments.end(spoken);
                    self.held = behind.to_owned();
                    self.place = Place::Between(after.with_call());
                    return true;
                }
                // A call that goes wrong half-way ends there.
                _ if name.is_some() => {
                    arguments.end(spoken);
                    self.held = held[at..].to_owned();
                    return true;
                }
                Found::Name(_) | Found::End | Found::Broken => {
                    self.give_raw(spoken);
                    self.held = behind.to_owned();
                    return true;
                }
            }
        }
        self.place = Place::Object {
            after,
            object,
            name,
            arguments,
        };
        false
    }

    fn may_call(&self, after: Between, name: &str) -> bool {
        after.family != Family::Bare || self.names.iter().any(|known| known == name)
    }

    fn name(&mut self, after: Between, spoken: &mut Vec<Spoken>) -> bool {
        let Some(brace) = self.held.find('{') else {
            let may_be = self
                .held
                .chars()
                .all(|next| is_of_a_name(next) || "[]".contains(next));
            if may_be {
                self.place = Place::Name(after);
            } else {
                self.give_raw(spoken);
            }
            return !may_be;
        };
        let words = &self.held[..brace];
        let words = words.strip_suffix(MISTRAL_ARGUMENTS).unwrap_or(words);
        let name = words.split(MISTRAL_ID).next().unwrap_or_default();
        if !name.chars().all(is_of_a_name) {
            self.give_raw(spoken);
            return true;
        }
        begin(name.to_owned(), spoken);
        self.raw.clear();
        self.held.drain(..brace);
        self.place = Place::Value {
            after,
            end: ValueEnd::default(),
            arguments: Arguments::default(),
        };
        true
    }

    fn value(
        &mut self,
        after: Between,
        mut end: ValueEnd,
        mut arguments: Arguments,
        spoken: &mut Vec<Spoken>,
    ) -> bool {
        let held = std::mem::take(&mut self.held);
        for (at, next) in held.char_indices() {
            arguments.push(next);
            // It begins with a brace, and so ends with one.
            if end.push(next) != Step::Inside {
                arguments.end(spoken);
                self.held = held[at + next.len_utf8()..].to_owned();
                self.place = Place::Between(after.with_call());
                return true;
            }
        }
        self.place = Place::Value {
            after,
            end,
            arguments,
        };
        false
    }

    /// What looked like a call is text.
    fn give_raw(&mut self, spoken: &mut Vec<Spoken>) {
        say(std::mem::take(&mut self.raw), spoken);
    }
}

fn is_of_a_name(next: char) -> bool {
    next.is_alphanumeric() || "_-.:/".contains(next)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
