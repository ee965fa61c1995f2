//! The layers under a conversation, and what they come to.
//!
//! What goes over what is decided in [`sirocco_chat::resolve`]; here the layers are fetched.

use sirocco_chat::{resolve, settle};
use sirocco_engine_wire::SamplingParameters;
use sirocco_protocol::commands::SettingsInherit;
use sirocco_protocol::{
    ContextOverflow, Conversation, ErrorReport, Inherited, Layer, LayerValues, ModelDefaults,
    ModelId, Parameters, Preset, PresetChoice, PresetId, Reasoning,
};
use sirocco_store::StoreError;

use crate::App;
use crate::error::Report;

/// What lies under a conversation.
struct Below {
    layers: Vec<(Layer, LayerValues)>,
    preset: Option<Preset>,
}

impl App {
    /// What holds in a conversation now for the model that writes, which is not always its own.
    pub(crate) async fn effective(
        &self,
        conversation: &Conversation,
        model_id: Option<ModelId>,
    ) -> Result<LayerValues, ErrorReport> {
        let settings = &conversation.settings;
        self.values_over(model_id, settings.preset_id, &settings.values)
            .await
    }

    /// What values of a conversation come to over this model and preset.
    pub(crate) async fn values_over(
        &self,
        model_id: Option<ModelId>,
        preset_id: Option<PresetId>,
        own: &LayerValues,
    ) -> Result<LayerValues, ErrorReport> {
        let mut below = self.below(model_id, preset_id).await?;
        below.layers.push((Layer::Conversation, own.clone()));
        Ok(resolve(below.layers).values)
    }

    /// What a conversation of elsewhere must set itself so that it answers here as it did there.
    pub(crate) async fn settled(
        &self,
        own: LayerValues,
        preset: Option<&LayerValues>,
        effective: &LayerValues,
    ) -> Result<LayerValues, ErrorReport> {
        let mut layers = self.below(None, None).await?.layers;
        layers.extend(preset.map(|values| (Layer::Preset, values.clone())));
        Ok(settle(own, layers, effective))
    }

    /// What a conversation has where it sets nothing itself.
    pub(crate) async fn inherited(
        &self,
        request: SettingsInherit,
    ) -> Result<Inherited, ErrorReport> {
        let preset_id = self.chosen_preset(request.model_id, request.preset).await?;
        let (below, reasoning) = tokio::join!(
            self.below(request.model_id, preset_id),
            self.reasoning_control(request.model_id),
        );
        let below = below?;
        let resolved = resolve(below.layers);
        Ok(Inherited {
            preset: below.preset,
            values: resolved.values,
            origins: resolved.origins,
            reasoning,
        })
    }

    /// What a choice of presets comes to.
    pub(crate) async fn chosen_preset(
        &self,
        model_id: Option<ModelId>,
        choice: PresetChoice,
    ) -> Result<Option<PresetId>, ErrorReport> {
        Ok(match choice {
            PresetChoice::Standard => self.standard_preset(model_id).await?,
            PresetChoice::None => None,
            PresetChoice::Preset { id } => Some(id),
        })
    }

    /// The preset a new conversation begins with: the model's, else that of the settings. One that was
    /// deleted is none.
    pub(crate) async fn standard_preset(
        &self,
        model_id: Option<ModelId>,
    ) -> Result<Option<PresetId>, ErrorReport> {
        let store = &self.inner.store;
        let (of_model, settings) = tokio::try_join!(self.defaults_of(model_id), async {
            store.settings().await.report()
        })?;
        for id in [of_model.preset_id, settings.default_preset_id]
            .into_iter()
            .flatten()
        {
            if store.preset_is_listed(id).await.report()? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    async fn below(
        &self,
        model_id: Option<ModelId>,
        preset_id: Option<PresetId>,
    ) -> Result<Below, ErrorReport> {
        let store = &self.inner.store;
        let preset = async {
            match preset_id {
                Some(id) => store.preset(id).await.report().map(Some),
                None => Ok(None),
            }
        };
        // Read at once: an answer waits for it.
        let (of_model, settings, preset) = tokio::try_join!(
            self.defaults_of(model_id),
            async { store.settings().await.report() },
            preset,
        )?;
        let settings = LayerValues {
            // An empty default is none: it hides nothing that a model's defaults say.
            system_prompt: Some(settings.default_system_prompt).filter(|text| !text.is_empty()),
            parameters: settings.default_parameters,
        };
        let mut layers = vec![
            (Layer::Engine, engine()),
            (Layer::Model, of_model.values.unwrap_or_default()),
            (Layer::Settings, settings),
        ];
        if let Some(preset) = &preset {
            layers.push((Layer::Preset, preset.values.clone()));
        }
        Ok(Below { layers, preset })
    }

    /// Nothing for a model that is gone or in the trash.
    async fn defaults_of(&self, model_id: Option<ModelId>) -> Result<ModelDefaults, ErrorReport> {
        let Some(id) = model_id else {
            return Ok(ModelDefaults::default());
        };
        match self.inner.store.model(id).await {
            Ok(stored) => Ok(stored.defaults),
            Err(StoreError::NotFound { .. }) => Ok(ModelDefaults::default()),
            Err(error) => Err(error).report(),
        }
    }
}

/// The lowest layer: what every worker does unless it is told otherwise.
pub(crate) fn engine() -> LayerValues {
    let defaults = SamplingParameters::default();
    LayerValues {
        system_prompt: Some(String::new()),
        parameters: Parameters {
            temperature: Some(defaults.temperature),
            top_k: Some(defaults.top_k),
            top_p: Some(defaults.top_p),
            min_p: Some(defaults.min_p),
            typical_p: Some(defaults.typical_p),
            xtc_probability: Some(defaults.xtc_probability),
            xtc_threshold: Some(defaults.xtc_threshold),
            dry_multiplier: Some(defaults.dry_multiplier),
            dry_base: Some(defaults.dry_base),
            dry_allowed_length: Some(defaults.dry_allowed_length),
            repeat_penalty: Some(defaults.repeat_penalty),
            repeat_last_n: u32::try_from(defaults.repeat_last_n).ok(),
            presence_penalty: Some(defaults.presence_penalty),
            frequency_penalty: Some(defaults.frequency_penalty),
            seed: defaults.seed,
            max_tokens: None,
            stop: Some(Vec::new()),
            context_overflow: Some(ContextOverflow::Stop),
            reasoning: Some(Reasoning::Template),
            structured_output: Some(String::new()),
        },
    }
}
