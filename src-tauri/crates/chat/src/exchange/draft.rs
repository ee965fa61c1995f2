//! A conversation as its form tells of it, before its tree is known to be sound.

use sirocco_protocol::{ExchangeFormat, LayerValues, LeftOutKind, Role};

use super::tree::{Joining, Node, grow};
use super::{ForeignConversation, ForeignPreset, LeftOutCounts, Problem};
use crate::{NEW_CONVERSATION, automatic_title};

/// Characters of the longest title, or name of a model, that is kept whole.
const LONGEST_TITLE: usize = 200;
/// Characters of a tag, as they are when a person writes one.
const LONGEST_TAG: usize = 50;
/// More than anybody gives to one conversation.
const MOST_TAGS: usize = 1_000;
/// Folders within each other.
const DEEPEST: usize = 32;

/// What every form fills in as far as it can.
pub struct Draft {
    pub format: ExchangeFormat,
    pub id: Option<String>,
    pub title: Option<String>,
    pub created_at_ms: Option<i64>,
    pub updated_at_ms: Option<i64>,
    pub pinned: bool,
    pub archived: bool,
    /// Names of the folders it lies in, the outermost first.
    pub folder: Vec<String>,
    pub tags: Vec<String>,
    pub notes: String,
    /// What it sets itself.
    pub own: LayerValues,
    pub preset: Option<ForeignPreset>,
    pub effective: Option<LayerValues>,
    pub nodes: Vec<Node>,
    /// The node being shown, if the form says so.
    pub head: Option<String>,
    pub joining: Joining,
    pub left_out: LeftOutCounts,
}

impl Draft {
    pub fn new(format: ExchangeFormat) -> Self {
        Self {
            format,
            id: None,
            title: None,
            created_at_ms: None,
            updated_at_ms: None,
            pinned: false,
            archived: false,
            folder: Vec::new(),
            tags: Vec::new(),
            notes: String::new(),
            own: LayerValues::default(),
            preset: None,
            effective: None,
            nodes: Vec::new(),
            head: None,
            joining: Joining::Answers,
            left_out: LeftOutCounts::default(),
        }
    }

    /// The first system message is the system prompt; there is no place for more.
    pub fn take_system(&mut self, text: &str) {
        let text = text.trim();
        let own = self.own.system_prompt_or_empty();
        if text.is_empty() || text == own.trim() {
            return;
        }
        if own.is_empty() {
            self.own.system_prompt = Some(text.to_owned());
        } else {
            self.left_out.count(LeftOutKind::System, 1);
        }
    }

    /// Whose message here a message of this role is, if anybody's: the `words` of the system are taken as
    /// [`take_system`](Self::take_system) does, and other messages are counted as left out.
    pub fn speaker(&mut self, role: Option<&str>, words: &str) -> Option<Role> {
        match role {
            Some("user") => return Some(Role::User),
            Some("assistant") => return Some(Role::Assistant),
            Some("system") => self.take_system(words),
            Some("tool") => self.left_out.count(LeftOutKind::Tools, 1),
            _ => self.left_out.count(LeftOutKind::Unknown, 1),
        }
        None
    }

    /// The conversation, or none if it has no messages; and what it leaves out.
    pub fn finish(
        self,
        now_ms: i64,
    ) -> Result<(Option<ForeignConversation>, LeftOutCounts), Problem> {
        let first_time = self.nodes.iter().filter_map(Node::created_at_ms).min();
        let created_at_ms = self.created_at_ms.or(first_time).unwrap_or(now_ms);
        let Some((messages, head)) = grow(
            self.nodes,
            self.head.as_deref(),
            self.joining,
            created_at_ms,
        )?
        else {
            return Ok((None, self.left_out));
        };
        let last_time = messages.iter().map(|message| message.created_at_ms).max();
        let updated_at_ms = self.updated_at_ms.or(last_time).unwrap_or(created_at_ms);
        let first_words = messages.iter().find(|message| message.role == Role::User);
        let title = self
            .title
            .as_deref()
            .and_then(title_line)
            .or_else(|| first_words.map(|message| automatic_title(&message.content)))
            .unwrap_or_else(|| NEW_CONVERSATION.to_owned());
        let conversation = ForeignConversation {
            format: self.format,
            id: self.id,
            title,
            created_at_ms,
            updated_at_ms,
            pinned: self.pinned,
            archived: self.archived,
            folder: self
                .folder
                .iter()
                .filter_map(|name| name_line(name))
                .take(DEEPEST)
                .collect(),
            tags: self
                .tags
                .iter()
                .filter_map(|tag| tag_line(tag))
                .take(MOST_TAGS)
                .collect(),
            notes: self.notes,
            own: self.own,
            preset: self.preset,
            effective: self.effective,
            messages,
            head,
        };
        Ok((Some(conversation), self.left_out))
    }
}

/// A title or name in one line of bearable length; none if it says nothing.
pub fn title_line(text: &str) -> Option<String> {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        // Whatever the words cost, the line is cut below.
        if line.chars().count() > LONGEST_TITLE {
            break;
        }
    }
    let cut = line.char_indices().nth(LONGEST_TITLE);
    if let Some((at, _)) = cut {
        line.truncate(at);
        line.push('…');
    }
    (!line.is_empty()).then_some(line)
}

/// A name as it is kept: as long as one that a person gives may be.
pub fn name_line(text: &str) -> Option<String> {
    title_line(text).map(|line| line.chars().take(LONGEST_TITLE).collect())
}

/// A tag in one line, cut where a person's would be refused; none if it says nothing.
fn tag_line(text: &str) -> Option<String> {
    let line: String = title_line(text)?.chars().take(LONGEST_TAG).collect();
    Some(line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_of_bearable_length() {
        assert_eq!(title_line(" a \n b ").as_deref(), Some("a b"));
        assert_eq!(title_line(" \n"), None);
        let long = title_line(&"ä".repeat(1_000_000)).unwrap();
        assert_eq!(long.chars().count(), LONGEST_TITLE + 1);
        assert_eq!(title_line(&"x".repeat(LONGEST_TITLE)).unwrap().len(), 200);
    }

    #[test]
    fn names_and_tags_are_no_longer_than_those_that_people_give() {
        let long = "ä ".repeat(1_000);
        assert_eq!(name_line(&long).unwrap().chars().count(), LONGEST_TITLE);
        assert_eq!(tag_line(&long).unwrap().chars().count(), LONGEST_TAG - 1);
        assert_eq!(tag_line(" a \n b ").as_deref(), Some("a b"));
        assert_eq!((name_line(" "), tag_line("\n")), (None, None));
    }

    #[test]
    fn the_first_system_message_is_the_prompt_and_more_are_counted() {
        let mut draft = Draft::new(ExchangeFormat::Jan);
        for text in ["", " Be brief.\n", "Be brief.", "Be kind."] {
            draft.take_system(text);
        }
        assert_eq!(draft.own.system_prompt_or_empty(), "Be brief.");
        let counts: Vec<_> = draft.left_out.0.into_iter().collect();
        assert_eq!(counts, [(LeftOutKind::System, 1)]);
    }
}
