//! What tells that a file is still the one that was looked at, without reading it.

use std::{fmt, fs::Metadata, io, path::Path, str::FromStr, time::UNIX_EPOCH};

/// Written into fingerprints: what an older reader found in a header may lack something, or be judged by older rules.
/// Raise the number behind the dash when what is read from headers, or the verdict on it, changes between versions.
const READER: &str = concat!(env!("CARGO_PKG_VERSION"), "-3");

/// Of one file, or of the shards of a model together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Bytes; of shards, the sum.
    pub size_bytes: u64,
    /// Time of the last change, in nanoseconds since 1970; of shards, the latest.
    pub modified_ns: i64,
    /// The disk; 0 where the system does not say.
    pub device: u64,
    /// The file on the disk; 0 where the system does not say. Of shards, that of the first.
    pub inode: u64,
}

impl Fingerprint {
    /// Of the files of a model. Symbolic links are followed.
    ///
    /// # Errors
    /// One of them is gone, cannot be looked at, or is no regular file.
    pub fn of(files: &[impl AsRef<Path>]) -> io::Result<Self> {
        let mut all = Self::default();
        for (index, file) in files.iter().enumerate() {
            let metadata = std::fs::metadata(file)?;
            if !metadata.is_file() {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            all.size_bytes = all.size_bytes.saturating_add(metadata.len());
            all.modified_ns = all.modified_ns.max(modified_ns(&metadata));
            if index == 0 {
                (all.device, all.inode) = identity(&metadata);
            }
        }
        Ok(all)
    }
}

/// `size:modified:device:inode:reader`, for a database.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            size_bytes,
            modified_ns,
            device,
            inode,
        } = self;
        write!(f, "{size_bytes}:{modified_ns}:{device}:{inode}:{READER}")
    }
}

/// The text was not written by [`Fingerprint`]'s `Display`, or by that of another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is four numbers and this version's mark, with colons between them")]
pub struct NotAFingerprint;

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    fn from_str(text: &str) -> Result<Self, NotAFingerprint> {
        let parts: Vec<&str> = text.split(':').collect();
        let &[size, modified, device, inode, READER] = parts.as_slice() else {
            return Err(NotAFingerprint);
        };
        let number = |text: &str| text.parse().map_err(|_| NotAFingerprint);
        Ok(Self {
            size_bytes: number(size)?,
            modified_ns: modified.parse().map_err(|_| NotAFingerprint)?,
            device: number(device)?,
            inode: number(inode)?,
        })
    }
}

/// What tells two files apart that have the same content: the volume, and the file's number on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileIdentity(u64, u64);

impl FileIdentity {
    /// None where the system does not say.
    pub fn of(metadata: &Metadata) -> Option<Self> {
        let (device, inode) = identity(metadata);
        ((device, inode) != (0, 0)).then_some(Self(device, inode))
    }
}

fn modified_ns(metadata: &Metadata) -> i64 {
    let since = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| {
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    })
}

#[cfg(unix)]
pub(super) fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
pub(super) fn identity(_metadata: &Metadata) -> (u64, u64) {
    (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_survives_a_database() {
        let fingerprint = Fingerprint {
            size_bytes: u64::MAX,
            modified_ns: -1,
            device: 3,
            inode: 4,
        };
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        for text in ["", "1:2:3", "1:2:3:4", "1:2:3:4:0.0.1-1", "1:2:3:x:0.1.0-1"] {
            assert_eq!(text.parse::<Fingerprint>(), Err(NotAFingerprint), "{text}");
        }
    }
}
