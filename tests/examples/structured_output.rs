//! Whether a real model's answers keep to their form: generated schemas, and calls of a named tool.
//!
//! Every answer is judged by a validator that is not the one that held it to its form. Standard output carries one
//! JSON object a line, as `cargo xtask bench server` reads them; what is wrong with an answer goes to standard error.
//! `SIROCCO_WORKER_DIR` and `SIROCCO_TEST_MODEL` say what answers; a number as the first argument asks for fewer.

use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Map, Value, json};
use sirocco_core::completions::{
    CallPiece, ChatMessage, Completions, Constraint, Piece, Prompt, Request, ToolChoice,
};
use sirocco_protocol::ModelId;
use sirocco_testkit::TempApp;

const SCHEMAS: u32 = 200;
const CALLS: u32 = 100;
/// More than any of these schemas takes.
const MAX_TOKENS: u32 = 600;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let asked = std::env::args().nth(1);
    let most: u32 = asked.map_or(Ok(SCHEMAS), |text| text.parse())?;
    let app = real().await?;
    let model = app.model().await?.id;
    let (mut valid, schemas) = (0, SCHEMAS.min(most));
    for seed in 0..schemas {
        valid += u32::from(answers_in_form(&app, model, seed).await?);
    }
    line("answers that satisfy their schema", valid, schemas);
    let (mut well_formed, calls) = (0, CALLS.min(most));
    for seed in 0..calls {
        well_formed += u32::from(calls_by_name(&app, model, SCHEMAS + seed).await?);
    }
    line(
        "calls of a named tool that are well-formed",
        well_formed,
        calls,
    );
    Ok(())
}

async fn real() -> anyhow::Result<TempApp> {
    let path = |name: &str| {
        let value = std::env::var_os(name).map(PathBuf::from);
        value.with_context(|| format!("{name} is not set: `cargo xtask bench server` says both"))
    };
    let runtime = sirocco_engine::discover(&[path("SIROCCO_WORKER_DIR")?])
        .into_iter()
        .next()
        .context("SIROCCO_WORKER_DIR has no worker")?;
    let app = TempApp::open_empty(runtime.program).await?;
    app.import(&path("SIROCCO_TEST_MODEL")?).await?;
    Ok(app)
}

async fn answers_in_form(app: &TempApp, model: ModelId, seed: u32) -> anyhow::Result<bool> {
    let schema = Dice::new(seed).schema();
    let constraint = Constraint::Json {
        schema: schema.clone(),
        lenient: false,
    };
    let request = Request {
        constraint: Some(constraint),
        ..request(seed, Vec::new())
    };
    let (text, _) = answer(app, model, request).await?;
    Ok(judge(&schema, &text))
}

async fn calls_by_name(app: &TempApp, model: ModelId, seed: u32) -> anyhow::Result<bool> {
    let schema = Dice::new(seed).object(1);
    let tool = |name: &str| json!({"type": "function", "function": {"name": name, "description": "Notes it.", "parameters": schema}});
    let request = Request {
        tool_choice: ToolChoice::Named("note_wind".into()),
        ..request(seed, vec![tool("forget_wind"), tool("note_wind")])
    };
    let (text, calls) = answer(app, model, request).await?;
    let is_one = text.is_empty() && calls.len() == 1 && calls[0].0 == "note_wind";
    if !is_one {
        eprintln!("{text} {calls:?}");
    }
    Ok(is_one && judge(&schema, &calls[0].1))
}

fn request(seed: u32, tools: Vec<Value>) -> Request {
    let mut request = Request::new(Prompt::Chat {
        messages: vec![ChatMessage {
            role: "user".into(),
            content: "Make up a record of a wind, and write it down as JSON.".into(),
            ..ChatMessage::default()
        }],
        continue_last: false,
        variables: Map::new(),
        tools,
        now_s: 0,
    });
    request.sampling.seed = Some(seed.into());
    request.max_tokens = Some(MAX_TOKENS);
    request
}

/// Text, and calls with their arguments.
async fn answer(
    app: &TempApp,
    model: ModelId,
    request: Request,
) -> anyhow::Result<(String, Vec<(String, String)>)> {
    let mut completion = app.app().complete(model, request);
    let (mut text, mut calls) = (String::new(), Vec::new());
    while let Some(piece) = completion.next().await {
        match piece? {
            Piece::Text { content, .. } => text.push_str(&content),
            Piece::Call(CallPiece::Begin { name }) => calls.push((name, String::new())),
            Piece::Call(CallPiece::Arguments(more)) => {
                calls.last_mut().context("a call begins")?.1.push_str(&more);
            }
            Piece::Call(CallPiece::End)
            | Piece::Waiting { .. }
            | Piece::Started { .. }
            | Piece::Finished(_) => {}
        }
    }
    Ok((text, calls))
}

fn judge(schema: &Value, text: &str) -> bool {
    let fault = match serde_json::from_str::<Value>(text) {
        Ok(value) => jsonschema::validate(schema, &value)
            .err()
            .map(|error| error.to_string()),
        Err(error) => Some(error.to_string()),
    };
    if let Some(fault) = &fault {
        eprintln!("{fault}\n  schema {schema}\n  answer {text}");
    }
    fault.is_none()
}

fn line(name: &str, value: u32, of: u32) {
    let line = json!({
        "name": format!("server: {name}"), "value": value, "unit": format!("of {of}"), "bar": of, "ok": value == of,
    });
    println!("{line}");
}

/// Chooses what stands in a schema; the same seed, the same schema.
struct Dice(u64);

impl Dice {
    fn new(seed: u32) -> Self {
        Self((u64::from(seed) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn below(&mut self, count: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) % count
    }

    fn schema(&mut self) -> Value {
        match self.below(8) {
            0 => self.array(2),
            1 => self.value(0),
            2 => json!({
                "$defs": {"part": self.value(0)},
                "type": "object",
                "properties": {"first": {"$ref": "#/$defs/part"}, "second": {"$ref": "#/$defs/part"}},
                "required": ["first"],
                "additionalProperties": false,
            }),
            _ => self.object(2),
        }
    }

    fn object(&mut self, depth: u32) -> Value {
        const NAMES: [&str; 8] = [
            "name", "force", "from", "is_warm", "places", "months", "a key", "größe",
        ];
        let count = 1 + self.below(3);
        let first = self.below(NAMES.len() as u64) as usize;
        let names: Vec<&str> = (0..count as usize)
            .map(|at| NAMES[(first + at) % NAMES.len()])
            .collect();
        let properties: Map<String, Value> = names
            .iter()
            .map(|name| ((*name).to_owned(), self.value(depth)))
            .collect();
        let required = &names[..names.len() - self.below(2) as usize];
        json!({
            "type": "object", "properties": properties, "required": required, "additionalProperties": false,
        })
    }

    fn array(&mut self, depth: u32) -> Value {
        let items = self.value(depth - 1);
        let most = 1 + self.below(3);
        json!({"type": "array", "items": items, "minItems": self.below(2), "maxItems": most})
    }

    fn value(&mut self, depth: u32) -> Value {
        match self.below(if depth == 0 { 9 } else { 11 }) {
            0 => {
                json!({"type": "string", "minLength": self.below(4), "maxLength": 8 + self.below(20)})
            }
            1 => json!({"enum": ["north", "south", 7, null, true]}),
            2 => json!({"type": "integer", "minimum": -5, "maximum": self.below(1000)}),
            3 => json!({"type": "number", "minimum": 0, "exclusiveMaximum": 100}),
            4 => json!({"type": "boolean"}),
            5 => json!({"const": {"unit": "km/h", "is": [1, 2.5]}}),
            6 => json!({"type": ["string", "null"], "maxLength": 12}),
            7 => {
                json!({"anyOf": [{"type": "integer", "minimum": 1, "maximum": 9}, {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{1,3}$"}]})
            }
            8 => {
                json!({"type": "string", "format": (["date", "time", "uuid"])[self.below(3) as usize]})
            }
            9 => self.array(depth),
            _ => self.object(depth - 1),
        }
    }
}
