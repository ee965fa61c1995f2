//! What fits on a disk.

use std::{fs::File, path::Path};

use crate::{HubError, transfer::Policy};

/// Fails if so many bytes do not fit into the folder with the reserve of the policy.
pub(in crate::transfer) fn check_space(
    policy: &Policy,
    folder: &Path,
    target: &Path,
    missing: u64,
) -> Result<(), HubError> {
    // A file system that cannot say how much is free is no reason not to try.
    let Ok(available) = policy.disk.available_bytes(folder) else {
        return Ok(());
    };
    let needed = missing.saturating_add(policy.reserve_bytes);
    if missing > 0 && available < needed {
        return Err(HubError::DiskFull {
            path: target.to_owned(),
            needed_bytes: needed - available,
        });
    }
    Ok(())
}

/// Fails if the file system cannot hold a file of this size.
pub(super) fn check_limit(policy: &Policy, target: &Path, size: u64) -> Result<(), HubError> {
    let folder = target.parent().unwrap_or(Path::new("."));
    match policy.disk.largest_file_bytes(folder) {
        Some(limit) if size > limit => Err(HubError::FileTooLarge {
            path: target.to_owned(),
            size,
            limit,
        }),
        _ => Ok(()),
    }
}

/// Bytes the file takes of the disk, also those that are only set aside for it.
pub(super) fn allocated_bytes(file: &File) -> u64 {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        file.metadata()
            .map_or(0, |metadata| metadata.blocks() * 512)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        0
    }
}
