//! The numbers of a transfer, and the doors to time, chance and disk that tests replace.

use std::{
    fs::File,
    hash::{BuildHasher, Hasher},
    io,
    path::Path,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use super::{Traffic, part::write_all_at};
use crate::HubError;

/// Waits for a while.
pub type Wait = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// What a transfer needs of a disk.
pub trait Disk: Send + Sync {
    /// Bytes that can still be written in this folder.
    ///
    /// # Errors
    /// Whatever the system says.
    fn available_bytes(&self, folder: &Path) -> io::Result<u64>;

    /// Writes all bytes at an offset of a file.
    ///
    /// # Errors
    /// Whatever the system says; a full disk as [`io::ErrorKind::StorageFull`].
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Sets the space for so many bytes aside for a file, without changing its length.
    ///
    /// # Errors
    /// Whatever the system says; nothing depends on it.
    fn allocate(&self, _file: &File, _size_bytes: u64) -> io::Result<()> {
        Ok(())
    }

    /// The largest file that can be in this folder, if there is a limit that matters.
    fn largest_file_bytes(&self, _folder: &Path) -> Option<u64> {
        None
    }
}

/// The disk itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemDisk;

impl Disk for SystemDisk {
    fn available_bytes(&self, folder: &Path) -> io::Result<u64> {
        fs4::available_space(folder)
    }

    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        write_all_at(file, bytes, offset)
    }

    #[cfg(target_os = "linux")]
    fn allocate(&self, file: &File, size_bytes: u64) -> io::Result<()> {
        use rustix::fs::{FallocateFlags, fallocate, fstatfs};
        /// Memory is in one piece anyway, and setting it aside takes as long as filling it.
        const TMPFS: u64 = 0x0102_1994;
        if u64::try_from(fstatfs(file)?.f_type) == Ok(TMPFS) {
            return Ok(());
        }
        Ok(fallocate(file, FallocateFlags::KEEP_SIZE, 0, size_bytes)?)
    }

    /// FAT ends files at 4 GiB, without a word before the last byte.
    fn largest_file_bytes(&self, folder: &Path) -> Option<u64> {
        let folder = std::fs::canonicalize(folder).ok()?;
        let nothing = sysinfo::DiskRefreshKind::nothing();
        let disks = sysinfo::Disks::new_with_refreshed_list_specifics(nothing).ok()?;
        let disk = disks
            .iter()
            .filter(|disk| folder.starts_with(disk.mount_point()))
            .max_by_key(|disk| disk.mount_point().as_os_str().len())?;
        let kind = disk.file_system().to_string_lossy().to_ascii_lowercase();
        ["vfat", "msdos", "fat", "fat16", "fat32"]
            .contains(&kind.as_str())
            .then_some(u64::from(u32::MAX))
    }
}

/// How patient a transfer is.
#[derive(Clone)]
pub struct Policy {
    /// Failures in a row, without [`progress_bytes`](Self::progress_bytes) between them, before a source is given up.
    pub tries: u32,
    /// The same while another source is left to try.
    pub tries_before_next: u32,
    /// So many new bytes make a failure the first again.
    pub progress_bytes: u64,
    /// The first wait after a failure; it doubles each time.
    pub first_wait: Duration,
    /// No wait is longer, except one that the server asks for.
    pub longest_wait: Duration,
    /// No wait that a server asks for is longer.
    pub longest_retry_after: Duration,
    /// How long the headers of an answer may take.
    pub header_timeout: Duration,
    /// How long a body may be silent.
    pub idle_timeout: Duration,
    /// How slow a body may be over this time…
    pub slow_window: Duration,
    /// …before it counts as stalled: fewer bytes than this.
    pub slow_bytes: u64,
    /// How long to wait for another process that is just letting go of the file.
    pub lock_wait: Duration,
    /// Bytes of the disk that stay free.
    pub reserve_bytes: u64,
    /// Free space is looked at again after so many bytes.
    pub space_check_bytes: u64,
    /// Bytes after which the file is forced to the disk.
    pub sync_bytes: u64,
    /// A stream asks for at least so many bytes at once…
    pub segment_min_bytes: u64,
    /// …and at most for so many.
    pub segment_max_bytes: u64,
    /// How long the speed is watched before another stream is tried.
    pub growth_window: Duration,
    /// What all transfers share: speed limit, streams, hosts that asked to wait.
    pub traffic: Arc<Traffic>,
    /// Waits.
    pub wait: Wait,
    /// A number from 0 to 1 that spreads the waits of many clients.
    pub jitter: fn() -> f64,
    /// The disk.
    pub disk: Arc<dyn Disk>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            tries: 8,
            tries_before_next: 2,
            progress_bytes: 256 << 10,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(60),
            longest_retry_after: Duration::from_secs(600),
            header_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(30),
            slow_window: Duration::from_secs(60),
            slow_bytes: 60 << 10,
            lock_wait: Duration::from_secs(2),
            reserve_bytes: 1 << 30,
            space_check_bytes: 256 << 20,
            sync_bytes: 8 << 20,
            segment_min_bytes: 16 << 20,
            segment_max_bytes: 64 << 20,
            growth_window: Duration::from_secs(1),
            traffic: Arc::default(),
            wait: Arc::new(|duration| Box::pin(tokio::time::sleep(duration))),
            jitter,
            disk: Arc::new(SystemDisk),
        }
    }
}

impl Policy {
    /// Fails if so many more bytes do not fit where `target` is to be, with the reserve.
    ///
    /// # Errors
    /// [`HubError::DiskFull`].
    pub fn check_space(&self, target: &Path, missing_bytes: u64) -> Result<(), HubError> {
        // The folder may not be there yet.
        let folder = target.ancestors().skip(1).find(|folder| folder.is_dir());
        let folder = folder.unwrap_or(Path::new("."));
        super::part::check_space(self, folder, target, missing_bytes)
    }

    /// The wait before try number `failures + 1`: doubling, half of it by chance, at least what the server asks for.
    pub(super) fn backoff(&self, failures: u32, retry_after: Option<Duration>) -> Duration {
        let doubled = self
            .first_wait
            .saturating_mul(1 << failures.saturating_sub(1).min(16));
        let ours = doubled
            .min(self.longest_wait)
            .mul_f64(0.5 + 0.5 * (self.jitter)().clamp(0.0, 1.0));
        let asked = retry_after
            .unwrap_or_default()
            .min(self.longest_retry_after);
        ours.max(asked)
    }
}

/// From the keys with which the standard library seeds each hash map.
fn jitter() -> f64 {
    let random = std::hash::RandomState::new().build_hasher().finish();
    random as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_respect_the_server() {
        let policy = Policy {
            jitter: || 1.0,
            ..Policy::default()
        };
        let seconds = |failures, asked: Option<u64>| {
            policy
                .backoff(failures, asked.map(Duration::from_secs))
                .as_secs()
        };
        assert_eq!(
            [1, 2, 3, 4, 40].map(|failures| seconds(failures, None)),
            [1, 2, 4, 8, 60]
        );
        assert_eq!(seconds(1, Some(90)), 90);
        assert_eq!(seconds(1, Some(1_000_000)), 600);
    }

    #[test]
    fn chance_takes_at_most_half_of_a_wait() {
        let policy = Policy {
            jitter: || 0.0,
            ..Policy::default()
        };
        assert_eq!(policy.backoff(3, None), Duration::from_secs(2));
        assert!(
            (0..100)
                .map(|_| jitter())
                .all(|value| (0.0..=1.0).contains(&value))
        );
    }
}
