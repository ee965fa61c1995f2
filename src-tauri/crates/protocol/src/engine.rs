//! Engines on other machines: what speaks OpenAI's API there, and the models it has.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::EngineId;

/// An engine that answers over the network, such as another Sirocco, vLLM, SGLang, llama-server or LM Studio.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RemoteEngine {
    /// Its id.
    pub id: EngineId,
    /// What the person calls it.
    pub name: String,
    /// Where its API begins, such as `http://10.0.0.5:8000/v1`.
    pub address: String,
    /// There is a token for it; the token itself is kept where secrets are.
    pub has_token: bool,
    /// How many models it had when it was asked last.
    pub model_count: u32,
    /// Unix time in milliseconds at which it was asked last.
    pub asked_at_ms: i64,
}

/// Where a model is that is not on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RemoteModel {
    /// The engine that has it.
    pub engine_id: EngineId,
    /// What the person calls that engine.
    pub engine_name: String,
    /// What the engine calls the model.
    pub name: String,
}
