//! An archive for each runtime and what it computes on: all its workers, licences, and how it is added to an
//! installation.
//!
//! Installers and the portable folder hold both runtimes for processors as well. A package of llama.cpp apart from
//! that of the app, which recommends it, would be found by apt only in a repository or when both files are named:
//! whoever opens the one file they downloaded would get an app that runs half of the models. So these archives are for
//! those who take one out, or add a newer one or one for a graphics card, which is apart because of its size, and
//! because few can use it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::binaries;
use super::stage::file_name;
use crate::{engine, paths};

/// What `cargo xtask engine --backend` has made, if anything, as it is packed; `release` is a folder for it.
pub fn built_for_cards(release: &Path) -> Result<Vec<PathBuf>> {
    let built = engine::Backend::Cuda.folder();
    if !built.is_dir() {
        return Ok(Vec::new());
    }
    let folder = release.join("cards");
    fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    let workers = engine::found_in(&built)?;
    let stripped = workers
        .iter()
        .map(|worker| binaries::stripped(worker, &folder));
    stripped.collect()
}

/// Packs each runtime of these workers, as they are.
pub fn pack(workers: &[PathBuf], licences: &[PathBuf], packages: &Path) -> Result<Vec<PathBuf>> {
    let of_package = |name: &str| paths::root().join("src-tauri/package").join(name);
    let runtimes = by_runtime(workers);
    let archives = runtimes.iter().map(|(runtime, workers)| {
        let mut files: Vec<_> = workers.iter().map(|file| (file.as_path(), "")).collect();
        let mut notes = vec![of_package("runtime.txt")];
        if runtime.ends_with("-cuda") {
            notes.push(of_package("cards.txt"));
        }
        notes.push(paths::root().join("LICENSE"));
        files.extend(notes.iter().map(|file| (file.as_path(), "")));
        files.extend(licences.iter().map(|file| (file.as_path(), "licences/")));
        let name = format!(
            "sirocco-runtime-{runtime}-{}-{}-{}",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH
        );
        archive(&name, &files, packages)
    });
    archives.collect()
}

/// The workers of each runtime on what it computes on, such as `llamacpp-cpu`; the rest of a name is the CPU's.
fn by_runtime(workers: &[PathBuf]) -> BTreeMap<String, Vec<&PathBuf>> {
    let mut runtimes = BTreeMap::<_, Vec<_>>::new();
    for worker in workers {
        let name = file_name(worker);
        let words = name.strip_prefix(engine::WORKER).unwrap_or(&name);
        let runtime: Vec<&str> = words.split('-').take(2).collect();
        runtimes.entry(runtime.join("-")).or_default().push(worker);
    }
    runtimes
}

/// Packs files, each into a place below a folder of this name, as `.tar.gz`. Who made it, and when, is not in it.
fn archive(name: &str, files: &[(&Path, &str)], packages: &Path) -> Result<PathBuf> {
    let package = packages.join(format!("{name}.tar.gz"));
    let output = File::create(&package)
        .with_context(|| format!("could not create {}", package.display()))?;
    let mut archive = tar::Builder::new(GzEncoder::new(output, Compression::default()));
    archive.mode(tar::HeaderMode::Deterministic);
    for (file, place) in files {
        let to = format!("{name}/{place}{}", file_name(file));
        let mut from =
            File::open(file).with_context(|| format!("could not read {}", file.display()))?;
        let mut header = tar::Header::new_gnu();
        header.set_metadata_in_mode(&from.metadata()?, tar::HeaderMode::Deterministic);
        // Windows, where nothing says so, makes them for itself only.
        let is_program = file_name(file).starts_with(engine::WORKER);
        header.set_mode(if is_program { 0o755 } else { 0o644 });
        // The app reads no more than this form holds, which is a hundred characters.
        header
            .set_path(&to)
            .with_context(|| format!("could not name {to}"))?;
        header.set_cksum();
        archive
            .append(&header, &mut from)
            .with_context(|| format!("could not pack {}", file.display()))?;
    }
    archive.into_inner()?.finish()?;
    Ok(package)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn worker(name: &str) -> PathBuf {
        PathBuf::from(format!("/dist/sirocco-worker-{name}"))
    }

    #[test]
    fn the_workers_of_a_runtime_for_all_cpus_go_together() {
        let workers = [
            worker("llamacpp-cpu-baseline"),
            worker("mistralrs-cpu-baseline"),
            worker("llamacpp-cpu-x86-64-v3"),
            worker("mistralrs-cuda-baseline"),
        ];
        let runtimes = by_runtime(&workers);
        let names: Vec<_> = runtimes.keys().map(String::as_str).collect();
        assert_eq!(names, ["llamacpp-cpu", "mistralrs-cpu", "mistralrs-cuda"]);
        assert_eq!(runtimes["llamacpp-cpu"], [&workers[0], &workers[2]]);
    }

    #[test]
    fn each_runtime_has_an_archive_with_all_that_belongs_to_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| {
            let path = folder.path().join(name);
            fs::write(&path, name).expect("a file");
            path
        };
        let workers = [
            "mistralrs-cpu-baseline",
            "llamacpp-cpu-baseline",
            "llamacpp-cpu-x86-64-v3",
            "mistralrs-cuda-baseline",
        ]
        .map(|name| file(&format!("sirocco-worker-{name}")));
        let licences = [file("third-party-licences.txt")];
        let packages = folder.path().join("packages");
        fs::create_dir(&packages).expect("a folder");
        let made = pack(&workers, &licences, &packages).expect("archives");
        let of = |runtime: &str| {
            let ours = made.iter().find(|path| file_name(path).contains(runtime));
            unpacked(ours.expect("an archive of its own"))
        };
        let names = |files: &[(String, u32, String)]| -> Vec<String> {
            files.iter().map(|(name, ..)| name.clone()).collect()
        };
        let llamacpp = of("-llamacpp-cpu-");
        assert_eq!(
            names(&llamacpp),
            [
                "sirocco-worker-llamacpp-cpu-baseline",
                "sirocco-worker-llamacpp-cpu-x86-64-v3",
                "runtime.txt",
                "LICENSE",
                "licences/third-party-licences.txt",
            ]
        );
        let (name, mode, text) = &llamacpp[0];
        assert_eq!(
            (mode, text),
            (&0o755, name),
            "it is what it was, and starts"
        );
        assert_eq!(llamacpp[2].1, 0o644);
        assert_eq!(names(&of("-mistralrs-cpu-"))[1], "runtime.txt");
        assert_eq!(
            names(&of("-mistralrs-cuda-"))[1..3],
            ["runtime.txt", "cards.txt"]
        );
        assert_eq!(made.len(), 3);
    }

    /// Name below the archive's folder, mode and text of each file.
    fn unpacked(archive: &Path) -> Vec<(String, u32, String)> {
        let mut archive = tar::Archive::new(GzDecoder::new(File::open(archive).expect("a file")));
        let entries = archive.entries().expect("an archive");
        entries
            .map(|entry| {
                let mut entry = entry.expect("an entry");
                let path = entry.path().expect("a path").display().to_string();
                let (_, name) = path.split_once('/').expect("a folder");
                let (name, mode) = (name.to_owned(), entry.header().mode().expect("a mode"));
                let mut text = String::new();
                entry.read_to_string(&mut text).expect("text");
                (name, mode, text)
            })
            .collect()
    }
}
