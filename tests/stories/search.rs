//! Finding what was said.

use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Conversation, ConversationId, ErrorCode, MessageId, MessagePage, PagePlace, Role, SearchResult,
    TextRange,
};
use sirocco_testkit::{Script, TempApp};

use crate::{app, code};

fn search(query: &str) -> MessageSearch {
    MessageSearch::first(query, 20)
}

async fn found(app: &TempApp, request: MessageSearch) -> anyhow::Result<Vec<SearchResult>> {
    Ok(app.call("message_search", request).await?)
}

/// Says something that nobody answers.
async fn say(app: &TempApp, id: ConversationId, content: &str) -> anyhow::Result<MessageId> {
    let insert = MessageInsert {
        conversation_id: id,
        after: None,
        role: Role::User,
        content: content.into(),
    };
    let message: sirocco_protocol::Message = app.call("message_insert", insert).await?;
    Ok(message.id)
}

#[tokio::test]
async fn questions_answers_and_titles_are_found_with_their_words_marked() -> anyhow::Result<()> {
    let app = app(&Script::answering("The mistral\nis a *cold* wind.")).await?;
    let id = app.conversation().await?;
    let answer = app.send_and_finish(id, "Which wind is cold?").await?;

    let by_model = MessageSearch {
        role: Some(Role::Assistant),
        ..search("COLD mist")
    };
    let results = found(&app, by_model).await?;
    let [result] = &results[..] else {
        panic!("{results:?}")
    };
    assert_eq!(result.conversation.id, id);
    let message = result.message.as_ref().expect("a message has the words");
    assert_eq!((message.id, message.role), (answer.id, Role::Assistant));
    assert_eq!(message.model_name.as_deref(), Some("Tiny"));
    assert_eq!(message.snippet, "The mistral is a *cold* wind.");
    let marks = [
        TextRange { start: 4, end: 8 },
        TextRange { start: 18, end: 22 },
    ];
    assert_eq!(message.marks, marks);

    let results = found(&app, search("which wind")).await?;
    assert!(results[0].place.titled);
    assert_eq!(results[0].title_marks.len(), 2);
    assert_eq!(results[0].message_count, 1);
    assert!(found(&app, search("tramontana")).await?.is_empty());
    assert!(found(&app, search("\"* (")).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_found_message_far_up_has_a_page_around_it() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    for number in 0..30 {
        let words = if number == 7 { "a needle" } else { "hay" };
        say(&app, id, words).await?;
    }
    let results = found(&app, search("needle")).await?;
    let message = results[0].message.as_ref().expect("it was said");
    let request = MessagePageRequest {
        conversation_id: id,
        place: Some(PagePlace::Around(message.id)),
        limit: 6,
    };
    let page: MessagePage = app.call("message_page", request).await?;
    assert_eq!(page.messages.len(), 6);
    assert_eq!(page.messages[2].content, "a needle");
    assert!(page.has_older && page.has_newer);
    Ok(())
}

#[tokio::test]
async fn find_goes_through_the_shown_branch_and_into_words() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    let first = say(&app, id, "A Décision\nof importance").await?;
    say(&app, id, "nothing").await?;
    let third = say(&app, id, "indecisive").await?;
    let edit = MessageEdit {
        id: third,
        content: "undecided".into(),
        generate: false,
    };
    let find = async |query: &str| {
        let request = MessageFind {
            conversation_id: id,
            query: query.into(),
        };
        anyhow::Ok(app.call::<Vec<MessageId>>("message_find", request).await?)
    };
    assert_eq!(find("DECISI").await?, [first, third]);
    assert_eq!(find("decision of").await?, [first]);
    assert!(find(" ").await?.is_empty());
    app.call::<sirocco_protocol::Started>("message_edit", edit)
        .await?;
    assert_eq!(find("decisi").await?, [first], "another version is shown");
    Ok(())
}

#[tokio::test]
async fn a_search_without_a_sensible_limit_is_refused() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    for limit in [0, 501] {
        let request = MessageSearch {
            limit,
            ..search("x")
        };
        assert_eq!(
            code(
                app.call::<Vec<SearchResult>>("message_search", request)
                    .await
            ),
            ErrorCode::InvalidRequest
        );
    }
    Ok(())
}

#[tokio::test]
async fn notes_and_words_inside_a_run_without_spaces_are_found() -> anyhow::Result<()> {
    let app = app(&Script::answering("so")).await?;
    let id = app.conversation().await?;
    let asked = say(&app, id, "今日は漢字を勉強します").await?;
    let request = ConversationUpdate {
        notes: Some("Ask Ada about the tramontana.".into()),
        ..ConversationUpdate::of(id)
    };
    app.call::<Conversation>("conversation_update", request)
        .await?;

    let results = found(&app, search("ada tramont")).await?;
    let notes = results[0].notes.as_ref().expect("the notes have the words");
    assert_eq!(notes.snippet, "Ask Ada about the tramontana.");
    assert_eq!(notes.marks.len(), 2);
    assert!(results[0].message.is_none() && !results[0].place.titled);

    let results = found(&app, search("勉強")).await?;
    let message = results[0]
        .message
        .as_ref()
        .expect("the message has the words");
    assert_eq!(message.id, asked);
    assert_eq!(message.marks, [TextRange { start: 6, end: 8 }]);

    let names: Vec<String> = app.call("message_models", MessageModels {}).await?;
    assert!(names.is_empty(), "no model has said anything");
    app.send_and_finish(id, "and?").await?;
    let names: Vec<String> = app.call("message_models", MessageModels {}).await?;
    assert_eq!(names, ["Tiny"]);
    Ok(())
}
