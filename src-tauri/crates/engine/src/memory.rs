//! What a worker takes, measured from outside: the same for every engine, and on every system.

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Resident memory of a process in bytes; 0 if there is no such process or the system does not say.
/// Blocks for less than a millisecond.
pub(crate) fn resident_bytes(pid: u32) -> u64 {
    let Ok(mut system) = System::new() else {
        return 0;
    };
    let pid = Pid::from_u32(pid);
    let what = ProcessRefreshKind::nothing().without_tasks().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, what);
    system.process(pid).map_or(0, |process| process.memory())
}

/// The most resident memory a process ever had, in bytes, where the system counts it (`VmHWM` of Linux).
pub(crate) fn peak_bytes(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_taken_is_seen() {
        const MORE: usize = 64 << 20;
        let pid = std::process::id();
        let before = resident_bytes(pid);
        assert!(before > 1 << 20, "{before}");
        let taken = vec![1_u8; MORE];
        let after = resident_bytes(pid);
        assert!(after >= before + MORE as u64 / 2, "{before} {after}");
        drop(taken);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_that_was_given_back_stays_in_the_peak() {
        const MORE: usize = 64 << 20;
        let pid = std::process::id();
        let before = resident_bytes(pid);
        drop(std::hint::black_box(vec![1_u8; MORE]));
        let peak = peak_bytes(pid);
        assert!(peak >= Some(before + MORE as u64 / 2), "{before} {peak:?}");
        assert_eq!(peak_bytes(u32::MAX >> 1), None);
    }

    #[test]
    fn a_process_that_is_not_there_takes_nothing() {
        assert_eq!(resident_bytes(u32::MAX >> 1), 0);
    }
}
