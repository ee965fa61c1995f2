//! Memory of a model of which only the number of weights is known.
//!
//! The shape is looked up among models people run; the formula is the one of [`sirocco_gguf::memory`], which is used
//! itself as soon as a header was read.

/// Layers' shapes by size, from published configurations: weights in all, numbers per token between blocks, bytes of
/// keys and values per token in f32, attention heads.
const SHAPES: [(f64, f64, f64, f64); 9] = [
    (0.135e9, 576.0, 46_080.0, 9.0),    // SmolLM2 135M
    (0.5e9, 896.0, 24_576.0, 14.0),     // Qwen2.5 0.5B
    (1.24e9, 2_048.0, 65_536.0, 32.0),  // Llama 3.2 1B
    (3.2e9, 3_072.0, 229_376.0, 24.0),  // Llama 3.2 3B
    (8.0e9, 4_096.0, 262_144.0, 32.0),  // Llama 3.1 8B
    (14.8e9, 5_120.0, 393_216.0, 40.0), // Qwen2.5 14B
    (32.8e9, 5_120.0, 524_288.0, 40.0), // Qwen2.5 32B
    (70.6e9, 8_192.0, 655_360.0, 64.0), // Llama 3.1 70B
    (405.0e9, 16_384.0, 1_032_192.0, 128.0),
];

/// Tokens of a vocabulary, where nothing is known.
const USUAL_VOCABULARY: f64 = 128_256.0;

/// Models up to this size mostly use their table of embeddings as output head too, and hold it twice.
const TIED_BELOW: u64 = 5_000_000_000;
/// Of an element of that table, as it is mostly stored (Q6_K).
const TABLE_BYTES: f64 = 0.82;

/// Bytes that loading takes, estimated.
pub fn memory_bytes(
    parameter_count: u64,
    weights_bytes: u64,
    architecture: &str,
    context_length: u32,
    has_kernels: bool,
) -> u64 {
    let (embedding_length, kv_per_token, heads) = shape(parameter_count as f64);
    let context = f64::from(context_length);
    let chunk = context.min(512.0);
    let vocabulary = vocabulary(architecture);
    let elements = vocabulary * embedding_length;
    let table = match has_kernels {
        true if parameter_count < TIED_BELOW => elements * TABLE_BYTES,
        true => 0.0,
        false => elements * 4.0,
    };
    let scores = match has_kernels {
        true => 0.0,
        false => heads * chunk * context * 4.0,
    };
    // Between the matrices of a block, whose inner length is mostly four times the outer.
    let block = chunk * 18.0 * embedding_length * 4.0;
    let compute = 57e6 + 300.0 * vocabulary + block + chunk * context * 4.0 + scores;
    let rest = table + kv_per_token * context + compute;
    weights_bytes.saturating_add(rest as u64)
}

fn shape(parameter_count: f64) -> (f64, f64, f64) {
    let (first, last) = (SHAPES[0], SHAPES[SHAPES.len() - 1]);
    let count = parameter_count.clamp(first.0, last.0);
    let pairs = SHAPES.iter().zip(SHAPES.iter().skip(1));
    let between = pairs.clone().find(|(_, upper)| count <= upper.0);
    let Some((lower, upper)) = between else {
        return (last.1, last.2, last.3);
    };
    let part = (count / lower.0).ln() / (upper.0 / lower.0).ln();
    let mix = |one: f64, other: f64| one + (other - one) * part;
    (
        mix(lower.1, upper.1),
        mix(lower.2, upper.2),
        mix(lower.3, upper.3),
    )
}

fn vocabulary(architecture: &str) -> f64 {
    match architecture {
        "qwen2" | "qwen3" | "qwen3moe" => 151_936.0,
        "mistral3" => 131_072.0,
        "phi3" => 32_064.0,
        "phi2" => 51_200.0,
        "starcoder2" => 49_152.0,
        _ => USUAL_VOCABULARY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Totals of the exact formula at 4,096 tokens, from the shapes of published configurations: the file, the table
    /// where it is there twice, keys and values, the rest.
    #[test]
    fn known_models_are_estimated_within_a_tenth() {
        for (name, count, weights, architecture, exact) in [
            (
                "Llama 3.2 1B Q4_K_M",
                1.236e9,
                0.80e9,
                "llama",
                0.80e9 + 0.215e9 + 0.268e9 + 0.235e9,
            ),
            (
                "Qwen3 4B Q4_K_M",
                4.02e9,
                2.5e9,
                "qwen3",
                2.5e9 + 0.319e9 + 1.208e9 + 0.222e9,
            ),
            (
                "Llama 3.1 8B Q4_K_M",
                8.03e9,
                4.92e9,
                "llama",
                4.92e9 + 1.074e9 + 0.297e9,
            ),
            (
                "Qwen2.5 0.5B Q4_K_M",
                0.494e9,
                0.49e9,
                "qwen2",
                0.49e9 + 0.112e9 + 0.1e9 + 0.16e9,
            ),
        ] {
            let estimated = |has_kernels| {
                memory_bytes(
                    count as u64,
                    weights as u64,
                    architecture,
                    4_096,
                    has_kernels,
                ) as f64
            };
            let ratio = estimated(true) / exact;
            assert!((0.9..1.1).contains(&ratio), "{name}: {ratio:.2}");
            assert!(estimated(false) > estimated(true));
        }
    }

    #[test]
    fn any_number_of_weights_has_an_estimate() {
        let mut last = 0;
        for count in [0, 1, 100_000_000, 1 << 33, 1 << 40, u64::MAX] {
            let bytes = memory_bytes(count, count, "unheard-of", 4_096, false);
            assert!(bytes >= last, "{count}");
            last = bytes;
        }
    }
}
