//! How near the kernels come to what the machine can do.
//!
//! ```text
//! cargo bench
//! ```
//!
//! With one thread and with as many as there are cores, first what is measured against: GB/s of plain sums over memory,
//! and multiplications and additions in registers, a billion a second (`Gelem/s`). One row of activations is bound by
//! the first, many rows are bound by the second.

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use sirocco_kernels::{Attention, Format, Matrix, Pool, Strided};

fn kernels(criterion: &mut Criterion) {
    if !sirocco_kernels::supported() {
        eprintln!("this CPU lacks AVX2, FMA or F16C");
        return;
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for threads in [1, cores] {
        let pool = Pool::new(threads);
        let mut group = criterion.benchmark_group(format!("{threads} threads"));
        group
            .sample_size(10)
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_secs(1));
        memory_ceiling(&mut group, &pool);
        flops_ceiling(&mut group, &pool);
        for format in Format::ALL {
            products(&mut group, &pool, format);
        }
        for (queries, positions) in [(512, 512), (512, 4_096), (1, 512), (1, 4_096), (1, 16_384)] {
            attention(&mut group, &pool, queries, positions);
        }
    }
}

fn products(group: &mut BenchmarkGroup<'_, WallTime>, pool: &Pool, format: Format) {
    // No cache holds the large one.
    for (rows, columns, counts) in [(16_384, 4_096, &[1][..]), (2_048, 2_048, &[64, 512])] {
        let bytes = rows * format.row_bytes(columns).expect("whole blocks");
        let matrix = Matrix::new(format, rows, columns, vec![0x11; bytes]).expect("a matrix");
        for &count in counts {
            let left: Vec<f32> = (0..count * columns)
                .map(|at| (at % 17) as f32 - 8.0)
                .collect();
            let mut out = vec![0.0; count * rows];
            group.throughput(if count == 1 {
                Throughput::BytesDecimal(bytes as u64)
            } else {
                Throughput::Elements((2 * rows * columns * count) as u64)
            });
            let words = if count == 1 { "row" } else { "rows" };
            group.bench_function(format!("{format:?}, {count} {words}"), |bencher| {
                bencher.iter(|| {
                    matrix.multiply(pool, &left, &mut out);
                    black_box(&out);
                });
            });
        }
    }
}

/// 14 heads on 2, of 64 values.
fn attention(
    group: &mut BenchmarkGroup<'_, WallTime>,
    pool: &Pool,
    queries: usize,
    positions: usize,
) {
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
    group.throughput(if queries == 1 {
        Throughput::BytesDecimal((2 * kv.len() * 4) as u64)
    } else {
        let seen = positions - queries + queries.div_ceil(2);
        Throughput::Elements((4 * heads * dim * queries * seen) as u64)
    });
    group.bench_function(format!("attention, {queries} of {positions}"), |bencher| {
        bencher.iter(|| {
            layer.run(pool, (from, queries), (cache, cache), positions, &mut out);
            black_box(&out);
        });
    });
}

/// Reads 256 MB from memory, every byte once.
fn memory_ceiling(group: &mut BenchmarkGroup<'_, WallTime>, pool: &Pool) {
    let words: Vec<u64> = vec![1; 32 << 20];
    let share = words.len().div_ceil(pool.len());
    group.throughput(Throughput::BytesDecimal((words.len() * 8) as u64));
    group.bench_function("sums over memory", |bencher| {
        bencher.iter(|| {
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
        });
    });
}

/// Multiplies and adds in registers only.
fn flops_ceiling(group: &mut BenchmarkGroup<'_, WallTime>, pool: &Pool) {
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
    let turns = 1_000_000;
    group.throughput(Throughput::Elements((pool.len() * turns * 12 * 16) as u64));
    group.bench_function("multiplications and additions in registers", |bencher| {
        bencher.iter(|| {
            pool.run(&|_| {
                // SAFETY: the caller has checked the CPU.
                black_box(unsafe { run(turns) });
            });
        });
    });
}

criterion_group!(benches, kernels);
criterion_main!(benches);
