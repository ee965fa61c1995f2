use super::super::ForeignConversation;
use super::super::fixture::{
    CHATGPT, JAN_MESSAGES, JAN_THREAD, LMSTUDIO, LMSTUDIO_NAME, NOW_MS, OPENWEBUI, OWN, drawn,
    reading, refusal,
};
use super::super::read_thread;
use super::*;
use crate::{AttachedContent, Outgoing};
use serde_json::json;
use sirocco_protocol::{
    AttachedImage, AttachmentId, Conversation, ConversationId, ConversationSettings,
    ConversationSummary, MessageId, ModelId, Preset, PresetId, RunId, StopReason, SummaryId,
};

/// What the store would hold of it.
fn kept(foreign: &ForeignConversation) -> Outgoing {
    let mut texts = AttachmentTexts::new();
    let mut keep = |attached: &ForeignAttachment| {
        let id = AttachmentId::fresh();
        let image = attached
            .image_base64
            .clone()
            .map(|content_base64| AttachedImage {
                media_type: "image/png".into(),
                content_base64,
            });
        let text = attached.text.clone();
        texts.insert(id, AttachedContent { text, image });
        Attachment {
            id,
            name: attached.name.clone(),
            kind: attached.kind,
            size_bytes: attached.size_bytes,
            characters: 0,
            pixels: None,
        }
    };
    let conversation_id = ConversationId::fresh();
    let ids: Vec<MessageId> = foreign
        .messages
        .iter()
        .map(|_| MessageId::fresh())
        .collect();
    let messages = foreign
        .messages
        .iter()
        .zip(&ids)
        .map(|(message, id)| Message {
            id: *id,
            conversation_id,
            parent_id: message.parent.map(|parent| ids[parent]),
            role: message.role,
            content: message.content.clone(),
            reasoning: message.reasoning.clone(),
            created_at_ms: message.created_at_ms,
            model_name: message.model_name.clone(),
            run: message.run.as_ref().map(|run| Run {
                id: RunId::fresh(),
                conversation_id,
                message_id: *id,
                model_id: Some(ModelId::fresh()),
                state: run.state,
                started_at_ms: run.started_at_ms,
                ended_at_ms: Some(run.ended_at_ms),
                statistics: run.statistics.clone(),
                error: run.error.clone(),
                structured_output: run.structured_output.clone(),
            }),
            versions: vec![*id],
            left_out: message.left_out,
            good: message.good,
            attachments: message.attachments.iter().map(&mut keep).collect(),
            summary: message.summary.as_ref().map(|summary| Summary {
                id: SummaryId::fresh(),
                text: summary.text.clone(),
                message_count: summary.message_count,
                created_at_ms: summary.created_at_ms,
                model_name: summary.model_name.clone(),
                edited: summary.edited,
            }),
        });
    let tree: Vec<Message> = messages.collect();
    let preset = foreign.preset.as_ref().map(|preset| Preset {
        id: PresetId::fresh(),
        name: preset.name.clone(),
        values: preset.values.clone(),
        created_at_ms: 0,
        updated_at_ms: 0,
    });
    let conversation = Conversation {
        summary: ConversationSummary {
            id: conversation_id,
            title: foreign.title.clone(),
            created_at_ms: foreign.created_at_ms,
            updated_at_ms: foreign.updated_at_ms,
            pinned: foreign.pinned,
            running: false,
            unread: true,
            folder_id: None,
            tags: foreign.tags.clone(),
            archived: foreign.archived,
            temporary: false,
            blind: false,
        },
        model_id: None,
        settings: ConversationSettings {
            preset_id: preset.as_ref().map(|preset| preset.id),
            values: foreign.own.clone(),
        },
        draft: "but ".into(),
        draft_attachments: Vec::new(),
        queue: Vec::new(),
        notes: foreign.notes.clone(),
        head: Some(ids[foreign.head]),
    };
    Outgoing {
        effective: foreign.effective.clone().unwrap_or_default(),
        conversation,
        tree,
        texts,
        preset,
        folder: foreign.folder.clone(),
    }
}

#[test]
fn what_any_form_brings_comes_back_from_our_own_file_as_it_was() {
    let mut all = reading(LMSTUDIO_NAME, LMSTUDIO);
    for (name, bytes) in [("a.json", CHATGPT), ("b.json", OPENWEBUI), ("c.json", OWN)] {
        all.add(reading(name, bytes));
    }
    all.add(read_thread("jan", JAN_THREAD, JAN_MESSAGES, NOW_MS).unwrap());
    assert_eq!(all.formats.len(), 5);
    assert_eq!(all.conversations.len(), 5);
    for foreign in all.conversations {
        let outgoing = kept(&foreign);
        let mut again = reading("again.json", write(&outgoing));
        let again = again.conversations.remove(0);
        assert_eq!(
            again,
            ForeignConversation {
                format: ExchangeFormat::Sirocco,
                id: Some(outgoing.conversation.summary.id.to_string()),
                effective: Some(outgoing.effective),
                ..foreign
            }
        );
    }
}

#[test]
fn a_file_keeps_everything_and_a_run_that_was_cut_off_is_interrupted() {
    let reading = reading("sirocco.json", OWN);
    let [wind] = &reading.conversations[..] else {
        panic!("{reading:?}")
    };
    assert_eq!(wind.own.system_prompt_or_empty(), "You are a sailor.\n");
    assert_eq!(wind.own.parameters.temperature, Some(0.25));
    assert!(wind.pinned);
    assert_eq!(wind.folder, ["Sea", "Winds"]);
    assert_eq!(wind.tags, ["weather"]);
    assert_eq!(wind.notes, "Ask again in spring.");
    let preset = wind.preset.as_ref().unwrap();
    assert_eq!(preset.name, "Sailor");
    assert_eq!(preset.values.parameters.top_k, Some(20));
    let effective = wind.effective.as_ref().unwrap();
    assert_eq!(effective.parameters.top_p, Some(0.5));
    let summary = wind.messages[1].summary.as_ref().unwrap();
    assert_eq!(
        (summary.text.as_str(), summary.edited),
        ("About a wind.", true)
    );
    let good: Vec<bool> = wind.messages.iter().map(|message| message.good).collect();
    assert_eq!(good, [false, true, false, false]);
    assert_eq!(
        wind.messages[0].attachments,
        [ForeignAttachment {
            name: "winds.csv".into(),
            kind: AttachmentKind::Csv,
            size_bytes: 26,
            text: "wind,from\nsirocco,south".into(),
            image_base64: None,
        }]
    );
    assert_eq!(
        drawn(wind),
        [
            ">u: What is a sirocco?",
            "   a: A wind.",
            "     u: ",
            ">  a: A warm wind from"
        ]
    );
    let runs: Vec<_> = wind
        .messages
        .iter()
        .map(|message| message.run.as_ref())
        .collect();
    let [None, Some(completed), None, Some(cut)] = runs[..] else {
        panic!("{runs:?}")
    };
    let statistics = completed.statistics.as_ref().unwrap();
    assert_eq!(statistics.stop_reason, Some(StopReason::EndOfTurn));
    assert_eq!(
        (completed.state, completed.ended_at_ms),
        (RunState::Completed, 1_740_000_012_000)
    );
    assert_eq!(
        (cut.state, cut.ended_at_ms),
        (RunState::Interrupted, cut.started_at_ms)
    );
}

#[test]
fn a_file_of_before_is_read_as_it_always_was() {
    let mut file: serde_json::Value = serde_json::from_slice(OWN).unwrap();
    let fields = file.as_object_mut().unwrap();
    for newer in ["archived", "folder", "tags", "notes", "preset", "effective"] {
        fields.remove(newer).unwrap();
    }
    // It said so where nothing was set, too.
    fields.insert("system_prompt".into(), json!(""));
    let reading = reading("sirocco.json", file.to_string());
    let wind = &reading.conversations[0];
    assert_eq!((&wind.own.system_prompt, &wind.effective), (&None, &None));
    assert!(wind.folder.is_empty() && wind.tags.is_empty() && !wind.archived);
}

#[test]
fn a_prompt_that_is_empty_on_purpose_stays_so() {
    let mut file: serde_json::Value = serde_json::from_slice(OWN).unwrap();
    file["system_prompt"] = json!("");
    let wind = reading("sirocco.json", file.to_string())
        .conversations
        .remove(0);
    assert_eq!(wind.own.system_prompt.as_deref(), Some(""));
    let outgoing = kept(&wind);
    let again = reading("again.json", write(&outgoing))
        .conversations
        .remove(0);
    assert_eq!(again.own.system_prompt.as_deref(), Some(""));
}

#[test]
fn what_lies_in_the_archive_stays_there() {
    let mut file: serde_json::Value = serde_json::from_slice(OWN).unwrap();
    file["archived"] = json!(true);
    let wind = reading("sirocco.json", file.to_string())
        .conversations
        .remove(0);
    assert!(wind.archived);
    let again = reading("again.json", write(&kept(&wind)));
    assert!(again.conversations[0].archived);
}

fn changed(change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut file: serde_json::Value = serde_json::from_slice(OWN).unwrap();
    change(&mut file);
    refusal(&file)
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let reason = changed(|file| file["version"] = json!(2));
    assert_eq!(
        reason,
        "version 2 of this form is newer than this app, which knows up to 1"
    );
    let reason = changed(|file| file["parameters"]["temperature"] = json!(9));
    assert_eq!(reason, "temperature must lie between 0 and 5");
    let reason = changed(|file| file["messages"][0]["role"] = json!("system"));
    assert!(reason.contains("unknown variant `system`"), "{reason}");
    let reason = changed(|file| file["messages"][1]["content"] = json!(7));
    assert!(reason.contains("invalid type"), "{reason}");
    let reason = changed(|file| {
        file["messages"][0]["parent_id"] = json!("0190f5c8-0000-7000-8000-000000000014")
    });
    assert_eq!(reason, "messages answer each other in a circle");
    let reason = changed(|file| file["messages"][1]["id"] = file["messages"][0]["id"].clone());
    assert_eq!(
        reason,
        "two messages have the id `0190f5c8-0000-7000-8000-000000000011`"
    );
}
