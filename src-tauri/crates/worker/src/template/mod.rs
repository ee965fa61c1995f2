//! Chat templates: a conversation written the way its model was trained to read it.
//!
//! The templates are Jinja, come with the model file, and expect the environment that Hugging Face `transformers`
//! gives them: trimmed blocks, Python's string and dictionary methods, `raise_exception`, `strftime_now`, a `tojson`
//! that escapes nothing. They are programs from strangers, so what one may spend is bounded: see [`limits`].
//!
//! ```
//! use sirocco_worker::template::{ChatTemplate, Message, RenderRequest};
//! let messages = [Message::new("user", "Hi")];
//! let prompt = ChatTemplate::chatml().render(&RenderRequest::new(&messages))?;
//! assert_eq!(prompt, "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
//! # Ok::<(), sirocco_worker::template::TemplateError>(())
//! ```

mod clock;
mod environment;
mod json;
pub mod limits;
mod message;
mod methods;
mod thoughts;
mod tools;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use fancy_regex::Regex;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use serde_json::Map;
use time::OffsetDateTime;

pub use message::Message;
pub use tools::in_words;

/// What a model without a template gets.
const CHATML: &str = "\
{%- for message in messages -%}
{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}";

/// Stands where generation is to go on; private-use characters that no conversation needs.
const MARK: &str = "\u{f8f0}\u{f8f1}\u{f8f0}";

const NAME: &str = "chat";

/// Why a prompt cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The template is no valid Jinja, or too long.
    #[error("the model's chat template cannot be read: {reason}")]
    Syntax {
        /// What is wrong, and in which line.
        reason: String,
    },
    /// The template itself refuses the conversation (`raise_exception`).
    #[error("the model's chat template refuses this conversation: {reason}")]
    Refused {
        /// The template's words.
        reason: String,
    },
    /// The template does something impossible with the conversation.
    #[error("the model's chat template fails on this conversation: {reason}")]
    Failed {
        /// What, and in which line.
        reason: String,
    },
    /// The template runs longer or takes more memory than any conversation justifies.
    #[error("the model's chat template takes more steps or memory than allowed")]
    TooExpensive,
    /// The prompt is longer than [`limits::MAX_PROMPT_BYTES`].
    #[error("the model's chat template writes more than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// The template ran out of time where its steps are not counted. A thread of this process still runs it and may
    /// take more and more memory: answer, then end the process.
    #[error("the model's chat template does not come to an end")]
    Runaway,
    /// The last message was to be continued, but the template does not show it.
    #[error("the model's chat template leaves no place to continue the last message")]
    NoContinuation,
}

/// What a template is rendered with.
#[derive(Clone, Debug)]
pub struct RenderRequest<'a> {
    /// Oldest first.
    pub messages: &'a [Message],
    /// Tools as JSON schemas; none is written as `none`, as `transformers` does.
    pub tools: &'a [serde_json::Value],
    /// End with the opening of an answer. Ignored when continuing.
    pub add_generation_prompt: bool,
    /// Leave the last message open, so that generation continues it: its text, or its thoughts if it has come no
    /// further.
    pub continue_final_message: bool,
    /// Text of the beginning-of-sequence token; empty if there is none.
    pub bos_token: &'a str,
    /// Text of the end-of-sequence token; empty if there is none.
    pub eos_token: &'a str,
    /// Further variables, such as `enable_thinking`.
    pub variables: Map<String, serde_json::Value>,
    /// For templates that print the date.
    pub now: OffsetDateTime,
}

impl<'a> RenderRequest<'a> {
    /// An answer to `messages`, without tools, at the beginning of 1970.
    pub fn new(messages: &'a [Message]) -> Self {
        Self {
            messages,
            tools: &[],
            add_generation_prompt: true,
            continue_final_message: false,
            bos_token: "",
            eos_token: "",
            variables: Map::new(),
            now: OffsetDateTime::UNIX_EPOCH,
        }
    }
}

/// A compiled template.
#[derive(Debug)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    knows_tools: bool,
    /// Set once a rendering did not end; another one would be lost as well.
    runs_away: AtomicBool,
}

impl ChatTemplate {
    /// Compiles a template.
    ///
    /// # Errors
    /// [`TemplateError::Syntax`].
    pub fn new(source: &str) -> Result<Self, TemplateError> {
        if source.len() > limits::MAX_TEMPLATE_BYTES {
            let reason = format!("it is longer than {} bytes", limits::MAX_TEMPLATE_BYTES);
            return Err(TemplateError::Syntax { reason });
        }
        let environment = environment::compile(NAME, without_generation_tags(source))?;
        Ok(Self {
            environment,
            knows_tools: source.contains("tools"),
            runs_away: AtomicBool::new(false),
        })
    }

    /// The template of models that bring none: ChatML.
    pub fn chatml() -> Self {
        Self::new(CHATML).expect("a test renders this template")
    }

    /// The template a file brings, or ChatML.
    ///
    /// # Errors
    /// As for [`ChatTemplate::new`].
    pub fn of_file(source: Option<&str>) -> Result<Self, TemplateError> {
        source
            .filter(|source| !source.trim().is_empty())
            .map_or_else(|| Ok(Self::chatml()), Self::new)
    }

    /// Whether it has a place for tools; for one that has not there is [`in_words`].
    pub fn knows_tools(&self) -> bool {
        self.knows_tools
    }

    /// Writes the prompt.
    ///
    /// A system message that the template refuses, or drops without a word, goes in front of the first user message.
    /// To continue an answer that has no words yet is to ask for it, and to put what it thought behind that.
    ///
    /// # Errors
    /// Every variant of [`TemplateError`] but `Syntax`.
    pub fn render(&self, request: &RenderRequest) -> Result<String, TemplateError> {
        if request.continue_final_message
            && let Some((last, before)) = request.messages.split_last()
            && last.is_answer_without_words()
        {
            let asking = RenderRequest {
                messages: before,
                add_generation_prompt: true,
                continue_final_message: false,
                ..request.clone()
            };
            let mut prompt = self.render(&asking)?;
            thoughts::append(&mut prompt, last.thoughts());
            return Ok(prompt);
        }
        let first = self.render_messages(request, request.messages);
        let Some(system) = request
            .messages
            .first()
            .filter(|message| message.role == "system")
        else {
            return first;
        };
        let text = system.content.as_deref().unwrap_or_default().trim();
        let is_kept = match &first {
            Ok(prompt) => prompt.contains(text),
            Err(TemplateError::Refused { .. } | TemplateError::Failed { .. }) => false,
            Err(_) => true,
        };
        if is_kept || request.messages.len() < 2 {
            return first;
        }
        let merged = message::with_system_in_first_user(request.messages);
        match self.render_messages(request, &merged) {
            Ok(prompt) => Ok(prompt),
            Err(_) => first,
        }
    }

    fn render_messages(
        &self,
        request: &RenderRequest,
        messages: &[Message],
    ) -> Result<String, TemplateError> {
        let continues = request.continue_final_message && !messages.is_empty();
        let marked = if continues {
            message::with_mark(messages, MARK)
        } else {
            Vec::new()
        };
        let messages = if continues {
            marked.as_slice()
        } else {
            messages
        };
        let tools = (!request.tools.is_empty()).then_some(request.tools);
        let variables = context! {
            messages => Serde(messages),
            tools => Value::from(Serde(tools)),
            documents => (),
            add_generation_prompt => request.add_generation_prompt && !continues,
            bos_token => request.bos_token,
            eos_token => request.eos_token,
        };
        // A variable of the caller's goes before one of the same name here.
        let variables = context! { ..Value::from(Serde(&request.variables)), ..variables };
        if self.runs_away.load(Ordering::Relaxed) {
            return Err(TemplateError::Runaway);
        }
        let prompt = environment::render(
            &self.environment,
            NAME,
            variables,
            messages.len(),
            request.now,
        );
        self.runs_away
            .store(prompt == Err(TemplateError::Runaway), Ordering::Relaxed);
        let prompt = prompt?;
        if !continues {
            return Ok(prompt);
        }
        let at = prompt.rfind(MARK).ok_or(TemplateError::NoContinuation)?;
        Ok(prompt[..at].to_owned())
    }
}

/// `{% generation %}` marks what a model is trained on; to write a prompt it only trims the white space around it.
fn without_generation_tags(source: &str) -> String {
    static OPENING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\{%([-+]?)\s*generation\s*([-+]?)%\}").expect("a test uses this expression")
    });
    static CLOSING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\{%([-+]?)\s*endgeneration\s*([-+]?)%\}").expect("a test uses this expression")
    });
    if !source.contains("generation") {
        return source.to_owned();
    }
    let opened = OPENING.replace_all(source, "{%$1 if true $2%}");
    CLOSING.replace_all(&opened, "{%$1 endif $2%}").into_owned()
}

#[cfg(test)]
mod tests;
