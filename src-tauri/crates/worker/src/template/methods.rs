//! Python's methods on strings, lists and dictionaries, with a price.
//!
//! minijinja's own operators and filters are paid for in fuel. The methods of `minijinja-contrib` are not, and some
//! can make much from little (`replace`, `join`, `format`) or take long (`strip`), so they are paid for here.

use std::fmt::Write;

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, State, Value};
use minijinja_contrib::pycompat::unknown_method_callback;

use super::limits::MAX_PROMPT_BYTES;

/// Pays for work on so many bytes.
pub(super) fn charge_bytes(state: &State, bytes: usize) -> Result<(), Error> {
    state.consume_fuel(bytes as u64 / 64)
}

fn too_long() -> Error {
    Error::from(ErrorKind::OutOfFuel)
}

/// Calls `value.method(arguments)`.
pub(super) fn call(
    state: &mut State,
    value: &Value,
    method: &str,
    arguments: &[Value],
) -> Result<Value, Error> {
    let Some(text) = value.as_str() else {
        if method == "join" || value.kind() != ValueKind::Map {
            charge_bytes(state, value.len().unwrap_or(0).saturating_mul(64))?;
        }
        return unknown_method_callback(state, value, method, arguments);
    };
    charge_bytes(state, text.len())?;
    let argument = |at: usize| {
        arguments
            .get(at)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    match method {
        "replace" => {
            let (old, new) = (argument(0), argument(1));
            let found = if old.is_empty() {
                text.chars().count() + 1
            } else {
                text.matches(old).count()
            };
            charge_made(
                state,
                text.len().saturating_add(found.saturating_mul(new.len())),
            )?;
        }
        "strip" | "lstrip" | "rstrip" => {
            charge_bytes(
                state,
                text.len().saturating_mul(argument(0).chars().count()),
            )?;
        }
        // Each part is a value of its own.
        "split" | "splitlines" => charge_bytes(state, text.len().saturating_mul(16))?,
        "format" => return format(state, value, text, arguments),
        "join" if arguments.len() == 1 => return join(state, text, &arguments[0]),
        "startswith" | "endswith" => {
            let choices = arguments.first().and_then(Value::len).unwrap_or(0);
            charge_bytes(state, choices.saturating_mul(64))?;
        }
        "removeprefix" => return Ok(Value::from(text.strip_prefix(argument(0)).unwrap_or(text))),
        "removesuffix" => return Ok(Value::from(text.strip_suffix(argument(0)).unwrap_or(text))),
        _ => {}
    }
    unknown_method_callback(state, value, method, arguments)
}

/// Pays for a string of so many bytes before it is made.
fn charge_made(state: &State, bytes: usize) -> Result<(), Error> {
    if bytes > MAX_PROMPT_BYTES {
        Err(too_long())
    } else {
        charge_bytes(state, bytes)
    }
}

fn format(
    state: &mut State,
    value: &Value,
    text: &str,
    arguments: &[Value],
) -> Result<Value, Error> {
    // A width of six digits or more is no text layout.
    if text
        .split(|character: char| !character.is_ascii_digit())
        .any(|digits| digits.len() > 5)
    {
        return Err(too_long());
    }
    let mut longest = 0;
    let written = arguments.iter().map(|argument| {
        let is_list = matches!(
            argument.kind(),
            ValueKind::Seq | ValueKind::Map | ValueKind::Iterable
        );
        let argument = if is_list {
            Value::from(write_bounded(argument)?)
        } else {
            argument.clone()
        };
        longest = longest.max(argument.as_str().map_or(64, str::len));
        Ok(argument)
    });
    let written = written.collect::<Result<Vec<Value>, Error>>()?;
    let fields = text.matches('{').count();
    charge_made(
        state,
        text.len()
            .saturating_add(fields.saturating_mul(longest.saturating_add(64))),
    )?;
    unknown_method_callback(state, value, "format", &written)
}

fn join(state: &State, separator: &str, items: &Value) -> Result<Value, Error> {
    let separator = Value::from(separator);
    let mut joined = Bounded(String::new());
    for (at, item) in items.try_iter()?.enumerate() {
        state.consume_fuel(1)?;
        if at > 0 {
            joined.push(&separator)?;
        }
        joined.push(&item)?;
    }
    charge_made(state, joined.0.len())?;
    Ok(Value::from(joined.0))
}

/// A value as text, if that fits in a prompt.
fn write_bounded(value: &Value) -> Result<String, Error> {
    let mut text = Bounded(String::new());
    text.push(value)?;
    Ok(text.0)
}

/// Text that stops growing: a nested list may be short to make and endless to write.
struct Bounded(String);

impl Bounded {
    fn push(&mut self, value: &Value) -> Result<(), Error> {
        write!(self, "{value}").map_err(|_| too_long())
    }
}

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        if self.0.len() + text.len() > MAX_PROMPT_BYTES {
            return Err(std::fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}
