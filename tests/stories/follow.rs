//! Following a run: from wherever one comes in, every word once.

use sirocco_protocol::{ErrorCode, LoadOptions, RunId, RunState};
use sirocco_testkit::{Script, TempApp, TinyModel};

use crate::{WORKER, app};

#[tokio::test]
async fn those_who_come_late_get_the_whole_text_and_then_the_rest() -> anyhow::Result<()> {
    let app = app(&Script::slow(300, 2.0)).await?;
    let id = app.conversation().await?;
    let mut first = app.ask(id, "Tell me").await?;
    first.until_words(5).await?;
    let run = first.run.clone().expect("a snapshot came").id;
    let mut late = app.follow(run).await?;
    late.next().await?;
    assert!(
        late.content.len() >= first.content.len(),
        "the snapshot holds what others have"
    );
    let later = app.follow(run).await?;
    let (first, late, later) = tokio::join!(first.finish(), late.finish(), later.finish());
    let (run, answer) = first?;
    assert_eq!(run.state, RunState::Completed);
    assert_eq!(answer.content, " one".repeat(300));
    assert_eq!(late?.1, answer);
    assert_eq!(later?.1, answer);
    Ok(())
}

#[tokio::test]
async fn following_after_the_end_gives_the_end() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.conversation().await?;
    let answer = app.send_and_finish(id, "Hello").await?;
    let run = answer.run.clone().expect("an answer has a run");
    let (ended, message) = app.follow(run.id).await?.finish().await?;
    assert_eq!((ended, message), (run.clone(), answer.clone()));
    let app = app.reopen().await?;
    let (ended, message) = app.follow(run.id).await?.finish().await?;
    assert_eq!((ended, message), (run, answer));
    assert_eq!(
        app.follow(RunId::fresh())
            .await
            .expect_err("nobody's run")
            .code,
        ErrorCode::NotFound
    );
    Ok(())
}

#[tokio::test]
async fn a_follower_that_lags_gets_a_new_snapshot_and_misses_nothing() -> anyhow::Result<()> {
    // 256 characters make a delta, and more than 320 of them overflow what waits for a follower.
    const WORDS: usize = 256 * 360 / " answer".len();
    let app = TempApp::open_empty(WORKER).await?;
    let file = app.outside().join("long.gguf");
    let model = TinyModel {
        context_length: 1 << 14,
        ..TinyModel::default()
    };
    app.put_model(&file, &model, &Script::answering(" answer".repeat(WORDS)))?;
    let model = app.import(&file).await?.models[0].id;
    let options = LoadOptions {
        context_length: Some(1 << 14),
        load_anyway: true,
        ..LoadOptions::default()
    };
    app.load(model, options).await?;

    let id = app.conversation().await?;
    let mut lagging = app.ask(id, "Tell me").await?;
    lagging.next().await?;
    let run = lagging.run.clone().expect("a snapshot came").id;
    let (ended, answer) = app.follow(run).await?.finish().await?;
    assert_eq!(answer.content.len(), WORDS * " answer".len());
    while lagging.next().await?.is_some() {}
    assert!(
        lagging.snapshots > 1,
        "it did lag: {} deltas came",
        lagging.deltas
    );
    assert_eq!(
        (lagging.run, lagging.content),
        (Some(ended), answer.content)
    );
    Ok(())
}
