//! Prints how long a megabyte of each awkward kind takes with the vocabulary of a GGUF file.
//!
//! `tokenizer_speed MODEL.gguf`, in a release build.

use std::time::Instant;

use sirocco_worker::tokenizer::{EncodeOptions, Tokenizer, VocabularySource};

const SIZE: usize = 1_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args()
        .nth(1)
        .ok_or("usage: tokenizer_speed MODEL.gguf")?;
    let header = sirocco_gguf::open(&path)?;
    let vocabulary = sirocco_gguf::open_vocabulary(&path, &header)?;
    let mut source = VocabularySource::from_gguf(&vocabulary, header.string("general.name"));
    let samples = [
        ("one letter", "a"),
        (
            "letters without a space",
            "loremipsumdolorsitametconsectetur",
        ),
        (
            "prose",
            "The quick brown fox jumps over the lazy dog, doesn't it? 42 times!\n",
        ),
        ("digits", "1234567890"),
        ("spaces", " "),
        ("newlines", "\n"),
        ("ideographs", "人工智能正在改变世界"),
        ("special tokens", "<|im_start|>user\nhi<|im_end|>\n"),
        ("punctuation", "<<<"),
    ];
    let own = source.pre.clone().unwrap_or_default();
    let names = [
        own.as_str(),
        "deepseek-v3",
        "gpt-4o",
        "deepseek-llm",
        "superbpe",
        "jais-2",
    ];
    for pre in if source.model == "llama" {
        &names[..1]
    } else {
        &names[..]
    } {
        source.pre = Some((*pre).to_owned());
        let started = Instant::now();
        let tokenizer = Tokenizer::new(&source)?;
        println!(
            "{pre}: built in {:.0} ms",
            started.elapsed().as_secs_f64() * 1e3
        );
        for (name, sample) in samples {
            let text = sample.repeat(SIZE / sample.len());
            let started = Instant::now();
            let ids = tokenizer.encode(
                &text,
                EncodeOptions {
                    parse_special: true,
                    add_special: false,
                },
            );
            println!(
                "  {name:24} {:8.0} ms {:8} tokens",
                started.elapsed().as_secs_f64() * 1e3,
                ids.len()
            );
        }
    }
    Ok(())
}
