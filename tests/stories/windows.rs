//! Windows beside the main one, and the keys of the quick question, as the App asks a host for them.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use serde_json::json;
use sirocco_core::home::Home;
use sirocco_core::{App, AppOptions, Host, HubEnvironment};
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Conversation, ConversationId, ErrorCode, ErrorReport, HostKind, Opening, PickKind, QuickAsk,
    Settings,
};
use sirocco_testkit::Script;

use crate::{app, code};

/// Keys that another program has.
const TAKEN: &str = "Mod+T";

/// A desktop that writes down what it is asked for.
#[derive(Default)]
struct Desktop(Mutex<Vec<String>>);

impl Desktop {
    fn note(&self, what: String) {
        self.0.lock().expect("nobody panics with it").push(what);
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("nobody panics with it"))
    }
}

impl Host for Desktop {
    fn kind(&self) -> HostKind {
        HostKind::Window
    }

    fn pick(&self, _kind: PickKind) -> Pin<Box<dyn Future<Output = Vec<PathBuf>> + Send>> {
        Box::pin(std::future::ready(Vec::new()))
    }

    fn open_window(&self, id: ConversationId) -> Result<(), ErrorReport> {
        self.note(format!("open {}", id.0));
        Ok(())
    }

    fn show_window(&self) -> Result<(), ErrorReport> {
        self.note("show".to_owned());
        Ok(())
    }

    fn take_quick_ask_keys(&self, keys: &str) -> Result<(), ErrorReport> {
        self.note(format!("keys {keys}"));
        match keys {
            TAKEN => Err(ErrorReport::new(
                ErrorCode::InvalidRequest,
                "they are taken",
            )),
            _ => Ok(()),
        }
    }
}

async fn open(home: &Path) -> anyhow::Result<(App, Arc<Desktop>)> {
    let desktop = Arc::new(Desktop::default());
    let app = App::open(AppOptions {
        home: Home::at(home),
        host: Arc::clone(&desktop) as Arc<dyn Host>,
        runtimes: Vec::new(),
        environment: HubEnvironment::default(),
    })
    .await?;
    Ok((app, desktop))
}

async fn choose(app: &App, quick_ask_keys: &str) -> anyhow::Result<Result<(), ErrorReport>> {
    let settings: Settings = serde_json::from_value(app.call("settings_get", json!({})).await?)?;
    let settings = Settings {
        quick_ask_keys: quick_ask_keys.to_owned(),
        ..settings
    };
    let set = app.call("settings_set", json!({ "settings": settings }));
    Ok(set.await.map(drop))
}

async fn problem(app: &App) -> anyhow::Result<Option<String>> {
    let state: QuickAsk = serde_json::from_value(app.call("quick_ask_get", json!({})).await?)?;
    assert!(state.is_possible);
    Ok(state.problem.map(|problem| problem.message))
}

#[tokio::test]
async fn a_conversation_is_opened_in_a_window_or_shown_in_the_main_one() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (app, desktop) = open(folder.path()).await?;
    let made = app.call("conversation_create", json!({ "model_id": null }));
    let made: Conversation = serde_json::from_value(made.await?)?;
    let conversation_id = made.summary.id;
    let which = json!({ "conversation_id": conversation_id });
    app.call("window_open", which.clone()).await?;
    app.call("window_show", which).await?;
    let opened = format!("open {}", conversation_id.0);
    assert_eq!(desktop.asked(), [opened, "show".to_owned()]);
    let waiting = app.call("opening_take", json!({})).await?;
    let waiting: Vec<Opening> = serde_json::from_value(waiting)?;
    assert_eq!(waiting, [Opening::Conversation { conversation_id }]);
    let nobody = json!({ "conversation_id": ConversationId::fresh() });
    let refused = app.call("window_open", nobody).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotFound);
    app.close().await;
    Ok(())
}

#[tokio::test]
async fn keys_that_are_taken_are_refused_and_those_before_stay() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (app, desktop) = open(folder.path()).await?;
    choose(&app, "Mod+K").await??;
    assert_eq!(desktop.asked(), ["keys Mod+K"]);
    let refused = choose(&app, TAKEN).await?.unwrap_err();
    assert_eq!(refused.message, "they are taken");
    assert_eq!(desktop.asked(), ["keys Mod+T", "keys Mod+K"]);
    assert_eq!(problem(&app).await?, None);
    choose(&app, "Mod+K").await??;
    assert!(desktop.asked().is_empty(), "nothing was changed");
    app.close().await;
    Ok(())
}

#[tokio::test]
async fn keys_that_do_not_work_any_more_are_told_until_others_are_chosen() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let store = sirocco_store::Store::open(Home::at(folder.path()).database()).await?;
    let settings = Settings {
        quick_ask_keys: TAKEN.to_owned(),
        ..Settings::default()
    };
    store.set_settings(&settings).await?;
    store.close().await;
    let (app, desktop) = open(folder.path()).await?;
    app.begin_quick_ask().await;
    assert_eq!(desktop.asked(), ["keys Mod+T"]);
    assert_eq!(problem(&app).await?.as_deref(), Some("they are taken"));
    choose(&app, "").await??;
    assert_eq!(problem(&app).await?, None);
    app.close().await;
    Ok(())
}

#[tokio::test]
async fn without_a_desktop_there_are_no_windows() -> anyhow::Result<()> {
    let app = app(&Script::answering("Hello")).await?;
    let conversation_id = app.conversation().await?;
    let opened = app.call::<Nothing>("window_open", WindowOpen { conversation_id });
    assert_eq!(code(opened.await), ErrorCode::InvalidRequest);
    let state: QuickAsk = app.call("quick_ask_get", QuickAskGet {}).await?;
    assert!(!state.is_possible);
    let hidden = app.call::<Nothing>("quick_ask_hide", QuickAskHide {});
    assert_eq!(code(hidden.await), ErrorCode::InvalidRequest);
    Ok(())
}
