//! Presets, their files, and where the settings of a conversation come from.

use sirocco_protocol::commands::*;
use sirocco_protocol::{
    Conversation, ConversationId, ConversationSettings, ErrorCode, Event, ImportedPreset,
    Inherited, Layer, LayerValues, Model, ModelDefaults, ModelId, Parameters, Preset, PresetChoice,
    PresetId, Reasoning, Settings, Started, StopReason,
};
use sirocco_testkit::{Script, TempApp, TinyModel};

use crate::{WORKER, app, code};

fn stopping_at(stop: &str) -> LayerValues {
    LayerValues {
        parameters: Parameters {
            stop: Some(vec![stop.into()]),
            ..Parameters::default()
        },
        ..LayerValues::default()
    }
}

async fn create(app: &TempApp, name: &str, values: LayerValues) -> anyhow::Result<Preset> {
    let create = PresetCreate {
        name: name.into(),
        values,
    };
    Ok(app.call("preset_create", create).await?)
}

async fn choose(
    app: &TempApp,
    id: ConversationId,
    preset_id: Option<PresetId>,
    values: LayerValues,
) -> anyhow::Result<Conversation> {
    let change = ConversationUpdate {
        settings: Some(ConversationSettings { preset_id, values }),
        ..ConversationUpdate::of(id)
    };
    Ok(app.call("conversation_update", change).await?)
}

async fn set_settings(app: &TempApp, settings: Settings) -> anyhow::Result<()> {
    app.call::<Settings>("settings_set", SettingsSet { settings })
        .await?;
    Ok(())
}

async fn set_defaults(app: &TempApp, id: ModelId, defaults: ModelDefaults) -> anyhow::Result<()> {
    app.call::<ModelDefaults>("model_defaults_set", ModelDefaultsSet { id, defaults })
        .await?;
    Ok(())
}

async fn answer(app: &TempApp, id: ConversationId) -> anyhow::Result<String> {
    Ok(app.send_and_finish(id, "Count.").await?.content)
}

#[tokio::test]
async fn a_preset_is_kept_renamed_deleted_and_brought_back() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let mut events = app.events();
    let made = create(&app, " Short ", stopping_at("END")).await?;
    assert_eq!(made.name, "Short");
    let told = Event::PresetChanged {
        preset: made.clone(),
    };
    assert!(events.drain().contains(&told));
    let rename = PresetUpdate {
        id: made.id,
        name: Some("Shorter".into()),
        values: None,
    };
    let renamed: Preset = app.call("preset_update", rename.clone()).await?;
    assert_eq!(
        (renamed.name.as_str(), &renamed.values),
        ("Shorter", &made.values)
    );

    let app = app.reopen().await?;
    let list: Vec<Preset> = app.call("preset_list", PresetList {}).await?;
    assert_eq!(list, std::slice::from_ref(&renamed));
    app.call::<Nothing>("preset_delete", PresetDelete { id: made.id })
        .await?;
    let list: Vec<Preset> = app.call("preset_list", PresetList {}).await?;
    assert!(list.is_empty());
    assert_eq!(
        code(app.call::<Preset>("preset_update", rename).await),
        ErrorCode::NotFound
    );
    let back: Preset = app
        .call("preset_restore", PresetRestore { id: made.id })
        .await?;
    assert_eq!(back, renamed);
    Ok(())
}

#[tokio::test]
async fn a_preset_without_a_name_or_with_a_value_out_of_range_is_refused() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    for (name, values) in [(" ", LayerValues::default()), ("a", stopping_at(""))] {
        let create = PresetCreate {
            name: name.into(),
            values,
        };
        let refused = app.call::<Preset>("preset_create", create).await;
        assert_eq!(code(refused), ErrorCode::InvalidRequest);
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_is_written_with_the_highest_layer_that_says_something() -> anyhow::Result<()> {
    let app = app(&Script::answering("one two three four five")).await?;
    let model_id = app.model().await?.id;
    let id = app.conversation().await?;
    assert_eq!(answer(&app, id).await?, "one two three four five");

    let of_model = ModelDefaults {
        values: Some(stopping_at("five")),
        ..ModelDefaults::default()
    };
    set_defaults(&app, model_id, of_model).await?;
    assert_eq!(answer(&app, id).await?, "one two three four ");

    let settings = Settings {
        default_parameters: stopping_at("four").parameters,
        ..Settings::default()
    };
    set_settings(&app, settings).await?;
    assert_eq!(answer(&app, id).await?, "one two three ");

    let preset = create(&app, "Two", stopping_at("three")).await?;
    let chosen = choose(&app, id, Some(preset.id), LayerValues::default()).await?;
    assert_eq!(chosen.settings.preset_id, Some(preset.id));
    assert_eq!(answer(&app, id).await?, "one two ");

    choose(&app, id, Some(preset.id), stopping_at("two")).await?;
    let answer = app.send_and_finish(id, "Count.").await?;
    assert_eq!(answer.content, "one ");
    let reason = answer.run.and_then(|run| run.statistics).expect("numbers");
    assert_eq!(reason.stop_reason, Some(StopReason::StopString));
    Ok(())
}

#[tokio::test]
async fn another_model_answers_with_its_own_defaults_under_those_of_the_conversation()
-> anyhow::Result<()> {
    let script = Script::answering("one two three four five");
    let app = app(&script).await?;
    let own = app.model().await?.id;
    let file = app.outside().join("other.gguf");
    let model = TinyModel {
        name: "Other".into(),
        seed: 2,
        ..TinyModel::default()
    };
    app.put_model(&file, &model, &script)?;
    let other = app.import(&file).await?.models[0].id;
    for (id, stop) in [(own, "two"), (other, "four")] {
        let defaults = ModelDefaults {
            values: Some(stopping_at(stop)),
            ..ModelDefaults::default()
        };
        set_defaults(&app, id, defaults).await?;
    }
    let id = app.conversation().await?;
    let change = ConversationUpdate {
        model_id: Some(own),
        ..ConversationUpdate::of(id)
    };
    app.call::<Conversation>("conversation_update", change)
        .await?;
    let first = app.send_and_finish(id, "Count.").await?;
    assert_eq!(first.content, "one ");
    let again = async |model_id| {
        let regenerate = MessageRegenerate {
            id: first.id,
            model_id,
        };
        let started: Started = app.call("message_regenerate", regenerate).await?;
        anyhow::Ok(app.finish(&started).await?.1.content)
    };
    assert_eq!(again(Some(other)).await?, "one two three ");
    assert_eq!(again(None).await?, "one ");
    choose(&app, id, None, stopping_at("three")).await?;
    assert_eq!(again(Some(other)).await?, "one two ");
    Ok(())
}

#[tokio::test]
async fn whether_a_model_thinks_is_said_to_its_template() -> anyhow::Result<()> {
    let script = Script::answering("[{system}]");
    let app = app(&script).await?;
    let plain = app.model().await?.id;
    let mut model = TinyModel {
        name: "Thinker".into(),
        seed: 3,
        ..TinyModel::default()
    };
    let told = "{% if enable_thinking is defined %}<|im_start|>system\nthinks {{ enable_thinking }}<|im_end|>\n{% endif %}";
    model.chat_template.insert_str(0, told);
    let file = app.outside().join("thinker.gguf");
    app.put_model(&file, &model, &script)?;
    let thinker = app.import(&file).await?.models[0].id;
    let control = async |model_id| {
        let inherit = SettingsInherit {
            model_id: Some(model_id),
            preset: PresetChoice::None,
        };
        let inherited: Inherited = app.call("settings_inherit", inherit).await?;
        anyhow::Ok((inherited.reasoning.on_off, inherited.reasoning.effort))
    };
    assert_eq!(control(plain).await?, (false, false));
    assert_eq!(control(thinker).await?, (true, false));

    let id = app.conversation().await?;
    let change = ConversationUpdate {
        model_id: Some(thinker),
        ..ConversationUpdate::of(id)
    };
    app.call::<Conversation>("conversation_update", change)
        .await?;
    assert_eq!(answer(&app, id).await?, "[]");
    let reasoning = |reasoning| {
        let mut values = LayerValues::default();
        values.parameters.reasoning = Some(reasoning);
        values
    };
    let preset = create(&app, "Thoughtful", reasoning(Reasoning::On)).await?;
    choose(&app, id, Some(preset.id), LayerValues::default()).await?;
    assert_eq!(answer(&app, id).await?.to_lowercase(), "[thinks true]");
    choose(&app, id, Some(preset.id), reasoning(Reasoning::Off)).await?;
    assert_eq!(answer(&app, id).await?.to_lowercase(), "[thinks false]");
    choose(&app, id, Some(preset.id), reasoning(Reasoning::Template)).await?;
    assert_eq!(answer(&app, id).await?, "[]");
    Ok(())
}

#[tokio::test]
async fn a_conversation_keeps_the_values_of_a_preset_that_was_deleted() -> anyhow::Result<()> {
    let app = app(&Script::answering("one two three")).await?;
    let id = app.conversation().await?;
    let preset = create(&app, "Two", stopping_at("three")).await?;
    choose(&app, id, Some(preset.id), LayerValues::default()).await?;
    app.call::<Nothing>("preset_delete", PresetDelete { id: preset.id })
        .await?;
    assert_eq!(answer(&app, id).await?, "one two ");
    let inherit = SettingsInherit {
        model_id: None,
        preset: PresetChoice::Preset { id: preset.id },
    };
    let inherited: Inherited = app.call("settings_inherit", inherit).await?;
    assert_eq!(inherited.preset, Some(preset));
    Ok(())
}

#[tokio::test]
async fn what_is_inherited_says_where_each_value_comes_from() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let model_id = Some(app.model().await?.id);
    let settings = Settings {
        default_system_prompt: "Be brief.".into(),
        default_parameters: Parameters {
            top_k: Some(7),
            ..Parameters::default()
        },
        ..Settings::default()
    };
    set_settings(&app, settings).await?;
    let preset = create(&app, "Two", stopping_at("three")).await?;
    let inherit = SettingsInherit {
        model_id,
        preset: PresetChoice::Preset { id: preset.id },
    };
    let inherited: Inherited = app.call("settings_inherit", inherit).await?;
    for (name, layer) in [
        ("system_prompt", Layer::Settings),
        ("top_k", Layer::Settings),
        ("stop", Layer::Preset),
        ("temperature", Layer::Engine),
    ] {
        assert_eq!(inherited.origins.get(name), Some(&layer), "{name}");
    }
    assert_eq!(inherited.values.system_prompt.as_deref(), Some("Be brief."));
    let parameters = inherited.values.parameters;
    assert_eq!(
        (parameters.top_k, parameters.temperature),
        (Some(7), Some(0.7))
    );
    assert_eq!(
        parameters.stop.as_deref(),
        Some(["three".to_owned()].as_slice())
    );
    Ok(())
}

#[tokio::test]
async fn a_new_conversation_begins_with_the_preset_of_its_model_or_the_general_one()
-> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let model_id = app.model().await?.id;
    let general = create(&app, "General", LayerValues::default()).await?;
    let of_model = create(&app, "Of the model", LayerValues::default()).await?;
    let begun = async |model_id: Option<ModelId>| {
        let made: Conversation = app
            .call("conversation_create", ConversationCreate { model_id })
            .await?;
        let inherit = SettingsInherit {
            model_id,
            preset: PresetChoice::Standard,
        };
        let inherited: Inherited = app.call("settings_inherit", inherit).await?;
        assert_eq!(
            inherited.preset.map(|preset| preset.id),
            made.settings.preset_id
        );
        anyhow::Ok(made.settings.preset_id)
    };
    assert_eq!(begun(Some(model_id)).await?, None);
    let settings = Settings {
        default_preset_id: Some(general.id),
        ..Settings::default()
    };
    set_settings(&app, settings).await?;
    let defaults = ModelDefaults {
        preset_id: Some(of_model.id),
        ..ModelDefaults::default()
    };
    set_defaults(&app, model_id, defaults).await?;
    assert_eq!(begun(None).await?, Some(general.id));
    assert_eq!(begun(Some(model_id)).await?, Some(of_model.id));
    app.call::<Nothing>("preset_delete", PresetDelete { id: of_model.id })
        .await?;
    assert_eq!(begun(Some(model_id)).await?, Some(general.id));
    Ok(())
}

#[tokio::test]
async fn changing_the_defaults_of_a_model_is_told() -> anyhow::Result<()> {
    let app = app(&Script::default()).await?;
    let model: Model = app.model().await?;
    let mut events = app.events();
    set_defaults(&app, model.id, ModelDefaults::default()).await?;
    let told =
        |event: &Event| matches!(event, Event::ModelChanged { model: one } if one.id == model.id);
    assert!(events.drain().iter().any(told));
    Ok(())
}

#[tokio::test]
async fn a_preset_goes_to_a_file_and_comes_back() -> anyhow::Result<()> {
    let app = TempApp::open_empty(WORKER).await?;
    let values = LayerValues {
        system_prompt: Some("Be brief.".into()),
        parameters: Parameters {
            temperature: Some(0.2),
            dry_multiplier: Some(0.8),
            ..Parameters::default()
        },
    };
    let made = create(&app, "Short: 1/2", values.clone()).await?;
    let folder = app.typed(app.outside()).await?.handle;
    let export = PresetExport {
        id: made.id,
        handle: folder,
    };
    let first: String = app.call("preset_export", export.clone()).await?;
    let second: String = app.call("preset_export", export).await?;
    assert!(first.ends_with("Short 1 2.preset.json"), "{first}");
    assert!(second.ends_with("Short 1 2 2.preset.json"), "{second}");

    let handle = app.typed(first.as_ref()).await?.handle;
    let imported: ImportedPreset = app.call("preset_import", PresetImport { handle }).await?;
    assert_eq!(imported.preset.values, values);
    assert_eq!(imported.preset.name, made.name);
    assert!(imported.left_out.is_empty(), "{:?}", imported.left_out);
    assert_ne!(imported.preset.id, made.id);
    Ok(())
}

#[tokio::test]
async fn a_file_says_what_was_left_out_and_one_that_is_no_preset_is_refused() -> anyhow::Result<()>
{
    let app = TempApp::open_empty(WORKER).await?;
    let import = async |name: &str, text: &str| {
        let path = app.outside().join(name);
        std::fs::write(&path, text)?;
        let handle = app.typed(&path).await?.handle;
        anyhow::Ok(
            app.call::<ImportedPreset>("preset_import", PresetImport { handle })
                .await,
        )
    };
    let file = r#"{"operation": {"fields": [
        {"key": "llm.prediction.temperature", "value": 0.5},
        {"key": "llm.prediction.promptTemplate", "value": {"type": "jinja"}}
    ]}}"#;
    let imported = import("My own.preset.json", file).await??;
    assert_eq!(imported.preset.name, "My own");
    assert_eq!(imported.preset.values.parameters.temperature, Some(0.5));
    assert_eq!(imported.left_out.len(), 1);
    assert!(imported.left_out[0].starts_with("llm.prediction.promptTemplate"));

    for text in ["not JSON", "{}"] {
        let refused = import("other.json", text).await?;
        assert_eq!(code(refused), ErrorCode::FileProblem);
    }
    let list: Vec<Preset> = app.call("preset_list", PresetList {}).await?;
    assert_eq!(list.len(), 1);
    Ok(())
}
