//! What of a prompt fits into the context, and what is left out if not all of it does.

use std::ops::Range;

use sirocco_protocol::ContextOverflow;

use crate::{PromptMessage, PromptRole};

/// A message with what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedMessage {
    /// The message.
    pub message: PromptMessage,
    /// Its tokens, the marks of the chat template around it included.
    pub tokens: u32,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitted {
    /// The system prompt, if any, and the turns that were kept.
    pub messages: Vec<PromptMessage>,
    /// The messages that were left out, by their places in what was given.
    pub left_out: Range<usize>,
    /// Tokens of what is sent.
    pub tokens: u32,
}

/// Even the shortest prompt that the policy allows is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the prompt takes at least {tokens} tokens, and {room} are free")]
pub struct BudgetError {
    /// Of that prompt.
    pub tokens: u32,
    /// What a prompt may take.
    pub room: u32,
}

/// Tokens a prompt may take. With [`ContextOverflow::Stop`] all but the one that an answer needs to
/// begin. The other policies keep what the answer may need free, since they can: its longest length,
/// or a quarter of the context if that is less.
#[must_use]
pub fn room(overflow: ContextOverflow, context_length: u32, max_tokens: Option<u32>) -> u32 {
    let reserve = match overflow {
        ContextOverflow::Stop => 1,
        ContextOverflow::DropOldest | ContextOverflow::KeepFirst | ContextOverflow::Summarise => {
            let most = (context_length / 4).max(1);
            max_tokens.map_or(most, |tokens| tokens.min(most))
        }
    };
    context_length.saturating_sub(reserve)
}

/// Leaves out as little as the policy allows, so that the rest takes at most `room` tokens.
///
/// The system prompt and the last question with what follows it always stay. What is left out ends
/// before a question, and so does what [`ContextOverflow::KeepFirst`] keeps at the beginning: chat
/// templates want turns that alternate. If that beginning leaves no room for the last question, it
/// goes as well.
///
/// ```
/// use sirocco_chat::{CountedMessage, PromptTurn, assemble, fit};
/// use sirocco_protocol::{ContextOverflow, Role};
///
/// let turn = |role, content| PromptTurn { role, content, images: &[], reasoning: None, left_out: false };
/// let branch = [turn(Role::User, "old"), turn(Role::Assistant, "long"), turn(Role::User, "new")];
/// let counted = |message| CountedMessage { message, tokens: 10 };
/// let prompt = assemble("", branch, false).into_iter().map(counted).collect();
/// let fitted = fit(prompt, 25, ContextOverflow::DropOldest)?;
/// assert_eq!((fitted.messages[0].content.as_str(), fitted.left_out), ("new", 0..2));
/// # Ok::<(), sirocco_chat::BudgetError>(())
/// ```
///
/// # Errors
/// [`BudgetError`] if even that is too long.
pub fn fit(
    messages: Vec<CountedMessage>,
    room: u32,
    overflow: ContextOverflow,
) -> Result<Fitted, BudgetError> {
    let all = total(&messages);
    if all <= room {
        return Ok(without(messages, 0..0));
    }
    let first = messages
        .iter()
        .take_while(|counted| counted.message.role == PromptRole::System)
        .count();
    let questions: Vec<usize> = (first..messages.len())
        .filter(|at| messages[*at].message.role == PromptRole::User)
        .collect();
    let begins = match overflow {
        ContextOverflow::Stop => Vec::new(),
        // Where there is no summary, or not even room for it.
        ContextOverflow::DropOldest | ContextOverflow::Summarise => vec![first],
        ContextOverflow::KeepFirst => {
            let second = questions.get(1).copied().unwrap_or(first);
            vec![second, first]
        }
    };
    let mut least = all;
    for begin in begins {
        let (mut out, mut until) = (0_u32, begin);
        for end in questions.iter().copied().filter(|end| *end > begin) {
            out = out.saturating_add(total(&messages[until..end]));
            until = end;
            let tokens = all.saturating_sub(out);
            if tokens <= room {
                return Ok(without(messages, begin..end));
            }
            least = least.min(tokens);
        }
    }
    Err(BudgetError {
        tokens: least,
        room,
    })
}

fn total(messages: &[CountedMessage]) -> u32 {
    messages
        .iter()
        .fold(0_u32, |sum, counted| sum.saturating_add(counted.tokens))
}

fn without(mut messages: Vec<CountedMessage>, left_out: Range<usize>) -> Fitted {
    messages.drain(left_out.clone());
    Fitted {
        tokens: total(&messages),
        messages: messages
            .into_iter()
            .map(|counted| counted.message)
            .collect(),
        left_out,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ContextOverflow::{DropOldest, KeepFirst, Stop, Summarise};
    use proptest::prelude::*;

    fn counted(role: PromptRole, tokens: u32) -> CountedMessage {
        CountedMessage {
            message: PromptMessage {
                role,
                content: tokens.to_string(),
                images: Vec::new(),
                reasoning: None,
                turns: Vec::new(),
            },
            tokens,
        }
    }

    /// A system prompt of 10 and turns of the sizes given, the person first.
    fn prompt(sizes: &[u32]) -> Vec<CountedMessage> {
        let mut messages = vec![counted(PromptRole::System, 10)];
        for (number, size) in sizes.iter().enumerate() {
            let role = [PromptRole::User, PromptRole::Assistant][number % 2];
            messages.push(counted(role, *size));
        }
        messages
    }

    fn sizes(fitted: &Fitted) -> Vec<&str> {
        fitted.messages.iter().map(|m| m.content.as_str()).collect()
    }

    #[test]
    fn what_fits_is_left_alone_whatever_the_policy() {
        for overflow in [Stop, DropOldest, KeepFirst, Summarise] {
            let fitted = fit(prompt(&[1, 2, 3]), 16, overflow).unwrap();
            assert_eq!(sizes(&fitted), ["10", "1", "2", "3"]);
            assert_eq!((fitted.left_out, fitted.tokens), (0..0, 16));
        }
        assert_eq!(fit(Vec::new(), 0, Stop).unwrap().messages, []);
    }

    #[test]
    fn stopping_leaves_nothing_out() {
        let error = fit(prompt(&[5, 1, 2]), 17, Stop).unwrap_err();
        assert_eq!((error.tokens, error.room), (18, 17));
    }

    #[test]
    fn the_oldest_turns_go_first_and_the_rest_begins_with_a_question() {
        // Leaving out 100 alone would do, but its answer goes with it.
        let fitted = fit(prompt(&[100, 1, 2, 3, 4]), 20, DropOldest).unwrap();
        assert_eq!(sizes(&fitted), ["10", "2", "3", "4"]);
        assert_eq!((fitted.left_out, fitted.tokens), (1..3, 19));
    }

    #[test]
    fn the_first_exchange_stays_and_the_oldest_after_it_go() {
        let fitted = fit(prompt(&[1, 2, 30, 40, 5, 6, 7]), 31, KeepFirst).unwrap();
        assert_eq!(sizes(&fitted), ["10", "1", "2", "5", "6", "7"]);
        assert_eq!((fitted.left_out, fitted.tokens), (3..5, 31));
        let fitted = fit(prompt(&[1, 2, 30, 40, 5, 6, 7]), 30, KeepFirst).unwrap();
        assert_eq!(sizes(&fitted), ["10", "1", "2", "7"]);
    }

    #[test]
    fn a_first_exchange_that_leaves_no_room_goes_as_well() {
        let fitted = fit(prompt(&[50, 2, 3, 4, 5]), 30, KeepFirst).unwrap();
        assert_eq!(sizes(&fitted), ["10", "3", "4", "5"]);
        let fitted = fit(prompt(&[50, 2, 5]), 30, KeepFirst).unwrap();
        assert_eq!(sizes(&fitted), ["10", "5"]);
    }

    #[test]
    fn a_last_question_that_does_not_fit_is_an_error_with_numbers() {
        for overflow in [DropOldest, KeepFirst, Summarise] {
            let error = fit(prompt(&[1, 2, 30]), 30, overflow).unwrap_err();
            assert_eq!((error.tokens, error.room), (40, 30));
            assert!(fit(prompt(&[1]), 0, overflow).is_err());
            assert!(fit(prompt(&[]), 9, overflow).is_err());
        }
    }

    #[test]
    fn an_answer_that_is_written_on_stays_with_its_question() {
        let fitted = fit(prompt(&[5, 5, 5, 6]), 21, DropOldest).unwrap();
        assert_eq!(sizes(&fitted), ["10", "5", "6"]);
    }

    #[test]
    fn counts_near_the_end_of_their_range_do_not_wrap() {
        let huge = prompt(&[u32::MAX, u32::MAX, u32::MAX]);
        assert!(fit(huge, u32::MAX - 1, Stop).is_err());
    }

    #[test]
    fn only_policies_that_can_make_room_keep_some_for_the_answer() {
        assert_eq!(room(Stop, 4096, Some(2000)), 4095);
        assert_eq!(room(DropOldest, 4096, None), 3072);
        assert_eq!(room(KeepFirst, 4096, Some(100)), 3996);
        assert_eq!(room(KeepFirst, 4096, Some(2000)), 3072);
        assert_eq!(room(DropOldest, 1, None), 0);
        assert_eq!(room(Stop, 0, None), 0);
    }

    proptest! {
        #[test]
        fn as_much_as_possible_is_kept_and_no_more(
            turns in prop::collection::vec(0_u32..50, 1..12),
            room in 0_u32..300,
        ) {
            let fits = |from: usize| 10 + turns[from..].iter().sum::<u32>() <= room;
            let best = (0..turns.len()).step_by(2).find(|from| fits(*from));
            let fitted = fit(prompt(&turns), room, DropOldest);
            prop_assert_eq!(fitted.as_ref().ok().map(|fitted| fitted.left_out.len()), best);
            if let Ok(fitted) = fitted {
                prop_assert_eq!(fitted.messages.len() + fitted.left_out.len(), turns.len() + 1);
                prop_assert!(fitted.tokens <= room);
            }
        }

        #[test]
        fn keeping_the_first_fits_wherever_dropping_the_oldest_does(
            turns in prop::collection::vec(0_u32..50, 1..12),
            room in 0_u32..300,
        ) {
            let oldest = fit(prompt(&turns), room, DropOldest);
            let first = fit(prompt(&turns), room, KeepFirst);
            prop_assert_eq!(oldest.is_ok(), first.is_ok());
            if let Ok(first) = first {
                prop_assert!(first.tokens <= room);
                let roles: Vec<_> = first.messages[1..].iter().map(|message| message.role).collect();
                prop_assert!(roles.iter().step_by(2).all(|role| *role == PromptRole::User));
            }
        }
    }
}
