//! `sirocco bench`.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use sirocco_core::home::Home;
use sirocco_protocol::commands::{ModelMeasure, ModelMeasureStop, Nothing};
use sirocco_protocol::{Event, MeasureStep, Measured, Model, ModelSpeed, RuntimeName};

use crate::output::{bytes, table};
use crate::session::Session;
use crate::{INTERRUPTED, models};

#[derive(Args)]
pub struct Bench {
    /// Key, name or file of the model.
    model: String,
    /// The runtime to measure, `mistralrs` or `llamacpp`; otherwise each that can load it, one after the other.
    #[arg(long)]
    runtime: Option<RuntimeName>,
    /// Length of the prompt in tokens; several apart by commas.
    #[arg(
        long,
        value_name = "TOKENS",
        value_delimiter = ',',
        default_value = "512"
    )]
    prompt: Vec<u32>,
    /// Tokens to write after each prompt.
    #[arg(long, value_name = "TOKENS", default_value_t = 128)]
    generate: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(home: Home, bench: Bench) -> Result<ExitCode> {
    let session = Session::open(&home).await?;
    let outcome = measure(&session, &bench).await;
    session.close().await;
    outcome
}

async fn measure(session: &Session, bench: &Bench) -> Result<ExitCode> {
    let model = models::find(session, &bench.model).await?;
    let line = line()?;
    let mut events = session.events().await?;
    let request = ModelMeasure {
        id: model.id,
        runtimes: bench.runtime.into_iter().collect(),
        prompt_tokens: bench.prompt.clone(),
        generate_tokens: bench.generate,
    };
    let measuring = session.call("model_measure", request);
    tokio::pin!(measuring);
    let mut interrupted = false;
    let measured: Result<Measured> = loop {
        tokio::select! {
            measured = &mut measuring => break measured,
            Some(event) = events.recv() => {
                if let Event::MeasuringMoved { model_id, runtime, step } = event
                    && model_id == model.id
                {
                    line.set_message(format!("{runtime}: {}", describe(&step)));
                }
            }
            // Not left at once: the model is to be as it was before.
            _ = tokio::signal::ctrl_c(), if !interrupted => {
                interrupted = true;
                let stop = ModelMeasureStop { id: model.id };
                let _: Nothing = session.call("model_measure_stop", stop).await?;
            }
        }
    };
    line.finish_and_clear();
    if interrupted {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    let measured = measured?;
    print(bench, &model, &measured)?;
    for problem in &measured.problems {
        eprintln!("{} was not measured: {}", problem.runtime, problem.error);
    }
    Ok(if measured.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A line that says what is going on, where somebody looks.
fn line() -> Result<ProgressBar> {
    if !std::io::stderr().is_terminal() {
        return Ok(ProgressBar::hidden());
    }
    let style = ProgressStyle::with_template("{spinner} {msg}")?;
    let line = ProgressBar::new_spinner().with_style(style);
    line.enable_steady_tick(std::time::Duration::from_millis(120));
    Ok(line)
}

fn describe(step: &MeasureStep) -> String {
    match step {
        MeasureStep::Loading { progress } => format!("loading, {:.0}%", progress * 100.0),
        MeasureStep::Answering {
            prompt_tokens,
            done,
            total,
        } => format!("{prompt_tokens} tokens, answer {} of {total}", done + 1),
    }
}

fn print(bench: &Bench, model: &Model, measured: &Measured) -> Result<()> {
    if bench.json {
        println!("{}", serde_json::to_string_pretty(measured)?);
        return Ok(());
    }
    if let Some(first) = measured.speeds.first() {
        println!(
            "{} on {}, {} threads\n",
            model.name, first.cpu, first.threads
        );
    }
    let head = [
        "RUNTIME",
        "PROMPT",
        "PREFILL",
        "DECODE",
        "LOAD",
        "PEAK MEMORY",
    ];
    let head = head.map(str::to_owned).to_vec();
    let rows = measured.speeds.iter().map(row);
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    Ok(())
}

fn row(speed: &ModelSpeed) -> Vec<String> {
    vec![
        speed.engine.clone(),
        speed.prompt_tokens.to_string(),
        per_second(speed.prefill_per_second),
        per_second(speed.decode_per_second),
        format!("{:.1} s", speed.load_ms / 1e3),
        speed
            .peak_memory_bytes
            .map_or_else(|| "-".to_owned(), bytes),
    ]
}

fn per_second(tokens: f64) -> String {
    let decimals = usize::from(tokens < 99.95);
    format!("{tokens:.decimals$} tok/s")
}

#[cfg(test)]
mod tests {
    use sirocco_protocol::ModelId;

    use super::*;

    #[test]
    fn a_row_says_what_was_measured() {
        let speed = ModelSpeed {
            model_id: ModelId::fresh(),
            runtime: RuntimeName::LlamaCpp,
            engine: "llama.cpp 0.1.161 · CPU (native)".into(),
            cpu: "AMD Ryzen 7 7840U".into(),
            threads: 8,
            prompt_tokens: 512,
            generate_tokens: 128,
            prefill_per_second: 301.4,
            decode_per_second: 24.06,
            load_ms: 640.0,
            peak_memory_bytes: None,
            measured_at_ms: 0,
        };
        let expected = [
            "llama.cpp 0.1.161 · CPU (native)",
            "512",
            "301 tok/s",
            "24.1 tok/s",
            "0.6 s",
            "-",
        ];
        assert_eq!(row(&speed), expected);
    }

    #[test]
    fn the_line_counts_answers_from_one() {
        let step = MeasureStep::Answering {
            prompt_tokens: 512,
            done: 0,
            total: 4,
        };
        assert_eq!(describe(&step), "512 tokens, answer 1 of 4");
        let loading = MeasureStep::Loading { progress: 0.5 };
        assert_eq!(describe(&loading), "loading, 50%");
    }
}
