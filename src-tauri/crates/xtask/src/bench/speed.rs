//! The README's speeds beside llama.cpp: a table and a chart, written between two marks from the lines of
//! `cargo xtask bench engine --readme`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};

use super::{Line, with_unit};
use crate::paths;

const BEGIN: &str = "<!-- speeds: cargo xtask bench engine --readme -->\n";
const END: &str = "<!-- /speeds -->\n";

/// How `engine_speed` begins lines of our worker of llama.cpp.
const OF_LLAMA_CPP: &str = "llama.cpp's worker, ";

/// Reading a prompt of some length, or writing behind one.
#[derive(Default)]
struct Speed {
    ours: f64,
    theirs: f64,
}

/// Puts the measured speeds into the README.
pub fn write(lines: &[Line]) -> Result<()> {
    let block = block(lines)?;
    let path = paths::root().join("README.md");
    let readme = std::fs::read_to_string(&path)?;
    std::fs::write(&path, replaced(&readme, &block)?)?;
    Ok(())
}

fn replaced(readme: &str, block: &str) -> Result<String> {
    let (before, rest) = readme
        .split_once(BEGIN)
        .context("the README has no mark where speeds begin")?;
    let (_, after) = rest
        .split_once(END)
        .context("the README has no mark where speeds end")?;
    Ok(format!("{before}{BEGIN}{block}{END}{after}"))
}

fn block(lines: &[Line]) -> Result<String> {
    // By file and length of the prompt: reading and writing.
    let mut measured: BTreeMap<(&str, u32), [Speed; 2]> = BTreeMap::new();
    for line in lines {
        let Some((file, what)) = line.name.split_once(": ") else {
            continue;
        };
        // Our own worker of llama.cpp has no columns.
        if file.starts_with(OF_LLAMA_CPP) {
            continue;
        }
        let (what, theirs) = match what.strip_suffix(", llama.cpp") {
            Some(what) => (what, true),
            None => (what, false),
        };
        let Some((phase, length)) = what.split_once(" at ") else {
            continue;
        };
        let (Some(phase), Ok(length)) = (
            ["prefill", "decode"].iter().position(|name| *name == phase),
            length.parse(),
        ) else {
            continue;
        };
        let speed = &mut measured.entry((file, length)).or_default()[phase];
        *(if theirs {
            &mut speed.theirs
        } else {
            &mut speed.ours
        }) = line.value;
    }
    ensure!(!measured.is_empty(), "no speeds were measured");
    Ok(format!("{}\n{}", table(&measured), charts(&measured)))
}

fn table(measured: &BTreeMap<(&str, u32), [Speed; 2]>) -> String {
    let mut text = String::from(
        "| file | prompt | reading it | llama.cpp | ratio | writing after it | llama.cpp | ratio |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for ((file, length), speeds) in measured {
        let _ = write!(text, "| {file} | {length}");
        for Speed { ours, theirs } in speeds {
            let _ = write!(
                text,
                " | {} | {} | **{}**",
                with_unit(*ours, ""),
                with_unit(*theirs, ""),
                with_unit(ours / theirs, "")
            );
        }
        text.push_str(" |\n");
    }
    text
}

/// Ratios to llama.cpp over the length of the prompt, a chart for each file.
fn charts(measured: &BTreeMap<(&str, u32), [Speed; 2]>) -> String {
    let mut files: Vec<&str> = measured.keys().map(|(file, _)| *file).collect();
    files.dedup();
    let chart = |file: &str| {
        let rows = || measured.iter().filter(|((of, _), _)| *of == file);
        let list = |value: &dyn Fn(u32, &[Speed; 2]) -> String| {
            let values: Vec<String> = rows().map(|((_, at), speeds)| value(*at, speeds)).collect();
            values.join(", ")
        };
        let ratios = |phase: usize| {
            list(&|_, speeds| format!("{:.2}", speeds[phase].ours / speeds[phase].theirs))
        };
        let highest = rows()
            .flat_map(|(_, speeds)| speeds.iter().map(|speed| speed.ours / speed.theirs))
            .fold(1.0, f64::max);
        format!(
            "```mermaid\nxychart-beta\n    title \"{file}: times llama.cpp (line: writing, bars: reading)\"\n    \
             x-axis \"tokens of prompt\" [{}]\n    y-axis \"ratio\" 0 --> {}\n    bar [{}]\n    line [{}]\n```\n",
            list(&|at, _| at.to_string()),
            highest.ceil(),
            ratios(0),
            ratios(1),
        )
    };
    files.into_iter().map(chart).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<Line> {
        [
            ("memory read by all threads", 20.0),
            ("small: load", 400.0),
            ("small: prefill at 128", 120.0),
            ("small: prefill at 128, llama.cpp", 100.0),
            ("llama.cpp's worker, small: prefill at 128", 90.0),
            ("small: prefill at 128, ratio", 1.2),
            ("small: decode at 128", 30.0),
            ("small: decode at 128, llama.cpp", 20.0),
            ("small: decode at 128, share of memory's limit", 60.0),
        ]
        .map(|(name, value)| Line {
            name: name.to_owned(),
            value,
            unit: String::new(),
            bar: None,
            ok: true,
        })
        .into()
    }

    #[test]
    fn speeds_become_a_row_and_a_chart() {
        let block = block(&lines()).unwrap();
        assert!(
            block.contains("| small | 128 | 120 | 100 | **1.2** | 30 | 20 | **1.5** |\n"),
            "{block}"
        );
        assert!(block.contains("bar [1.20]\n    line [1.50]\n"), "{block}");
        assert!(super::block(&lines()[..2]).is_err());
    }

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let readme = format!("before\n{BEGIN}old\n{END}after\n");
        let expected = format!("before\n{BEGIN}new\n{END}after\n");
        assert_eq!(replaced(&readme, "new\n").unwrap(), expected);
        assert!(replaced("no marks", "new").is_err());
    }
}
