//! Weights in a GGUF format, and their product with activations.

use bytes::Bytes;

use crate::activations::Activations;
use crate::cursor::Cursor;
use crate::x86::{dot, widen};
use crate::{Format, Pool, gemm};

/// Rows of activations from which on weights are widened. One row alone is a token being written; a
/// prompt comes in pieces of two and more, and must not come out another way for being cut another way.
const MANY: usize = 2;
/// Rows of weights that a thread takes at a time, at least.
const CHUNK: usize = 16;
/// Chunks for each thread: few, as memory is read fastest in long runs, but enough to even threads out.
const CHUNKS: usize = 8;

/// A matrix of quantized weights, row by row, in the bytes of the file.
#[derive(Clone, Debug)]
pub struct Matrix {
    format: Format,
    rows: usize,
    columns: usize,
    row_bytes: usize,
    bytes: Bytes,
}

/// The bytes are not a matrix of that shape, or this CPU cannot multiply it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShapeError {
    /// A row is no whole number of blocks.
    Columns,
    /// There are more or fewer bytes than the rows take.
    Bytes,
    /// [`supported`](crate::supported) is false.
    Cpu,
}

impl std::fmt::Display for ShapeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Columns => "a row of weights is no whole number of blocks",
            Self::Bytes => "the weights are not as many as their shape says",
            Self::Cpu => "this CPU lacks AVX2, FMA or F16C",
        })
    }
}

impl std::error::Error for ShapeError {}

impl Matrix {
    /// Takes the bytes of a tensor, without a copy of them.
    ///
    /// # Errors
    /// [`ShapeError`].
    pub fn new(
        format: Format,
        rows: usize,
        columns: usize,
        bytes: impl Into<Bytes>,
    ) -> Result<Self, ShapeError> {
        if !crate::supported() {
            return Err(ShapeError::Cpu);
        }
        let bytes = bytes.into();
        let row_bytes = format.row_bytes(columns).ok_or(ShapeError::Columns)?;
        if rows.checked_mul(row_bytes) != Some(bytes.len()) {
            return Err(ShapeError::Bytes);
        }
        Ok(Self {
            format,
            rows,
            columns,
            row_bytes,
            bytes,
        })
    }

    /// How its weights are stored.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Rows: values of the product.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns: values that go in.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// All weights in f32, row by row.
    #[must_use]
    pub fn widened(&self, pool: &Pool) -> Vec<f32> {
        let mut out = vec![0.0; self.rows * self.columns];
        let cursor = Cursor::new(self.rows.div_ceil(CHUNK));
        let rows = Out(out.as_mut_ptr());
        pool.run(&|_| {
            let rows = &rows;
            while let Some(chunk) = cursor.take() {
                for row in chunk * CHUNK..self.rows.min((chunk + 1) * CHUNK) {
                    // SAFETY: the CPU is supported, or there would be no matrix; each row of `out`
                    // belongs to one thread.
                    unsafe {
                        let out = rows.0.add(row * self.columns);
                        let out = std::slice::from_raw_parts_mut(out, self.columns);
                        widen::row(self.format, self.row(row), 0, self.columns, out);
                    }
                }
            }
        });
        out
    }

    /// `out = left * selfᵀ`: for each row of `left` (of as many values as the matrix has columns) a row
    /// of `out` (of as many as it has rows).
    ///
    /// # Panics
    /// If `left` is no whole number of rows, or `out` does not hold as many.
    pub fn multiply(&self, pool: &Pool, left: &[f32], out: &mut [f32]) {
        let count = left.len() / self.columns.max(1);
        assert_eq!(
            left.len(),
            count * self.columns,
            "whole rows of activations"
        );
        assert_eq!(
            out.len(),
            count * self.rows,
            "a row of the product for each"
        );
        if count >= MANY {
            gemm::multiply(self, pool, left, out);
        } else if count > 0 {
            self.multiply_one(pool, left, out);
        }
    }

    fn multiply_one(&self, pool: &Pool, left: &[f32], out: &mut [f32]) {
        let mut rounded = Activations::default();
        rounded.quantize(left);
        let chunk_rows = self.rows.div_ceil(pool.len() * CHUNKS).max(CHUNK);
        let (left, cursor) = (&rounded, Cursor::new(self.rows.div_ceil(chunk_rows)));
        let out = Out(out.as_mut_ptr());
        pool.run(&|_| {
            let out = &out;
            while let Some(chunk) = cursor.take() {
                for row in chunk * chunk_rows..self.rows.min((chunk + 1) * chunk_rows) {
                    // SAFETY: the CPU is supported, or there would be no matrix; the row is as long as
                    // the activations; each value of `out` is written by one thread.
                    unsafe {
                        let value = dot::row(self.format, self.row(row), left);
                        out.0.add(row).write(value);
                    }
                }
            }
        });
    }

    /// The first byte of a row.
    ///
    /// # Panics
    /// If there is no such row.
    pub(crate) fn row(&self, row: usize) -> *const u8 {
        self.bytes[row * self.row_bytes..][..self.row_bytes].as_ptr()
    }
}

/// Values that several threads write, each its own.
pub(crate) struct Out(pub *mut f32);

// SAFETY: the threads write to different values.
unsafe impl Sync for Out {}
