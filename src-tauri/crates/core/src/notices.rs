//! Long answers that ended, for those who went on to other things meanwhile.
//!
//! Everybody hears of them as an event; whether anybody looks at the answer is known to the hosts only.

use sirocco_chat::automatic_title;
use sirocco_protocol::{ConversationSummary, Event, Message, Notice, Run, RunState};

use crate::App;

/// Who asks for a shorter answer waits for it.
const LONG_MS: i64 = 10_000;

impl App {
    /// Tells of the end of an answer, if that is wished and it took long.
    pub(crate) async fn tell_of_end(
        &self,
        run: &Run,
        message: &Message,
        conversation: &ConversationSummary,
    ) {
        let Some(notice) = notice(run, message, conversation) else {
            return;
        };
        match self.inner.store.settings().await {
            Ok(settings) if settings.notify_answers => {
                self.emit(Event::LongAnswerEnded { notice });
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "nobody was told of a long answer"),
        }
    }
}

/// What is told of a run that ended, if anything. Of a temporary chat nothing is: desktops keep what they showed. Of
/// answers side by side only the last one counts.
fn notice(run: &Run, message: &Message, conversation: &ConversationSummary) -> Option<Notice> {
    let took_ms = run.ended_at_ms? - run.started_at_ms;
    let ended_by_itself = matches!(run.state, RunState::Completed | RunState::Failed);
    if took_ms < LONG_MS || !ended_by_itself || conversation.temporary || conversation.running {
        return None;
    }
    Some(Notice {
        conversation_id: conversation.id,
        title: conversation.title.clone(),
        text: match &run.error {
            Some(error) => error.message.clone(),
            None => automatic_title(&message.content),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sirocco_protocol::{ConversationId, ErrorCode, ErrorReport, MessageId, Role, RunId};

    fn conversation() -> ConversationSummary {
        ConversationSummary {
            id: ConversationId::fresh(),
            title: "Tides".into(),
            created_at_ms: 0,
            updated_at_ms: 0,
            pinned: false,
            running: false,
            unread: true,
            folder_id: None,
            tags: Vec::new(),
            archived: false,
            temporary: false,
            blind: false,
        }
    }

    fn told(state: RunState, took_ms: i64, conversation: &ConversationSummary) -> Option<String> {
        let error = (state == RunState::Failed)
            .then(|| ErrorReport::new(ErrorCode::WorkerCrashed, "the model stopped"));
        let run = Run {
            id: RunId::fresh(),
            conversation_id: conversation.id,
            message_id: MessageId::fresh(),
            model_id: None,
            state,
            started_at_ms: 5_000,
            ended_at_ms: Some(5_000 + took_ms),
            statistics: None,
            error,
            structured_output: None,
        };
        let message = Message {
            id: run.message_id,
            conversation_id: conversation.id,
            parent_id: None,
            role: Role::Assistant,
            content: "## Two **bulges**\n\nOne below the moon.".into(),
            reasoning: None,
            created_at_ms: 5_000,
            model_name: None,
            run: Some(run.clone()),
            versions: Vec::new(),
            left_out: false,
            good: false,
            attachments: Vec::new(),
            summary: None,
        };
        let notice = notice(&run, &message, conversation)?;
        assert_eq!(notice.title, conversation.title);
        Some(notice.text)
    }

    #[test]
    fn a_long_answer_is_told_with_its_beginning_or_its_problem() {
        let conversation = conversation();
        let completed = told(RunState::Completed, LONG_MS, &conversation);
        assert_eq!(completed.as_deref(), Some("Two bulges"));
        let failed = told(RunState::Failed, LONG_MS, &conversation);
        assert_eq!(failed.as_deref(), Some("the model stopped"));
    }

    #[test]
    fn short_answers_and_those_that_a_person_stopped_are_not_told() {
        let conversation = conversation();
        for (state, took_ms) in [
            (RunState::Completed, LONG_MS - 1),
            (RunState::Stopped, LONG_MS),
            (RunState::Interrupted, LONG_MS),
        ] {
            assert_eq!(told(state, took_ms, &conversation), None);
        }
    }

    #[test]
    fn nothing_is_told_of_a_temporary_chat_or_while_other_answers_are_written() {
        let temporary = ConversationSummary {
            temporary: true,
            ..conversation()
        };
        let running = ConversationSummary {
            running: true,
            ..conversation()
        };
        for conversation in [temporary, running] {
            assert_eq!(told(RunState::Completed, LONG_MS, &conversation), None);
        }
    }
}
