//! Attention of one layer for one sequence: `softmax(q kᵀ * scale) v`, causal by index.
//!
//! The softmax runs along (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018;
//! Dao et al., "FlashAttention", 2022): keys and values come in tiles of [`TILE`] positions, each row
//! keeps its largest score and its sum, and what was added up so far is scaled down when a larger score
//! comes. So no matrix of scores or masks grows with the context. Query heads that share keys are
//! worked on together, so a tile of keys is turned once for all of them. A single position (decoding)
//! takes the heads of a group for its rows.

use std::sync::Mutex;

use crate::cursor::Cursor;
use crate::matrix::Out;
use crate::pool::Pool;
use crate::x86::softmax;
use crate::x86::tile::{self, Tile};
use crate::x86::widen::{WIDTH, turn};

/// Positions of keys and values at a time.
const TILE: usize = 128;
/// Positions of queries in a task.
const BLOCK: usize = 48;
/// Positions of keys that are worth a task of their own when there is one position of queries.
const SPLIT: usize = 512;

/// Values of heads at positions: `data[head * head_stride + position * position_stride ..][..dim]`.
#[derive(Clone, Copy, Debug)]
pub struct Strided<'a> {
    /// All of them.
    pub data: &'a [f32],
    /// Values from one head to the next.
    pub head_stride: usize,
    /// Values from one position to the next.
    pub position_stride: usize,
}

/// The shape of an attention layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attention {
    heads: usize,
    kv_heads: usize,
    dim: usize,
    scale: f32,
}

impl Attention {
    /// A layer with `heads` heads of queries and `kv_heads` of keys and values, `dim` values each. None
    /// if the kernels do not run it: `dim` is no multiple of 16, the heads do not divide, or the CPU is
    /// not [supported](crate::supported).
    #[must_use]
    pub fn new(heads: usize, kv_heads: usize, dim: usize, scale: f32) -> Option<Self> {
        let fits = dim > 0 && dim.is_multiple_of(WIDTH) && kv_heads > 0 && heads > 0;
        (fits && heads.is_multiple_of(kv_heads) && crate::supported()).then_some(Self {
            heads,
            kv_heads,
            dim,
            scale,
        })
    }

    /// Attends from the last `queries` of `positions` positions to all before and at each of them.
    ///
    /// `out` is filled position by position, heads within, `dim` values each.
    ///
    /// # Panics
    /// If a slice is too short for its shape, or there are more queries than positions.
    pub fn run(
        &self,
        pool: &Pool,
        (q, queries): (Strided, usize),
        (k, v): (Strided, Strided),
        positions: usize,
        out: &mut [f32],
    ) {
        assert!(queries <= positions, "queries are the last positions");
        assert_eq!(out.len(), queries * self.heads * self.dim);
        self.check(q, self.heads, queries);
        self.check(k, self.kv_heads, positions);
        self.check(v, self.kv_heads, positions);
        if queries == 0 {
            return;
        }
        let layer = Layer {
            attention: *self,
            q,
            k,
            v,
            queries,
            positions,
        };
        if queries == 1 {
            layer.decode(pool, out);
        } else {
            layer.prefill(pool, out);
        }
    }

    fn check(&self, values: Strided, heads: usize, positions: usize) {
        let last = heads.saturating_sub(1) * values.head_stride
            + positions.saturating_sub(1) * values.position_stride;
        assert!(
            last + self.dim <= values.data.len(),
            "the values of all heads"
        );
    }

    fn group(&self) -> usize {
        self.heads / self.kv_heads
    }
}

/// One call.
struct Layer<'a> {
    attention: Attention,
    q: Strided<'a>,
    k: Strided<'a>,
    v: Strided<'a>,
    queries: usize,
    positions: usize,
}

/// Rows that attend to the same keys: positions of one head, or heads at one position.
#[derive(Clone, Copy)]
struct Rows<'a> {
    q: &'a [f32],
    stride: usize,
    count: usize,
    /// Positions the first row sees.
    sees: usize,
    /// How many more each further row sees.
    step: usize,
}

impl Layer<'_> {
    fn prefill(&self, pool: &Pool, out: &mut [f32]) {
        let (dim, group) = (self.attention.dim, self.attention.group());
        let blocks = self.queries.div_ceil(BLOCK);
        let cursor = Cursor::new(blocks * self.attention.kv_heads);
        let out = Out(out.as_mut_ptr());
        pool.run(&|_| {
            let (out, mut state) = (&out, State::new(BLOCK * group, dim));
            while let Some(task) = cursor.take() {
                // The last block sees most: it goes first, so that the threads end together.
                let (block, kv_head) = (
                    blocks - 1 - task / self.attention.kv_heads,
                    task % self.attention.kv_heads,
                );
                let first = block * BLOCK;
                let count = BLOCK.min(self.queries - first);
                let rows: Vec<Rows> = (0..group)
                    .map(|member| Rows {
                        q: self.query(kv_head * group + member, first),
                        stride: self.q.position_stride,
                        count,
                        sees: self.positions - self.queries + first + 1,
                        step: 1,
                    })
                    .collect();
                state.attend(self, kv_head, &rows, 0..self.positions);
                for member in 0..group {
                    for row in 0..count {
                        let head = kv_head * group + member;
                        let to = ((first + row) * self.attention.heads + head) * dim;
                        let values = state.finished(member * count + row);
                        // SAFETY: each row of `out` belongs to one task.
                        unsafe {
                            values.as_ptr().copy_to_nonoverlapping(out.0.add(to), dim);
                        }
                    }
                }
            }
        });
    }

    fn decode(&self, pool: &Pool, out: &mut [f32]) {
        let (dim, group) = (self.attention.dim, self.attention.group());
        let wanted = (2 * pool.len()).div_ceil(self.attention.kv_heads);
        let splits = (self.positions / SPLIT).clamp(1, wanted);
        let length = self.positions.div_ceil(splits).next_multiple_of(WIDTH);
        let cursor = Cursor::new(self.attention.kv_heads * splits);
        let parts: Vec<Mutex<Option<State>>> = (0..self.attention.kv_heads * splits)
            .map(|_| Mutex::new(None))
            .collect();
        pool.run(&|_| {
            while let Some(task) = cursor.take() {
                let (kv_head, split) = (task / splits, task % splits);
                let rows = Rows {
                    q: self.query(kv_head * group, 0),
                    stride: self.q.head_stride,
                    count: group,
                    sees: self.positions,
                    step: 0,
                };
                let from = (split * length).min(self.positions);
                let to = (from + length).min(self.positions);
                let mut state = State::new(group, dim);
                state.attend(self, kv_head, &[rows], from..to);
                *parts[task].lock().expect("nobody panics with it") = Some(state);
            }
        });
        let mut parts = parts
            .into_iter()
            .filter_map(|part| part.into_inner().expect("nobody panicked with it"));
        for out in out.chunks_exact_mut(group * dim) {
            let mut whole = parts.next().expect("a part for each group");
            for _ in 1..splits {
                whole.merge(&parts.next().expect("as many parts as splits"));
            }
            for (row, out) in out.chunks_exact_mut(dim).enumerate() {
                out.copy_from_slice(whole.finished(row));
            }
        }
    }

    fn query(&self, head: usize, position: usize) -> &[f32] {
        &self.q.data[head * self.q.head_stride + position * self.q.position_stride..]
    }
}

/// Rows on their way through the positions.
struct State {
    dim: usize,
    /// A turned tile of keys.
    keys: Vec<f32>,
    /// Scores, then weights, of a tile.
    scores: Vec<f32>,
    /// Weighted sums of values.
    sums: Vec<f32>,
    largest: Vec<f32>,
    totals: Vec<f32>,
}

impl State {
    fn new(rows: usize, dim: usize) -> Self {
        Self {
            dim,
            keys: vec![0.0; TILE * dim],
            scores: vec![0.0; BLOCK.max(rows) * TILE],
            sums: vec![0.0; rows * dim],
            largest: vec![0.0; rows],
            totals: vec![0.0; rows],
        }
    }

    /// Attends from all rows to a range of positions, from nothing.
    fn attend(
        &mut self,
        layer: &Layer,
        kv_head: usize,
        rows: &[Rows],
        range: std::ops::Range<usize>,
    ) {
        self.sums.fill(0.0);
        self.largest.fill(f32::NEG_INFINITY);
        self.totals.fill(0.0);
        let seen = rows
            .iter()
            .map(|rows| rows.sees + rows.step * (rows.count - 1));
        let end = seen.max().unwrap_or(0).min(range.end);
        for from in (range.start..end).step_by(TILE) {
            let len = TILE.min(end - from);
            self.turn_keys(layer, kv_head, from, len);
            let values =
                &layer.v.data[kv_head * layer.v.head_stride + from * layer.v.position_stride..];
            let mut at = 0;
            for rows in rows {
                self.score(rows, len);
                self.weigh(rows, at, from, len, layer.attention.scale);
                self.add(rows.count, at, values, layer.v.position_stride, len);
                at += rows.count;
            }
        }
    }

    /// Panels of 16 positions; the last one is filled up with zeros.
    fn turn_keys(&mut self, layer: &Layer, kv_head: usize, from: usize, len: usize) {
        let (stride, dim) = (layer.k.position_stride, self.dim);
        let keys = &layer.k.data[kv_head * layer.k.head_stride + from * stride..];
        for first in (0..len).step_by(WIDTH) {
            let panel = &mut self.keys[first * dim..][..WIDTH * dim];
            if len - first >= WIDTH {
                let keys = &keys[first * stride..];
                assert!((WIDTH - 1) * stride + dim <= keys.len());
                // SAFETY: 16 keys of `dim` values, as was just checked; the CPU is supported, or there
                // would be no `Attention`.
                unsafe { turn(keys.as_ptr(), stride, dim, panel.as_mut_ptr()) };
                continue;
            }
            let mut rest = vec![0.0; WIDTH * dim];
            for (index, row) in rest.chunks_exact_mut(dim).take(len - first).enumerate() {
                row.copy_from_slice(&keys[(first + index) * stride..][..dim]);
            }
            // SAFETY: as above, with keys that lie close together.
            unsafe { turn(rest.as_ptr(), dim, dim, panel.as_mut_ptr()) };
        }
    }

    /// `scores = q kᵀ` of a tile.
    fn score(&mut self, rows: &Rows, len: usize) {
        for row in (0..rows.count).step_by(tile::ROWS) {
            let count = tile::ROWS.min(rows.count - row);
            let q = &rows.q[row * rows.stride..];
            assert!((count - 1) * rows.stride + self.dim <= q.len());
            for first in (0..len).step_by(WIDTH) {
                let place = Tile {
                    depth: self.dim,
                    left: q.as_ptr(),
                    left_rows: tile::Rows::Apart(rows.stride),
                    right: self.keys[first * self.dim..].as_ptr(),
                    right_stride: WIDTH,
                    out: self.scores[row * TILE + first..].as_mut_ptr(),
                    out_stride: TILE,
                };
                // SAFETY: the CPU is supported; `count` rows of `dim` queries, as was just checked; a
                // panel of `dim` rows; `scores` holds `TILE` values for each row.
                unsafe { tile::multiply(place, count, false) };
            }
        }
    }

    /// Turns scores into weights, and scales down what was added up before where a larger score came.
    fn weigh(&mut self, rows: &Rows, at: usize, from: usize, len: usize, scale: f32) {
        for row in 0..rows.count {
            let scores = &mut self.scores[row * TILE..][..len];
            let sees = (rows.sees + rows.step * row).saturating_sub(from).min(len);
            let (seen, hidden) = scores.split_at_mut(sees);
            hidden.fill(0.0);
            if seen.is_empty() {
                continue;
            }
            let index = at + row;
            // SAFETY: the CPU is supported.
            unsafe {
                let before = self.largest[index];
                let largest = before.max(softmax::largest(seen) * scale);
                let sum = softmax::exponentials(seen, scale, largest);
                let factor = (before - largest).exp();
                if factor != 1.0 {
                    let sums = &mut self.sums[index * self.dim..][..self.dim];
                    softmax::rescale(sums, factor);
                }
                self.totals[index] = self.totals[index] * factor + sum;
                self.largest[index] = largest;
            }
        }
    }

    /// `sums += weights * v`.
    fn add(&mut self, count: usize, at: usize, values: &[f32], stride: usize, len: usize) {
        assert!((len - 1) * stride + self.dim <= values.len());
        for row in (0..count).step_by(tile::ROWS) {
            for column in (0..self.dim).step_by(WIDTH) {
                let place = Tile {
                    depth: len,
                    left: self.scores[row * TILE..].as_ptr(),
                    left_rows: tile::Rows::Apart(TILE),
                    right: values[column..].as_ptr(),
                    right_stride: stride,
                    out: self.sums[(at + row) * self.dim + column..].as_mut_ptr(),
                    out_stride: self.dim,
                };
                let rows = tile::ROWS.min(count - row);
                // SAFETY: the CPU is supported; `len` weights a row; `len` rows of values, as was
                // checked; sums of `dim` values a row.
                unsafe { tile::multiply(place, rows, true) };
            }
        }
    }

    /// Adds what another state saw of other positions.
    fn merge(&mut self, other: &Self) {
        for row in 0..self.totals.len() {
            let largest = self.largest[row].max(other.largest[row]);
            let factors = [self.largest[row], other.largest[row]].map(|before| {
                if before == largest {
                    1.0
                } else {
                    (before - largest).exp()
                }
            });
            self.totals[row] = self.totals[row] * factors[0] + other.totals[row] * factors[1];
            self.largest[row] = largest;
            let range = row * self.dim..(row + 1) * self.dim;
            let others = &other.sums[range.clone()];
            for (sum, other) in self.sums[range].iter_mut().zip(others) {
                *sum = *sum * factors[0] + other * factors[1];
            }
        }
    }

    /// The row's weighted mean of values.
    fn finished(&mut self, row: usize) -> &[f32] {
        let values = &mut self.sums[row * self.dim..][..self.dim];
        // SAFETY: the CPU is supported.
        unsafe { softmax::rescale(values, 1.0 / self.totals[row]) };
        values
    }
}
