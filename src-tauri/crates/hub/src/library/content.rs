//! The bytes of model files: their hash, and whether two files have the same.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use sha2::{Digest, Sha256};

use crate::{ContentHash, HubError};

/// Who ends the reading waits for one of these at most: a tenth of a second of the slowest disk.
const CHUNK_BYTES: usize = 1 << 20;
/// Read from each end of two files before they are read whole.
const SAMPLE_BYTES: u64 = 256 << 10;

/// The hash of each file. `goes_on` is told how many bytes were read since it was asked last, and ends it with `false`.
///
/// # Errors
/// [`HubError::File`]; [`HubError::Ended`] if `goes_on` said so.
pub fn hash_files(
    files: &[impl AsRef<Path>],
    goes_on: &mut dyn FnMut(u64) -> bool,
) -> Result<Vec<ContentHash>, HubError> {
    files
        .iter()
        .map(|path| hash_file(path.as_ref(), goes_on))
        .collect()
}

pub(super) fn hash_file(
    path: &Path,
    goes_on: &mut dyn FnMut(u64) -> bool,
) -> Result<ContentHash, HubError> {
    let failed = |error| HubError::file("read", path, error);
    let mut file = File::open(path).map_err(failed)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => return Ok(ContentHash::new(hasher.finalize().into())),
            read => {
                hasher.update(&buffer[..read]);
                if !goes_on(read as u64) {
                    return Err(HubError::Ended);
                }
            }
        }
    }
}

/// Two files of the same length may have the same content, by their first and last bytes. Spares reading them whole.
pub fn may_be_alike(one: &Path, other: &Path) -> bool {
    let ends = |path: &Path| -> io::Result<(u64, Vec<u8>)> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut bytes = Vec::new();
        (&file).take(SAMPLE_BYTES).read_to_end(&mut bytes)?;
        file.seek(SeekFrom::Start(size.saturating_sub(SAMPLE_BYTES)))?;
        file.take(SAMPLE_BYTES).read_to_end(&mut bytes)?;
        Ok((size, bytes))
    };
    match (ends(one), ends(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Two files have the same content, byte for byte.
pub(super) fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut left, mut right) = (vec![0; CHUNK_BYTES], vec![0; CHUNK_BYTES]);
    loop {
        let read = one.read(&mut left)?;
        if read == 0 {
            return Ok(true);
        }
        match other.read_exact(&mut right[..read]) {
            Ok(()) if left[..read] == right[..read] => {}
            Ok(()) => return Ok(false),
            // It became shorter meanwhile.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_computed_and_can_be_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        std::fs::write(&path, vec![7; CHUNK_BYTES + 1]).expect("a file");
        let mut read = Vec::new();
        let hashes = hash_files(&[&path], &mut |bytes| {
            read.push(bytes);
            true
        });
        assert_eq!(
            hashes.expect("hashes"),
            [ContentHash::of(&vec![7; CHUNK_BYTES + 1])]
        );
        assert_eq!(read, [CHUNK_BYTES as u64, 1]);
        let ended = hash_files(&[&path], &mut |_| false);
        assert!(matches!(ended, Err(HubError::Ended)));
    }

    #[test]
    fn likeness_is_seen_at_the_ends_and_sameness_in_the_middle() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let mut bytes = vec![0; 4 * SAMPLE_BYTES as usize];
        std::fs::write(path("a"), &bytes).expect("a file");
        bytes[2 * SAMPLE_BYTES as usize] = 1;
        std::fs::write(path("middle"), &bytes).expect("a file");
        bytes[0] = 1;
        std::fs::write(path("start"), &bytes).expect("a file");
        std::fs::write(path("short"), &bytes[1..]).expect("a file");
        assert!(may_be_alike(&path("a"), &path("middle")));
        assert!(!is_same(&path("a"), &path("middle")).expect("both are there"));
        assert!(is_same(&path("a"), &path("a")).expect("it is there"));
        for other in ["start", "short", "nothing"] {
            assert!(!may_be_alike(&path("a"), &path(other)), "{other}");
        }
        assert!(!is_same(&path("a"), &path("short")).expect("both are there"));
    }
}
