//! The document of all routes, in the words of OpenAPI 3.1: `GET /openapi.json`.
//!
//! It is kept by hand, a file for each API: requests are read in parts and long answers are made piece by piece, so that
//! no type here has the whole shape of either. Tests keep it true. The one below holds its routes against the router's,
//! and the stories hold every request that was served, and every answer, line and event, against its schemas.

use std::sync::LazyLock;

use axum::response::Json;
use serde::Deserialize;
use serde_json::{Map, Value, json};

const PARTS: [&str; 5] = [
    include_str!("openai.json"),
    include_str!("anthropic.json"),
    include_str!("ollama.json"),
    include_str!("lm_studio_v0.json"),
    include_str!("lm_studio_v1.json"),
];

const DESCRIPTION: &str = "Language models of this machine, in the words of four APIs. A token is needed where others \
    than this machine can ask.";

static DOCUMENT: LazyLock<Value> = LazyLock::new(put_together);

/// What is written down of one API.
#[derive(Deserialize)]
struct Part {
    tag: String,
    /// The schema of its errors.
    error: String,
    schemas: Map<String, Value>,
    paths: Map<String, Value>,
}

/// The document.
#[must_use]
pub fn document() -> &'static Value {
    &DOCUMENT
}

pub(crate) async fn openapi() -> Json<&'static Value> {
    Json(document())
}

fn put_together() -> Value {
    let (mut tags, mut paths, mut schemas) = (Vec::new(), Map::new(), Map::new());
    paths.insert("/openapi.json".into(), own_path());
    for text in PARTS {
        let part: Part = serde_json::from_str(text).expect("a test reads the document");
        tags.push(json!({"name": part.tag}));
        schemas.extend(part.schemas);
        let fault = json!({
            "description": "Why not.",
            "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{}", part.error)}}},
        });
        for (path, mut operations) in part.paths {
            for operation in operations.as_object_mut().into_iter().flatten() {
                operation.1["tags"] = json!([part.tag]);
                operation.1["responses"]["default"] = fault.clone();
            }
            paths.insert(path, operations);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Sirocco", "version": env!("CARGO_PKG_VERSION"), "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    })
}

fn own_path() -> Value {
    let content = json!({"application/json": {"schema": {"type": "object"}}});
    json!({"get": {
        "operationId": "openapi",
        "summary": "This document",
        "responses": {"200": {"description": "The document.", "content": content}},
    }})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::routes::all;

    /// Method, path and what is said of it.
    fn operations() -> Vec<(&'static str, &'static str, &'static Value)> {
        let paths = document()["paths"].as_object().unwrap();
        let of_path = |(path, operations): (&'static String, &'static Value)| {
            let operations = operations.as_object().unwrap().iter();
            operations.map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
        };
        paths.iter().flat_map(of_path).collect()
    }

    #[test]
    fn every_route_is_in_the_document_and_nothing_else() {
        let documented: BTreeSet<_> = operations()
            .into_iter()
            .map(|(method, path, _)| (method, path))
            .collect();
        let routes: BTreeSet<_> = all().listed.into_iter().collect();
        assert_eq!(documented, routes);
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_and_what_its_path_holds() {
        let mut names = BTreeSet::new();
        for (method, path, operation) in operations() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name), "{name} is taken");
            let holds_id = path.contains("{id}");
            assert_eq!(
                operation["parameters"][0]["name"] == "id",
                holds_id,
                "{method} {path}"
            );
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_schema_is_used() {
        fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
            match value {
                Value::Object(fields) => {
                    found.extend(fields.get("$ref").and_then(Value::as_str));
                    fields.values().for_each(|value| references(value, found));
                }
                Value::Array(list) => list.iter().for_each(|value| references(value, found)),
                _ => {}
            }
        }
        let mut found = BTreeSet::new();
        references(document(), &mut found);
        let schemas = document()["components"]["schemas"].as_object().unwrap();
        let there: BTreeSet<_> = schemas
            .keys()
            .map(|name| format!("#/components/schemas/{name}"))
            .collect();
        assert_eq!(found, there.iter().map(String::as_str).collect());
    }
}
