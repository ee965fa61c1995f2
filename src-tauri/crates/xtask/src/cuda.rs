//! What the CUDA worker is built with: a toolkit, and how cargo is told of it.
//!
//! The worker opens CUDA's libraries when it computes, so that one without them can say so; only CUDA's small runtime
//! is in it. Its kernels are machine code for cards of the generation [`CAPABILITY`], and an intermediate code that
//! drivers compile for later ones.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{engine, paths, shell};

/// Ampere, the cards since 2020.
const CAPABILITY: &str = "80";
/// The parts of the toolkit that compile, as PyPI has them.
const PARTS: [&str; 5] = [
    "nvidia-cuda-nvcc==13.0.88",
    "nvidia-nvvm==13.0.88",
    "nvidia-cuda-crt==13.0.88",
    "nvidia-cuda-runtime==13.0.96",
    "nvidia-cuda-cccl==13.0.85",
];
/// What PyPI's parts make a tree of.
const TREE: &str = "nvidia/cu13";

/// Makes a cargo command build for CUDA, and says where.
pub fn complete(mut cargo: Command) -> Result<(Command, PathBuf)> {
    let folder = paths::engines().join("cuda");
    let toolkit = match installed() {
        Some(toolkit) => toolkit,
        None => fetched(&folder)?,
    };
    let patches = engine::source().join("patches/cuda");
    let sources = paths::engines().join("mistralrs/sources/cuda");
    engine::patch(&mut cargo, &patches, &sources)?;

    let (compiler, link) = (folder.join("bin/nvcc"), folder.join("link"));
    write_compiler(&compiler, &toolkit)?;
    write_runtime(&link, &toolkit)?;
    let build = paths::engines().join("mistralrs/build-cuda");
    let mut path = OsString::from(folder.join("bin"));
    path.push(if cfg!(windows) { ";" } else { ":" });
    path.push(std::env::var_os("PATH").unwrap_or_default());
    cargo
        .env("CARGO_TARGET_DIR", &build)
        .env("RUSTFLAGS", format!("-L native={}", link.display()))
        .env("PATH", path)
        .env("NVCC", compiler)
        .env("CUDA_HOME", toolkit)
        .env("CUDA_COMPUTE_CAP", CAPABILITY);
    Ok((cargo, build))
}

/// The toolkit of this machine, if it has one.
fn installed() -> Option<PathBuf> {
    let named = ["CUDA_HOME", "CUDA_PATH"].map(|name| std::env::var_os(name).map(PathBuf::from));
    let usual = [Some(PathBuf::from("/usr/local/cuda"))];
    let mut folders = named.into_iter().chain(usual).flatten();
    folders.find(|folder| folder.join("bin/nvcc").is_file())
}

/// The toolkit from PyPI: 100 MB, fetched once.
fn fetched(folder: &Path) -> Result<PathBuf> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("there is no CUDA toolkit: install one and name its folder in CUDA_HOME");
    }
    let toolkit = folder.join("toolkit");
    let (tree, done) = (toolkit.join(TREE), toolkit.join("complete"));
    if done.is_file() {
        return Ok(tree);
    }
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    shell::run(
        Command::new(python)
            .args(["-m", "pip", "install", "--no-deps", "--no-compile"])
            .args(["--only-binary", ":all:", "--upgrade", "--target"])
            .arg(&toolkit)
            .args(PARTS),
    )?;
    fs::write(&done, "")?;
    Ok(tree)
}

/// Calls the toolkit's compiler so that objects hold, beside machine code, code that drivers compile for later cards.
fn write_compiler(path: &Path, toolkit: &Path) -> Result<()> {
    let script = format!(
        "#!/bin/sh\n\
        case \" $* \" in\n\
        *\" -c \"*) set -- \"$@\" -gencode=arch=compute_{CAPABILITY},code=compute_{CAPABILITY} ;;\n\
        esac\n\
        exec '{}' \"$@\"\n",
        toolkit.join("bin/nvcc").display()
    );
    write_if_other(path, &script)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// Lets the linker find the runtime's archive where it looks for its shared library, which machines without the
/// toolkit lack.
fn write_runtime(folder: &Path, toolkit: &Path) -> Result<()> {
    let archive = ["lib64", "lib", "targets/x86_64-linux/lib"]
        .map(|name| toolkit.join(name).join("libcudart_static.a"))
        .into_iter()
        .find(|path| path.is_file())
        .with_context(|| format!("{} has no libcudart_static.a", toolkit.display()))?;
    let script = format!("INPUT({})\n", archive.display());
    write_if_other(&folder.join("libcudart.so"), &script)
}

/// An unchanged file keeps its time stamp, so that nothing is built again for it.
fn write_if_other(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    let folder = path.parent().context("a file in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    fs::write(path, text).with_context(|| format!("could not write {}", path.display()))
}
