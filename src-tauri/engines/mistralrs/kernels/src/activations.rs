//! A row of activations as integer dot products take it: signed bytes with a scale for 32 of them.

use crate::x86::codes::BATCH;

/// Values that share a scale.
pub(crate) const GROUP: usize = 32;

/// One row: `value = scale * code`, codes from -127 to 127.
#[derive(Default)]
pub(crate) struct Activations {
    pub codes: Vec<i8>,
    /// One for 32 codes, then zeros up to a multiple of 8.
    pub scales: Vec<f32>,
    /// Sums of 16 codes, times the scale: what an offset of the weights is multiplied by. Of 8 groups
    /// the first halves, then the second ones, and so on; zeros up to whole batches.
    pub sums: Vec<f32>,
    groups: usize,
}

impl Activations {
    /// Groups of 32 values.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Rounds a row whose length is a multiple of 32. The scale is that of the largest value, and is
    /// kept in f32 (llama.cpp and candle round it to f16).
    pub fn quantize(&mut self, values: &[f32]) {
        debug_assert!(values.len().is_multiple_of(GROUP));
        self.groups = values.len() / GROUP;
        let batches = self.groups.div_ceil(BATCH);
        self.codes.clear();
        self.codes.resize(values.len(), 0);
        self.scales.clear();
        self.scales.resize(batches * BATCH, 0.0);
        self.sums.clear();
        self.sums.resize(batches * BATCH * 2, 0.0);
        let chunks = values
            .chunks_exact(GROUP)
            .zip(self.codes.chunks_exact_mut(GROUP));
        for (index, (values, codes)) in chunks.enumerate() {
            let largest = values
                .iter()
                .fold(0.0f32, |largest, value| largest.max(value.abs()));
            let scale = largest / 127.0;
            let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
            for (code, value) in codes.iter_mut().zip(values) {
                // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, ties to even, and
                // compiles to two additions where `round` calls a function.
                let rounded = (value * inverse + 12_582_912.0) - 12_582_912.0;
                *code = rounded as i8;
            }
            self.scales[index] = scale;
            for (half, codes) in codes.chunks_exact(16).enumerate() {
                let sum: i32 = codes.iter().map(|code| i32::from(*code)).sum();
                self.sums[(index / BATCH * 2 + half) * BATCH + index % BATCH] = scale * sum as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_within_half_a_step() {
        let values: Vec<f32> = (0..96)
            .map(|at| ((at * 37 % 101) as f32 - 50.0) * 0.013)
            .collect();
        let mut row = Activations::default();
        row.quantize(&values);
        for (at, value) in values.iter().enumerate() {
            let scale = row.scales[at / GROUP];
            assert!((f32::from(row.codes[at]) * scale - value).abs() <= scale * 0.5001);
        }
        for (half, codes) in row.codes.chunks_exact(16).enumerate() {
            let expected: f32 = codes.iter().map(|code| f32::from(*code)).sum::<f32>();
            let found = row.sums[half % 2 * BATCH + half / 2];
            assert_eq!(found, expected * row.scales[half / 2]);
        }
    }

    #[test]
    fn zeros_stay_zeros() {
        let mut row = Activations::default();
        row.quantize(&[0.0; 32]);
        assert_eq!((row.codes, row.scales[0]), (vec![0; 32], 0.0));
    }
}
