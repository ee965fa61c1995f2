//! Which models can go on without the older half of their context.
//!
//! What stays in the cache moves up, so its keys have to be turned from their old places to their new ones, which
//! llama.cpp does before the next pass. It does so in all layers alike, and where a model makes its keys in another way
//! it turns them wrongly and says nothing; so what it says of a cache (`llama_memory_can_shift`) is not enough.

use llama_cpp_2::model::{LlamaModel, RopeType};
use sirocco_engine_wire::CacheType;
use sirocco_worker::engine::EngineError;

/// These know places otherwise, or may, though llama.cpp has a rotation for them.
const NOT_TURNED: [&str; 2] = ["baichuan", "starcoder"];

/// Of these some layers have keys that are not turned by their places, or are turned in a way of their own
/// (`src/models` of llama.cpp), or the cache holds more than keys and values of single tokens.
const TURNED_IN_PART: [&str; 18] = [
    "afmoe",
    "cohere2",
    "cohere2moe",
    "deepseek32",
    "deepseek4",
    "dots3note",
    "exaone-moe",
    "exaone4",
    "glm-dsa",
    "laguna",
    "llama4",
    "maple",
    "mellum",
    "minimax-m3",
    "muse-glimmer",
    "smallthinker",
    "smollm3",
    "step35",
];

const NO_ROTATION: &str = "the place of a token is no rotation in it";

/// Says whether the context of a model can shift.
///
/// # Errors
/// Why it cannot, in words for a person.
pub fn check(model: &LlamaModel, cache_type: CacheType) -> Result<(), EngineError> {
    match obstacle(model, cache_type) {
        None => Ok(()),
        Some(why) => Err(EngineError(format!(
            "the context of this model cannot shift, for {why}: load it without context shift"
        ))),
    }
}

fn obstacle(model: &LlamaModel, cache_type: CacheType) -> Option<&'static str> {
    if cache_type != CacheType::F16 {
        // llama.cpp's turn of quantized keys wants heads of a multiple of 64 numbers that are turned as a whole, and ends
        // the process where they are others.
        return Some("its cache is quantized");
    }
    if model.is_recurrent() || model.is_hybrid() {
        return Some("it remembers as a whole what it read");
    }
    match model.rope_type() {
        None => return Some(NO_ROTATION),
        Some(RopeType::Norm | RopeType::NeoX) => {}
        Some(RopeType::MRope | RopeType::IMRope | RopeType::Vision) => {
            return Some("a token has several places in it");
        }
    }
    let field = |name: &str| model.meta_val_str(name).unwrap_or_default();
    let architecture = field("general.architecture");
    if NOT_TURNED.contains(&architecture.as_str()) {
        return Some(NO_ROTATION);
    }
    if TURNED_IN_PART.contains(&architecture.as_str()) {
        return Some("not all of its layers know the place of a token in the same way");
    }
    // The rotation that stretches a context makes keys longer too, and the turn would do that once more.
    let scaling = field(&format!("{architecture}.rope.scaling.type"));
    let lengthens = ["yarn", "longrope", "su"].contains(&scaling.as_str())
        || field(&format!("{architecture}.rope.scaling.attn_factor"))
            .parse()
            .is_ok_and(|factor: f32| (factor - 1.0).abs() > 1e-6);
    lengthens.then_some("its context is stretched beyond what it was trained with")
}
