//! What of a prompt fits into the context: the oldest turns are left out first.

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
    /// The system prompt, if any, and the newest turns.
    pub messages: Vec<PromptMessage>,
    /// How many messages were left out, all of them older than the turns that were kept.
    pub left_out: usize,
    /// Tokens of what is sent.
    pub tokens: u32,
}

/// Even the shortest prompt is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the last message takes {tokens} tokens with the system prompt, and {room} are free")]
pub struct BudgetError {
    /// Of the system prompt and the last turn.
    pub tokens: u32,
    /// The limit without the reserve.
    pub room: u32,
}

/// Keeps the system prompt and as many of the newest turns as fit into `limit` tokens with
/// `reserve` of them left for the answer. What is kept begins with a message of the person, since
/// chat templates want it so.
///
/// # Errors
/// [`BudgetError`] if not even the last message of the person, with what follows it, fits.
pub fn fit(
    mut messages: Vec<CountedMessage>,
    limit: u32,
    reserve: u32,
) -> Result<Fitted, BudgetError> {
    let room = limit.saturating_sub(reserve);
    let first = messages
        .iter()
        .take_while(|counted| counted.message.role == PromptRole::System)
        .count();
    let total = |messages: &[CountedMessage]| {
        messages
            .iter()
            .fold(0_u32, |sum, counted| sum.saturating_add(counted.tokens))
    };
    let system = total(&messages[..first]);
    // A suffix may begin at each question; the first message begins the whole.
    let starts = (first..messages.len())
        .filter(|at| *at == first || messages[*at].message.role == PromptRole::User);
    let last = starts.clone().next_back().unwrap_or(first);
    let kept = starts
        .map(|at| (at, system.saturating_add(total(&messages[at..]))))
        .find(|(_, tokens)| *tokens <= room);
    match kept {
        Some((at, tokens)) => {
            messages.drain(first..at);
            Ok(Fitted {
                messages: messages
                    .into_iter()
                    .map(|counted| counted.message)
                    .collect(),
                left_out: at - first,
                tokens,
            })
        }
        None if messages.len() == first && system <= room => Ok(Fitted {
            messages: messages
                .into_iter()
                .map(|counted| counted.message)
                .collect(),
            left_out: 0,
            tokens: system,
        }),
        None => Err(BudgetError {
            tokens: system.saturating_add(total(&messages[last..])),
            room,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counted(role: PromptRole, tokens: u32) -> CountedMessage {
        CountedMessage {
            message: PromptMessage {
                role,
                content: tokens.to_string(),
                reasoning: None,
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
    fn what_fits_is_left_alone() {
        let fitted = fit(prompt(&[1, 2, 3]), 20, 4).unwrap();
        assert_eq!(sizes(&fitted), ["10", "1", "2", "3"]);
        assert_eq!((fitted.left_out, fitted.tokens), (0, 16));
    }

    #[test]
    fn the_oldest_turns_go_first_and_the_rest_begins_with_a_question() {
        // Leaving out 100 alone would do, but its answer goes with it.
        let fitted = fit(prompt(&[100, 1, 2, 3, 4]), 20, 0).unwrap();
        assert_eq!(sizes(&fitted), ["10", "2", "3", "4"]);
        assert_eq!((fitted.left_out, fitted.tokens), (2, 19));
    }

    #[test]
    fn a_last_question_that_does_not_fit_is_an_error_with_numbers() {
        let error = fit(prompt(&[1, 2, 30]), 50, 20).unwrap_err();
        assert_eq!((error.tokens, error.room), (40, 30));
        assert!(fit(prompt(&[1]), 5, 10).is_err());
    }

    #[test]
    fn an_answer_that_is_written_on_stays_with_its_question() {
        let fitted = fit(prompt(&[5, 5, 5, 6]), 21, 0).unwrap();
        assert_eq!(sizes(&fitted), ["10", "5", "6"]);
    }

    #[test]
    fn a_prompt_without_turns_is_the_system_prompt() {
        assert_eq!(fit(prompt(&[]), 10, 0).unwrap().tokens, 10);
        assert_eq!(fit(Vec::new(), 0, 0).unwrap().messages, []);
        assert!(fit(prompt(&[]), 9, 0).is_err());
    }

    #[test]
    fn counts_near_the_end_of_their_range_do_not_wrap() {
        assert!(fit(prompt(&[u32::MAX, u32::MAX, u32::MAX]), u32::MAX - 1, 0).is_err());
    }

    proptest! {
        #[test]
        fn as_much_as_possible_is_kept_and_no_more(
            turns in prop::collection::vec(0_u32..50, 1..12),
            limit in 0_u32..300,
            reserve in 0_u32..50,
        ) {
            let room = limit.saturating_sub(reserve);
            let fits = |from: usize| 10 + turns[from..].iter().sum::<u32>() <= room;
            let best = (0..turns.len()).step_by(2).find(|from| fits(*from));
            let fitted = fit(prompt(&turns), limit, reserve);
            prop_assert_eq!(fitted.as_ref().ok().map(|fitted| fitted.left_out), best);
            if let Ok(fitted) = fitted {
                let expected: Vec<_> = std::iter::once(10).chain(turns[fitted.left_out..].iter().copied()).collect();
                prop_assert_eq!(fitted.tokens, expected.iter().sum::<u32>());
                prop_assert_eq!(fitted.messages.len(), expected.len());
            }
        }
    }
}
