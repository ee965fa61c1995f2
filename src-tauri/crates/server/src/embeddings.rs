//! Embeddings: asked for in each dialect, and refused with the reason in its words.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;

use crate::body::{self, Body, read};
use crate::fault::{Dialect, Fault};
use crate::models::find;
use crate::routes::{Served, Shared};

#[derive(Deserialize)]
struct Which {
    model: Option<String>,
}

pub async fn refuse(State(served): Shared, uri: Uri, body: Body) -> Response {
    let fault = reason(&served, body).await.unwrap_or_else(|fault| fault);
    fault.response(Dialect::of_path(uri.path()))
}

/// A model that does not exist is told first: what it could do is not known.
async fn reason(served: &Served, body: Body) -> Result<Fault, Fault> {
    let which: Which = read(&body::json(body)?)?;
    let model = find(served.completions.as_ref(), which.model.as_deref()).await?;
    let message = format!(
        "`{}` cannot embed: the engine that runs it writes text, and no engine here computes embeddings yet",
        model.key
    );
    Ok(Fault {
        field: Some("model".into()),
        code: Some("unsupported_model"),
        ..Fault::new(StatusCode::BAD_REQUEST, message)
    })
}
