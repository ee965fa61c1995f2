//! The environment that templates run in, and what running one may cost.

use std::error::Error as _;
use std::io::{self, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, Output, State, Value};
use time::OffsetDateTime;

use super::{TemplateError, clock, json, limits, methods};

/// What a template said when it refused a conversation.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refusal(String);

/// An environment with one template.
///
/// On a thread of its own: the parser bounds nesting, but builds a tree as deep as a chain of operators is long.
pub(super) fn compile(
    name: &'static str,
    source: String,
) -> Result<Environment<'static>, TemplateError> {
    let run = move || {
        let mut environment = environment();
        let added = environment.add_template_owned(name, source);
        added
            .map(|()| environment)
            .map_err(|error| TemplateError::Syntax {
                reason: explain(&error),
            })
    };
    let compiled = thread::Builder::new()
        .name("chat-template".to_owned())
        .stack_size(limits::COMPILE_STACK_BYTES)
        .spawn(run)
        .map_err(|error| TemplateError::Syntax {
            reason: format!("no thread can be started ({error})"),
        })?
        .join();
    compiled.unwrap_or_else(|_| {
        Err(TemplateError::Syntax {
            reason: "reading it panics".to_owned(),
        })
    })
}

/// An environment without templates, the way `transformers` sets up Jinja.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    environment.set_syntax(syntax.expect("the delimiters are the usual ones"));
    environment.set_recursion_limit(limits::MAX_DEPTH);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_unknown_method_callback(methods::call);
    environment.set_formatter(write_value);
    environment.add_filter("tojson", json::tojson);
    environment.add_filter("escape", escape);
    environment.add_filter("e", escape);
    environment.add_test("iterable", is_iterable);
    environment.add_function("raise_exception", raise_exception);
    environment
}

fn raise_exception(reason: String) -> Result<String, Error> {
    Err(
        Error::new(ErrorKind::InvalidOperation, "refused by the template")
            .with_source(Refusal(reason)),
    )
}

/// In Python `None` is not iterable; templates ask this of `tools`.
fn is_iterable(value: &Value) -> bool {
    !value.is_none() && value.try_iter().is_ok()
}

/// HTML, as Python's Jinja has it, though nothing else here escapes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Python's names for what has none in text.
fn write_value(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    let word = if value.is_none() {
        "None"
    } else if value.kind() == minijinja::value::ValueKind::Bool {
        if value.is_true() { "True" } else { "False" }
    } else {
        return minijinja::escape_formatter(out, state, value);
    };
    out.write_str(word)
        .map_err(|error| Error::new(ErrorKind::WriteFailure, "cannot write").with_source(error))
}

/// Collects a prompt up to the longest one.
struct Prompt(Vec<u8>);

impl Write for Prompt {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > limits::MAX_PROMPT_BYTES {
            return Err(io::Error::other(TooLong));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the prompt is too long")]
struct TooLong;

/// Renders the template called `name`, on a thread of its own: fuel bounds almost everything a template can do, but
/// minijinja 3.1 concatenates lists and writes nested ones without asking for any.
pub(super) fn render(
    environment: &Environment<'static>,
    name: &'static str,
    variables: Value,
    messages: usize,
    now: OffsetDateTime,
) -> Result<String, TemplateError> {
    // A copy shares the compiled template; fuel and the clock belong to one rendering.
    let mut environment = environment.clone();
    environment.set_fuel(Some(
        limits::BASE_STEPS + limits::STEPS_PER_MESSAGE * messages as u64,
    ));
    environment.add_function("strftime_now", move |format: &str| {
        clock::strftime(now, format)
    });
    let (sender, receiver) = mpsc::sync_channel(1);
    let run = move || {
        // Nobody listens any more once the time is up.
        let _ = sender.send(render_here(&environment, name, variables));
    };
    thread::Builder::new()
        .name("chat-template".to_owned())
        .stack_size(limits::STACK_BYTES)
        .spawn(run)
        .map_err(|error| TemplateError::Failed {
            reason: format!("no thread can be started ({error})"),
        })?;
    let time =
        limits::BASE_TIME + limits::TIME_PER_MESSAGE * u32::try_from(messages).unwrap_or(u32::MAX);
    match receiver.recv_timeout(time) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => Err(TemplateError::Runaway),
        Err(RecvTimeoutError::Disconnected) => Err(TemplateError::Failed {
            reason: "it panics".to_owned(),
        }),
    }
}

fn render_here(
    environment: &Environment<'static>,
    name: &str,
    variables: Value,
) -> Result<String, TemplateError> {
    let template = environment
        .get_template(name)
        .map_err(|error| classify(&error))?;
    let mut prompt = Prompt(Vec::new());
    template
        .render_captured_to(variables, &mut prompt)
        .map_err(|error| classify(&error))?;
    String::from_utf8(prompt.0).map_err(|_| TemplateError::Failed {
        reason: "it writes no text".to_owned(),
    })
}

fn classify(error: &Error) -> TemplateError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(refusal) = current.downcast_ref::<Refusal>() {
            return TemplateError::Refused {
                reason: refusal.0.clone(),
            };
        }
        if let Some(error) = current.downcast_ref::<Error>()
            && error.kind() == ErrorKind::OutOfFuel
        {
            return TemplateError::TooExpensive;
        }
        let inner = current
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if inner.is_some_and(|inner| inner.is::<TooLong>()) {
            return TemplateError::TooLong {
                limit: limits::MAX_PROMPT_BYTES,
            };
        }
        cause = current.source();
    }
    TemplateError::Failed {
        reason: explain(error),
    }
}

/// What went wrong and where, in one line.
fn explain(error: &Error) -> String {
    let what = error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned);
    let cause = error
        .source()
        .map(|cause| format!(" ({cause})"))
        .unwrap_or_default();
    match error.line() {
        Some(line) => format!("{what}{cause} in line {line}"),
        None => format!("{what}{cause}"),
    }
}
