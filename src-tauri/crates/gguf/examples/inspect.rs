//! Prints what this crate makes of a model file: `cargo run --release --example inspect -- model.gguf`.

use std::time::Instant;

use sirocco_gguf::{Model, Runtime, Summary, Verdict, memory, open_vocabulary, verdict};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os()
        .nth(1)
        .ok_or("give the path of a GGUF file")?;
    let started = Instant::now();
    let model = Model::open(&path)?;
    println!(
        "header read in {:.1} ms",
        started.elapsed().as_secs_f64() * 1e3
    );

    let summary = Summary::of(&model);
    println!("{summary:#?}");
    for runtime in [Runtime::MistralRs, Runtime::LlamaCpp] {
        match verdict(&model, runtime) {
            Verdict::Runs { cautions } => {
                println!("{runtime}: runs");
                cautions
                    .iter()
                    .for_each(|caution| println!("  but {caution}"));
            }
            Verdict::Embeds => println!("{runtime}: embeds"),
            Verdict::Refused { reasons } => {
                println!("{runtime}: does not run");
                reasons
                    .iter()
                    .for_each(|reason| println!("  because {reason}"));
            }
        }
        for context in [2048, 8192, summary.context_length.unwrap_or(32_768)] {
            println!(
                "  memory at {context} tokens: {:?}",
                memory::estimate_for(&model, runtime, context)
            );
        }
        println!(
            "  context in 4 GB: {:?}",
            memory::largest_context_for(&model, runtime, 4_000_000_000)
        );
    }

    let started = Instant::now();
    let vocabulary = open_vocabulary(&path, model.first())?;
    println!(
        "vocabulary read in {:.1} ms",
        started.elapsed().as_secs_f64() * 1e3
    );
    println!(
        "{} with {} tokens, {} merges, {:?}",
        vocabulary.model,
        vocabulary.tokens.len(),
        vocabulary.merges.len(),
        vocabulary.special
    );
    Ok(())
}
