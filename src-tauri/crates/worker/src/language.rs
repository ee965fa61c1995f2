//! The text side of a model: its tokenizer and chat template. Shared between the thread that
//! generates and the one that counts, so counting works while a long answer runs.

use std::path::Path;
use std::sync::Arc;

use sirocco_engine_wire::{Prompt, WorkerError, WorkerErrorKind};
use time::OffsetDateTime;

use crate::images::{IMAGE_TOKEN, Marked, PlacedImage, Sight, invalid};
use crate::session::common_prefix;
use crate::template::{ChatTemplate, Message, RenderRequest, TemplateError, in_words};
use crate::tokenizer::{EncodeOptions, Tokenizer, VocabularySource};

/// Control tokens by which an answer is known to call tools.
pub const CALL_TOKENS: [&str; 6] = [
    "[TOOL_CALLS]",
    "[ARGS]",
    "[CALL_ID]",
    "<|python_tag|>",
    "<tool_call>",
    "</tool_call>",
];

/// The first tokens that a context keeps where it shifts: models turn to them whatever they are, and write nonsense
/// without (Xiao et al. 2023, "Efficient Streaming Language Models with Attention Sinks").
const FIRST: usize = 4;

/// Tokenizer and template of one model.
pub struct Language {
    /// Text to ids and back.
    pub tokenizer: Tokenizer,
    template: ChatTemplate,
    bos: String,
    eos: String,
    /// How the model sees images, if it does.
    sight: Option<Arc<dyn Sight>>,
}

/// A prompt as the model gets it.
pub struct Encoded {
    /// The exact text; images are words in brackets.
    pub text: String,
    /// Its tokens; [`IMAGE_TOKEN`] at every position of an image.
    pub tokens: Vec<u32>,
    /// In their order.
    pub images: Vec<PlacedImage>,
}

impl Language {
    /// Puts both together.
    #[must_use]
    pub fn new(tokenizer: Tokenizer, template: ChatTemplate) -> Self {
        let text = |id: Option<u32>| id.map(|id| tokenizer.token_text(id)).unwrap_or_default();
        Self {
            bos: text(tokenizer.bos()),
            eos: text(tokenizer.eos()),
            tokenizer,
            template,
            sight: None,
        }
    }

    /// Lets it see.
    #[must_use]
    pub fn with_sight(mut self, sight: Option<Arc<dyn Sight>>) -> Self {
        self.sight = sight;
        self
    }

    /// Reads both from a GGUF file, of shards the first.
    ///
    /// # Errors
    /// [`WorkerErrorKind::Load`], naming the file and what is wrong with it.
    pub fn from_gguf(path: &Path) -> Result<Self, WorkerError> {
        let failed = |error: &dyn std::fmt::Display| WorkerError {
            kind: WorkerErrorKind::Load,
            message: format!(
                "could not read the vocabulary of `{}`: {error}",
                path.display()
            ),
        };
        let header = sirocco_gguf::open(path).map_err(|error| failed(&error))?;
        let vocabulary =
            sirocco_gguf::open_vocabulary(path, &header).map_err(|error| failed(&error))?;
        let template =
            ChatTemplate::of_file(vocabulary.chat_template()).map_err(|error| failed(&error))?;
        let source = VocabularySource::from_gguf(&vocabulary, header.string("general.name"));
        let tokenizer = Tokenizer::new(&source).map_err(|error| failed(&error))?;
        Ok(Self::new(tokenizer, template))
    }

    /// Renders and tokenizes a prompt.
    ///
    /// # Errors
    /// [`WorkerErrorKind::Template`] if the chat template refuses the messages;
    /// [`WorkerErrorKind::InvalidRequest`] for images that cannot be read, or that the model cannot see;
    /// [`WorkerErrorKind::Engine`] if it does not come to an end, and then the process must.
    pub fn encode(&self, prompt: &Prompt) -> Result<Encoded, WorkerError> {
        match prompt {
            Prompt::Text { text, special } => {
                let options = EncodeOptions {
                    add_special: true,
                    parse_special: *special,
                };
                Ok(Encoded {
                    text: text.clone(),
                    tokens: self.tokenizer.encode(text, options),
                    images: Vec::new(),
                })
            }
            Prompt::Chat {
                messages,
                continue_last,
                variables,
                tools,
                now_s,
            } => {
                let marked = Marked::new(messages)?;
                let messages = marked.as_ref().map_or(messages, |marked| &marked.messages);
                let mut messages: Vec<Message> = messages.iter().map(Message::from).collect();
                if !self.template.knows_tools() {
                    messages = in_words(&messages, tools);
                }
                let request = RenderRequest {
                    tools,
                    add_generation_prompt: true,
                    continue_final_message: *continue_last,
                    bos_token: &self.bos,
                    eos_token: &self.eos,
                    variables: variables.clone(),
                    now: OffsetDateTime::from_unix_timestamp(*now_s)
                        .unwrap_or(OffsetDateTime::UNIX_EPOCH),
                    ..RenderRequest::new(&messages)
                };
                let text = self.template.render(&request).map_err(template_error)?;
                // Most templates write the token that begins the text themselves: not twice.
                let add_special = self.bos.is_empty() || !text.starts_with(&self.bos);
                let options = EncodeOptions {
                    add_special,
                    parse_special: true,
                };
                match marked {
                    None => Ok(Encoded {
                        tokens: self.tokenizer.encode(&text, options),
                        text,
                        images: Vec::new(),
                    }),
                    Some(marked) => self.encode_marked(&text, &marked, options),
                }
            }
        }
    }

    /// How many tokens a prompt begins with that stay where the context shifts: those of its instructions, and a few in
    /// any case.
    pub fn lasting(&self, prompt: &Prompt, encoded: &Encoded) -> usize {
        let instructions = match prompt {
            Prompt::Chat { messages, .. } => messages.first(),
            Prompt::Text { .. } => None,
        };
        let instructions = instructions.filter(|message| message.role == "system");
        // Many templates trim them.
        let end = instructions.and_then(|message| {
            let said = message.content.trim();
            encoded.text.find(said).map(|at| at + said.len())
        });
        let options = EncodeOptions {
            add_special: self.bos.is_empty() || !encoded.text.starts_with(&self.bos),
            parse_special: true,
        };
        let head = end.map(|end| self.tokenizer.encode(&encoded.text[..end], options));
        let count = common_prefix(&head.unwrap_or_default(), &encoded.tokens);
        // With the token that ends their turn.
        let next = encoded.tokens.get(count);
        let is_ended = count > 0 && next.is_some_and(|next| self.tokenizer.is_control(*next));
        (count + usize::from(is_ended)).max(FIRST)
    }

    /// The tokens of an image alone.
    ///
    /// # Errors
    /// [`WorkerErrorKind::InvalidRequest`] for one that cannot be read, or that the model cannot see.
    pub fn image_tokens(&self, base64: &str) -> Result<usize, WorkerError> {
        let sight = self.sight.as_ref();
        sight
            .ok_or_else(|| invalid("this model sees no images".into()))?
            .tokens(base64)
            .map_err(|error| invalid(error.to_string()))
    }

    /// Tokenizes what stands between images.
    fn encode_marked(
        &self,
        text: &str,
        marked: &Marked,
        options: EncodeOptions,
    ) -> Result<Encoded, WorkerError> {
        let (pieces, files) = marked.pieces(text)?;
        let (last, before) = pieces.split_last().expect("there is one more than images");
        let mut encoded = Encoded {
            text: marked.shown(text),
            tokens: Vec::new(),
            images: Vec::new(),
        };
        let further = EncodeOptions {
            add_special: false,
            ..options
        };
        for (number, (piece, file)) in before.iter().zip(files).enumerate() {
            let options = if number == 0 { options } else { further };
            encoded.tokens.extend(self.tokenizer.encode(piece, options));
            let tokens = self.image_tokens(file)?;
            encoded.images.push(PlacedImage {
                at: encoded.tokens.len(),
                tokens,
                base64: Arc::clone(file),
            });
            encoded
                .tokens
                .extend(std::iter::repeat_n(IMAGE_TOKEN, tokens));
        }
        let last = self.tokenizer.encode(last, further);
        if last.is_empty() {
            // Only a token has logits behind it.
            return Err(invalid(
                "nothing follows the last image of the prompt".into(),
            ));
        }
        encoded.tokens.extend(last);
        Ok(encoded)
    }
}

/// A template that runs on in its thread eats time and memory for as long as the process lives.
fn template_error(error: TemplateError) -> WorkerError {
    let kind = match error {
        TemplateError::Runaway => WorkerErrorKind::Engine,
        _ => WorkerErrorKind::Template,
    };
    WorkerError {
        kind,
        message: error.to_string(),
    }
}
