//! `/v1/responses`: answers that are kept for a while, so that the next question can go on behind one.

mod frames;
mod items;
mod output;
mod request;
mod response;
mod store;

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use self::frames::ResponseFrames;
use self::request::Asked;
use self::response::Writing;
pub use self::store::{Responses, Stored};
use crate::answers::{Answers, frames as stream_frames, server_sent};
use crate::body::Body;
use crate::fault::{Dialect, Fault, found};
use crate::names::Call;
use crate::routes::{Routes, Served, Shared};

/// Most items in one list.
const MOST_ITEMS: usize = 100;
/// Items in one list unless another number is asked for.
const ITEMS: usize = 20;

pub fn routes(routes: Routes) -> Routes {
    routes
        .post("/v1/responses", create)
        .post("/v1/responses/input_tokens", count_tokens)
        .get("/v1/responses/{id}", retrieve)
        .delete("/v1/responses/{id}", remove)
        .get("/v1/responses/{id}/input_items", input_items)
}

async fn create(State(served): Shared, body: Body) -> Response {
    answer(&served, body)
        .await
        .unwrap_or_else(|fault| fault.response(Dialect::OpenAi))
}

async fn answer(served: &Served, body: Body) -> Result<Response, Fault> {
    let Call {
        body,
        model,
        defaults,
    } = Call::read(served, body, &["model"]).await?;
    let Asked {
        request,
        stream,
        frame,
    } = Asked::read(&body, &served.responses, &defaults)?;
    let writing = Writing::begin(model.key, frame, Arc::clone(&served.responses));
    let completions = Arc::clone(&served.completions);
    let mut answers = Answers::new(completions, model.id, vec![request]);
    if !stream {
        return Ok(Json(writing.complete(answers).await?).into_response());
    }
    answers.begin().await?;
    let alive = Event::default().comment("alive");
    let events = stream_frames(answers, ResponseFrames::new(writing), &served.stop);
    Ok(server_sent(events, alive))
}

async fn count_tokens(State(served): Shared, body: Body) -> Response {
    found(count(&served, body).await, Dialect::OpenAi)
}

async fn count(served: &Served, body: Body) -> Result<Value, Fault> {
    let Call {
        body,
        model,
        defaults,
    } = Call::read(served, body, &["model"]).await?;
    let asked = Asked::read(&body, &served.responses, &defaults)?;
    let prompt = asked.request.prompt;
    let tokens = served.completions.count_tokens(model.id, prompt).await?;
    Ok(json!({"object": "response.input_tokens", "input_tokens": tokens}))
}

async fn retrieve(State(served): Shared, Path(id): Path<String>) -> Response {
    let stored = served.responses.get(&id).ok_or_else(|| unknown(&id));
    let response = stored.map(|stored| stored.response.clone());
    found(response, Dialect::OpenAi)
}

async fn remove(State(served): Shared, Path(id): Path<String>) -> Response {
    let removed = if served.responses.remove(&id) {
        Ok(json!({"id": id, "object": "response", "deleted": true}))
    } else {
        Err(unknown(&id))
    };
    found(removed, Dialect::OpenAi)
}

#[derive(Deserialize)]
struct Page {
    limit: Option<usize>,
    after: Option<String>,
    order: Option<String>,
}

async fn input_items(
    State(served): Shared,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Response {
    let stored = served.responses.get(&id).ok_or_else(|| unknown(&id));
    let list = stored.map(|stored| {
        let mut items = stored.all_input();
        // The newest first, as OpenAI has it.
        if page.order.as_deref() != Some("asc") {
            items.reverse();
        }
        list_of(items, &page)
    });
    found(list, Dialect::OpenAi)
}

fn list_of(items: Vec<Value>, page: &Page) -> Value {
    let limit = page.limit.unwrap_or(ITEMS).clamp(1, MOST_ITEMS);
    let begin = page.after.as_deref().map_or(0, |after| {
        let at = items.iter().position(|item| item["id"] == after);
        at.map_or(items.len(), |at| at + 1)
    });
    let rest = &items[begin..];
    let shown = &rest[..limit.min(rest.len())];
    json!({
        "object": "list", "data": shown,
        "first_id": shown.first().map(|item| &item["id"]), "last_id": shown.last().map(|item| &item["id"]),
        "has_more": rest.len() > shown.len(),
    })
}

/// A response that is not kept, or not any more.
fn unknown(id: &str) -> Fault {
    let message =
        format!("there is no response `{id}`; the last ones are kept while the server runs");
    Fault::new(StatusCode::NOT_FOUND, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_page_by_page() {
        let items = || (0..5).map(|at| json!({"id": at.to_string()})).collect();
        let page = |limit, after: Option<&str>| {
            let after = after.map(str::to_owned);
            list_of(
                items(),
                &Page {
                    limit,
                    after,
                    order: None,
                },
            )
        };
        let first = page(Some(2), None);
        assert_eq!(
            (&first["first_id"], &first["last_id"]),
            (&json!("0"), &json!("1"))
        );
        assert_eq!(first["has_more"], true);
        let last = page(None, Some("2"));
        assert_eq!(
            (&last["data"][0]["id"], &last["has_more"]),
            (&json!("3"), &json!(false))
        );
        assert_eq!(page(None, Some("no such item"))["data"], json!([]));
    }
}
