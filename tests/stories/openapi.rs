//! What the server says of its routes, held against what is sent to it and what it answers.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use anyhow::{Context, bail};
use jsonschema::Validator;
use reqwest::{Method, Request};
use serde_json::{Value, json};
use sirocco_server::openapi::document;
use sirocco_testkit::Script;

use crate::server_scene::Scene;

/// A request, with what the document says of its route.
pub struct Asked {
    /// None for what is no route, which is asked for to be refused.
    operation: Option<String>,
    body: Option<Value>,
}

impl Asked {
    pub fn of(request: &Request) -> Self {
        let bytes = request.body().and_then(|body| body.as_bytes());
        let method = request.method().as_str().to_lowercase();
        let path = path_like(request.url().path());
        let place = path.map(|path| format!("/paths/{}/{method}", escaped(path)));
        Self {
            operation: place.filter(|place| document().pointer(place).is_some()),
            body: bytes.and_then(|bytes| serde_json::from_slice(bytes).ok()),
        }
    }

    /// Of what is served the request is right, and so is every answer.
    pub fn told(&self, status: u16, answer: &Value) -> anyhow::Result<()> {
        if status == 200 {
            self.served()?;
            self.judge("/responses/200/content/application~1json/schema", answer)
        } else {
            self.judge(
                "/responses/default/content/application~1json/schema",
                answer,
            )
        }
    }

    /// It was served.
    pub fn served(&self) -> anyhow::Result<()> {
        match &self.body {
            Some(body) => self.judge("/requestBody/content/application~1json/schema", body),
            None => Ok(()),
        }
    }

    /// One line of an answer.
    pub fn line(&self, line: &Value) -> anyhow::Result<()> {
        self.judge("/responses/200/content/application~1x-ndjson/schema", line)
    }

    /// The data of one event of an answer.
    pub fn event(&self, event: &Value) -> anyhow::Result<()> {
        self.judge("/responses/200/content/text~1event-stream/schema", event)
    }

    fn judge(&self, part: &str, value: &Value) -> anyhow::Result<()> {
        let Some(operation) = &self.operation else {
            return Ok(());
        };
        let place = format!("{operation}{part}");
        let judge = judge_of(&place)?;
        let faults: Vec<_> = judge
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path))
            .collect();
        match faults.is_empty() {
            true => Ok(()),
            false => bail!("{place} does not say so: {faults:#?}\n{value:#}"),
        }
    }
}

/// The schema at this place, compiled once.
fn judge_of(place: &str) -> anyhow::Result<Arc<Validator>> {
    static JUDGES: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    let mut judges = JUDGES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(judge) = judges.get(place) {
        return Ok(Arc::clone(judge));
    }
    let schema = document().pointer(place);
    let mut schema = schema
        .with_context(|| format!("the document has no {place}"))?
        .clone();
    schema["components"] = document()["components"].clone();
    let judge = Arc::new(jsonschema::validator_for(&schema)?);
    judges.insert(place.to_owned(), Arc::clone(&judge));
    Ok(judge)
}

/// The path of the document that this one is, or is an example of.
fn path_like(path: &str) -> Option<&'static str> {
    let paths = document()["paths"].as_object()?;
    if let Some((known, _)) = paths.get_key_value(path) {
        return Some(known);
    }
    let is_like = |known: &str| {
        let (mut known, mut parts) = (known.split('/'), path.split('/'));
        loop {
            match (known.next(), parts.next()) {
                (None, None) => return true,
                (Some(one), Some(part)) if one == part || one.starts_with('{') => {}
                _ => return false,
            }
        }
    };
    paths
        .keys()
        .map(String::as_str)
        .find(|known| is_like(known))
}

fn escaped(path: &str) -> String {
    path.replace('~', "~0").replace('/', "~1")
}

#[tokio::test]
async fn the_server_tells_what_its_routes_are() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    let (status, told) = scene.get("/openapi.json").await?;
    assert_eq!((status, &told), (200, document()));
    assert_eq!(told["openapi"], "3.1.0");
    scene.close().await
}

#[tokio::test]
async fn what_the_document_does_not_say_is_noticed() -> anyhow::Result<()> {
    let scene = Scene::open(&Script::default()).await?;
    let asked = |path: &str, body: Value| {
        let request = scene.request(Method::POST, path).json(&body).build();
        request.map(|request| Asked::of(&request))
    };
    let show = asked("/api/show", json!({"model": scene.key}))?;
    show.served()?;
    let shown = scene.ask("/api/show", json!({"model": scene.key})).await?;
    show.told(200, &shown)?;
    for (field, value) in [("template", json!(5)), ("temperature", json!(0.5))] {
        let mut wrong = shown.clone();
        wrong[field] = value;
        assert!(show.told(200, &wrong).is_err(), "{field}");
    }
    assert!(
        show.told(404, &json!({"error": {"message": "no"}}))
            .is_err()
    );
    assert!(asked("/api/show", json!({"model": 5}))?.served().is_err());
    let chat = asked("/api/chat", json!({"model": scene.key}))?;
    assert!(chat.line(&json!({"done": true})).is_err());
    assert!(chat.event(&json!({})).is_err(), "it has lines");
    scene.close().await
}
