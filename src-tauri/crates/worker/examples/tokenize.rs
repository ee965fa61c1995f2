//! Tokenizes strings with the vocabulary of a GGUF file; `tests/llamacpp` compares the ids with llama.cpp's.
//!
//! `tokenize MODEL.gguf < input.json`, where the input is `{"strings": [...], "parse_special": bool}`. Prints a list
//! of `{"ids": [...], "text": "..."}`, the text being what the ids
//! decode to, control tokens included.

use std::io::{Write, stdin, stdout};

use serde::{Deserialize, Serialize};
use sirocco_worker::tokenizer::{EncodeOptions, Tokenizer, VocabularySource};

#[derive(Deserialize)]
struct Input {
    strings: Vec<String>,
    parse_special: bool,
}

#[derive(Serialize)]
struct Tokenized {
    ids: Vec<u32>,
    text: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args()
        .nth(1)
        .ok_or("usage: tokenize MODEL.gguf < input.json")?;
    let header = sirocco_gguf::open(&path)?;
    let vocabulary = sirocco_gguf::open_vocabulary(&path, &header)?;
    let source = VocabularySource::from_gguf(&vocabulary, header.string("general.name"));
    let tokenizer = Tokenizer::new(&source)?;
    let input: Input = serde_json::from_reader(stdin().lock())?;
    let options = EncodeOptions {
        add_special: false,
        parse_special: input.parse_special,
    };
    let tokenize = |text: &String| {
        let ids = tokenizer.encode(text, options);
        let mut decoder = tokenizer.stream_decoder(true);
        let mut text: String = ids
            .iter()
            .map(|id| decoder.push(tokenizer.token_bytes(*id)))
            .collect();
        text.push_str(&decoder.finish());
        Tokenized { ids, text }
    };
    let output: Vec<Tokenized> = input.strings.iter().map(tokenize).collect();
    serde_json::to_writer(stdout().lock(), &output)?;
    stdout().flush()?;
    Ok(())
}
