//! Which worker executables there are, and which of them this CPU can run.

use std::path::{Path, PathBuf};

use sirocco_protocol::RuntimeName;

/// What a worker computes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Cards of NVIDIA.
    Cuda,
    /// Apple's.
    Metal,
    /// Cards of any maker. Only llama.cpp has such a worker.
    Vulkan,
    /// The processor: always there.
    Cpu,
}

impl Backend {
    /// All of them, the fastest first.
    pub(crate) const ALL: [Self; 4] = [Self::Cuda, Self::Metal, Self::Vulkan, Self::Cpu];

    /// As it stands in file names and in a worker's hello.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Cuda => "cuda",
            Self::Metal => "metal",
            Self::Vulkan => "vulkan",
            Self::Cpu => "cpu",
        }
    }
}

/// As people write it: `CUDA`.
impl std::fmt::Display for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cuda => "CUDA",
            Self::Metal => "Metal",
            Self::Vulkan => "Vulkan",
            Self::Cpu => "CPU",
        })
    }
}

/// A worker executable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// What it runs models with.
    pub name: RuntimeName,
    /// What it computes on, from its name.
    pub backend: Backend,
    /// The file.
    pub program: PathBuf,
    /// What its CPU code is compiled for, from its name: `native`, `x86-64-v3`, `baseline`.
    pub target: String,
}

impl Runtime {
    /// The worker in this file; none if its name is not one that a worker has. Whether the file is there is not looked at.
    #[must_use]
    pub fn of_file(program: PathBuf) -> Option<Self> {
        let file = program.file_name()?.to_str()?;
        let targets = || TARGETS.into_iter();
        let mut all = RuntimeName::ALL
            .into_iter()
            .flat_map(|name| Backend::ALL.map(|backend| (name, backend)))
            .flat_map(|(name, backend)| targets().map(move |target| (name, backend, target)));
        let (name, backend, target) =
            all.find(|(name, backend, target)| file_name(*name, *backend, target) == file)?;
        Some(Self {
            name,
            backend,
            target: target.to_owned(),
            program,
        })
    }

    /// What it is called among all of a machine: its file's name without what those have in common, such as
    /// `llamacpp-cpu-x86-64-v3`.
    #[must_use]
    pub fn key(&self) -> String {
        format!(
            "{}-{}-{}",
            self.name.slug(),
            self.backend.slug(),
            self.target
        )
    }

    /// Whether this CPU has what it is compiled for, as far as its name says.
    #[must_use]
    pub fn is_for_this_cpu(&self) -> bool {
        cpu_runs(&self.target)
    }

    /// Before which others it is tried.
    fn rank(&self) -> (RuntimeName, usize, usize) {
        let at = |found: Option<usize>| found.unwrap_or(usize::MAX);
        let backend = Backend::ALL.iter().position(|one| *one == self.backend);
        let target = TARGETS.iter().position(|one| *one == self.target);
        (self.name, at(backend), at(target))
    }
}

/// The workers of a program, and those that were `added` to it: these take the place of others of the same key. In the
/// order of [`discover`].
#[must_use]
pub fn with_added(added: Vec<Runtime>, installed: &[Runtime]) -> Vec<Runtime> {
    let is_replaced = |one: &&Runtime| added.iter().any(|other| other.key() == one.key());
    let kept: Vec<_> = installed
        .iter()
        .filter(|one| !is_replaced(one))
        .cloned()
        .collect();
    let mut all = added;
    all.extend(kept);
    all.sort_by_key(Runtime::rank);
    all
}

/// CPU targets, the fastest first.
const TARGETS: [&str; 4] = ["native", "x86-64-v4", "x86-64-v3", "baseline"];

/// The folders workers are looked for in, given where the program itself lies: beside it, in
/// `workers` beside it, and where packages put them.
#[must_use]
pub fn worker_folders(program: Option<&Path>) -> Vec<PathBuf> {
    let Some(folder) = program.and_then(Path::parent) else {
        return Vec::new();
    };
    vec![
        folder.to_path_buf(),
        folder.join("workers"),
        folder.join("../lib/sirocco/workers"),
    ]
}

/// The workers in `folders` that this CPU can run: those of the preferred runtime first, and of each the
/// fastest first, which are those for graphics cards. Whether there is such a card they find out themselves.
///
/// `native` is taken at its word: only a checkout has one, built for the machine it lies on, and no package does. On
/// another CPU that of llama.cpp ends before its hello, and the next one is tried; that of mistral.rs says hello and is
/// ended later, by the first instruction that the CPU lacks, which is an error of the load or the answer.
#[must_use]
pub fn discover(folders: &[PathBuf]) -> Vec<Runtime> {
    RuntimeName::ALL
        .into_iter()
        .flat_map(|name| Backend::ALL.map(|backend| (name, backend)))
        .flat_map(|(name, backend)| {
            let targets = TARGETS.iter().filter(|target| cpu_runs(target));
            targets.map(move |target| (name, backend, *target))
        })
        .filter_map(|(name, backend, target)| {
            let file = file_name(name, backend, target);
            let program = folders
                .iter()
                .map(|folder| folder.join(&file))
                .find(|path| path.is_file())?;
            Some(Runtime {
                name,
                backend,
                program,
                target: target.to_owned(),
            })
        })
        .collect()
}

/// What the worker of a runtime for a CPU is called.
fn file_name(name: RuntimeName, backend: Backend, target: &str) -> String {
    let suffix = std::env::consts::EXE_SUFFIX;
    let (name, backend) = (name.slug(), backend.slug());
    format!("sirocco-worker-{name}-{backend}-{target}{suffix}")
}

/// The best target this CPU can run, for display.
#[must_use]
pub fn cpu_level() -> &'static str {
    TARGETS
        .iter()
        .copied()
        .skip(1)
        .find(|target| cpu_runs(target))
        .filter(|level| *level != "baseline")
        .unwrap_or(std::env::consts::ARCH)
}

/// Levels of the x86-64 psABI, as far as workers are built for them.
fn cpu_runs(target: &str) -> bool {
    match target {
        "x86-64-v3" => has_v3(),
        "x86-64-v4" => has_v3() && has_v4(),
        _ => true,
    }
}

#[cfg(target_arch = "x86_64")]
fn has_v3() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("f16c")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("movbe")
}

#[cfg(target_arch = "x86_64")]
fn has_v4() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512cd")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_v3() -> bool {
    false
}

#[cfg(not(target_arch = "x86_64"))]
fn has_v4() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_worker_comes_first_and_baseline_last() {
        use Backend::{Cpu, Cuda, Vulkan};
        let folder = std::env::temp_dir().join(format!("sirocco-runtime-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (name, backend, target) in [
            (RuntimeName::LlamaCpp, Cpu, "native"),
            (RuntimeName::LlamaCpp, Vulkan, "baseline"),
            (RuntimeName::MistralRs, Cpu, "baseline"),
            (RuntimeName::MistralRs, Cpu, "native"),
            (RuntimeName::MistralRs, Cuda, "baseline"),
        ] {
            std::fs::write(folder.join(file_name(name, backend, target)), "").unwrap();
        }
        let found = discover(std::slice::from_ref(&folder));
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(
            found
                .iter()
                .map(|runtime| (runtime.name, runtime.backend, runtime.target.as_str()))
                .collect::<Vec<_>>(),
            [
                (RuntimeName::MistralRs, Cuda, "baseline"),
                (RuntimeName::MistralRs, Cpu, "native"),
                (RuntimeName::MistralRs, Cpu, "baseline"),
                (RuntimeName::LlamaCpp, Vulkan, "baseline"),
                (RuntimeName::LlamaCpp, Cpu, "native"),
            ]
        );
    }

    #[test]
    fn a_worker_is_told_by_its_file_name() {
        let of = |name: &str| {
            let name = format!("/anywhere/{name}{}", std::env::consts::EXE_SUFFIX);
            Runtime::of_file(PathBuf::from(name))
        };
        let worker = of("sirocco-worker-llamacpp-cpu-x86-64-v3").expect("a worker");
        assert_eq!(
            (worker.name, worker.backend, worker.target.as_str()),
            (RuntimeName::LlamaCpp, Backend::Cpu, "x86-64-v3")
        );
        assert_eq!(worker.key(), "llamacpp-cpu-x86-64-v3");
        for other in [
            "sirocco-worker-llamacpp-cpu-x86-64-v9",
            "sirocco-worker-ollama-cpu-baseline",
            "sirocco-worker-llamacpp-cpu-baseline-",
            "sirocco",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn what_was_added_takes_the_place_of_its_like_and_the_order_stays() {
        let of = |folder: &str, name, backend, target| {
            let file = file_name(name, backend, target);
            Runtime::of_file(PathBuf::from(folder).join(file)).expect("a worker")
        };
        let ours = |name, target| of("/app", name, Backend::Cpu, target);
        let installed = [
            ours(RuntimeName::MistralRs, "baseline"),
            ours(RuntimeName::LlamaCpp, "baseline"),
        ];
        let added = vec![
            of("/data", RuntimeName::LlamaCpp, Backend::Cpu, "baseline"),
            of("/data", RuntimeName::MistralRs, Backend::Cuda, "baseline"),
        ];
        let all = with_added(added.clone(), &installed);
        let expected = [added[1].clone(), installed[0].clone(), added[0].clone()];
        assert_eq!(all, expected);
        assert_eq!(with_added(Vec::new(), &installed), installed);
    }

    #[test]
    fn an_empty_folder_has_no_runtime() {
        assert_eq!(discover(&[PathBuf::from("/nonexistent")]), []);
    }
}
