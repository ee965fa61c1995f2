//! Score tables in the text of a card.
//!
//! Two shapes are common: a benchmark a row with a model a column, and the other way round. Of several models the one
//! that is called as the repository is taken; if none is, nothing is: a foreign score would be worse than none.

use sirocco_protocol::HubScore;

use super::benchmark::{benchmark, plain};
use super::scores::number_in;

const MAX_ROWS: usize = 500;
const MAX_COLUMNS: usize = 40;
const MAX_VALUE: usize = 40;

type Table<'a> = Vec<Vec<&'a str>>;

/// Scores of the model that the repository `name` holds.
pub fn scores(markdown: &str, name: &str) -> Vec<HubScore> {
    let mut scores = Vec::new();
    for table in tables(markdown) {
        let found = by_row(&table, name);
        scores.extend(if found.is_empty() {
            by_column(&table, name)
        } else {
            found
        });
    }
    scores
}

/// Tables of pipes outside code, without the line of dashes; the first row is the header.
fn tables(markdown: &str) -> Vec<Table<'_>> {
    let mut tables = Vec::new();
    let (mut table, mut in_code): (Table<'_>, bool) = (Vec::new(), false);
    // A last empty line ends the last table.
    for line in markdown.lines().chain([""]) {
        let line = line.trim();
        if line.starts_with("```") {
            in_code = !in_code;
        }
        if !in_code && line.contains('|') && table.len() < MAX_ROWS {
            table.push(cells(line));
            continue;
        }
        let finished = std::mem::take(&mut table);
        let has_dashes = finished
            .get(1)
            .is_some_and(|row| row.iter().all(|cell| is_dashes(cell)));
        if has_dashes && finished.len() > 2 {
            tables.push(finished);
        }
    }
    for table in &mut tables {
        table.remove(1);
    }
    tables
}

fn cells(line: &str) -> Vec<&str> {
    let line = line.strip_prefix('|').unwrap_or(line);
    let line = line.strip_suffix('|').unwrap_or(line);
    line.split('|').map(str::trim).take(MAX_COLUMNS).collect()
}

fn is_dashes(cell: &str) -> bool {
    cell.contains('-') && cell.chars().all(|c| matches!(c, '-' | ':' | ' '))
}

/// A benchmark a row.
fn by_row(table: &Table<'_>, name: &str) -> Vec<HubScore> {
    let [header, rows @ ..] = table.as_slice() else {
        return Vec::new();
    };
    // The benchmark stands in the first column, or behind a column of categories.
    let known = |column: usize| {
        rows.iter()
            .filter(|row| named(row, column).is_some())
            .count()
    };
    let label = if known(1) > known(0) { 1 } else { 0 };
    if known(label) == 0 {
        return Vec::new();
    }
    let is_metric = |column: usize| {
        let title = plain(header.get(column).copied().unwrap_or_default()).to_lowercase();
        matches!(
            title.as_str(),
            "metric" | "metrics" | "# shots" | "shots" | "n-shot" | "setting" | "settings" | "task"
        )
    };
    let values: Vec<usize> = (label + 1..header.len())
        .filter(|&column| {
            !is_metric(column) && rows.iter().any(|row| cell_number(row, column).is_some())
        })
        .collect();
    let titles: Vec<&str> = values.iter().map(|&column| header[column]).collect();
    let Some(value) = ours(&titles, name).map(|index| values[index]) else {
        return Vec::new();
    };
    let metric_column = (label + 1..header.len()).find(|&column| is_metric(column));
    let score = |row: &Vec<&str>| {
        let (benchmark, metric) = named(row, label)?;
        let beside = metric_column.and_then(|column| row.get(column).map(|cell| plain(cell)));
        score(
            benchmark,
            beside.filter(|_| metric.is_empty()).unwrap_or(metric),
            row.get(value)?,
        )
    };
    rows.iter().filter_map(score).collect()
}

/// A benchmark a column.
fn by_column(table: &Table<'_>, name: &str) -> Vec<HubScore> {
    let [header, rows @ ..] = table.as_slice() else {
        return Vec::new();
    };
    let columns: Vec<usize> = (1..header.len())
        .filter(|&column| named(header, column).is_some())
        .collect();
    if columns.is_empty() {
        return Vec::new();
    }
    let rows: Vec<&Vec<&str>> = rows
        .iter()
        .filter(|row| {
            columns
                .iter()
                .any(|&column| cell_number(row, column).is_some())
        })
        .collect();
    let titles: Vec<&str> = rows
        .iter()
        .map(|row| row.first().copied().unwrap_or_default())
        .collect();
    let Some(row) = ours(&titles, name).map(|index| rows[index]) else {
        return Vec::new();
    };
    let score = |&column: &usize| {
        let (benchmark, metric) = named(header, column)?;
        score(benchmark, metric, row.get(column)?)
    };
    columns.iter().filter_map(score).collect()
}

fn named(row: &[&str], column: usize) -> Option<(String, String)> {
    benchmark(row.get(column)?)
}

fn cell_number(row: &[&str], column: usize) -> Option<f64> {
    number_in(&plain(row.get(column)?))
}

fn score(benchmark: String, metric: String, cell: &str) -> Option<HubScore> {
    let value: String = plain(cell).chars().take(MAX_VALUE).collect();
    let number = number_in(&value)?;
    Some(HubScore {
        benchmark,
        metric: metric.chars().take(80).collect(),
        value,
        number: Some(number),
        verified: false,
    })
}

/// Which of these titles means the model of the repository: the only one, or the one whose words are all in the
/// repository's name and are most of them.
fn ours(titles: &[&str], name: &str) -> Option<usize> {
    if titles.len() <= 1 {
        return (titles.len() == 1).then_some(0);
    }
    let name = words(name);
    let mut best: Option<(usize, usize)> = None;
    for (index, title) in titles.iter().enumerate() {
        let title = words(&plain(title));
        // Llama 3.3 has one `3` more than Llama 3.
        let count = |words: &[String], word| words.iter().filter(|other| *other == word).count();
        let is_part = title
            .iter()
            .all(|word| count(&title, word) <= count(&name, word));
        if title.len() < 2 || !is_part {
            continue;
        }
        if best.is_none_or(|(length, _)| title.len() > length) {
            best = Some((title.len(), index));
        }
    }
    best.map(|(_, index)| index)
}

/// Words and numbers of a model's name, in lower case, without what says how it was quantized.
fn words(name: &str) -> Vec<String> {
    let name = name.to_lowercase();
    let mut words: Vec<String> = Vec::new();
    for part in name.split(|c: char| !c.is_alphanumeric()) {
        // `llama3` and `llama 3` are the same; `8b` stays whole.
        let digits = part.find(|c: char| c.is_ascii_digit()).filter(|&at| at > 1);
        let (first, second) = part.split_at(digits.unwrap_or(part.len()));
        words.extend(
            [first, second]
                .into_iter()
                .filter(|word| !word.is_empty())
                .map(str::to_owned),
        );
    }
    words.retain(|word| {
        !matches!(
            word.as_str(),
            "gguf" | "imatrix" | "i1" | "it" | "instruct" | "chat"
        )
    });
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(markdown: &str, name: &str) -> Vec<(String, String, String)> {
        scores(markdown, name)
            .into_iter()
            .map(|score| (score.benchmark, score.metric, score.value))
            .collect()
    }

    fn triples(expected: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
        expected
            .iter()
            .map(|(benchmark, metric, value)| {
                ((*benchmark).into(), (*metric).into(), (*value).into())
            })
            .collect()
    }

    #[test]
    fn the_column_of_the_model_is_taken() {
        let card = "
| Category | Benchmark | # Shots | Metric | Llama 3.2 1B | Llama 3.2 3B | Llama 3.1 8B |
| ---- | ---- | ---- | ---- | ---- | ---- | ---- |
| General | MMLU | 5 | macro\\_avg/acc | 49.3 | 63.4 | 69.4 |
| Math | GSM8K (CoT) | 8 | em\\_maj1@1 | 44.4 | 77.7 | 84.5 |
| | MATH (CoT) | 0 | final\\_em | 30.6 | **48.0** | 51.9 |
";
        assert_eq!(
            found(card, "Llama-3.2-3B-Instruct-GGUF"),
            triples(&[
                ("MMLU", "5", "63.4"),
                ("GSM8K", "CoT", "77.7"),
                ("MATH", "CoT", "48.0")
            ])
        );
        assert_eq!(found(card, "Qwen2.5-7B-GGUF"), []);
    }

    #[test]
    fn a_single_column_is_the_model() {
        let card = "text\n\n| Metric |Value|\n|---|----:|\n|Avg.|21.5|\n|IFEval (0-Shot)|38.9|\n|BBH (3-Shot)|30.1|\n";
        assert_eq!(
            found(card, "whatever"),
            triples(&[
                ("Avg.", "", "21.5"),
                ("IFEval", "0-Shot", "38.9"),
                ("BBH", "3-Shot", "30.1")
            ])
        );
    }

    #[test]
    fn the_row_of_the_model_is_taken() {
        let card = "
| Model | MMLU | AGIEval | HumanEval | Size |
|---|---|---|---|---|
| Phi-2 | 56.7 | 30.2 | 47.6 | 2.7B |
| [Phi-3-mini-4k](https://x.example) | 68.8 | 37.5 | 58.5 | 3.8B |
";
        assert_eq!(
            found(card, "Phi-3-mini-4k-instruct-gguf"),
            triples(&[
                ("MMLU", "", "68.8"),
                ("AGIEval", "", "37.5"),
                ("HumanEval", "", "58.5")
            ])
        );
    }

    #[test]
    fn other_tables_and_code_are_not_scores() {
        let quantizations = "| Filename | Quant type | File Size |\n|---|---|---|\n| a-Q4_K_M.gguf | Q4_K_M | 0.8GB |\n";
        let code = "```\n| Benchmark | Value |\n|---|---|\n| MMLU | 1 |\n```\n";
        for card in [
            quantizations,
            code,
            "| MMLU | 5 |",
            "|||||\n|-|-|\n|||\n",
            "| a |\n|---|\n",
        ] {
            assert_eq!(found(card, "m"), [], "{card}");
        }
    }

    #[test]
    fn a_hostile_table_is_bounded() {
        let wide = format!(
            "{}\n{}\n{}\n",
            "| MMLU ".repeat(5_000),
            "|---".repeat(5_000),
            "| 5 ".repeat(5_000)
        );
        let long = format!("| B | V |\n|---|---|\n{}", "| MMLU | 5 |\n".repeat(50_000));
        assert!(scores(&wide, "m").len() <= MAX_COLUMNS);
        assert!(scores(&long, "m").len() <= MAX_ROWS);
    }
}
