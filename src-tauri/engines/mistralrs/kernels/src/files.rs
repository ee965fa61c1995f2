//! The files of a model in memory, once: weights are slices of them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use memmap2::MmapMut;

/// Read and told as progress at a time.
const STEP: usize = 8 << 20;
/// Threads that read: one does not reach what a cache of files or a fast disk gives.
const READERS: usize = 2;

/// The files in the order of the request. Each lives as long as one of its weights does.
pub struct Files(Vec<Bytes>);

impl Files {
    /// Reads the files, reporting progress from 0 to 1.
    ///
    /// # Errors
    /// If a file cannot be read; the error names it.
    pub fn read(paths: &[String], progress: &(dyn Fn(f32) + Sync)) -> io::Result<Self> {
        let failed = |path: &str, error: io::Error| {
            io::Error::new(error.kind(), format!("could not read `{path}`: {error}"))
        };
        let mut lengths = Vec::new();
        for path in paths {
            let length = std::fs::metadata(path).map_err(|error| failed(path, error))?;
            lengths.push(usize::try_from(length.len()).unwrap_or(usize::MAX));
        }
        let total = lengths
            .iter()
            .fold(0, |sum: usize, length| sum.saturating_add(*length));
        let done = AtomicUsize::new(0);
        let read_more = |count| {
            let done = done.fetch_add(count, Ordering::Relaxed) + count;
            progress((done as f32 / total as f32).min(1.0));
        };
        let files = paths.iter().zip(lengths).map(|(path, length)| {
            read(path, length, &read_more).map_err(|error| failed(path, error))
        });
        files.collect::<Result<_, _>>().map(Self)
    }

    /// A piece of a file, which is not copied; `None` if the file is shorter.
    #[must_use]
    pub fn piece(&self, file: usize, offset: u64, length: usize) -> Option<Bytes> {
        let bytes = self.0.get(file)?;
        let start = usize::try_from(offset).ok()?;
        let end = start.checked_add(length)?;
        (end <= bytes.len()).then(|| bytes.slice(start..end))
    }
}

fn read(path: &str, length: usize, read_more: &(dyn Fn(usize) + Sync)) -> io::Result<Bytes> {
    if length == 0 {
        return Ok(Bytes::new());
    }
    #[cfg(target_os = "linux")]
    if let Ok(bytes) = crate::mapped::map(&File::open(path)?, length, |fetch| {
        in_steps((0..length).step_by(STEP), |offset| {
            let count = STEP.min(length - offset);
            fetch(offset, count)?;
            read_more(count);
            Ok(())
        })
    }) {
        return Ok(bytes);
    }
    copy(path, length, read_more)
}

/// For systems and files that are not mapped: memory of our own, filled.
fn copy(path: &str, length: usize, read_more: &(dyn Fn(usize) + Sync)) -> io::Result<Bytes> {
    let mut memory = MmapMut::map_anon(length)?;
    // A system without huge pages is slower, and nothing else.
    #[cfg(target_os = "linux")]
    let _ = memory.advise(memmap2::Advice::HugePage);
    in_steps(memory.chunks_mut(STEP).enumerate(), |(number, step)| {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start((number * STEP) as u64))?;
        file.read_exact(step)?;
        read_more(step.len());
        Ok(())
    })?;
    Ok(Bytes::from_owner(memory))
}

/// Several threads take one step after the other, until there are none or one fails.
fn in_steps<T>(
    steps: impl Iterator<Item = T> + Send,
    take: impl Fn(T) -> io::Result<()> + Sync,
) -> io::Result<()> {
    let steps = Mutex::new(steps);
    let next = || steps.lock().unwrap_or_else(PoisonError::into_inner).next();
    let reader = || {
        while let Some(step) = next() {
            take(step)?;
        }
        Ok::<(), io::Error>(())
    };
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(reader)).collect();
        readers
            .into_iter()
            .try_for_each(|reader| reader.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_lie_within_their_file() {
        let folder = std::env::temp_dir().join(format!("sirocco-files-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let paths = [("one", STEP + 3), ("two", 5)].map(|(name, length)| {
            let path = folder.join(name);
            std::fs::write(&path, vec![7; length]).expect("a file");
            path.display().to_string()
        });
        let progress = Mutex::new(Vec::new());
        let tell = |share| progress.lock().expect("no panic").push(share);
        let files = Files::read(&paths, &tell).expect("they are there");
        let told = progress.into_inner().expect("no panic");
        assert!(told.len() == 3 && told.contains(&1.0), "{told:?}");
        let last = files
            .piece(0, STEP as u64 - 1, 4)
            .expect("over a step's end");
        assert_eq!(last[..], [7; 4]);
        assert_eq!(files.piece(1, 1, 4).as_deref(), Some(&[7; 4][..]));
        assert_eq!(files.piece(1, 1, 5), None);
        assert_eq!(files.piece(1, u64::MAX, 1), None);
        assert_eq!(files.piece(2, 0, 1), None);
        assert!(Files::read(&[folder.join("three").display().to_string()], &|_| ()).is_err());
        std::fs::remove_dir_all(&folder).expect("the folder was ours");
    }

    #[test]
    fn a_file_that_cannot_be_mapped_is_copied() {
        let path = std::env::temp_dir().join(format!("sirocco-copied-{}", std::process::id()));
        let bytes: Vec<u8> = (0..STEP + 3).map(|place| (place % 251) as u8).collect();
        std::fs::write(&path, &bytes).expect("a file");
        let name = path.display().to_string();
        let copied = copy(&name, bytes.len(), &|_| ()).expect("it is there");
        assert!(copied[..] == bytes[..]);
        // It was cut short after its length was asked for.
        let error = read(&name, bytes.len() + STEP, &|_| ()).expect_err("a step is missing");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        std::fs::remove_file(&path).expect("the file was ours");
    }
}
