//! Matrix products over GGUF's quantized weights, and attention, for x86-64 CPUs.
//!
//! * [`Matrix`]: weights in a GGUF format, kept in the bytes of the file, and their product with
//!   activations in f32. One row of activations goes through integer dot products and is bound by
//!   memory; many rows widen tiles of weights to f32 once per block of rows and multiply in f32, which
//!   is bound by the multipliers and loses nothing.
//! * [`attention`]: softmax(q kᵀ) v for one layer, causal by index, with grouped heads and without a mask.
//! * [`Files`]: the files of a model in memory, of which matrices take pieces.
//! * [`Pool`]: the threads both run on, which wait for work in a short loop before they sleep.
//!
//! It deliberately knows no tensor library and no model. What the CPU can do is found out at run time:
//! [`supported`] says whether these kernels run here at all; where they do not, the engine's own do.
//!
//! ```
//! use sirocco_kernels::{Format, Matrix, Pool};
//! # if !sirocco_kernels::supported() { return }
//! // Two rows of 32 weights in Q8_0: a scale of 0.5 (f16 0x3800) and 32 signed bytes.
//! let row = |weight: u8| [[0x00, 0x38].as_slice(), [weight; 32].as_slice()].concat();
//! let matrix = Matrix::new(Format::Q8_0, 2, 32, [row(2), row(4)].concat()).expect("whole rows");
//! let mut out = [0.0; 2];
//! matrix.multiply(&Pool::new(1), &[1.0; 32], &mut out);
//! assert_eq!(out, [32.0, 64.0]);
//! ```

#![cfg(target_arch = "x86_64")]

mod activations;
mod attention;
mod cursor;
mod files;
mod format;
mod gemm;
#[cfg(target_os = "linux")]
mod mapped;
mod matrix;
mod pool;
pub mod reference;
mod x86;

pub use attention::{Attention, Strided};
pub use files::Files;
pub use format::Format;
pub use matrix::{Matrix, ShapeError};
pub use pool::Pool;

/// Whether this CPU has what the kernels need: AVX2, FMA and F16C, as x86-64-v3 does.
#[must_use]
pub fn supported() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("fma")
        && std::arch::is_x86_feature_detected!("f16c")
}
