//! The text side of a model: its tokenizer and chat template. Shared between the thread that
//! generates and the one that counts, so counting works while a long answer runs.

use sirocco_engine_wire::{Prompt, WorkerError, WorkerErrorKind};

use crate::template::{ChatTemplate, RenderOptions};
use crate::tokenizer::{EncodeOptions, Tokenizer};

/// Tokenizer and template of one model.
pub struct Language {
    /// Text to ids and back.
    pub tokenizer: Tokenizer,
    /// Messages to text.
    pub template: ChatTemplate,
}

/// A prompt as the model gets it.
pub struct Encoded {
    /// The exact text.
    pub text: String,
    /// Its tokens.
    pub tokens: Vec<u32>,
}

impl Language {
    /// Reads both from a GGUF file.
    ///
    /// # Errors
    /// [`WorkerErrorKind::Load`], naming the file and what is wrong with it.
    pub fn from_gguf(path: &std::path::Path) -> Result<Self, WorkerError> {
        let failed = |error: &dyn std::fmt::Display| WorkerError {
            kind: WorkerErrorKind::Load,
            message: format!("could not read the vocabulary of `{}`: {error}", path.display()),
        };
        let header = sirocco_gguf::open(path).map_err(|error| failed(&error))?;
        let vocabulary = sirocco_gguf::read_vocabulary(path, &header).map_err(|error| failed(&error))?;
        let template = ChatTemplate::from_vocabulary(&vocabulary).map_err(|error| failed(&error))?;
        let tokenizer = Tokenizer::new(vocabulary.into()).map_err(|error| failed(&error))?;
        Ok(Self { tokenizer, template })
    }

    /// Renders and tokenizes a prompt.
    ///
    /// # Errors
    /// [`WorkerErrorKind::Template`] if the chat template refuses the messages.
    pub fn encode(&self, prompt: &Prompt) -> Result<Encoded, WorkerError> {
        match prompt {
            Prompt::Text { text, special } => {
                let options = EncodeOptions { add_special: true, parse_special: *special };
                Ok(Encoded { text: text.clone(), tokens: self.tokenizer.encode(text, options) })
            }
            Prompt::Chat { messages, continue_last, variables, now_s } => {
                let text = self
                    .template
                    .render(messages, &RenderOptions { continue_last: *continue_last, variables, now_s: *now_s })
                    .map_err(|error| WorkerError { kind: WorkerErrorKind::Template, message: error.to_string() })?;
                // Templates write the control tokens themselves, the one that begins the text included.
                let add_special = !self.tokenizer.begins_with_bos(&text);
                let options = EncodeOptions { add_special, parse_special: true };
                Ok(Encoded { tokens: self.tokenizer.encode(&text, options), text })
            }
        }
    }
}
