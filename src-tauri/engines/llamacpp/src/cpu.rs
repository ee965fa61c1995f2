//! Whether this CPU has what llama.cpp was compiled for.
//!
//! Only llama.cpp's own CPU code is compiled for more than the baseline (see `cargo xtask engine`), so this
//! check itself runs anywhere, and a worker on the wrong machine ends with a sentence and not with an illegal
//! instruction in the middle of an answer.

/// A feature that the code needs and this CPU lacks.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "llama.cpp says in C what it was compiled for")]
pub fn missing_feature() -> Option<&'static str> {
    use llama_cpp_sys_2 as sys;
    // SAFETY: each returns a constant and has no precondition.
    let compiled = unsafe {
        [
            (
                "SSSE3",
                sys::ggml_cpu_has_ssse3(),
                is_x86_feature_detected!("ssse3"),
            ),
            (
                "AVX",
                sys::ggml_cpu_has_avx(),
                is_x86_feature_detected!("avx"),
            ),
            (
                "AVX2",
                sys::ggml_cpu_has_avx2(),
                is_x86_feature_detected!("avx2"),
            ),
            (
                "BMI2",
                sys::ggml_cpu_has_bmi2(),
                is_x86_feature_detected!("bmi2"),
            ),
            (
                "F16C",
                sys::ggml_cpu_has_f16c(),
                is_x86_feature_detected!("f16c"),
            ),
            (
                "FMA",
                sys::ggml_cpu_has_fma(),
                is_x86_feature_detected!("fma"),
            ),
            (
                "AVX-VNNI",
                sys::ggml_cpu_has_avx_vnni(),
                is_x86_feature_detected!("avxvnni"),
            ),
            // ggml's switch of this name stands for these five.
            (
                "AVX-512",
                sys::ggml_cpu_has_avx512(),
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512cd")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw"),
            ),
            (
                "AVX-512 VBMI",
                sys::ggml_cpu_has_avx512_vbmi(),
                is_x86_feature_detected!("avx512vbmi"),
            ),
            (
                "AVX-512 VNNI",
                sys::ggml_cpu_has_avx512_vnni(),
                is_x86_feature_detected!("avx512vnni"),
            ),
            (
                "AVX-512 BF16",
                sys::ggml_cpu_has_avx512_bf16(),
                is_x86_feature_detected!("avx512bf16"),
            ),
        ]
    };
    compiled
        .into_iter()
        .find(|(_, needed, present)| *needed != 0 && !present)
        .map(|(name, ..)| name)
}

/// A feature that the code needs and this CPU lacks: elsewhere llama.cpp is compiled for the baseline.
#[cfg(not(target_arch = "x86_64"))]
pub fn missing_feature() -> Option<&'static str> {
    None
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_built_here_runs_here() {
        assert_eq!(super::missing_feature(), None);
    }
}
