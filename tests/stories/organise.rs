//! Keeping many conversations: folders, tags, archive, notes, trash.

use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Conversation, ConversationId, ConversationSummary, ErrorCode, ErrorReport, Event, ExportFormat,
    ExportScope, ExportTarget, Exported, Folder, FolderId, Organising, RunState, SearchResult,
    Settings, Shelf, TagUse, TrashedConversation,
};
use sirocco_testkit::{Script, TempApp, within};

use crate::{app, code};

async fn organise(
    app: &TempApp,
    ids: &[ConversationId],
    change: Organising,
) -> Result<Vec<ConversationSummary>, ErrorReport> {
    let request = ConversationOrganise {
        ids: ids.to_vec(),
        change,
    };
    app.call("conversation_organise", request).await
}

async fn folder(
    app: &TempApp,
    name: &str,
    parent_id: Option<FolderId>,
) -> Result<Folder, ErrorReport> {
    let request = FolderCreate {
        name: name.into(),
        parent_id,
    };
    app.call("folder_create", request).await
}

async fn ids(app: &TempApp, request: ConversationList) -> anyhow::Result<Vec<ConversationId>> {
    let rows: Vec<ConversationSummary> = app.call("conversation_list", request).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

async fn listed(app: &TempApp) -> anyhow::Result<Vec<ConversationId>> {
    ids(app, ConversationList::first(100)).await
}

async fn trash(app: &TempApp) -> anyhow::Result<Vec<TrashedConversation>> {
    Ok(app.call("conversation_trash", ConversationTrash {}).await?)
}

#[tokio::test]
async fn conversations_move_into_folders_and_a_deleted_folder_comes_back_with_them()
-> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    let work = folder(&app, " Work ", None).await?;
    assert_eq!(work.name, "Work");
    let inner = folder(&app, "Reports", Some(work.id)).await?;
    let into = Organising::Move {
        folder_id: Some(inner.id),
    };
    let moved = organise(&app, &[id], into).await?;
    assert_eq!(moved[0].folder_id, Some(inner.id));

    let mut events = app.events();
    app.call::<Nothing>("folder_delete", FolderDelete { id: inner.id })
        .await?;
    let folders = events
        .wait("the folders", |event| match event {
            Event::FoldersChanged { folders } => Some(folders),
            _ => None,
        })
        .await?;
    assert_eq!(folders, std::slice::from_ref(&work));
    let rows = events
        .wait("the rows that moved", |event| match event {
            Event::ConversationsOrganised { conversations, .. } => Some(conversations),
            _ => None,
        })
        .await?;
    assert_eq!(rows[0].folder_id, Some(work.id));
    let back: Folder = app
        .call("folder_restore", FolderRestore { id: inner.id })
        .await?;
    assert_eq!(back, inner);
    let inside = ConversationList {
        folder_id: Some(inner.id),
        ..ConversationList::first(9)
    };
    assert_eq!(ids(&app, inside).await?, [id]);

    let into_itself = FolderMove {
        id: work.id,
        parent_id: Some(inner.id),
    };
    let refused = app.call::<Folder>("folder_move", into_itself).await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
    assert_eq!(
        code(folder(&app, "  ", None).await),
        ErrorCode::InvalidRequest
    );
    Ok(())
}

#[tokio::test]
async fn the_archive_is_off_the_list_and_still_searched_and_exported() -> anyhow::Result<()> {
    let app = app(&Script::answering("Rain.")).await?;
    let id = app.conversation().await?;
    app.send_and_finish(id, "What falls?").await?;
    organise(&app, &[id], Organising::Archive).await?;
    assert!(listed(&app).await?.is_empty());
    let archive = ConversationList {
        shelf: Some(Shelf::Archive),
        ..ConversationList::first(9)
    };
    assert_eq!(ids(&app, archive).await?, [id]);
    let found: Vec<SearchResult> = app
        .call("message_search", MessageSearch::first("rain", 9))
        .await?;
    assert!(found[0].conversation.archived);
    let everything = ExchangeExport {
        scope: ExportScope::All,
        only_good: false,
        format: ExportFormat::Jsonl,
        target: ExportTarget::Answer,
    };
    let exported: Exported = app.call("exchange_export", everything).await?;
    assert!(matches!(
        exported,
        Exported::Text {
            conversation_count: 1,
            ..
        }
    ));
    organise(&app, &[id], Organising::Unarchive).await?;
    assert_eq!(listed(&app).await?, [id]);
    Ok(())
}

#[tokio::test]
async fn tags_narrow_the_list_and_the_search() -> anyhow::Result<()> {
    let app = app(&Script::answering("Rain.")).await?;
    let (a, b) = (app.conversation().await?, app.conversation().await?);
    for id in [a, b] {
        app.send_and_finish(id, "What falls?").await?;
    }
    let tag = Organising::Tag {
        tag: " to \n read ".into(),
    };
    let rows = organise(&app, &[a], tag).await?;
    assert_eq!(rows[0].tags, ["to read"]);
    let with = ConversationList {
        tag: Some("TO READ".into()),
        ..ConversationList::first(9)
    };
    assert_eq!(ids(&app, with).await?, [a]);
    let request = MessageSearch {
        tag: Some("to read".into()),
        ..MessageSearch::first("rain", 9)
    };
    let found: Vec<SearchResult> = app.call("message_search", request).await?;
    assert_eq!(found.len(), 1);
    let tags: Vec<TagUse> = app.call("tag_list", TagList {}).await?;
    assert_eq!(
        (tags[0].tag.as_str(), tags[0].conversation_count),
        ("to read", 1)
    );
    let blank = Organising::Tag { tag: " ".into() };
    assert_eq!(
        code(organise(&app, &[a], blank).await),
        ErrorCode::InvalidRequest
    );
    Ok(())
}

#[tokio::test]
async fn several_go_to_the_trash_at_once_and_an_answer_in_one_of_them_stops() -> anyhow::Result<()>
{
    let app = app(&Script::slow(5000, 2.0)).await?;
    let (a, b) = (app.conversation().await?, app.conversation().await?);
    let mut follower = app.ask(a, "Tell me").await?;
    follower.until_words(3).await?;
    organise(&app, &[a, b], Organising::Delete).await?;
    let (run, _) = follower.finish().await?;
    assert_eq!(run.state, RunState::Stopped);
    assert!(listed(&app).await?.is_empty());

    let trashed = trash(&app).await?;
    assert_eq!(trashed.len(), 2);
    let month_ms = 30 * 24 * 60 * 60 * 1000;
    assert!(
        trashed
            .iter()
            .all(|one| one.removed_at_ms == one.deleted_at_ms + month_ms)
    );
    organise(&app, &[b], Organising::Restore).await?;
    assert_eq!(listed(&app).await?, [b]);
    let none = organise(&app, &[], Organising::Delete).await;
    assert_eq!(code(none), ErrorCode::InvalidRequest);
    Ok(())
}

#[tokio::test]
async fn what_is_removed_from_the_trash_is_gone_and_nothing_else() -> anyhow::Result<()> {
    let app = app(&Script::slow(5000, 2.0)).await?;
    let all = [
        app.conversation().await?,
        app.conversation().await?,
        app.conversation().await?,
    ];
    let mut follower = app.ask(all[0], "Tell me").await?;
    follower.until_words(3).await?;
    organise(&app, &all[..2], Organising::Delete).await?;
    // The third is not in the trash, and the first is still being written.
    let remove = ConversationRemove { ids: all.to_vec() };
    app.call::<Nothing>("conversation_remove", remove).await?;
    assert!(trash(&app).await?.is_empty());
    assert_eq!(listed(&app).await?, all[2..]);
    let gone = ConversationRestore { id: all[0] };
    let refused = app.call::<Conversation>("conversation_restore", gone).await;
    assert_eq!(code(refused), ErrorCode::NotFound);

    organise(&app, &all[2..], Organising::Delete).await?;
    app.call::<Nothing>("conversation_trash_empty", ConversationTrashEmpty {})
        .await?;
    assert!(trash(&app).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn what_was_deleted_long_ago_is_removed_at_the_start() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let (kept, gone) = (app.conversation().await?, app.conversation().await?);
    organise(&app, &[gone], Organising::Delete).await?;
    let app = app.reopen().await?;
    assert_eq!(trash(&app).await?.len(), 1, "its days are not over");
    let mut settings: Settings = app.call("settings_get", SettingsGet {}).await?;
    settings.conversation_trash_days = 0;
    app.call::<Settings>("settings_set", SettingsSet { settings })
        .await?;
    let app = app.reopen().await?;
    within("the trash to be swept", async {
        while !trash(&app).await?.is_empty() {
            tokio::task::yield_now().await;
        }
        anyhow::Ok(())
    })
    .await??;
    assert_eq!(listed(&app).await?, [kept]);
    Ok(())
}

#[tokio::test]
async fn notes_are_kept_beside_a_conversation_and_no_row_changes() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    let mut events = app.events();
    let write = |notes: String| ConversationUpdate {
        notes: Some(notes),
        ..ConversationUpdate::of(id)
    };
    app.call::<Conversation>("conversation_update", write("Ask Ada.".into()))
        .await?;
    let told = events.drain();
    assert!(
        !told
            .iter()
            .any(|event| matches!(event, Event::ConversationChanged { .. })),
        "{told:?}"
    );
    let app = app.reopen().await?;
    let kept: Conversation = app.call("conversation_get", ConversationGet { id }).await?;
    assert_eq!(kept.notes, "Ask Ada.");
    let refused = app
        .call::<Conversation>("conversation_update", write("x".repeat(100_001)))
        .await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
    Ok(())
}

#[tokio::test]
async fn several_are_exported_together() -> anyhow::Result<()> {
    let app = app(&Script::answering("Rain.")).await?;
    let mut all = Vec::new();
    for _ in 0..3 {
        let id = app.conversation().await?;
        app.send_and_finish(id, "What falls?").await?;
        all.push(id);
    }
    let two = ExchangeExport {
        scope: ExportScope::Conversations {
            ids: all[..2].to_vec(),
        },
        only_good: false,
        format: ExportFormat::Markdown,
        target: ExportTarget::Answer,
    };
    let exported: Exported = app.call("exchange_export", two).await?;
    assert!(matches!(
        exported,
        Exported::Archive {
            conversation_count: 2,
            ..
        }
    ));
    Ok(())
}
