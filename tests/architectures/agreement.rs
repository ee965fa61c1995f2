//! Models of the architectures that mistral.rs loads take the next token for the same as in llama.cpp, thousands of tokens
//! deep, where a rotation that is wrong shows.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use sirocco_core::completions::{Completions, Piece, Prompt, Request, SamplingParameters};
use sirocco_gguf::TensorType;
use sirocco_protocol::commands::{ModelEject, Nothing};
use sirocco_protocol::{FlashAttention, LlamaCppOptions, LoadOptions, RuntimeName};
use sirocco_testkit::TempApp;

use crate::model::Size;
use crate::table::{Architecture, of_mistral_rs};
use crate::{app_with, imported, model};

const DEPTH: u32 = 4_000;
const CONTEXT: u32 = 8_192;
/// How far logits may lie from llama.cpp's, which keeps keys and values in f16, in their own spread.
const APART: f64 = 0.01;
/// With quantized weights the last token, which is read by itself, is rounded to 8 bits in each product.
const APART_QUANTIZED: f64 = 0.02;
/// As many as may be asked for.
const LIKELIEST: u32 = 100;

/// Heads as wide as those of real models, and weights so large that attention has to choose.
const SIZE: Size = Size {
    embedding: 256,
    feed_forward: 512,
    context: CONTEXT as u64,
    spread: 0.4,
    matrices: TensorType::F32,
};

/// llama.cpp gets all weights in f32, for it rounds what it multiplies with quantized ones to 8 bits. mistral.rs gets the
/// same numbers quantized where it loads them only so.
fn size_for(architecture: &Architecture, runtime: RuntimeName) -> Size {
    let is_quantized = runtime == RuntimeName::MistralRs && loads_only_quantized(architecture);
    let matrices = if is_quantized {
        TensorType::Q8_0
    } else {
        TensorType::F32
    };
    Size { matrices, ..SIZE }
}

fn loads_only_quantized(architecture: &Architecture) -> bool {
    ["phi2", "phi3", "starcoder2"].contains(&architecture.name)
}

/// Letters in no order, so that each token is told from the others by its place only if places are right.
fn text() -> String {
    let mut seed = 7_u64;
    (0..2 * DEPTH)
        .map(|_| {
            seed = model::next(seed);
            char::from(b"abcdefghijklmnopqrstuvwxyz "[(seed >> 40) as usize % 27])
        })
        .collect()
}

/// The likeliest tokens behind the text, with the logarithms of their probabilities.
async fn likeliest(
    app: &TempApp,
    architecture: &Architecture,
    name: &str,
    runtime: RuntimeName,
) -> anyhow::Result<BTreeMap<u32, f64>> {
    let path = app.outside().join(format!("{name}, {runtime}.gguf"));
    let bytes = model::file_of_size(architecture, None, size_for(architecture, runtime));
    let model = imported(app, &path, bytes).await?;
    // llama.cpp's flash attention adds values up in f16, and of thousands the last are lost.
    let llamacpp = (runtime == RuntimeName::LlamaCpp).then(|| LlamaCppOptions {
        flash_attention: FlashAttention::Off,
        ..LlamaCppOptions::default()
    });
    let options = LoadOptions {
        context_length: Some(CONTEXT),
        runtime: Some(runtime),
        llamacpp,
        ..LoadOptions::default()
    };
    let loaded = app.load(model.id, options).await?;
    let served = loaded.runtime.as_str();
    ensure!(
        served.starts_with(&runtime.to_string()),
        "{served} serves it"
    );
    let request = Request {
        max_tokens: Some(1),
        sampling: SamplingParameters {
            temperature: 0.0,
            top_logprobs: Some(LIKELIEST),
            ..SamplingParameters::default()
        },
        ..Request::new(Prompt::Text {
            text: text(),
            special: false,
        })
    };
    let mut completion = app.app().complete(model.id, request);
    let mut found = None;
    while let Some(piece) = completion.next().await {
        match piece? {
            Piece::Text { tokens, .. } if found.is_none() => {
                let first = tokens.first().context("text without a token")?;
                let pairs = first.likeliest.iter();
                found = Some(pairs.map(|one| (one.id, f64::from(one.logprob))).collect());
            }
            Piece::Finished(finish) => {
                let read = finish.usage.prompt_tokens;
                ensure!(read >= DEPTH, "the text has {read} tokens only");
            }
            _ => {}
        }
    }
    app.call::<Nothing>("model_eject", ModelEject { id: model.id })
        .await?;
    found.context("it said nothing")
}

/// How far two lists lie apart, in spreads of the first: without what all of a list have in common.
fn apart(one: &BTreeMap<u32, f64>, other: &BTreeMap<u32, f64>) -> anyhow::Result<f64> {
    let pairs: Vec<(f64, f64)> = one
        .iter()
        .filter_map(|(id, value)| Some((*value, *other.get(id)?)))
        .collect();
    // The least likely of a list may lie just outside of the other.
    ensure!(
        pairs.len() > one.len() * 9 / 10,
        "{} of {} are in both",
        pairs.len(),
        one.len()
    );
    let spread = deviation(pairs.iter().map(|(one, _)| *one));
    Ok(deviation(pairs.iter().map(|(one, other)| one - other)) / spread)
}

fn deviation(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count() as f64;
    let middle = values.clone().sum::<f64>() / count;
    (values.map(|value| (value - middle).powi(2)).sum::<f64>() / count).sqrt()
}

#[tokio::test]
async fn mistral_rs_says_what_llama_cpp_says_thousands_of_tokens_deep() -> anyhow::Result<()> {
    let app = app_with(&[RuntimeName::MistralRs, RuntimeName::LlamaCpp]).await?;
    let mut failures = Vec::new();
    for (name, architecture) in &of_mistral_rs() {
        let said = async {
            let theirs = likeliest(&app, architecture, name, RuntimeName::LlamaCpp).await?;
            let ours = likeliest(&app, architecture, name, RuntimeName::MistralRs).await?;
            let apart = apart(&theirs, &ours)?;
            let most = if loads_only_quantized(architecture) {
                APART_QUANTIZED
            } else {
                APART
            };
            ensure!(apart <= most, "{:.2} % apart", 100.0 * apart);
            Ok(apart)
        };
        match said.await {
            Ok(apart) => println!("{name}: {:.3} % apart", 100.0 * apart),
            Err(error) => failures.push(format!("{name}: {error:#}")),
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

/// What the other test would not see if it could not tell one rotation from another.
#[tokio::test]
async fn another_rotation_is_heard_at_that_depth() -> anyhow::Result<()> {
    let app = app_with(&[RuntimeName::LlamaCpp]).await?;
    let named = |wanted: &str| -> anyhow::Result<Architecture> {
        let mut all = of_mistral_rs().into_iter();
        let found = all.find(|(name, _)| *name == wanted);
        Ok(found.context("there is no such architecture")?.1)
    };
    for (one, other) in [
        ("llama", "llama with factors of its rotation, as 3.1"),
        ("phi3", "phi3 with the base of Phi-4"),
    ] {
        let mut heard = Vec::new();
        for name in [one, other] {
            let architecture = named(name)?;
            heard.push(likeliest(&app, &architecture, name, RuntimeName::LlamaCpp).await?);
        }
        // Too far apart to have the same list, or further than the other test allows.
        let is_heard = apart(&heard[0], &heard[1]).map_or(true, |apart| apart > 5.0 * APART);
        ensure!(is_heard, "{one} and {other} say the same");
    }
    Ok(())
}
