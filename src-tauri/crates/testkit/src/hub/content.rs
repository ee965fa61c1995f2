//! The bytes of a file: in memory, on the disk, or made while they are sent.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// Bytes that are handed on at a time.
const CHUNK: u64 = 256 << 10;
/// Generated content repeats a block of this size, which starts with its own number.
const BLOCK: u64 = 1 << 20;

/// The bytes of a file. Cheap to clone.
#[derive(Clone)]
pub struct Content(Arc<Inner>);

struct Inner {
    source: Source,
    size: u64,
    sha256: OnceLock<String>,
}

enum Source {
    Memory(Bytes),
    Disk(PathBuf),
    Generated { head: Bytes, block: Vec<u8> },
}

impl Content {
    /// Bytes that look random, the same for the same seed and size. They take 1 MiB of memory, whatever the size.
    #[must_use]
    pub fn generated(size: u64, seed: u64) -> Self {
        Self::generated_after(Bytes::new(), size, seed)
    }

    /// As [`Content::generated`], with the first bytes given: the header of a model, say. `size` counts them too.
    #[must_use]
    pub fn generated_after(head: impl Into<Bytes>, size: u64, seed: u64) -> Self {
        let head = head.into();
        assert!(
            head.len() as u64 <= size,
            "the head is longer than the file"
        );
        let block = random_block(seed);
        Self::new(Source::Generated { head, block }, size)
    }

    /// A file on the disk, which has to stay as it is.
    ///
    /// # Errors
    /// If it cannot be looked at.
    pub fn on_disk(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let size = std::fs::metadata(&path)?.len();
        Ok(Self::new(Source::Disk(path), size))
    }

    fn new(source: Source, size: u64) -> Self {
        Self(Arc::new(Inner {
            source,
            size,
            sha256: OnceLock::new(),
        }))
    }

    /// Bytes in all.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0.size
    }

    /// The sha256 in lower-case hexadecimal digits, computed at the first call.
    ///
    /// # Panics
    /// If a file on the disk cannot be read any more.
    #[must_use]
    pub fn sha256(&self) -> &str {
        self.0.sha256.get_or_init(|| self.digest(Sha256::new()))
    }

    /// What git calls the object: the sha1 of `blob SIZE\0` and the bytes.
    ///
    /// # Panics
    /// If a file on the disk cannot be read any more.
    #[must_use]
    pub fn git_oid(&self) -> String {
        self.digest(Sha1::new().chain_update(format!("blob {}\0", self.size())))
    }

    fn digest<D: Digest>(&self, mut digest: D) -> String {
        let mut at = 0;
        while at < self.size() {
            let chunk = self
                .read(at..self.size())
                .expect("served files can be read");
            at += chunk.len() as u64;
            digest.update(&chunk);
        }
        hex(&digest.finalize())
    }

    /// The first bytes of a range, at least one of a range that is not empty.
    ///
    /// # Errors
    /// Those of the disk, and if the file on the disk became shorter.
    pub fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        let end = range.end.min(range.start + CHUNK);
        match &self.0.source {
            Source::Memory(bytes) => Ok(bytes.slice(range.start as usize..end as usize)),
            Source::Disk(path) => read_disk(path, range.start..end),
            Source::Generated { head, block } => Ok(generate(head, block, range.start..end)),
        }
    }

    /// The whole of it, for small files.
    ///
    /// # Panics
    /// If a file on the disk cannot be read any more.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < self.size() {
            let rest = bytes.len() as u64..self.size();
            bytes.extend_from_slice(&self.read(rest).expect("served files can be read"));
        }
        bytes
    }

    /// A range, piece by piece.
    pub(super) fn stream(&self, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        let content = self.clone();
        stream::try_unfold(range, move |range| {
            let content = content.clone();
            async move {
                if range.is_empty() {
                    return Ok(None);
                }
                let wanted = range.clone();
                let chunk = match content.0.source {
                    Source::Disk(_) => {
                        let reading = tokio::task::spawn_blocking(move || content.read(wanted));
                        reading.await.map_err(io::Error::other)??
                    }
                    _ => content.read(wanted)?,
                };
                let rest = range.start + chunk.len() as u64..range.end;
                Ok(Some((chunk, rest)))
            }
        })
        .boxed()
    }
}

impl<T: Into<Vec<u8>>> From<T> for Content {
    fn from(bytes: T) -> Self {
        let bytes: Vec<u8> = bytes.into();
        let size = bytes.len() as u64;
        Self::new(Source::Memory(bytes.into()), size)
    }
}

fn read_disk(path: &Path, range: Range<u64>) -> io::Result<Bytes> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(range.start))?;
    let mut bytes = vec![0; (range.end - range.start) as usize];
    file.read_exact(&mut bytes)?;
    Ok(bytes.into())
}

/// From one end of a block or of the head to the next at most.
fn generate(head: &Bytes, block: &[u8], range: Range<u64>) -> Bytes {
    let head_size = head.len() as u64;
    if range.start < head_size {
        return head.slice(range.start as usize..range.end.min(head_size) as usize);
    }
    let (number, start) = (range.start / BLOCK, (range.start % BLOCK) as usize);
    let length = (range.end - range.start).min(BLOCK - start as u64) as usize;
    let mut bytes = block[start..start + length].to_vec();
    let stamp = number.to_le_bytes();
    if start < stamp.len() {
        let stamped = length.min(stamp.len() - start);
        bytes[..stamped].copy_from_slice(&stamp[start..start + stamped]);
    }
    bytes.into()
}

/// Xorshift (Marsaglia, 2003), eight bytes at a time.
fn random_block(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut block = Vec::with_capacity(BLOCK as usize);
    while block.len() < BLOCK as usize {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        block.extend_from_slice(&state.to_le_bytes());
    }
    block
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_git_and_sha256() {
        let content = Content::from("hello\n");
        assert_eq!(
            content.git_oid(),
            "ce013625030ba8dba906f756967f9e9ca394464a"
        );
        let sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        assert_eq!(content.sha256(), sha256);
    }

    #[test]
    fn any_range_of_generated_content_is_a_part_of_the_whole() {
        let content = Content::generated_after("head", 2 * BLOCK + 100, 7);
        let whole = content.bytes();
        assert_eq!(whole.len() as u64, content.size());
        assert!(whole.starts_with(b"head"));
        for start in [0, 2, 4, 5, BLOCK - 3, BLOCK, BLOCK + 3, 2 * BLOCK + 99] {
            let part = content.read(start..content.size()).unwrap();
            assert!(whole[start as usize..].starts_with(&part), "from {start}");
            assert!(!part.is_empty());
        }
        assert_ne!(whole[..100], whole[BLOCK as usize..BLOCK as usize + 100]);
    }

    #[test]
    fn a_file_on_the_disk_is_read_from_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "hello\n").unwrap();
        let content = Content::on_disk(path).unwrap();
        assert_eq!(content.sha256(), Content::from("hello\n").sha256());
        assert_eq!(content.read(1..3).unwrap(), "el");
    }
}
