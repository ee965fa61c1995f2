//! What the worker computes on: the backend it was compiled for, and the devices of this machine that it can use.

use mistralrs::Device as Place;
use sirocco_engine_wire::Device;
use sirocco_worker::engine::EngineError;

/// What this worker was compiled for.
pub const BACKEND: &str = if cfg!(feature = "cuda") {
    "cuda"
} else if cfg!(feature = "metal") {
    "metal"
} else {
    "cpu"
};

/// The device of this number; what is behind it is opened at the first call.
pub fn open(number: usize) -> candle_core::Result<Place> {
    match BACKEND {
        "cuda" => Place::new_cuda(number),
        "metal" => Place::new_metal(number),
        _ => Ok(Place::Cpu),
    }
}

/// What there is besides the CPU, seen to open.
#[cfg(not(feature = "cuda"))]
pub fn found() -> Result<Vec<Device>, EngineError> {
    if BACKEND != "cpu" {
        open(0).map_err(|error| EngineError(error.to_string()))?;
    }
    Ok(Vec::new())
}

/// The card that models are put on, and that it computes: one that answers may still be too old for our code.
#[cfg(feature = "cuda")]
pub fn found() -> Result<Vec<Device>, EngineError> {
    use candle_core::cuda::cudarc::driver::CudaContext;
    use candle_core::{DType, Tensor};

    let card = loaded("the driver of NVIDIA's cards", || {
        let card = CudaContext::new(0).map_err(|error| error.to_string())?;
        let name = card.name().map_err(|error| error.to_string())?;
        let memory_bytes = card.total_mem().map_err(|error| error.to_string())?;
        Ok(Device {
            name,
            memory_bytes: memory_bytes as u64,
        })
    })?;
    loaded("cuBLAS and cuRAND of CUDA 13", || {
        let sum = open(0)
            .and_then(|place| Tensor::ones(32, DType::F32, &place))
            .and_then(|ones| ones.sum_all()?.to_scalar::<f32>());
        match sum {
            Ok(32.0) => Ok(()),
            Ok(other) => Err(format!("it adds 32 ones up to {other}")),
            Err(error) => Err(error.to_string()),
        }
    })
    .map_err(|error| EngineError(format!("{}: {error}", card.name)))?;
    Ok(vec![card])
}

/// Calls something that opens libraries when they are first used, and panics where they are not there.
#[cfg(feature = "cuda")]
fn loaded<T>(what: &str, call: impl FnOnce() -> Result<T, String>) -> Result<T, EngineError> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)) {
        Ok(answer) => answer.map_err(EngineError),
        Err(_) => Err(EngineError(format!("{what} was not found"))),
    }
}
