//! Models that turn texts into vectors: who serves them, what they are asked, and what they are not.

use std::net::Ipv4Addr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Conversation, Embeddings, ErrorCode, ErrorReport, Model, ModelVerdict, RuntimeName, Started,
};
use sirocco_testkit::{Death, Fault, Script, TempApp, TinyModel, runtime};
use tokio::time::timeout;

use crate::server_scene::Scene;
use crate::{WORKER, code};

const OPENAI: &str = "/v1/embeddings";
const OLLAMA: &str = "/api/embed";
/// Longest text of the embedding model, in tokens.
const LONGEST: usize = 512;

async fn with_both() -> anyhow::Result<TempApp> {
    let workers = RuntimeName::ALL.map(|name| runtime(name, WORKER));
    TempApp::open_with(workers.to_vec()).await
}

async fn imported(app: &TempApp, architecture: &str, script: &Script) -> anyhow::Result<Model> {
    let file = app.outside().join(format!("{architecture}.gguf"));
    let model = TinyModel {
        architecture: architecture.into(),
        name: architecture.into(),
        context_length: LONGEST as u32,
        ..TinyModel::default()
    };
    app.put_model(&file, &model, script)?;
    Ok(app.import(&file).await?.models.remove(0))
}

async fn embedder(app: &TempApp) -> anyhow::Result<Model> {
    imported(app, "nomic-bert", &Script::default()).await
}

async fn embed(
    app: &TempApp,
    model: &Model,
    texts: &[&str],
    dimensions: Option<u32>,
) -> Result<Embeddings, ErrorReport> {
    let request = ModelEmbed {
        id: model.id,
        texts: texts.iter().map(|text| (*text).to_owned()).collect(),
        truncate: false,
        dimensions,
    };
    app.call("model_embed", request).await
}

fn dot(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

/// A server over both models, and the key of the one that embeds.
pub async fn scene() -> anyhow::Result<(Scene, String)> {
    let app = with_both().await?;
    let writer = app.outside().join("writer.gguf");
    app.put_model(&writer, &TinyModel::default(), &Script::default())?;
    let key = app.import(&writer).await?.models.remove(0).key;
    let embedder = embedder(&app).await?.key;
    let scene = Scene::over(app, key, Ipv4Addr::LOCALHOST, &[]).await?;
    Ok((scene, embedder))
}

fn numbers(vector: &Value) -> Vec<f32> {
    serde_json::from_value(vector.clone()).expect("a list of numbers")
}

#[tokio::test]
async fn texts_become_vectors_that_lie_as_close_as_the_texts() -> anyhow::Result<()> {
    let app = with_both().await?;
    let model = embedder(&app).await?;
    assert_eq!(
        (&model.verdict, model.runtime),
        (&ModelVerdict::Embeds, Some(RuntimeName::LlamaCpp))
    );
    let texts = [
        "the wind comes from the south",
        "from the south comes the wind",
        "words are counted",
    ];
    let all = embed(&app, &model, &texts, None).await?;
    let [wind, other, words] = all.vectors.as_slice() else {
        panic!("{all:?}");
    };
    assert!(all.tokens > 6);
    assert!((dot(wind, wind) - 1.0).abs() < 1e-5);
    assert!(dot(wind, other) > dot(wind, words) + 0.1);

    let few = embed(&app, &model, &texts[..1], Some(4)).await?;
    assert_eq!(few.vectors[0].len(), 4);
    assert!((dot(&few.vectors[0], &few.vectors[0]) - 1.0).abs() < 1e-5);
    let many = embed(&app, &model, &texts[..1], Some(4000)).await;
    assert_eq!(code(many), ErrorCode::InvalidRequest);
    let none = embed(&app, &model, &[], None).await?;
    assert!(none.vectors.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_model_that_embeds_is_not_one_to_chat_with() -> anyhow::Result<()> {
    let app = with_both().await?;
    let model = embedder(&app).await?;
    embed(&app, &model, &["a"], None).await?;
    // It is the only one that is loaded, and still not the one that answers.
    let conversation = app.conversation().await?;
    let send = |content: &str| MessageSend {
        conversation_id: conversation,
        content: content.into(),
        attachments: Vec::new(),
    };
    let alone: Result<Started, _> = app.call("message_send", send("which wind?")).await;
    assert_eq!(code(alone), ErrorCode::NoModel);
    imported(&app, "llama", &Script::default()).await?;
    let answer = app.send_and_finish(conversation, "which wind?").await?;
    assert!(answer.content.contains("sirocco"), "{}", answer.content);

    let choose = ConversationUpdate {
        model_id: Some(model.id),
        ..ConversationUpdate::of(conversation)
    };
    app.call::<Conversation>("conversation_update", choose)
        .await?;
    let chosen: Result<Started, ErrorReport> = app.call("message_send", send("and now?")).await;
    let refused = chosen.expect_err("it writes nothing");
    assert_eq!(refused.code, ErrorCode::ModelRefused);
    assert!(
        refused.message.contains("embedding model"),
        "{}",
        refused.message
    );
    Ok(())
}

#[tokio::test]
async fn a_model_that_writes_cannot_embed_and_the_reason_names_one_that_can() -> anyhow::Result<()>
{
    let app = with_both().await?;
    let writer = imported(&app, "llama", &Script::default()).await?;
    let refused = |result: Result<Embeddings, ErrorReport>| {
        let report = result.expect_err("it writes");
        assert_eq!(report.code, ErrorCode::InvalidRequest);
        assert!(report.message.contains("cannot embed"), "{report:?}");
        report.hint.unwrap_or_default()
    };
    let alone = refused(embed(&app, &writer, &["a"], None).await);
    assert!(alone.contains("no embedding model"), "{alone}");
    let able = embedder(&app).await?;
    let hint = refused(embed(&app, &writer, &["a"], None).await);
    assert!(hint.contains(&able.key), "{hint}");
    assert!(app.loaded().await?.is_empty(), "nothing was loaded for it");
    Ok(())
}

#[tokio::test]
async fn without_llama_cpp_the_reason_says_what_would_embed() -> anyhow::Result<()> {
    let app = TempApp::open_with(vec![runtime(RuntimeName::MistralRs, WORKER)]).await?;
    let model = embedder(&app).await?;
    let ModelVerdict::Refused { reasons } = &model.verdict else {
        panic!("{:?}", model.verdict);
    };
    assert!(
        reasons
            .iter()
            .any(|reason| reason.contains("llama.cpp runtime runs it")),
        "{reasons:?}"
    );
    let refused = embed(&app, &model, &["a"], None).await;
    assert_eq!(code(refused), ErrorCode::ModelRefused);
    Ok(())
}

#[tokio::test]
async fn a_worker_that_dies_over_a_text_costs_that_request() -> anyhow::Result<()> {
    let app = with_both().await?;
    for death in [Death::Abort, Death::Panic, Death::Error] {
        let fault = Fault {
            after_tokens: 1,
            death,
        };
        let script = Script {
            fault: Some(fault),
            ..Script::default()
        };
        let model = imported(&app, "nomic-bert", &script).await?;
        let failed = embed(&app, &model, &["a"], None).await;
        assert_eq!(code(failed), ErrorCode::WorkerCrashed, "{death:?}");
        Script::default().write_for(model.path.as_ref())?;
        let next = embed(&app, &model, &["a"], None).await?;
        assert_eq!(next.vectors.len(), 1, "{death:?}");
        app.call::<Nothing>("model_eject", ModelEject { id: model.id })
            .await?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn who_leaves_while_texts_are_handed_over_harms_nobody() -> anyhow::Result<()> {
    use sirocco_testkit::process;

    let app = with_both().await?;
    let model = embedder(&app).await?;
    embed(&app, &model, &["wind"], None).await?;
    let worker = process::running_in(&app.home());
    // Much more than a pipe holds, so that some are left in the middle.
    let long = "wind ".repeat(8_000);
    let texts = vec![long.as_str(); 200];
    for milliseconds in [1, 3, 10, 30, 100] {
        let asked = embed(&app, &model, &texts, None);
        let _ = timeout(Duration::from_millis(milliseconds), asked).await;
    }
    let answer = embed(&app, &model, &["wind"], None).await?;
    assert_eq!(answer.vectors.len(), 1);
    assert_eq!(process::running_in(&app.home()), worker, "the same worker");
    Ok(())
}

#[tokio::test]
async fn openai_gets_numbers_or_their_bytes_and_the_tokens() -> anyhow::Result<()> {
    let (scene, model) = scene().await?;
    let body = json!({"model": model, "input": ["the wind", "the sea"], "user": "me"});
    let answer = scene.ask(OPENAI, body.clone()).await?;
    assert_eq!(
        (&answer["object"], &answer["model"]),
        (&json!("list"), &json!(model))
    );
    for (index, one) in answer["data"]
        .as_array()
        .expect("a list")
        .iter()
        .enumerate()
    {
        assert_eq!(
            (&one["object"], &one["index"]),
            (&json!("embedding"), &json!(index))
        );
    }
    let tokens = answer["usage"]["prompt_tokens"].as_u64().expect("a number");
    assert!(tokens >= 4 && answer["usage"]["total_tokens"] == tokens);

    let mut as_bytes = body;
    as_bytes["encoding_format"] = json!("base64");
    as_bytes["dimensions"] = json!(32);
    let packed = scene.ask(OPENAI, as_bytes).await?;
    let bytes = STANDARD.decode(packed["data"][1]["embedding"].as_str().expect("a text"))?;
    let values: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|four| f32::from_le_bytes(four.try_into().expect("four bytes")))
        .collect();
    assert_eq!(values, numbers(&answer["data"][1]["embedding"]));

    // Tokens of one text, and of two.
    for (input, count) in [(json!([1, 2, 3]), 1), (json!([[1, 2], [3]]), 2)] {
        let answer = scene
            .ask(OPENAI, json!({"model": model, "input": input}))
            .await?;
        assert_eq!(answer["data"].as_array().map(Vec::len), Some(count));
        assert_eq!(answer["usage"]["prompt_tokens"], 3);
    }
    scene.close().await
}

#[tokio::test]
async fn openai_is_told_what_cannot_be_embedded() -> anyhow::Result<()> {
    let (scene, model) = scene().await?;
    let long = "wind ".repeat(2 * LONGEST);
    for (change, word) in [
        (json!({"input": []}), "must not be empty"),
        (json!({"input": 5}), "a string"),
        (json!({"input": [[]]}), "input 0 is empty"),
        (json!({"input": ["a", long]}), "input 1 has"),
        (json!({"input": [[99_999_999]]}), "99999999"),
        (json!({"input": "a", "dimensions": 33}), "1 to 32"),
        (
            json!({"input": "a", "encoding_format": "int8"}),
            "encoding_format",
        ),
        (json!({"input": "a", "model": scene.key}), "cannot embed"),
    ] {
        let mut body = json!({"model": model});
        let fields = change.as_object().expect("fields").clone();
        body.as_object_mut().expect("fields").extend(fields);
        let (status, answer) = scene.post(OPENAI, body).await?;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(status, 400, "{word}: {answer}");
        assert!(message.contains(word), "{message}");
    }
    let (status, _) = scene
        .post(OPENAI, json!({"model": "ada", "input": "a"}))
        .await?;
    assert_eq!(status, 404);
    // And the other way round.
    let chat = json!({"model": model, "messages": [{"role": "user", "content": "a"}]});
    let (status, answer) = scene.post("/v1/chat/completions", chat).await?;
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    assert!(
        status == 400 && message.contains("embedding model"),
        "{message}"
    );
    scene.close().await
}

#[tokio::test]
async fn ollama_cuts_long_texts_unless_told_otherwise() -> anyhow::Result<()> {
    let (scene, model) = scene().await?;
    let long = "wind ".repeat(2 * LONGEST);
    let body = json!({"model": model, "input": ["a", long]});
    let answer = scene.ask(OLLAMA, body.clone()).await?;
    assert_eq!(answer["embeddings"].as_array().map(Vec::len), Some(2));
    assert!(answer["prompt_eval_count"].as_u64() > Some(LONGEST as u64));
    assert!(answer["load_duration"].as_u64() <= answer["total_duration"].as_u64());
    let mut whole = body;
    whole["truncate"] = json!(false);
    assert_eq!(scene.post(OLLAMA, whole).await?.0, 400);

    let one = scene
        .ask(
            "/api/embeddings",
            json!({"model": model, "prompt": "a", "keep_alive": 0}),
        )
        .await?;
    assert_eq!(
        numbers(&one["embedding"]),
        numbers(&answer["embeddings"][0])
    );
    assert!(scene.app.loaded().await?.is_empty(), "it was not kept");
    // Nothing to embed has it loaded.
    let nothing = scene.ask(OLLAMA, json!({"model": model})).await?;
    assert_eq!(nothing["embeddings"], json!([]));
    assert_eq!(scene.app.loaded().await?.len(), 1);
    let shown = scene.ask("/api/show", json!({"model": model})).await?;
    assert_eq!(shown["capabilities"], json!(["embedding"]));
    scene.close().await
}

#[tokio::test]
async fn lm_studio_lists_what_embeds_as_such() -> anyhow::Result<()> {
    let (scene, model) = scene().await?;
    let (_, list) = scene.get("/api/v0/models").await?;
    let kinds: Vec<(&Value, &Value)> = list["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (&one["id"], &one["type"]))
        .collect();
    let (chat, vectors) = (json!(scene.key), json!(model));
    assert!(kinds.contains(&(&chat, &json!("llm"))), "{kinds:?}");
    assert!(
        kinds.contains(&(&vectors, &json!("embeddings"))),
        "{kinds:?}"
    );
    let answer = scene
        .ask("/api/v0/embeddings", json!({"model": model, "input": "a"}))
        .await?;
    assert_eq!(answer["data"][0]["object"], "embedding");
    let loaded = scene
        .ask("/api/v1/models/load", json!({"model": model}))
        .await?;
    assert_eq!(loaded["type"], "embedding");
    scene.close().await
}
