//! What the chat template of a model lets be said about its thinking.

use std::path::PathBuf;

use sirocco_chat::reasoning_control;
use sirocco_gguf::{Model, Value};
use sirocco_protocol::{ModelId, ReasoningControl};

use crate::App;
use crate::library::{blocking, files_of};

/// Where the template is not known, as on another machine, all may be tried.
const UNKNOWN: ReasoningControl = ReasoningControl {
    on_off: true,
    effort: true,
};

impl App {
    pub(crate) async fn reasoning_control(&self, model_id: Option<ModelId>) -> ReasoningControl {
        let Some(id) = model_id else { return UNKNOWN };
        let Ok(stored) = self.inner.store.model(id).await else {
            return UNKNOWN;
        };
        if stored.model.remote.is_some() {
            return UNKNOWN;
        }
        let Some(file) = files_of(&stored).into_iter().next() else {
            return UNKNOWN;
        };
        blocking(move || of_file(file)).await.unwrap_or(UNKNOWN)
    }
}

fn of_file(file: PathBuf) -> ReasoningControl {
    let Ok(header) = sirocco_gguf::open(file) else {
        return UNKNOWN;
    };
    match Model::from_header(header).get("tokenizer.chat_template") {
        Some(Value::String(template)) => reasoning_control(template),
        // So long that it was not kept.
        Some(Value::LongString { .. }) => UNKNOWN,
        _ => ReasoningControl::default(),
    }
}
