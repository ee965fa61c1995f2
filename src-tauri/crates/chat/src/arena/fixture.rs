//! Comparisons the tests start from.

use sirocco_protocol::{
    ComparedAnswer, Comparison, ComparisonId, ConversationId, Message, MessageId, ModelId,
    NamedContestant, Role, Run, RunId, RunState, Statistics,
};

pub fn contestant(name: &str) -> NamedContestant {
    NamedContestant {
        model_id: ModelId::fresh(),
        preset_id: None,
        model_name: name.into(),
        preset_name: None,
    }
}

/// A comparison whose answers have ended, without a vote.
pub fn comparison(question: &str, names: &[&str]) -> Comparison {
    let conversation_id = ConversationId::fresh();
    let question = message(conversation_id, Role::User, question);
    let answers = names.iter().map(|name| {
        let contestant = contestant(name);
        let mut answer = message(conversation_id, Role::Assistant, "Because.");
        answer.parent_id = Some(question.id);
        answer.model_name = Some(contestant.model_name.clone());
        answer.run = Some(run(&answer, contestant.model_id));
        ComparedAnswer {
            message: answer,
            contestant: Some(contestant),
            memory_bytes: None,
        }
    });
    Comparison {
        id: ComparisonId::fresh(),
        conversation_id,
        answers: answers.collect(),
        question,
        created_at_ms: 10,
        is_blind: true,
        seed: 7,
        verdict: None,
    }
}

fn message(conversation_id: ConversationId, role: Role, content: &str) -> Message {
    let id = MessageId::fresh();
    Message {
        id,
        conversation_id,
        parent_id: None,
        role,
        content: content.into(),
        reasoning: None,
        created_at_ms: 10,
        model_name: None,
        run: None,
        versions: vec![id],
        left_out: false,
        good: false,
        attachments: Vec::new(),
        summary: None,
    }
}

fn run(answer: &Message, model_id: ModelId) -> Run {
    Run {
        id: RunId::fresh(),
        conversation_id: answer.conversation_id,
        message_id: answer.id,
        model_id: Some(model_id),
        state: RunState::Completed,
        started_at_ms: 10,
        ended_at_ms: Some(20),
        statistics: Some(Statistics {
            prompt_tokens: 12,
            completion_tokens: 34,
            decode_tokens_per_second: 5.678,
            time_to_first_token_ms: 90.12,
            ..Statistics::default()
        }),
        error: None,
        structured_output: None,
    }
}
