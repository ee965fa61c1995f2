//! Length-prefixed JSON.

use std::io::{self, Read, Write};

use serde::{Serialize, de::DeserializeOwned};

/// No frame is longer. A prompt of a million tokens with its template data stays well under it.
pub const MAX_FRAME_BYTES: usize = 64 << 20;

/// The whole frame as bytes, for writers that are not [`Write`].
///
/// # Errors
/// `InvalidData` if the message is too long or cannot be written as JSON.
pub fn encode_frame<T: Serialize>(message: &T) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message)?;
    let length = bytes.len() - 4;
    let prefix = u32::try_from(length)
        .ok()
        .filter(|_| length <= MAX_FRAME_BYTES)
        .ok_or_else(too_long)?;
    bytes[..4].copy_from_slice(&prefix.to_le_bytes());
    Ok(bytes)
}

/// The length a prefix announces.
///
/// # Errors
/// `InvalidData` if it is over [`MAX_FRAME_BYTES`].
pub fn decode_length(prefix: [u8; 4]) -> io::Result<usize> {
    let length = u32::from_le_bytes(prefix) as usize;
    if length > MAX_FRAME_BYTES {
        Err(too_long())
    } else {
        Ok(length)
    }
}

/// Reads the body of a frame.
///
/// # Errors
/// `InvalidData` if it is not the JSON expected.
pub fn decode_frame<T: DeserializeOwned>(body: &[u8]) -> io::Result<T> {
    serde_json::from_slice(body).map_err(io::Error::from)
}

/// Writes one frame and flushes.
///
/// # Errors
/// Those of the writer, and `InvalidData` for a message that is too long.
pub fn write_frame<T: Serialize>(writer: &mut impl Write, message: &T) -> io::Result<()> {
    writer.write_all(&encode_frame(message)?)?;
    writer.flush()
}

/// Reads one frame; `None` at a clean end of the stream.
///
/// # Errors
/// Those of the reader, `UnexpectedEof` inside a frame, `InvalidData` for a bad frame.
pub fn read_frame<T: DeserializeOwned>(reader: &mut impl Read) -> io::Result<Option<T>> {
    let mut prefix = [0; 4];
    let mut filled = 0;
    while filled < prefix.len() {
        match reader.read(&mut prefix[filled..]) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let length = decode_length(prefix)?;
    // The length is a claim: grow with the bytes that really come.
    let mut body = Vec::new();
    reader.take(length as u64).read_to_end(&mut body)?;
    if body.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    decode_frame(&body).map(Some)
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "frame longer than 64 MiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_in_order() {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, &"one").unwrap();
        write_frame(&mut bytes, &"zwölf").unwrap();
        let mut reader = bytes.as_slice();
        assert_eq!(
            read_frame::<String>(&mut reader).unwrap().as_deref(),
            Some("one")
        );
        assert_eq!(
            read_frame::<String>(&mut reader).unwrap().as_deref(),
            Some("zwölf")
        );
        assert_eq!(read_frame::<String>(&mut reader).unwrap(), None);
    }

    #[test]
    fn a_cut_frame_is_an_error() {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, &"one").unwrap();
        for cut in 1..bytes.len() {
            assert!(
                read_frame::<String>(&mut &bytes[..cut]).is_err(),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn a_claimed_length_allocates_nothing() {
        let bytes = u32::MAX.to_le_bytes();
        assert_eq!(
            read_frame::<String>(&mut bytes.as_slice())
                .unwrap_err()
                .kind(),
            io::ErrorKind::InvalidData
        );
    }
}
