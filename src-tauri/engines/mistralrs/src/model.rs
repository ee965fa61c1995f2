//! A mistral.rs GGUF pipeline as an engine: tokens in, logits out, cache cut back.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mistralrs::core::text_models_inputs_processor::{FlashParams, ModelInputs};
use mistralrs::core::{
    DeviceMapSetting, ForwardInputsResult, GGUFLoaderBuilder, GGUFSpecificConfig, ModelDType,
    Pipeline, TokenSource,
};
use mistralrs::{DType, Device, Tensor};
use sirocco_engine_wire::LoadRequest;
use sirocco_worker::engine::{Engine, EngineError, Pieces, Watch};

use crate::device;

/// The cache grows by this many positions and refuses to grow past a limit that is no multiple of it.
const CACHE_STEP: usize = 512;

/// A loaded model with its cache.
pub struct Model {
    pipeline: Arc<tokio::sync::Mutex<dyn Pipeline + Send + Sync>>,
    device: Device,
    length: usize,
    context_length: usize,
}

impl Model {
    /// Reads the weights. The caller catches panics: mistral.rs answers several kinds of bad file so.
    pub fn load(request: &LoadRequest, tokenizer_folder: &Path) -> Result<Self, EngineError> {
        let (folder, names) = split_paths(&request.files)?;
        let device = device::open(0).map_err(failed)?;
        let loader = GGUFLoaderBuilder::new(
            None,
            Some(tokenizer_folder.display().to_string()),
            folder,
            names,
            GGUFSpecificConfig::default(),
            false,
            None,
        )
        .build();
        // On a CPU f32 is faster than f16 in both phases; the default would be f16.
        let dtype = if device.is_cpu() {
            ModelDType::F32
        } else {
            ModelDType::Auto
        };
        let pipeline = loader
            .load_model_from_hf(
                None,
                TokenSource::None,
                &dtype,
                &device,
                true,
                DeviceMapSetting::dummy(),
                None,
                None,
            )
            .map_err(|error| EngineError(format!("{error:#}")))?;

        let native = pipeline.blocking_lock().get_metadata().max_seq_len;
        let context_length = (request.context_length as usize).min(usable(native));
        let mut model = Self {
            pipeline,
            device,
            length: 0,
            context_length,
        };
        // One token through the whole model: what cannot run fails here and not in the first answer.
        model.forward(&[0])?;
        #[cfg(all(target_arch = "x86_64", not(any(feature = "cuda", feature = "metal"))))]
        crate::cpu::first_pass_is_over();
        model.truncate(0)?;
        Ok(model)
    }
}

impl Model {
    /// Takes tokens in; answers the logits after each of the last `rows`, one after the other.
    pub fn logits(&mut self, tokens: &[u32], rows: usize) -> Result<Vec<f32>, EngineError> {
        let count = tokens.len();
        let inputs = ModelInputs {
            input_ids: Tensor::new(tokens, &self.device)
                .and_then(|ids| ids.unsqueeze(0))
                .map_err(failed)?,
            input_ids_full: None,
            seqlen_offsets: vec![self.length],
            seqlen_offsets_full: None,
            context_lens: vec![(count - rows, rows)],
            position_ids: vec![self.length + count],
            paged_attn_meta: None,
            flash_meta: FlashParams::empty(true),
            flash_meta_full: None,
        };
        let result = self
            .pipeline
            .blocking_lock()
            .forward_inputs(Box::new(inputs), false)
            .map_err(failed)?;
        self.length += count;
        let ForwardInputsResult::CausalGeneration { logits } = result else {
            return Err(EngineError("the model does not generate text".into()));
        };
        logits
            .flatten_all()
            .and_then(|logits| logits.to_dtype(DType::F32))
            .and_then(|logits| logits.to_vec1::<f32>())
            .map_err(failed)
    }
}

impl Engine for Model {
    fn forward(&mut self, tokens: &[u32]) -> Result<Vec<f32>, EngineError> {
        #[cfg(all(target_arch = "x86_64", not(any(feature = "cuda", feature = "metal"))))]
        if let [_] = tokens {
            return crate::cpu::alone(|| self.logits(tokens, 1));
        }
        self.logits(tokens, 1)
    }

    #[cfg(all(target_arch = "x86_64", not(any(feature = "cuda", feature = "metal"))))]
    fn forward_watched(
        &mut self,
        tokens: &[u32],
        watch: &Watch<'_>,
    ) -> Result<Option<Vec<f32>>, EngineError> {
        match crate::cpu::watched(*watch, || self.logits(tokens, 1)) {
            Ok(logits) => Ok(Some(logits)),
            // Some layers may have taken the tokens in.
            Err(_) if watch.stop.load(std::sync::atomic::Ordering::Relaxed) => {
                self.truncate(self.length)?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn truncate(&mut self, length: usize) -> Result<(), EngineError> {
        let pipeline = self.pipeline.blocking_lock();
        for layer in &mut pipeline.cache().normal().0 {
            layer.set_len(length).map_err(failed)?;
        }
        self.length = length;
        Ok(())
    }

    fn pieces(&self) -> Pieces {
        let pieces = Pieces::default();
        if !self.device.is_cpu() {
            Pieces {
                longest: 2048,
                ..pieces
            }
        } else if has_own_products() {
            // All weights are unpacked once a piece, which takes as long as the products of 20 tokens; a longer piece
            // would need 100 MB more and be no faster to speak of. It says how far it is and stops in its middle,
            // between two products.
            Pieces {
                shortest: 128,
                longest: 256,
                time: Duration::from_secs(10),
            }
        } else {
            pieces
        }
    }

    fn context_length(&self) -> usize {
        self.context_length
    }
}

/// Whether our kernels compute, which stop in the middle of a pass.
fn has_own_products() -> bool {
    #[cfg(all(target_arch = "x86_64", not(any(feature = "cuda", feature = "metal"))))]
    return crate::cpu::are_installed();
    #[cfg(not(all(target_arch = "x86_64", not(any(feature = "cuda", feature = "metal")))))]
    false
}

fn failed(error: impl std::fmt::Display) -> EngineError {
    EngineError(error.to_string())
}

/// What of the native context the cache can really reach.
fn usable(native: usize) -> usize {
    if native < CACHE_STEP {
        native
    } else {
        native / CACHE_STEP * CACHE_STEP
    }
}

/// mistral.rs wants a folder and names in it. A folder that does not exist would send it to the network.
fn split_paths(files: &[String]) -> Result<(String, Vec<String>), EngineError> {
    let mut folder = None;
    let mut names = Vec::new();
    for file in files {
        let path = Path::new(file);
        let (Some(parent), Some(name)) = (
            path.parent(),
            path.file_name().and_then(|name| name.to_str()),
        ) else {
            return Err(EngineError(format!("`{file}` is not the path of a file")));
        };
        if !path.is_file() {
            return Err(EngineError(format!("`{file}` does not exist")));
        }
        if folder.is_some_and(|other| other != parent) {
            return Err(EngineError(
                "the parts of the model lie in different folders".into(),
            ));
        }
        folder = Some(parent);
        names.push(name.to_owned());
    }
    let folder = folder.ok_or_else(|| EngineError("no file was named".into()))?;
    Ok((folder.display().to_string(), names))
}
