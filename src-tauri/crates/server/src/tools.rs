//! Tools: those of a request, and the calls of an answer.

use serde_json::{Map, Value, json};
use sirocco_core::completions::{CallPiece, Request, ToolCall, ToolChoice};

use crate::fault::{Fault, fresh_id};

/// What a request says about tools.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tools {
    /// As chat templates are given them.
    pub list: Vec<Value>,
    choice: ToolChoice,
    one_call: bool,
}

impl Tools {
    /// These tools, and who chooses among them; `field` is where that stands in the request.
    pub fn new(
        list: Vec<Value>,
        choice: Choice,
        one_call: bool,
        field: &str,
    ) -> Result<Self, Fault> {
        let refuse = |message: String| Err(Fault::field(field, message));
        let choice = match choice {
            // Tools that are not to be called need not be told of.
            Choice::None => return Ok(Self::default()),
            Choice::Auto => ToolChoice::Free,
            Choice::Required | Choice::Named(_) if list.is_empty() => {
                return refuse(format!(
                    "`{field}` asks for a call, and there are no `tools`"
                ));
            }
            Choice::Required => ToolChoice::Required,
            Choice::Named(name) if list.iter().any(|tool| tool["function"]["name"] == name) => {
                ToolChoice::Named(name)
            }
            Choice::Named(name) => {
                return refuse(format!(
                    "`{field}` names `{name}`, which is not among the `tools`"
                ));
            }
        };
        Ok(Self {
            list,
            choice,
            one_call,
        })
    }

    /// Puts what is not part of the prompt into the request.
    pub fn apply(self, request: Request) -> Request {
        Request {
            tool_choice: self.choice,
            one_call: self.one_call,
            ..request
        }
    }
}

/// Who decides that a tool is called, as clients say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    None,
    Auto,
    Required,
    Named(String),
}

impl Choice {
    /// OpenAI's words: a string, or an object that names a function, under `function` or beside the type.
    pub fn of_openai(value: &Value) -> Result<Self, Fault> {
        let name = &value["function"]["name"];
        let name = if name.is_null() { &value["name"] } else { name };
        match (value, name) {
            (Value::Null, _) => Ok(Self::Auto),
            (Value::String(word), _) if word == "none" => Ok(Self::None),
            (Value::String(word), _) if word == "auto" => Ok(Self::Auto),
            (Value::String(word), _) if word == "required" => Ok(Self::Required),
            (Value::Object(_), Value::String(name)) if value["type"] == "function" => {
                Ok(Self::Named(name.clone()))
            }
            _ => Err(Fault::field(
                "tool_choice",
                "`tool_choice` must be none, auto, required, or an object that names a function",
            )),
        }
    }
}

/// A tool as chat templates are given it.
pub fn tool(name: &str, description: Option<&str>, parameters: Option<&Value>) -> Value {
    let mut function = Map::new();
    function.insert("name".into(), name.into());
    if let Some(description) = description {
        function.insert("description".into(), description.into());
    }
    // Templates look into it, and a tool that takes nothing may leave it out.
    let nothing = json!({"type": "object", "properties": {}});
    let parameters = parameters.filter(|schema| schema.is_object());
    function.insert("parameters".into(), parameters.unwrap_or(&nothing).clone());
    json!({"type": "function", "function": function})
}

/// The functions of OpenAI's `tools`: their fields stand under `function`, or as newer routes have it beside the type.
pub fn of_openai(tools: &Value) -> Result<Vec<Value>, Fault> {
    let list = match tools {
        Value::Null => return Ok(Vec::new()),
        Value::Array(list) => list,
        _ => return Err(Fault::field("tools", "`tools` must be a list")),
    };
    let mut read = Vec::with_capacity(list.len());
    for (at, one) in list.iter().enumerate() {
        let kind = one["type"].as_str().unwrap_or_default();
        if kind != "function" {
            let field = format!("tools[{at}]");
            let message = format!("`{field}` is of type `{kind}`: only functions are supported");
            return Err(Fault::field(field, message));
        }
        let function = one.get("function").unwrap_or(one);
        let Some(name) = function["name"].as_str().filter(|name| !name.is_empty()) else {
            let field = format!("tools[{at}].function.name");
            return Err(Fault::field(&field, format!("`{field}` must be a name")));
        };
        read.push(tool(
            name,
            function["description"].as_str(),
            function.get("parameters"),
        ));
    }
    Ok(read)
}

/// A call in the history, with its arguments as JSON in a string. What a model wrote once that is no JSON stays the
/// string it is: a conversation is not to be stuck at it.
pub fn earlier_call(id: &str, name: &str, arguments: &str) -> ToolCall {
    let arguments = match arguments.trim() {
        "" => json!({}),
        text => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
    };
    ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments,
    }
}

/// A call that an answer makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Without the prefix of the dialect.
    pub id: String,
    pub name: String,
    /// JSON, as the model wrote it.
    pub arguments: String,
}

impl Call {
    fn begin(name: String) -> Self {
        Self {
            id: fresh_id(""),
            name,
            arguments: String::new(),
        }
    }

    /// Its arguments, for dialects that have nothing but objects.
    pub fn object(&self) -> Option<Map<String, Value>> {
        serde_json::from_str(&self.arguments).ok()
    }

    /// As text, for those when a model wrote what is none: a tool is not to be called with something else.
    pub fn in_words(&self) -> String {
        format!("{}({})", self.name, self.arguments)
    }
}

/// Calls put together again, in their order.
#[derive(Debug, Default)]
pub struct Calls(pub Vec<Call>);

impl Calls {
    pub fn push(&mut self, piece: &CallPiece) {
        match (piece, self.0.last_mut()) {
            (CallPiece::Begin { name }, _) => self.0.push(Call::begin(name.clone())),
            (CallPiece::Arguments(more), Some(call)) => call.arguments.push_str(more),
            (CallPiece::Arguments(_) | CallPiece::End, _) => {}
        }
    }

    /// The one being written.
    pub fn last(&self) -> Option<&Call> {
        self.0.last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tools(list: &Value, choice: &Value) -> Result<Tools, Fault> {
        Tools::new(
            of_openai(list)?,
            Choice::of_openai(choice)?,
            false,
            "tool_choice",
        )
    }

    fn wind() -> Value {
        json!([{"type": "function", "function": {"name": "wind", "strict": true, "description": "Asks."}}])
    }

    #[test]
    fn tools_are_given_as_templates_want_them() {
        let expected = json!({"type": "function", "function": {
            "name": "wind", "description": "Asks.", "parameters": {"type": "object", "properties": {}},
        }});
        let flat = json!([{"type": "function", "name": "wind", "description": "Asks.", "parameters": null}]);
        for list in [wind(), flat] {
            assert_eq!(of_openai(&list).unwrap(), std::slice::from_ref(&expected));
        }
    }

    #[test]
    fn the_choice_is_the_models_none_any_or_one() {
        for (choice, expected) in [
            (json!(null), ToolChoice::Free),
            (json!("auto"), ToolChoice::Free),
            (json!("required"), ToolChoice::Required),
            (
                json!({"type": "function", "function": {"name": "wind"}}),
                ToolChoice::Named("wind".into()),
            ),
            (
                json!({"type": "function", "name": "wind"}),
                ToolChoice::Named("wind".into()),
            ),
        ] {
            let tools = tools(&wind(), &choice).unwrap();
            assert_eq!((tools.choice, tools.list.len()), (expected, 1), "{choice}");
        }
        assert_eq!(tools(&wind(), &json!("none")).unwrap(), Tools::default());
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (field, list, choice) in [
            ("tools", json!("wind"), json!(null)),
            ("tools[0]", json!([{"type": "web_search"}]), json!(null)),
            (
                "tools[0].function.name",
                json!([{"type": "function", "function": {}}]),
                json!(null),
            ),
            ("tool_choice", json!([]), json!("required")),
            ("tool_choice", wind(), json!("always")),
            ("tool_choice", wind(), json!({"name": "wind"})),
            ("tool_choice", wind(), json!({"type": "allowed_tools"})),
            (
                "tool_choice",
                wind(),
                json!({"type": "function", "function": {"name": "tide"}}),
            ),
        ] {
            let fault = tools(&list, &choice).unwrap_err();
            assert_eq!(fault.field.as_deref(), Some(field), "{list} {choice}");
        }
    }

    #[test]
    fn calls_are_put_together() {
        let mut calls = Calls::default();
        let begin = |name: &str| CallPiece::Begin { name: name.into() };
        for piece in [
            begin("wind"),
            CallPiece::Arguments("{\"a\":".into()),
            CallPiece::Arguments("1}".into()),
            CallPiece::End,
            begin("tide"),
            CallPiece::Arguments("{\"a".into()),
            CallPiece::End,
        ] {
            calls.push(&piece);
        }
        let [wind, tide] = calls.0.as_slice() else {
            unreachable!("there are two");
        };
        assert_eq!(wind.object().map(Value::from), Some(json!({"a": 1})));
        assert_ne!(wind.id, tide.id);
        assert_eq!(
            (tide.object(), tide.in_words()),
            (None, "tide({\"a)".into())
        );
    }

    #[test]
    fn what_a_model_wrote_wrongly_stays_a_string() {
        let arguments = |text| earlier_call("1", "wind", text).arguments;
        assert_eq!(arguments("{\"at\": 1}"), json!({"at": 1}));
        assert_eq!(arguments("{\"at"), json!("{\"at"));
        assert_eq!(arguments(""), json!({}));
    }
}
