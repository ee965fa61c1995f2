use super::*;
use crate::fixture::{conversation, message, plan, say, shown};
use crate::{ConversationCopy, TextQuery};
use sirocco_protocol::Role;
use sirocco_protocol::commands::MessageSearch;

fn new(name: &str, text: &str) -> NewAttachment {
    NewAttachment {
        attachment: Attachment {
            id: AttachmentId::fresh(),
            name: name.into(),
            kind: AttachmentKind::Csv,
            size_bytes: 26,
            characters: 7,
            pixels: None,
        },
        // What hashes is known by others; here it has only to be another one for another text.
        sha256: format!("hash of {text}"),
        text: text.into(),
        image: None,
    }
}

/// An image of this content.
fn image(name: &str, file: &[u8]) -> NewAttachment {
    let mut new = new(name, "");
    new.attachment.kind = AttachmentKind::Image;
    new.attachment.pixels = Some(Pixels {
        width: 4,
        height: 3,
    });
    new.image = Some(NewImage {
        sha256: format!("hash of {file:?}"),
        file: file.to_vec(),
    });
    new
}

async fn count(store: &Store, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql)
        .fetch_one(&store.reader)
        .await
        .unwrap()
}

/// A question with two attachments.
async fn asked(store: &Store) -> (ConversationId, MessageId, [NewAttachment; 2]) {
    let id = conversation(store, "a", 1).await.summary.id;
    let attached = [new("winds.csv", "sirocco"), new("more.csv", "mistral")];
    for one in &attached {
        store.keep_attachment(one).await.unwrap();
    }
    let mut question = message(None, Role::User, "which?");
    question.attachments = attached.iter().map(|one| one.attachment.id).collect();
    say(store, id, std::slice::from_ref(&question)).await;
    (id, question.id, attached)
}

#[tokio::test]
async fn a_message_has_what_is_attached_to_it_in_its_order() {
    let store = Store::open_in_memory().await.unwrap();
    let (id, question, attached) = asked(&store).await;
    let expected = attached.clone().map(|one| one.attachment);
    assert_eq!(shown(&store, id).await[0].attachments, expected);
    let branch = store.branch(question).await.unwrap();
    let texts: Vec<_> = branch[0]
        .attachments
        .iter()
        .map(|one| one.text.as_str())
        .collect();
    assert_eq!(texts, ["sirocco", "mistral"]);
    assert_eq!(
        store.attached_to(question).await.unwrap(),
        branch[0].attachments
    );
    let [first, second] = attached;
    let text = store.attached_text(first.attachment.id).await.unwrap();
    assert_eq!(
        (text.name.as_str(), text.kind),
        ("winds.csv", AttachmentKind::Csv)
    );
    let expected = [first, second].map(|one| (one.attachment.id, (one.text, None)));
    assert_eq!(
        store.attached_texts(id).await.unwrap(),
        HashMap::from(expected)
    );
}

#[tokio::test]
async fn a_text_is_kept_once_and_as_long_as_it_is_attached() {
    let store = Store::open_in_memory().await.unwrap();
    let (_, _, [first, _]) = asked(&store).await;
    let again = new("copy.csv", "sirocco");
    let unsent = new("unsent.csv", "never sent");
    store.keep_attachment(&again).await.unwrap();
    store.keep_attachment(&unsent).await.unwrap();
    assert_eq!(
        count(&store, "select count(*) from attachment_texts").await,
        3
    );

    store.forget_unsent_attachments().await.unwrap();
    assert_eq!(
        count(&store, "select count(*) from attachment_texts").await,
        2
    );
    store.attached_text(first.attachment.id).await.unwrap();
    for gone in [again, unsent] {
        let error = store.attached_text(gone.attachment.id).await.unwrap_err();
        assert!(matches!(
            error,
            StoreError::NotFound {
                what: "attachment",
                ..
            }
        ));
    }
}

#[tokio::test]
async fn an_image_is_kept_once_with_its_size_and_as_long_as_it_is_attached() {
    let store = Store::open_in_memory().await.unwrap();
    let id = conversation(&store, "a", 1).await.summary.id;
    let (kept, unsent) = (image("a.png", b"wind"), image("b.png", b"rain"));
    for one in [&kept, &image("again.png", b"wind"), &unsent] {
        store.keep_attachment(one).await.unwrap();
    }
    let mut question = message(None, Role::User, "which?");
    question.attachments = vec![kept.attachment.id];
    say(&store, id, std::slice::from_ref(&question)).await;
    assert_eq!(
        shown(&store, id).await[0].attachments,
        std::slice::from_ref(&kept.attachment)
    );
    let branch = store.branch(question.id).await.unwrap();
    assert_eq!(
        branch[0].attachments[0].image.as_deref(),
        Some(&b"wind"[..])
    );
    let images = "select count(*) from attachment_images";
    assert_eq!(count(&store, images).await, 2);
    store.forget_unsent_attachments().await.unwrap();
    assert_eq!(count(&store, images).await, 1);
    let found = store.attached_text(kept.attachment.id).await.unwrap();
    assert_eq!(found.image.as_deref(), Some(&b"wind"[..]));
}

#[tokio::test]
async fn an_attachment_that_is_not_there_is_named_and_nothing_is_added() {
    let store = Store::open_in_memory().await.unwrap();
    let id = conversation(&store, "a", 1).await.summary.id;
    let mut question = message(None, Role::User, "which?");
    question.attachments = vec![AttachmentId::fresh()];
    let turn = crate::Turn {
        conversation_id: id,
        messages: vec![question],
        run: None,
        automatic_title: None,
        clear_draft: false,
    };
    let error = store.add_turn(&turn, 10).await.unwrap_err();
    assert!(matches!(
        error,
        StoreError::NotFound {
            what: "attachment",
            ..
        }
    ));
    assert!(shown(&store, id).await.is_empty());
}

#[tokio::test]
async fn copies_of_a_conversation_have_the_attachments_too() {
    let store = Store::open_in_memory().await.unwrap();
    let (id, question, _) = asked(&store).await;
    for until in [None, Some(question)] {
        let copy = ConversationCopy {
            from: id,
            until,
            id: ConversationId::fresh(),
            title: "b".into(),
        };
        let copy = store.copy_conversation(&copy, 50).await.unwrap();
        let copied = shown(&store, copy.summary.id).await.remove(0);
        assert_eq!(copied.attachments, shown(&store, id).await[0].attachments);
    }
}

#[tokio::test]
async fn a_message_is_found_by_the_words_of_its_attachments_and_by_its_own() {
    let store = Store::open_in_memory().await.unwrap();
    let (id, ..) = asked(&store).await;
    for (word, found) in [
        ("mistral", 1),
        ("sirocco", 1),
        ("which", 1),
        ("winds", 1),
        ("bora", 0),
    ] {
        let query = TextQuery {
            phrases: vec![word.into()],
            ..TextQuery::default()
        };
        let request = MessageSearch::first("", 10);
        let results = store.search(&query, &request).await.unwrap();
        assert_eq!(results.len(), found, "{word}");
        assert!(results.iter().all(|result| result.conversation.id == id));
    }
}

#[tokio::test]
async fn what_is_attached_is_read_by_indexes() {
    let store = Store::open_in_memory().await.unwrap();
    for sql in [
        OF_MESSAGES,
        TEXTS_OF_MESSAGES,
        TEXTS_OF_CONVERSATION,
        WITH_TEXT,
    ] {
        let plan = plan(&store, sql).await;
        for step in plan.lines().filter(|step| step.starts_with("SCAN")) {
            assert!(step.starts_with("SCAN wanted"), "{step} in {sql}");
        }
    }
}
