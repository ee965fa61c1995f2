//! Comparisons and ratings as files: CSV as in RFC 4180 for a spreadsheet, JSON with every word.

use serde::Serialize;
use sirocco_protocol::{ComparedAnswer, Comparison, NamedContestant, Rating, Verdict};

/// The table of ratings.
#[must_use]
pub fn ratings_csv(ratings: &[Rating]) -> String {
    let mut text = String::new();
    row(
        &mut text,
        [
            "rank", "model", "preset", "rating", "games", "wins", "ties", "losses",
        ],
    );
    for (line, rank) in ratings.iter().zip(1_u32..) {
        let contestant = &line.contestant;
        row(
            &mut text,
            [
                &rank.to_string(),
                &contestant.model_name,
                contestant.preset_name.as_deref().unwrap_or_default(),
                &format!("{:.1}", line.rating),
                &line.games.to_string(),
                &line.wins.to_string(),
                &line.ties.to_string(),
                &line.losses.to_string(),
            ],
        );
    }
    text
}

/// Every answer, with what makes it again and what it cost.
#[must_use]
pub fn answers_csv(comparisons: &[Comparison]) -> String {
    let mut text = String::new();
    row(
        &mut text,
        [
            "comparison",
            "asked_at_ms",
            "place",
            "model",
            "preset",
            "seed",
            "blind",
            "result",
            "state",
            "prompt_tokens",
            "completion_tokens",
            "tokens_per_second",
            "time_to_first_token_ms",
            "memory_bytes",
            "question",
        ],
    );
    for comparison in comparisons {
        for (answer, place) in comparison.answers.iter().zip(1_u32..) {
            row(&mut text, cells(comparison, answer, place));
        }
    }
    text
}

fn cells(comparison: &Comparison, answer: &ComparedAnswer, place: u32) -> [String; 15] {
    let name = |of: fn(&NamedContestant) -> Option<&str>| {
        let name = answer.contestant.as_ref().and_then(of);
        name.unwrap_or_default().to_owned()
    };
    let run = answer.message.run.as_ref();
    let statistics = run.and_then(|run| run.statistics.as_ref());
    let number = |value: Option<String>| value.unwrap_or_default();
    [
        comparison.id.to_string(),
        comparison.created_at_ms.to_string(),
        place.to_string(),
        name(|contestant| Some(&contestant.model_name)),
        name(|contestant| contestant.preset_name.as_deref()),
        comparison.seed.to_string(),
        comparison.is_blind.to_string(),
        result(comparison.verdict, answer).to_owned(),
        run.map(|run| run.state.as_str())
            .unwrap_or_default()
            .to_owned(),
        number(statistics.map(|s| s.prompt_tokens.to_string())),
        number(statistics.map(|s| s.completion_tokens.to_string())),
        number(statistics.map(|s| format!("{:.2}", s.decode_tokens_per_second))),
        number(statistics.map(|s| format!("{:.1}", s.time_to_first_token_ms))),
        number(answer.memory_bytes.map(|bytes| bytes.to_string())),
        comparison.question.content.clone(),
    ]
}

fn result(verdict: Option<Verdict>, answer: &ComparedAnswer) -> &'static str {
    match verdict {
        None => "",
        Some(Verdict::Tie) => "tie",
        Some(Verdict::AllBad) => "all_bad",
        Some(Verdict::Best { message_id }) if message_id == answer.message.id => "won",
        Some(Verdict::Best { .. }) => "lost",
    }
}

#[derive(Serialize)]
struct File<'a> {
    format: &'static str,
    version: u32,
    ratings: &'a [Rating],
    comparisons: &'a [Comparison],
}

/// Everything, as one JSON object.
#[must_use]
pub fn comparisons_json(ratings: &[Rating], comparisons: &[Comparison]) -> String {
    let file = File {
        format: "sirocco.comparisons",
        version: 1,
        ratings,
        comparisons,
    };
    serde_json::to_string_pretty(&file)
        .expect("protocol types have string keys and no failing serializer")
}

fn row<const CELLS: usize>(text: &mut String, cells: [impl AsRef<str>; CELLS]) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        let cell = cell.as_ref();
        if cell.contains([',', '"', '\r', '\n']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::fixture::{comparison, contestant};

    #[test]
    fn a_cell_with_commas_quotes_or_lines_is_quoted() {
        let mut text = String::new();
        row(&mut text, ["plain", "a,b", "say \"hi\"", "two\nlines"]);
        assert_eq!(text, "plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\r\n");
    }

    #[test]
    fn the_ratings_are_a_line_each_in_their_order() {
        let line = Rating {
            contestant: contestant("Qwen, small"),
            games: 3,
            wins: 2,
            ties: 1,
            losses: 0,
            rating: 1104.26,
        };
        assert_eq!(
            ratings_csv(&[line]),
            "rank,model,preset,rating,games,wins,ties,losses\r\n1,\"Qwen, small\",,1104.3,3,2,1,0\r\n"
        );
    }

    #[test]
    fn every_answer_has_its_seed_its_numbers_and_its_result() {
        let mut one = comparison("Why?", &["a", "b"]);
        one.seed = 4_294_967_295;
        one.answers[0].memory_bytes = Some(1 << 30);
        one.verdict = Some(Verdict::Best {
            message_id: one.answers[1].message.id,
        });
        let text = answers_csv(std::slice::from_ref(&one));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        let id = one.id;
        assert_eq!(
            lines[1],
            format!("{id},10,1,a,,4294967295,true,lost,completed,12,34,5.68,90.1,1073741824,Why?")
        );
        assert_eq!(
            lines[2],
            format!("{id},10,2,b,,4294967295,true,won,completed,12,34,5.68,90.1,,Why?")
        );
        for (verdict, word) in [(Verdict::Tie, ",tie,"), (Verdict::AllBad, ",all_bad,")] {
            one.verdict = Some(verdict);
            assert!(answers_csv(std::slice::from_ref(&one)).contains(word));
        }
    }

    #[test]
    fn json_holds_the_comparisons_as_they_are() {
        let one = comparison("Why?", &["a", "b"]);
        let text = comparisons_json(&[], std::slice::from_ref(&one));
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["format"], "sirocco.comparisons");
        assert_eq!(read["version"], 1);
        let back: Vec<Comparison> = serde_json::from_value(read["comparisons"].clone()).unwrap();
        assert_eq!(back, [one]);
    }
}
