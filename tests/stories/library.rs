//! Files that become models, where they lie.

use std::os::unix::fs::MetadataExt;

use sirocco_protocol::commands::*;
use sirocco_protocol::{ErrorCode, ImportOutcome, Model, ModelRoot, ModelVerdict};
use sirocco_testkit::{Script, TempApp, TinyModel};

use crate::{WORKER, app, code};

#[tokio::test]
async fn a_file_is_imported_where_it_lies() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let file = app.outside().join("My Model.gguf");
    app.put_model(&file, &TinyModel::default(), &Script::default())?;
    let before = std::fs::metadata(&file)?;
    let outcome = app.import(&file).await?;
    assert_eq!(outcome.problems, [""; 0]);
    let model = &outcome.models[0];
    assert_eq!(model.path, file.display().to_string());
    assert_eq!(
        (model.name.as_str(), model.architecture.as_str()),
        ("Tiny", "llama")
    );
    assert_eq!(
        (model.quantization.as_str(), model.context_length),
        ("Q8_0", 4096)
    );
    assert_eq!(model.size_bytes, before.len());
    assert!(
        model.has_chat_template && model.key.contains("my-model"),
        "{model:?}"
    );
    assert_eq!(
        model.verdict,
        ModelVerdict::Runs {
            cautions: Vec::new()
        }
    );

    let id = app.conversation().await?;
    assert_eq!(
        app.send_and_finish(id, "Hello").await?.content,
        Script::default().answer
    );
    let after = std::fs::metadata(&file)?;
    assert_eq!(
        (after.ino(), after.nlink(), after.mtime()),
        (before.ino(), 1, before.mtime()),
        "neither moved nor linked"
    );
    assert_eq!(
        std::fs::read_dir(app.home().join("models"))?.count(),
        0,
        "nor copied"
    );

    // A second import is the same model; a restart keeps it; forgetting leaves the file.
    assert_eq!(app.import(&file).await?.models[0].id, model.id);
    let app = app.reopen().await?;
    assert_eq!(app.model().await?.id, model.id);
    app.call::<Nothing>("model_forget", ModelForget { id: model.id })
        .await?;
    assert!(app.model().await.is_err());
    assert!(file.is_file());
    Ok(())
}

#[tokio::test]
async fn a_folder_is_watched_once_it_is_a_root() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let folder = app.outside().join("elsewhere/deep");
    std::fs::create_dir_all(&folder)?;
    app.put_model(
        &folder.join("a.gguf"),
        &TinyModel::default(),
        &Script::default(),
    )?;
    let root = app.outside().join("elsewhere");
    let handle = app.typed(&root).await?.handle;
    let outcome: ImportOutcome = app.call("root_add", RootAdd { handle }).await?;
    assert_eq!((outcome.models.len(), outcome.problems.len()), (1, 0));
    app.put_model(
        &folder.join("b.gguf"),
        &TinyModel {
            seed: 2,
            ..TinyModel::default()
        },
        &Script::default(),
    )?;
    app.call::<ImportOutcome>("model_scan", ModelScan {})
        .await?;
    let models: Vec<Model> = app.call("model_list", ModelList {}).await?;
    assert_eq!(models.len(), 2);
    assert_ne!(models[0].key, models[1].key);

    let roots: Vec<ModelRoot> = app.call("root_list", RootList {}).await?;
    let (own, other): (Vec<_>, Vec<_>) = roots.into_iter().partition(|root| root.is_own);
    assert!(own.len() == 1 && other.len() == 1 && other[0].reachable);
    assert_eq!(
        code(
            app.call::<Nothing>("root_remove", RootRemove { id: own[0].id })
                .await
        ),
        ErrorCode::InvalidRequest
    );
    app.call::<Nothing>("root_remove", RootRemove { id: other[0].id })
        .await?;
    let models: Vec<Model> = app.call("model_list", ModelList {}).await?;
    assert!(models.is_empty() && folder.join("b.gguf").is_file());
    Ok(())
}

#[tokio::test]
async fn files_that_are_no_models_are_named_with_the_reason() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let whole = TinyModel::default().bytes();
    for (name, bytes, reason) in [
        ("empty.gguf", &[][..], "empty"),
        (
            "page.gguf",
            b"<!DOCTYPE html><html><body>404</body></html>",
            "web page",
        ),
        ("cut.gguf", &whole[..whole.len() - 1000], "cut"),
        ("noise.gguf", &[7; 4096], ""),
    ] {
        let file = app.outside().join(name);
        std::fs::write(&file, bytes)?;
        let outcome = app.import(&file).await?;
        assert!(outcome.models.is_empty(), "{name}");
        let problem = outcome.problems.first().expect("there is a reason");
        assert!(problem.contains(name), "{problem}");
        assert!(
            problem.to_lowercase().contains(&reason.to_lowercase()),
            "{name}: {problem}"
        );
    }
    let models: Vec<Model> = app.call("model_list", ModelList {}).await?;
    assert_eq!(models.len(), 1, "the library is as before");
    assert_eq!(
        code(app.import(&app.outside().join("nothing.gguf")).await),
        ErrorCode::FileProblem
    );
    assert_eq!(
        code(app.import("relative.gguf".as_ref()).await),
        ErrorCode::InvalidRequest
    );
    let empty = app.outside().join("empty");
    std::fs::create_dir(&empty)?;
    let outcome = app.import(&empty).await?;
    assert!(
        outcome.models.is_empty() && outcome.problems[0].contains("no GGUF files"),
        "{outcome:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_file_that_was_replaced_is_looked_at_again() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let before = app.model().await?;
    let other = TinyModel {
        architecture: "gemma3".into(),
        name: "Changed".into(),
        ..TinyModel::default()
    };
    other.write(&app.model_path())?;
    let error = app
        .load(before.id, sirocco_protocol::LoadOptions::default())
        .await
        .expect_err("it is another file now");
    assert!(error.to_string().contains("gemma3"), "{error}");
    let after = app.model().await?;
    assert_eq!((after.id, after.name.as_str()), (before.id, "Changed"));
    Ok(())
}
