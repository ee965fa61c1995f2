//! The workers in what a person chose: an archive, a folder, or the file of one.
//!
//! An archive comes from anywhere. Of it only regular files with the name of a worker are written, under that name and
//! nothing else of theirs, and it is refused as a whole if anything in it is a link or a device, would lie outside of
//! its folder, or if it is larger than any runtime. What its headers say of longer names is not read: the names of
//! workers, and of the archives they come in, are short.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use flate2::read::GzDecoder;
use sirocco_engine::Runtime;

use super::error::RuntimeError;

/// Of all files unpacked. Workers for graphics cards have a few hundred megabytes.
pub const MAX_BYTES: u64 = 4 << 30;
/// Of an archive, folders included.
pub const MAX_ENTRIES: usize = 1000;

/// Copies the workers for this processor into a new folder. Blocks.
pub fn workers(source: &Path, folder: &Path) -> Result<Vec<Runtime>, RuntimeError> {
    // Left from an earlier time, if anything.
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(|error| RuntimeError::write(folder, error))?;
    let metadata = fs::metadata(source).map_err(|error| RuntimeError::read(source, error))?;
    let mut taken = Taken::into_folder(folder);
    if metadata.is_dir() {
        for worker in workers_in(source)? {
            taken.copy(&worker.program)?;
        }
    } else if Runtime::of_file(source.to_path_buf()).is_some() {
        taken.copy(source)?;
    } else {
        unpack(source, &mut taken)?;
    }
    match (taken.workers.is_empty(), taken.others.is_empty()) {
        (false, _) => Ok(taken.workers),
        (true, false) => Err(RuntimeError::OtherProcessors {
            workers: taken.others,
        }),
        (true, true) => Err(RuntimeError::NoWorker {
            path: source.to_path_buf(),
        }),
    }
}

/// The files in a folder that are named as workers; none if there is no such folder. Blocks.
pub fn workers_in(folder: &Path) -> Result<Vec<Runtime>, RuntimeError> {
    let failed = |error| RuntimeError::read(folder, error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut workers = Vec::new();
    for (count, entry) in entries.enumerate() {
        if count >= MAX_ENTRIES {
            return Err(RuntimeError::TooMany);
        }
        let entry = entry.map_err(failed)?;
        let is_file = entry.file_type().map_err(failed)?.is_file();
        workers.extend(Runtime::of_file(entry.path()).filter(|_| is_file));
    }
    Ok(workers)
}

/// Workers that were written into a folder.
struct Taken<'a> {
    folder: &'a Path,
    workers: Vec<Runtime>,
    /// For other processors, by their keys: not written.
    others: Vec<String>,
    bytes: u64,
}

impl<'a> Taken<'a> {
    fn into_folder(folder: &'a Path) -> Self {
        Self {
            folder,
            workers: Vec::new(),
            others: Vec::new(),
            bytes: 0,
        }
    }

    /// Counts what is about to be read.
    fn count(&mut self, bytes: u64) -> Result<(), RuntimeError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > MAX_BYTES {
            return Err(RuntimeError::TooLarge);
        }
        Ok(())
    }

    fn copy(&mut self, file: &Path) -> Result<(), RuntimeError> {
        let failed = |error| RuntimeError::read(file, error);
        let mut from = File::open(file).map_err(failed)?;
        let size = from.metadata().map_err(failed)?.len();
        self.count(size)?;
        self.write(file, size, &mut from, failed)
    }

    /// Writes one file, if it is a worker for this processor.
    fn write(
        &mut self,
        file: &Path,
        size: u64,
        from: &mut impl Read,
        failed: impl Fn(io::Error) -> RuntimeError,
    ) -> Result<(), RuntimeError> {
        let name = file.file_name().unwrap_or_default();
        let path = self.folder.join(name);
        let Some(worker) = Runtime::of_file(path.clone()) else {
            return Ok(());
        };
        if !worker.is_for_this_cpu() {
            self.others.push(worker.key());
            return Ok(());
        }
        let unwritten = |error| RuntimeError::write(&path, error);
        let mut to = match File::create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let name = name.display().to_string();
                return Err(RuntimeError::Twice { name });
            }
            created => created.map_err(unwritten)?,
        };
        let mut buffer = vec![0; 1 << 16];
        let mut left = size;
        while left > 0 {
            let room = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
            let read = from.read(&mut buffer[..room]).map_err(&failed)?;
            if read == 0 {
                return Err(failed(io::ErrorKind::UnexpectedEof.into()));
            }
            io::Write::write_all(&mut to, &buffer[..read]).map_err(unwritten)?;
            left -= read as u64;
        }
        make_executable(&to).map_err(unwritten)?;
        to.sync_all().map_err(unwritten)?;
        self.workers.push(worker);
        Ok(())
    }
}

#[cfg(unix)]
fn make_executable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_file: &File) -> io::Result<()> {
    Ok(())
}

fn unpack(source: &Path, taken: &mut Taken<'_>) -> Result<(), RuntimeError> {
    let broken = |source_error| RuntimeError::Archive {
        path: source.to_path_buf(),
        source: source_error,
    };
    let file = File::open(source).map_err(|error| RuntimeError::read(source, error))?;
    let mut archive = tar::Archive::new(GzDecoder::new(io::BufReader::new(file)));
    // Raw: otherwise a name of any length is read into memory before anybody sees it.
    let entries = archive.entries().map_err(broken)?.raw(true);
    for (count, entry) in entries.enumerate() {
        if count >= MAX_ENTRIES {
            return Err(RuntimeError::TooMany);
        }
        let mut entry = entry.map_err(broken)?;
        let size = entry.header().entry_size().map_err(broken)?;
        // Before anything of it is unpacked, to be passed over or not.
        taken.count(size)?;
        let kind = entry.header().entry_type();
        let is_about_others = kind.is_pax_global_extensions()
            || kind.is_pax_local_extensions()
            || kind.is_gnu_longname();
        if is_about_others {
            continue;
        }
        let path: PathBuf = entry.path().map_err(broken)?.into_owned();
        let name = path.display().to_string();
        let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if !path.components().all(inside) {
            return Err(RuntimeError::Outside { name });
        }
        if kind.is_file() {
            taken.write(&path, size, &mut entry, broken)?;
        } else if !kind.is_dir() {
            return Err(RuntimeError::NotAFile { name });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tar::{EntryType, Header};
    use tempfile::TempDir;

    use super::*;

    const WORKER: &str = "sirocco-worker-llamacpp-cpu-baseline";

    fn worker_name() -> String {
        format!("{WORKER}{}", std::env::consts::EXE_SUFFIX)
    }

    /// An entry whose name is written as it is, whatever that is.
    fn entry(kind: EntryType, name: &str, size: u64) -> Header {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mode(0o600);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        header
    }

    struct Scene {
        folder: TempDir,
        archive: PathBuf,
    }

    impl Scene {
        fn of(write: impl FnOnce(&mut tar::Builder<GzEncoder<File>>) -> io::Result<()>) -> Self {
            let folder = TempDir::new().expect("a folder");
            let archive = folder.path().join("runtime.tar.gz");
            let output = File::create(&archive).expect("a file");
            let mut builder = tar::Builder::new(GzEncoder::new(output, Compression::fast()));
            write(&mut builder).expect("an archive");
            let gzip = builder.into_inner().expect("an archive");
            gzip.finish().expect("an archive");
            Self { folder, archive }
        }

        fn unpack(&self) -> Result<Vec<Runtime>, RuntimeError> {
            workers(&self.archive, &self.folder.path().join("taken"))
        }

        /// What lies beside the archive, and what was unpacked.
        fn written(&self) -> Vec<String> {
            let taken = self.folder.path().join("taken");
            let names = [self.folder.path(), &taken].map(|folder| {
                let entries = fs::read_dir(folder).expect("a folder");
                entries.map(|entry| entry.expect("an entry").file_name().display().to_string())
            });
            let mut names: Vec<_> = names.into_iter().flatten().collect();
            names.sort();
            names
        }
    }

    fn hostile(kind: EntryType, name: &str) -> Scene {
        Scene::of(|archive| {
            archive.append(&entry(EntryType::Regular, &worker_name(), 2), &b"hi"[..])?;
            let mut header = entry(kind, name, 0);
            header.set_link_name("/etc/passwd")?;
            header.set_cksum();
            archive.append(&header, io::empty())
        })
    }

    #[test]
    fn only_workers_are_taken_and_can_be_started() {
        let scene = Scene::of(|archive| {
            archive.append(&entry(EntryType::Directory, "runtime/", 0), io::empty())?;
            let name = format!("./runtime/{}", worker_name());
            archive.append(&entry(EntryType::Regular, &name, 2), &b"hi"[..])?;
            archive.append(
                &entry(EntryType::Regular, "runtime/.profile", 2),
                &b"no"[..],
            )
        });
        let taken = scene.unpack().expect("a worker");
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].key(), "llamacpp-cpu-baseline");
        assert_eq!(fs::read(&taken[0].program).expect("a file"), b"hi");
        assert_eq!(scene.written(), ["runtime.tar.gz", &worker_name(), "taken"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&taken[0].program)
                .expect("a file")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o755);
        }
    }

    #[test]
    fn an_archive_that_reaches_out_of_its_folder_is_refused() {
        for name in ["../evil", "/tmp/evil", "a/../../evil"] {
            let scene = hostile(EntryType::Regular, name);
            let error = scene.unpack().expect_err("it is hostile");
            assert!(
                matches!(error, RuntimeError::Outside { .. }),
                "{name}: {error}"
            );
            assert!(!scene.written().contains(&"evil".to_owned()));
        }
    }

    #[test]
    fn links_and_devices_are_refused() {
        for kind in [
            EntryType::Symlink,
            EntryType::Link,
            EntryType::Char,
            EntryType::Fifo,
            EntryType::GNUSparse,
            EntryType::GNULongLink,
        ] {
            let error = hostile(kind, "a").unpack().expect_err("it is hostile");
            assert!(
                matches!(error, RuntimeError::NotAFile { .. }),
                "{kind:?}: {error}"
            );
        }
    }

    #[test]
    fn what_is_larger_than_any_runtime_is_refused_before_it_is_unpacked() {
        for (kind, name) in [
            (EntryType::Regular, "zeros"),
            (EntryType::Regular, WORKER),
            (EntryType::GNULongName, "long"),
        ] {
            let scene = Scene::of(|archive| {
                archive
                    .get_mut()
                    .write_all(entry(kind, name, u64::MAX >> 2).as_bytes())
            });
            let error = scene.unpack().expect_err("it is a bomb");
            assert!(matches!(error, RuntimeError::TooLarge), "{name}: {error}");
        }
        let many = Scene::of(|archive| {
            for at in 0..=MAX_ENTRIES {
                archive.append(&entry(EntryType::Regular, &at.to_string(), 0), io::empty())?;
            }
            Ok(())
        });
        let error = many.unpack().expect_err("they are many");
        assert!(matches!(error, RuntimeError::TooMany), "{error}");
    }

    #[test]
    fn a_file_that_is_cut_off_or_no_archive_is_refused() {
        let cut = Scene::of(|archive| {
            let header = entry(EntryType::Regular, &worker_name(), 4096);
            archive.get_mut().write_all(header.as_bytes())?;
            archive.get_mut().write_all(&[7; 100])
        });
        let none = Scene::of(|_| Ok(()));
        fs::write(&none.archive, "hello").expect("a file");
        for scene in [cut, none] {
            let error = scene.unpack().expect_err("it is broken");
            assert!(matches!(error, RuntimeError::Archive { .. }), "{error}");
        }
    }

    #[test]
    fn a_worker_that_is_there_twice_or_not_at_all_is_refused() {
        let twice = Scene::of(|archive| {
            for folder in ["a", "b"] {
                let name = format!("{folder}/{}", worker_name());
                archive.append(&entry(EntryType::Regular, &name, 2), &b"hi"[..])?;
            }
            Ok(())
        });
        let error = twice.unpack().expect_err("which one is it");
        assert!(matches!(error, RuntimeError::Twice { .. }), "{error}");
        let none = Scene::of(|archive| {
            archive.append(&entry(EntryType::Regular, "sirocco", 2), &b"hi"[..])
        });
        let error = none.unpack().expect_err("there is none");
        assert!(matches!(error, RuntimeError::NoWorker { .. }), "{error}");
    }

    #[test]
    fn a_folder_and_the_file_of_a_worker_are_taken_too() {
        let folder = TempDir::new().expect("a folder");
        let from = folder.path().join("from");
        fs::create_dir(&from).expect("a folder");
        let file = from.join(worker_name());
        fs::write(&file, "hi").expect("a file");
        fs::write(from.join("readme.txt"), "no").expect("a file");
        for source in [&from, &file] {
            let taken = workers(source, &folder.path().join("taken")).expect("a worker");
            assert_eq!(taken.len(), 1, "{}", source.display());
        }
    }
}
