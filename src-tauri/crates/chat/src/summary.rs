//! A summary in the place of the oldest turns: which ones, and how a model is told.

use sirocco_protocol::Role;

/// What a model is asked for a summary with, as the next thing the person says.
pub const SUMMARY_REQUEST: &str = "Summarise our conversation so far, for yourself: you will read \
    this summary in the place of the messages. Keep every fact, name, number, decision and open \
    question that may matter later. Write in the language of the conversation, without an introduction.";

/// A summary as it stands before the turns that are left.
///
/// ```
/// assert_eq!(sirocco_chat::summary_turn(" Ada likes rain. "),
///            "<summary of the conversation so far>\nAda likes rain.\n</summary>");
/// ```
#[must_use]
pub fn summary_turn(summary: &str) -> String {
    format!(
        "<summary of the conversation so far>\n{}\n</summary>",
        summary.trim()
    )
}

/// How many of the turns, with their tokens, a summary is to stand for: so many that the rest takes at most half of
/// the room, which leaves space for what follows, but never the last question. The rest begins with a question.
///
/// ```
/// use sirocco_chat::turns_to_summarise;
/// use sirocco_protocol::Role::{Assistant, User};
///
/// let turns = [(User, 40), (Assistant, 40), (User, 20), (Assistant, 20), (User, 5)];
/// assert_eq!(turns_to_summarise(&turns, 100), 2);
/// assert_eq!(turns_to_summarise(&turns, 10), 4);
/// assert_eq!(turns_to_summarise(&turns[..1], 10), 0);
/// ```
#[must_use]
pub fn turns_to_summarise(turns: &[(Role, u32)], room: u32) -> usize {
    let mut rest = 0_u32;
    let mut end = None;
    for (place, (role, tokens)) in turns.iter().enumerate().rev() {
        rest = rest.saturating_add(*tokens);
        if *role != Role::User {
            continue;
        }
        if end.is_some() && rest > room / 2 {
            break;
        }
        end = Some(place);
    }
    end.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Role::{Assistant, User};
    use proptest::prelude::*;

    #[test]
    fn without_a_question_nothing_is_summarised() {
        assert_eq!(turns_to_summarise(&[], 10), 0);
        assert_eq!(turns_to_summarise(&[(Assistant, 50)], 10), 0);
    }

    proptest! {
        #[test]
        fn the_rest_begins_with_a_question_and_holds_the_last_one(
            sizes in prop::collection::vec((any::<bool>(), 0_u32..1000), 0..30),
            room in 0_u32..4000,
        ) {
            let turns: Vec<_> = sizes
                .into_iter()
                .map(|(is_user, tokens)| (if is_user { User } else { Assistant }, tokens))
                .collect();
            let end = turns_to_summarise(&turns, room);
            let last = turns.iter().rposition(|(role, _)| *role == User);
            if let Some(last) = last {
                prop_assert_eq!(turns[end].0, User);
                prop_assert!(end <= last);
                let rest: u32 = turns[end..].iter().map(|(_, tokens)| tokens).sum();
                prop_assert!(end == last || rest <= room / 2);
            } else {
                prop_assert_eq!(end, 0);
            }
        }
    }
}
