//! What llama.cpp computes on besides the CPU.

use llama_cpp_2::{LlamaBackendDeviceType, list_llama_ggml_backend_devices};
use sirocco_engine_wire::Device;
use sirocco_worker::engine::EngineError;

/// This worker was built for graphics cards.
pub const FOR_CARDS: bool = cfg!(any(feature = "cuda", feature = "metal", feature = "vulkan"));

/// The graphics cards, if this worker was built for any.
///
/// # Errors
/// If there is none that it can use.
pub fn found(backend: &str) -> Result<Vec<Device>, EngineError> {
    if !FOR_CARDS {
        return Ok(Vec::new());
    }
    let devices = list_llama_ggml_backend_devices().into_iter();
    let cards: Vec<Device> = devices
        .filter(|device| {
            matches!(
                device.device_type,
                LlamaBackendDeviceType::Gpu | LlamaBackendDeviceType::IntegratedGpu
            )
        })
        .map(|device| Device {
            name: device.description,
            memory_bytes: u64::try_from(device.memory_total).unwrap_or(u64::MAX),
        })
        .collect();
    if cards.is_empty() {
        return Err(EngineError(format!(
            "there is no graphics card with a driver that it can use ({backend})"
        )));
    }
    Ok(cards)
}
