//! Which names are benchmarks.

/// Words by which benchmarks are known, in lower case. A name that contains one of them is a benchmark.
const KNOWN: [&str; 66] = [
    "mmlu",
    "bbh",
    "big-bench",
    "bigbench",
    "agieval",
    "gsm8k",
    "gsm-8k",
    "humaneval",
    "mbpp",
    "math-500",
    "math500",
    "hellaswag",
    "winogrande",
    "truthfulqa",
    "arc-c",
    "arc-e",
    "arc (",
    "arc_challenge",
    "arc_easy",
    "arc challenge",
    "arc easy",
    "piqa",
    "siqa",
    "social iqa",
    "openbookqa",
    "boolq",
    "commonsenseqa",
    "triviaqa",
    "naturalqs",
    "natural questions",
    "drop",
    "squad",
    "ceval",
    "c-eval",
    "cmmlu",
    "gpqa",
    "musr",
    "ifeval",
    "if-eval",
    "mt-bench",
    "mt bench",
    "mtbench",
    "alpacaeval",
    "alpaca eval",
    "arena-hard",
    "arena hard",
    "livebench",
    "livecodebench",
    "bigcodebench",
    "multipl-e",
    "evalplus",
    "codeforces",
    "swe-bench",
    "aider",
    "bfcl",
    "nexus",
    "zebralogic",
    "mgsm",
    "ruler",
    "longbench",
    "needle",
    "infinitebench",
    "wildbench",
    "aime",
    "olympiadbench",
    "simpleqa",
];
/// Names that are benchmarks only when they stand alone.
const WHOLE: [&str; 4] = ["math", "average", "avg", "avg."];
const LONGEST: usize = 80;

/// The name of a benchmark in a cell of a table, without markup and with what is in brackets behind it apart:
/// `MMLU` and `5-shot`.
pub fn benchmark(cell: &str) -> Option<(String, String)> {
    let text = plain(cell);
    if text.is_empty() || text.chars().count() > LONGEST {
        return None;
    }
    let lower = text.to_lowercase();
    let is_known = KNOWN.iter().any(|known| lower.contains(known));
    let (name, metric) = match text.split_once(['(', '[']) {
        Some((name, rest)) if !name.trim().is_empty() => {
            (name.trim(), rest.trim().trim_end_matches([')', ']']))
        }
        _ => (text.as_str(), ""),
    };
    let is_whole =
        WHOLE.contains(&name.to_lowercase().as_str()) || name.to_lowercase().starts_with("math ");
    (is_known || is_whole).then(|| (name.to_owned(), metric.to_owned()))
}

/// A cell without bold, code, links, tags and footnotes.
pub fn plain(cell: &str) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    let mut rest = cell.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            _ if in_tag => {}
            // The address of a link: `[text](address)`.
            ']' if rest.peek() == Some(&'(') => {
                for character in rest.by_ref() {
                    if character == ')' {
                        break;
                    }
                }
            }
            '[' if text.trim().is_empty() => {}
            '*' | '`' | '\\' | '†' | '‡' | '↑' | '↓' => {}
            other => text.push(other),
        }
    }
    let text = text.trim();
    text.trim_matches(['_', '^', ':'])
        .trim()
        .chars()
        .filter(|character| !character.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benchmarks_are_known_in_all_their_dresses() {
        for (cell, name, metric) in [
            ("MMLU", "MMLU", ""),
            ("**MMLU** (5-shot)", "MMLU", "5-shot"),
            (
                "[GSM8K](https://x.example/y) (8-shot, CoT)",
                "GSM8K",
                "8-shot, CoT",
            ),
            ("MMLU-Pro", "MMLU-Pro", ""),
            ("`HumanEval`<br>", "HumanEval", ""),
            ("BBH<sub>3-shot</sub>", "BBH3-shot", ""),
            ("MATH", "MATH", ""),
            ("AGIEval English (3-5 shot)", "AGIEval English", "3-5 shot"),
            ("IFEval (0-Shot)", "IFEval", "0-Shot"),
        ] {
            assert_eq!(
                benchmark(cell),
                Some((name.to_owned(), metric.to_owned())),
                "{cell}"
            );
        }
        for other in [
            "",
            "Q4_K_M",
            "Mathematics teacher",
            "Parameters",
            "File size",
            &"mmlu ".repeat(50),
        ] {
            assert_eq!(benchmark(other), None, "{other}");
        }
    }
}
