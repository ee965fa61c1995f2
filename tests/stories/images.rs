//! Images that are sent with a message, and what sees them.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sirocco_engine::Runtime;
use sirocco_hub::ContentHash;
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    AttachedImage, Attachment, AttachmentKind, ContextUse, ConversationId, ErrorCode,
    ExchangeReport, ExportFormat, ExportScope, ExportTarget, Exported, ImportMode, ImportOutcome,
    LoadOptions, Message, Model, PickedPath, Pixels, RunState, RuntimeName, Started, TrashedModel,
};
use sirocco_testkit::{IMAGE_TOKENS, Script, TempApp, TinyModel, TinyProjector, runtime};

use crate::{WORKER, code};

use RuntimeName::{LlamaCpp, MistralRs};

/// A PNG of one red pixel, and one of one blue pixel.
pub const RED: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
const BLUE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYPgPAAEDAQAIicLsAAAAAElFTkSuQmCC";

pub fn workers(names: &[RuntimeName]) -> Vec<Runtime> {
    names.iter().map(|name| runtime(*name, WORKER)).collect()
}

/// A model with a projector beside it, in a folder of its own.
pub async fn seeing(app: &TempApp, script: &Script) -> anyhow::Result<Model> {
    let folder = app.outside().join("seeing");
    std::fs::create_dir_all(&folder)?;
    TinyProjector::default().write(&folder.join("mmproj-F16.gguf"))?;
    let model = TinyModel {
        name: "Seeing".into(),
        ..TinyModel::default()
    };
    let file = folder.join("seeing.gguf");
    app.put_model(&file, &model, script)?;
    Ok(app.import(&file).await?.models.remove(0))
}

async fn give(app: &TempApp, image: &str) -> anyhow::Result<Attachment> {
    let request = AttachmentGive {
        name: "wind.png".into(),
        content_base64: image.into(),
        conversation_id: None,
    };
    Ok(app.call("attachment_give", request).await?)
}

fn question(conversation_id: ConversationId, content: &str, image: &Attachment) -> MessageSend {
    MessageSend {
        conversation_id,
        content: content.into(),
        attachments: vec![image.id],
    }
}

/// Asks with an image; the answer.
async fn ask(
    app: &TempApp,
    id: ConversationId,
    content: &str,
    image: &Attachment,
) -> anyhow::Result<Message> {
    let started: Started = app
        .call("message_send", question(id, content, image))
        .await?;
    app.finish(&started).await?;
    Ok(app.messages(id).await?.pop().expect("there is an answer"))
}

async fn conversation_with(app: &TempApp, model: &Model) -> anyhow::Result<ConversationId> {
    let create = ConversationCreate {
        model_id: Some(model.id),
    };
    let made: sirocco_protocol::Conversation = app.call("conversation_create", create).await?;
    Ok(made.summary.id)
}

#[tokio::test]
async fn a_model_sees_what_is_attached_and_its_tokens_are_counted() -> anyhow::Result<()> {
    let app = TempApp::open_with(workers(&[MistralRs, LlamaCpp])).await?;
    let model = seeing(&app, &Script::answering("I see {question}")).await?;
    assert!(model.sees_images);
    assert_eq!(
        model.runtime,
        Some(LlamaCpp),
        "mistral.rs could, and sees nothing"
    );
    let id = conversation_with(&app, &model).await?;
    let red = give(&app, RED).await?;
    assert_eq!(red.kind, AttachmentKind::Image);
    let one = Pixels {
        width: 1,
        height: 1,
    };
    assert_eq!((red.characters, red.pixels), (0, Some(one)));
    let shown: AttachedImage = app
        .call("attachment_image", AttachmentImage { id: red.id })
        .await?;
    assert_eq!(shown.media_type, "image/png");

    let answer = ask(&app, id, "What is this?", &red).await?;
    let characters = shown.content_base64.len();
    assert_eq!(
        answer.content,
        format!("I see [image of {characters} characters]What is this?")
    );
    let statistics = answer.run.and_then(|run| run.statistics).expect("numbers");
    assert!(statistics.prompt_tokens as usize > IMAGE_TOKENS);

    let count = ContextCount {
        conversation_id: id,
        draft: "And this?".into(),
        attachments: vec![red.id],
    };
    let counted: ContextUse = app.call("context_count", count).await?;
    assert_eq!(counted.attachment_tokens, [IMAGE_TOKENS as u32]);
    // A message may be nothing but an image, and the one before it is not looked at again.
    let answer = ask(&app, id, "", &red).await?;
    assert!(answer.content.starts_with("I see [image of "));
    let statistics = answer.run.and_then(|run| run.statistics).expect("numbers");
    assert!(
        statistics.cached_tokens as usize > IMAGE_TOKENS,
        "{statistics:?}"
    );

    let app = app.reopen().await?;
    let kept = app.messages(id).await?;
    assert_eq!(kept[0].attachments, [red]);
    Ok(())
}

#[tokio::test]
async fn a_model_that_sees_nothing_says_so_before_anything_is_sent() -> anyhow::Result<()> {
    let app = crate::app(&Script::default()).await?;
    let id = app.conversation().await?;
    let red = give(&app, RED).await?;
    let refused = app
        .call::<Started>("message_send", question(id, "What is this?", &red))
        .await
        .expect_err("it sees nothing");
    assert_eq!(refused.code, ErrorCode::InvalidRequest);
    assert!(
        refused.message.ends_with("sees no images"),
        "{}",
        refused.message
    );
    assert!(app.messages(id).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn earlier_images_are_left_out_for_a_model_that_sees_nothing() -> anyhow::Result<()> {
    let app = TempApp::open_with(workers(&[MistralRs, LlamaCpp])).await?;
    let model = seeing(&app, &Script::answering("I see {question}")).await?;
    let id = conversation_with(&app, &model).await?;
    ask(&app, id, "What is this?", &give(&app, RED).await?).await?;
    let options = LoadOptions {
        runtime: Some(MistralRs),
        ..LoadOptions::default()
    };
    app.load(model.id, options).await?;
    let answer = app.send_and_finish(id, "And now?").await?;
    assert_eq!(answer.content, "I see And now?");
    assert_eq!(answer.run.map(|run| run.state), Some(RunState::Completed));
    Ok(())
}

#[tokio::test]
async fn a_projector_is_no_model_and_comes_and_goes_with_its_file() -> anyhow::Result<()> {
    let app = TempApp::open_with(workers(&[LlamaCpp])).await?;
    let model = seeing(&app, &Script::default()).await?;
    let folder = Path::new(&model.path)
        .parent()
        .expect("its folder")
        .to_owned();
    let projector = folder.join("mmproj-F16.gguf");
    let outcome = app.import(&projector).await?;
    assert!(outcome.models.is_empty() && outcome.problems.len() == 1);
    // A folder of the library lists the model alone.
    let typed = PathType {
        path: folder.display().to_string(),
    };
    let picked: PickedPath = app.call("path_type", typed).await?;
    let add = RootAdd {
        handle: picked.handle,
    };
    let _: serde_json::Value = app.call("root_add", add).await?;
    let scan = || app.call::<sirocco_protocol::ImportOutcome>("model_scan", ModelScan {});
    assert!(scan().await?.problems.is_empty());
    let models: Vec<Model> = app.call("model_list", ModelList {}).await?;
    assert_eq!(models.len(), 1);

    std::fs::remove_file(&projector)?;
    let gone = scan().await?.models.remove(0);
    assert!(!gone.sees_images && gone.projector.is_none());
    // One of another model is not taken.
    let other = TinyProjector {
        embedding: 96,
        ..TinyProjector::default()
    };
    other.write(&projector)?;
    assert!(scan().await?.models.is_empty());
    TinyProjector::default().write(&projector)?;
    assert!(scan().await?.models.remove(0).sees_images);
    Ok(())
}

#[tokio::test]
async fn a_projector_is_imported_and_removed_with_its_model() -> anyhow::Result<()> {
    for (mode, has_neighbour, stays) in [
        (ImportMode::Copy, false, true),
        (ImportMode::Link, false, true),
        (ImportMode::Move, false, false),
        // The other quantization beside it may need it too.
        (ImportMode::Move, true, true),
    ] {
        let app = TempApp::open_with(workers(&[LlamaCpp])).await?;
        let there = seeing(&app, &Script::default()).await?;
        let file = Path::new(&there.path);
        let projector = file.with_file_name("mmproj-F16.gguf");
        if has_neighbour {
            let other = file.with_file_name("other.gguf");
            app.put_model(&other, &TinyModel::default(), &Script::default())?;
        }
        let handle = app.typed(file).await?.handle;
        let outcome: ImportOutcome = app
            .call("model_import", ModelImport { handle, mode })
            .await?;
        let model = &outcome.models[0];
        let brought = Path::new(&model.path).with_file_name("mmproj-F16.gguf");
        assert!(model.sees_images, "{mode:?} {model:?}");
        assert_eq!(model.projector, Some(brought.display().to_string()));
        assert_eq!(projector.exists(), stays, "{mode:?}");

        // It waits in its place for the model, and goes when that cannot come back.
        let _: TrashedModel = app
            .call("model_delete", ModelDelete { id: model.id })
            .await?;
        let back: Model = app
            .call("model_restore", ModelRestore { id: model.id })
            .await?;
        assert!(back.sees_images, "{mode:?} {back:?}");
        let _: TrashedModel = app
            .call("model_delete", ModelDelete { id: model.id })
            .await?;
        app.call::<Nothing>("trash_empty", TrashEmpty {}).await?;
        assert!(!brought.exists(), "{mode:?}");
        assert!(!brought.parent().expect("its folder").exists(), "{mode:?}");
        assert_eq!(projector.exists(), stays, "{mode:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_model_of_ollama_sees_by_the_blob_that_its_manifest_names() -> anyhow::Result<()> {
    let app = TempApp::open_with(workers(&[LlamaCpp])).await?;
    let folder = app.outside().join("ollama");
    let put = |path: String, bytes: &[u8]| {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder"))?;
        std::fs::write(path, bytes)
    };
    let blob = |bytes: &[u8]| {
        let hash = ContentHash::of(bytes);
        put(format!("blobs/sha256-{hash}"), bytes).map(|()| hash)
    };
    let of_another = TinyProjector {
        embedding: 96,
        ..TinyProjector::default()
    };
    let projectors = [TinyProjector::default(), of_another];
    for (name, projector) in ["sees", "blind"].into_iter().zip(projectors) {
        let model = TinyModel {
            name: name.into(),
            ..TinyModel::default()
        };
        let [model, projector] = [blob(&model.bytes())?, blob(&projector.bytes())?];
        let layers = format!(
            r#"{{"layers":[{{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:{model}"}},
            {{"mediaType":"application/vnd.ollama.image.projector","digest":"sha256:{projector}"}}]}}"#
        );
        let manifest = format!("manifests/registry.ollama.ai/library/{name}/latest");
        put(manifest, layers.as_bytes())?;
    }
    let handle = app.typed(&folder).await?.handle;
    let _: serde_json::Value = app.call("root_add", RootAdd { handle }).await?;
    for _ in 0..2 {
        let models: Vec<Model> = app.call("model_list", ModelList {}).await?;
        let seen = models
            .iter()
            .map(|model| (model.name.as_str(), model.sees_images));
        let seen: std::collections::BTreeMap<_, _> = seen.collect();
        assert_eq!(
            seen,
            [("blind:latest", false), ("sees:latest", true)].into()
        );
        // What is known already stays as it is.
        let _: ImportOutcome = app.call("model_scan", ModelScan {}).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_projector_that_another_model_has_stays() -> anyhow::Result<()> {
    let app = TempApp::open_with(workers(&[LlamaCpp])).await?;
    let folder = app.home().join("models/org/seeing");
    std::fs::create_dir_all(&folder)?;
    let projector = folder.join("mmproj-F16.gguf");
    TinyProjector::default().write(&projector)?;
    let mut models = Vec::new();
    for name in ["a.gguf", "b.gguf"] {
        let model = TinyModel {
            name: name.into(),
            ..TinyModel::default()
        };
        app.put_model(&folder.join(name), &model, &Script::default())?;
        models.push(app.import(&folder.join(name)).await?.models.remove(0).id);
    }
    for (id, stays) in models.into_iter().zip([true, false]) {
        let _: TrashedModel = app.call("model_delete", ModelDelete { id }).await?;
        app.call::<Nothing>("trash_empty", TrashEmpty {}).await?;
        assert_eq!(projector.exists(), stays);
    }
    Ok(())
}

#[tokio::test]
async fn an_export_has_its_images_and_comes_back_with_them() -> anyhow::Result<()> {
    let app = TempApp::open_with(workers(&[LlamaCpp])).await?;
    let model = seeing(&app, &Script::default()).await?;
    let id = conversation_with(&app, &model).await?;
    let blue = give(&app, BLUE).await?;
    ask(&app, id, "What is this?", &blue).await?;
    let image: AttachedImage = app
        .call("attachment_image", AttachmentImage { id: blue.id })
        .await?;
    let export = |format| ExchangeExport {
        scope: ExportScope::Conversations { ids: vec![id] },
        only_good: false,
        format,
        target: ExportTarget::Answer,
    };
    let text = |exported: Exported| match exported {
        Exported::Text { text, .. } => text,
        other => panic!("{other:?}"),
    };
    let page = text(
        app.call("exchange_export", export(ExportFormat::Html))
            .await?,
    );
    let source = format!("src=\"data:image/png;base64,{}\"", image.content_base64);
    assert!(page.contains(&source));
    let json = text(
        app.call("exchange_export", export(ExportFormat::Json))
            .await?,
    );

    let second = crate::app(&Script::default()).await?;
    let file = second.outside().join("blue.json");
    std::fs::write(&file, json)?;
    let typed = PathType {
        path: file.display().to_string(),
    };
    let picked: PickedPath = second.call("path_type", typed).await?;
    let import = ExchangeImport {
        handle: picked.handle,
    };
    let report: ExchangeReport = second.call("exchange_import", import).await?;
    let back = second.messages(report.added[0]).await?;
    let again: AttachedImage = second
        .call(
            "attachment_image",
            AttachmentImage {
                id: back[0].attachments[0].id,
            },
        )
        .await?;
    assert_eq!(again, image);
    Ok(())
}

#[tokio::test]
async fn what_is_no_image_is_refused_by_its_name() -> anyhow::Result<()> {
    let app = crate::app(&Script::default()).await?;
    let broken = STANDARD.encode(&STANDARD.decode(RED)?[..40]);
    let request = AttachmentGive {
        name: "wind.png".into(),
        content_base64: broken,
        conversation_id: None,
    };
    let refused = app.call::<Attachment>("attachment_give", request).await;
    assert_eq!(code(refused), ErrorCode::FileProblem);
    Ok(())
}
