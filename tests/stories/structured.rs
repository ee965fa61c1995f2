//! Conversations whose answers are held to a JSON schema.

use serde_json::{Value, json};
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Conversation, ConversationId, ConversationSettings, ErrorCode, ErrorReport, LayerValues,
    Message, Parameters,
};
use sirocco_testkit::{Script, TempApp};

use crate::{app, code};

async fn hold_to(
    app: &TempApp,
    id: ConversationId,
    schema: &str,
) -> Result<Conversation, ErrorReport> {
    let parameters = Parameters {
        structured_output: Some(schema.into()),
        ..Parameters::default()
    };
    let settings = ConversationSettings {
        preset_id: None,
        values: LayerValues {
            system_prompt: None,
            parameters,
        },
    };
    let update = ConversationUpdate {
        settings: Some(settings),
        ..ConversationUpdate::of(id)
    };
    app.call("conversation_update", update).await
}

/// The schema that an answer was written under.
fn held_to(answer: &Message) -> Option<String> {
    answer.run.clone().and_then(|run| run.structured_output)
}

#[tokio::test]
async fn answers_keep_to_the_schema_until_it_is_taken_away() -> anyhow::Result<()> {
    let app = app(&Script::answering("It rains.")).await?;
    let id = app.conversation().await?;
    let schema = json!({"type": "object", "properties": {"wind": {"const": "sirocco"}}, "required": ["wind"],
        "additionalProperties": false});
    hold_to(&app, id, &schema.to_string()).await?;
    let answer = app.send_and_finish(id, "Which wind?").await?;
    let told: Value = serde_json::from_str(&answer.content)?;
    assert_eq!(told, json!({"wind": "sirocco"}));
    assert_eq!(held_to(&answer), Some(schema.to_string()));
    hold_to(&app, id, "").await?;
    let answer = app.send_and_finish(id, "And now?").await?;
    assert_eq!(answer.content, "It rains.");
    assert_eq!(held_to(&answer), Some(String::new()));
    let kept = app.messages(id).await?;
    assert_eq!(held_to(&kept[1]), Some(schema.to_string()));
    Ok(())
}

#[tokio::test]
async fn what_is_no_schema_is_not_kept() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    for text in ["{", "[]", "wind"] {
        let refused = hold_to(&app, id, text).await;
        assert_eq!(code(refused), ErrorCode::InvalidRequest, "{text}");
    }
    Ok(())
}
