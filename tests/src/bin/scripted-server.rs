//! The API server over models that follow a script and a Hub that does, for clients in other processes.
//!
//! Prints its address and the keys of its models as one line of JSON, and ends when standard input does.
//!
//! ```text
//! cargo run -p sirocco-tests --bin scripted-server
//! OPENAI_BASE_URL=http://127.0.0.1:PORT/v1 …
//! ```

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use anyhow::Context;
use serde_json::{Value, json};
use sirocco_protocol::commands::{ModelScan, SettingsGet, SettingsSet};
use sirocco_protocol::{ImportOutcome, RuntimeName, Settings};
use sirocco_server::connections::Patience;
use sirocco_server::{Keep, Server, ServerOptions};
use sirocco_testkit::hub::{Content, Repository, ScriptedHub};
use sirocco_testkit::{Script, TempApp, TinyModel, TinyProjector, runtime};

/// What each model says.
const MODELS: [(&str, &str); 3] = [
    ("talker", "The name of this wind is sirocco."),
    (
        "caller",
        "<tool_call>\n{\"name\": \"wind\", \"arguments\": {\"at\": \"Tunis\"}}\n</tool_call>\n\
         <tool_call>\n{\"name\": \"tide\", \"arguments\": {}}\n</tool_call>",
    ),
    (
        "thinker",
        "<think>\nIt is warm and dry.\n</think>\n\nIt is the sirocco.",
    ),
];

/// The one that sees images.
const SEER: &str = "seer";

/// The one that turns texts into vectors.
const EMBEDDER: &str = "embedder";

/// What can be pulled: one file of so many bytes.
const REPOSITORY: &str = "owner/pulled-GGUF";
const PULLED_BYTES: u64 = 2 << 20;

/// A Hub with one model, which the App asks from now on.
async fn hub(app: &TempApp) -> anyhow::Result<ScriptedHub> {
    let hub = ScriptedHub::start().await?;
    let model = TinyModel {
        name: "pulled".into(),
        ..TinyModel::default()
    };
    let content = Content::generated_after(model.bytes(), PULLED_BYTES, 1);
    hub.put(
        Repository::new(REPOSITORY)
            .tags(["gguf"])
            .file("pulled-Q8_0.gguf", content),
    );
    let mut settings: Settings = app.call("settings_get", SettingsGet {}).await?;
    settings.network.endpoint = Some(hub.address().to_owned());
    let _: Settings = app.call("settings_set", SettingsSet { settings }).await?;
    Ok(hub)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let program = std::env::current_exe()?;
    let worker = program.with_file_name(format!("scripted-worker{}", std::env::consts::EXE_SUFFIX));
    // The second one serves what embeds.
    let workers = RuntimeName::ALL.map(|name| runtime(name, &worker));
    let app = TempApp::open_with(workers.to_vec()).await?;
    let folder = app.home().join("models");
    std::fs::create_dir_all(&folder)?;
    for (name, answer) in MODELS {
        let model = TinyModel {
            name: name.into(),
            ..TinyModel::default()
        };
        let path = folder.join(format!("{name}.gguf"));
        app.put_model(&path, &model, &Script::answering(answer))?;
    }
    let seer = TinyModel {
        name: SEER.into(),
        ..TinyModel::default()
    };
    // In a folder of its own: a projector is for every model beside it.
    let path = folder.join(format!("{SEER}/{SEER}.gguf"));
    std::fs::create_dir_all(path.parent().context("it has a folder")?)?;
    TinyProjector::default().write(&path.with_file_name("mmproj-F16.gguf"))?;
    app.put_model(&path, &seer, &Script::answering("I see {question}"))?;
    let embedder = TinyModel {
        name: EMBEDDER.into(),
        architecture: "nomic-bert".into(),
        ..TinyModel::default()
    };
    let path = folder.join(format!("{EMBEDDER}.gguf"));
    app.put_model(&path, &embedder, &Script::default())?;
    let _: ImportOutcome = app.call("model_scan", ModelScan {}).await?;
    let _hub = hub(&app).await?;
    let options = ServerOptions {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 0,
        cors_origins: Vec::new(),
        tokens: app.app().tokens(),
        patience: Patience::default(),
        keep: Keep::default(),
    };
    let server = Server::serve(Arc::new(app.app().clone()), options).await?;
    let models: Value = app.app().call("model_list", json!({})).await?;
    let keys: Vec<&Value> = models
        .as_array()
        .context("models are a list")?
        .iter()
        .map(|model| &model["key"])
        .collect();
    let told = json!({"address": server.address(), "models": keys});
    writeln!(std::io::stdout(), "{told}").context("could not print the address")?;
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()))
        .await??;
    server.close().await;
    app.close().await
}
