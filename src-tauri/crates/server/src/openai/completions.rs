//! `POST /v1/completions`: text is continued as it is, without a chat template.

use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Json, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sirocco_core::completions::{Piece, Prompt, Request};
use time::OffsetDateTime;

use super::chat::{StreamOptions, several};
use super::chat_frames::FINGERPRINT;
use super::logprobs::{TextLogprobs, of_text};
use super::sampling::Sampling;
use super::usage::Usage;
use crate::answers::{Answers, Frames, Whole, data, frames, server_sent, waiting_comment};
use crate::body::{Body, Strings, read, refuse};
use crate::fault::{Dialect, Fault, finish_word, fresh_id};
use crate::names::{Call, Defaults};
use crate::routes::{Served, Shared};

/// What there is not yet.
const UNSUPPORTED: [&str; 4] = ["echo", "suffix", "grammar", "json_schema"];
/// What OpenAI has cut to 5 is of use to those who measure models.
const MOST_LOGPROBS: u32 = 20;

#[derive(Deserialize)]
struct Fields {
    prompt: Option<Strings>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    logprobs: Option<u32>,
    best_of: Option<u32>,
}

struct Asked {
    /// All answers to the first prompt, then those to the next.
    requests: Vec<Request>,
    answers_each: u32,
    stream: bool,
    include_usage: bool,
}

fn read_completion(body: &Value, defaults: &Defaults) -> Result<Asked, Fault> {
    let fields: Fields = read(body)?;
    let sampling: Sampling = read(body)?;
    refuse(body, &UNSUPPORTED)?;
    let answers = sampling.answers()?;
    if fields.best_of.is_some_and(|best_of| best_of > answers) {
        return Err(Fault::unsupported("best_of"));
    }
    if let Some(most) = fields.logprobs.filter(|most| *most > MOST_LOGPROBS) {
        let message = format!("`logprobs` is {most} but must be 0 to {MOST_LOGPROBS}");
        return Err(Fault::field("logprobs", message));
    }
    let parameters = sampling.parameters(&defaults.sampling, fields.logprobs)?;
    let max_tokens = sampling.max_tokens()?.or(defaults.max_tokens);
    let mut requests = Vec::new();
    for text in fields.prompt.unwrap_or_default().0 {
        let request = Request {
            sampling: parameters.clone(),
            max_tokens,
            stop: sampling.stop(),
            ..Request::new(Prompt::Text {
                text,
                special: true,
            })
        };
        requests.extend(several(&defaults.complete(request), answers));
    }
    if requests.is_empty() {
        return Err(Fault::field("prompt", "`prompt` must hold a text at least"));
    }
    Ok(Asked {
        requests,
        answers_each: answers,
        stream: fields.stream.unwrap_or(false),
        include_usage: fields
            .stream_options
            .and_then(|options| options.include_usage)
            .unwrap_or(false),
    })
}

pub async fn complete(State(served): Shared, body: Body) -> Response {
    answer(&served, body)
        .await
        .unwrap_or_else(|fault| fault.response(Dialect::OpenAi))
}

async fn answer(served: &Served, body: Body) -> Result<Response, Fault> {
    let Call {
        body,
        model,
        defaults,
    } = Call::read(served, body, &["model"]).await?;
    let asked = read_completion(&body, &defaults)?;
    let text = Text {
        id: fresh_id("cmpl-"),
        object: "text_completion",
        created: OffsetDateTime::now_utc().unix_timestamp(),
        model: model.key,
        system_fingerprint: FINGERPRINT,
    };
    let completions = Arc::clone(&served.completions);
    let mut answers = Answers::new(completions, model.id, asked.requests);
    if !asked.stream {
        let whole = answers.collect().await?;
        return Ok(Json(text.complete(whole, asked.answers_each)).into_response());
    }
    answers.begin().await?;
    let writer = TextFrames {
        text,
        answers_each: asked.answers_each,
        include_usage: asked.include_usage,
        usage: Usage::default(),
        written: (0, 0),
    };
    let alive = Event::default().comment("alive");
    Ok(server_sent(frames(answers, writer, &served.stop), alive))
}

/// What all that is sent for one request has in common.
#[derive(Debug, Serialize)]
struct Text {
    id: String,
    object: &'static str,
    created: i64,
    model: String,
    system_fingerprint: &'static str,
}

#[derive(Debug, Serialize)]
struct Completion<'a> {
    #[serde(flatten)]
    text: &'a Text,
    choices: Vec<Choice>,
    /// Absent unless it was asked for, and null but in the last chunk.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<&'a Usage>>,
}

#[derive(Debug, Serialize)]
struct Choice {
    index: u32,
    text: String,
    logprobs: Option<TextLogprobs>,
    finish_reason: Option<&'static str>,
}

impl Text {
    fn complete(&self, answers: Vec<Whole>, answers_each: u32) -> Value {
        let mut usage = Usage::default();
        let choices = (0_u32..).zip(answers).map(|(index, whole)| {
            usage.add(&whole.finish, index.is_multiple_of(answers_each));
            Choice {
                index,
                logprobs: of_text(&whole.tokens, 0),
                finish_reason: Some(finish_word(&whole.finish)),
                text: whole.content,
            }
        });
        let choices = choices.collect();
        let completion = Completion {
            text: self,
            choices,
            usage: Some(Some(&usage)),
        };
        serde_json::to_value(completion).expect("wire types have string keys")
    }
}

struct TextFrames {
    text: Text,
    answers_each: u32,
    include_usage: bool,
    usage: Usage,
    /// Characters of the tokens told so far, and of which answer.
    written: (u32, usize),
}

impl TextFrames {
    fn event(&self, choices: Vec<Choice>, usage: Option<&Usage>) -> Event {
        let completion = Completion {
            text: &self.text,
            choices,
            usage: self.include_usage.then_some(usage),
        };
        data(Event::default(), &completion)
    }
}

impl Frames for TextFrames {
    type Frame = Event;

    fn piece(&mut self, index: u32, piece: Piece, out: &mut Vec<Event>) {
        let choice = match piece {
            Piece::Waiting {
                load_progress,
                ahead,
            } => return out.push(waiting_comment(load_progress, ahead)),
            // A plain text calls nothing.
            Piece::Started { .. } | Piece::Call(_) => return,
            Piece::Text {
                content, tokens, ..
            } => {
                if self.written.0 != index {
                    self.written = (index, 0);
                }
                let logprobs = of_text(&tokens, self.written.1);
                self.written.1 += tokens
                    .iter()
                    .map(|token| token.chosen.text.chars().count())
                    .sum::<usize>();
                Choice {
                    index,
                    text: content,
                    logprobs,
                    finish_reason: None,
                }
            }
            Piece::Finished(finish) => {
                self.usage
                    .add(&finish, index.is_multiple_of(self.answers_each));
                Choice {
                    index,
                    text: String::new(),
                    logprobs: None,
                    finish_reason: Some(finish_word(&finish)),
                }
            }
        };
        out.push(self.event(vec![choice], None));
    }

    fn end(&mut self, out: &mut Vec<Event>) {
        if self.include_usage {
            out.push(self.event(Vec::new(), Some(&self.usage)));
        }
        out.push(Event::default().data("[DONE]"));
    }

    fn fault(&mut self, fault: &Fault, out: &mut Vec<Event>) {
        out.push(data(Event::default(), &fault.body(Dialect::OpenAi)));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn several_prompts_and_answers_keep_their_order() {
        let body = json!({"model": "m", "prompt": ["a", "b"], "n": 2, "seed": 1});
        let asked = read_completion(&body, &Defaults::default()).unwrap();
        let told: Vec<_> = asked
            .requests
            .iter()
            .map(|request| match &request.prompt {
                Prompt::Text { text, .. } => (text.as_str(), request.sampling.seed),
                Prompt::Chat { .. } => unreachable!("it is text"),
            })
            .collect();
        let expected = [
            ("a", Some(1)),
            ("a", Some(2)),
            ("b", Some(1)),
            ("b", Some(2)),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        for (field, body) in [
            ("prompt", json!({})),
            ("prompt", json!({"prompt": [1, 2]})),
            ("echo", json!({"prompt": "a", "echo": true})),
            ("suffix", json!({"prompt": "a", "suffix": "b"})),
            ("best_of", json!({"prompt": "a", "best_of": 2})),
            ("logprobs", json!({"prompt": "a", "logprobs": 21})),
        ] {
            let fault = read_completion(&body, &Defaults::default())
                .map(drop)
                .unwrap_err();
            assert_eq!(fault.field.as_deref(), Some(field), "{body}");
        }
        let body = json!({"prompt": "a", "echo": false, "suffix": null, "best_of": 1});
        assert!(read_completion(&body, &Defaults::default()).is_ok());
    }
}
