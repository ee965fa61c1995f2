//! What llama.cpp says while it works: warnings and errors go to standard error, where the app collects them,
//! and the first error is kept, because a load that fails gives no other reason: those that follow say only that it did.

use std::ffi::{CStr, c_char, c_void};
use std::sync::{Mutex, PoisonError};

use llama_cpp_sys_2 as sys;

static FIRST_ERROR: Mutex<Option<String>> = Mutex::new(None);

/// Takes over llama.cpp's log and its last words before it aborts.
#[expect(unsafe_code, reason = "llama.cpp takes its listeners as C functions")]
pub fn install() {
    // SAFETY: these functions live as long as the process, touch only what they are given and never unwind.
    unsafe {
        sys::llama_log_set(Some(listen), std::ptr::null_mut());
        sys::mtmd_helper_log_set(Some(listen), std::ptr::null_mut());
        // Without a listener ggml starts a debugger to print where it was.
        sys::ggml_set_abort_callback(Some(last_words));
    }
}

/// The first error since the last call.
pub fn take_error() -> Option<String> {
    FIRST_ERROR
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
}

#[expect(unsafe_code, reason = "called by llama.cpp")]
unsafe extern "C" fn listen(level: sys::ggml_log_level, text: *const c_char, _: *mut c_void) {
    let is_error = level == sys::GGML_LOG_LEVEL_ERROR;
    if text.is_null() || !is_error && level != sys::GGML_LOG_LEVEL_WARN {
        return;
    }
    // SAFETY: llama.cpp hands over a string that ends with a zero and lives for the call.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    let line = text.trim();
    if line.is_empty() {
        return;
    }
    eprintln!("{line}");
    if is_error {
        FIRST_ERROR
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert_with(|| without_function(line).to_owned());
    }
}

/// Without the name of the function that says it.
fn without_function(line: &str) -> &str {
    match line.split_once(": ") {
        Some((function, rest)) if !function.contains(' ') => rest,
        _ => line,
    }
}

#[expect(
    unsafe_code,
    reason = "called by ggml, which aborts the process afterwards"
)]
unsafe extern "C" fn last_words(text: *const c_char) {
    if !text.is_null() {
        // SAFETY: as in `listen`.
        eprintln!("{}", unsafe { CStr::from_ptr(text) }.to_string_lossy());
    }
}

#[cfg(test)]
mod tests {
    use super::without_function;

    #[test]
    fn who_says_it_is_left_out() {
        let said = "llama_model_load: error loading model: missing tensor 'output_norm.weight'";
        assert_eq!(
            without_function(said),
            "error loading model: missing tensor 'output_norm.weight'"
        );
        assert_eq!(without_function("no space: left"), "no space: left");
        assert_eq!(without_function("nothing"), "nothing");
    }
}
