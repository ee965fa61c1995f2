//! Several models or presets answer one question, a person votes, and the votes become ratings.

use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Comparison, ComparisonExportFormat, ComparisonId, Contestant, Conversation, ConversationId,
    ConversationSettings, ErrorCode, Event, ExportTarget, Exported, LayerValues, Message, ModelId,
    Parameters, Preset, Rating, Run, RunState, Verdict,
};
use sirocco_testkit::{Script, TempApp, TinyModel};

use crate::{app, code};

/// The tiny model, and another one beside it.
async fn two_models(left: &Script, right: &Script) -> anyhow::Result<(TempApp, [Contestant; 2])> {
    let app = app(left).await?;
    let first = app.model().await?.id;
    let file = app.outside().join("other.gguf");
    let model = TinyModel {
        name: "Other".into(),
        seed: 2,
        ..TinyModel::default()
    };
    app.put_model(&file, &model, right)?;
    let second = app.import(&file).await?.models[0].id;
    Ok((app, [first, second].map(plain)))
}

fn plain(model_id: ModelId) -> Contestant {
    Contestant {
        model_id,
        preset_id: None,
    }
}

fn question(contestants: &[Contestant]) -> ComparisonStart {
    ComparisonStart {
        conversation_id: None,
        content: "Why is the sky blue?".into(),
        contestants: contestants.to_vec(),
        is_blind: false,
        seed: Some(7),
    }
}

async fn start(app: &TempApp, request: ComparisonStart) -> anyhow::Result<Comparison> {
    Ok(app.call("comparison_start", request).await?)
}

async fn look(app: &TempApp, id: ComparisonId) -> anyhow::Result<Comparison> {
    Ok(app.call("comparison_get", ComparisonGet { id }).await?)
}

fn runs(comparison: &Comparison) -> Vec<Run> {
    let runs = comparison
        .answers
        .iter()
        .map(|answer| answer.message.run.clone());
    runs.collect::<Option<_>>().expect("every answer has a run")
}

async fn finish(app: &TempApp, comparison: &Comparison) -> anyhow::Result<Vec<(Run, Message)>> {
    let mut ended = Vec::new();
    for run in runs(comparison) {
        ended.push(app.follow(run.id).await?.finish().await?);
    }
    Ok(ended)
}

async fn vote(app: &TempApp, id: ComparisonId, verdict: Verdict) -> anyhow::Result<Comparison> {
    let request = ComparisonVote { id, verdict };
    Ok(app.call("comparison_vote", request).await?)
}

fn best(comparison: &Comparison, place: usize) -> Verdict {
    Verdict::Best {
        message_id: comparison.answers[place].message.id,
    }
}

async fn head(app: &TempApp, id: ConversationId) -> anyhow::Result<Conversation> {
    Ok(app.call("conversation_get", ConversationGet { id }).await?)
}

async fn ratings(app: &TempApp) -> anyhow::Result<Vec<Rating>> {
    Ok(app.call("rating_list", RatingList {}).await?)
}

#[tokio::test]
async fn two_models_answer_one_question_beside_each_other() -> anyhow::Result<()> {
    let left = Script::answering("Because of the air.");
    let (app, both) = two_models(&left, &Script::answering("It is not.")).await?;
    let comparison = start(&app, question(&both)).await?;
    assert_eq!(comparison.question.content, "Why is the sky blue?");
    assert_eq!((comparison.seed, comparison.verdict), (7, None));
    let ended = finish(&app, &comparison).await?;
    let words: Vec<_> = ended
        .iter()
        .map(|(_, message)| message.content.as_str())
        .collect();
    assert_eq!(words, ["Because of the air.", "It is not."]);

    let whole = look(&app, comparison.id).await?;
    for (answer, contestant) in whole.answers.iter().zip(both) {
        let named = answer.contestant.as_ref().expect("nothing is hidden");
        assert_eq!(
            (named.model_id, named.preset_id),
            (contestant.model_id, None)
        );
        assert_eq!(
            answer.message.model_name.as_deref(),
            Some(named.model_name.as_str())
        );
        assert_eq!(
            answer.message.versions.len(),
            2,
            "they are versions of one another"
        );
    }
    let shown = app.messages(comparison.conversation_id).await?;
    assert_eq!(
        shown[1].id, whole.answers[0].message.id,
        "the left one is shown"
    );
    let conversation = head(&app, comparison.conversation_id).await?;
    assert_eq!(conversation.summary.title, "Why is the sky blue?");
    assert!(!conversation.summary.running);

    let app = app.reopen().await?;
    let request = ComparisonLatest {
        conversation_id: comparison.conversation_id,
    };
    let latest: Option<Comparison> = app.call("comparison_latest", request).await?;
    assert_eq!(latest, Some(whole));
    Ok(())
}

#[tokio::test]
async fn answers_that_share_the_cores_come_one_after_the_other_and_who_waits_is_told()
-> anyhow::Result<()> {
    let (app, both) = two_models(&Script::slow(60, 2.0), &Script::slow(20, 1.0)).await?;
    let mut events = app.events();
    let comparison = start(&app, question(&both)).await?;
    let [first, second] = &runs(&comparison)[..] else {
        panic!("two answers have two runs")
    };
    let mut waiting = app.follow(second.id).await?;
    waiting.until(|follower| follower.ahead == 1).await?;
    waiting.finish().await?;
    let changes: Vec<_> = events
        .drain()
        .into_iter()
        .filter_map(|event| match event {
            Event::RunChanged { run } => Some((run.id, run.state)),
            _ => None,
        })
        .collect();
    let at = |change| changes.iter().position(|one| *one == change);
    let end = at((first.id, RunState::Completed)).expect("the first one ended");
    let begin = at((second.id, RunState::Generating)).expect("the second one wrote");
    assert!(end < begin, "{changes:?}");
    Ok(())
}

#[tokio::test]
async fn one_that_is_stopped_while_it_waits_leaves_the_others_in_line() -> anyhow::Result<()> {
    let (app, both) = two_models(&Script::slow(2000, 2.0), &Script::answering("Two.")).await?;
    let short = preset(&app, "one").await?;
    let third = Contestant {
        preset_id: Some(short.id),
        ..both[1]
    };
    let comparison = start(&app, question(&[both[0], both[1], third])).await?;
    let runs = runs(&comparison);
    let stop = async |id| app.call::<Nothing>("run_stop", RunStop { id }).await;
    let mut first = app.follow(runs[0].id).await?;
    first.until_words(1).await?;
    stop(runs[1].id).await?;
    let (run, _) = app.follow(runs[1].id).await?.finish().await?;
    assert_eq!(run.state, RunState::Stopped);
    let refused = app
        .call::<Comparison>(
            "comparison_vote",
            ComparisonVote {
                id: comparison.id,
                verdict: Verdict::Tie,
            },
        )
        .await;
    assert_eq!(
        code(refused),
        ErrorCode::Conflict,
        "two are still being written"
    );
    stop(runs[0].id).await?;
    let (run, message) = app.follow(runs[2].id).await?.finish().await?;
    assert_eq!(
        (run.state, message.content.as_str()),
        (RunState::Completed, "Two.")
    );
    Ok(())
}

async fn preset(app: &TempApp, stop: &str) -> anyhow::Result<Preset> {
    let values = LayerValues {
        parameters: Parameters {
            stop: Some(vec![stop.into()]),
            ..Parameters::default()
        },
        ..LayerValues::default()
    };
    let create = PresetCreate {
        name: format!("until {stop}"),
        values,
    };
    Ok(app.call("preset_create", create).await?)
}

#[tokio::test]
async fn presets_of_one_model_are_compared_and_the_better_one_goes_on() -> anyhow::Result<()> {
    let app = app(&Script::answering("one two three four")).await?;
    let model_id = app.model().await?.id;
    let mut contestants = Vec::new();
    for stop in ["four", "three"] {
        contestants.push(Contestant {
            model_id,
            preset_id: Some(preset(&app, stop).await?.id),
        });
    }
    let comparison = start(&app, question(&contestants)).await?;
    let ended = finish(&app, &comparison).await?;
    let words: Vec<_> = ended
        .iter()
        .map(|(_, message)| message.content.as_str())
        .collect();
    assert_eq!(words, ["one two three ", "one two "]);

    vote(&app, comparison.id, best(&comparison, 1)).await?;
    let conversation = head(&app, comparison.conversation_id).await?;
    assert_eq!(conversation.head, Some(comparison.answers[1].message.id));
    assert_eq!(conversation.settings.preset_id, contestants[1].preset_id);
    let next = app
        .send_and_finish(comparison.conversation_id, "And?")
        .await?;
    assert_eq!(next.content, "one two ");
    Ok(())
}

#[tokio::test]
async fn what_a_conversation_sets_itself_yields_to_the_presets_that_are_compared()
-> anyhow::Result<()> {
    let app = app(&Script::answering("one two three four")).await?;
    let model_id = app.model().await?.id;
    let id = app.conversation().await?;
    let own = preset(&app, "two").await?.values;
    let change = ConversationUpdate {
        settings: Some(ConversationSettings {
            preset_id: None,
            values: LayerValues {
                system_prompt: Some("Count.".into()),
                ..own
            },
        }),
        ..ConversationUpdate::of(id)
    };
    app.call::<Conversation>("conversation_update", change)
        .await?;
    let mut contestants = vec![plain(model_id)];
    for stop in ["four", "three"] {
        contestants.push(Contestant {
            model_id,
            preset_id: Some(preset(&app, stop).await?.id),
        });
    }
    let request = ComparisonStart {
        conversation_id: Some(id),
        ..question(&contestants)
    };
    let comparison = start(&app, request).await?;
    let ended = finish(&app, &comparison).await?;
    let words: Vec<_> = ended
        .iter()
        .map(|(_, message)| message.content.as_str())
        .collect();
    assert_eq!(words, ["one ", "one two three ", "one two "]);

    vote(&app, comparison.id, best(&comparison, 2)).await?;
    let settings = head(&app, id).await?.settings;
    assert_eq!(settings.preset_id, contestants[2].preset_id);
    assert_eq!(settings.values.parameters, Parameters::default());
    assert_eq!(settings.values.system_prompt.as_deref(), Some("Count."));
    let next = app.send_and_finish(id, "And?").await?;
    assert_eq!(next.content, "one two ");
    Ok(())
}

#[tokio::test]
async fn names_are_hidden_until_the_vote_which_stays() -> anyhow::Result<()> {
    let (app, both) = two_models(&Script::default(), &Script::default()).await?;
    let mut events = app.events();
    let request = ComparisonStart {
        is_blind: true,
        ..question(&both)
    };
    let comparison = start(&app, request).await?;
    finish(&app, &comparison).await?;
    let hidden = look(&app, comparison.id).await?;
    for answer in &hidden.answers {
        assert_eq!((&answer.contestant, answer.memory_bytes), (&None, None));
        assert_eq!(answer.message.model_name, None);
        assert_eq!(
            answer.message.run.as_ref().and_then(|run| run.model_id),
            None
        );
    }
    let keep = ComparisonKeep {
        id: comparison.id,
        message_id: comparison.answers[0].message.id,
    };
    let early = app
        .call::<Conversation>("comparison_keep", keep.clone())
        .await;
    assert_eq!(code(early), ErrorCode::Conflict);

    let told = vote(&app, comparison.id, Verdict::AllBad).await?;
    assert_eq!(told, look(&app, comparison.id).await?);
    let names: Vec<_> = told
        .answers
        .iter()
        .filter_map(|answer| answer.contestant.clone())
        .map(|contestant| contestant.model_id)
        .collect();
    assert!(both.iter().all(|one| names.contains(&one.model_id)));
    assert!(
        events
            .drain()
            .contains(&Event::ComparisonChanged { comparison: told })
    );

    let again = ComparisonVote {
        id: comparison.id,
        verdict: best(&comparison, 0),
    };
    let refused = app.call::<Comparison>("comparison_vote", again).await;
    assert_eq!(code(refused), ErrorCode::Conflict);
    let kept: Conversation = app.call("comparison_keep", keep).await?;
    assert_eq!(
        kept.model_id,
        Some(names[0]),
        "the conversation goes on with its model"
    );
    Ok(())
}

#[tokio::test]
async fn a_follow_up_is_asked_where_the_kept_answer_stands() -> anyhow::Result<()> {
    let echo = Script::answering("You said: {question}");
    let (app, both) = two_models(&echo, &echo).await?;
    let comparison = start(&app, question(&both)).await?;
    finish(&app, &comparison).await?;
    vote(&app, comparison.id, best(&comparison, 1)).await?;
    let follow_up = ComparisonStart {
        conversation_id: Some(comparison.conversation_id),
        content: "And red?".into(),
        seed: None,
        ..question(&both)
    };
    let second = start(&app, follow_up.clone()).await?;
    let at_once = app.call::<Comparison>("comparison_start", follow_up).await;
    assert_eq!(
        code(at_once),
        ErrorCode::Conflict,
        "its answers are being written"
    );
    let ended = finish(&app, &second).await?;
    assert_eq!(ended[0].1.content, "You said: And red?");
    let parent = second.question.parent_id;
    assert_eq!(parent, Some(comparison.answers[1].message.id));
    Ok(())
}

#[tokio::test]
async fn what_is_no_comparison_is_refused_and_leaves_no_conversation() -> anyhow::Result<()> {
    let (app, both) = two_models(&Script::default(), &Script::default()).await?;
    let blank = ComparisonStart {
        content: " ".into(),
        ..question(&both)
    };
    let gone = plain(ModelId::fresh());
    for (request, expected) in [
        (blank, ErrorCode::InvalidRequest),
        (question(&both[..1]), ErrorCode::InvalidRequest),
        (question(&[both[0], both[0]]), ErrorCode::InvalidRequest),
        (question(&[both[0], gone]), ErrorCode::NotFound),
    ] {
        let refused = app.call::<Comparison>("comparison_start", request).await;
        assert_eq!(code(refused), expected);
    }
    let list = ConversationList::first(10);
    let conversations: Vec<sirocco_protocol::ConversationSummary> =
        app.call("conversation_list", list).await?;
    assert!(conversations.is_empty());
    Ok(())
}

#[tokio::test]
async fn votes_become_ratings_and_files() -> anyhow::Result<()> {
    let (app, both) = two_models(&Script::default(), &Script::default()).await?;
    let export = async |format| {
        let target = ExportTarget::Answer;
        let request = ComparisonExport { format, target };
        app.call::<Exported>("comparison_export", request).await
    };
    let nothing = export(ComparisonExportFormat::Json).await;
    assert_eq!(code(nothing), ErrorCode::NotFound);
    assert!(ratings(&app).await?.is_empty());

    for verdict in [Some(1), None] {
        let comparison = start(&app, question(&both)).await?;
        finish(&app, &comparison).await?;
        let verdict = verdict.map_or(Verdict::Tie, |place| best(&comparison, place));
        vote(&app, comparison.id, verdict).await?;
    }
    let table = ratings(&app).await?;
    let counts: Vec<_> = table
        .iter()
        .map(|line| {
            (
                line.contestant.model_id,
                line.games,
                line.wins,
                line.ties,
                line.losses,
            )
        })
        .collect();
    let expected = [
        (both[1].model_id, 2, 1, 1, 0),
        (both[0].model_id, 2, 0, 1, 1),
    ];
    assert_eq!(counts, expected);
    assert!(table[0].rating > 1000.0 && table[1].rating < 1000.0);

    for (format, ending, lines) in [
        (ComparisonExportFormat::RatingsCsv, ".csv", Some(3)),
        (ComparisonExportFormat::AnswersCsv, ".csv", Some(5)),
        (ComparisonExportFormat::Json, ".json", None),
    ] {
        let Exported::Text {
            name,
            text,
            conversation_count,
            ..
        } = export(format).await?
        else {
            panic!("a browser is given the text")
        };
        assert!(name.ends_with(ending), "{name}");
        assert_eq!(conversation_count, 2);
        if let Some(lines) = lines {
            assert_eq!(text.lines().count(), lines, "{text}");
        }
    }
    Ok(())
}
