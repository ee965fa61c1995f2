//! An App made to be killed: opens a data folder, asks its first model something, and prints every
//! piece of the answer as JSON, one a line. It never closes the App. With `panic`, it panics at the first piece, as if it
//! could not cut that; with `queue`, two messages wait behind the answer.
//!
//! `doomed-app HOME WORKER [panic|queue]`

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use serde_json::json;
use sirocco_core::home::Home;
use sirocco_protocol::RunUpdate;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let home = arguments.next().context("no data folder was named")?;
    let worker = arguments.next().context("no worker was named")?;
    let what = arguments.next().unwrap_or_default();
    let panics = what == *"panic";
    let home = Home::at(home);
    sirocco_core::crashes::watch(&home);
    let app = sirocco_testkit::open_app(home, worker).await?;
    app.call("model_scan", json!({})).await?;
    let conversation = app
        .call("conversation_create", json!({"model_id": null}))
        .await?;
    let id = &conversation["summary"]["id"];
    let started = app
        .call(
            "message_send",
            json!({"conversation_id": id, "content": "Tell me everything.", "attachments": []}),
        )
        .await?;
    if what == *"queue" {
        for content in ["two", "three"] {
            let add = json!({"conversation_id": id, "content": content, "attachments": [], "place": null, "is_draft": true});
            app.call("queue_add", add).await?;
        }
    }
    let run = &started["assistant_message"]["run"]["id"];
    let mut updates = app.stream("run_follow", json!({"id": run})).await?;
    while let Some(update) = updates.recv().await {
        if let RunUpdate::Delta { content, .. } = update {
            assert!(
                !panics,
                "byte index 1 is not a char boundary of `{content}`"
            );
            let mut output = std::io::stdout().lock();
            serde_json::to_writer(&mut output, &content)?;
            output.write_all(b"\n")?;
            output.flush()?;
        }
    }
    Ok(())
}
