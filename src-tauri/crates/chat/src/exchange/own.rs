//! Our own JSON: a conversation with all its branches, written and read.
//!
//! It has its own shape, apart from the types of the wire, so that these can change while files
//! stay readable. Fields may be added within a version; a reader refuses a newer one. What is tied
//! to one machine stays out: the model chosen, the draft, the ids of runs.
//!
//! `system_prompt` and `parameters` are what the conversation sets itself, `preset` is what it is
//! based on, and `effective` is what all layers come to where it was written: by it a conversation
//! answers the same way where the defaults are others.
//!
//! ```json
//! { "format": "sirocco-conversation", "version": 1, "id": "0190…", "title": "Sums",
//!   "created_at_ms": 1700000000000, "updated_at_ms": 1700000000000, "pinned": false,
//!   "archived": false, "folder": ["School", "Sums"], "tags": ["easy"], "notes": "",
//!   "system_prompt": "Be brief.", "parameters": { "temperature": 0.7, … },
//!   "preset": { "name": "Tutor", "system_prompt": null, "parameters": { … } },
//!   "effective": { "system_prompt": "Be brief.", "parameters": { … } }, "head": "0191…",
//!   "messages": [{ "id": "0191…", "parent_id": null, "role": "user", "content": "2 + 2?",
//!                  "reasoning": null, "created_at_ms": 1700000000000, "model_name": null,
//!                  "run": null, "left_out": false, "good": false,
//!                  "summary": { "text": "…", "message_count": 4, "created_at_ms": 1700000000000,
//!                               "model_name": "Tiny 1B", "edited": false },
//!                  "attachments": [{ "name": "winds.csv", "kind": "csv", "size_bytes": 26,
//!                                    "text": "wind,from\nsirocco,south" }] }] }
//! ```

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sirocco_protocol::{
    Attachment, AttachmentKind, ErrorReport, ExchangeFormat, LayerValues, Message, Parameters,
    Role, Run, RunState, Statistics, Summary,
};

use super::draft::{Draft, name_line, title_line};
use super::field::{sensible_ms, text};
use super::tree::{Joining, Node, Said};
use super::{ForeignAttachment, ForeignPreset, ForeignRun, ForeignSummary, Problem};
use crate::{AttachmentTexts, Outgoing};

const FORMAT: &str = "sirocco-conversation";
const VERSION: u32 = 1;
/// What a preset is called whose name says nothing.
const UNNAMED: &str = "Imported";

#[derive(Serialize, Deserialize)]
struct File<'a> {
    format: Cow<'a, str>,
    version: u32,
    id: String,
    title: Cow<'a, str>,
    created_at_ms: i64,
    updated_at_ms: i64,
    #[serde(default)]
    pinned: bool,
    #[serde(default)]
    archived: bool,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    folder: Cow<'a, [String]>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    tags: Cow<'a, [String]>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    notes: Cow<'a, str>,
    /// Not written if the conversation sets none: readers of before take no null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    system_prompt: Option<Cow<'a, str>>,
    #[serde(default)]
    parameters: Cow<'a, Parameters>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preset: Option<Based<'a>>,
    /// Files of before have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    effective: Option<Values<'a>>,
    #[serde(default)]
    head: Option<String>,
    messages: Vec<Entry<'a>>,
}

/// The preset a conversation is based on.
#[derive(Serialize, Deserialize)]
struct Based<'a> {
    name: Cow<'a, str>,
    #[serde(flatten)]
    values: Values<'a>,
}

/// What one layer sets, or what all of them come to.
#[derive(Serialize, Deserialize)]
struct Values<'a> {
    #[serde(default)]
    system_prompt: Option<Cow<'a, str>>,
    #[serde(default)]
    parameters: Cow<'a, Parameters>,
}

#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    id: String,
    #[serde(default)]
    parent_id: Option<String>,
    role: Role,
    content: Cow<'a, str>,
    #[serde(default)]
    reasoning: Option<Cow<'a, str>>,
    created_at_ms: i64,
    #[serde(default)]
    model_name: Option<Cow<'a, str>>,
    #[serde(default)]
    run: Option<Generation>,
    #[serde(default)]
    left_out: bool,
    #[serde(default)]
    good: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    summary: Option<Standing<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attached<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Attached<'a> {
    name: Cow<'a, str>,
    kind: AttachmentKind,
    size_bytes: u64,
    text: Cow<'a, str>,
    /// Of an image, a PNG or JPEG file, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image_base64: Option<Cow<'a, str>>,
}

/// The summary that can stand for the branch up to a message.
#[derive(Serialize, Deserialize)]
struct Standing<'a> {
    text: Cow<'a, str>,
    message_count: u32,
    created_at_ms: i64,
    #[serde(default)]
    model_name: Option<Cow<'a, str>>,
    #[serde(default)]
    edited: bool,
}

#[derive(Serialize, Deserialize)]
struct Generation {
    state: RunState,
    started_at_ms: i64,
    ended_at_ms: Option<i64>,
    statistics: Option<Statistics>,
    error: Option<ErrorReport>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    structured_output: Option<String>,
}

/// The conversation and its whole tree as indented JSON.
pub fn write(outgoing: &Outgoing) -> String {
    let conversation = &outgoing.conversation;
    let own = &conversation.settings.values;
    let file = File {
        format: FORMAT.into(),
        version: VERSION,
        id: conversation.summary.id.to_string(),
        title: conversation.summary.title.as_str().into(),
        created_at_ms: conversation.summary.created_at_ms,
        updated_at_ms: conversation.summary.updated_at_ms,
        pinned: conversation.summary.pinned,
        archived: conversation.summary.archived,
        folder: Cow::Borrowed(outgoing.folder.as_slice()),
        tags: Cow::Borrowed(conversation.summary.tags.as_slice()),
        notes: conversation.notes.as_str().into(),
        system_prompt: own.system_prompt.as_deref().map(Cow::from),
        parameters: Cow::Borrowed(&own.parameters),
        preset: outgoing.preset.as_ref().map(|preset| Based {
            name: preset.name.as_str().into(),
            values: Values::of(&preset.values),
        }),
        effective: Some(Values::of(&outgoing.effective)),
        head: conversation.head.map(|head| head.to_string()),
        messages: outgoing
            .tree
            .iter()
            .map(|message| Entry::of(message, &outgoing.texts))
            .collect(),
    };
    let mut json = serde_json::to_string_pretty(&file)
        .expect("the file has string keys and no failing serializer");
    json.push('\n');
    json
}

impl<'a> Values<'a> {
    fn of(values: &'a LayerValues) -> Self {
        Self {
            system_prompt: values.system_prompt.as_deref().map(Cow::from),
            parameters: Cow::Borrowed(&values.parameters),
        }
    }

    fn checked(self) -> Result<LayerValues, Problem> {
        let parameters = self.parameters.into_owned();
        parameters.validate().map_err(Problem::Parameters)?;
        Ok(LayerValues {
            system_prompt: self.system_prompt.map(Cow::into_owned),
            parameters,
        })
    }
}

impl Based<'_> {
    fn foreign(self) -> Result<ForeignPreset, Problem> {
        Ok(ForeignPreset {
            name: name_line(&self.name).unwrap_or_else(|| UNNAMED.to_owned()),
            values: self.values.checked()?,
        })
    }
}

impl<'a> Standing<'a> {
    fn of(summary: &'a Summary) -> Self {
        Self {
            text: summary.text.as_str().into(),
            message_count: summary.message_count,
            created_at_ms: summary.created_at_ms,
            model_name: summary.model_name.as_deref().map(Cow::from),
            edited: summary.edited,
        }
    }

    fn foreign(self) -> ForeignSummary {
        ForeignSummary {
            text: self.text.into_owned(),
            message_count: self.message_count,
            created_at_ms: sensible_ms(self.created_at_ms).unwrap_or(0),
            model_name: self.model_name.as_deref().and_then(title_line),
            edited: self.edited,
        }
    }
}

impl<'a> Entry<'a> {
    fn of(message: &'a Message, texts: &'a AttachmentTexts) -> Self {
        let attachments = message.attachments.iter();
        Self {
            id: message.id.to_string(),
            parent_id: message.parent_id.map(|parent| parent.to_string()),
            role: message.role,
            content: message.content.as_str().into(),
            reasoning: message.reasoning.as_deref().map(Cow::from),
            created_at_ms: message.created_at_ms,
            model_name: message.model_name.as_deref().map(Cow::from),
            run: message.run.as_ref().map(Generation::of),
            left_out: message.left_out,
            good: message.good,
            summary: message.summary.as_ref().map(Standing::of),
            attachments: attachments
                .filter_map(|attachment| Attached::of(attachment, texts))
                .collect(),
        }
    }

    fn node(self) -> Node {
        let mut said = Said::new(self.role, self.content.into_owned());
        said.reasoning = self.reasoning.map(Cow::into_owned);
        said.created_at_ms = sensible_ms(self.created_at_ms);
        said.model_name = self.model_name.map(Cow::into_owned);
        said.run = self.run.map(Generation::ended);
        said.left_out = self.left_out;
        said.good = self.good && self.role == Role::Assistant;
        said.summary = self.summary.map(Standing::foreign);
        said.attachments = self
            .attachments
            .into_iter()
            .map(Attached::foreign)
            .collect();
        Node {
            id: self.id,
            parent: self.parent_id,
            said: Some(said),
        }
    }
}

impl<'a> Attached<'a> {
    /// None for one whose text is not there, which no store lets happen.
    fn of(attachment: &'a Attachment, texts: &'a AttachmentTexts) -> Option<Self> {
        let content = texts.get(&attachment.id)?;
        let image = content.image.as_ref();
        Some(Self {
            name: attachment.name.as_str().into(),
            kind: attachment.kind,
            size_bytes: attachment.size_bytes,
            text: content.text.as_str().into(),
            image_base64: image.map(|image| image.content_base64.as_str().into()),
        })
    }

    fn foreign(self) -> ForeignAttachment {
        ForeignAttachment {
            name: title_line(&self.name).unwrap_or_else(|| self.kind.as_str().to_owned()),
            kind: self.kind,
            size_bytes: self.size_bytes,
            text: self.text.into_owned(),
            image_base64: self.image_base64.map(Cow::into_owned),
        }
    }
}

impl Generation {
    fn of(run: &Run) -> Self {
        Self {
            state: run.state,
            started_at_ms: run.started_at_ms,
            ended_at_ms: run.ended_at_ms,
            statistics: run.statistics.clone(),
            error: run.error.clone(),
            structured_output: run.structured_output.clone(),
        }
    }

    /// One that was still going on is cut off in the file.
    fn ended(self) -> ForeignRun {
        let started_at_ms = sensible_ms(self.started_at_ms).unwrap_or(0);
        ForeignRun {
            state: if self.state.is_terminal() {
                self.state
            } else {
                RunState::Interrupted
            },
            started_at_ms,
            ended_at_ms: self
                .ended_at_ms
                .and_then(sensible_ms)
                .unwrap_or(started_at_ms),
            statistics: self.statistics,
            error: self.error,
            structured_output: self.structured_output,
        }
    }
}

pub fn is_one(value: &Value) -> bool {
    text(value, "format") == Some(FORMAT)
}

pub fn read(value: &Value) -> Result<Draft, Problem> {
    let version = value.get("version").and_then(Value::as_u64);
    if let Some(found) = version.filter(|version| *version > u64::from(VERSION)) {
        return Err(Problem::NewerVersion {
            found,
            known: VERSION,
        });
    }
    let file = File::deserialize(value)?;
    let own = Values {
        // Files of before said nothing and an empty one in the same way.
        system_prompt: file
            .system_prompt
            .filter(|text| file.effective.is_some() || !text.is_empty()),
        parameters: file.parameters,
    };
    let own = own.checked()?;
    let mut draft = Draft::new(ExchangeFormat::Sirocco);
    draft.id = Some(file.id);
    draft.title = Some(file.title.into_owned());
    draft.created_at_ms = sensible_ms(file.created_at_ms);
    draft.updated_at_ms = sensible_ms(file.updated_at_ms);
    draft.pinned = file.pinned;
    draft.archived = file.archived;
    draft.folder = file.folder.into_owned();
    draft.tags = file.tags.into_owned();
    draft.notes = file.notes.into_owned();
    draft.own = own;
    draft.preset = file.preset.map(Based::foreign).transpose()?;
    draft.effective = file.effective.map(Values::checked).transpose()?;
    draft.nodes = file.messages.into_iter().map(Entry::node).collect();
    draft.head = file.head;
    // Each message stays as it was.
    draft.joining = Joining::Nothing;
    Ok(draft)
}

#[cfg(test)]
mod tests;
