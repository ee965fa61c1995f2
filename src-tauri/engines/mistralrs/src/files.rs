//! The files of a model, read into memory once: weights are slices of them.
//!
//! Mapping the files would spare the copy, but file pages are small, and every token reads all weights: they were 5 to 8 %
//! slower to read so than from the huge pages that memory of our own can have.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use memmap2::MmapMut;
use sirocco_worker::engine::EngineError;

/// Read and told as progress at a time.
const STEP: usize = 8 << 20;
/// Threads that read: one does not reach what a cache of files or a fast disk gives.
const READERS: usize = 2;

/// The files in the order of the request. Each lives as long as one of its weights does.
pub struct Files(Vec<Bytes>);

impl Files {
    /// Reads the files, reporting progress from 0 to 1.
    pub fn read(paths: &[String], progress: &(dyn Fn(f32) + Sync)) -> Result<Self, EngineError> {
        let failed =
            |path: &str, error: io::Error| EngineError(format!("could not read `{path}`: {error}"));
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
            progress(done as f32 / total as f32);
        };
        let files = paths.iter().zip(lengths).map(|(path, length)| {
            read(path, length, &read_more).map_err(|error| failed(path, error))
        });
        files.collect::<Result<_, _>>().map(Self)
    }

    /// A piece of a file, which is not copied; `None` if the file is shorter.
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
    let mut memory = MmapMut::map_anon(length)?;
    // A system without huge pages is slower, and nothing else.
    #[cfg(target_os = "linux")]
    let _ = memory.advise(memmap2::Advice::HugePage);
    let steps = Mutex::new(memory.chunks_mut(STEP).enumerate());
    let next = || steps.lock().unwrap_or_else(PoisonError::into_inner).next();
    let reader = || {
        let mut file = File::open(path)?;
        while let Some((number, step)) = next() {
            file.seek(SeekFrom::Start((number * STEP) as u64))?;
            file.read_exact(step)?;
            read_more(step.len());
        }
        Ok::<(), io::Error>(())
    };
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(reader)).collect();
        readers
            .into_iter()
            .try_for_each(|reader| reader.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })?;
    Ok(Bytes::from_owner(memory))
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
}
