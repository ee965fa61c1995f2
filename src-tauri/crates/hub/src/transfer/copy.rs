//! Files of this machine: as a source, as a finished target, and under a second name.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use super::{
    TransferState,
    http::Fetched,
    part::{Part, sync_folder, with_suffix},
    run::{Halt, Run, blocking},
};
use crate::{HubError, hash::ContentHash, library::hash_files};

const CHUNK_BYTES: usize = 1 << 20;

/// Copies what the part still lacks.
pub(super) async fn fetch(run: &mut Run, mut part: Part, path: &Path) -> Fetched {
    run.publish(TransferState::Downloading);
    let goes_on = run.goes_on();
    let path = path.to_owned();
    let copied = blocking(move || {
        let outcome = copy_rest(&mut part, &path, goes_on);
        Ok((part, outcome))
    });
    copied.await
}

fn copy_rest(part: &mut Part, path: &Path, goes_on: impl Fn() -> bool) -> Result<(), Halt> {
    let failed = |error| HubError::file("read", path, error);
    let mut file = File::open(path).map_err(failed)?;
    let found = file.metadata().map_err(failed)?.len();
    let host = path.display().to_string();
    match part.promise.size {
        Some(expected) if expected != found => {
            return Err(HubError::Size {
                host,
                expected,
                found,
            }
            .into());
        }
        _ => part.promise.size = Some(found),
    }
    if part.promise.sha256.is_none() || part.done().end() > found {
        part.restart()?;
    }
    part.check_space(0)?;
    file.seek(SeekFrom::Start(part.prefix())).map_err(failed)?;
    let mut buffer = vec![0; CHUNK_BYTES];
    // Counted here: where streams left a piece further on, the prefix jumps over it.
    let mut at = part.prefix();
    loop {
        if !goes_on() {
            return Err(Halt::Order);
        }
        let read = file.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            break;
        }
        part.write(at, &buffer[..read], &host)?;
        at += read as u64;
    }
    if part.prefix() < found {
        return Err(HubError::Cut {
            host,
            done: part.prefix(),
            expected: found,
        }
        .into());
    }
    Ok(())
}

/// The file has this size and hash, as far as they are known. Reads the file only if the size fits, and as long as
/// `goes_on` says so.
///
/// # Errors
/// [`HubError::File`]; [`HubError::Ended`] if the reading was ended.
pub(super) fn is_right(
    path: &Path,
    size: Option<u64>,
    sha256: Option<ContentHash>,
    goes_on: impl Fn() -> bool,
) -> Result<bool, HubError> {
    let failed = |error| HubError::file("read", path, error);
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() || size.is_some_and(|size| size != metadata.len()) {
        return Ok(false);
    }
    match sha256 {
        Some(expected) => Ok(hash_files(&[path], &mut |_| goes_on())? == [expected]),
        // Without a hash, nothing but the size can be compared, and without a size nothing at all.
        None => Ok(size.is_some()),
    }
}

/// Gives a finished file a second name: a hard link on the same disk, else a copy.
pub(super) fn place(target: &Path, place: &Path) -> Result<(), HubError> {
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|e| HubError::file("create the folder", folder, e))?;
    }
    if std::fs::hard_link(target, place).is_ok() {
        return Ok(());
    }
    if place.exists() {
        return Err(HubError::Occupied {
            path: place.to_owned(),
        });
    }
    let fresh = with_suffix(place, ".part");
    let copied = std::fs::copy(target, &fresh)
        // Windows syncs only what is open for writing.
        .and_then(|_| File::options().write(true).open(&fresh)?.sync_all())
        .and_then(|()| std::fs::rename(&fresh, place));
    if let Err(error) = copied {
        let _ = std::fs::remove_file(&fresh);
        return Err(HubError::file("write", place, error));
    }
    if let Some(folder) = place.parent() {
        sync_folder(folder);
    }
    Ok(())
}
