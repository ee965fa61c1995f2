//! Files that are sent with a message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Attachment, AttachmentKind, ContextReport, ContextUse, Conversation, ConversationId, ErrorCode,
    ExchangeReport, ExportFormat, ExportScope, ExportTarget, Exported, Message, MessageId,
    PickedPath, SearchResult, Started,
};
use sirocco_testkit::{Script, TempApp};

use crate::{app, code};

const WINDS: &str = "wind,from\nsirocco,south";

async fn picked(app: &TempApp, name: &str, content: &[u8]) -> anyhow::Result<PathType> {
    let path = app.outside().join(name);
    std::fs::write(&path, content)?;
    Ok(PathType {
        path: path.display().to_string(),
    })
}

async fn add(app: &TempApp, name: &str, content: &[u8]) -> anyhow::Result<Attachment> {
    let typed = picked(app, name, content).await?;
    let path: PickedPath = app.call("path_type", typed).await?;
    let handle = path.handle;
    Ok(app
        .call(
            "attachment_add",
            AttachmentAdd {
                handle,
                conversation_id: None,
            },
        )
        .await?)
}

async fn give(app: &TempApp, name: &str, text: &str) -> anyhow::Result<Attachment> {
    let request = AttachmentGive {
        name: name.into(),
        content_base64: STANDARD.encode(text),
        conversation_id: None,
    };
    Ok(app.call("attachment_give", request).await?)
}

async fn send(
    app: &TempApp,
    conversation_id: ConversationId,
    content: &str,
    attached: &[&Attachment],
) -> anyhow::Result<Message> {
    let request = MessageSend {
        conversation_id,
        content: content.into(),
        attachments: attached.iter().map(|attached| attached.id).collect(),
    };
    let started: Started = app.call("message_send", request).await?;
    app.finish(&started).await?;
    Ok(started.user_message.expect("a question was added"))
}

/// The prompt of an answer, as it was sent.
async fn sent(app: &TempApp, id: ConversationId, answer: MessageId) -> anyhow::Result<String> {
    let request = ContextInspect {
        conversation_id: id,
        draft: String::new(),
        attachments: Vec::new(),
        answer: Some(answer),
    };
    let report: ContextReport = app.call("context_inspect", request).await?;
    Ok(report.text)
}

async fn last(app: &TempApp, id: ConversationId) -> anyhow::Result<Message> {
    Ok(app.messages(id).await?.pop().expect("there are messages"))
}

#[tokio::test]
async fn the_model_reads_what_is_attached_and_the_message_keeps_it() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    let table = add(&app, "winds.csv", WINDS.as_bytes()).await?;
    assert_eq!(
        (table.name.as_str(), table.kind),
        ("winds.csv", AttachmentKind::Csv)
    );
    assert_eq!((table.size_bytes, table.characters), (23, 23));
    let page = give(&app, "page.html", "<h1>Winds</h1><p>Warm &amp; dry").await?;
    let text: String = app
        .call("attachment_text", AttachmentText { id: page.id })
        .await?;
    assert_eq!(text, "# Winds\n\nWarm & dry");

    let question = send(&app, id, "Which is warm?", &[&table, &page]).await?;
    assert_eq!(question.attachments, [table, page]);
    let answer = last(&app, id).await?;
    let expected = format!(
        "<document name=\"winds.csv\" type=\"csv\">\n{WINDS}\n</document>\n\n\
         <document name=\"page.html\" type=\"html\">\n{text}\n</document>\n\nWhich is warm?"
    );
    let prompt = sent(&app, id, answer.id).await?;
    assert!(prompt.contains(&expected), "{prompt}");

    let app = app.reopen().await?;
    assert_eq!(app.messages(id).await?[0].attachments, question.attachments);
    Ok(())
}

#[tokio::test]
async fn a_message_may_be_nothing_but_a_file_and_is_called_after_it() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    let table = give(&app, "winds.csv", WINDS).await?;
    send(&app, id, "", &[&table]).await?;
    let conversation: Conversation = app.call("conversation_get", ConversationGet { id }).await?;
    assert_eq!(conversation.summary.title, "winds.csv");
    let empty = MessageSend {
        conversation_id: id,
        content: " ".into(),
        attachments: Vec::new(),
    };
    let refused = app.call::<Started>("message_send", empty).await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
    Ok(())
}

#[tokio::test]
async fn other_words_another_answer_and_a_branch_keep_what_is_attached() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    let table = give(&app, "winds.csv", WINDS).await?;
    let question = send(&app, id, "Which is warm?", &[&table]).await?;
    let edit = MessageEdit {
        id: question.id,
        content: "Which is cold?".into(),
        generate: true,
    };
    let started: Started = app.call("message_edit", edit).await?;
    app.finish(&started).await?;
    assert_eq!(
        started.user_message.expect("other words").attachments,
        std::slice::from_ref(&table)
    );
    let prompt = sent(&app, id, started.assistant_message.id).await?;
    assert!(
        prompt.contains(WINDS) && prompt.contains("cold"),
        "{prompt}"
    );

    let again = MessageRegenerate {
        id: started.assistant_message.id,
        model_id: None,
    };
    let again: Started = app.call("message_regenerate", again).await?;
    app.finish(&again).await?;
    assert!(
        sent(&app, id, again.assistant_message.id)
            .await?
            .contains(WINDS)
    );

    let branch = ConversationBranch {
        message_id: again.assistant_message.id,
    };
    let branch: Conversation = app.call("conversation_branch", branch).await?;
    let copied = app.messages(branch.summary.id).await?;
    assert_eq!(copied[0].attachments, [table]);
    Ok(())
}

#[tokio::test]
async fn what_is_attached_is_found_and_comes_back_from_a_file() -> anyhow::Result<()> {
    let first = app(&Script::default()).await?;
    let id = first.conversation().await?;
    let table = give(&first, "winds.csv", "wind,from\ntramontana,north").await?;
    send(&first, id, "Which is cold?", &[&table]).await?;
    let search = MessageSearch::first("tramontana", 10);
    let found: Vec<SearchResult> = first.call("message_search", search.clone()).await?;
    let message = found[0].message.as_ref().expect("a message has the word");
    assert!(
        message.snippet.starts_with("winds.csv: wind,from"),
        "{message:?}"
    );
    assert!(!message.marks.is_empty());

    let export = ExchangeExport {
        scope: ExportScope::Conversations { ids: vec![id] },
        only_good: false,
        format: ExportFormat::Json,
        target: ExportTarget::Answer,
    };
    let Exported::Text { text, .. } = first.call("exchange_export", export).await? else {
        panic!("one conversation is a text");
    };
    let second = app(&Script::default()).await?;
    let typed = picked(&second, "conversation.json", text.as_bytes()).await?;
    let path: PickedPath = second.call("path_type", typed).await?;
    let import = ExchangeImport {
        handle: path.handle,
    };
    let report: ExchangeReport = second.call("exchange_import", import).await?;
    let [imported] = report.added[..] else {
        panic!("{report:?}");
    };
    let question = second.messages(imported).await?.remove(0);
    let [attached] = &question.attachments[..] else {
        panic!("{question:?}");
    };
    assert_eq!((&attached.name, attached.kind), (&table.name, table.kind));
    let request = AttachmentText { id: attached.id };
    let text: String = second.call("attachment_text", request).await?;
    assert_eq!(text, "wind,from\ntramontana,north");
    let found: Vec<SearchResult> = second.call("message_search", search).await?;
    assert_eq!(found.len(), 1);
    Ok(())
}

#[tokio::test]
async fn the_draft_is_counted_with_what_is_attached_to_it() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    app.load(app.model().await?.id, Default::default()).await?;
    let id = app.conversation().await?;
    let table = give(&app, "winds.csv", WINDS).await?;
    let count = |attachments| ContextCount {
        conversation_id: id,
        draft: "Which?".into(),
        attachments,
    };
    let without: ContextUse = app.call("context_count", count(Vec::new())).await?;
    let with: ContextUse = app.call("context_count", count(vec![table.id])).await?;
    assert!(without.attachment_tokens.is_empty());
    assert!(with.attachment_tokens[0] > 10);
    assert_eq!(with.draft_tokens, without.draft_tokens);
    assert!(with.prompt_tokens >= without.prompt_tokens + with.attachment_tokens[0]);
    Ok(())
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_refused_in_one_sentence() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let binary = picked(&app, "a.png", b"\x89PNG\r\n\x1a\n\0\0").await?;
    let path: PickedPath = app.call("path_type", binary).await?;
    let add = AttachmentAdd {
        handle: path.handle,
        conversation_id: None,
    };
    let error = app
        .call::<Attachment>("attachment_add", add)
        .await
        .expect_err("half a picture is none");
    assert_eq!(error.code, ErrorCode::FileProblem);
    assert!(
        error
            .message
            .starts_with("could not read `a.png`: it is damaged")
    );

    let folder = PathType {
        path: app.outside().display().to_string(),
    };
    let path: PickedPath = app.call("path_type", folder).await?;
    let add = AttachmentAdd {
        handle: path.handle,
        conversation_id: None,
    };
    assert_eq!(
        code(app.call::<Attachment>("attachment_add", add).await),
        ErrorCode::FileProblem
    );

    let large = AttachmentGive {
        name: "a.txt".into(),
        content_base64: "A".repeat(24 << 20),
        conversation_id: None,
    };
    let refused = app.call::<Attachment>("attachment_give", large).await;
    assert_eq!(code(refused), ErrorCode::FileProblem);
    let nonsense = AttachmentGive {
        name: "a.txt".into(),
        content_base64: "?".into(),
        conversation_id: None,
    };
    let refused = app.call::<Attachment>("attachment_give", nonsense).await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
    Ok(())
}

#[tokio::test]
async fn what_was_never_sent_is_forgotten_at_the_next_start() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    let unsent = give(&app, "unsent.txt", "never sent").await?;
    let kept = give(&app, "winds.csv", WINDS).await?;
    send(&app, id, "Which?", &[&kept]).await?;
    let app = app.reopen().await?;
    let gone = app
        .call::<String>("attachment_text", AttachmentText { id: unsent.id })
        .await;
    assert_eq!(code(gone), ErrorCode::NotFound);
    let text: String = app
        .call("attachment_text", AttachmentText { id: kept.id })
        .await?;
    assert_eq!(text, WINDS);
    Ok(())
}

async fn keep_draft(
    app: &TempApp,
    id: ConversationId,
    files: &[&Attachment],
) -> anyhow::Result<Conversation> {
    let changes = ConversationUpdate {
        draft_attachments: Some(files.iter().map(|file| file.id).collect()),
        ..ConversationUpdate::of(id)
    };
    Ok(app.call("conversation_update", changes).await?)
}

#[tokio::test]
async fn the_files_of_a_draft_outlive_the_app_until_they_are_sent() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    let table = give(&app, "winds.csv", WINDS).await?;
    let notes = give(&app, "notes.txt", "warm").await?;
    let kept = keep_draft(&app, id, &[&notes, &table]).await?;
    assert_eq!(kept.draft_attachments, [notes.clone(), table.clone()]);
    let kept = keep_draft(&app, id, &[&table]).await?;
    assert_eq!(kept.draft_attachments, std::slice::from_ref(&table));

    let app = app.reopen().await?;
    let get = ConversationGet { id };
    let found: Conversation = app.call("conversation_get", &get).await?;
    assert_eq!(found.draft_attachments, std::slice::from_ref(&table));
    let forgotten = AttachmentText { id: notes.id };
    assert_eq!(
        code(app.call::<String>("attachment_text", forgotten).await),
        ErrorCode::NotFound
    );
    send(&app, id, "Which is warm?", &[&table]).await?;
    let found: Conversation = app.call("conversation_get", &get).await?;
    assert!(found.draft_attachments.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_draft_takes_files_that_are_there_and_not_too_many() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    let table = give(&app, "winds.csv", WINDS).await?;
    let mut unknown = table.clone();
    unknown.id = "01890000-0000-7000-8000-000000000000".parse()?;
    assert!(keep_draft(&app, id, &[&table, &unknown]).await.is_err());
    assert!(keep_draft(&app, id, &[&table; 33]).await.is_err());
    let found: Conversation = app.call("conversation_get", ConversationGet { id }).await?;
    assert!(found.draft_attachments.is_empty());
    Ok(())
}
