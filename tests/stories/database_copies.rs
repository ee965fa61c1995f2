//! Copies of the database: made, gone back to at the next start, deleted.

use sirocco_protocol::commands::*;
use sirocco_protocol::{
    ConversationSummary, DatabaseCopies, DatabaseCopyReason, DatabaseCopyUse, ErrorCode,
};
use sirocco_testkit::{Script, TempApp};

use crate::{app, code};

async fn titles(app: &TempApp) -> anyhow::Result<Vec<String>> {
    let rows: Vec<ConversationSummary> = app
        .call("conversation_list", ConversationList::first(100))
        .await?;
    Ok(rows.into_iter().map(|row| row.title).collect())
}

async fn named(app: &TempApp, title: &str) -> anyhow::Result<()> {
    let id = app.conversation().await?;
    let request = ConversationUpdate {
        title: Some(title.into()),
        ..ConversationUpdate::of(id)
    };
    app.call::<sirocco_protocol::Conversation>("conversation_update", request)
        .await?;
    Ok(())
}

async fn copies(app: &TempApp) -> anyhow::Result<DatabaseCopies> {
    Ok(app.call("database_copy_list", DatabaseCopyList {}).await?)
}

#[tokio::test]
async fn going_back_to_a_copy_brings_what_there_was_and_keeps_what_came_after() -> anyhow::Result<()>
{
    let app = app(&Script::default()).await?;
    named(&app, "old").await?;
    let made: DatabaseCopies = app.call("database_copy_make", DatabaseCopyMake {}).await?;
    assert_eq!(made.copies.len(), 1);
    assert!(!made.can_restart);
    let copy = &made.copies[0];
    assert_eq!(copy.reason, DatabaseCopyReason::Asked);
    assert_eq!(copy.usable, DatabaseCopyUse::Usable);
    assert_eq!(copy.version.as_deref(), Some(env!("CARGO_PKG_VERSION")));
    assert!(copy.size_bytes > 0);

    named(&app, "new").await?;
    let id = Some(copy.id.clone());
    let planned: DatabaseCopies = app
        .call("database_copy_plan", DatabaseCopyPlan { id: id.clone() })
        .await?;
    assert_eq!(planned.planned, id);
    assert_eq!(
        titles(&app).await?.len(),
        2,
        "nothing happens before the next start"
    );

    let app = app.reopen().await?;
    assert_eq!(titles(&app).await?, ["old"]);
    let after = copies(&app).await?;
    assert_eq!((after.planned, after.problem), (None, None));
    let reasons: Vec<_> = after.copies.iter().map(|copy| copy.reason).collect();
    assert_eq!(
        reasons,
        [DatabaseCopyReason::WentBack, DatabaseCopyReason::Asked]
    );

    let id = Some(after.copies[0].id.clone());
    app.call::<DatabaseCopies>("database_copy_plan", DatabaseCopyPlan { id })
        .await?;
    let app = app.reopen().await?;
    let mut titles = titles(&app).await?;
    titles.sort();
    assert_eq!(titles, ["new", "old"]);
    Ok(())
}

#[tokio::test]
async fn a_plan_is_taken_back_and_a_copy_deleted() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let made: DatabaseCopies = app.call("database_copy_make", DatabaseCopyMake {}).await?;
    let id = made.copies[0].id.clone();
    named(&app, "kept").await?;
    for id in [Some(id.clone()), None] {
        app.call::<DatabaseCopies>("database_copy_plan", DatabaseCopyPlan { id })
            .await?;
    }
    let app = app.reopen().await?;
    assert_eq!(titles(&app).await?, ["kept"]);

    let left: DatabaseCopies = app
        .call(
            "database_copy_delete",
            DatabaseCopyDelete { id: id.clone() },
        )
        .await?;
    assert!(left.copies.is_empty());
    let again = app.call::<DatabaseCopies>("database_copy_delete", DatabaseCopyDelete { id });
    assert_eq!(code(again.await), ErrorCode::NotFound);
    let restarted = app.call::<Nothing>("app_restart", AppRestart {});
    assert_eq!(code(restarted.await), ErrorCode::InvalidRequest);
    Ok(())
}
