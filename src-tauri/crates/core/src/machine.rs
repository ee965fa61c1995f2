//! The machine in plain words.

use sirocco_engine::{EngineError, Runtime, WorkerHello};
use sirocco_protocol::{Machine, RuntimeDevice, RuntimeReport};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

/// Looks at the machine. Takes a few milliseconds; blocks.
pub fn look() -> Machine {
    let what = RefreshKind::nothing()
        .with_cpu(CpuRefreshKind::nothing())
        .with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(what).ok();
    let cpu = system
        .as_ref()
        .and_then(|system| Some(system.cpus().first()?.brand().trim().to_owned()));
    Machine {
        cpu: cpu
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "unknown processor".into()),
        physical_cores: physical_cores(),
        cpu_level: sirocco_engine::cpu_level().to_owned(),
        memory_bytes: system.as_ref().map_or(0, System::total_memory),
        available_bytes: system.as_ref().map_or(0, available),
        system: System::long_os_version().unwrap_or_else(|_| std::env::consts::OS.to_owned()),
    }
}

/// What a worker says of itself, as the interface shows it.
pub fn runtime_report(
    (runtime, hello): &(Runtime, Result<WorkerHello, EngineError>),
    is_added: bool,
) -> RuntimeReport {
    let devices = hello.iter().flat_map(|hello| &hello.devices);
    RuntimeReport {
        key: runtime.key(),
        is_added,
        name: runtime.name,
        version: hello
            .as_ref()
            .ok()
            .map(|hello| hello.engine_version.clone()),
        backend: runtime.backend.to_string(),
        target: runtime.target.clone(),
        devices: devices
            .map(|device| RuntimeDevice {
                name: device.name.clone(),
                memory_bytes: device.memory_bytes,
            })
            .collect(),
        problem: hello.as_ref().err().map(|error| match error {
            EngineError::Start { reason, .. } => reason.clone(),
            other => other.to_string(),
        }),
    }
}

/// Cores without hyper-threads: two of those on one core do not compute faster than one.
pub fn physical_cores() -> u32 {
    let logical = std::thread::available_parallelism().map_or(1, usize::from);
    let physical = System::physical_core_count()
        .unwrap_or(logical)
        .min(logical);
    u32::try_from(physical.max(1)).unwrap_or(1)
}

/// Memory a new model may take, in bytes; 0 if the system does not say. Blocks.
pub fn available_bytes() -> u64 {
    let what = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    System::new_with_specifics(what).map_or(0, |system| available(&system))
}

fn available(system: &System) -> u64 {
    // A container may be given less than the machine has.
    match system.cgroup_limits() {
        Some(limits) if limits.free_memory > 0 => limits.free_memory.min(system.available_memory()),
        _ => system.available_memory(),
    }
}
