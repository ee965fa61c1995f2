//! cargo xtask: set up, run, test, generate, check, bench.
