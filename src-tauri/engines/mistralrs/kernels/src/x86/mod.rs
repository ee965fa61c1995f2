//! The kernels proper, in AVX2 with FMA and F16C.
//!
//! Functions marked with these target features may be called only where [`crate::supported`] says so;
//! the callers in this crate hold a [`crate::Matrix`] or an [`crate::Attention`], which cannot be made
//! elsewhere.

pub(crate) mod codes;
pub(crate) mod dot;
pub(crate) mod softmax;
pub(crate) mod tile;
pub(crate) mod widen;
