//! The worker of llama.cpp: built apart from that of mistral.rs, with cmake and libclang, from the sources that its
//! pinned crate brings.
//!
//! Only llama.cpp's own code for the CPU is compiled for more than the baseline, and only by its own switches: so the
//! worker starts on any CPU, sees for itself whether this one has what that code needs, and makes way for the next
//! worker if not. On CPUs that are no x86-64 the compiler is told instead, as for Rust.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::engine::{self, Backend, Target};
use crate::{paths, setup, shell};

const NAME: &str = "llamacpp";

/// ggml's switches, and the features of a CPU that each stands for.
const SWITCHES: [(&str, &[&str]); 11] = [
    ("GGML_SSE42", &["sse4.2"]),
    ("GGML_AVX", &["avx"]),
    ("GGML_AVX2", &["avx2"]),
    ("GGML_BMI2", &["bmi2"]),
    ("GGML_F16C", &["f16c"]),
    ("GGML_FMA", &["fma"]),
    ("GGML_AVX_VNNI", &["avxvnni"]),
    (
        "GGML_AVX512",
        &["avx512f", "avx512cd", "avx512vl", "avx512dq", "avx512bw"],
    ),
    ("GGML_AVX512_VBMI", &["avx512vbmi"]),
    ("GGML_AVX512_VNNI", &["avx512vnni"]),
    ("GGML_AVX512_BF16", &["avx512bf16"]),
];

/// Builds the worker, unless there is one of the same sources, and returns the finished executable.
///
/// # Errors
/// Also if this machine lacks what llama.cpp is built with.
pub fn build(target: Target) -> Result<PathBuf> {
    let settings = settings(target)?;
    let flags: String = settings
        .iter()
        .map(|(name, value)| format!("{name}={value} "))
        .collect();
    let sources = engine::sources(NAME, target, &flags)?;
    let stamp = format!("{NAME}-{}.sources", target.name());
    engine::finished(NAME, Backend::Cpu, target, &stamp, &sources, || {
        let build = format!("build-{}", target.key()?);
        let arguments = ["build", "--release", "--locked"];
        cargo(target, &settings, &build, &arguments)
    })
}

/// Builds the worker for graphics cards, with what their makers or the system have for that.
///
/// # Errors
/// Also if this machine lacks it.
pub fn for_cards(backend: Backend) -> Result<PathBuf> {
    let missing = match backend {
        Backend::Vulkan => setup::missing_for_vulkan(),
        Backend::Cuda if !shell::on_path(&["nvcc"]) => vec!["nvcc, the compiler of CUDA".into()],
        Backend::Cpu | Backend::Cuda | Backend::Metal => Vec::new(),
    };
    if !missing.is_empty() {
        bail!("this machine lacks {}", missing.join(" and "));
    }
    let (target, name) = (Target::Baseline, backend.name());
    let settings = settings(target)?;
    let sources = engine::sources(NAME, target, name)?;
    let stamp = format!("{NAME}-{name}.sources");
    engine::finished(NAME, backend, target, &stamp, &sources, || {
        let build = format!("build-{name}");
        let arguments = ["build", "--release", "--locked", "--features", name];
        cargo(target, &settings, &build, &arguments)
    })
}

/// Lints the worker.
pub fn lint() -> Result<()> {
    let settings = settings(Target::Native)?;
    let arguments = ["clippy", "--release", "--locked", "--all-targets"];
    let build = format!("build-{}", Target::Native.key()?);
    let (mut cargo, _) = cargo(Target::Native, &settings, &build, &arguments)?;
    shell::run(cargo.args(["--", "--deny", "warnings"]))
}

type Settings = Vec<(&'static str, String)>;

/// A cargo command in the worker's workspace that builds in this folder, and the folder.
fn cargo(
    target: Target,
    settings: &Settings,
    build: &str,
    arguments: &[&str],
) -> Result<(Command, PathBuf)> {
    let missing = setup::missing_for_llamacpp();
    if !missing.is_empty() {
        bail!("this machine lacks {}", missing.join(" and "));
    }
    let build = paths::engines().join(NAME).join(build);
    let mut cargo = shell::cargo();
    cargo
        .current_dir(paths::root().join("src-tauri/engines").join(NAME))
        .args(arguments)
        .env("CARGO_TARGET_DIR", &build)
        .env("SIROCCO_ENGINE_TARGET", target.name())
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .envs(settings.iter().map(|(name, value)| (name, value)));
    Ok((cargo, build))
}

/// The environment that says what llama.cpp is compiled for.
fn settings(target: Target) -> Result<Settings> {
    let is_x86 = cfg!(target_arch = "x86_64");
    let rustflags = if target == Target::Native && !is_x86 {
        "-C target-cpu=native"
    } else {
        ""
    };
    let mut settings = vec![("RUSTFLAGS", rustflags.to_owned())];
    if is_x86 {
        let cpu = match target {
            Target::Native => "native",
            Target::X86V3 => "x86-64-v3",
            Target::Baseline => "x86-64",
        };
        settings.extend(switches(&engine::feature_lines(cpu)?));
    }
    Ok(settings)
}

/// Every switch, on or off: those that are not named are on.
fn switches(features: &[String]) -> Settings {
    let has = |name: &str| features.contains(&format!("target_feature=\"{name}\""));
    SWITCHES
        .iter()
        .map(|(switch, needed)| {
            let is_on = needed.iter().all(|name| has(name));
            (*switch, if is_on { "ON" } else { "OFF" }.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(features: &[&str]) -> Vec<&'static str> {
        let lines: Vec<String> = features
            .iter()
            .map(|name| format!("target_feature=\"{name}\""))
            .collect();
        let all = switches(&lines);
        assert_eq!(
            all.len(),
            SWITCHES.len(),
            "a switch that is not named is on"
        );
        let on = all.iter().filter(|(_, value)| value == "ON");
        on.map(|(name, _)| *name).collect()
    }

    #[test]
    fn a_switch_is_on_only_with_all_it_stands_for() {
        assert_eq!(on(&["sse2"]), [""; 0]);
        assert_eq!(on(&["avx", "avx2"]), ["GGML_AVX", "GGML_AVX2"]);
        assert_eq!(on(&["avx512f", "avx512bw"]), [""; 0]);
        let five = ["avx512f", "avx512cd", "avx512vl", "avx512dq", "avx512bw"];
        assert_eq!(on(&five), ["GGML_AVX512"]);
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn every_target_says_what_it_is_compiled_for() {
        let of = |target| settings(target).unwrap();
        let is_on = |settings: &Settings, name| {
            settings
                .iter()
                .any(|(switch, value)| *switch == name && value == "ON")
        };
        let (baseline, v3) = (of(Target::Baseline), of(Target::X86V3));
        assert!(
            baseline.iter().all(|(_, value)| value != "ON"),
            "{baseline:?}"
        );
        assert!(is_on(&v3, "GGML_AVX2") && is_on(&v3, "GGML_FMA") && !is_on(&v3, "GGML_AVX512"));
    }
}
