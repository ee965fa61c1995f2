//! How near the kernels come to what the machine can do.
//!
//! ```text
//! cargo run --release --example measure [threads]
//! ```
//!
//! One row of activations is bound by memory: printed are GB/s of weights, and the share of what plain
//! sums over the same bytes reach. Many rows are bound by multipliers: printed are GFLOP/s, and the
//! share of what fused multiply-adds in registers reach. The best of many runs counts: the machine is
//! never quite idle.

use std::hint::black_box;
use std::time::Instant;

use sirocco_kernels::{Attention, Format, Matrix, Pool, Strided};

fn main() {
    if !sirocco_kernels::supported() {
        eprintln!("this CPU lacks AVX2, FMA or F16C");
        std::process::exit(1);
    }
    let threads = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let threads =
        threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let pool = Pool::new(threads);
    let memory = memory_ceiling(&pool);
    let flops = flops_ceiling(&pool);
    println!("{threads} threads: {memory:.1} GB/s, {flops:.0} GFLOP/s\n");
    println!("| format | 1 row, GB/s | share | 64 rows, GFLOP/s | share | 512 rows | share |");
    println!("|---|---|---|---|---|---|---|");
    for format in Format::ALL {
        let (rows, columns) = (16_384, 4_096);
        let row_bytes = format.row_bytes(columns).expect("whole blocks");
        let matrix =
            Matrix::new(format, rows, columns, vec![0x11; rows * row_bytes]).expect("a matrix");
        let one = best(5, || multiply(&matrix, &pool, 1));
        let gigabytes = (rows * row_bytes) as f64 / one / 1e9;
        let small =
            Matrix::new(format, 2_048, 2_048, vec![0x11; 2_048 * row_bytes / 2]).expect("a matrix");
        let many = [64, 512].map(|count| {
            let time = best(3, || multiply(&small, &pool, count));
            2.0 * (2_048 * 2_048 * count) as f64 / time / 1e9
        });
        println!(
            "| {format:?} | {gigabytes:.1} | {:.0}% | {:.0} | {:.0}% | {:.0} | {:.0}% |",
            100.0 * gigabytes / memory,
            many[0],
            100.0 * many[0] / flops,
            many[1],
            100.0 * many[1] / flops,
        );
    }
    println!("\n| attention, 14 heads on 2, 64 values | ms | GFLOP/s or GB/s |\n|---|---|---|");
    for (queries, positions) in [(512, 512), (512, 4_096), (1, 512), (1, 4_096), (1, 16_384)] {
        let (time, work, unit) = attention(&pool, queries, positions);
        println!(
            "| {queries} of {positions} | {:.3} | {:.1} {unit} |",
            time * 1e3,
            work / time / 1e9
        );
    }
}

fn best(runs: usize, mut run: impl FnMut() -> f64) -> f64 {
    (0..runs.max(3) * 3)
        .map(|_| run())
        .fold(f64::INFINITY, f64::min)
}

fn multiply(matrix: &Matrix, pool: &Pool, count: usize) -> f64 {
    let left: Vec<f32> = (0..count * matrix.columns())
        .map(|at| (at % 17) as f32 - 8.0)
        .collect();
    let mut out = vec![0.0; count * matrix.rows()];
    let begun = Instant::now();
    matrix.multiply(pool, &left, &mut out);
    let time = begun.elapsed().as_secs_f64();
    black_box(&out);
    time
}

fn attention(pool: &Pool, queries: usize, positions: usize) -> (f64, f64, &'static str) {
    let (heads, kv_heads, dim) = (14, 2, 64);
    let q = vec![0.1; heads * queries * dim];
    let kv = vec![0.1; kv_heads * positions * dim];
    let cache = Strided {
        data: &kv,
        head_stride: positions * dim,
        position_stride: dim,
    };
    let from = Strided {
        data: &q,
        head_stride: dim,
        position_stride: heads * dim,
    };
    let mut out = vec![0.0; heads * queries * dim];
    let layer = Attention::new(heads, kv_heads, dim, 0.125).expect("a shape that runs");
    let time = best(3, || {
        let begun = Instant::now();
        layer.run(pool, (from, queries), (cache, cache), positions, &mut out);
        black_box(&out);
        begun.elapsed().as_secs_f64()
    });
    if queries == 1 {
        return (time, (2 * kv.len() * 4) as f64, "GB/s");
    }
    let seen = positions - queries + queries.div_ceil(2);
    (time, (4 * heads * dim * queries * seen) as f64, "GFLOP/s")
}

/// Reads 256 MB from memory, every byte once.
fn memory_ceiling(pool: &Pool) -> f64 {
    let words: Vec<u64> = vec![1; 32 << 20];
    let share = words.len().div_ceil(pool.len());
    let time = best(4, || {
        let begun = Instant::now();
        pool.run(&|index| {
            let own = words.chunks(share).nth(index).unwrap_or_default();
            let mut sums = [0u64; 16];
            for chunk in own.chunks_exact(16) {
                for (sum, word) in sums.iter_mut().zip(chunk) {
                    *sum = sum.wrapping_add(*word);
                }
            }
            black_box(sums);
        });
        begun.elapsed().as_secs_f64()
    });
    (words.len() * 8) as f64 / time / 1e9
}

/// Multiplies in registers and first caches only: a product so small that nothing else counts.
fn flops_ceiling(pool: &Pool) -> f64 {
    #[target_feature(enable = "avx2,fma")]
    fn run(turns: usize) -> f32 {
        use std::arch::x86_64::*;
        let (factor, term) = (
            _mm256_set1_ps(black_box(1.000_000_1)),
            _mm256_set1_ps(black_box(1e-9)),
        );
        let mut sums = [_mm256_set1_ps(1.0); 12];
        for _ in 0..turns {
            for sum in &mut sums {
                *sum = _mm256_fmadd_ps(*sum, factor, term);
            }
        }
        let all = sums
            .into_iter()
            .fold(_mm256_setzero_ps(), |a, b| _mm256_add_ps(a, b));
        _mm256_cvtss_f32(all)
    }
    let turns = 2_000_000;
    let time = best(2, || {
        let begun = Instant::now();
        pool.run(&|_| {
            // SAFETY: the caller has checked the CPU.
            black_box(unsafe { run(turns) });
        });
        begun.elapsed().as_secs_f64()
    });
    (pool.len() * turns * 12 * 16) as f64 / time / 1e9
}
