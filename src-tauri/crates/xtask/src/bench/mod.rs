//! `cargo xtask bench`: runs programs that measure and shows their lines beside their bars.
//!
//! A measuring program prints one JSON object a line on its standard output,
//! `{"name":"overhead","value":1.2,"unit":"%","bar":3,"ok":true}`, with `bar` null where a line only
//! informs, and leaves out what it could not measure. Whether a value holds its bar is said by the
//! program, which knows which side is the good one. Everything else that is printed goes to standard error.

mod speed;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::build::{self, Host, Profile};
use crate::{dist, driver, engine, node, paths, shell, starter, test_models};

/// Measuring programs whose lines belong together.
struct Bench {
    name: &'static str,
    programs: &'static [Program],
}

/// A measuring program.
enum Program {
    /// An example of the package `sirocco-tests`.
    Example(&'static str),
    /// One that measures a model that answers.
    ExampleWithModel(&'static str),
    /// The speed of this runtime beside llama.cpp's.
    Speed(&'static str),
    /// One over a worker that follows a script.
    ExampleWithScript(&'static str),
    /// An example of the worker of mistral.rs, which looks into it.
    Worker(&'static str),
    /// A script of `tests/ui`, which drives the interface in Chromium.
    Browser(&'static str),
    /// A script of `tests/window`, which drives the window over a worker that follows a script.
    Window(&'static str),
    /// A script of `tests/package`, which tries out what `cargo xtask dist` has made.
    Package(&'static str),
}

use Program::{
    Browser, Example, ExampleWithModel, ExampleWithScript, Package, Speed, Window, Worker,
};

const BENCHES: &[Bench] = &[
    Bench {
        name: "app",
        programs: &[ExampleWithModel("app_overhead")],
    },
    Bench {
        name: "chat",
        programs: &[
            Example("chat_speed"),
            Browser("hostile-speed.mjs"),
            Window("frame-speed.mjs"),
        ],
    },
    Bench {
        name: "engine",
        programs: &[Speed("mistralrs"), Speed("llamacpp"), Worker("accuracy")],
    },
    Bench {
        name: "hub",
        programs: &[
            Example("hub_downloads"),
            Example("library_speed"),
            Browser("search-speed.mjs"),
            ExampleWithModel("fit_calibration"),
        ],
    },
    Bench {
        name: "server",
        programs: &[
            ExampleWithScript("server_load"),
            ExampleWithModel("structured_output"),
        ],
    },
    Bench {
        name: "package",
        programs: &[
            Package("sizes.mjs"),
            Package("judges.mjs"),
            Package("cpu_targets.mjs"),
            Package("portable.mjs"),
            Package("old_cpu.mjs"),
            Package("clean_debian.mjs"),
        ],
    },
];

/// One measured value.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: String,
    value: f64,
    unit: String,
    bar: Option<f64>,
    ok: bool,
}

/// What there is to measure.
pub fn names() -> Vec<&'static str> {
    BENCHES.iter().map(|bench| bench.name).collect()
}

/// Runs the bench of that name. A missed bar is an error, after everything was shown. With `readme`, the engine's
/// speeds are written into the README.
pub fn run(name: &str, json: bool, readme: bool) -> Result<()> {
    ensure!(
        !readme || name == "engine",
        "the README has the engine's speeds only"
    );
    let bench = BENCHES
        .iter()
        .find(|bench| bench.name == name)
        .context("clap lets only known names through")?;
    build::interface()?;
    let mut lines = Vec::new();
    let mut failures = Vec::new();
    for program in bench.programs {
        // What the others measure is worth its time all the same.
        if let Err(error) = measure(program, &mut lines, json) {
            failures.push(format!("{error:#}"));
        }
    }
    if !json {
        print!("{}", table(&lines));
    }
    if readme {
        speed::write(&lines)?;
    }
    if !failures.is_empty() {
        bail!("the bench `{name}` is not whole: {}", failures.join("; "));
    }
    match lines.iter().filter(|line| !line.ok).count() {
        0 => Ok(()),
        missed => bail!("{missed} of {} lines miss their bar", lines.len()),
    }
}

/// Runs one program and adds its lines, which are shown at once if they go to another program.
fn measure(program: &Program, lines: &mut Vec<Line>, json: bool) -> Result<()> {
    let name = match program {
        Example(name)
        | ExampleWithModel(name)
        | ExampleWithScript(name)
        | Speed(name)
        | Worker(name)
        | Browser(name)
        | Window(name)
        | Package(name) => name,
    };
    let mut child = command(program)?
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start `{name}`"))?;
    let before = lines.len();
    for text in BufReader::new(child.stdout.take().expect("standard output is piped")).lines() {
        let text = text?;
        if !text.starts_with('{') {
            // A bus begun for the window, and what it begins, speak on the same output.
            eprintln!("{text}");
            continue;
        }
        let line: Line =
            serde_json::from_str(&text).with_context(|| format!("`{name}` printed `{text}`"))?;
        if json {
            println!("{}", serde_json::to_string(&line)?);
        }
        lines.push(line);
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{name}` ended with {status}");
    }
    if lines.len() == before {
        bail!("`{name}` measured nothing");
    }
    Ok(())
}

fn command(program: &Program) -> Result<Command> {
    match program {
        Example(name) => Ok(example(name)),
        ExampleWithModel(name) => {
            let mut command = example(name);
            command
                .env("SIROCCO_TEST_MODEL", starter::model()?)
                .env("SIROCCO_WORKER_DIR", engine::folder()?);
            Ok(command)
        }
        ExampleWithScript(name) => {
            build_doubles()?;
            Ok(example(name))
        }
        Speed(runtime) => speed_of(runtime),
        Worker(name) => engine::example(name, &starter::model()?),
        Browser(script) => browser(script),
        Window(script) => window(script),
        Package(script) => package(script),
    }
}

/// Of our own kernels and of what llama.cpp does with the same files; of our worker of llama.cpp, which must be as fast as
/// any other program with it, one file is enough.
fn speed_of(runtime: &str) -> Result<Command> {
    node::install(&paths::root().join("tests/llamacpp"))?;
    let mut models = vec![starter::model()?];
    let mut command = example("engine_speed");
    match runtime {
        "mistralrs" => models.push(test_models::larger()?),
        _ => {
            command.env("SIROCCO_BENCH_LENGTHS", "128,512");
        }
    }
    command
        .env("SIROCCO_TEST_RUNTIME", runtime)
        .env("SIROCCO_TEST_MODEL", std::env::join_paths(models)?)
        .env("SIROCCO_WORKER_DIR", engine::folder()?);
    Ok(command)
}

/// What packages are tried out with, and Debian's packages of it: they are only made for Debian from here.
const PACKAGE_PROGRAMS: [(&str, &str); 6] = [
    ("appstreamcli", "appstream"),
    ("debootstrap", "debootstrap"),
    ("desktop-file-validate", "desktop-file-utils"),
    ("lintian", "lintian"),
    ("qemu-x86_64", "qemu-user"),
    ("Xvfb", "xvfb"),
];

fn package(script: &str) -> Result<Command> {
    if !dist::packages().is_dir() {
        bail!("there are no packages: make them with `cargo xtask dist`");
    }
    let missing = PACKAGE_PROGRAMS
        .iter()
        .find(|(program, _)| !shell::on_path(&[program]));
    if let Some((program, package)) = missing {
        bail!("`{program}` is missing: install Debian's package `{package}`");
    }
    let mut command = Command::new("node");
    command
        .current_dir(paths::root().join("tests/package"))
        .arg(script)
        .env("SIROCCO_TEST_MODEL", starter::model()?)
        .env("SIROCCO_TINY_MODEL", tiny_model()?)
        .env("SIROCCO_PACKAGES", dist::packages())
        .env("SIROCCO_STAGE", dist::folder().join("release"))
        .env("SIROCCO_BUILT_WORKERS", paths::engines().join("bin"))
        .env("SIROCCO_DEBIAN_TREE", dist::folder().join("debian-12"));
    Ok(command)
}

/// A model that an emulated processor reads in seconds, written anew.
fn tiny_model() -> Result<PathBuf> {
    let path = dist::folder().join("tiny.gguf");
    let mut write = cargo("run");
    write.args(["--bin", "tiny-model", "--"]).arg(&path);
    shell::run(&mut write)?;
    Ok(path)
}

fn example(name: &str) -> Command {
    let mut cargo = cargo("run");
    cargo.args(["--example", name]);
    cargo
}

/// Cargo over the package that measures.
fn cargo(word: &str) -> Command {
    let mut cargo = shell::cargo();
    cargo
        .current_dir(paths::root())
        .args([word, "--quiet", "--package", "sirocco-tests"])
        .args(Profile::Measuring.flag());
    cargo
}

/// Builds what plays the Hub and the engine; with an example, for whom the libraries have other features than without.
fn build_doubles() -> Result<()> {
    let mut build = cargo("build");
    build.args(["--bin", "scripted-hub", "--bin", "scripted-worker"]);
    build.args(["--example", "chat_speed"]);
    shell::run(&mut build)
}

/// The window and the command: always both, since each set of packages is linked by itself.
fn build_app() -> Result<()> {
    build::programs(Profile::Measuring, Host::Window)
}

fn browser(script: &str) -> Result<Command> {
    build_app()?;
    build_doubles()?;
    let folder = paths::root().join("tests/ui");
    node::install(&folder)?;
    let mut command = Command::new("node");
    command.current_dir(folder).arg(script);
    tell_programs(&mut command);
    Ok(command)
}

fn window(script: &str) -> Result<Command> {
    build_app()?;
    build_doubles()?;
    let mut command = driver::on_display("node");
    command
        .current_dir(paths::root().join("tests/window"))
        .arg(script)
        .env("SIROCCO_TAURI_DRIVER", driver::program()?)
        .env(
            "SIROCCO_DESKTOP",
            Profile::Measuring.program("sirocco-desktop"),
        );
    tell_programs(&mut command);
    Ok(command)
}

fn tell_programs(command: &mut Command) {
    let program = |name| Profile::Measuring.program(name);
    command
        .env("SIROCCO_CLI", program("sirocco"))
        .env("SIROCCO_TEST_HUB", program("scripted-hub"))
        .env("SIROCCO_TEST_WORKER", program("scripted-worker"));
}

/// Columns: name, value with unit, bar, and whether it holds.
fn table(lines: &[Line]) -> String {
    let rows: Vec<[String; 3]> = lines
        .iter()
        .map(|line| {
            let bar = line
                .bar
                .map_or_else(String::new, |bar| with_unit(bar, &line.unit));
            [line.name.clone(), with_unit(line.value, &line.unit), bar]
        })
        .collect();
    let head = ["name".to_owned(), "value".to_owned(), "bar".to_owned()];
    let width = |column: usize| {
        rows.iter()
            .chain([&head])
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths = [width(0), width(1), width(2)];
    let mut text = String::new();
    let mut add = |row: &[String; 3], verdict: &str| {
        let [name, value, bar] = row;
        let line = format!(
            "{name:<0$}  {value:>1$}  {bar:>2$}  {verdict}",
            widths[0], widths[1], widths[2]
        );
        let _ = writeln!(text, "{}", line.trim_end());
    };
    add(&head, "");
    for (row, line) in rows.iter().zip(lines) {
        add(
            row,
            match (line.bar, line.ok) {
                (None, true) => "",
                (Some(_), true) => "ok",
                (_, false) => "MISSED",
            },
        );
    }
    text
}

/// Three significant digits are what a measurement is good for.
fn with_unit(value: f64, unit: &str) -> String {
    let decimals = match value.abs() {
        small if small != 0.0 && small < 1.0 => 3,
        small if small < 10.0 => 2,
        small if small < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    if unit.is_empty() {
        text.to_owned()
    } else {
        format!("{text} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, value: f64, unit: &str, bar: Option<f64>, ok: bool) -> Line {
        Line {
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
            bar,
            ok,
        }
    }

    #[test]
    fn a_line_is_read_as_it_is_documented() {
        let read: Line =
            serde_json::from_str(r#"{"name":"overhead","value":1.2,"unit":"%","bar":3,"ok":true}"#)
                .unwrap();
        assert_eq!(read, line("overhead", 1.2, "%", Some(3.0), true));
        let informs: Line = serde_json::from_str(
            r#"{"name":"speed","value":40,"unit":"tok/s","bar":null,"ok":true}"#,
        )
        .unwrap();
        assert_eq!(informs.bar, None);
        assert!(serde_json::from_str::<Line>(r#"{"name":"speed","unit":"tok/s"}"#).is_err());
    }

    #[test]
    fn the_table_lines_its_columns_up_and_marks_what_is_missed() {
        let lines = [
            line("overhead of the app", 1.234, "%", Some(3.0), true),
            line("first token", 12.5, "ms", Some(5.0), false),
            line("speed", 143.2, "tok/s", None, true),
        ];
        let expected = "\
name                     value   bar
overhead of the app     1.23 %   3 %  ok
first token            12.5 ms  5 ms  MISSED
speed                143 tok/s
";
        assert_eq!(table(&lines), expected);
    }

    #[test]
    fn numbers_keep_three_significant_digits() {
        assert_eq!(with_unit(0.05, "x"), "0.05 x");
        assert_eq!(with_unit(0.0, ""), "0");
        assert_eq!(with_unit(1200.4, ""), "1200");
        assert_eq!(with_unit(-2.5, "%"), "-2.5 %");
    }
}
