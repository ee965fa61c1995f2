//! Attention against its definition, in f64: groups of heads, odd lengths, caches with gaps.

use sirocco_kernels::{Attention, Pool, Strided, supported};

fn values(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f32 / 8_388_608.0 - 1.0
        })
        .collect()
}

struct Case {
    heads: usize,
    kv_heads: usize,
    dim: usize,
    queries: usize,
    positions: usize,
    /// Positions the cache has room for.
    capacity: usize,
    threads: usize,
}

fn check(case: &Case) {
    let Case {
        heads,
        kv_heads,
        dim,
        queries,
        positions,
        capacity,
        threads,
    } = *case;
    let scale = 3.0 / (dim as f32).sqrt();
    let q = values(heads * queries * dim, 1);
    let k = values(kv_heads * capacity * dim, 2);
    let v = values(kv_heads * capacity * dim, 3);
    let cache = |data| Strided {
        data,
        head_stride: capacity * dim,
        position_stride: dim,
    };
    // Queries as a matrix product leaves them: position by position.
    let queries_of = Strided {
        data: &q,
        head_stride: dim,
        position_stride: heads * dim,
    };
    let mut out = vec![f32::NAN; heads * queries * dim];
    let attention = Attention::new(heads, kv_heads, dim, scale).expect("a shape that runs");
    attention.run(
        &Pool::new(threads),
        (queries_of, queries),
        (cache(&k), cache(&v)),
        positions,
        &mut out,
    );
    for query in 0..queries {
        for head in 0..heads {
            let q = &q[(query * heads + head) * dim..][..dim];
            let group = head / (heads / kv_heads);
            let sees = positions - queries + query + 1;
            let row = |data: &[f32], position: usize| {
                data[(group * capacity + position) * dim..][..dim].to_vec()
            };
            let scores: Vec<f64> = (0..sees)
                .map(|position| {
                    let dot: f64 = row(&k, position)
                        .iter()
                        .zip(q)
                        .map(|(a, b)| f64::from(*a) * f64::from(*b))
                        .sum();
                    dot * f64::from(scale)
                })
                .collect();
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let weights: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
            let total: f64 = weights.iter().sum();
            for at in 0..dim {
                let expected: f64 = (0..sees)
                    .map(|position| weights[position] * f64::from(row(&v, position)[at]))
                    .sum::<f64>()
                    / total;
                let found = f64::from(out[(query * heads + head) * dim + at]);
                assert!(
                    (found - expected).abs() < 2e-6,
                    "query {query} head {head} value {at}: {found} for {expected}"
                );
            }
        }
    }
}

#[test]
fn a_prompt_attends_to_itself_and_what_was_before() {
    if !supported() {
        return;
    }
    for (queries, positions) in [(2, 2), (5, 9), (49, 49), (96, 131), (50, 300)] {
        check(&Case {
            heads: 6,
            kv_heads: 2,
            dim: 32,
            queries,
            positions,
            capacity: positions,
            threads: 2,
        });
    }
    check(&Case {
        heads: 3,
        kv_heads: 3,
        dim: 80,
        queries: 20,
        positions: 40,
        capacity: 64,
        threads: 1,
    });
}

#[test]
fn one_position_attends_to_all() {
    if !supported() {
        return;
    }
    for positions in [1, 15, 16, 17, 128, 129, 600, 1300] {
        check(&Case {
            heads: 14,
            kv_heads: 2,
            dim: 16,
            queries: 1,
            positions,
            capacity: positions + 7,
            threads: 3,
        });
    }
}

#[test]
fn shapes_that_do_not_fit_are_declined() {
    for (heads, kv_heads, dim) in [(4, 3, 64), (4, 2, 72), (4, 2, 0), (0, 1, 64), (4, 0, 64)] {
        assert_eq!(
            Attention::new(heads, kv_heads, dim, 1.0),
            None,
            "{heads} {kv_heads} {dim}"
        );
    }
}
