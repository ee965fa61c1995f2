//! Whether a projector (`mmproj`), the half of a model that reads images, can be loaded, and whether it is that of this
//! model.
//!
//! llama.cpp aborts on some numbers that cannot be right (a patch of no pixels), so those are asked for here.

use super::is_supported;
use crate::model::Model;
use crate::summary::ModelKind;
use crate::verdict::files::unsupported_types;
use crate::verdict::{Refusal, Runtime};

/// `clip.projector_type` of those that read images, as `tools/mtmd/clip-impl.h` names them.
const TYPES: [&str; 44] = [
    "adapter",
    "cogvlm",
    "deepseek4v",
    "deepseekocr",
    "deepseekocr2",
    "dots3note_v",
    "dots_ocr",
    "exaone4_5",
    "gemma3",
    "gemma3nv",
    "gemma4uv",
    "gemma4v",
    "glm4v",
    "glm5v",
    "granite4_vision",
    "hunyuanvl",
    "idefics3",
    "internvl",
    "janus_pro",
    "kimik25",
    "kimivl",
    "ldp",
    "ldpv2",
    "lfm2",
    "lightonocr",
    "ling3vl",
    "llama4",
    "mimovl",
    "minicpmv4_6",
    "minimax_m3",
    "mlp",
    "muse-glimmer",
    "nemotron_v2_vl",
    "paddleocr",
    "phi4",
    "pixtral",
    "qwen2.5o",
    "qwen2.5vl_merger",
    "qwen2vl_merger",
    "qwen3vl_merger",
    "resampler",
    "step3vl",
    "yasa2",
    "youtuvl",
];

/// Numbers that llama.cpp divides by, or makes room for.
const NUMBERS: [&str; 5] = [
    "image_size",
    "patch_size",
    "embedding_length",
    "block_count",
    "attention.head_count",
];
/// No image model is larger in any of these.
const LARGEST_NUMBER: u64 = 1 << 16;

/// Why llama.cpp cannot read images for `model` with `projector`; empty if it can.
pub fn projector_refusals(projector: &Model, model: &Model) -> Vec<Refusal> {
    if ModelKind::of(projector) != ModelKind::Projector {
        return vec![Refusal::NotAProjector];
    }
    if projector.first().bool("clip.has_vision_encoder") != Some(true) {
        return vec![Refusal::SeesNoImages];
    }
    let name = ["clip.projector_type", "clip.vision.projector_type"]
        .iter()
        .find_map(|key| projector.string(key).filter(|name| !name.is_empty()));
    let mut reasons = Vec::new();
    if let Some(name) = name.filter(|name| !TYPES.contains(name)) {
        reasons.push(Refusal::ProjectorType {
            name: name.to_owned(),
        });
    }
    reasons.extend(NUMBERS.iter().filter_map(|name| number(projector, name)));
    reasons.extend(unsupported_types(
        projector,
        Runtime::LlamaCpp,
        is_supported,
    ));
    reasons.extend(other_model(projector, model));
    reasons
}

fn number(projector: &Model, name: &str) -> Option<Refusal> {
    let key = format!("clip.vision.{name}");
    match projector.unsigned(&key) {
        Some(1..=LARGEST_NUMBER) => None,
        Some(value) => Some(Refusal::ImpossibleNumber { key, value }),
        None => Some(Refusal::MissingKey { key }),
    }
}

/// What it writes has to be as wide as what the model reads. Files state that number, or another one (old files of
/// LLaVA's do), and then the matrices at its end must have it.
fn other_model(projector: &Model, model: &Model) -> Option<Refusal> {
    let needed = model.architecture_number("embedding_length").ok()?;
    let stated = projector.unsigned("clip.vision.projection_dim");
    let fits = stated == Some(needed)
        || projector
            .tensors()
            .filter(|tensor| !tensor.name.starts_with("v.") && !tensor.name.starts_with("a."))
            .any(|tensor| tensor.dimensions.contains(&needed));
    (!fits).then(|| Refusal::OtherProjector {
        found: stated.unwrap_or(0),
        needed,
    })
}
