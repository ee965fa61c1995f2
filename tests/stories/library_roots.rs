//! Folders of the library: their origin, what changes in them, and drives that come and go.

use std::path::{Path, PathBuf};

use sirocco_protocol::commands::*;
use sirocco_protocol::{
    ErrorCode, Event, ImportOutcome, LoadOptions, Model, ModelOrigin, ModelRoot, ModelVerdict,
    RootSuggestion,
};
use sirocco_testkit::{Script, TempApp, TinyModel};

use crate::{WORKER, code};

fn tiny(seed: u64) -> TinyModel {
    TinyModel {
        seed,
        ..TinyModel::default()
    }
}

/// Makes the folders of a path and puts a model there.
fn put(app: &TempApp, path: impl AsRef<Path>, seed: u64) -> anyhow::Result<PathBuf> {
    let path = app.outside().join(path);
    std::fs::create_dir_all(path.parent().expect("a folder"))?;
    app.put_model(&path, &tiny(seed), &Script::default())?;
    Ok(path)
}

async fn add(app: &TempApp, folder: &str) -> anyhow::Result<ImportOutcome> {
    let handle = app.typed(&app.outside().join(folder)).await?.handle;
    Ok(app.call("root_add", RootAdd { handle }).await?)
}

async fn scan(app: &TempApp) -> anyhow::Result<ImportOutcome> {
    Ok(app.call("model_scan", ModelScan {}).await?)
}

async fn models(app: &TempApp) -> anyhow::Result<Vec<Model>> {
    Ok(app.call("model_list", ModelList {}).await?)
}

async fn other_root(app: &TempApp) -> anyhow::Result<ModelRoot> {
    let roots: Vec<ModelRoot> = app.call("root_list", RootList {}).await?;
    Ok(roots
        .into_iter()
        .find(|root| !root.is_own)
        .expect("it was added"))
}

#[tokio::test]
async fn a_scan_without_changes_says_nothing_and_opens_nothing() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let file = put(&app, "drive/a.gguf", 1)?;
    put(&app, "drive/b.gguf", 2)?;
    assert_eq!(add(&app, "drive").await?.models.len(), 2);
    let mut events = app.events();
    let outcome = scan(&app).await?;
    assert_eq!((outcome.models.len(), outcome.problems.len()), (0, 0));
    assert!(events.drain().is_empty());

    // A changed file is looked at again, and only that.
    TinyModel {
        name: "Changed".into(),
        ..tiny(1)
    }
    .write(&file)?;
    let outcome = scan(&app).await?;
    assert_eq!(outcome.models.len(), 1);
    assert_eq!(outcome.models[0].name, "Changed");
    let told = events.drain();
    assert!(
        matches!(&told[..], [Event::ModelChanged { model }] if model.name == "Changed"),
        "{told:?}"
    );
    Ok(())
}

#[tokio::test]
async fn models_of_a_drive_that_is_away_are_kept_and_come_back_by_themselves() -> anyhow::Result<()>
{
    let app = TempApp::open_empty(WORKER).await?;
    put(&app, "drive/a.gguf", 1)?;
    let before = add(&app, "drive").await?.models.remove(0);
    let (drive, away) = (app.outside().join("drive"), app.outside().join("away"));
    std::fs::rename(&drive, &away)?;
    let outcome = scan(&app).await?;
    assert_eq!(outcome.models[0].verdict, ModelVerdict::Offline);
    assert!(
        outcome.problems[0].contains("cannot be read"),
        "{:?}",
        outcome.problems
    );
    let root = other_root(&app).await?;
    assert!(!root.reachable && root.model_count == 1, "{root:?}");
    let error = app
        .load(before.id, LoadOptions::default())
        .await
        .expect_err("it is away");
    assert!(
        error.to_string().contains("cannot be reached now"),
        "{error}"
    );
    assert!(
        scan(&app).await?.models.is_empty(),
        "and that is not told again"
    );

    let app = app.reopen().await?;
    assert_eq!(models(&app).await?[0].verdict, ModelVerdict::Offline);
    std::fs::rename(&away, &drive)?;
    scan(&app).await?;
    let back = models(&app).await?.remove(0);
    assert_eq!((back.id, back.verdict), (before.id, before.verdict));
    assert!(other_root(&app).await?.reachable);
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_gone_is_missing_and_a_renamed_one_keeps_its_model() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let file = put(&app, "folder/a.gguf", 1)?;
    put(&app, "folder/b.gguf", 2)?;
    let found = add(&app, "folder").await?.models;
    let named = found
        .iter()
        .find(|model| model.path.ends_with("a.gguf"))
        .expect("it is there");
    let update = ModelUpdate {
        id: named.id,
        name: Some("Mine".into()),
        favourite: Some(true),
        notes: None,
    };
    app.call::<Model>("model_update", update).await?;
    let renamed = app.outside().join("folder/sub/renamed.gguf");
    std::fs::create_dir_all(renamed.parent().expect("a folder"))?;
    std::fs::rename(&file, &renamed)?;
    std::fs::remove_file(app.outside().join("folder/b.gguf"))?;
    scan(&app).await?;
    let models = models(&app).await?;
    assert_eq!(models.len(), 2);
    assert_eq!((models[0].id, models[0].name.as_str()), (named.id, "Mine"));
    assert_eq!(models[0].path, renamed.display().to_string());
    assert_eq!(models[0].verdict, named.verdict);
    assert_eq!(models[1].verdict, ModelVerdict::Missing);
    Ok(())
}

#[tokio::test]
async fn a_file_that_became_no_model_says_why_until_it_is_one_again() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let file = put(&app, "folder/a.gguf", 1)?;
    let before = add(&app, "folder").await?.models.remove(0);
    std::fs::write(&file, "<!DOCTYPE html>")?;
    let changed = scan(&app).await?.models.remove(0);
    let ModelVerdict::Refused { reasons } = &changed.verdict else {
        panic!("{changed:?}")
    };
    assert!(reasons[0].contains("web page"), "{reasons:?}");
    assert!(scan(&app).await?.models.is_empty());
    tiny(1).write(&file)?;
    let back = scan(&app).await?.models.remove(0);
    assert_eq!((back.id, back.verdict), (before.id, before.verdict));
    Ok(())
}

#[tokio::test]
async fn folders_are_known_by_their_layout() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    put(&app, "lm/.lmstudio/models/publisher/model/m.gguf", 1)?;
    put(&app, "plain/deep/er/and/deeper/m.gguf", 2)?;
    put(&app, "jan/llamacpp/models/org/phi/model.gguf", 3)?;
    std::fs::write(
        app.outside().join("jan/llamacpp/models/org/phi/model.yml"),
        "model_path: llamacpp/models/org/phi/model.gguf\nname: Phi of Jan\n",
    )?;
    for (folder, origin) in [
        ("lm/.lmstudio/models", ModelOrigin::LmStudio),
        ("plain", ModelOrigin::Folder),
        ("jan", ModelOrigin::Jan),
    ] {
        let model = add(&app, folder).await?.models.remove(0);
        assert_eq!(model.origin, origin, "{model:?}");
        assert!(!model.deletable);
        let roots: Vec<ModelRoot> = app.call("root_list", RootList {}).await?;
        assert_eq!(
            roots.last().map(|root| (root.origin, root.model_count)),
            Some((origin, 1))
        );
    }
    assert!(
        models(&app)
            .await?
            .iter()
            .any(|model| model.name == "Phi of Jan")
    );
    Ok(())
}

#[tokio::test]
async fn folders_inside_one_another_are_refused_or_share_their_models() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    put(&app, "outer/inner/m.gguf", 1)?;
    add(&app, "outer/inner").await?;
    assert!(
        add(&app, "outer").await?.models.is_empty(),
        "the model has its folder already"
    );
    assert!(scan(&app).await?.models.is_empty());
    assert_eq!(models(&app).await?.len(), 1);
    std::fs::create_dir_all(app.outside().join("outer/more"))?;
    let handle = app.typed(&app.outside().join("outer/more")).await?.handle;
    assert_eq!(
        code(
            app.call::<ImportOutcome>("root_add", RootAdd { handle })
                .await
        ),
        ErrorCode::Conflict
    );
    for folder in [
        app.home(),
        app.home().join("models"),
        app.outside().to_owned(),
    ] {
        let handle = app.typed(&folder).await?.handle;
        assert_eq!(
            code(
                app.call::<ImportOutcome>("root_add", RootAdd { handle })
                    .await
            ),
            ErrorCode::InvalidRequest
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_forgotten_model_stays_away_until_it_is_asked_for() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let file = put(&app, "folder/a.gguf", 1)?;
    let id = add(&app, "folder").await?.models.remove(0).id;
    app.call::<Nothing>("model_forget", ModelForget { id })
        .await?;
    assert!(scan(&app).await?.models.is_empty() && models(&app).await?.is_empty());
    assert!(file.is_file());
    let model = app.import(&file).await?.models.remove(0);
    assert_eq!(model.root_id, Some(other_root(&app).await?.id));

    // Taking the folder away and adding it again is asking for all of it.
    app.call::<Nothing>("model_forget", ModelForget { id: model.id })
        .await?;
    let id = other_root(&app).await?.id;
    app.call::<Nothing>("root_remove", RootRemove { id })
        .await?;
    assert_eq!(add(&app, "folder").await?.models.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_picked_file_gets_its_folder_when_that_is_added() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let file = put(&app, "folder/a.gguf", 1)?;
    let picked = app.import(&file).await?.models.remove(0);
    assert_eq!(picked.root_id, None);
    let added = add(&app, "folder").await?.models.remove(0);
    assert_eq!(
        (added.id, added.root_id),
        (picked.id, Some(other_root(&app).await?.id))
    );
    Ok(())
}

#[tokio::test]
async fn suggestions_can_be_added_by_their_handle() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    // Whatever is on this machine: each suggestion exists and has a handle.
    let suggestions: Vec<RootSuggestion> = app.call("root_suggest", RootSuggest {}).await?;
    for suggestion in suggestions {
        assert!(Path::new(&suggestion.path).is_dir() && !suggestion.added);
    }
    Ok(())
}
