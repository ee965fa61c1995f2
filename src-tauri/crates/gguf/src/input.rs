//! Where header bytes come from: a file that can seek, or the first bytes of a remote one.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use crate::error::HeaderError;

/// Why parsing stopped early.
pub(crate) enum Stop {
    /// The input holds only a prefix and the parser needs at least this many bytes of the file.
    NeedMore(u64),
    Error(HeaderError),
}

impl From<HeaderError> for Stop {
    fn from(error: HeaderError) -> Self {
        Self::Error(error)
    }
}

pub(crate) trait Input {
    fn file_len(&self) -> u64;

    /// Bytes consumed, from the start of the file.
    fn position(&self) -> u64;

    /// The next `count` bytes; `count` must be small, for a buffer of that size may be made.
    fn take(&mut self, count: usize) -> Result<&[u8], Stop>;

    /// Up to `count` bytes without consuming them; fewer only where the file ends.
    fn peek(&mut self, count: usize) -> Result<&[u8], Stop>;

    /// Leaves out `count` bytes.
    fn skip(&mut self, count: u64) -> Result<(), Stop>;

    fn remaining(&self) -> u64 {
        self.file_len().saturating_sub(self.position())
    }

    fn ends_in_header(&self) -> Stop {
        Stop::Error(HeaderError::EndsInHeader {
            file_len: self.file_len(),
        })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, Stop> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, Stop> {
        Ok(u64::from_le_bytes(self.array()?))
    }
}

/// The first bytes of a file whose length is known.
pub(crate) struct PrefixInput<'a> {
    pub prefix: &'a [u8],
    pub position: u64,
    pub file_len: u64,
}

impl PrefixInput<'_> {
    fn end_of(&self, count: u64) -> Result<u64, Stop> {
        match self.position.checked_add(count) {
            Some(end) if end <= self.file_len => Ok(end),
            _ => Err(self.ends_in_header()),
        }
    }
}

impl Input for PrefixInput<'_> {
    fn file_len(&self) -> u64 {
        self.file_len
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn take(&mut self, count: usize) -> Result<&[u8], Stop> {
        let end = self.end_of(count as u64)?;
        if end > self.prefix.len() as u64 {
            return Err(Stop::NeedMore(end));
        }
        let bytes = &self.prefix[self.position as usize..end as usize];
        self.position = end;
        Ok(bytes)
    }

    fn peek(&mut self, count: usize) -> Result<&[u8], Stop> {
        let count = self.remaining().min(count as u64);
        let end = self.position + count;
        if end > self.prefix.len() as u64 {
            return Err(Stop::NeedMore(end));
        }
        Ok(&self.prefix[self.position as usize..end as usize])
    }

    fn skip(&mut self, count: u64) -> Result<(), Stop> {
        self.position = self.end_of(count)?;
        Ok(())
    }
}

const BUFFER_BYTES: usize = 64 << 10;

/// A file that can seek. Its own buffer, so that skipping inside it costs no system call and nothing is read twice.
pub(crate) struct FileInput<'a, R> {
    source: &'a mut R,
    file_len: u64,
    buffer: Vec<u8>,
    /// Consumed bytes of the buffer.
    start: usize,
    /// Where the source stands, from the start of the file: the end of the buffer.
    source_position: u64,
}

impl<'a, R: Read + Seek> FileInput<'a, R> {
    pub fn new(source: &'a mut R, position: u64, file_len: u64) -> Result<Self, HeaderError> {
        source
            .seek(SeekFrom::Start(position))
            .map_err(|source| HeaderError::Read { position, source })?;
        Ok(Self {
            source,
            file_len,
            buffer: Vec::new(),
            start: 0,
            source_position: position,
        })
    }

    /// Reads until `count` unconsumed bytes are buffered.
    fn fill(&mut self, count: usize) -> Result<(), Stop> {
        if self.buffer.len() - self.start >= count {
            return Ok(());
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        // Grows by what really arrives: a length that lies allocates one buffer at most.
        while self.buffer.len() < count {
            let wanted = (count - self.buffer.len()).clamp(1, BUFFER_BYTES);
            let room = wanted.max(BUFFER_BYTES.saturating_sub(self.buffer.len()));
            let filled = self.buffer.len();
            self.buffer.resize(filled + room, 0);
            let read = loop {
                match self.source.read(&mut self.buffer[filled..]) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    other => break other,
                }
            };
            match read {
                Ok(0) => {
                    self.buffer.truncate(filled);
                    return Err(self.ends_in_header());
                }
                Ok(read) => {
                    self.buffer.truncate(filled + read);
                    self.source_position += read as u64;
                }
                Err(source) => {
                    self.buffer.truncate(filled);
                    return Err(HeaderError::Read {
                        position: self.source_position,
                        source,
                    }
                    .into());
                }
            }
        }
        Ok(())
    }
}

impl<R: Read + Seek> Input for FileInput<'_, R> {
    fn file_len(&self) -> u64 {
        self.file_len
    }

    fn position(&self) -> u64 {
        self.source_position - (self.buffer.len() - self.start) as u64
    }

    fn take(&mut self, count: usize) -> Result<&[u8], Stop> {
        if count as u64 > self.remaining() {
            return Err(self.ends_in_header());
        }
        self.fill(count)?;
        let bytes = &self.buffer[self.start..self.start + count];
        self.start += count;
        Ok(bytes)
    }

    fn peek(&mut self, count: usize) -> Result<&[u8], Stop> {
        let count = self.remaining().min(count as u64) as usize;
        match self.fill(count) {
            // Shorter than it was said to be.
            Ok(()) | Err(Stop::Error(HeaderError::EndsInHeader { .. })) => {}
            Err(other) => return Err(other),
        }
        let end = self.buffer.len().min(self.start + count);
        Ok(&self.buffer[self.start..end])
    }

    fn skip(&mut self, count: u64) -> Result<(), Stop> {
        if count > self.remaining() {
            return Err(self.ends_in_header());
        }
        let buffered = (self.buffer.len() - self.start) as u64;
        if count <= buffered {
            self.start += count as usize;
            return Ok(());
        }
        let target = self.position() + count;
        self.source
            .seek(SeekFrom::Start(target))
            .map_err(|source| HeaderError::Read {
                position: self.source_position,
                source,
            })?;
        self.buffer.clear();
        self.start = 0;
        self.source_position = target;
        Ok(())
    }
}
