//! `sirocco embed`.

use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;
use sirocco_core::home::Home;
use sirocco_protocol::commands::ModelEmbed;
use sirocco_protocol::{Embeddings, ErrorCode, ErrorReport, Model, ModelVerdict};

use crate::models;
use crate::session::Session;

#[derive(Args)]
pub struct Embed {
    /// Key, name or file of the model; otherwise the only embedding model of the library.
    #[arg(short, long)]
    model: Option<String>,
    /// Numbers of a vector, the first ones, for models that were trained to have fewer.
    #[arg(long, value_name = "COUNT")]
    dimensions: Option<u32>,
    /// Cut off what is longer than the model reads at once.
    #[arg(long)]
    truncate: bool,
    /// Print JSON: the model, the tokens it read, and each text with its vector.
    #[arg(long)]
    json: bool,
    /// The texts; the lines of standard input if there are none.
    texts: Vec<String>,
}

pub async fn run(home: Home, embed: Embed) -> Result<ExitCode> {
    let texts = match embed.texts.as_slice() {
        [] => lines_of_input()?,
        texts => texts.to_vec(),
    };
    let session = Session::open(&home).await?;
    let outcome = vectors(&session, &embed, texts.clone()).await;
    session.close().await;
    let (model, embeddings) = outcome?;
    print(&embed, &model, &texts, &embeddings)?;
    Ok(ExitCode::SUCCESS)
}

fn lines_of_input() -> Result<Vec<String>> {
    let mut input = std::io::stdin();
    if input.is_terminal() {
        bail!("nothing was given: name texts, or pipe in one a line");
    }
    let mut text = String::new();
    input
        .read_to_string(&mut text)
        .context("could not read standard input")?;
    let lines: Vec<String> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(str::to_owned)
        .collect();
    if lines.is_empty() {
        bail!("standard input has no text");
    }
    Ok(lines)
}

async fn vectors(
    session: &Session,
    embed: &Embed,
    texts: Vec<String>,
) -> Result<(Model, Embeddings)> {
    let model = match &embed.model {
        Some(wanted) => models::find(session, wanted).await?,
        None => only_embedder(models::library(session).await?)?,
    };
    let request = ModelEmbed {
        id: model.id,
        texts,
        truncate: embed.truncate,
        dimensions: embed.dimensions,
    };
    let embeddings = session.call("model_embed", request).await?;
    Ok((model, embeddings))
}

fn only_embedder(library: Vec<Model>) -> Result<Model> {
    let mut able: Vec<Model> = library
        .into_iter()
        .filter(|model| model.verdict == ModelVerdict::Embeds)
        .collect();
    let message = match able.len() {
        0 => "the library has no embedding model".to_owned(),
        1 => return Ok(able.remove(0)),
        _ => {
            let keys: Vec<_> = able.iter().map(|model| model.key.as_str()).collect();
            format!("name one with --model: there are {}", keys.join(", "))
        }
    };
    Err(ErrorReport::new(ErrorCode::NoModel, message).into())
}

/// One vector a line, its numbers apart by spaces, or everything as JSON.
fn print(embed: &Embed, model: &Model, texts: &[String], embeddings: &Embeddings) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if embed.json {
        let pairs = texts.iter().zip(&embeddings.vectors);
        let list: Vec<_> = pairs
            .map(|(text, vector)| json!({"text": text, "embedding": vector}))
            .collect();
        let all =
            json!({"model": model.key, "prompt_tokens": embeddings.tokens, "embeddings": list});
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(());
    }
    for vector in &embeddings.vectors {
        let numbers: Vec<String> = vector.iter().map(ToString::to_string).collect();
        writeln!(out, "{}", numbers.join(" "))?;
    }
    Ok(())
}
