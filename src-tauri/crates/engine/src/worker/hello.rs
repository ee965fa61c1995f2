//! A worker's first frame, and how frames are read.

use std::time::Duration;

use sirocco_engine_wire::{Device, FromWorker, WIRE_VERSION, decode_frame, decode_length};
use tokio::io::{AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout};
use tokio::time::timeout;

use super::SHUTDOWN_TIME;
use crate::runtime::Backend;

/// A worker says hello within this time or is not used.
const HELLO_TIME: Duration = Duration::from_secs(20);

/// What a worker said about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerHello {
    /// Such as `mistral.rs`.
    pub engine: String,
    /// Of the engine.
    pub engine_version: String,
    /// `cpu`, `cuda`, `metal`, `vulkan`.
    pub backend: String,
    /// What it was compiled for.
    pub target: String,
    /// What it computes on besides the CPU.
    pub devices: Vec<Device>,
}

impl std::fmt::Display for WorkerHello {
    /// `mistral.rs 0.8.1 · CPU (native)`, `mistral.rs 0.8.1 · CUDA (NVIDIA GeForce RTX 4070)`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.engine)?;
        if !self.engine_version.is_empty() {
            write!(f, " {}", self.engine_version)?;
        }
        let devices: Vec<&str> = self.devices.iter().map(|one| one.name.as_str()).collect();
        let place = if devices.is_empty() {
            self.target.clone()
        } else {
            devices.join(", ")
        };
        let known = Backend::ALL.iter().find(|one| one.slug() == self.backend);
        match known {
            Some(backend) => write!(f, " · {backend} ({place})"),
            None => write!(f, " · {} ({place})", self.backend),
        }
    }
}

/// The first frame, or why the process is not used.
pub(super) async fn read_hello(
    output: &mut BufReader<ChildStdout>,
    child: &mut Child,
) -> Result<WorkerHello, String> {
    match timeout(HELLO_TIME, read_frame(output)).await {
        Ok(Ok(Some(FromWorker::Hello {
            wire_version,
            engine,
            engine_version,
            backend,
            target,
            devices,
            problem,
        }))) => {
            if wire_version != WIRE_VERSION {
                return Err(format!(
                    "it speaks version {wire_version} of the frames, not {WIRE_VERSION}"
                ));
            }
            match problem {
                Some(problem) => Err(problem),
                None => Ok(WorkerHello {
                    engine,
                    engine_version,
                    backend,
                    target,
                    devices,
                }),
            }
        }
        Ok(Ok(Some(_))) => Err("its first frame is not a hello".into()),
        Ok(Ok(None)) => match timeout(SHUTDOWN_TIME, child.wait()).await {
            Ok(Ok(status)) => Err(format!("it ended with {status}")),
            _ => Err("it closed its output".into()),
        },
        Ok(Err(error)) => Err(format!("it does not speak in frames: {error}")),
        Err(_) => Err(format!("it said nothing for {} s", HELLO_TIME.as_secs())),
    }
}

pub(super) async fn read_frame(
    output: &mut BufReader<ChildStdout>,
) -> std::io::Result<Option<FromWorker>> {
    let mut prefix = [0; 4];
    match output.read_exact(&mut prefix).await {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut body = vec![0; decode_length(prefix)?];
    output.read_exact(&mut body).await?;
    decode_frame(&body).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_called_as_people_write_it() {
        let hello = |backend: &str, devices: &[&str]| WorkerHello {
            engine: "llama.cpp".into(),
            engine_version: "0.1.161".into(),
            backend: backend.into(),
            target: "baseline".into(),
            devices: devices
                .iter()
                .map(|name| Device {
                    name: (*name).into(),
                    memory_bytes: 0,
                })
                .collect(),
        };
        for (backend, devices, expected) in [
            ("cpu", vec![], "llama.cpp 0.1.161 · CPU (baseline)"),
            ("vulkan", vec!["Arc"], "llama.cpp 0.1.161 · Vulkan (Arc)"),
            ("metal", vec!["M4"], "llama.cpp 0.1.161 · Metal (M4)"),
            ("sand", vec![], "llama.cpp 0.1.161 · sand (baseline)"),
        ] {
            assert_eq!(hello(backend, &devices).to_string(), expected);
        }
    }
}
