//! Quantizations as file names write them.

use sirocco_protocol::RuntimeName;

/// The quantization in a file's path: `Q4_K_M`, `UD-Q4_K_XL`, `IQ4_XS`, `F16`; empty if it does not say.
///
/// The last one counts: folders are often named for a family, files for what they are.
pub fn label(path: &str) -> String {
    let upper = path.trim_end_matches(".gguf").to_uppercase();
    let bytes = upper.as_bytes();
    let is_boundary = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let mut found = "";
    let mut at = 0;
    while at < bytes.len() {
        let begins = at == 0 || is_boundary(bytes.get(at - 1));
        let length = if begins && upper.is_char_boundary(at) {
            length_of(&upper[at..])
        } else {
            0
        };
        if length > 0 && is_boundary(bytes.get(at + length)) {
            found = &upper[at..at + length];
            at += length;
        } else {
            at += 1;
        }
    }
    match found {
        "FP16" => "F16".to_owned(),
        "FP32" => "F32".to_owned(),
        other => other.to_owned(),
    }
}

/// Bytes of the quantization that the text begins with; 0 if it does not.
fn length_of(text: &str) -> usize {
    for whole in [
        "MXFP4_MOE",
        "MXFP4",
        "NVFP4",
        "BF16",
        "FP16",
        "FP32",
        "F16",
        "F32",
    ] {
        if text.starts_with(whole) {
            return whole.len();
        }
    }
    let dynamic = if text.starts_with("UD-") { 3 } else { 0 };
    let rest = &text[dynamic..];
    let family = ["IQ", "TQ", "Q"]
        .iter()
        .find(|family| rest.starts_with(**family))
        .map_or(0, |family| family.len());
    let is_digit = rest.as_bytes().get(family).is_some_and(u8::is_ascii_digit);
    if family == 0 || !is_digit {
        return 0;
    }
    let mut length = family + 1;
    // `_K`, `_M`, `_0`, `_XXS`, `_4`: at most three of one to three characters.
    for _ in 0..3 {
        let Some(part) = rest[length..].strip_prefix('_') else {
            break;
        };
        let end = part
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(part.len());
        let is_size = matches!(
            &part[..end],
            "K" | "XXS" | "XS" | "S" | "M" | "L" | "XL" | "XXL" | "NL"
        );
        let is_one_digit = end == 1 && part.starts_with(|c: char| c.is_ascii_digit());
        if !is_size && !is_one_digit {
            break;
        }
        length += 1 + end;
    }
    dynamic + length
}

/// Why a runtime cannot read numbers of this label; none if it can. llama.cpp reads all that there are.
pub fn refusal(label: &str, runtime: RuntimeName) -> Option<String> {
    let plain = label.strip_prefix("UD-").unwrap_or(label);
    let unknown: &[&str] = match runtime {
        RuntimeName::MistralRs => &["IQ", "TQ", "MXFP4", "NVFP4", "Q1_", "Q2_0"],
        RuntimeName::LlamaCpp => &[],
    };
    unknown
        .iter()
        .any(|family| plain.starts_with(family))
        .then(|| format!("the {runtime} runtime cannot read {label} tensors"))
}

/// Weights are as large as in training; the runtime widens them to 32 bits.
pub fn is_dense(label: &str) -> bool {
    matches!(label, "F16" | "BF16" | "F32")
}

/// How good a quantization is, the best first; none for those that nobody should take without knowing why.
///
/// Above Q8_0 nothing is gained. Q4_1, Q5_0 and Q5_1 are left out: the runtime has no fast code for them.
pub fn rank(label: &str) -> Option<usize> {
    const BEST_FIRST: [&str; 20] = [
        "Q8_0",
        "Q6_K_L",
        "Q6_K",
        "Q5_K_L",
        "Q5_K_M",
        "UD-Q5_K_XL",
        "Q5_K_S",
        "Q5_K",
        "Q4_K_L",
        "UD-Q4_K_XL",
        "Q4_K_M",
        "Q4_K",
        "Q4_K_S",
        "Q4_0",
        "Q4",
        "Q3_K_L",
        "Q3_K_M",
        "Q3_K",
        "Q3_K_S",
        "Q2_K",
    ];
    BEST_FIRST.iter().position(|known| *known == label)
}

/// The rank down to which a quantization costs little quality: Q4_K_M.
pub const GOOD_ENOUGH: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_the_quantization() {
        for (path, expected) in [
            ("qwen2.5-0.5b-instruct-q4_k_m.gguf", "Q4_K_M"),
            ("Llama-3.2-1B-Instruct-Q8_0.gguf", "Q8_0"),
            ("mistral-7b-instruct-v0.2.Q4_K_S.gguf", "Q4_K_S"),
            ("smollm2_q8_0.gguf", "Q8_0"),
            ("Phi-3-mini-4k-instruct-q4.gguf", "Q4"),
            ("Phi-3-mini-4k-instruct-fp16.gguf", "F16"),
            ("Q4_K_M/big-00001-of-00002.gguf", "Q4_K_M"),
            ("Qwen3-4B-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"),
            ("m-IQ4_XS.gguf", "IQ4_XS"),
            ("m.IQ2_XXS.gguf", "IQ2_XXS"),
            ("m-Q4_0_4_4.gguf", "Q4_0_4_4"),
            ("m-TQ1_0.gguf", "TQ1_0"),
            ("gpt-oss-20b-MXFP4.gguf", "MXFP4"),
            ("m-BF16.gguf", "BF16"),
            ("m-Q6_K_L.gguf", "Q6_K_L"),
            ("ggml-model-q4_0.gguf", "Q4_0"),
            ("model.gguf", ""),
            ("Qwen-Q.gguf", ""),
            ("IQ-test.gguf", ""),
            ("SQ4_0x.gguf", ""),
            ("é-Q4_K_M-ü.gguf", "Q4_K_M"),
        ] {
            assert_eq!(label(path), expected, "{path}");
        }
    }

    #[test]
    fn what_the_runtime_cannot_read_is_known_by_its_label() {
        for no in ["IQ4_XS", "TQ1_0", "MXFP4", "UD-IQ2_M"] {
            assert!(refusal(no, RuntimeName::MistralRs).is_some(), "{no}");
            assert_eq!(refusal(no, RuntimeName::LlamaCpp), None);
        }
        for yes in ["Q4_K_M", "UD-Q4_K_XL", "F16", "Q8_0", ""] {
            assert_eq!(refusal(yes, RuntimeName::MistralRs), None);
        }
        assert_eq!(rank("Q4_K_M").map(|rank| rank < GOOD_ENOUGH), Some(true));
        assert_eq!(rank("Q4_K_S").map(|rank| rank < GOOD_ENOUGH), Some(false));
    }
}
