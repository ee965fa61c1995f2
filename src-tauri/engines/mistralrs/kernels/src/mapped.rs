//! A file as memory at once: mapped, and moved into memory of our own while it is used.
//!
//! Copying a file before anything can be asked takes seconds where memory is full of other things, as the kernel has to
//! make room. A mapped file that was read lately is there at once, but its pages are small, which makes every token 5 to
//! 8 % slower, and whoever cuts the file short kills the process. So a thread goes over it, and puts huge pages with the
//! same bytes in the place of one part after the other. Where memory is short the rest stays mapped.

use std::ffi::c_void;
use std::fs::File;
use std::io;

use bytes::Bytes;
use memmap2::{Advice, MmapOptions};
use rustix::mm::{self, MapFlags, MremapFlags, ProtFlags};

/// Moved at a time; those who read it meanwhile wait for microseconds.
const PART: usize = 8 * HUGE;
/// The size of a huge page.
const HUGE: usize = 2 << 20;
/// What is left to others, the cache of the conversation among them.
const RESERVE: u64 = 1 << 30;

/// Maps `file`, `length` bytes of it. `each` is handed what makes so many bytes from a place on be there, and calls it for
/// all of them.
pub fn map(
    file: &File,
    length: usize,
    each: impl FnOnce(&(dyn Fn(usize, usize) -> io::Result<()> + Sync)) -> io::Result<()>,
) -> io::Result<Bytes> {
    // SAFETY: should somebody write to the file, weights change while they are used: they are numbers, and any will do.
    let memory = unsafe { MmapOptions::new().len(length).map(file)? };
    each(&|offset, length| {
        // All of it is asked for before it is waited for. Linux before 5.14 knows no `PopulateRead`, nor did it fail
        // then: the bytes come when they are used.
        memory.advise_range(Advice::WillNeed, offset, length)?;
        match memory.advise_range(Advice::PopulateRead, offset, length) {
            Err(error) if error.kind() != io::ErrorKind::InvalidInput => Err(error),
            _ => Ok(()),
        }
    })?;
    let memory = Bytes::from_owner(memory);
    let moved = memory.clone();
    // Without the thread it stays mapped.
    let _ = std::thread::Builder::new()
        .name("weights".into())
        .spawn(move || move_in(&moved));
    Ok(memory)
}

/// Moves as much into memory of our own as there is room for.
fn move_in(memory: &[u8]) {
    let first = memory.as_ptr().align_offset(HUGE).min(memory.len());
    let (head, rest) = memory.split_at(first);
    for part in std::iter::once(head).chain(rest.chunks(PART)) {
        let room = available().is_some_and(|bytes| bytes > part.len() as u64 + RESERVE);
        if !room || move_part(part).is_err() {
            return;
        }
    }
}

/// Puts memory of our own in the place of `part`, which begins with a page and ends with one or with the file.
fn move_part(part: &[u8]) -> io::Result<()> {
    let length = part.len().next_multiple_of(rustix::param::page_size());
    if length == 0 {
        return Ok(());
    }
    let copy = Pages::like(part.as_ptr().addr(), length)?;
    // SAFETY: the new pages are at least as long as the part, and apart from it.
    unsafe { std::ptr::copy_nonoverlapping(part.as_ptr(), copy.start.cast(), part.len()) };
    copy.move_to(part.as_ptr().cast_mut().cast())
}

/// Memory that nobody else knows of.
struct Pages {
    start: *mut c_void,
    length: usize,
}

impl Pages {
    /// New pages that lie to huge ones as those at `address` do: only so can they be moved there.
    fn like(address: usize, length: usize) -> io::Result<Self> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        let room = length + HUGE;
        // SAFETY: the kernel chooses a place where nothing is.
        let room_start =
            unsafe { mm::mmap_anonymous(std::ptr::null_mut(), room, access, MapFlags::PRIVATE)? };
        let before = address.wrapping_sub(room_start.addr()) % HUGE;
        let start = room_start.wrapping_byte_add(before);
        let behind = start.wrapping_byte_add(length);
        // SAFETY: what is too much on both sides is ours and not used.
        unsafe {
            if before > 0 {
                mm::munmap(room_start, before)?;
            }
            mm::munmap(behind, HUGE - before)?;
            // Without huge pages it is slower, and nothing else.
            let _ = mm::madvise(start, length, mm::Advice::LinuxHugepage);
        }
        Ok(Self { start, length })
    }

    /// Puts these pages in the place of those at `target`, in one step for whoever reads there.
    fn move_to(self, target: *mut c_void) -> io::Result<()> {
        // SAFETY: `target` is part of a mapping of which we hold the owner, holds the same bytes, and is unmapped by the
        // owner in the end, whatever is behind it.
        let moved = unsafe {
            mm::mremap_fixed(
                self.start,
                self.length,
                self.length,
                MremapFlags::MAYMOVE,
                target,
            )
        };
        if moved.is_err() {
            // SAFETY: they are where they were, and ours.
            unsafe { mm::munmap(self.start, self.length)? };
        }
        moved.map(drop).map_err(io::Error::from)
    }
}

/// What the system can still give without taking from programs.
fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moved_bytes_are_the_same() {
        let path = std::env::temp_dir().join(format!("sirocco-mapped-{}", std::process::id()));
        let length = PART + HUGE + 4096 + 5;
        let bytes: Vec<u8> = (0..length).map(|place| (place % 251) as u8).collect();
        std::fs::write(&path, &bytes).expect("a file");
        let file = File::open(&path).expect("it was written");
        // SAFETY: the file is ours.
        let memory = unsafe { memmap2::Mmap::map(&file) }.expect("it can be mapped");
        move_in(&memory);
        assert!(memory[..] == bytes[..]);
        // Were it still mapped, this would kill us.
        File::create(&path).expect("the file is cut to nothing");
        assert!(memory[..] == bytes[..]);
        std::fs::remove_file(&path).expect("the file was ours");
    }

    #[test]
    fn the_system_says_what_memory_it_has() {
        assert!(available().is_some_and(|bytes| bytes > 0));
    }
}
