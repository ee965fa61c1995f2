//! Files that take their place when they are whole.

use std::fs::File;
use std::io::{Result, Write};
use std::path::{Path, PathBuf};

/// A file beside its place, so that a file that is there is replaced whole or not at all, be it that the power goes off.
/// One that is given up is removed.
pub struct Part {
    path: PathBuf,
    place: PathBuf,
}

impl Part {
    /// An empty one.
    pub fn begin(place: PathBuf) -> Result<(Self, File)> {
        let mut path = place.clone().into_os_string();
        // Browsers call what they download `.part`.
        path.push(".sirocco-part");
        let path = PathBuf::from(path);
        let file = File::create(&path)?;
        Ok((Self { path, place }, file))
    }

    /// Where it will be.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Puts what was written to its file into its place.
    pub fn take_place(self, file: File) -> Result<()> {
        file.sync_all()?;
        drop(file);
        std::fs::rename(&self.path, &self.place)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It is not there if it took its place.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Puts bytes into a place.
pub fn save(place: PathBuf, bytes: &[u8]) -> Result<()> {
    let (part, mut file) = Part::begin(place)?;
    file.write_all(bytes)?;
    part.take_place(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        std::fs::write(&path, "before").unwrap();
        let download = folder.path().join("a.md.part");
        std::fs::write(&download, "of a browser").unwrap();
        let (part, mut file) = Part::begin(path.clone()).unwrap();
        file.write_all(b"half").unwrap();
        drop(part);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
        save(path.clone(), b"after").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "after");
        let kept = std::fs::read_to_string(&download).unwrap();
        assert_eq!(kept, "of a browser");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
        assert!(save(folder.path().join("nowhere/a.md"), b"").is_err());
    }
}
