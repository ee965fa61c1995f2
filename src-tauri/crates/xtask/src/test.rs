//! `cargo xtask test`: every suite there is, one after the other, up to the first that fails.
//!
//! Suites find what they need in the environment: `SIROCCO_WORKER_DIR` (folder of workers),
//! `SIROCCO_TEST_MODEL` (a real model's file), `SIROCCO_TEST_FOREIGN_MODEL` (one that only llama.cpp loads),
//! `SIROCCO_CLI`, `SIROCCO_DESKTOP`, `SIROCCO_TEST_HUB`, `SIROCCO_TEST_SERVER` and `SIROCCO_TEST_TRAY` (our programs,
//! the scripted hub, server and tray), `SIROCCO_TAURI_DRIVER` (what drives a window). The first two are taken as they
//! are if a developer has set them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Error, Result, bail};

use crate::build::Profile;
use crate::{
    build, check, driver, engine, generate, house, node, paths, setup, shell, starter, test_models,
};

/// A step that passes or fails.
struct Suite {
    name: &'static str,
    /// What has to be built or fetched before.
    needs: &'static [Need],
    kind: Kind,
}

enum Kind {
    /// Something of ours, with the environment for what it starts.
    Own(fn(&Environment) -> Result<()>),
    /// `npm test` in the folder of `tests` that has the suite's name.
    Node(Place),
}

/// Where a suite for Node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Anywhere,
    /// On a display of its own, with a session bus; only Linux has a driver for our windows and a display to hide.
    Display,
}

/// What a suite may need; made once, when the first suite asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    /// The interface in `ui/dist`.
    Interface,
    /// Workers built for this machine.
    Worker,
    /// The starter model.
    Model,
    /// A model that only llama.cpp loads.
    Foreign,
    /// The programs of the workspace, without optimisations. They hold the interface.
    Programs,
    /// What drives the window.
    Driver,
}

use Need::{Driver, Foreign, Interface, Model, Programs, Worker};

const SUITES: &[Suite] = &[
    own("formatting", &[], |_| check::formatting()),
    own("house", &[], |_| house::check()),
    own("contract", &[], |_| generate::check()),
    own("interface", &[Interface], |_| interface()),
    own("lints", &[Interface], |_| check::lints()),
    own("kernels", &[], |_| kernels()),
    own("rust", &[Interface], rust),
    own("model", &[Interface, Worker, Model, Foreign], real_model),
    node("hub", &[Interface, Programs], Place::Anywhere),
    node("clients", &[Interface, Programs], Place::Anywhere),
    node(
        "llamacpp",
        &[Interface, Worker, Model, Programs],
        Place::Anywhere,
    ),
    node("ui", &[Interface, Worker, Model, Programs], Place::Anywhere),
    node(
        "window",
        &[Interface, Worker, Model, Programs, Driver],
        Place::Display,
    ),
];

const fn own(
    name: &'static str,
    needs: &'static [Need],
    run: fn(&Environment) -> Result<()>,
) -> Suite {
    Suite {
        name,
        needs,
        kind: Kind::Own(run),
    }
}

const fn node(name: &'static str, needs: &'static [Need], place: Place) -> Suite {
    Suite {
        name,
        needs,
        kind: Kind::Node(place),
    }
}

type Environment = BTreeMap<&'static str, OsString>;

/// How a suite ended.
enum Outcome {
    Passed,
    Skipped(&'static str),
    Failed(Error),
}

/// Runs all suites, or `only` some, without those of `skip`.
pub fn run(only: &[String], skip: &[String]) -> Result<()> {
    let suites = choose(only, skip)?;
    setup::ensure(setup::Purpose::Test)?;
    let mut prepared = Prepared::default();
    let mut lines = Vec::new();
    let mut failure = None;
    for suite in suites {
        eprintln!("\n== {} ==", suite.name);
        let started = Instant::now();
        let outcome = run_suite(suite, &mut prepared).unwrap_or_else(Outcome::Failed);
        let line = describe(suite.name, &outcome, started.elapsed());
        eprintln!("{line}");
        lines.push((line, Count::of(&outcome)));
        if let Outcome::Failed(error) = outcome {
            failure = Some(error.context(format!("the suite `{}` failed", suite.name)));
            break;
        }
    }
    print!("\n{}", summary(&lines));
    failure.map_or(Ok(()), Err)
}

fn choose(only: &[String], skip: &[String]) -> Result<Vec<&'static Suite>> {
    for name in only.iter().chain(skip) {
        if !SUITES.iter().any(|suite| suite.name == name) {
            let names: Vec<_> = SUITES.iter().map(|suite| suite.name).collect();
            bail!("there is no suite `{name}`, only {}", names.join(", "));
        }
    }
    let named = |names: &[String], suite: &Suite| names.iter().any(|name| name == suite.name);
    let chosen = SUITES
        .iter()
        .filter(|suite| (only.is_empty() || named(only, suite)) && !named(skip, suite));
    Ok(chosen.collect())
}

fn run_suite(suite: &Suite, prepared: &mut Prepared) -> Result<Outcome> {
    let folder = tests_folder().join(suite.name);
    if let Kind::Node(place) = suite.kind {
        if !folder.join("package.json").is_file() {
            return Ok(Outcome::Skipped("it is not in this checkout"));
        }
        if place == Place::Display && !cfg!(target_os = "linux") {
            return Ok(Outcome::Skipped("windows can be driven on Linux only"));
        }
    }
    for need in suite.needs {
        prepared.make(*need)?;
    }
    match suite.kind {
        Kind::Own(run) => run(&prepared.environment)?,
        Kind::Node(place) => {
            node::install(&folder)?;
            shell::run(npm_test(&folder, place).envs(&prepared.environment))?;
        }
    }
    Ok(Outcome::Passed)
}

fn tests_folder() -> PathBuf {
    paths::root().join("tests")
}

fn npm_test(folder: &Path, place: Place) -> Command {
    let mut command = match place {
        Place::Anywhere => Command::new(shell::NPM),
        Place::Display => driver::on_display(shell::NPM),
    };
    command
        .current_dir(folder)
        .args(["run", "--silent", "test"]);
    command
}

fn interface() -> Result<()> {
    check::interface_sources()?;
    shell::run(&mut node::script(&paths::ui(), "test"))
}

/// With optimisations: without them intrinsics are calls, and the tests take a minute.
fn kernels() -> Result<()> {
    check::cargo(&["test", "--release", "--manifest-path", check::KERNELS])
}

fn rust(environment: &Environment) -> Result<()> {
    cargo_test(&[], environment)
}

/// The whole workspace again, though one target of it runs: so its dependencies stay as they were built. The same
/// stories once for each worker there is.
fn real_model(environment: &Environment) -> Result<()> {
    for runtime in ["mistralrs", "llamacpp"] {
        if runtime != "mistralrs" && !has_worker(environment, runtime) {
            eprintln!("there is no worker of {runtime}: its stories are left out");
            continue;
        }
        let mut target = vec!["--features", check::REAL_MODEL, "--test", "real_model"];
        if runtime == "llamacpp" {
            for stories in [
                "foreign_model",
                "embedding",
                "architectures",
                "vision",
                "draft",
            ] {
                target.extend(["--test", stories]);
            }
        }
        let mut environment = environment.clone();
        environment.insert("SIROCCO_TEST_RUNTIME", runtime.into());
        cargo_test(&target, &environment)?;
    }
    Ok(())
}

fn has_worker(environment: &Environment, runtime: &str) -> bool {
    let folder = environment.get("SIROCCO_WORKER_DIR").map(Path::new);
    let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok());
    let prefix = format!("sirocco-worker-{runtime}-");
    entries
        .into_iter()
        .flatten()
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
}

fn cargo_test(more: &[&str], environment: &Environment) -> Result<()> {
    shell::run(
        shell::cargo()
            .current_dir(paths::root())
            .args(["test", "--workspace"])
            .args(more)
            .envs(environment),
    )
}

/// What was made so far, and the environment that says where it is.
#[derive(Default)]
struct Prepared {
    done: BTreeSet<Need>,
    environment: Environment,
}

impl Prepared {
    fn make(&mut self, need: Need) -> Result<()> {
        if !self.done.insert(need) {
            return Ok(());
        }
        let started = Instant::now();
        match need {
            Interface => build::interface()?,
            Worker => {
                self.environment
                    .insert("SIROCCO_WORKER_DIR", engine::folder()?.into());
            }
            Model => {
                self.environment
                    .insert("SIROCCO_TEST_MODEL", starter::model()?.into());
            }
            Foreign => {
                let models = test_models::for_tests()?;
                let named = models.map(|(variable, path)| (variable, path.into()));
                self.environment.extend(named);
            }
            Programs => {
                // Examples too: with their dependencies, cargo builds the same things as for the tests.
                let arguments = ["build", "--workspace", "--bins", "--examples"];
                shell::run(shell::cargo().current_dir(paths::root()).args(arguments))?;
                self.environment
                    .insert("SIROCCO_CLI", Profile::Debug.program("sirocco").into());
                self.environment.insert(
                    "SIROCCO_TEST_HUB",
                    Profile::Debug.program("scripted-hub").into(),
                );
                self.environment.insert(
                    "SIROCCO_TEST_SERVER",
                    Profile::Debug.program("scripted-server").into(),
                );
                self.environment.insert(
                    "SIROCCO_TEST_TRAY",
                    Profile::Debug.program("scripted-tray").into(),
                );
                self.environment.insert(
                    "SIROCCO_DESKTOP",
                    Profile::Debug.program("sirocco-desktop").into(),
                );
            }
            Driver => {
                self.environment
                    .insert("SIROCCO_TAURI_DRIVER", driver::program()?.into());
            }
        }
        eprintln!(
            "{need:?} ready after {:.1} s",
            started.elapsed().as_secs_f64()
        );
        Ok(())
    }
}

fn describe(name: &str, outcome: &Outcome, took: Duration) -> String {
    let seconds = took.as_secs_f64();
    match outcome {
        Outcome::Passed => format!("{name}: passed in {seconds:.1} s"),
        Outcome::Skipped(reason) => format!("{name}: skipped, {reason}"),
        Outcome::Failed(_) => format!("{name}: FAILED after {seconds:.1} s"),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    Passed,
    Skipped,
    Failed,
}

impl Count {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Passed => Self::Passed,
            Outcome::Skipped(_) => Self::Skipped,
            Outcome::Failed(_) => Self::Failed,
        }
    }
}

/// All lines again, then the totals on a line of their own.
fn summary(lines: &[(String, Count)]) -> String {
    let total = |kind: Count| lines.iter().filter(|(_, count)| *count == kind).count();
    let mut text: String = lines.iter().map(|(line, _)| format!("{line}\n")).collect();
    text += &format!(
        "{} passed, {} failed",
        total(Count::Passed),
        total(Count::Failed)
    );
    if total(Count::Skipped) > 0 {
        text += &format!(", {} skipped", total(Count::Skipped));
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(only: &[&str], skip: &[&str]) -> Result<Vec<&'static str>> {
        let owned = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        Ok(choose(&owned(only), &owned(skip))?
            .iter()
            .map(|suite| suite.name)
            .collect())
    }

    #[test]
    fn suites_are_chosen_by_name_and_keep_their_order() {
        assert_eq!(names(&[], &[]).unwrap().len(), SUITES.len());
        assert_eq!(names(&["ui", "house"], &[]).unwrap(), ["house", "ui"]);
        assert!(!names(&[], &["window"]).unwrap().contains(&"window"));
        assert!(names(&["windows"], &[]).is_err());
    }

    #[test]
    fn every_folder_with_tests_for_node_is_a_suite() {
        for entry in std::fs::read_dir(tests_folder()).unwrap() {
            let folder = entry.unwrap().path();
            // Those of `package` measure: they are run by `cargo xtask bench package`.
            if folder.join("package.json").is_file() && !folder.ends_with("package") {
                let name = folder.file_name().unwrap().to_str().unwrap();
                let suite = SUITES.iter().find(|suite| suite.name == name);
                assert!(
                    suite.is_some_and(|suite| matches!(suite.kind, Kind::Node(_))),
                    "tests/{name} is never run"
                );
            }
        }
    }

    #[test]
    fn the_last_line_counts() {
        let line = |text: &str, count| (text.to_owned(), count);
        let passed = [line("a: passed in 1.0 s", Count::Passed)];
        assert_eq!(summary(&passed), "a: passed in 1.0 s\n1 passed, 0 failed\n");
        let mixed = [
            line("a", Count::Passed),
            line("b", Count::Skipped),
            line("c", Count::Failed),
        ];
        assert_eq!(summary(&mixed), "a\nb\nc\n1 passed, 1 failed, 1 skipped\n");
    }

    #[test]
    fn a_window_is_opened_on_a_display_of_its_own() {
        let command = npm_test(Path::new("/x"), Place::Display);
        assert_eq!(command.get_program(), "dbus-run-session");
        let removed = command
            .get_envs()
            .any(|(name, value)| name == "WAYLAND_DISPLAY" && value.is_none());
        assert!(removed);
    }
}
