//! `cargo xtask engine`: builds the workers. What is here is that of mistral.rs, from the sources cargo downloads
//! with our patches applied, and what both share; [`llamacpp`] has the other.
//!
//! The patched crates lie beside the build, not in the checkout. A worker is built again only when
//! its own sources, its patches or the compiler change (see [`build`]); what it depends on is cargo's
//! cache, kept per target and, for `native`, per set of CPU features.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::fingerprint::{self, Fingerprint};
use crate::{cuda, llamacpp, paths, shell};

/// What CPU a worker is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Target {
    /// This machine's CPU.
    Native,
    /// AVX2, FMA, F16C: most x86-64 CPUs since 2013.
    #[value(name = "x86-64-v3")]
    X86V3,
    /// Whatever the compiler's default is: runs anywhere.
    Baseline,
}

impl Target {
    /// The name in file names and in the worker's hello.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::X86V3 => "x86-64-v3",
            Self::Baseline => "baseline",
        }
    }

    /// Of what is built for it: for this CPU, with the CPU's features.
    pub fn key(self) -> Result<String> {
        Ok(match self {
            Self::Native => format!("native-{}", cpu_key()?),
            other => other.name().to_owned(),
        })
    }

    fn rustflags(self) -> &'static str {
        match self {
            Self::Native => "-C target-cpu=native",
            Self::X86V3 => "-C target-cpu=x86-64-v3",
            Self::Baseline => "",
        }
    }
}

/// What a worker computes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Backend {
    /// The processor.
    Cpu,
    /// Cards of NVIDIA; see [`cuda`].
    Cuda,
    /// Apple's devices.
    Metal,
    /// Cards of any maker; only llama.cpp can.
    Vulkan,
}

impl Backend {
    /// The name in file names and in the worker's hello.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::Metal => "metal",
            Self::Vulkan => "vulkan",
        }
    }

    /// Where finished workers lie: those for graphics cards apart, for every app takes what is in the first folder.
    pub fn folder(self) -> PathBuf {
        paths::engines().join(match self {
            Self::Cpu => "bin",
            Self::Cuda | Self::Metal | Self::Vulkan => "cards",
        })
    }
}

/// Which worker is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Worker {
    /// That of mistral.rs.
    Mistralrs,
    /// That of llama.cpp.
    Llamacpp,
}

/// Builds the workers, or one of them. Without `only`, the app makes do with mistral.rs where llama.cpp cannot be built.
pub fn workers(target: Target, only: Option<Worker>) -> Result<Vec<PathBuf>> {
    let mut built = Vec::new();
    if only != Some(Worker::Llamacpp) {
        built.push(build(target)?);
    }
    match only {
        Some(Worker::Mistralrs) => {}
        Some(Worker::Llamacpp) => built.push(llamacpp::build(target)?),
        None => match llamacpp::build(target) {
            Ok(worker) => built.push(worker),
            Err(error) => eprintln!(
                "going on without llama.cpp, so only models that mistral.rs loads will run: {error:#}"
            ),
        },
    }
    Ok(built)
}

/// The folder with the workers: `SIROCCO_WORKER_DIR` if that is set, otherwise ours, with workers
/// built for this machine.
pub fn folder() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("SIROCCO_WORKER_DIR").filter(|folder| !folder.is_empty())
    {
        return Ok(PathBuf::from(folder));
    }
    workers(Target::Native, None)?;
    Ok(paths::engines().join("bin"))
}

/// How the files of all workers begin, whatever their engine.
pub const WORKER: &str = "sirocco-worker-";

/// Builds a worker for graphics cards, that of mistral.rs unless another is meant. It runs on any CPU, which has little
/// to do then.
pub fn for_cards(backend: Backend, only: Option<Worker>) -> Result<PathBuf> {
    match (backend, only) {
        (Backend::Vulkan, Some(Worker::Mistralrs)) => {
            bail!("mistral.rs does not compute with Vulkan; llama.cpp does")
        }
        (Backend::Vulkan, _) | (_, Some(Worker::Llamacpp)) => llamacpp::for_cards(backend),
        _ => mistralrs_for_cards(backend),
    }
}

fn mistralrs_for_cards(backend: Backend) -> Result<PathBuf> {
    let (target, name) = (Target::Baseline, backend.name());
    let stamp = format!("{name}.sources");
    let sources = sources("mistralrs", target, name)?;
    // Other patches than for the CPU change what cargo writes into it.
    let _lock = Kept::file(&source().join("Cargo.lock"))?;
    finished("mistralrs", backend, target, &stamp, &sources, || {
        let (cargo, build) = cargo(target, &["build", "--release", "--features", name])?;
        match backend {
            Backend::Cuda => cuda::complete(cargo),
            Backend::Cpu | Backend::Metal | Backend::Vulkan => Ok((cargo, build)),
        }
    })
}

/// A file that is as it was once this is dropped.
struct Kept {
    path: PathBuf,
    text: Vec<u8>,
}

impl Kept {
    fn file(path: &Path) -> Result<Self> {
        Ok(Self {
            path: path.to_path_buf(),
            text: fs::read(path).with_context(|| format!("could not read {}", path.display()))?,
        })
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Err(error) = fs::write(&self.path, &self.text) {
            eprintln!("could not write {}: {error}", self.path.display());
        }
    }
}

/// All workers of a folder, by name.
pub fn found_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut workers: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("could not list {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    workers.retain(|path| stem(path).starts_with(WORKER));
    workers.sort();
    Ok(workers)
}

/// Whether a worker was compiled for the CPU of the machine that made it, and may stop on others with an
/// illegal instruction.
pub fn is_for_this_machine(worker: &Path) -> bool {
    stem(worker).ends_with(&format!("-{}", Target::Native.name()))
}

/// A program's name as it is on all systems.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let suffix = std::env::consts::EXE_SUFFIX;
    name.strip_suffix(suffix).unwrap_or(&name).to_owned()
}

/// Lints the workers. Their dependencies are checked again for that, which takes minutes the first time.
pub fn lint() -> Result<()> {
    llamacpp::lint()?;
    let (mut cargo, _) = cargo(Target::Native, &["clippy", "--release", "--all-targets"])?;
    shell::run(cargo.args(["--", "--deny", "warnings"]))
}

/// An example of the worker that measures it, compiled for this CPU, over a model and a text of twenty thousand tokens:
/// sources of the pinned mistral.rs that no patch changes.
pub fn example(name: &str, model: &Path) -> Result<Command> {
    let (mut cargo, _) = cargo(
        Target::Native,
        &["run", "--release", "--quiet", "--example", name],
    )?;
    let sources = paths::engines().join("mistralrs/sources/mistralrs-core-0.8.1/src");
    // After the patches, which are cargo's.
    cargo.arg("--").arg(model);
    cargo
        .args(["models/granite.rs", "vision_models/gemma4/text.rs"].map(|file| sources.join(file)));
    Ok(cargo)
}

/// A cargo command in the worker's workspace with our patches applied, and the folder it builds in.
pub fn cargo(target: Target, arguments: &[&str]) -> Result<(Command, PathBuf)> {
    let source = source();
    let folder = paths::engines().join("mistralrs");

    let build = folder.join(format!("build-{}", target.key()?));
    let mut cargo = shell::cargo();
    cargo
        .current_dir(&source)
        .args(arguments)
        .env("CARGO_TARGET_DIR", &build)
        .env("RUSTFLAGS", target.rustflags())
        .env("SIROCCO_ENGINE_TARGET", target.name())
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    patch(&mut cargo, &source.join("patches"), &folder.join("sources"))?;
    Ok((cargo, build))
}

/// The workspace of the worker.
pub fn source() -> PathBuf {
    paths::root().join("src-tauri/engines/mistralrs")
}

/// Hands cargo, for each crate that `patches` has changes of, sources with them, which lie in `folder`.
pub fn patch(cargo: &mut Command, patches: &Path, folder: &Path) -> Result<()> {
    for (name, patches) in &read_patches(patches)? {
        let sources = patched_source(folder, name, patches)?;
        let (name, _) = split_version(name)?;
        cargo.arg("--config").arg(format!(
            "patch.crates-io.{name}.path={:?}",
            sources.display().to_string()
        ));
    }
    Ok(())
}

/// Builds the mistral.rs worker, unless there is one of the same sources, and returns the finished executable.
///
/// Cargo goes by time stamps, and all files of a fresh clone are new: it would compile and link again
/// what is the same.
pub fn build(target: Target) -> Result<PathBuf> {
    let stamp = format!("{}.sources", target.name());
    let sources = sources("mistralrs", target, target.rustflags())?;
    finished("mistralrs", Backend::Cpu, target, &stamp, &sources, || {
        cargo(target, &["build", "--release"])
    })
}

/// The finished worker of a runtime, unless there is one of the same sources built anew by the command that `make`
/// gives, which builds in the folder beside it.
pub fn finished(
    runtime: &str,
    backend: Backend,
    target: Target,
    stamp: &str,
    sources: &str,
    make: impl FnOnce() -> Result<(Command, PathBuf)>,
) -> Result<PathBuf> {
    let suffix = std::env::consts::EXE_SUFFIX;
    let folder = backend.folder();
    let name = format!("sirocco-worker-{runtime}");
    let file = format!("{name}-{}-{}{suffix}", backend.name(), target.name());
    let finished = folder.join(file);
    let stamp = folder.join(stamp);
    if finished.is_file() && fs::read_to_string(&stamp).is_ok_and(|built| built == sources) {
        return Ok(finished);
    }
    let (mut cargo, build) = make()?;
    shell::run(&mut cargo)?;

    let built = build.join("release").join(format!("{name}{suffix}"));
    fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    // A running worker keeps its file: remove first, then copy.
    let _ = fs::remove_file(&stamp);
    let _ = fs::remove_file(&finished);
    fs::copy(&built, &finished).with_context(|| format!("could not copy {}", built.display()))?;
    fs::write(&stamp, sources).with_context(|| format!("could not write {}", stamp.display()))?;
    Ok(finished)
}

/// Changes with anything a worker is made from: its own files and those of the rooms that the
/// architecture test lets it know, the versions they inherit, the compiler with its flags, and the CPU.
pub fn sources(runtime: &str, target: Target, flags: &str) -> Result<String> {
    let root = paths::root();
    let mut files = vec![
        root.join("Cargo.toml"),
        root.join("src-tauri/engines").join(runtime),
    ];
    for room in ["engine-wire", "gguf", "worker"] {
        let folder = root.join("src-tauri/crates").join(room);
        files.extend([folder.join("Cargo.toml"), folder.join("src")]);
    }
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let compiler = shell::output(Command::new(rustc).arg("-vV"))?;
    let files = fingerprint::of_files(&files)?;
    let cpu = match target {
        Target::Native => cpu_key()?,
        // The same wherever it is made.
        Target::X86V3 | Target::Baseline => String::new(),
    };
    Ok(format!("{files}\n{cpu}\n{flags}\n{compiler}"))
}

/// Patches by crate (`mistralrs-core-0.8.1`), in the order of their numbers.
fn read_patches(folder: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("could not list {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    let mut patches = BTreeMap::<String, Vec<String>>::new();
    for file in files.iter().filter(|file| {
        file.extension()
            .is_some_and(|extension| extension == "patch")
    }) {
        let text = fs::read_to_string(file)
            .with_context(|| format!("could not read {}", file.display()))?;
        let name = text
            .lines()
            .find_map(|line| line.strip_prefix("Crate: "))
            .with_context(|| format!("{} has no line `Crate: name-version`", file.display()))?;
        patches
            .entry(name.trim().to_owned())
            .or_default()
            .push(text.clone());
    }
    Ok(patches)
}

/// A folder with the crate's published sources and our patches; made anew only if the patches changed.
fn patched_source(folder: &Path, name: &str, patches: &[String]) -> Result<PathBuf> {
    let target = folder.join(name);
    let stamp = folder.join(format!("{name}.patches"));
    let wanted = patches.concat();
    if fs::read_to_string(&stamp).is_ok_and(|applied| applied == wanted) && target.is_dir() {
        return Ok(target);
    }
    eprintln!("patching {name}");
    let _ = fs::remove_file(&stamp);
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    copy_folder(&downloaded_source(folder, name)?, &target)?;
    for patch in patches {
        apply(&target, patch).with_context(|| format!("a patch does not apply to {name}"))?;
    }
    fs::write(&stamp, wanted)?;
    Ok(target)
}

/// Lets cargo download the crate and says where it put it.
fn downloaded_source(folder: &Path, name: &str) -> Result<PathBuf> {
    let (package, version) = split_version(name)?;
    let scratch = folder.join("download");
    fs::create_dir_all(scratch.join("src"))?;
    fs::write(scratch.join("src/lib.rs"), "")?;
    fs::write(
        scratch.join("Cargo.toml"),
        format!(
            "[package]\nname = \"download\"\nedition = \"2024\"\n[dependencies]\n{package} = \"={version}\"\n[workspace]\n"
        ),
    )?;
    let metadata = shell::output(shell::cargo().current_dir(&scratch).args([
        "metadata",
        "--format-version",
        "1",
    ]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|found| found["name"] == package && found["version"] == version)
        .and_then(|found| found["manifest_path"].as_str())
        .and_then(|manifest| Path::new(manifest).parent())
        .map(Path::to_path_buf)
        .with_context(|| format!("cargo knows no {package} {version}"))
}

fn split_version(name: &str) -> Result<(&str, &str)> {
    name.rsplit_once('-')
        .with_context(|| format!("`{name}` is not a name with a version"))
}

/// Applies a patch of several files in the form of `git diff`.
fn apply(folder: &Path, patch: &str) -> Result<()> {
    let start = patch.find("--- a/").context("the patch changes no file")?;
    let mut starts: Vec<usize> = patch[start..]
        .match_indices("\n--- a/")
        .map(|(at, _)| start + at + 1)
        .collect();
    starts.insert(0, start);
    starts.push(patch.len());
    for range in starts.windows(2) {
        let text = &patch[range[0]..range[1]];
        let name = text["--- a/".len()..]
            .lines()
            .next()
            .context("a file name")?
            .trim();
        let path = folder.join(name);
        let original = fs::read_to_string(&path)
            .with_context(|| format!("could not read {}", path.display()))?;
        let change = diffy::Patch::from_str(text)
            .with_context(|| format!("the change of {name} is no unified diff"))?;
        let changed =
            diffy::apply(&original, &change).with_context(|| format!("the change of {name}"))?;
        fs::write(&path, changed)?;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Names this CPU's features, so that a build for another CPU is never taken for one for this.
fn cpu_key() -> Result<String> {
    let mut hash = Fingerprint::default();
    hash.add(feature_lines("native")?.concat().as_bytes());
    Ok(hash.to_string())
}

/// The features of a CPU, by the compiler's name for it, as `target_feature="avx2"`.
pub fn feature_lines(cpu: &str) -> Result<Vec<String>> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let config = shell::output(Command::new(rustc).args([
        "--print",
        "cfg",
        "-C",
        &format!("target-cpu={cpu}"),
    ]))?;
    let features: Vec<String> = config
        .lines()
        .filter(|line| line.starts_with("target_feature"))
        .map(str::to_owned)
        .collect();
    if features.is_empty() {
        bail!("rustc names no CPU features");
    }
    Ok(features)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_of_any_engine_is_found_and_told_from_one_for_this_machine() {
        let folder = std::env::temp_dir().join(format!("sirocco-workers-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for name in [
            "sirocco-worker-b-cpu-native",
            "sirocco-worker-a-cpu-baseline",
            "a.sources",
        ] {
            fs::write(
                folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)),
                "",
            )
            .unwrap();
        }
        let found = found_in(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        let native: Vec<bool> = found.iter().map(|path| is_for_this_machine(path)).collect();
        assert_eq!(native, [false, true]);
        assert!(stem(&found[0]).ends_with("a-cpu-baseline"));
    }
}
