//! The files of a model, mapped into memory: weights stay in the system's cache of files instead of being copied.

use std::fs::File;

use bytes::Bytes;
use memmap2::Mmap;
use sirocco_worker::engine::EngineError;

/// Read ahead and told as progress at a time.
const STEP: usize = 8 << 20;
/// No system's pages are smaller.
const PAGE: usize = 4096;

/// The files in the order of the request. Each lives as long as one of its weights does.
pub struct Files(Vec<Bytes>);

impl Files {
    /// Maps the files and brings them into memory, reporting progress from 0 to 1.
    pub fn open(paths: &[String], progress: &dyn Fn(f32)) -> Result<Self, EngineError> {
        let maps: Vec<Mmap> = paths
            .iter()
            .map(|path| {
                map(path).map_err(|error| EngineError(format!("could not read `{path}`: {error}")))
            })
            .collect::<Result<_, _>>()?;
        let total: usize = maps.iter().map(|map| map.len()).sum();
        let mut done = 0;
        for map in &maps {
            for (number, step) in map.chunks(STEP).enumerate() {
                read_ahead(map, (number + 1) * STEP);
                std::hint::black_box(step.iter().step_by(PAGE).fold(0_u8, |sum, byte| sum ^ byte));
                done += step.len();
                progress(done as f32 / total.max(1) as f32);
            }
        }
        Ok(Self(maps.into_iter().map(Bytes::from_owner).collect()))
    }

    /// A piece of a file, which is not copied; `None` if the file is shorter.
    pub fn piece(&self, file: usize, offset: u64, length: usize) -> Option<Bytes> {
        let bytes = self.0.get(file)?;
        let start = usize::try_from(offset).ok()?;
        let end = start.checked_add(length)?;
        (end <= bytes.len()).then(|| bytes.slice(start..end))
    }
}

#[expect(unsafe_code, reason = "memory that a file is mapped to changes with the file")]
fn map(path: &str) -> std::io::Result<Mmap> {
    // SAFETY: models are replaced under another name and not written in place. If somebody does so all the same, the
    // weights are other numbers; if the file gets shorter, the system ends this process, and the app starts another.
    unsafe { Mmap::map(&File::open(path)?) }
}

/// Has the system read the step that begins there while the one before is looked at.
fn read_ahead(map: &Mmap, start: usize) {
    #[cfg(unix)]
    if start < map.len() {
        // What it refuses to do beforehand is done in time.
        let _ = map.advise_range(memmap2::Advice::WillNeed, start, STEP.min(map.len() - start));
    }
    #[cfg(not(unix))]
    let _ = (map, start);
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

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
        let progress = Cell::new(0.0);
        let files = Files::open(&paths, &|share| {
            assert!(share > progress.replace(share));
        })
        .expect("they are there");
        assert!((progress.get() - 1.0).abs() < f32::EPSILON);
        assert_eq!(files.piece(1, 1, 4).as_deref(), Some(&[7; 4][..]));
        assert_eq!(files.piece(1, 1, 5), None);
        assert_eq!(files.piece(1, u64::MAX, 1), None);
        assert_eq!(files.piece(2, 0, 1), None);
        assert!(Files::open(&[folder.join("three").display().to_string()], &|_| ()).is_err());
        std::fs::remove_dir_all(&folder).expect("the folder was ours");
    }
}
