//! Products with many rows of activations.
//!
//! A thread takes [`COLUMNS`] rows of weights (columns of the product), widens [`DEPTH`] weights of each
//! to f32 and turns them into panels that stay in its caches, and runs all rows of activations past
//! them. So each weight is read and widened once, and the rest is multiplication at the speed of the
//! registers: two vectors of columns and six rows at a time ([`tile`]).

use crate::cursor::Cursor;
use crate::matrix::Out;
use crate::x86::tile::{self, Tile};
use crate::x86::widen::{self, DEPTH, WIDTH};
use crate::{Matrix, Pool};

/// Panels of a task: 64 KiB, which the second cache holds beside the activations.
const PANELS: usize = 4;
/// Columns of a task.
const COLUMNS: usize = PANELS * WIDTH;

pub(crate) fn multiply(matrix: &Matrix, pool: &Pool, left: &[f32], out: &mut [f32]) {
    let packed = pack(pool, left, matrix.columns());
    let count = left.len() / matrix.columns();
    let cursor = Cursor::new(matrix.rows().div_ceil(COLUMNS));
    let out = Out(out.as_mut_ptr());
    pool.run(&|_| {
        let mut scratch = Scratch::new();
        while let Some(task) = cursor.take() {
            // SAFETY: each task has columns of the product of its own.
            unsafe { scratch.columns(matrix, (&packed, count), &out, task * COLUMNS) };
        }
    });
}

/// The rows as tiles read them: the first values of six rows beside each other, then their second. Tiles are a
/// twentieth faster so than with rows that lie far apart.
fn pack(pool: &Pool, left: &[f32], depth: usize) -> Vec<f32> {
    let groups = (left.len() / depth).div_ceil(tile::ROWS);
    let mut packed = vec![0.0; groups * tile::ROWS * depth];
    let cursor = Cursor::new(groups);
    let out = Out(packed.as_mut_ptr());
    pool.run(&|_| {
        let out = &out;
        while let Some(group) = cursor.take() {
            let start = group * tile::ROWS * depth;
            // SAFETY: each group lies in `packed`, and is one thread's.
            let packed =
                unsafe { std::slice::from_raw_parts_mut(out.0.add(start), tile::ROWS * depth) };
            for (row, values) in left[start..]
                .chunks_exact(depth)
                .take(tile::ROWS)
                .enumerate()
            {
                for (column, value) in packed.chunks_exact_mut(tile::ROWS).zip(values) {
                    column[row] = *value;
                }
            }
        }
    });
    packed
}

struct Scratch {
    /// 16 rows of weights in f32.
    rows: Vec<f32>,
    panels: Vec<f32>,
}

impl Scratch {
    fn new() -> Self {
        Self {
            rows: vec![0.0; WIDTH * DEPTH],
            panels: vec![0.0; PANELS * WIDTH * DEPTH],
        }
    }

    /// The columns of the product from `first` on.
    ///
    /// # Safety
    /// No other thread uses those columns; `out` holds as many rows as were packed.
    unsafe fn columns(
        &mut self,
        matrix: &Matrix,
        (left, count): (&[f32], usize),
        out: &Out,
        first: usize,
    ) {
        let columns = COLUMNS.min(matrix.rows() - first);
        let depth = matrix.columns();
        for from in (0..depth).step_by(DEPTH) {
            let len = DEPTH.min(depth - from);
            for panel in 0..columns.div_ceil(WIDTH) {
                self.widen(matrix, first + panel * WIDTH, from, len, panel);
            }
            for row in (0..count).step_by(tile::ROWS) {
                let rows = tile::ROWS.min(count - row);
                for panel in 0..columns.div_ceil(WIDTH) {
                    let column = first + panel * WIDTH;
                    let place = Tile {
                        depth: len,
                        left: left[row * depth + from * tile::ROWS..].as_ptr(),
                        left_rows: tile::Rows::Packed,
                        right: self.panels[panel * WIDTH * DEPTH..].as_ptr(),
                        right_stride: WIDTH,
                        // SAFETY: within `out`, by the contract.
                        out: unsafe { out.0.add(row * matrix.rows() + column) },
                        out_stride: matrix.rows(),
                    };
                    let width = WIDTH.min(matrix.rows() - column);
                    // SAFETY: the CPU is supported, or there would be no matrix; the packed rows and
                    // the panel are as long as the tile is deep; the columns are this thread's.
                    unsafe { store(place, rows, width, from > 0) };
                }
            }
        }
    }

    /// Fills one panel with `len` weights of 16 rows; rows past the end of the matrix are zeros.
    fn widen(&mut self, matrix: &Matrix, first: usize, from: usize, len: usize, panel: usize) {
        for (index, row) in self.rows.chunks_exact_mut(DEPTH).enumerate() {
            if first + index < matrix.rows() {
                // SAFETY: the CPU is supported, or there would be no matrix; `from` is a multiple of
                // the longest block, and so is `from + len`, or it is the end of the row.
                unsafe { widen::row(matrix.format(), matrix.row(first + index), from, len, row) };
            } else {
                row.fill(0.0);
            }
        }
        let panel = &mut self.panels[panel * WIDTH * DEPTH..][..WIDTH * DEPTH];
        // SAFETY: `rows` holds 16 rows of `DEPTH`, the panel as many values; `len` is a multiple of 32.
        unsafe { widen::turn(self.rows.as_ptr(), DEPTH, len, panel.as_mut_ptr()) };
    }
}

/// A tile of which only the first `width` columns exist.
///
/// # Safety
/// As [`tile::multiply`], for those columns.
unsafe fn store(place: Tile, rows: usize, width: usize, add: bool) {
    if width == WIDTH {
        // SAFETY: by the contract.
        return unsafe { tile::multiply(place, rows, add) };
    }
    let mut buffer = [0.0f32; tile::ROWS * WIDTH];
    let aside = Tile {
        out: buffer.as_mut_ptr(),
        out_stride: WIDTH,
        ..place
    };
    // SAFETY: by the contract, and the buffer holds a full tile.
    unsafe { tile::multiply(aside, rows, false) };
    for row in 0..rows {
        for column in 0..width {
            // SAFETY: one of the columns that exist.
            unsafe {
                let out = place.out.add(row * place.out_stride + column);
                let before = if add { out.read() } else { 0.0 };
                out.write(before + buffer[row * WIDTH + column]);
            }
        }
    }
}
