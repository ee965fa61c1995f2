//! What only llama.cpp is told: kept for a model, counted, and never sent to another runtime.

use sirocco_core::completions::{Completions, Needs};
use sirocco_gguf::writer::Writer;
use sirocco_protocol::RuntimeName::{LlamaCpp, MistralRs};
use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Adapter, AdapterChoice, CacheType, DraftChoice, DraftModel, ErrorCode, ErrorReport,
    FlashAttention, ImportOutcome, LlamaCppOptions, LoadOptions, LoadedModel, MemoryFit, Model,
    ModelDefaults, ModelId, RuntimeName,
};
use sirocco_testkit::{Script, Shape, TempApp, TinyModel, runtime};

use crate::{WORKER, code};

async fn with_both() -> anyhow::Result<(TempApp, Model)> {
    let workers = vec![runtime(MistralRs, WORKER), runtime(LlamaCpp, WORKER)];
    let app = TempApp::open_with(workers).await?;
    let file = app.outside().join("tiny.gguf");
    app.put_model(&file, &TinyModel::default(), &Script::default())?;
    let model = app.import(&file).await?.models.remove(0);
    Ok((app, model))
}

async fn load(
    app: &TempApp,
    id: ModelId,
    runtime: RuntimeName,
    llamacpp: Option<LlamaCppOptions>,
) -> Result<LoadedModel, ErrorReport> {
    let options = LoadOptions {
        runtime: Some(runtime),
        llamacpp,
        ..LoadOptions::default()
    };
    app.call("model_load", ModelLoad { id, options }).await
}

fn quantized(cache_type: CacheType) -> LlamaCppOptions {
    LlamaCppOptions {
        cache_type,
        ..LlamaCppOptions::default()
    }
}

#[tokio::test]
async fn what_is_kept_for_a_model_is_told_to_llama_cpp_and_to_nobody_else() -> anyhow::Result<()> {
    let (app, model) = with_both().await?;
    let kept = LlamaCppOptions {
        keep_in_memory: true,
        context_shift: true,
        ..LlamaCppOptions::default()
    };
    let defaults = ModelDefaults {
        llamacpp: Some(kept.clone()),
        ..ModelDefaults::default()
    };
    let set = ModelDefaultsSet {
        id: model.id,
        defaults,
    };
    app.call::<ModelDefaults>("model_defaults_set", set).await?;
    let loaded = load(&app, model.id, LlamaCpp, None).await?;
    assert_eq!(loaded.llamacpp, Some(kept));
    let loaded = load(&app, model.id, MistralRs, None).await?;
    assert_eq!(loaded.llamacpp, None);

    // Asked for over what is kept, and loaded anew for that.
    let asked = quantized(CacheType::Q4_0);
    let loaded = load(&app, model.id, LlamaCpp, Some(asked.clone())).await?;
    assert_eq!(loaded.llamacpp, Some(asked));
    let error = load(&app, model.id, MistralRs, Some(quantized(CacheType::Q4_0))).await;
    assert_eq!(code(error), ErrorCode::InvalidRequest);
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_told_is_refused_before_anything_is_ejected() -> anyhow::Result<()> {
    let (app, model) = with_both().await?;
    let before = load(&app, model.id, LlamaCpp, None).await?;
    let without_flash = LlamaCppOptions {
        flash_attention: FlashAttention::Off,
        ..quantized(CacheType::Q8_0)
    };
    let shifting = LlamaCppOptions {
        context_shift: true,
        ..quantized(CacheType::Q8_0)
    };
    for wrong in [without_flash, shifting] {
        let error = load(&app, model.id, LlamaCpp, Some(wrong.clone())).await;
        assert_eq!(code(error), ErrorCode::InvalidRequest);
        let defaults = ModelDefaults {
            llamacpp: Some(wrong),
            ..ModelDefaults::default()
        };
        let set = ModelDefaultsSet {
            id: model.id,
            defaults,
        };
        let error = app.call::<ModelDefaults>("model_defaults_set", set).await;
        assert_eq!(code(error), ErrorCode::InvalidRequest);
    }
    let now = app.loaded().await?.remove(0);
    assert_eq!(now.llamacpp, before.llamacpp);
    Ok(())
}

#[tokio::test]
async fn the_memory_of_a_context_counts_how_its_numbers_are_kept() -> anyhow::Result<()> {
    let (app, model) = with_both().await?;
    let mut kv_bytes = Vec::new();
    for (runtime, cache_type) in [
        (MistralRs, Some(CacheType::Q4_0)),
        (LlamaCpp, None),
        (LlamaCpp, Some(CacheType::Q8_0)),
        (LlamaCpp, Some(CacheType::Q4_0)),
    ] {
        let request = ModelFit {
            id: model.id,
            context_length: Some(2048),
            runtime: Some(runtime),
            cache_type,
            draft: None,
        };
        let fit: MemoryFit = app.call("model_fit", request).await?;
        kv_bytes.push(fit.kv_bytes);
    }
    let [other, plain, q8, q4] = kv_bytes[..] else {
        panic!("{kv_bytes:?}");
    };
    assert_eq!(other, 2 * plain);
    assert_eq!((q8 * 64, q4 * 64), (plain * 34, plain * 18));
    Ok(())
}

#[tokio::test]
async fn a_program_that_needs_it_otherwise_has_it_loaded_anew_and_keeps_the_rest()
-> anyhow::Result<()> {
    let (app, model) = with_both().await?;
    let flash = |flash_attention| Needs {
        flash_attention: Some(flash_attention),
        ..Needs::default()
    };
    // mistral.rs serves it, and has nothing of the kind.
    let loaded = app.app().warm_up(model.id, flash(false)).await?;
    assert_eq!((loaded.served_by, loaded.llamacpp), (Some(MistralRs), None));

    let held = LlamaCppOptions {
        keep_in_memory: true,
        ..LlamaCppOptions::default()
    };
    load(&app, model.id, LlamaCpp, Some(held.clone())).await?;
    let defaults = ModelDefaults {
        runtime: Some(LlamaCpp),
        ..ModelDefaults::default()
    };
    let set = ModelDefaultsSet {
        id: model.id,
        defaults,
    };
    app.call::<ModelDefaults>("model_defaults_set", set).await?;
    // Left to itself llama.cpp does it already.
    let loaded = app.app().warm_up(model.id, flash(true)).await?;
    assert_eq!(loaded.llamacpp, Some(held.clone()));
    let loaded = app.app().warm_up(model.id, flash(false)).await?;
    let expected = LlamaCppOptions {
        flash_attention: FlashAttention::Off,
        ..held
    };
    assert_eq!(loaded.llamacpp, Some(expected.clone()));
    let read = Needs {
        memory_map: Some(false),
        ..Needs::default()
    };
    let loaded = app.app().warm_up(model.id, read).await?;
    let expected = LlamaCppOptions {
        memory_map: false,
        ..expected
    };
    assert_eq!(loaded.llamacpp, Some(expected));
    Ok(())
}

/// An adapter as far as its header goes.
fn adapter(architecture: &str) -> anyhow::Result<Vec<u8>> {
    let writer = Writer::new()
        .field("general.type", "adapter")
        .field("general.architecture", architecture)
        .field("adapter.type", "lora");
    Ok(writer.build()?)
}

#[tokio::test]
async fn adapters_are_offered_for_their_architecture_and_are_no_models() -> anyhow::Result<()> {
    let (app, model) = with_both().await?;
    let folder = app.home().join("models");
    for (name, architecture) in [("tone", "llama"), ("far/tone", "llama"), ("other", "qwen2")] {
        let file = folder.join(format!("{name}.gguf"));
        std::fs::create_dir_all(file.parent().expect("a folder"))?;
        std::fs::write(&file, adapter(architecture)?)?;
    }
    let outcome: ImportOutcome = app.call("model_scan", ModelScan {}).await?;
    assert!(
        outcome.models.is_empty() && outcome.problems.is_empty(),
        "{outcome:?}"
    );
    let list: Vec<Model> = app.call("model_list", ModelList {}).await?;
    assert_eq!(list.len(), 1);
    let adapters: Vec<Adapter> = app
        .call("adapter_list", AdapterList { id: model.id })
        .await?;
    let keys: Vec<&str> = adapters.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["tone", "tone-2"]);

    let with = |key: &str| {
        Some(LlamaCppOptions {
            adapter: Some(AdapterChoice {
                key: key.into(),
                scale: 1.0,
            }),
            ..LlamaCppOptions::default()
        })
    };
    let loaded = load(&app, model.id, LlamaCpp, with("tone-2")).await?;
    assert_eq!(loaded.llamacpp, with("tone-2"));
    for (key, expected) in [
        ("other", ErrorCode::ModelRefused),
        ("gone", ErrorCode::FileProblem),
    ] {
        let error = load(&app, model.id, LlamaCpp, with(key)).await;
        assert_eq!(code(error), expected, "{key}");
    }
    // One by itself is no model either, and is said to be an adapter.
    let file = app.outside().join("lonely.gguf");
    std::fs::write(&file, adapter("llama")?)?;
    let outcome = app.import(&file).await?;
    assert!(outcome.models.is_empty());
    assert!(
        outcome.problems[0].contains("load options"),
        "{:?}",
        outcome.problems
    );
    Ok(())
}

/// A model of the library, so many blocks deep.
async fn deep(
    app: &TempApp,
    name: &str,
    blocks: u64,
    bytes: fn(&mut Vec<u8>),
) -> anyhow::Result<Model> {
    let model = TinyModel {
        name: name.into(),
        shape: Shape {
            blocks,
            ..Shape::default()
        },
        ..TinyModel::default()
    };
    let mut file = model.bytes();
    bytes(&mut file);
    let path = app.outside().join(format!("{name}.gguf"));
    std::fs::write(&path, file)?;
    Ok(app.import(&path).await?.models.remove(0))
}

#[tokio::test]
async fn a_smaller_model_with_the_same_vocabulary_guesses_for_another() -> anyhow::Result<()> {
    let (app, _) = with_both().await?;
    let large = deep(&app, "large", 8, |_| {}).await?;
    let small = deep(&app, "small", 1, |_| {}).await?;
    // One token has another spelling.
    let foreign = deep(&app, "foreign", 1, |file| {
        let at = file.windows(10).position(|text| text == b"<|im_end|>");
        file[at.expect("it is a token") + 2] = b'I';
    });
    let foreign = foreign.await?;
    let list = DraftList { id: large.id };
    let drafts: Vec<DraftModel> = app.call("draft_list", list).await?;
    let keys: Vec<&str> = drafts.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["small", "tiny"]);

    let with = |key: &str| {
        Some(LlamaCppOptions {
            draft: Some(DraftChoice {
                key: key.into(),
                tokens: 4,
            }),
            ..LlamaCppOptions::default()
        })
    };
    let loaded = load(&app, large.id, LlamaCpp, with("small")).await?;
    assert_eq!(loaded.llamacpp, with("small"));
    for (key, expected) in [
        (foreign.key.as_str(), ErrorCode::ModelRefused),
        ("large", ErrorCode::ModelRefused),
        ("gone", ErrorCode::FileProblem),
    ] {
        let error = load(&app, large.id, LlamaCpp, with(key)).await;
        assert_eq!(code(error), expected, "{key}");
    }
    let error = load(&app, large.id, MistralRs, with("small")).await;
    assert_eq!(code(error), ErrorCode::InvalidRequest);

    // What it takes is counted along: what is kept, or what is asked about.
    let fit = async |id, draft: Option<&str>| -> anyhow::Result<u64> {
        let request = ModelFit {
            id,
            context_length: Some(2048),
            runtime: Some(LlamaCpp),
            cache_type: None,
            draft: draft.map(str::to_owned),
        };
        Ok(app
            .call::<MemoryFit>("model_fit", request)
            .await?
            .total_bytes)
    };
    let (alone, other) = (fit(large.id, None).await?, fit(small.id, None).await?);
    assert_eq!(fit(large.id, Some("small")).await?, alone + other);
    let defaults = ModelDefaults {
        llamacpp: with("small"),
        ..ModelDefaults::default()
    };
    let set = ModelDefaultsSet {
        id: large.id,
        defaults,
    };
    app.call::<ModelDefaults>("model_defaults_set", set).await?;
    assert_eq!(fit(large.id, None).await?, alone + other);
    assert_eq!(fit(large.id, Some("")).await?, alone);
    Ok(())
}
