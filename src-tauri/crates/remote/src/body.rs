//! A request of ours in the words of OpenAI's API.

use serde_json::{Map, Value, json};
use sirocco_engine_wire::{
    ChatMessage, Constraint, GenerateRequest, Prompt, SamplingParameters, ToolCall,
};

use crate::estimate::estimate;

/// The template variable that says whether tools must be called, as engines take it beside the tools.
const TOOL_CHOICE: &str = "tool_choice";
const REASONING_EFFORT: &str = "reasoning_effort";

/// Of a text, OpenAI's API writes sixteen tokens on unless it is told how many.
const FEWEST_TOKENS: u32 = 16;

/// The form of the answer is one that the API has no words for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoWords;

/// Path and body that ask `model`, which has so many tokens of context, for a stream.
pub(crate) fn body(
    model: &str,
    context_length: u32,
    request: &GenerateRequest,
) -> Result<(&'static str, Value), NoWords> {
    let mut body = Map::from_iter([
        ("model".to_owned(), json!(model)),
        ("stream".to_owned(), json!(true)),
        ("stream_options".to_owned(), json!({"include_usage": true})),
    ]);
    let path = match &request.prompt {
        Prompt::Text { text, .. } => {
            body.insert("prompt".into(), json!(text));
            "completions"
        }
        Prompt::Chat {
            messages,
            continue_last,
            variables,
            tools,
            ..
        } => {
            let messages: Vec<_> = messages.iter().map(message).collect();
            body.insert("messages".into(), messages.into());
            if *continue_last {
                // vLLM and SGLang have to be told; the others see who speaks last.
                body.insert("continue_final_message".into(), json!(true));
                body.insert("add_generation_prompt".into(), json!(false));
            }
            if !tools.is_empty() {
                body.insert("tools".into(), json!(tools));
            }
            put_variables(&mut body, variables.clone());
            "chat/completions"
        }
    };
    put_sampling(&mut body, &request.sampling, path);
    let max_tokens = match &request.prompt {
        Prompt::Text { .. } => Some(room(context_length, estimate(&request.prompt))),
        Prompt::Chat { .. } => None,
    };
    if let Some(max_tokens) = request.max_tokens.or(max_tokens) {
        body.insert("max_tokens".into(), json!(max_tokens));
    }
    if !request.stop.is_empty() {
        body.insert("stop".into(), json!(request.stop));
    }
    if let Some(constraint) = &request.constraint {
        body.insert("response_format".into(), form(constraint)?);
    }
    Ok((path, body.into()))
}

/// How long an answer may be. Some engines refuse what goes beyond the context by one token, so that the prompt, whose
/// length is a guess, is taken to be half as long again.
fn room(context_length: u32, prompt_tokens: u32) -> u32 {
    let prompt = prompt_tokens.saturating_add(prompt_tokens / 2);
    let rest = context_length.saturating_sub(prompt);
    rest.saturating_sub(FEWEST_TOKENS).max(FEWEST_TOKENS)
}

fn message(message: &ChatMessage) -> Value {
    let mut told = json!({"role": message.role, "content": message.content});
    if let Some(thoughts) = &message.reasoning_content {
        told["reasoning_content"] = json!(thoughts);
    }
    if let Some(id) = &message.tool_call_id {
        told["tool_call_id"] = json!(id);
    }
    if !message.tool_calls.is_empty() {
        told["tool_calls"] = message.tool_calls.iter().map(call).collect();
    }
    told
}

fn call(call: &ToolCall) -> Value {
    let arguments = match &call.arguments {
        Value::String(broken) => broken.clone(),
        arguments => arguments.to_string(),
    };
    json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}})
}

/// Two of the variables of chat templates have fields of their own; the rest goes where vLLM, SGLang and llama-server
/// look for it.
fn put_variables(body: &mut Map<String, Value>, mut variables: Map<String, Value>) {
    if let Some(choice) = variables.remove(TOOL_CHOICE) {
        body.insert(TOOL_CHOICE.into(), choice);
    }
    if let Some(effort) = variables.get(REASONING_EFFORT) {
        body.insert(REASONING_EFFORT.into(), effort.clone());
    }
    if !variables.is_empty() {
        body.insert("chat_template_kwargs".into(), variables.into());
    }
}

/// Temperature and top-p, which every engine knows, and of the rest what is not our default: an engine that does not
/// know a field may refuse the request for it, so only a person's own wish is worth that.
fn put_sampling(body: &mut Map<String, Value>, sampling: &SamplingParameters, path: &str) {
    let standard = SamplingParameters::default();
    body.insert("temperature".into(), json!(sampling.temperature));
    body.insert("top_p".into(), json!(sampling.top_p));
    macro_rules! put {
        ($($field:ident),+) => {$(
            if sampling.$field != standard.$field {
                body.insert(stringify!($field).into(), json!(sampling.$field));
            }
        )+};
    }
    put!(
        top_k,
        min_p,
        typical_p,
        repeat_penalty,
        repeat_last_n,
        presence_penalty,
        frequency_penalty,
        xtc_probability,
        xtc_threshold,
        dry_multiplier,
        dry_base,
        dry_allowed_length,
        dry_penalty_last_n,
        dry_sequence_breakers
    );
    if let Some(seed) = sampling.seed {
        // Elsewhere it is a signed number.
        body.insert("seed".into(), json!(seed.cast_signed()));
    }
    if sampling.repeat_penalty != standard.repeat_penalty {
        // vLLM and SGLang call it so.
        body.insert("repetition_penalty".into(), json!(sampling.repeat_penalty));
    }
    if !sampling.logit_bias.is_empty() {
        // What is forbidden is so unlikely there.
        let bias = |(id, bias): (&u32, &f32)| (id.to_string(), json!(bias.clamp(-100.0, 100.0)));
        let bias = Map::from_iter(sampling.logit_bias.iter().map(bias));
        body.insert("logit_bias".into(), bias.into());
    }
    match sampling.top_logprobs {
        Some(likeliest) if path == "completions" => {
            body.insert("logprobs".into(), json!(likeliest));
        }
        Some(likeliest) => {
            body.insert("logprobs".into(), json!(true));
            body.insert("top_logprobs".into(), json!(likeliest));
        }
        None => {}
    }
}

fn form(constraint: &Constraint) -> Result<Value, NoWords> {
    match constraint {
        any if *any == Constraint::json_object() => Ok(json!({"type": "json_object"})),
        Constraint::Json { schema, lenient } => Ok(json!({
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": !lenient, "schema": schema},
        })),
        Constraint::Lark { .. } | Constraint::Regex { .. } | Constraint::Rows { .. } => {
            Err(NoWords)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: u32 = 1000;

    fn asking(prompt: Prompt) -> GenerateRequest {
        GenerateRequest {
            id: 1,
            prompt,
            sampling: SamplingParameters::default(),
            max_tokens: None,
            stop: Vec::new(),
            constraint: None,
        }
    }

    fn said(role: &str, content: &str) -> ChatMessage {
        ChatMessage {
            role: role.into(),
            content: content.into(),
            ..ChatMessage::default()
        }
    }

    fn chat(messages: Vec<ChatMessage>) -> Prompt {
        Prompt::Chat {
            messages,
            continue_last: false,
            variables: Map::new(),
            tools: Vec::new(),
            now_s: 0,
        }
    }

    #[test]
    fn what_nobody_asked_for_is_left_to_the_engine() {
        let (path, body) = body("tiny", CONTEXT, &asking(chat(vec![said("user", "Hi")]))).unwrap();
        assert_eq!(path, "chat/completions");
        let expected = json!({
            "model": "tiny", "stream": true, "stream_options": {"include_usage": true},
            "messages": [{"role": "user", "content": "Hi"}],
            "temperature": 0.7_f32, "top_p": 0.95_f32,
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn calls_tools_and_variables_have_their_places() {
        let mut asked = said("assistant", "");
        asked.tool_calls = vec![ToolCall {
            id: "a".into(),
            name: "wind".into(),
            arguments: json!({"at": 1}),
        }];
        let mut answered = said("tool", "north");
        answered.tool_call_id = Some("a".into());
        let tool = json!({"type": "function", "function": {"name": "wind"}});
        let prompt = Prompt::Chat {
            messages: vec![asked, answered, said("assistant", "It is")],
            continue_last: true,
            variables: Map::from_iter([
                (TOOL_CHOICE.to_owned(), json!("required")),
                ("enable_thinking".to_owned(), json!(false)),
            ]),
            tools: vec![tool.clone()],
            now_s: 0,
        };
        let (_, body) = body("tiny", CONTEXT, &asking(prompt)).unwrap();
        let arguments = &body["messages"][0]["tool_calls"][0]["function"]["arguments"];
        assert_eq!(arguments, "{\"at\":1}");
        assert_eq!(body["messages"][1]["tool_call_id"], "a");
        assert_eq!(body["tools"], json!([tool]));
        assert_eq!(body[TOOL_CHOICE], "required");
        assert_eq!(body["continue_final_message"], true);
        assert_eq!(
            body["chat_template_kwargs"],
            json!({"enable_thinking": false})
        );
    }

    #[test]
    fn wishes_are_passed_on_in_the_names_that_engines_know() {
        let mut request = asking(Prompt::Text {
            text: "The".into(),
            special: false,
        });
        request.sampling.top_k = 20;
        request.sampling.repeat_penalty = 1.5;
        request.sampling.logit_bias.insert(7, f32::NEG_INFINITY);
        request.sampling.top_logprobs = Some(2);
        request.max_tokens = Some(5);
        request.stop = vec!["\n".into()];
        let (path, body) = body("tiny", CONTEXT, &request).unwrap();
        assert_eq!(path, "completions");
        for (field, expected) in [
            ("prompt", json!("The")),
            ("top_k", json!(20)),
            ("repeat_penalty", json!(1.5)),
            ("repetition_penalty", json!(1.5)),
            ("logit_bias", json!({"7": -100.0})),
            ("logprobs", json!(2)),
            ("max_tokens", json!(5)),
            ("stop", json!(["\n"])),
        ] {
            assert_eq!(body[field], expected, "{field}");
        }
    }

    #[test]
    fn a_text_is_written_on_to_the_end_of_the_context_and_a_chat_to_its_own_end() {
        let limit = |prompt: Prompt| {
            let (_, body) = body("tiny", CONTEXT, &asking(prompt)).unwrap();
            body["max_tokens"].clone()
        };
        let text = |length: usize| Prompt::Text {
            text: "wind".repeat(length),
            special: false,
        };
        assert_eq!(limit(text(100)), json!(1000 - 150 - 16));
        assert_eq!(limit(text(5000)), json!(FEWEST_TOKENS));
        assert_eq!(limit(chat(vec![said("user", "Hi")])), Value::Null);
    }

    #[test]
    fn an_answer_can_be_held_to_json_and_to_nothing_else() {
        let formed = |constraint: Constraint| {
            let mut request = asking(chat(vec![said("user", "Hi")]));
            request.constraint = Some(constraint);
            body("tiny", CONTEXT, &request).map(|(_, body)| body["response_format"].clone())
        };
        let object = formed(Constraint::json_object()).unwrap();
        assert_eq!(object, json!({"type": "json_object"}));
        let schema = json!({"type": "integer"});
        let strict = formed(Constraint::Json {
            schema: schema.clone(),
            lenient: false,
        });
        let expected = json!({"type": "json_schema", "json_schema": {"name": "answer", "strict": true, "schema": schema}});
        assert_eq!(strict.unwrap(), expected);
        let regex = Constraint::Regex {
            pattern: "a+".into(),
        };
        assert_eq!(formed(regex), Err(NoWords));
    }
}
