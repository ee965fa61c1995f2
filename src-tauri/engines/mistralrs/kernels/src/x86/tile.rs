//! The innermost product: up to 6 rows by 16 columns, held in registers while the depth runs.

use std::arch::x86_64::*;

use super::widen::WIDTH;

/// Rows of a full tile: 12 accumulators, 2 columns and 1 factor fill the 16 registers.
pub(crate) const ROWS: usize = 6;

/// How the rows of the left side lie.
#[derive(Clone, Copy)]
pub(crate) enum Rows {
    /// So many values from one to the next.
    Apart(usize),
    /// Turned: the first values of [`ROWS`] rows beside each other, then their second.
    Packed,
}

/// Where a tile reads and writes. Strides count values from one row to the next.
#[derive(Clone, Copy)]
pub(crate) struct Tile {
    pub depth: usize,
    pub left: *const f32,
    pub left_rows: Rows,
    pub right: *const f32,
    pub right_stride: usize,
    pub out: *mut f32,
    pub out_stride: usize,
}

/// `out = left * right`, or `out += left * right`, for `rows` rows (at most [`ROWS`]) and 16 columns.
///
/// # Safety
/// The CPU is supported. `left` has `rows` rows of `depth` values, `right` `depth` rows of 16, `out`
/// `rows` rows of 16 that nobody else uses meanwhile.
pub(crate) unsafe fn multiply(tile: Tile, rows: usize, add: bool) {
    // SAFETY: by the contract.
    unsafe {
        match tile.left_rows {
            Rows::Apart(stride) => counted::<false>(tile, stride, rows, add),
            Rows::Packed => counted::<true>(tile, 0, rows, add),
        }
    }
}

/// # Safety
/// As [`multiply`].
unsafe fn counted<const PACKED: bool>(tile: Tile, stride: usize, rows: usize, add: bool) {
    // SAFETY: by the contract.
    unsafe {
        match rows {
            0 => {}
            1 => fixed::<1, PACKED>(tile, stride, add),
            2 => fixed::<2, PACKED>(tile, stride, add),
            3 => fixed::<3, PACKED>(tile, stride, add),
            4 => fixed::<4, PACKED>(tile, stride, add),
            5 => fixed::<5, PACKED>(tile, stride, add),
            6 => fixed::<6, PACKED>(tile, stride, add),
            _ => unreachable!("a tile has at most {ROWS} rows"),
        }
    }
}

/// # Safety
/// As [`multiply`].
#[target_feature(enable = "avx2,fma")]
unsafe fn fixed<const R: usize, const PACKED: bool>(tile: Tile, stride: usize, add: bool) {
    let mut sums = [[_mm256_setzero_ps(); 2]; R];
    // SAFETY: by the contract.
    unsafe {
        if add {
            for (row, sums) in sums.iter_mut().enumerate() {
                let out = tile.out.add(row * tile.out_stride);
                *sums = [_mm256_loadu_ps(out), _mm256_loadu_ps(out.add(WIDTH / 2))];
            }
        }
        let mut right = tile.right;
        for at in 0..tile.depth {
            let columns = [
                _mm256_loadu_ps(right),
                _mm256_loadu_ps(right.add(WIDTH / 2)),
            ];
            for (row, sums) in sums.iter_mut().enumerate() {
                let place = if PACKED {
                    at * ROWS + row
                } else {
                    row * stride + at
                };
                let factor = _mm256_broadcast_ss(&*tile.left.add(place));
                sums[0] = _mm256_fmadd_ps(factor, columns[0], sums[0]);
                sums[1] = _mm256_fmadd_ps(factor, columns[1], sums[1]);
            }
            right = right.add(tile.right_stride);
        }
        for (row, sums) in sums.iter().enumerate() {
            let out = tile.out.add(row * tile.out_stride);
            _mm256_storeu_ps(out, sums[0]);
            _mm256_storeu_ps(out.add(WIDTH / 2), sums[1]);
        }
    }
}
