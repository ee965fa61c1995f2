//! What work leaves behind.

/// Hands memory that was freed back to the system. A file's header has hundreds of thousands of texts, and glibc keeps the
/// room of those that are gone: 22 MB for a vocabulary of 152,000.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(
    unsafe_code,
    reason = "a call into the C library that takes no pointer"
)]
pub fn give_back() {
    // SAFETY: it may be called at any time, and from any thread.
    unsafe { libc::malloc_trim(0) };
}

/// Other systems' allocators do that by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back() {}
