//! `sirocco load`, and the wish for a runtime that other commands take too.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use serde::de::DeserializeOwned;
use sirocco_core::home::Home;
use sirocco_protocol::commands::{ModelDefaultsGet, ModelLoad, ModelLoaded};
use sirocco_protocol::{
    AdapterChoice, CacheType, DraftChoice, Event, FlashAttention, LlamaCppOptions, LoadOptions,
    LoadState, LoadedModel, Model, ModelDefaults, ModelId, RuntimeName,
};
use tokio::sync::mpsc;

use crate::models;
use crate::session::Session;

#[derive(Args)]
pub struct Load {
    /// Key, name or file of the model.
    model: String,
    #[command(flatten)]
    with: With,
    /// Tokens of context.
    #[arg(long, value_name = "TOKENS")]
    context: Option<u32>,
    /// Threads.
    #[arg(long)]
    threads: Option<u32>,
    #[command(flatten)]
    told: LlamaCppFlags,
    /// Load it although the estimate exceeds the free memory.
    #[arg(long)]
    anyway: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What only llama.cpp is told. What is left out is as it is kept for the model.
#[derive(Args)]
struct LlamaCppFlags {
    /// llama.cpp: how keys and values of the context are kept, `f16`, `q8_0` or `q4_0`.
    #[arg(long, value_name = "TYPE", value_parser = word::<CacheType>)]
    cache_type: Option<CacheType>,
    /// llama.cpp: attention in one pass, `auto`, `on` or `off`.
    #[arg(long, value_name = "WHEN", value_parser = word::<FlashAttention>)]
    flash_attention: Option<FlashAttention>,
    /// llama.cpp: map the file into memory, or read it.
    #[arg(long, value_name = "BOOL")]
    mmap: Option<bool>,
    /// llama.cpp: ask the system never to move the weights out of memory.
    #[arg(long, value_name = "BOOL")]
    mlock: Option<bool>,
    /// llama.cpp: where the context is full, forget the older half of what was said and go on writing.
    #[arg(long, value_name = "BOOL")]
    context_shift: Option<bool>,
    /// llama.cpp: a LoRA adapter in a folder of the library, by the name of its file; `none` for none.
    #[arg(long, value_name = "KEY")]
    adapter: Option<String>,
    /// By which the weights of the adapter are multiplied, 0 to 2.
    #[arg(
        long,
        value_name = "FACTOR",
        default_value_t = 1.0,
        requires = "adapter"
    )]
    adapter_scale: f32,
    /// llama.cpp: a smaller model with the same vocabulary that guesses what this one will write, by its key; `none`
    /// for none.
    #[arg(long, value_name = "KEY")]
    draft: Option<String>,
    /// Most tokens that the draft model guesses at once, 1 to 16.
    #[arg(long, value_name = "COUNT", default_value_t = 8, requires = "draft")]
    draft_tokens: u32,
}

/// A word as it stands in JSON.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    serde_json::from_value(text.into())
}

impl LlamaCppFlags {
    /// Over what is kept for the model; none if nothing was said.
    fn over(&self, kept: Option<LlamaCppOptions>) -> Option<LlamaCppOptions> {
        let mut options = kept.unwrap_or_default();
        let before = options.clone();
        let Self {
            cache_type,
            flash_attention,
            mmap,
            mlock,
            context_shift,
            ..
        } = self;
        options.cache_type = cache_type.unwrap_or(options.cache_type);
        options.flash_attention = flash_attention.unwrap_or(options.flash_attention);
        options.memory_map = mmap.unwrap_or(options.memory_map);
        options.keep_in_memory = mlock.unwrap_or(options.keep_in_memory);
        options.context_shift = context_shift.unwrap_or(options.context_shift);
        match self.adapter.as_deref() {
            None => {}
            Some("none") => options.adapter = None,
            Some(key) => {
                options.adapter = Some(AdapterChoice {
                    key: key.to_owned(),
                    scale: self.adapter_scale,
                });
            }
        }
        match self.draft.as_deref() {
            None => {}
            Some("none") => options.draft = None,
            Some(key) => {
                options.draft = Some(DraftChoice {
                    key: key.to_owned(),
                    tokens: self.draft_tokens,
                });
            }
        }
        (options != before).then_some(options)
    }
}

/// Which runtime is wanted.
#[derive(Args, Clone, Copy)]
pub struct With {
    /// The runtime to serve the model, `mistralrs` or `llamacpp`; otherwise the one chosen for it, or mistral.rs
    /// wherever that can.
    #[arg(long, requires = "model")]
    runtime: Option<RuntimeName>,
}

pub async fn run(home: Home, load: Load) -> Result<ExitCode> {
    let session = Session::open(&home).await?;
    let outcome = match &session {
        // The model would be gone with this command.
        Session::Own(_) => Err(anyhow::anyhow!(
            "nothing is open that could keep the model: open the window, or run `sirocco serve`"
        )),
        Session::Other { .. } => load_and_tell(&session, &load).await,
    };
    session.close().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn load_and_tell(session: &Session, load: &Load) -> Result<()> {
    let model = models::find(session, &load.model).await?;
    let kept = ModelDefaultsGet { id: model.id };
    let kept: ModelDefaults = session.call("model_defaults_get", kept).await?;
    let options = LoadOptions {
        context_length: load.context,
        threads: load.threads,
        runtime: load.with.runtime,
        llamacpp: load.told.over(kept.llamacpp),
        load_anyway: load.anyway,
    };
    let loaded = until_ready(session, model.id, options).await?;
    if load.json {
        println!("{}", serde_json::to_string_pretty(&loaded)?);
        return Ok(());
    }
    println!(
        "{} is loaded: {}, {} tokens of context, {} threads",
        model.name, loaded.runtime, loaded.context_length, loaded.threads
    );
    Ok(())
}

/// Has the model loaded with the wanted runtime, if one is wanted.
pub async fn prepare(session: &Session, model: &Model, with: With) -> Result<()> {
    if with.runtime.is_some() {
        let options = LoadOptions {
            runtime: with.runtime,
            ..LoadOptions::default()
        };
        until_ready(session, model.id, options).await?;
    }
    Ok(())
}

async fn until_ready(session: &Session, id: ModelId, options: LoadOptions) -> Result<LoadedModel> {
    // Listened to before it begins, so that its end is not missed.
    let events = session.events().await?;
    let begun: LoadedModel = session
        .call("model_load", ModelLoad { id, options })
        .await?;
    settled(session, begun, events).await
}

async fn settled(
    session: &Session,
    mut loaded: LoadedModel,
    mut events: mpsc::Receiver<Event>,
) -> Result<LoadedModel> {
    loop {
        match &loaded.state {
            LoadState::Ready => return Ok(loaded),
            LoadState::Failed { error } => return Err(error.clone().into()),
            LoadState::Loading { .. } => {}
        }
        if events.recv().await.is_none() {
            bail!("the connection ended while the model was loading");
        }
        let id = loaded.model_id;
        let all: Vec<LoadedModel> = session.call("model_loaded", ModelLoaded {}).await?;
        let Some(now) = all.into_iter().find(|one| one.model_id == id) else {
            bail!("the model was ejected while it was loading");
        };
        loaded = now;
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        load: Load,
    }

    fn told(words: &[&str], kept: Option<LlamaCppOptions>) -> Option<LlamaCppOptions> {
        let line = ["load", "tiny"].iter().chain(words);
        Line::try_parse_from(line).unwrap().load.told.over(kept)
    }

    #[test]
    fn what_llama_cpp_is_told_lies_over_what_is_kept() {
        let kept = LlamaCppOptions {
            keep_in_memory: true,
            ..LlamaCppOptions::default()
        };
        assert_eq!(told(&[], Some(kept.clone())), None);
        let words = [
            "--cache-type",
            "q8_0",
            "--flash-attention",
            "on",
            "--mmap",
            "false",
            "--context-shift",
            "true",
            "--adapter",
            "tone",
            "--adapter-scale",
            "0.5",
            "--draft",
            "small",
        ];
        let expected = LlamaCppOptions {
            cache_type: CacheType::Q8_0,
            flash_attention: FlashAttention::On,
            memory_map: false,
            keep_in_memory: true,
            context_shift: true,
            adapter: Some(AdapterChoice {
                key: "tone".into(),
                scale: 0.5,
            }),
            draft: Some(DraftChoice {
                key: "small".into(),
                tokens: 8,
            }),
        };
        assert_eq!(told(&words, Some(kept.clone())), Some(expected.clone()));
        let words = ["--adapter", "none", "--draft", "none"];
        let without = told(&words, Some(expected.clone())).unwrap();
        assert_eq!((without.adapter, without.draft), (None, None));
    }

    #[test]
    fn words_that_are_none_are_refused() {
        for words in [
            ["--cache-type", "q2"],
            ["--adapter-scale", "1"],
            ["--draft-tokens", "1"],
        ] {
            let line = ["load", "tiny"].iter().chain(&words);
            assert!(Line::try_parse_from(line).is_err(), "{words:?}");
        }
    }
}
