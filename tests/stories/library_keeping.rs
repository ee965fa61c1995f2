//! What a person does with models that are there: naming, checking, deleting, saving space.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sirocco_protocol::commands::*;
use sirocco_protocol::{
    DatabaseCopies, DiskUse, DuplicateGroup, ErrorCode, Event, HeaderReport, ImportOutcome,
    LoadOptions, MemoryFit, Model, ModelDefaults, ModelId, ModelVerdict, Settings, TrashedModel,
    Verification,
};
use sirocco_testkit::{Events, Script, TempApp, TinyModel, process};

use crate::{app, code};

async fn models(app: &TempApp) -> anyhow::Result<Vec<Model>> {
    Ok(app.call("model_list", ModelList {}).await?)
}

async fn scan(app: &TempApp) -> anyhow::Result<ImportOutcome> {
    Ok(app.call("model_scan", ModelScan {}).await?)
}

/// What came of checking a model.
async fn checked(events: &mut Events, id: ModelId) -> anyhow::Result<Verification> {
    events
        .wait("a check to end", |event| match event {
            Event::VerificationChanged {
                model_id,
                verification,
            } if model_id == id => match verification {
                Verification::Queued | Verification::Reading { .. } => None,
                verification => Some(verification),
            },
            _ => None,
        })
        .await
}

/// Puts the same content once more beside the data folder and in the own folder.
fn copy_model(app: &TempApp, to: &Path) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(to.parent().expect("a folder"))?;
    std::fs::copy(app.model_path(), to)?;
    Ok(to.to_owned())
}

#[tokio::test]
async fn a_model_is_named_marked_and_written_about() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.model().await?.id;
    let update = |name: &str| ModelUpdate {
        id,
        name: Some(name.into()),
        favourite: Some(true),
        notes: Some("good at winds".into()),
    };
    let mut events = app.events();
    let model: Model = app.call("model_update", update("  My model ")).await?;
    assert_eq!((model.name.as_str(), model.favourite), ("My model", true));
    assert!(matches!(&events.drain()[..], [Event::ModelChanged { model: told }] if *told == model));
    for bad in ["", "  ", &"x".repeat(201)] {
        assert_eq!(
            code(app.call::<Model>("model_update", update(bad)).await),
            ErrorCode::InvalidRequest
        );
    }
    let app = app.reopen().await?;
    let kept = app.model().await?;
    assert_eq!(
        (kept.name.as_str(), kept.notes.as_str()),
        ("My model", "good at winds")
    );
    Ok(())
}

#[tokio::test]
async fn the_list_shows_what_changed_and_keeps_its_order() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    copy_model(&app, &app.home().join("models/other.gguf"))?;
    scan(&app).await?;
    let before = models(&app).await?;
    let [first, last] = &before[..] else {
        panic!("{before:?}")
    };
    let update = ModelUpdate {
        id: last.id,
        name: None,
        favourite: Some(true),
        notes: None,
    };
    let marked: Model = app.call("model_update", update).await?;
    assert_eq!(models(&app).await?, [marked, first.clone()]);
    app.call::<Nothing>("model_forget", ModelForget { id: last.id })
        .await?;
    assert_eq!(models(&app).await?, std::slice::from_ref(first));
    Ok(())
}

#[tokio::test]
async fn a_header_is_read_and_a_host_without_a_window_shows_no_file() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.model().await?.id;
    let report: HeaderReport = app.call("model_header", ModelHeader { id }).await?;
    assert_eq!(
        (report.architecture.as_str(), report.quantization.as_str()),
        ("llama", "Q8_0")
    );
    assert!(
        report
            .chat_template
            .is_some_and(|template| template.contains("im_start"))
    );
    assert_eq!(report.tensor_types[0].name, "Q8_0");
    assert!(
        report
            .metadata
            .iter()
            .any(|(key, _)| key == "llama.block_count")
    );
    let error = app
        .call::<Nothing>("model_reveal", ModelReveal { id })
        .await
        .expect_err("there is no window");
    assert!(error.hint.is_some_and(|hint| hint.contains("tiny.gguf")));
    Ok(())
}

#[tokio::test]
async fn a_model_is_loaded_as_its_defaults_say() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.model().await?.id;
    let defaults = ModelDefaults {
        context_length: Some(1024),
        threads: Some(1),
        ..ModelDefaults::default()
    };
    let request = ModelDefaultsSet {
        id,
        defaults: defaults.clone(),
    };
    app.call::<ModelDefaults>("model_defaults_set", request)
        .await?;
    let kept: ModelDefaults = app
        .call("model_defaults_get", ModelDefaultsGet { id })
        .await?;
    assert_eq!(kept, defaults);
    let fit = |context_length| ModelFit {
        id,
        context_length,
        runtime: None,
        cache_type: None,
        draft: None,
    };
    let usual: MemoryFit = app.call("model_fit", fit(None)).await?;
    let longer: MemoryFit = app.call("model_fit", fit(Some(4096))).await?;
    assert_eq!((usual.context_length, longer.context_length), (1024, 4096));
    assert!(usual.total_bytes < longer.total_bytes);
    let loaded = app.load(id, LoadOptions::default()).await?;
    assert_eq!((loaded.context_length, loaded.threads), (1024, 1));
    let asked = LoadOptions {
        context_length: Some(2048),
        ..LoadOptions::default()
    };
    assert_eq!(app.load(id, asked).await?.context_length, 2048);
    let nothing = ModelDefaultsSet {
        id,
        defaults: ModelDefaults {
            context_length: Some(0),
            ..ModelDefaults::default()
        },
    };
    assert_eq!(
        code(
            app.call::<ModelDefaults>("model_defaults_set", nothing)
                .await
        ),
        ErrorCode::InvalidRequest
    );
    Ok(())
}

#[tokio::test]
async fn a_check_keeps_the_hash_and_the_next_one_compares() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.model().await?.id;
    let mut events = app.events();
    let verify = ModelVerify { id: Some(id) };
    app.call::<Nothing>("model_verify", verify.clone()).await?;
    let Verification::Intact { sha256, compared } = checked(&mut events, id).await? else {
        panic!("it is as it was written")
    };
    assert!(!compared);
    let model = app.model().await?;
    assert_eq!(model.sha256.as_ref(), Some(&sha256));
    let verified_at = model.verified_at_ms.expect("it was just verified");
    app.call::<Nothing>("model_verify", ModelVerify { id: None })
        .await?;
    let again = checked(&mut events, id).await?;
    assert_eq!(
        again,
        Verification::Intact {
            sha256: sha256.clone(),
            compared: true
        }
    );
    assert!(app.model().await?.verified_at_ms >= Some(verified_at));

    // One wrong bit near the end: the header, the size and the name are as they were.
    let mut bytes = std::fs::read(app.model_path())?;
    let place = bytes.len() - 10;
    bytes[place] ^= 1;
    std::fs::write(app.model_path(), bytes)?;
    app.call::<Nothing>("model_verify", verify).await?;
    let damaged = checked(&mut events, id).await?;
    assert!(
        matches!(&damaged, Verification::Damaged { expected, found } if *expected == sha256 && *found != sha256),
        "{damaged:?}"
    );
    let model = app.model().await?;
    assert_eq!((model.sha256, model.verified_at_ms), (Some(sha256), None));
    Ok(())
}

#[tokio::test]
async fn a_file_that_cannot_be_read_fails_its_check_and_no_other() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let gone = copy_model(&app, &app.home().join("models/gone.gguf"))?;
    scan(&app).await?;
    std::fs::remove_file(&gone)?;
    let mut events = app.events();
    app.call::<Nothing>("model_verify", ModelVerify { id: None })
        .await?;
    for model in models(&app).await? {
        let mut events = app.events();
        app.call::<Nothing>("model_verify", ModelVerify { id: Some(model.id) })
            .await?;
        match checked(&mut events, model.id).await? {
            Verification::Failed { error } => {
                assert!(model.path.ends_with("gone.gguf"), "{error}");
                assert_eq!(error.code, ErrorCode::FileProblem);
            }
            Verification::Intact { .. } => assert!(model.path.ends_with("tiny.gguf")),
            other => panic!("{other:?}"),
        }
    }
    events.drain();
    Ok(())
}

#[tokio::test]
async fn closing_does_not_wait_for_a_long_check() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    // 8 GiB of nothing take seconds to read; the App has a minute to close, and needs no time.
    let large = app.home().join("models/large.gguf");
    std::fs::write(&large, TinyModel::default().bytes())?;
    std::fs::OpenOptions::new()
        .write(true)
        .open(&large)?
        .set_len(8 << 30)?;
    scan(&app).await?;
    let mut events = app.events();
    app.call::<Nothing>("model_verify", ModelVerify { id: None })
        .await?;
    events
        .wait("the large one to be read", |event| match event {
            Event::VerificationChanged {
                verification: Verification::Reading { progress },
                ..
            } => (progress > 0.0 && progress < 0.9).then_some(()),
            _ => None,
        })
        .await?;
    let app = app.reopen().await?;
    let large = large.display().to_string();
    let model = models(&app)
        .await?
        .into_iter()
        .find(|model| model.path == large);
    assert_eq!(model.and_then(|model| model.verified_at_ms), None);
    Ok(())
}

#[tokio::test]
async fn duplicates_are_found_and_become_links() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let twin = copy_model(&app, &app.home().join("models/sub/twin.gguf"))?;
    let theirs = copy_model(
        &app,
        &app.outside().join(".lmstudio/models/p/m/theirs.gguf"),
    )?;
    // The same size, and other bytes in the middle.
    let other = app.home().join("models/other.gguf");
    let mut bytes = std::fs::read(app.model_path())?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&other, bytes)?;
    let handle = app
        .typed(&app.outside().join(".lmstudio/models"))
        .await?
        .handle;
    app.call::<ImportOutcome>("root_add", RootAdd { handle })
        .await?;
    scan(&app).await?;
    let size = std::fs::metadata(&twin)?.len();
    let groups: Vec<DuplicateGroup> = app.call("model_duplicates", ModelDuplicates {}).await?;
    let [group] = &groups[..] else {
        panic!("{groups:?}")
    };
    assert_eq!((group.model_ids.len(), group.size_bytes), (3, size));
    assert_eq!(group.reclaimable_bytes, 2 * size);

    let before = std::fs::metadata(&theirs)?;
    let request = ModelLinkDuplicates {
        sha256: group.sha256.clone(),
    };
    let freed: u64 = app.call("model_link_duplicates", request.clone()).await?;
    assert_eq!(freed, 2 * size);
    let inode = |path: &Path| std::fs::metadata(path).map(|file| file.ino());
    assert_eq!(inode(&twin)?, before.ino());
    assert_eq!(inode(&app.model_path())?, before.ino());
    assert_ne!(inode(&other)?, before.ino());
    assert_eq!(
        std::fs::metadata(&theirs)?.mtime(),
        before.mtime(),
        "theirs was only linked to"
    );
    let groups: Vec<DuplicateGroup> = app.call("model_duplicates", ModelDuplicates {}).await?;
    assert_eq!(groups[0].reclaimable_bytes, 0);
    assert_eq!(app.call::<u64>("model_link_duplicates", request).await?, 0);
    assert!(
        scan(&app).await?.models.is_empty(),
        "all four are still models"
    );
    assert_eq!(models(&app).await?.len(), 4);

    let usage: DiskUse = app.call("disk_use", DiskUseRequest {}).await?;
    let sizes: Vec<u64> = usage.roots.iter().map(|root| root.size_bytes).collect();
    assert_eq!(sizes, [2 * size, 0], "what is linked is counted once");
    assert!(usage.roots[0].free_bytes > 0 && usage.database_bytes > 0);
    let unknown = ModelLinkDuplicates {
        sha256: "00".into(),
    };
    assert_eq!(
        code(app.call::<u64>("model_link_duplicates", unknown).await),
        ErrorCode::NotFound
    );
    Ok(())
}

#[tokio::test]
async fn a_deleted_model_goes_to_the_trash_and_comes_back() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let nested = app.home().join("models/publisher/model/deep.gguf");
    copy_model(&app, &nested)?;
    let before = scan(&app).await?.models.remove(0);
    let mut events = app.events();
    let trashed: TrashedModel = app
        .call("model_delete", ModelDelete { id: before.id })
        .await?;
    assert_eq!(
        (trashed.id, trashed.size_bytes),
        (before.id, before.size_bytes)
    );
    assert_eq!(
        trashed.removed_at_ms - trashed.deleted_at_ms,
        30 * 24 * 3_600_000
    );
    let removed =
        |event: &Event| matches!(event, Event::ModelRemoved { model_id } if *model_id == before.id);
    assert!(events.drain().iter().any(removed));
    assert!(
        !app.home().join("models/publisher").exists(),
        "empty folders go too"
    );
    assert!(
        app.home()
            .join(format!("trash/{}/deep.gguf", before.id))
            .is_file()
    );
    assert!(
        models(&app)
            .await?
            .iter()
            .all(|model| model.id != before.id)
    );
    let usage: DiskUse = app.call("disk_use", DiskUseRequest {}).await?;
    assert_eq!(usage.trash_bytes, before.size_bytes);

    // It outlives a restart, and another model may have its path meanwhile.
    let app = app.reopen().await?;
    let list: Vec<TrashedModel> = app.call("trash_list", TrashList {}).await?;
    assert_eq!(list, [trashed]);
    copy_model(&app, &nested)?;
    scan(&app).await?;
    let other = models(&app)
        .await?
        .into_iter()
        .find(|model| model.path == before.path)
        .expect("the new file is a model");
    assert_eq!(
        (other.key.as_str(), other.id == before.id),
        (before.key.as_str(), false)
    );
    let restore = ModelRestore { id: before.id };
    assert_eq!(
        code(app.call::<Model>("model_restore", restore.clone()).await),
        ErrorCode::FileProblem
    );
    app.call::<TrashedModel>("model_delete", ModelDelete { id: other.id })
        .await?;
    let back: Model = app.call("model_restore", restore).await?;
    assert_eq!(back, before);
    assert!(nested.is_file() && scan(&app).await?.models.is_empty());
    app.call::<Nothing>("trash_empty", TrashEmpty {}).await?;
    assert!(
        app.call::<Vec<TrashedModel>>("trash_list", TrashList {})
            .await?
            .is_empty()
    );
    assert!(!app.home().join("trash").exists());
    Ok(())
}

#[tokio::test]
async fn a_model_taken_out_of_the_trash_stays_when_somebody_goes_back_to_a_copy_of_before()
-> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let before = app.model().await?;
    app.call::<TrashedModel>("model_delete", ModelDelete { id: before.id })
        .await?;
    let mut settings: Settings = app.call("settings_get", SettingsGet {}).await?;
    settings.trash_days = 0;
    app.call::<Settings>("settings_set", SettingsSet { settings })
        .await?;
    let made: DatabaseCopies = app.call("database_copy_make", DatabaseCopyMake {}).await?;
    app.call::<Model>("model_restore", ModelRestore { id: before.id })
        .await?;
    let id = Some(made.copies[0].id.clone());
    app.call::<DatabaseCopies>("database_copy_plan", DatabaseCopyPlan { id })
        .await?;
    let app = app.reopen().await?;
    scan(&app).await?;
    assert!(Path::new(&before.path).is_file(), "its file is in use");
    assert_eq!(app.model().await?.id, before.id);
    assert!(
        app.call::<Vec<TrashedModel>>("trash_list", TrashList {})
            .await?
            .is_empty()
    );
    Ok(())
}

#[tokio::test]
async fn a_loaded_model_is_ejected_before_it_is_deleted() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let model = app.model().await?;
    let conversation = app.conversation().await?;
    app.send_and_finish(conversation, "Hello").await?;
    assert_eq!(process::running_in(&app.home()).len(), 1);
    app.call::<TrashedModel>("model_delete", ModelDelete { id: model.id })
        .await?;
    assert!(app.loaded().await?.is_empty() && process::running_in(&app.home()).is_empty());

    // The conversation keeps the name, and says what is wrong.
    let messages = app.messages(conversation).await?;
    assert_eq!(messages[1].model_name.as_deref(), Some("Tiny"));
    let error = app
        .send(conversation, "Again")
        .await
        .expect_err("its model is deleted");
    assert_eq!(error.code, ErrorCode::NoModel);
    assert!(error.message.contains("Tiny is in the trash"), "{error}");
    app.call::<Model>("model_restore", ModelRestore { id: model.id })
        .await?;
    app.send_and_finish(conversation, "Again").await?;

    // For good, it is as if no model had been chosen.
    app.call::<TrashedModel>("model_delete", ModelDelete { id: model.id })
        .await?;
    app.call::<Nothing>("trash_empty", TrashEmpty {}).await?;
    let messages = app.messages(conversation).await?;
    assert_eq!(messages[1].model_name.as_deref(), Some("Tiny"));
    assert_eq!(
        code(app.send(conversation, "And now?").await),
        ErrorCode::NoModel
    );
    Ok(())
}

#[tokio::test]
async fn what_lies_elsewhere_is_never_deleted() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let file = copy_model(
        &app,
        &app.outside().join(".lmstudio/models/p/m/theirs.gguf"),
    )?;
    let theirs = app.import(&file).await?.models.remove(0);
    let error = app
        .call::<TrashedModel>("model_delete", ModelDelete { id: theirs.id })
        .await
        .expect_err("it is LM Studio's");
    assert!(error.message.contains("LM Studio"), "{error}");
    assert!(error.hint.is_some_and(|hint| hint.contains("forget")));
    assert!(file.is_file());

    std::fs::remove_file(app.model_path())?;
    scan(&app).await?;
    let gone = models(&app).await?;
    let gone = gone
        .iter()
        .find(|model| model.verdict == ModelVerdict::Missing)
        .expect("it is gone");
    assert_eq!(
        code(
            app.call::<TrashedModel>("model_delete", ModelDelete { id: gone.id })
                .await
        ),
        ErrorCode::FileProblem
    );
    Ok(())
}

#[tokio::test]
async fn the_trash_is_swept_at_the_start_when_its_days_are_over() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.model().await?.id;
    app.call::<TrashedModel>("model_delete", ModelDelete { id })
        .await?;
    let mut settings: Settings = app.call("settings_get", SettingsGet {}).await?;
    settings.trash_days = 0;
    app.call::<Settings>("settings_set", SettingsSet { settings })
        .await?;
    let app = app.reopen().await?;
    // The sweep begins with the App and takes its turn with the scans; one scan later it is over.
    scan(&app).await?;
    assert!(
        app.call::<Vec<TrashedModel>>("trash_list", TrashList {})
            .await?
            .is_empty()
    );
    assert!(!app.home().join(format!("trash/{id}")).exists());
    Ok(())
}

#[tokio::test]
async fn a_deletion_that_was_cut_off_is_finished_at_the_next_start() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let id = app.model().await?.id;
    app.call::<TrashedModel>("model_delete", ModelDelete { id })
        .await?;
    // As if the App had been killed between the row and the file.
    let place = app.home().join(format!("trash/{id}/tiny.gguf"));
    std::fs::rename(&place, app.model_path())?;
    let app = app.reopen().await?;
    assert!(place.is_file() && !app.model_path().exists());
    assert!(
        models(&app).await?.is_empty(),
        "it did not become a new model"
    );
    let back: Model = app.call("model_restore", ModelRestore { id }).await?;
    assert_eq!(back.id, id);
    Ok(())
}
