//! Calls of tools: the form of an answer that has to be one.

use serde_json::{Value, json};
use sirocco_chat::ToolFormat;
use sirocco_engine_wire::{ChatMessage, Constraint, FormPart, Prompt};
use sirocco_protocol::{ErrorReport, ModelId};

use super::{Request, ToolChoice};
use crate::App;

impl App {
    /// Holds an answer that has to be a call to the way in which its model writes them. One that may be a call and
    /// otherwise has a form of its own may be either.
    pub(super) async fn form_calls(
        &self,
        model: ModelId,
        request: &mut Request,
    ) -> Result<(), ErrorReport> {
        let Prompt::Chat { tools, .. } = &request.prompt else {
            return Ok(());
        };
        let is_free = request.tool_choice == ToolChoice::Free;
        if tools.is_empty() || is_free && request.constraint.is_none() {
            return Ok(());
        }
        if self.model_is_remote(model).await? {
            tell_choice(request);
            return Ok(());
        }
        let header = self.local_header(model).await?;
        let format = ToolFormat::of_template(header.chat_template.as_deref());
        if is_free {
            allow_calls(request, format);
        } else {
            demand_calls(request, format);
        }
        Ok(())
    }
}

/// Engines on other machines are told what has to be called, and see to it themselves.
fn tell_choice(request: &mut Request) {
    let choice = match &request.tool_choice {
        ToolChoice::Free => return,
        ToolChoice::Required => json!("required"),
        ToolChoice::Named(name) => json!({"type": "function", "function": {"name": name}}),
    };
    if let Prompt::Chat { variables, .. } = &mut request.prompt {
        variables.insert("tool_choice".into(), choice);
    }
}

/// Begins the answer with a call, and has it go on as one. Of a single tool the name is known, too.
fn demand_calls(request: &mut Request, format: ToolFormat) {
    let Prompt::Chat {
        messages,
        continue_last,
        tools,
        ..
    } = &mut request.prompt
    else {
        return;
    };
    let named = match &request.tool_choice {
        ToolChoice::Named(name) => Some(name.as_str()),
        ToolChoice::Free | ToolChoice::Required => None,
    };
    let is_only = request.one_call || named.is_some();
    let callable: Vec<&Value> = tools
        .iter()
        .filter(|tool| named.is_none_or(|named| name_of(tool) == Some(named)))
        .collect();
    let known = match callable.as_slice() {
        [only] => name_of(only),
        _ => None,
    };
    let opening = format.opening(known);
    request.constraint = Some(Constraint::Rows {
        rows: callable
            .into_iter()
            .filter_map(|tool| row(tool, format, &opening, is_only))
            .collect(),
        between: (!is_only).then(|| format.between(known)),
    });
    match messages.last_mut() {
        Some(last) if *continue_last => last.content.push_str(&opening),
        _ => messages.push(ChatMessage {
            role: "assistant".into(),
            content: opening,
            ..ChatMessage::default()
        }),
    }
    *continue_last = true;
}

/// Lets calls be made in place of an answer that is JSON. What is begun already is no call.
fn allow_calls(request: &mut Request, format: ToolFormat) {
    let (
        Prompt::Chat {
            tools,
            continue_last: false,
            ..
        },
        Some(Constraint::Json { schema, .. }),
    ) = (&request.prompt, &request.constraint)
    else {
        return;
    };
    let answer = vec![FormPart::Json {
        schema: schema.clone(),
    }];
    let calls = tools.iter().filter_map(|tool| row(tool, format, "", true));
    request.constraint = Some(Constraint::Rows {
        rows: std::iter::once(answer).chain(calls).collect(),
        between: None,
    });
}

/// A call of this tool, without its beginning.
fn row(tool: &Value, format: ToolFormat, begun: &str, is_only: bool) -> Option<Vec<FormPart>> {
    let opening = format.opening(name_of(tool));
    let text = |text: &str| FormPart::Text { text: text.into() };
    let arguments = FormPart::Json {
        schema: tool["function"]["parameters"].clone(),
    };
    Some(vec![
        text(opening.strip_prefix(begun)?),
        arguments,
        text(format.closing(is_only)),
    ])
}

fn name_of(tool: &Value) -> Option<&str> {
    tool["function"]["name"].as_str()
}

/// The names of tools, as templates are given them.
pub(super) fn names_of(tools: &[Value]) -> Vec<String> {
    tools
        .iter()
        .filter_map(name_of)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(tools: &[&str], choice: ToolChoice, answer: Option<&str>) -> Request {
        let message = |role: &str, content: &str| ChatMessage {
            role: role.into(),
            content: content.into(),
            ..ChatMessage::default()
        };
        let question = message("user", "which wind?");
        let answer = answer.map(|answer| message("assistant", answer));
        let prompt = Prompt::Chat {
            continue_last: answer.is_some(),
            messages: std::iter::once(question).chain(answer).collect(),
            variables: serde_json::Map::new(),
            tools: tools
                .iter()
                .map(|name| json!({"type": "function", "function": {"name": name, "parameters": {}}}))
                .collect(),
            now_s: 0,
        };
        Request {
            tool_choice: choice,
            ..Request::new(prompt)
        }
    }

    fn begun(request: &Request) -> (usize, &str) {
        let Prompt::Chat {
            messages,
            continue_last: true,
            ..
        } = &request.prompt
        else {
            unreachable!("an answer is begun");
        };
        (messages.len(), &messages[messages.len() - 1].content)
    }

    /// The texts of the rows, their schemas left out, and what stands between.
    fn rows(request: &Request) -> (Vec<String>, Option<&str>) {
        let Some(Constraint::Rows { rows, between }) = &request.constraint else {
            unreachable!("there are rows");
        };
        let text = |part: &FormPart| match part {
            FormPart::Text { text } => text.clone(),
            FormPart::Json { .. } => "…".into(),
        };
        let rows = rows.iter().map(|row| row.iter().map(text).collect());
        (rows.collect(), between.as_deref())
    }

    #[test]
    fn an_answer_is_begun_with_as_much_of_a_call_as_is_known() {
        let any = "<tool_call>\n{\"name\": \"";
        let wind = "<tool_call>\n{\"name\": \"wind\", \"arguments\": ";
        let named = ToolChoice::Named("wind".into());
        for (tools, choice, answer, expected) in [
            (
                &["wind", "tide"][..],
                ToolChoice::Required,
                None,
                (2, any.to_owned()),
            ),
            (&["wind", "tide"], named, None, (2, wind.into())),
            (&["wind"], ToolChoice::Required, None, (2, wind.into())),
            (
                &["wind"],
                ToolChoice::Required,
                Some("I look. "),
                (2, format!("I look. {wind}")),
            ),
        ] {
            let mut request = asking(tools, choice, answer);
            demand_calls(&mut request, ToolFormat::Hermes);
            assert_eq!(begun(&request), (expected.0, expected.1.as_str()));
        }
    }

    #[test]
    fn the_rest_of_the_answer_is_calls_of_what_may_be_called() {
        let mut request = asking(&["wind", "tide"], ToolChoice::Required, None);
        demand_calls(&mut request, ToolFormat::Llama);
        let call = |name: &str| format!("{name}\", \"parameters\": …}}");
        assert_eq!(
            rows(&request),
            (vec![call("wind"), call("tide")], Some("; {\"name\": \""))
        );

        let mut request = asking(&["wind", "tide"], ToolChoice::Named("tide".into()), None);
        demand_calls(&mut request, ToolFormat::MistralList);
        assert_eq!(rows(&request), (vec!["…}]".into()], None));
    }

    #[test]
    fn json_may_be_a_call_instead() {
        let mut request = asking(&["wind"], ToolChoice::Free, None);
        request.constraint = Some(Constraint::json_object());
        allow_calls(&mut request, ToolFormat::Hermes);
        let call = "<tool_call>\n{\"name\": \"wind\", \"arguments\": …}\n</tool_call>";
        assert_eq!(rows(&request), (vec!["…".into(), call.into()], None));

        let mut begun = asking(&["wind"], ToolChoice::Free, Some("{"));
        begun.constraint = Some(Constraint::json_object());
        allow_calls(&mut begun, ToolFormat::Hermes);
        assert_eq!(begun.constraint, Some(Constraint::json_object()));
    }
}
