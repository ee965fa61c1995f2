//! Hashes that tell whether something changed. FNV-1a: the same on every machine and with every
//! compiler, which the standard hasher does not promise. Not against anyone who wants a collision.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Folders of what is made from sources.
const MADE: &[&str] = &["node_modules", "dist", "target"];

/// A hash in the making.
pub struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fingerprint {
    /// Takes in some bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// Takes in some bytes and where they end.
    pub fn add_part(&mut self, bytes: &[u8]) {
        self.add(bytes);
        self.add(&bytes.len().to_le_bytes());
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// Changes with the name or content of any of these files, and of those below these folders, wherever
/// the checkout lies.
pub fn of_files(roots: &[PathBuf]) -> Result<String> {
    let mut hash = Fingerprint::default();
    for root in roots {
        let mut files = Vec::new();
        collect(root, &mut files)?;
        files.sort();
        for path in files {
            let name = path.strip_prefix(root).unwrap_or(&path);
            hash.add_part(name.to_string_lossy().as_bytes());
            hash.add_part(
                &std::fs::read(&path)
                    .with_context(|| format!("could not read {}", path.display()))?,
            );
        }
    }
    Ok(hash.to_string())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_file() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in
        std::fs::read_dir(path).with_context(|| format!("could not list {}", path.display()))?
    {
        let entry = entry?;
        if !MADE.iter().any(|made| entry.file_name() == *made) {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Fingerprint, of_files};

    fn of(parts: &[&str]) -> String {
        let mut fingerprint = Fingerprint::default();
        for part in parts {
            fingerprint.add_part(part.as_bytes());
        }
        fingerprint.to_string()
    }

    #[test]
    fn where_a_part_ends_matters() {
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["ab"]), of(&["ab", ""]));
    }

    #[test]
    fn it_is_the_published_function() {
        // http://www.isthe.com/chongo/tech/comp/fnv: the vector of "foobar".
        let mut fingerprint = Fingerprint::default();
        fingerprint.add(b"foobar");
        assert_eq!(fingerprint.to_string(), "85944171f73967e8");
    }

    #[test]
    fn files_count_with_name_and_content_and_what_is_made_from_them_does_not() {
        let folder = std::env::temp_dir().join(format!("sirocco-xtask-{}", std::process::id()));
        let of = || of_files(std::slice::from_ref(&folder)).unwrap();
        std::fs::create_dir_all(folder.join("src")).unwrap();
        std::fs::create_dir_all(folder.join("dist")).unwrap();
        std::fs::write(folder.join("src/a.ts"), "1").unwrap();
        let before = of();
        std::fs::write(folder.join("dist/a.js"), "1").unwrap();
        assert_eq!(of(), before);
        std::fs::write(folder.join("src/a.ts"), "2").unwrap();
        let changed = of();
        assert_ne!(changed, before);
        std::fs::rename(folder.join("src/a.ts"), folder.join("src/b.ts")).unwrap();
        assert_ne!(of(), changed);
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(of_files(&[folder]).is_err());
    }
}
