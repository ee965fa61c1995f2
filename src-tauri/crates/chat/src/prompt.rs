//! What a model is sent: the system prompt and the turns of the shown branch.

use std::sync::Arc;

use sirocco_protocol::Role;

/// Who speaks in a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PromptRole {
    /// The system prompt.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl PromptRole {
    /// The word of chat templates.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

impl From<Role> for PromptRole {
    fn from(role: Role) -> Self {
        match role {
            Role::User => Self::User,
            Role::Assistant => Self::Assistant,
        }
    }
}

/// One message of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptMessage {
    /// Who speaks.
    pub role: PromptRole,
    /// Its text.
    pub content: String,
    /// Images in it, each with the bytes of the text that stand before it; files, base64.
    pub images: Vec<(usize, Arc<str>)>,
    /// What the model thought; whether it is shown to the model again is up to its template.
    pub reasoning: Option<String>,
    /// The turns it is made of, by their place on the branch; none for the system prompt.
    pub turns: Vec<usize>,
}

/// One message of the branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromptTurn<'a> {
    /// Who speaks.
    pub role: Role,
    /// Its text.
    pub content: &'a str,
    /// Images that stand in front of the text: files, base64.
    pub images: &'a [Arc<str>],
    /// What the model thought.
    pub reasoning: Option<&'a str>,
    /// The person keeps it from the model.
    pub left_out: bool,
}

/// Puts a prompt together, oldest first. With `continue_last` the last turn is an answer that is
/// written on, and it stays as it is, even empty or left out.
///
/// What the person keeps from the model is left out. Answers without words (a run that failed early, or was stopped while
/// thinking) are left out, and neighbours of the same role are joined: many chat templates refuse a conversation that does
/// not alternate. For the same reason an answer before the first question is left out.
///
/// ```
/// use sirocco_chat::{PromptTurn, assemble};
/// use sirocco_protocol::Role;
///
/// let turn = |role, content| PromptTurn { role, content, images: &[], reasoning: None, left_out: false };
/// let branch = [turn(Role::User, "Why?"), turn(Role::Assistant, ""), turn(Role::User, "Please!")];
/// let prompt = assemble("Be brief.", branch, false);
/// let prompt: Vec<_> = prompt.iter().map(|m| (m.role.as_str(), m.content.as_str())).collect();
/// assert_eq!(prompt, [("system", "Be brief."), ("user", "Why?\n\nPlease!")]);
/// ```
#[must_use]
pub fn assemble<'a>(
    system_prompt: &str,
    branch: impl IntoIterator<Item = PromptTurn<'a>>,
    continue_last: bool,
) -> Vec<PromptMessage> {
    let mut messages: Vec<PromptMessage> = Vec::new();
    if !system_prompt.trim().is_empty() {
        messages.push(PromptMessage {
            role: PromptRole::System,
            content: system_prompt.to_owned(),
            images: Vec::new(),
            reasoning: None,
            turns: Vec::new(),
        });
    }
    let mut turns = branch.into_iter().enumerate().peekable();
    while let Some((place, turn)) = turns.next() {
        let role = PromptRole::from(turn.role);
        let is_continued = continue_last && turns.peek().is_none() && role == PromptRole::Assistant;
        let is_blank = turn.content.trim().is_empty() && turn.images.is_empty();
        if (turn.left_out || is_blank) && !is_continued {
            continue;
        }
        match messages.last_mut() {
            Some(last) if last.role == role && !is_continued => {
                last.content.push_str("\n\n");
                let at = last.content.len();
                last.images.extend(placed(turn.images, at));
                last.content.push_str(turn.content);
                last.reasoning = turn.reasoning.map(str::to_owned);
                last.turns.push(place);
            }
            None
            | Some(PromptMessage {
                role: PromptRole::System,
                ..
            }) if role == PromptRole::Assistant && !is_continued => {}
            _ => messages.push(PromptMessage {
                role,
                content: turn.content.to_owned(),
                images: placed(turn.images, 0).collect(),
                reasoning: turn.reasoning.map(str::to_owned),
                turns: vec![place],
            }),
        }
    }
    messages
}

fn placed(images: &[Arc<str>], at: usize) -> impl Iterator<Item = (usize, Arc<str>)> {
    images.iter().map(move |image| (at, Arc::clone(image)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn turn(role: Role, content: &str) -> PromptTurn<'_> {
        PromptTurn {
            role,
            content,
            images: &[],
            reasoning: None,
            left_out: false,
        }
    }

    fn words(messages: &[PromptMessage]) -> Vec<(&str, &str)> {
        messages
            .iter()
            .map(|message| (message.role.as_str(), message.content.as_str()))
            .collect()
    }

    #[test]
    fn a_blank_system_prompt_is_none() {
        let prompt = assemble(" \n", [turn(Role::User, "hi")], false);
        assert_eq!(words(&prompt), [("user", "hi")]);
    }

    #[test]
    fn images_stand_in_front_of_the_words_of_their_turn() {
        let images = [Arc::from("one"), Arc::from("two")];
        let with = |content, images| PromptTurn {
            images,
            ..turn(Role::User, content)
        };
        let branch = [with("look", &images[..1]), with("", &images[1..])];
        let prompt = assemble("", branch, false);
        assert_eq!(words(&prompt), [("user", "look\n\n")]);
        let [one, two] = images;
        assert_eq!(prompt[0].images, [(0, one), (6, two)]);
    }

    #[test]
    fn reasoning_goes_along_with_its_answer() {
        let answer = PromptTurn {
            role: Role::Assistant,
            content: "4",
            images: &[],
            reasoning: Some("2 and 2"),
            left_out: false,
        };
        let prompt = assemble("", [turn(Role::User, "2+2?"), answer], false);
        assert_eq!(prompt[1].reasoning.as_deref(), Some("2 and 2"));
    }

    #[test]
    fn an_answer_that_is_written_on_stays_even_without_words() {
        let branch = [turn(Role::User, "why?"), turn(Role::Assistant, "")];
        let prompt = assemble("", branch, true);
        assert_eq!(words(&prompt), [("user", "why?"), ("assistant", "")]);
        let prompt = assemble("", branch, false);
        assert_eq!(words(&prompt), [("user", "why?")]);
    }

    #[test]
    fn what_the_person_leaves_out_is_not_sent() {
        let without = |content| PromptTurn {
            left_out: true,
            ..turn(Role::Assistant, content)
        };
        let branch = [
            turn(Role::User, "why?"),
            without("wrong"),
            turn(Role::User, "really?"),
            without("half"),
        ];
        let prompt = assemble("", branch, false);
        assert_eq!(words(&prompt), [("user", "why?\n\nreally?")]);
        assert_eq!(prompt[0].turns, [0, 2], "it is known what was joined");
        let prompt = assemble("", branch, true);
        let continued = [("user", "why?\n\nreally?"), ("assistant", "half")];
        assert_eq!(words(&prompt), continued, "what is written on is sent");
    }

    #[test]
    fn text_is_sent_as_it_was_written() {
        let prompt = assemble(" a ", [turn(Role::User, "  code\n")], false);
        assert_eq!(words(&prompt), [("system", " a "), ("user", "  code\n")]);
    }

    proptest! {
        #[test]
        fn a_prompt_alternates_from_the_person_on_and_loses_no_question(
            branch in prop::collection::vec((any::<bool>(), "[ab ]{0,3}"), 0..12),
            system in "[s ]{0,2}",
        ) {
            let turns = branch.iter().map(|(user, content)| {
                turn(if *user { Role::User } else { Role::Assistant }, content)
            });
            let prompt = assemble(&system, turns, false);
            let spoken: Vec<_> = prompt.iter().filter(|m| m.role != PromptRole::System).collect();
            for (number, message) in spoken.iter().enumerate() {
                let expected = [PromptRole::User, PromptRole::Assistant][number % 2];
                prop_assert_eq!(message.role, expected);
            }
            let asked: String = branch.iter().filter(|(user, content)| *user && !content.trim().is_empty())
                .map(|(_, content)| content.as_str()).collect();
            let sent: String = spoken.iter().filter(|m| m.role == PromptRole::User)
                .map(|m| m.content.replace("\n\n", "")).collect();
            prop_assert_eq!(sent, asked);
        }
    }
}
