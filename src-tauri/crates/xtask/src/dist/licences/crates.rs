//! Crates, from what cargo says that each program is built from on this system.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Part;
use crate::engine::{self, Target};
use crate::{paths, shell};

/// What is read of `cargo metadata`.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    authors: Vec<String>,
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    /// None for what ends up in the program.
    kind: Option<String>,
}

/// Crates of others in the window, the command and the packed workers.
pub fn of_programs(workers: &[PathBuf]) -> Result<Vec<Part>> {
    let mut workspace = shell::cargo();
    workspace.current_dir(paths::root()).arg("metadata");
    let mut parts = of_program(&mut workspace, &["sirocco", "sirocco-cli"])?;
    let has = |runtime: &str| {
        let mut names = workers.iter().filter_map(|worker| worker.file_name());
        names.any(|name| name.to_string_lossy().contains(runtime))
    };
    if has("mistralrs") {
        let (mut cargo, _) = engine::cargo(Target::Baseline, &["metadata"])?;
        parts.extend(of_program(&mut cargo, &["sirocco-worker-mistralrs"])?);
    }
    if has("llamacpp") {
        let mut cargo = shell::cargo();
        cargo
            .current_dir(paths::root().join("src-tauri/engines/llamacpp"))
            .arg("metadata");
        parts.extend(of_program(&mut cargo, &["sirocco-worker-llamacpp"])?);
    }
    Ok(parts)
}

fn of_program(metadata: &mut Command, roots: &[&str]) -> Result<Vec<Part>> {
    let platform = host()?;
    metadata.args(["--format-version", "1", "--filter-platform", &platform]);
    let metadata: Metadata = serde_json::from_str(&shell::output(metadata)?)
        .context("what cargo says of its packages")?;
    Ok(parts(&metadata, roots, &paths::root()))
}

/// The compiler's name of this system.
fn host() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let printed = shell::output(Command::new(rustc).arg("-vV"))?;
    let host = printed.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc names no host")
}

/// All that the roots are linked from, but what lies in the checkout `ours`.
fn parts(metadata: &Metadata, roots: &[&str], ours: &Path) -> Vec<Part> {
    let nodes: BTreeMap<&str, &Node> = metadata
        .resolve
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node))
        .collect();
    let mut open: Vec<&str> = metadata
        .packages
        .iter()
        .filter(|package| roots.contains(&package.name.as_str()))
        .map(|package| package.id.as_str())
        .collect();
    let mut used = BTreeSet::new();
    while let Some(id) = open.pop() {
        if used.insert(id) {
            let linked = nodes.get(id).into_iter().flat_map(|node| &node.deps);
            let linked =
                linked.filter(|next| next.dep_kinds.iter().any(|kind| kind.kind.is_none()));
            open.extend(linked.map(|next| next.pkg.as_str()));
        }
    }
    metadata
        .packages
        .iter()
        .filter(|package| used.contains(package.id.as_str()))
        .filter(|package| !is_ours(&package.manifest_path, ours))
        .map(part)
        .collect()
}

/// Builds lie in the checkout too, and patched crates in them.
fn is_ours(manifest: &Path, checkout: &Path) -> bool {
    manifest.starts_with(checkout) && !manifest.starts_with(paths::engines())
}

fn part(package: &Package) -> Part {
    let Package { name, version, .. } = package;
    Part {
        name: name.clone(),
        version: version.clone(),
        licence: package.license.clone().unwrap_or_default(),
        address: format!("https://crates.io/crates/{name}/{version}"),
        holders: package.authors.clone(),
        folder: package
            .manifest_path
            .parent()
            .unwrap_or(Path::new(""))
            .to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_linked_and_made_by_others_is_a_part() {
        let package = |name: &str, folder: &str| {
            serde_json::json!({
                "id": name, "name": name, "version": "1.0.0", "license": "MIT", "authors": [],
                "manifest_path": format!("{folder}/{name}/Cargo.toml"),
            })
        };
        let on = |name: &str, kind: Option<&str>| serde_json::json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        let metadata = serde_json::from_value(serde_json::json!({
            "packages": [
                package("app", "/ours"), package("room", "/ours"), package("linked", "/registry"),
                package("further", "/registry"), package("for-tests", "/registry"), package("for-building", "/registry"),
            ],
            "resolve": { "nodes": [
                { "id": "app", "deps": [on("room", None), on("for-tests", Some("dev"))] },
                { "id": "room", "deps": [on("linked", None), on("for-building", Some("build"))] },
                { "id": "linked", "deps": [on("further", None)] },
                { "id": "further", "deps": [] },
            ] },
        }))
        .unwrap();
        let names: Vec<String> = parts(&metadata, &["app"], Path::new("/ours"))
            .into_iter()
            .map(|part| part.name)
            .collect();
        assert_eq!(names, ["linked", "further"]);
    }
}
