//! What the further name of a model brings to requests that say nothing themselves.

use serde_json::{Map, Value};
use sirocco_core::completions::{
    ChatMessage, NamedModel, Prompt, Request, SamplingParameters, sampling, tells_of_thinking,
    thinking_variables,
};
use sirocco_protocol::Model;

use crate::body::{self, Body};
use crate::fault::Fault;
use crate::models::look_up;
use crate::routes::Served;

/// A request for an answer, the model it names, and what that name brings along.
pub struct Call {
    pub body: Value,
    pub model: Model,
    pub defaults: Defaults,
}

impl Call {
    /// Reads a body that names its model in the first of these fields that is there.
    pub async fn read(served: &Served, body: Body, fields: &[&str]) -> Result<Self, Fault> {
        let body = body::json(body)?;
        let name = name_in(&body, fields)?;
        let (model, named) = look_up(served.completions.as_ref(), name).await?;
        let defaults = Defaults::of(named.as_ref());
        Ok(Self {
            body,
            model,
            defaults,
        })
    }
}

fn name_in<'a>(body: &'a Value, fields: &[&str]) -> Result<Option<&'a str>, Fault> {
    let Some(field) = fields.iter().find(|field| !body[**field].is_null()) else {
        return Ok(None);
    };
    let name = body[*field].as_str();
    let is_no_text = || Fault::field(*field, format!("`{field}` must be the name of a model"));
    name.map(Some).ok_or_else(is_no_text)
}

/// What a request gets where it says nothing; for a model under its own name, what every request gets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defaults {
    pub sampling: SamplingParameters,
    pub max_tokens: Option<u32>,
    pub context_length: Option<u32>,
    stop: Vec<String>,
    system_prompt: String,
    /// For the chat template.
    variables: Map<String, Value>,
}

impl Defaults {
    /// Of a model that was found under this further name, if it was.
    pub fn of(named: Option<&NamedModel>) -> Self {
        let Some(named) = named else {
            return Self::default();
        };
        let parameters = &named.values.parameters;
        Self {
            sampling: sampling(parameters),
            max_tokens: parameters.max_tokens,
            context_length: named.context_length,
            stop: parameters.stop.clone().unwrap_or_default(),
            system_prompt: named.values.system_prompt_or_empty().to_owned(),
            variables: thinking_variables(parameters.reasoning.unwrap_or_default()),
        }
    }

    /// The request with what it has no word for, or none of its own: system prompt, thinking, strings to stop at,
    /// context.
    pub fn complete(&self, mut request: Request) -> Request {
        self.begin(&mut request.prompt);
        if let Prompt::Chat { variables, .. } = &mut request.prompt
            && !tells_of_thinking(variables)
        {
            variables.extend(self.variables.clone());
        }
        if request.stop.is_empty() {
            request.stop.clone_from(&self.stop);
        }
        let needs = &mut request.needs;
        needs.context_length = needs.context_length.or(self.context_length);
        request
    }

    /// Puts the system prompt before a chat that has none. Text is continued as it is.
    pub fn begin(&self, prompt: &mut Prompt) {
        let Prompt::Chat { messages, .. } = prompt else {
            return;
        };
        let has_one = messages.iter().any(|message| message.role == "system");
        if has_one || self.system_prompt.is_empty() {
            return;
        }
        let system = ChatMessage {
            role: "system".into(),
            content: self.system_prompt.clone(),
            ..ChatMessage::default()
        };
        messages.insert(0, system);
    }
}

#[cfg(test)]
mod tests {
    use sirocco_core::completions::Needs;
    use sirocco_protocol::{LayerValues, ModelId, Parameters, Reasoning};

    use super::*;

    fn pirate() -> Defaults {
        Defaults::of(Some(&NamedModel {
            name: "pirate".into(),
            model_id: ModelId::fresh(),
            model_key: "tiny".into(),
            values: LayerValues {
                system_prompt: Some("You are a pirate.".into()),
                parameters: Parameters {
                    top_k: Some(7),
                    max_tokens: Some(9),
                    stop: Some(vec!["Arr".into()]),
                    reasoning: Some(Reasoning::Off),
                    ..Parameters::default()
                },
            },
            context_length: Some(2048),
            created_at_ms: 0,
        }))
    }

    fn chat(roles: &[&str]) -> Request {
        let messages = roles.iter().map(|role| ChatMessage {
            role: (*role).into(),
            content: "hi".into(),
            ..ChatMessage::default()
        });
        Request::new(Prompt::Chat {
            messages: messages.collect(),
            continue_last: false,
            variables: Map::new(),
            tools: Vec::new(),
            now_s: 0,
        })
    }

    fn words(request: &Request) -> Vec<&str> {
        match &request.prompt {
            Prompt::Chat { messages, .. } => {
                messages.iter().map(|one| one.content.as_str()).collect()
            }
            Prompt::Text { text, .. } => vec![text],
        }
    }

    fn variables(request: &Request) -> &Map<String, Value> {
        match &request.prompt {
            Prompt::Chat { variables, .. } => variables,
            Prompt::Text { .. } => panic!("text has no template"),
        }
    }

    #[test]
    fn a_name_speaks_where_the_request_is_silent() {
        let request = pirate().complete(chat(&["user"]));
        assert_eq!(words(&request), ["You are a pirate.", "hi"]);
        assert_eq!(request.stop, ["Arr"]);
        assert_eq!(request.needs.context_length, Some(2048));
        assert_eq!(variables(&request)["enable_thinking"], false);
        assert_eq!((pirate().sampling.top_k, pirate().max_tokens), (7, Some(9)));
    }

    #[test]
    fn what_the_request_says_itself_wins() {
        let mut asked = chat(&["system", "user"]);
        if let Prompt::Chat { variables, .. } = &mut asked.prompt {
            variables.insert("enable_thinking".into(), true.into());
        }
        let said = Request {
            stop: vec!["END".into()],
            needs: Needs {
                context_length: Some(512),
                ..Needs::default()
            },
            ..asked
        };
        assert_eq!(pirate().complete(said.clone()), said);
        let plain = chat(&["user"]);
        assert_eq!(Defaults::of(None).complete(plain.clone()), plain);
    }

    #[test]
    fn text_is_continued_as_it_is() {
        let text = Request::new(Prompt::Text {
            text: "The wind".into(),
            special: true,
        });
        assert_eq!(words(&pirate().complete(text)), ["The wind"]);
    }
}
