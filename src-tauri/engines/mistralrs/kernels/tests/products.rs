//! Every format against its definition, in f64: odd sizes, one row and many, one thread and several.

use sirocco_kernels::{Format, Matrix, Pool, ShapeError, reference, supported};

/// A small generator with a fixed sequence (xorshift64*), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From -1 to 1.
    fn value(&mut self) -> f32 {
        (self.next() >> 40) as f32 / 8_388_608.0 - 1.0
    }

    /// A half between 2^-9 and 2^-6, of either sign: scales as real files have them.
    fn scale(&mut self) -> [u8; 2] {
        let magnitude = 0x1800 + (self.next() % 0x0c00) as u16;
        let bits = magnitude | ((self.next() & 1) << 15) as u16;
        bits.to_le_bytes()
    }

    /// Blocks of random bytes with scales that are numbers.
    fn blocks(&mut self, format: Format, count: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..count * format.block_bytes())
            .map(|_| self.next() as u8)
            .collect();
        let halves: &[usize] = match format {
            Format::Q4_0 | Format::Q5_0 | Format::Q8_0 => &[0],
            Format::Q4_1 | Format::Q5_1 | Format::Q4_K | Format::Q5_K => &[0, 2],
            Format::Q2_K => &[80, 82],
            Format::Q3_K => &[108],
            Format::Q6_K => &[208],
        };
        for block in bytes.chunks_exact_mut(format.block_bytes()) {
            for at in halves {
                block[*at..at + 2].copy_from_slice(&self.scale());
            }
        }
        bytes
    }
}

/// The largest error relative to the size that the sum could have had.
fn worst(matrix: &Matrix, left: &[f32], out: &[f32]) -> f64 {
    let (rows, columns) = (matrix.rows(), matrix.columns());
    let weights = reference_of(matrix);
    let mut worst = 0.0f64;
    for (left, out) in left.chunks_exact(columns).zip(out.chunks_exact(rows)) {
        for (weights, found) in weights.chunks_exact(columns).zip(out) {
            let products = weights
                .iter()
                .zip(left)
                .map(|(weight, value)| f64::from(*weight) * f64::from(*value));
            let (mut sum, mut size) = (0.0, 0.0f64);
            for product in products {
                sum += product;
                size += product * product;
            }
            worst = worst.max((f64::from(*found) - sum).abs() / size.sqrt().max(1e-12));
        }
    }
    worst
}

fn check(format: Format, rows: usize, columns: usize, counts: &[usize], threads: usize) {
    let mut random = Random(0x5eed + rows as u64 * 31 + columns as u64);
    let blocks = rows * columns / format.block_len();
    let bytes = random.blocks(format, blocks);
    let matrix = Matrix::new(format, rows, columns, bytes).expect("a matrix");
    let pool = Pool::new(threads);
    for &count in counts {
        let left: Vec<f32> = (0..count * columns).map(|_| random.value()).collect();
        let mut out = vec![f32::NAN; count * rows];
        matrix.multiply(&pool, &left, &mut out);
        let worst = worst(&matrix, &left, &out);
        // One row: activations rounded to 8 bits, an error of 1/254 of the largest each, which adds up
        // like noise. More: f32 throughout.
        let bound = if count == 1 { 2e-2 } else { 2e-5 };
        assert!(
            worst < bound,
            "{format:?} {rows}x{columns} with {count}: {worst:e}"
        );
    }
}

#[test]
fn products_agree_with_the_definition_of_every_format() {
    if !supported() {
        return;
    }
    for format in Format::ALL {
        let block = format.block_len();
        check(format, 96, 2 * block.max(128), &[1, 2, 5, 6, 7, 13, 64], 1);
        check(format, 1, block, &[1, 6], 2);
        check(format, 67, 3 * block, &[1, 3, 8, 50], 2);
        check(format, 130, 5 * block, &[1, 31], 3);
    }
}

#[test]
fn the_widest_values_of_every_format_do_not_overflow() {
    if !supported() {
        return;
    }
    for format in Format::ALL {
        for byte in [0x00, 0x7f, 0x80, 0xff] {
            let columns = format.block_len().max(256);
            let mut bytes = vec![byte; format.row_bytes(columns).expect("whole blocks")];
            // All scales 1, whichever bytes they are.
            let one = 0x3c00u16.to_le_bytes();
            for block in bytes.chunks_exact_mut(format.block_bytes()) {
                let end = format.block_bytes();
                for at in [0, 2, end - 4, end - 2] {
                    let is_scale = match format {
                        Format::Q4_0 | Format::Q5_0 | Format::Q8_0 => at == 0,
                        Format::Q2_K => at >= 80,
                        Format::Q3_K | Format::Q6_K => at == end - 2,
                        _ => at <= 2,
                    };
                    if is_scale {
                        block[at..at + 2].copy_from_slice(&one);
                    }
                }
            }
            let matrix = Matrix::new(format, 1, columns, bytes).expect("a matrix");
            for sign in [1.0f32, -1.0] {
                let left: Vec<f32> = vec![sign * 127.0; columns];
                let mut out = [0.0];
                matrix.multiply(&Pool::new(1), &left, &mut out);
                let expected: f32 = reference_of(&matrix).iter().sum::<f32>() * sign * 127.0;
                let error = (out[0] - expected).abs();
                assert!(
                    error <= expected.abs() * 1e-5 + 1.0,
                    "{format:?} {byte:#x}: {} for {expected}",
                    out[0]
                );
            }
        }
    }
}

#[test]
fn a_product_does_not_depend_on_the_number_of_threads() {
    if !supported() {
        return;
    }
    let mut random = Random(7);
    let bytes = random.blocks(Format::Q4_K, 300 * 2);
    let matrix = Matrix::new(Format::Q4_K, 300, 512, bytes).expect("a matrix");
    for count in [1, 40] {
        let left: Vec<f32> = (0..count * 512).map(|_| random.value()).collect();
        let products: Vec<Vec<f32>> = [1, 2, 5]
            .iter()
            .map(|threads| {
                let mut out = vec![0.0; count * 300];
                matrix.multiply(&Pool::new(*threads), &left, &mut out);
                out
            })
            .collect();
        assert!(products.windows(2).all(|pair| pair[0] == pair[1]));
    }
}

#[test]
fn a_row_comes_out_the_same_among_many_and_among_two() {
    if !supported() {
        return;
    }
    let mut random = Random(13);
    for format in Format::ALL {
        let columns = 2 * format.block_len();
        let bytes = random.blocks(format, 40 * 2);
        let matrix = Matrix::new(format, 40, columns, bytes).expect("a matrix");
        let pool = Pool::new(2);
        let left: Vec<f32> = (0..19 * columns).map(|_| random.value()).collect();
        let mut all = vec![0.0; 19 * 40];
        matrix.multiply(&pool, &left, &mut all);
        for cut in [2, 3, 6, 17] {
            let mut pieces = vec![0.0; 19 * 40];
            let (first, second) = pieces.split_at_mut(cut * 40);
            matrix.multiply(&pool, &left[..cut * columns], first);
            matrix.multiply(&pool, &left[cut * columns..], second);
            assert!(pieces == all, "{format:?} cut after {cut}");
        }
    }
}

#[test]
fn bytes_that_are_no_matrix_are_refused() {
    if !supported() {
        return;
    }
    let error = |rows, columns, bytes: usize| {
        Matrix::new(Format::Q4_K, rows, columns, vec![0; bytes]).expect_err("a refusal")
    };
    assert_eq!(error(1, 255, 144), ShapeError::Columns);
    assert_eq!(error(2, 256, 144), ShapeError::Bytes);
    assert_eq!(error(usize::MAX, 256, 144), ShapeError::Bytes);
}

#[test]
fn weights_are_widened_as_their_format_says() {
    if !supported() {
        return;
    }
    let mut random = Random(11);
    for format in Format::ALL {
        let columns = 3 * format.block_len();
        let bytes = random.blocks(format, 37 * 3);
        let matrix = Matrix::new(format, 37, columns, bytes).expect("a matrix");
        let found = matrix.widened(&Pool::new(2));
        for (found, expected) in found.iter().zip(reference_of(&matrix)) {
            // One rounding less or more: scale * code + offset in one step.
            let error = (found - expected).abs();
            assert!(
                error <= expected.abs() * 1e-5 + 1e-5,
                "{format:?}: {found} for {expected}"
            );
        }
    }
}

#[test]
fn nothing_times_a_matrix_is_nothing() {
    if !supported() {
        return;
    }
    let matrix = Matrix::new(Format::Q8_0, 4, 32, vec![0; 4 * 34]).expect("a matrix");
    matrix.multiply(&Pool::new(1), &[], &mut []);
}

fn reference_of(matrix: &Matrix) -> Vec<f32> {
    let mut out = vec![1.0; matrix.rows() * matrix.columns()];
    reference::widen(matrix.format(), matrix.bytes(), &mut out);
    out
}
