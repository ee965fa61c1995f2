//! Greedy answers of a worker, token by token, for the comparison with llama.cpp.
//!
//! Reads a JSON list of `{"text", "max_tokens"}` from standard input and prints a JSON list of
//! `{"tokens", "gaps", "prompt_tokens", "cached_tokens", "reason"}`, where a gap is the distance of the
//! two largest logits. All prompts go to one worker, in order, so that later ones reuse its cache.

use std::io::Read;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sirocco_engine::Residency;
use sirocco_engine_wire::{FromWorker, GenerateRequest, Prompt, SamplingParameters};
use sirocco_protocol::ModelId;
use sirocco_tests::workers_under_test;

#[tokio::main]
async fn main() -> Result<()> {
    let model =
        std::env::var("SIROCCO_TEST_MODEL").context("SIROCCO_TEST_MODEL names the model")?;
    let (runtime, workers) = workers_under_test()?;
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let jobs: Vec<Value> = serde_json::from_str(&text)?;

    let scratch = tempfile::tempdir()?;
    let (residency, _changes) = Residency::new(workers, scratch.path().to_path_buf());
    let threads = u32::try_from(std::thread::available_parallelism()?.get())?;
    let load = sirocco_engine::Load {
        model_id: ModelId::fresh(),
        runtime,
        files: vec![model],
        projector: None,
        context_length: 4096,
        threads,
        llamacpp: None,
    };
    let loaded = residency.load(load).await?;

    let mut answers = Vec::new();
    for job in jobs {
        let request = GenerateRequest {
            id: 0,
            prompt: Prompt::Text {
                text: job["text"].as_str().context("a text")?.to_owned(),
                special: true,
            },
            sampling: SamplingParameters {
                temperature: 0.0,
                top_logprobs: Some(2),
                ..SamplingParameters::default()
            },
            max_tokens: job["max_tokens"]
                .as_u64()
                .and_then(|max| u32::try_from(max).ok()),
            stop: Vec::new(),
            constraint: None,
        };
        let mut generation = loaded.worker.generate(request).await?;
        let (mut tokens, mut gaps) = (Vec::<u32>::new(), Vec::new());
        while let Some(frame) = generation.next().await {
            match frame? {
                FromWorker::Tokens(chunk) => {
                    tokens.extend(&chunk.tokens);
                    gaps.extend(
                        chunk
                            .logprobs
                            .iter()
                            .map(|(_, top)| top[0].logprob - top[1].logprob),
                    );
                }
                FromWorker::Finished { reason, usage, .. } => answers.push(json!({
                    "tokens": tokens,
                    "gaps": gaps,
                    "prompt_tokens": usage.prompt_tokens,
                    "cached_tokens": usage.cached_tokens,
                    "reason": reason,
                })),
                _ => {}
            }
        }
    }
    residency.eject_all().await;
    println!("{}", serde_json::to_string(&answers)?);
    Ok(())
}
