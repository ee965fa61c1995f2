//! Bringing files into the app's own folder.

use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use sirocco_protocol::commands::*;
use sirocco_protocol::{
    ErrorCode, ErrorReport, Event, ImportMode, ImportOutcome, Model, ModelVerdict,
};
use sirocco_testkit::{Script, TempApp, TinyModel};

use crate::{WORKER, code};

async fn import(
    app: &TempApp,
    path: &Path,
    mode: ImportMode,
) -> Result<ImportOutcome, ErrorReport> {
    let handle = app.typed(path).await?.handle;
    app.call("model_import", ModelImport { handle, mode }).await
}

fn put(app: &TempApp, path: &str) -> anyhow::Result<PathBuf> {
    let path = app.outside().join(path);
    std::fs::create_dir_all(path.parent().expect("a folder"))?;
    app.put_model(&path, &TinyModel::default(), &Script::default())?;
    Ok(path)
}

async fn models(app: &TempApp) -> anyhow::Result<Vec<Model>> {
    Ok(app.call("model_list", ModelList {}).await?)
}

#[tokio::test]
async fn a_link_a_copy_and_a_move_are_what_they_say() -> anyhow::Result<()> {
    for (mode, same_file, original_stays) in [
        (ImportMode::Link, true, true),
        (ImportMode::Copy, false, true),
        (ImportMode::Move, true, false),
    ] {
        let app = TempApp::open_empty(WORKER).await?;
        let file = put(&app, "down/Some Model.gguf")?;
        let before = std::fs::metadata(&file)?;
        let bytes = std::fs::read(&file)?;
        let outcome = import(&app, &file, mode).await?;
        let model = &outcome.models[0];
        let target = app
            .home()
            .join("models/imported/some-model/Some Model.gguf");
        assert_eq!(model.path, target.display().to_string());
        assert!(model.deletable && model.root_id.is_some(), "{model:?}");
        assert_eq!(
            std::fs::metadata(&target)?.ino() == before.ino(),
            same_file,
            "{mode:?}"
        );
        assert_eq!(file.exists(), original_stays, "{mode:?}");
        assert_eq!(std::fs::read(&target)?, bytes);
        assert_eq!(
            std::fs::read_dir(target.parent().expect("a folder"))?.count(),
            1
        );

        // Once more is the same model, and a scan finds nothing new.
        if original_stays {
            let again = import(&app, &file, mode).await?;
            assert_eq!(again.models[0].id, model.id);
        }
        let scan: ImportOutcome = app.call("model_scan", ModelScan {}).await?;
        assert!(scan.models.is_empty(), "{scan:?}");
        assert_eq!(models(&app).await?.len(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_moved_model_of_the_library_stays_the_same_model() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let file = put(&app, "down/a.gguf")?;
    let before = import(&app, &file, ImportMode::InPlace)
        .await?
        .models
        .remove(0);
    assert!(!before.deletable);
    let after = import(&app, &file, ImportMode::Move)
        .await?
        .models
        .remove(0);
    assert_eq!(
        (after.id, after.key, after.deletable),
        (before.id, before.key, true)
    );
    assert_eq!(models(&app).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn shards_come_together() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let folder = app.outside().join("shards");
    std::fs::create_dir(&folder)?;
    for number in 1..=2 {
        let bytes = sirocco_gguf::writer::Writer::new()
            .field("general.architecture", "llama")
            .field("split.no", (number - 1) as u16)
            .field("split.count", 2_u16)
            .zeros(
                format!("blk.{number}.weight"),
                [32],
                sirocco_gguf::TensorType::F32,
            )
            .build()?;
        std::fs::write(folder.join(format!("big-{number:05}-of-00002.gguf")), bytes)?;
    }
    let second = folder.join("big-00002-of-00002.gguf");
    let model = import(&app, &second, ImportMode::Copy)
        .await?
        .models
        .remove(0);
    let imported = app.home().join("models/imported/big");
    assert_eq!(
        model.path,
        imported
            .join("big-00001-of-00002.gguf")
            .display()
            .to_string()
    );
    assert_eq!(std::fs::read_dir(&imported)?.count(), 2);

    // One alone is refused, with the name of the other.
    std::fs::remove_file(folder.join("big-00001-of-00002.gguf"))?;
    let outcome = import(&app, &second, ImportMode::Move).await?;
    assert!(
        outcome.problems[0].contains("big-00001-of-00002.gguf"),
        "{outcome:?}"
    );
    assert!(second.exists());
    Ok(())
}

#[tokio::test]
async fn another_name_with_other_content_gets_its_own_folder() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let one = put(&app, "one/a.gguf")?;
    let other = app.outside().join("other/a.gguf");
    std::fs::create_dir(other.parent().expect("a folder"))?;
    TinyModel {
        seed: 2,
        ..TinyModel::default()
    }
    .write(&other)?;
    for file in [&one, &other] {
        import(&app, file, ImportMode::Copy).await?;
    }
    let paths: Vec<String> = models(&app)
        .await?
        .into_iter()
        .map(|model| model.path)
        .collect();
    assert!(
        paths[0].ends_with("imported/a/a.gguf") && paths[1].ends_with("imported/a-2/a.gguf"),
        "{paths:?}"
    );
    Ok(())
}

#[tokio::test]
async fn nothing_is_moved_out_of_another_apps_folder() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let file = put(&app, ".lmstudio/models/publisher/model/m.gguf")?;
    let error = import(&app, &file, ImportMode::Move)
        .await
        .expect_err("it is LM Studio's");
    assert_eq!(error.code, ErrorCode::InvalidRequest);
    assert!(error.message.contains("LM Studio"), "{error}");
    assert!(
        error
            .hint
            .as_deref()
            .is_some_and(|hint| hint.contains("copy"))
    );
    assert!(file.exists() && models(&app).await?.is_empty());
    assert_eq!(import(&app, &file, ImportMode::Link).await?.models.len(), 1);

    let link = app.outside().join("link.gguf");
    symlink(&file, &link)?;
    assert_eq!(
        code(import(&app, &link, ImportMode::Move).await),
        ErrorCode::InvalidRequest
    );
    assert!(link.is_symlink() && file.exists());
    let linked = import(&app, &link, ImportMode::Link)
        .await?
        .models
        .remove(0);
    assert!(
        !Path::new(&linked.path).is_symlink(),
        "the name leads to the bytes themselves"
    );
    Ok(())
}

#[tokio::test]
async fn a_copy_tells_how_far_it_is_and_can_be_stopped() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let file = put(&app, "down/a.gguf")?;
    let size = std::fs::metadata(&file)?.len();
    let mut events = app.events();
    import(&app, &file, ImportMode::Copy).await?;
    let told = events
        .wait("the progress of the copy", |event| match event {
            Event::ImportMoved {
                done_bytes,
                total_bytes,
                ..
            } => Some((done_bytes, total_bytes)),
            _ => None,
        })
        .await?;
    assert_eq!(told, (size, size));
    // One that has ended, or never was, is no error.
    let handle = app.typed(&file).await?.handle;
    app.call::<Nothing>("model_import_cancel", ModelImportCancel { handle })
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_large_copy_that_is_stopped_leaves_nothing() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    // Sparse: a header and 256 MiB of zeros, so that the copy is still going on when it is stopped.
    let file = app.outside().join("large.gguf");
    std::fs::write(&file, TinyModel::default().bytes())?;
    std::fs::OpenOptions::new()
        .write(true)
        .open(&file)?
        .set_len(256 << 20)?;
    let handle = app.typed(&file).await?.handle;
    let mut events = app.events();
    let copying = app.call::<ImportOutcome>(
        "model_import",
        ModelImport {
            handle,
            mode: ImportMode::Copy,
        },
    );
    let stopping = async {
        events
            .wait("the copy to begin", |event| {
                matches!(event, Event::ImportMoved { .. }).then_some(())
            })
            .await?;
        let cancel = ModelImportCancel { handle };
        Ok::<_, anyhow::Error>(app.call::<Nothing>("model_import_cancel", cancel).await?)
    };
    let (copied, stopped) = tokio::join!(copying, stopping);
    stopped?;
    assert_eq!(code(copied), ErrorCode::Superseded);
    assert!(!app.home().join("models/imported/large").exists());
    assert!(models(&app).await?.is_empty() && file.exists());
    Ok(())
}

#[tokio::test]
async fn a_folder_is_imported_model_by_model() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    put(&app, "down/a.gguf")?;
    put(&app, "down/sub/b.gguf")?;
    std::fs::write(app.outside().join("down/c.gguf"), "")?;
    let outcome = import(&app, &app.outside().join("down"), ImportMode::Copy).await?;
    assert_eq!((outcome.models.len(), outcome.problems.len()), (2, 1));
    assert!(
        outcome
            .models
            .iter()
            .all(|model| model.deletable && matches!(model.verdict, ModelVerdict::Runs { .. }))
    );
    Ok(())
}
