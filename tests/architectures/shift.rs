//! Answers that go on where the context is full.

use anyhow::{Context, ensure};
use sirocco_core::completions::{
    Completions, FinishReason, Piece, Prompt, Request, SamplingParameters, Usage,
};
use sirocco_protocol::commands::{ModelEject, Nothing};
use sirocco_protocol::{
    CacheType, ErrorCode, ErrorReport, FlashAttention, LlamaCppOptions, LoadOptions, Model,
};
use sirocco_testkit::TempApp;

use crate::model::Size;
use crate::table::{self, Architecture};
use crate::{app, imported, model};

/// Tokens of context: as few as may be.
const CONTEXT: u32 = 512;
/// The first tokens, which stay.
const KEPT: usize = 4;
/// Tokens of the prompt, so that the answer soon fills the context.
const READ: usize = 500;
/// Each is one token.
const WORDS: [&str; 8] = [
    " the", " wind", " is", " of", " and", " that", " this", " answer",
];

/// Attention has to choose, and a place that is wrong shows.
const SIZE: Size = Size {
    context: CONTEXT as u64,
    spread: 0.4,
    ..Size::SMALL
};

/// Words in no order.
fn words() -> Vec<&'static str> {
    let mut seed = 11_u64;
    let next = std::iter::repeat_with(|| {
        seed = model::next(seed);
        WORDS[(seed >> 40) as usize % WORDS.len()]
    });
    next.take(READ).collect()
}

/// An answer that says the same word again and again.
struct Heard {
    /// For what the model took the word each time, as logarithms.
    logprobs: Vec<f32>,
    reason: FinishReason,
    usage: Usage,
}

/// Has the model say the word with this id so often.
async fn heard(
    app: &TempApp,
    model: &Model,
    prompt: String,
    id: u32,
    times: u32,
) -> anyhow::Result<Heard> {
    let request = Request {
        max_tokens: Some(times),
        sampling: SamplingParameters {
            temperature: 0.0,
            top_logprobs: Some(0),
            logit_bias: [(id, 1000.0)].into(),
            ..SamplingParameters::default()
        },
        ..Request::new(Prompt::Text {
            text: prompt,
            special: false,
        })
    };
    let mut completion = app.app().complete(model.id, request);
    let mut logprobs = Vec::new();
    while let Some(piece) = completion.next().await {
        match piece? {
            Piece::Text { tokens, .. } => {
                ensure!(tokens.iter().all(|token| token.chosen.id == id));
                logprobs.extend(tokens.iter().map(|token| token.chosen.logprob));
            }
            Piece::Finished(finish) => {
                return Ok(Heard {
                    logprobs,
                    reason: finish.reason,
                    usage: finish.usage,
                });
            }
            _ => {}
        }
    }
    anyhow::bail!("the answer has no end")
}

fn with_shift() -> LlamaCppOptions {
    LlamaCppOptions {
        context_shift: true,
        ..LlamaCppOptions::default()
    }
}

async fn load(app: &TempApp, model: &Model, llamacpp: LlamaCppOptions) -> anyhow::Result<()> {
    let options = LoadOptions {
        context_length: Some(CONTEXT),
        llamacpp: Some(llamacpp.clone()),
        ..LoadOptions::default()
    };
    let loaded = app.load(model.id, options).await?;
    ensure!(loaded.llamacpp == Some(llamacpp), "{:?}", loaded.llamacpp);
    ensure!(loaded.context_length == CONTEXT, "{loaded:?}");
    Ok(())
}

async fn model_of(app: &TempApp, architecture: &Architecture, name: &str) -> anyhow::Result<Model> {
    let path = app.outside().join(format!("{name}.gguf"));
    imported(app, &path, model::file_of_size(architecture, None, SIZE)).await
}

/// The token of a word of the vocabulary that all these models have.
fn id_of(app: &TempApp, name: &str, word: &str) -> anyhow::Result<u32> {
    let path = app.outside().join(format!("{name}.gguf"));
    let header = sirocco_gguf::open(&path)?;
    let vocabulary = sirocco_gguf::open_vocabulary(&path, &header)?;
    let wanted = word.replace(' ', "\u{120}");
    let mut tokens = vocabulary.tokens.iter();
    let at = tokens.position(|token| token == wanted.as_bytes());
    Ok(u32::try_from(at.context("it is one token")?)?)
}

#[tokio::test]
async fn with_it_an_answer_outgrows_its_context_and_without_it_ends() -> anyhow::Result<()> {
    let app = app().await?;
    let model = model_of(&app, &table::all()[0], "llama").await?;
    let id = id_of(&app, "llama", WORDS[0])?;

    load(&app, &model, LlamaCppOptions::default()).await?;
    let without = heard(&app, &model, words().concat(), id, 1200).await?;
    assert_eq!(without.reason, FinishReason::ContextFull);
    assert_eq!(without.usage.prompt_tokens, READ as u32);
    assert_eq!(without.usage.completion_tokens, CONTEXT - READ as u32);
    assert_eq!(without.usage.shifted_tokens, 0);

    load(&app, &model, with_shift()).await?;
    let with = heard(&app, &model, words().concat(), id, 1200).await?;
    assert_eq!(with.reason, FinishReason::MaxTokens);
    assert_eq!(with.usage.completion_tokens, 1200);
    // Half of what stands behind the first four, whenever the context is full again.
    assert_eq!(with.usage.shifted_tokens, 5 * (CONTEXT - KEPT as u32) / 2);
    let same = without.logprobs.len();
    assert_eq!(
        with.logprobs[..same],
        without.logprobs[..],
        "until it is full"
    );

    // What a shift left in the cache serves no other prompt: the same one is answered the same.
    let again = heard(&app, &model, words().concat(), id, 1200).await?;
    assert_eq!(again.logprobs, with.logprobs);
    assert_eq!(again.usage.cached_tokens, 0, "four are less than a step");
    // And an answer that nobody limits has an end.
    let endless = heard(&app, &model, words().concat(), id, u32::MAX).await?;
    assert_eq!(endless.reason, FinishReason::ContextFull);
    assert_eq!(endless.usage.completion_tokens, 8 * CONTEXT);
    Ok(())
}

/// With one block nothing in the cache has seen anything else: what is left by a shift has to be what reading it alone
/// gives. Answers the largest difference.
async fn difference(
    app: &TempApp,
    model: &Model,
    name: &str,
    options: LlamaCppOptions,
) -> anyhow::Result<f32> {
    const TIMES: usize = 24;
    let id = id_of(app, name, WORDS[0])?;
    load(app, model, options).await?;
    let all = words();
    let shifted = heard(app, model, all.concat(), id, TIMES as u32).await?;
    let gone = (CONTEXT as usize - KEPT) / 2;
    ensure!(shifted.usage.shifted_tokens as usize == gone);
    // Computed with the first word that found no room.
    let first = CONTEXT as usize - READ + 1;
    let mut rest = [&all[..KEPT], &all[KEPT + gone..]].concat();
    rest.extend(std::iter::repeat_n(WORDS[0], first));
    let read = heard(app, model, rest.concat(), id, (TIMES - first) as u32).await?;
    let pairs = shifted.logprobs[first..].iter().zip(&read.logprobs);
    ensure!(read.logprobs.len() == TIMES - first);
    Ok(pairs
        .map(|(one, other)| (one - other).abs())
        .fold(0.0, f32::max))
}

#[tokio::test]
async fn what_is_left_stands_where_it_would_if_the_rest_had_never_been() -> anyhow::Result<()> {
    const REFUSED: [(&str, &str); 9] = [
        ("bloom", "rotation"),
        ("cohere2", "layers"),
        ("exaone4", "layers"),
        ("gpt2", "rotation"),
        ("lfm2", "as a whole"),
        ("mamba", "as a whole"),
        ("mpt", "rotation"),
        ("smollm3", "layers"),
        ("starcoder", "rotation"),
    ];
    let app = app().await?;
    let mut failures = Vec::new();
    let mut shifted = 0;
    let all = table::all().into_iter().filter(|one| !one.embeds);
    for (number, architecture) in all.enumerate() {
        let why = REFUSED.iter().find(|(name, _)| *name == architecture.name);
        // The only block would be one that looks at a window, and llama.cpp cannot turn the keys of no other.
        let is_deep = why.is_some() || architecture.name == "gemma2";
        let architecture = Architecture {
            blocks: if is_deep { architecture.blocks } else { 1 },
            ..architecture
        };
        let name = format!("{number} {}", architecture.name);
        let model = model_of(&app, &architecture, &name).await?;
        let outcome = difference(&app, &model, &name, with_shift()).await;
        match (outcome, why) {
            (Ok(difference), None) if is_deep || difference < 0.01 => {
                println!("{name}: {difference}");
                shifted += 1;
            }
            (Err(error), Some((_, why))) => {
                let report: &ErrorReport = error.downcast_ref().context("a report")?;
                let is_said =
                    report.message.contains(why) && report.code == ErrorCode::ModelRefused;
                println!("{name}: {report}");
                if !is_said {
                    failures.push(format!("{name}: {report}"));
                }
            }
            (Ok(difference), _) => failures.push(format!("{name}: {difference}")),
            (Err(error), _) => failures.push(format!("{name}: {error:#}")),
        }
        app.call::<Nothing>("model_eject", ModelEject { id: model.id })
            .await?;
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    println!("{shifted} architectures shift");
    assert!(shifted >= 20, "{shifted}");
    Ok(())
}

#[tokio::test]
async fn keys_move_without_flash_attention_too_but_not_quantized_or_stretched() -> anyhow::Result<()>
{
    let app = app().await?;
    let plain = Architecture {
        blocks: 1,
        ..table::all().remove(0)
    };
    let model = model_of(&app, &plain, "plain").await?;
    let options = LlamaCppOptions {
        flash_attention: FlashAttention::Off,
        ..with_shift()
    };
    let difference = difference(&app, &model, "plain", options).await?;
    assert!(difference < 0.01, "{difference}");
    let quantized = LlamaCppOptions {
        cache_type: CacheType::Q8_0,
        ..with_shift()
    };
    let error = load(&app, &model, quantized).await.expect_err("it cannot");
    assert!(format!("{error:#}").contains("quantized"), "{error:#}");

    let mut stretched = table::all().remove(0);
    stretched.keys.extend([
        ("rope.scaling.type", "yarn".into()),
        ("rope.scaling.factor", 4_f32.into()),
        ("rope.scaling.original_context_length", 128_u32.into()),
    ]);
    let model = model_of(&app, &stretched, "stretched").await?;
    let error = load(&app, &model, with_shift())
        .await
        .expect_err("it cannot");
    assert!(format!("{error:#}").contains("stretched"), "{error:#}");
    load(&app, &model, LlamaCppOptions::default()).await?;
    Ok(())
}
