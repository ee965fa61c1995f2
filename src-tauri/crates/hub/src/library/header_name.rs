//! The name that a header gives its model, without what a GGUF file cannot be.
//!
//! Who converts a model from a repository of weights quantized in another way often leaves the
//! repository's name in the header. The words for that way say nothing true about the file.

/// Ways to quantize, or to store, that no GGUF file has.
const METHODS: [&str; 13] = [
    "aqlm", "awq", "bnb", "eetq", "exl2", "exl3", "fp8", "gptq", "hqq", "mlx", "nf4", "w4a16",
    "w8a8",
];
/// What stands beside such a word and belongs to it.
const DETAILS: [&str; 6] = ["4bit", "8bit", "dynamic", "int4", "int8", "marlin"];

/// The name without these words. One that consists of nothing else stays.
///
/// `Qwen2.5 Coder 0.5B Instruct AWQ` is `Qwen2.5 Coder 0.5B Instruct`.
pub(super) fn without_other_methods(name: &str) -> String {
    let mut kept = String::new();
    let mut in_method = false;
    for piece in name.split_inclusive([' ', '-', '_']) {
        let word = piece.trim_end_matches([' ', '-', '_']).to_lowercase();
        in_method =
            METHODS.contains(&word.as_str()) || (in_method && DETAILS.contains(&word.as_str()));
        if !in_method {
            kept.push_str(piece);
        }
    }
    match kept.trim_matches([' ', '-', '_']) {
        _ if kept.len() == name.len() => kept,
        "" => name.to_owned(),
        rest => rest.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_other_ways_to_quantize_are_dropped() {
        for (stated, name) in [
            (
                "Qwen2.5 Coder 0.5B Instruct AWQ",
                "Qwen2.5 Coder 0.5B Instruct",
            ),
            ("Llama-3.1-8B-Instruct-GPTQ-Int4", "Llama-3.1-8B-Instruct"),
            ("Llama 3 8b Bnb 4bit", "Llama 3 8b"),
            ("Model_FP8_dynamic_v2", "Model_v2"),
            ("Qwen3 4B MLX 8bit", "Qwen3 4B"),
        ] {
            assert_eq!(without_other_methods(stated), name);
        }
    }

    #[test]
    fn every_other_name_stays_as_it_is() {
        for name in [
            "",
            "AWQ",
            "A Dynamic Model 4bit",
            "gpt-oss 20B MXFP4",
            "Hawqeye 7B",
            "-Tiny- ",
        ] {
            assert_eq!(without_other_methods(name), name);
        }
    }
}
