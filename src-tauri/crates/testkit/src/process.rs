//! Worker processes, seen from outside (Linux only).
//!
//! A worker runs in a folder of its own inside the data folder, which tells it from the workers of
//! every other test.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

/// Ids of the processes that run inside this folder.
#[must_use]
pub fn running_in(folder: &Path) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            // Of a process that has ended and was not waited for, there is no such link.
            let cwd = std::fs::read_link(entry.path().join("cwd")).ok()?;
            cwd.starts_with(folder).then_some(pid)
        })
        .collect()
}

/// Ends a process as `kill -9` does.
///
/// # Errors
/// If there is no such process, or it is someone else's.
pub fn kill(pid: u32) -> anyhow::Result<()> {
    signal(pid, Signal::KILL)
}

/// Stops a process as Ctrl+Z does: it lives and does nothing.
///
/// # Errors
/// If there is no such process, or it is someone else's.
pub fn freeze(pid: u32) -> anyhow::Result<()> {
    signal(pid, Signal::STOP)
}

fn signal(pid: u32, signal: Signal) -> anyhow::Result<()> {
    kill_process(to_pid(pid)?, signal)
        .with_context(|| format!("could not send {signal:?} to process {pid}"))
}

/// Waits until a process has ended. It need not be a child.
///
/// # Errors
/// If it lives longer than `limit`.
pub fn wait_for_end(pid: u32, limit: Duration) -> anyhow::Result<()> {
    let handle = match pidfd_open(to_pid(pid)?, PidfdFlags::empty()) {
        Ok(handle) => handle,
        Err(rustix::io::Errno::SRCH) => return Ok(()),
        Err(error) => return Err(error).context("could not watch a process"),
    };
    let limit = Timespec {
        tv_sec: limit.as_secs() as i64,
        tv_nsec: i64::from(limit.subsec_nanos()),
    };
    let mut waiting = [PollFd::new(&handle, PollFlags::IN)];
    if poll(&mut waiting, Some(&limit)).context("could not wait for a process")? == 0 {
        bail!("process {pid} still runs after {} s", limit.tv_sec);
    }
    Ok(())
}

fn to_pid(pid: u32) -> anyhow::Result<Pid> {
    i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .with_context(|| format!("{pid} is no process id"))
}
