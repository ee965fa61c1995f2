//! Prints how long choosing one token of 152,064 takes. Meant for a release build.

use std::time::Instant;

use sirocco_engine_wire::SamplingParameters;
use sirocco_worker::sampler::Sampler;

const SIZE: usize = 152_064;
const ROUNDS: u32 = 500;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let logits: Vec<f32> = (0..SIZE as u64)
        .map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f32 / (1 << 24) as f32)
        .map(|uniform| -2.0 * (1.0 - uniform).max(1e-7).ln() - 5.0)
        .collect();
    let history: Vec<u32> = (0..4096).map(|i| (i * 37) % SIZE as u32).collect();
    let usual = SamplingParameters {
        seed: Some(1),
        ..SamplingParameters::default()
    };
    let cases = [
        ("defaults", usual.clone()),
        (
            "defaults, repeat penalty",
            SamplingParameters {
                repeat_penalty: 1.1,
                ..usual.clone()
            },
        ),
        (
            "greedy",
            SamplingParameters {
                temperature: 0.0,
                ..usual.clone()
            },
        ),
        (
            "defaults, 20 logprobs",
            SamplingParameters {
                top_logprobs: Some(20),
                ..usual.clone()
            },
        ),
        (
            "DRY over 4096 tokens",
            SamplingParameters {
                dry_multiplier: 0.8,
                ..usual.clone()
            },
        ),
        ("no top-k", SamplingParameters { top_k: 0, ..usual }),
    ];
    for (name, parameters) in cases {
        let mut sampler = Sampler::new(&parameters, SIZE)?;
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let started = Instant::now();
            sampler.sample(&logits, &history)?;
            times.push(started.elapsed().as_secs_f64() * 1e6);
        }
        times.sort_by(f64::total_cmp);
        println!(
            "{name:28} {:6.0} us a token at best, {:6.0} us in the middle",
            times[0],
            times[times.len() / 2]
        );
    }
    Ok(())
}
