//! What an export has of what stands around a conversation, and which conversations it takes.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Conversation, ConversationId, ConversationSettings, ConversationSummary, ErrorCode,
    ErrorReport, ExchangeReport, ExportFormat, ExportScope, ExportTarget, Exported, Folder,
    FolderId, LayerValues, Message, Organising, Parameters, Preset, Settings, Shelf,
};
use sirocco_testkit::{Script, TempApp};

use crate::exchange::{fixture, without_ids};
use crate::{WORKER, app, code};

async fn export(
    app: &TempApp,
    scope: ExportScope,
    format: ExportFormat,
    only_good: bool,
) -> Result<Exported, ErrorReport> {
    let request = ExchangeExport {
        scope,
        format,
        only_good,
        target: ExportTarget::Answer,
    };
    app.call("exchange_export", request).await
}

async fn text(app: &TempApp, id: ConversationId, format: ExportFormat) -> anyhow::Result<String> {
    let scope = ExportScope::Conversations { ids: vec![id] };
    match export(app, scope, format, false).await? {
        Exported::Text { text, .. } => Ok(text),
        other => anyhow::bail!("not a text: {other:?}"),
    }
}

async fn import(app: &TempApp, json: &str) -> anyhow::Result<ExchangeReport> {
    let file = app.outside().join("own.json");
    std::fs::write(&file, json)?;
    let handle = app.typed(&file).await?.handle;
    Ok(app
        .call("exchange_import", ExchangeImport { handle })
        .await?)
}

async fn folder(app: &TempApp, name: &str, parent_id: Option<FolderId>) -> anyhow::Result<Folder> {
    let create = FolderCreate {
        name: name.into(),
        parent_id,
    };
    Ok(app.call("folder_create", create).await?)
}

async fn organise(
    app: &TempApp,
    ids: &[ConversationId],
    change: Organising,
) -> anyhow::Result<Vec<ConversationSummary>> {
    let request = ConversationOrganise {
        ids: ids.to_vec(),
        change,
    };
    Ok(app.call("conversation_organise", request).await?)
}

async fn mark(app: &TempApp, answer: &Message, good: bool) -> anyhow::Result<Message> {
    let mark = MessageMarkGood {
        id: answer.id,
        good,
    };
    Ok(app.call("message_mark_good", mark).await?)
}

#[tokio::test]
async fn a_conversation_answers_elsewhere_as_it_did_and_lies_where_it_lay() -> anyhow::Result<()> {
    let first = app(&Script::answering("South.")).await?;
    let mut settings: Settings = first.call("settings_get", SettingsGet {}).await?;
    settings.default_parameters.top_k = Some(11);
    first
        .call::<Settings>("settings_set", SettingsSet { settings })
        .await?;
    let create = PresetCreate {
        name: "Sailor".into(),
        values: LayerValues {
            system_prompt: Some("You are a sailor.".into()),
            parameters: Parameters {
                temperature: Some(0.25),
                ..Parameters::default()
            },
        },
    };
    let preset: Preset = first.call("preset_create", create).await?;
    let id = first.conversation().await?;
    first.send_and_finish(id, "Where from?").await?;
    let change = ConversationUpdate {
        settings: Some(ConversationSettings {
            preset_id: Some(preset.id),
            values: LayerValues::default(),
        }),
        notes: Some("Ask again.".into()),
        ..ConversationUpdate::of(id)
    };
    first
        .call::<Conversation>("conversation_update", change)
        .await?;
    let sea = folder(&first, "Sea", None).await?;
    let winds = folder(&first, "Winds", Some(sea.id)).await?;
    let folder_id = Some(winds.id);
    organise(&first, &[id], Organising::Move { folder_id }).await?;
    organise(&first, &[id], Organising::Tag { tag: "Hot".into() }).await?;
    organise(&first, &[id], Organising::Archive).await?;
    let answer = &first.messages(id).await?[1];
    assert!(mark(&first, answer, true).await?.good);

    let line = text(&first, id, ExportFormat::Jsonl).await?;
    assert!(line.contains("You are a sailor."), "{line}");
    let json = text(&first, id, ExportFormat::Json).await?;

    let second = TempApp::open_empty(WORKER).await?;
    let mut events = second.events();
    let copy = import(&second, &json).await?.added[0];
    let told = format!("{:?}", events.drain());
    assert!(told.contains("FoldersChanged") && told.contains("PresetChanged"));
    assert_eq!(text(&second, copy, ExportFormat::Jsonl).await?, line);
    let mut expected: Value = serde_json::from_str(&json)?;
    let found: Value = serde_json::from_str(&text(&second, copy, ExportFormat::Json).await?)?;
    // What the settings of the other place say, it says itself here.
    expected["parameters"]["top_k"] = json!(11);
    for field in [
        "archived",
        "effective",
        "folder",
        "notes",
        "parameters",
        "preset",
        "tags",
    ] {
        assert_eq!(found[field], expected[field], "{field}");
    }
    assert_eq!(found["messages"][1]["good"], true);
    let presets: Vec<Preset> = second.call("preset_list", PresetList {}).await?;
    assert_eq!(presets.len(), 1);
    Ok(())
}

#[tokio::test]
async fn trainers_can_be_given_good_answers_only_and_hear_how_many_have_none() -> anyhow::Result<()>
{
    let app = app(&Script::answering("Rain.")).await?;
    let (one, other) = (app.conversation().await?, app.conversation().await?);
    for id in [one, one, other] {
        app.send_and_finish(id, "What falls?").await?;
    }
    let all = || export(&app, ExportScope::All, ExportFormat::Jsonl, true);
    assert_eq!(code(all().await), ErrorCode::NotFound);
    let messages = app.messages(one).await?;
    let question = MessageMarkGood {
        id: messages[0].id,
        good: true,
    };
    let refused = app.call::<Message>("message_mark_good", question).await;
    assert_eq!(code(refused), ErrorCode::NotFound);
    mark(&app, &messages[1], true).await?;
    let Exported::Text {
        text,
        conversation_count,
        left_out_count,
        ..
    } = all().await?
    else {
        anyhow::bail!("not a text")
    };
    assert_eq!((conversation_count, left_out_count), (1, 1));
    let line: Value = serde_json::from_str(&text)?;
    let turns = line["messages"].as_array().map(Vec::len);
    assert_eq!(turns, Some(2), "it ends at the good answer: {line}");

    let duplicate = ConversationDuplicate { id: one };
    let copy: Conversation = app.call("conversation_duplicate", duplicate).await?;
    assert!(app.messages(copy.summary.id).await?[1].good);
    let pages = export(&app, ExportScope::All, ExportFormat::Html, true).await;
    assert_eq!(code(pages), ErrorCode::InvalidRequest);
    Ok(())
}

#[tokio::test]
async fn a_folder_goes_out_with_its_folders_and_what_is_archived_in_them_but_not_deleted()
-> anyhow::Result<()> {
    let app = app(&Script::answering("Rain.")).await?;
    let outer = folder(&app, "Weather", None).await?;
    let inner = folder(&app, "Rain", Some(outer.id)).await?;
    let mut ids = Vec::new();
    for folder_id in [Some(outer.id), Some(inner.id), None, Some(inner.id)] {
        let id = app.conversation().await?;
        app.send_and_finish(id, "What falls?").await?;
        organise(&app, &[id], Organising::Move { folder_id }).await?;
        ids.push(id);
    }
    organise(&app, &ids[1..2], Organising::Archive).await?;
    organise(&app, &ids[3..], Organising::Delete).await?;
    let archive = ConversationList {
        shelf: Some(Shelf::Archive),
        ..ConversationList::first(9)
    };
    let archived: Vec<ConversationSummary> = app.call("conversation_list", archive).await?;
    assert_eq!(archived.len(), 1);

    let scope = ExportScope::Folder { id: outer.id };
    let Exported::Archive {
        name,
        conversation_count,
        ..
    } = export(&app, scope, ExportFormat::Json, false).await?
    else {
        anyhow::bail!("not an archive")
    };
    assert_eq!(conversation_count, 2);
    assert!(name.ends_with(" Weather.zip"), "{name}");
    // What lies in a folder that is deleted goes into the one around it.
    app.call::<Nothing>("folder_delete", FolderDelete { id: inner.id })
        .await?;
    let scope = ExportScope::Folder { id: outer.id };
    let Exported::Archive {
        conversation_count, ..
    } = export(&app, scope, ExportFormat::Json, false).await?
    else {
        anyhow::bail!("not an archive")
    };
    assert_eq!(conversation_count, 2);
    let gone = ExportScope::Folder {
        id: FolderId::fresh(),
    };
    let error = export(&app, gone, ExportFormat::Json, false).await;
    assert_eq!(code(error), ErrorCode::NotFound);
    Ok(())
}

/// Every conversation as our own file without ids, by title.
async fn files(app: &TempApp) -> anyhow::Result<BTreeMap<String, Value>> {
    let mut files = BTreeMap::new();
    for shelf in [Shelf::List, Shelf::Archive] {
        let request = ConversationList {
            shelf: Some(shelf),
            ..ConversationList::first(99)
        };
        let rows: Vec<ConversationSummary> = app.call("conversation_list", request).await?;
        for row in rows {
            let file = without_ids(&text(app, row.id, ExportFormat::Json).await?)?;
            let twin = files.insert(row.title.clone(), file);
            assert!(twin.is_none(), "{} is there twice", row.title);
        }
    }
    Ok(files)
}

/// The folders by their paths and the presets, in their order.
async fn around(app: &TempApp) -> anyhow::Result<Vec<String>> {
    let folders: Vec<Folder> = app.call("folder_list", FolderList {}).await?;
    let presets: Vec<Preset> = app.call("preset_list", PresetList {}).await?;
    let within = |folder: &Folder| {
        let outer = folders.iter().find(|one| Some(one.id) == folder.parent_id);
        outer.map_or_else(String::new, |outer| outer.name.clone())
    };
    let paths = folders
        .iter()
        .map(|one| format!("{}/{}", within(one), one.name));
    let presets = presets
        .iter()
        .map(|one| format!("{} {:?}", one.name, one.values));
    let mut names: Vec<String> = paths.chain(presets).collect();
    names.sort();
    Ok(names)
}

#[tokio::test]
async fn everything_comes_in_elsewhere_as_it_went_out_and_once() -> anyhow::Result<()> {
    let first = TempApp::open_empty(WORKER).await?;
    let handle = first.typed(&fixture("")).await?.handle;
    let report: ExchangeReport = first
        .call("exchange_import", ExchangeImport { handle })
        .await?;
    let outer = folder(&first, "Weather", None).await?;
    let inner = folder(&first, "Rain", Some(outer.id)).await?;
    let beside = folder(&first, "Rain", None).await?;
    let create = PresetCreate {
        name: "Sailor".into(),
        values: LayerValues {
            system_prompt: Some("You are a sailor.".into()),
            parameters: Parameters::default(),
        },
    };
    let preset: Preset = first.call("preset_create", create).await?;
    let [one, two, three, four, deleted] = report.added[..] else {
        anyhow::bail!("five were to be there: {report:?}")
    };
    for (id, at) in [
        (one, &outer),
        (two, &inner),
        (three, &inner),
        (four, &beside),
    ] {
        let folder_id = Some(at.id);
        organise(&first, &[id], Organising::Move { folder_id }).await?;
        for tag in ["Hot", "wet", "Ärger"] {
            organise(&first, &[id], Organising::Tag { tag: tag.into() }).await?;
        }
        let change = ConversationUpdate {
            notes: Some(format!("Ask again.\n\n{id}")),
            pinned: Some(id == four),
            settings: (id == two).then(|| ConversationSettings {
                preset_id: Some(preset.id),
                values: LayerValues::default(),
            }),
            ..ConversationUpdate::of(id)
        };
        first
            .call::<Conversation>("conversation_update", change)
            .await?;
    }
    organise(&first, &[three], Organising::Archive).await?;
    organise(&first, &[deleted], Organising::Delete).await?;
    let expected = files(&first).await?;
    assert_eq!(expected.len(), 4);

    let Exported::Archive {
        base64,
        conversation_count,
        ..
    } = export(&first, ExportScope::All, ExportFormat::Json, false).await?
    else {
        anyhow::bail!("not an archive")
    };
    assert_eq!(conversation_count, 4, "the trash stays here");
    let second = TempApp::open_empty(WORKER).await?;
    let file = second.outside().join("all.zip");
    std::fs::write(&file, STANDARD.decode(base64)?)?;
    for (app, added) in [(&second, 4), (&second, 0), (&first, 0)] {
        let handle = app.typed(&file).await?.handle;
        let report: ExchangeReport = app
            .call("exchange_import", ExchangeImport { handle })
            .await?;
        assert_eq!((report.added.len(), report.restored.len()), (added, 0));
        assert_eq!(report.refused, []);
        assert_eq!(files(app).await?, expected);
        let names = around(app).await?;
        let mut once = names.clone();
        once.dedup();
        assert_eq!(names, once, "nothing was made twice");
    }
    Ok(())
}
