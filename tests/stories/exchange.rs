//! Conversations in and out, with files in the forms of other apps.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sirocco_core::home::Home;
use sirocco_core::{App, AppOptions, Host, HubEnvironment};
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Conversation, ConversationId, ConversationSummary, ErrorCode, ErrorReport, Event,
    ExchangeFormat, ExchangePreview, ExchangeReport, ExportFormat, ExportScope, ExportTarget,
    Exported, HostKind, PickKind, PickedPath, TrashedConversation,
};
use sirocco_testkit::{Script, TempApp};

use crate::{WORKER, app, code};

/// Files in all forms that can be imported.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../src-tauri/crates/chat/tests/fixtures/exchange")
        .join(name)
}

async fn import(app: &TempApp, path: &Path) -> Result<ExchangeReport, ErrorReport> {
    let handle = app.typed(path).await?.handle;
    app.call("exchange_import", ExchangeImport { handle }).await
}

async fn preview(app: &TempApp, path: &Path) -> Result<ExchangePreview, ErrorReport> {
    let handle = app.typed(path).await?.handle;
    app.call("exchange_preview", ExchangePreviewRequest { handle })
        .await
}

async fn export(
    app: &TempApp,
    conversation_id: Option<ConversationId>,
    format: ExportFormat,
) -> Result<Exported, ErrorReport> {
    let request = ExchangeExport {
        scope: conversation_id.map_or(ExportScope::All, |id| ExportScope::Conversations {
            ids: vec![id],
        }),
        only_good: false,
        format,
        target: ExportTarget::Answer,
    };
    app.call("exchange_export", request).await
}

async fn text(app: &TempApp, id: ConversationId, format: ExportFormat) -> anyhow::Result<String> {
    match export(app, Some(id), format).await? {
        Exported::Text { text, .. } => Ok(text),
        other => anyhow::bail!("not a text: {other:?}"),
    }
}

async fn list(app: &TempApp) -> anyhow::Result<Vec<ConversationSummary>> {
    let request = ConversationList::first(500);
    Ok(app.call("conversation_list", request).await?)
}

/// Our own file with places instead of ids, which are new with each import.
pub(crate) fn without_ids(json: &str) -> anyhow::Result<Value> {
    let mut file: Value = serde_json::from_str(json)?;
    let messages = file["messages"].as_array().cloned().unwrap_or_default();
    let places: HashMap<String, usize> = messages
        .iter()
        .enumerate()
        .map(|(place, message)| (message["id"].to_string(), place))
        .collect();
    let place = |id: &Value| json!(places.get(&id.to_string()));
    file["id"] = Value::Null;
    file["head"] = place(&file["head"]);
    for message in file["messages"].as_array_mut().into_iter().flatten() {
        message["id"] = place(&message["id"]);
        message["parent_id"] = place(&message["parent_id"]);
    }
    Ok(file)
}

#[tokio::test]
async fn what_is_imported_goes_out_and_comes_in_again_as_the_same_tree() -> anyhow::Result<()> {
    for (name, conversations) in [
        ("conversations.json", 1),
        ("openwebui.json", 1),
        ("lmstudio", 1),
        ("jan", 1),
        ("sirocco.json", 1),
        ("", 5),
    ] {
        let first = TempApp::open_empty(WORKER).await?;
        let report = import(&first, &fixture(name)).await?;
        assert_eq!(report.added.len(), conversations, "{name}: {report:?}");
        assert_eq!(report.known_count, 0);

        let again = import(&first, &fixture(name)).await?;
        assert_eq!(again.added, [], "{name}");
        assert_eq!(again.known_count as usize, conversations, "{name}");
        assert_eq!(list(&first).await?.len(), conversations);

        let second = TempApp::open_empty(WORKER).await?;
        for id in report.added {
            let json = text(&first, id, ExportFormat::Json).await?;
            let file = second.outside().join("own.json");
            std::fs::write(&file, &json)?;
            let report = import(&second, &file).await?;
            let [copy] = report.added[..] else {
                anyhow::bail!("{name}: {report:?}")
            };
            let copied = text(&second, copy, ExportFormat::Json).await?;
            assert_eq!(without_ids(&copied)?, without_ids(&json)?, "{name}");
            let again = import(&second, &file).await?;
            assert_eq!((again.added.len(), again.known_count), (0, 1), "{name}");
            // Where it was written it is known by its id.
            let at_home = import(&first, &file).await?;
            assert_eq!((at_home.added.len(), at_home.known_count), (0, 1), "{name}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_preview_says_what_an_import_does_and_changes_nothing() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let before = preview(&app, &fixture("")).await?;
    assert_eq!(
        before.formats,
        [
            ExchangeFormat::Sirocco,
            ExchangeFormat::Chatgpt,
            ExchangeFormat::Lmstudio,
            ExchangeFormat::Openwebui,
            ExchangeFormat::Jan,
        ]
    );
    assert_eq!((before.conversation_count, before.known_count), (5, 0));
    assert_eq!((before.message_count, before.branch_count), (21, 10));
    assert_eq!(before.refused.len(), 1, "the one that is cut in two");
    assert!(!before.left_out.is_empty());
    assert!(list(&app).await?.is_empty());

    let report = import(&app, &fixture("")).await?;
    assert_eq!(report.refused, before.refused);
    let after = preview(&app, &fixture("")).await?;
    assert_eq!((after.conversation_count, after.known_count), (5, 5));
    Ok(())
}

#[tokio::test]
async fn imported_conversations_stand_in_the_list_by_their_own_times() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let mut events = app.events();
    let report = import(&app, &fixture("")).await?;
    let rows = list(&app).await?;
    let mut by_time = rows.clone();
    by_time.sort_by_key(|row| std::cmp::Reverse(row.updated_at_ms));
    let newest_first: Vec<_> = by_time.iter().map(|row| row.id).collect();
    assert_eq!(report.added, newest_first);
    assert!(
        rows.iter()
            .all(|row| !row.unread && row.updated_at_ms < 1_750_000_000_000)
    );

    let told = events.drain();
    let changed = told
        .iter()
        .filter(|event| matches!(event, Event::ConversationChanged { .. }));
    assert_eq!(changed.count(), 5);
    let last = told.iter().rev().find_map(|event| match event {
        Event::ExchangeMoved {
            done_count,
            total_count,
            ..
        } => Some((*done_count, *total_count)),
        _ => None,
    });
    assert_eq!(last, Some((5, 5)));
    Ok(())
}

#[tokio::test]
async fn a_large_import_is_told_once_instead_of_one_by_one() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let conversation = |number: usize| {
        json!({ "id": number, "title": format!("Number {number}"), "mapping": { "a": {
            "parent": null, "message": { "author": { "role": "user" },
            "content": { "content_type": "text", "parts": ["q"] } } } } })
    };
    let all: Vec<Value> = (0..101).map(conversation).collect();
    let file = app.outside().join("conversations.json");
    std::fs::write(&file, serde_json::to_vec(&all)?)?;
    let mut events = app.events();
    assert_eq!(import(&app, &file).await?.added.len(), 101);
    let told = events.drain();
    let is_row = |event: &&Event| matches!(event, Event::ConversationChanged { .. });
    assert_eq!(told.iter().filter(is_row).count(), 0);
    assert_eq!(told.last(), Some(&Event::Lagged));
    assert_eq!(list(&app).await?.len(), 101);
    Ok(())
}

#[tokio::test]
async fn an_imported_conversation_goes_on_and_its_versions_can_be_shown() -> anyhow::Result<()> {
    let app = app(&Script::answering("Spring tides.")).await?;
    let id = import(&app, &fixture("conversations.json")).await?.added[0];
    let shown = app.messages(id).await?;
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[1].versions.len(), 2);
    app.send_and_finish(id, "And at full moon?").await?;
    assert_eq!(app.messages(id).await?.len(), 4);
    let other = shown[1].versions[0];
    let _: Conversation = app
        .call("message_select", MessageSelect { id: other })
        .await?;
    let words = app.messages(id).await?;
    assert_eq!(words[2].content, "And neap tides?");
    Ok(())
}

#[tokio::test]
async fn what_lies_in_the_trash_is_taken_out_by_an_import_and_not_added_twice() -> anyhow::Result<()>
{
    let app = TempApp::open_empty(WORKER).await?;
    let id = import(&app, &fixture("jan")).await?.added[0];
    let _: Nothing = app
        .call("conversation_delete", ConversationDelete { id })
        .await?;
    let before = preview(&app, &fixture("jan")).await?;
    assert_eq!((before.known_count, before.trashed_count), (0, 1));
    let report = import(&app, &fixture("jan")).await?;
    assert_eq!((report.added.len(), report.restored), (0, vec![id]));
    let rows = list(&app).await?;
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [id]);
    let trashed: Vec<TrashedConversation> =
        app.call("conversation_trash", ConversationTrash {}).await?;
    assert!(trashed.is_empty());
    Ok(())
}

#[tokio::test]
async fn what_holds_no_conversation_is_refused_with_the_way_out() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let file = app.outside().join("other.json");
    std::fs::write(&file, "{}")?;
    assert_eq!(code(preview(&app, &file).await), ErrorCode::FileProblem);
    let error = import(&app, &file).await.expect_err("nothing is in it");
    assert!(error.hint.is_some());
    Ok(())
}

#[tokio::test]
async fn everything_goes_out_in_one_zip_and_comes_in_again() -> anyhow::Result<()> {
    let first = TempApp::open_empty(WORKER).await?;
    let error = export(&first, None, ExportFormat::Json).await;
    assert_eq!(code(error), ErrorCode::NotFound, "there is nothing yet");
    import(&first, &fixture("")).await?;
    // One without a message is not worth a file.
    first.conversation().await?;
    let Exported::Archive {
        name,
        conversation_count,
        base64,
    } = export(&first, None, ExportFormat::Json).await?
    else {
        anyhow::bail!("not an archive")
    };
    assert_eq!(conversation_count, 5);
    assert!(name.ends_with(".zip"), "{name}");
    let second = TempApp::open_empty(WORKER).await?;
    let file = second.outside().join(name);
    std::fs::write(&file, STANDARD.decode(base64)?)?;
    assert_eq!(import(&second, &file).await?.added.len(), 5);
    let titles = |rows: Vec<ConversationSummary>| -> Vec<String> {
        rows.into_iter().map(|row| row.title).collect()
    };
    let mut expected = titles(list(&first).await?);
    expected.retain(|title| title != "New conversation");
    assert_eq!(titles(list(&second).await?), expected);
    Ok(())
}

#[tokio::test]
async fn trainers_get_one_file_with_a_line_for_each_conversation_that_has_an_answer()
-> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    import(&app, &fixture("")).await?;
    let Exported::Text {
        text,
        conversation_count,
        ..
    } = export(&app, None, ExportFormat::Jsonl).await?
    else {
        anyhow::bail!("not a text")
    };
    let lines: Vec<Value> = text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    assert_eq!((lines.len(), conversation_count), (5, 5));
    for line in lines {
        let messages = line["messages"].as_array().expect("messages");
        let last = messages.last().expect("more than none");
        assert_eq!(last["role"], "assistant");
    }
    let empty = app.conversation().await?;
    let error = export(&app, Some(empty), ExportFormat::Jsonl).await;
    assert_eq!(code(error), ErrorCode::NotFound);
    Ok(())
}

#[tokio::test]
async fn people_get_the_shown_branch() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let id = import(&app, &fixture("openwebui.json")).await?.added[0];
    let markdown = text(&app, id, ExportFormat::Markdown).await?;
    assert!(markdown.contains("## qwen3:4b") && markdown.contains("Feed it twice a day."));
    assert!(!markdown.contains("Keep it warm."), "{markdown}");
    let page = text(&app, id, ExportFormat::Html).await?;
    assert!(page.contains("Old &lt;flour&gt;?"), "{page}");
    Ok(())
}

/// A window whose dialog answers with one path.
struct Dialogs(Option<PathBuf>);

impl Host for Dialogs {
    fn kind(&self) -> HostKind {
        HostKind::Window
    }

    fn pick(&self, _kind: PickKind) -> Pin<Box<dyn Future<Output = Vec<PathBuf>> + Send>> {
        Box::pin(std::future::ready(Vec::new()))
    }

    fn save(&self, _name: &str) -> Pin<Box<dyn Future<Output = Option<PathBuf>> + Send>> {
        Box::pin(std::future::ready(self.0.clone()))
    }
}

async fn in_window(home: &Path, chosen: Option<PathBuf>) -> anyhow::Result<Exported> {
    let app = App::open(AppOptions {
        home: Home::at(home),
        host: Arc::new(Dialogs(chosen)),
        runtimes: Vec::new(),
        environment: HubEnvironment::default(),
    })
    .await?;
    let typed = PathType {
        path: fixture("jan").display().to_string(),
    };
    let picked = app.call("path_type", serde_json::to_value(typed)?).await?;
    let PickedPath { handle, .. } = serde_json::from_value(picked)?;
    let import = serde_json::to_value(ExchangeImport { handle })?;
    app.call("exchange_import", import).await?;
    let request = ExchangeExport {
        scope: ExportScope::All,
        only_good: false,
        format: ExportFormat::Markdown,
        target: ExportTarget::Ask,
    };
    let exported = app
        .call("exchange_export", serde_json::to_value(request)?)
        .await;
    app.close().await;
    Ok(serde_json::from_value(exported?)?)
}

#[tokio::test]
async fn the_window_asks_where_to_save() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("all.zip");
    let saved = in_window(&folder.path().join("home"), Some(file.clone())).await?;
    let expected = Exported::Saved {
        path: file.display().to_string(),
        conversation_count: 1,
        left_out_count: 0,
    };
    assert_eq!(saved, expected);
    assert!(std::fs::read(&file)?.starts_with(b"PK"));
    let beside = std::fs::read_dir(folder.path())?.count();
    assert_eq!(beside, 2, "the home and the file, and nothing half");
    let cancelled = in_window(&folder.path().join("other"), None).await?;
    assert_eq!(cancelled, Exported::Cancelled);

    let app = TempApp::open_empty(WORKER).await?;
    let id = import(&app, &fixture("jan")).await?.added[0];
    let ask = ExchangeExport {
        scope: ExportScope::Conversations { ids: vec![id] },
        only_good: false,
        format: ExportFormat::Markdown,
        target: ExportTarget::Ask,
    };
    let refused = app.call::<Exported>("exchange_export", ask).await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
    Ok(())
}
