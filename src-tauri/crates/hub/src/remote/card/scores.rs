//! Scores that were written for machines.

use serde_json::Value;
use sirocco_protocol::HubScore;

use crate::remote::value;

const MAX_EACH: usize = 200;

/// From `model-index` of the front matter: `[].results[].{dataset.name, metrics[].{type, name, value, verified}}`.
pub fn of_model_index(front: &Value) -> Vec<HubScore> {
    let mut scores = Vec::new();
    for result in list(&front["model-index"])
        .iter()
        .flat_map(|model| list(&model["results"]))
    {
        let dataset = &result["dataset"];
        let named = value::text(&dataset["name"], 80).or_else(|| value::text(&dataset["type"], 80));
        let Some(benchmark) = named.or_else(|| value::text(&result["task"]["name"], 80)) else {
            continue;
        };
        for metric in list(&result["metrics"]) {
            let named =
                value::text(&metric["name"], 80).or_else(|| value::text(&metric["type"], 80));
            let verified = metric["verified"] == true;
            scores.extend(score(
                &benchmark,
                named.unwrap_or_default(),
                &metric["value"],
                verified,
            ));
            if scores.len() >= MAX_EACH {
                return scores;
            }
        }
    }
    scores
}

/// From a file below `.eval_results/`: `[].{dataset.{id, task_id}, value, notes}`.
pub fn of_evaluation(evaluation: &Value) -> Vec<HubScore> {
    let mut scores = Vec::new();
    for entry in list(evaluation).iter().take(MAX_EACH) {
        let dataset = &entry["dataset"];
        let Some(id) = value::text(&dataset["id"], 120) else {
            continue;
        };
        // `cais/hle` is known as hle.
        let benchmark = id.rsplit('/').next().unwrap_or(&id);
        let task = value::text(&dataset["task_id"], 80).filter(|task| task != "default");
        let metric = task.or_else(|| value::text(&entry["notes"], 80));
        let verified = entry["verified"] == true;
        scores.extend(score(
            benchmark,
            metric.unwrap_or_default(),
            &entry["value"],
            verified,
        ));
    }
    scores
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn score(benchmark: &str, metric: String, published: &Value, verified: bool) -> Option<HubScore> {
    let value = match published {
        Value::Number(number) => number.to_string(),
        text => value::text(text, 40)?,
    };
    Some(HubScore {
        benchmark: benchmark.to_owned(),
        metric,
        number: number_in(&value),
        value,
        verified,
    })
}

/// The number that a published value begins with: 20 in `20.0 ± 1.2`, 71.3 in `71.3%`.
pub fn number_in(text: &str) -> Option<f64> {
    let text = text.trim_start_matches(['~', '≈', '<', '>', '=', ' ']);
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | ',')))
        .unwrap_or(text.len());
    let digits = text[..end].trim_end_matches(['.', ',', '-']);
    // A comma is a decimal point, unless three digits follow: 71,3 but 1,234.
    let parsed = match digits.split_once(',') {
        Some((_, rest)) if rest.len() == 3 && rest.bytes().all(|b| b.is_ascii_digit()) => {
            digits.replace(',', "")
        }
        Some(_) => digits.replacen(',', ".", 1),
        None => digits.to_owned(),
    };
    parsed
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_model_index_is_read() {
        let front = json!({"model-index": [{"name": "n", "results": [
            {"task": {"type": "text-generation"}, "dataset": {"name": "IFEval (0-Shot)", "type": "HuggingFaceH4/ifeval"},
             "metrics": [{"type": "inst_level_strict_acc and prompt_level_strict_acc", "value": 38.9, "name": "strict accuracy"}]},
            {"dataset": {"type": "mmlu"}, "metrics": [{"type": "acc", "value": "20.0 +- 1.2", "verified": true}]},
            {"dataset": {}, "metrics": [{"value": 1}]}, 7, {"dataset": {"name": "x"}, "metrics": [{"value": {}}]},
        ]}, "nonsense"]});
        let scores = of_model_index(&front);
        assert_eq!(scores.len(), 2);
        assert_eq!(
            (
                scores[0].benchmark.as_str(),
                scores[0].metric.as_str(),
                scores[0].number,
                scores[0].verified
            ),
            ("IFEval (0-Shot)", "strict accuracy", Some(38.9), false)
        );
        assert_eq!(
            (
                scores[1].benchmark.as_str(),
                scores[1].value.as_str(),
                scores[1].number,
                scores[1].verified
            ),
            ("mmlu", "20.0 +- 1.2", Some(20.0), true)
        );
        assert!(of_model_index(&json!({"model-index": {"results": 5}})).is_empty());
    }

    #[test]
    fn an_evaluation_file_is_read() {
        let scores = of_evaluation(&json!([
            {"dataset": {"id": "cais/hle", "task_id": "default"}, "value": 20.90, "notes": "no-tools"},
            {"dataset": {"id": "TIGER-Lab/MMLU-Pro", "task_id": "mmlu_pro"}, "value": 71},
            {"value": 5},
        ]));
        let read: Vec<_> = scores
            .iter()
            .map(|score| {
                (
                    score.benchmark.as_str(),
                    score.metric.as_str(),
                    score.number,
                )
            })
            .collect();
        assert_eq!(
            read,
            [
                ("hle", "no-tools", Some(20.9)),
                ("MMLU-Pro", "mmlu_pro", Some(71.0))
            ]
        );
    }

    #[test]
    fn numbers_are_found_in_what_people_publish() {
        for (text, number) in [
            ("71.3%", Some(71.3)),
            ("20.0 ± 1.2", Some(20.0)),
            ("~5", Some(5.0)),
            ("71,3", Some(71.3)),
            ("1,234", Some(1234.0)),
            ("-3.5", Some(-3.5)),
            ("n/a", None),
            ("", None),
            ("1.2.3", None),
        ] {
            assert_eq!(number_in(text), number, "{text}");
        }
    }
}
