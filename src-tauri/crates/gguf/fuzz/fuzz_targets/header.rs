//! Feeds arbitrary bytes through everything that reads a file: header, prefix, vocabulary, summary, verdict, memory.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use sirocco_gguf::{
    Model, Prefix, Runtime, Summary, memory, read_header, read_prefix, read_vocabulary, verdict,
};

fuzz_target!(|bytes: &[u8]| {
    let file_len = bytes.len() as u64;
    let prefix = read_prefix(bytes, file_len);
    let mut source = Cursor::new(bytes);
    match read_header(&mut source, file_len) {
        Ok(header) => {
            assert!(
                matches!(prefix, Ok(Prefix::Complete(ref other)) if format!("{other:?}") == format!("{header:?}"))
            );
            let _ = read_vocabulary(&mut source, &header);
            let model = Model::from_header(header);
            let _ = Summary::of(&model);
            for runtime in [Runtime::MistralRs, Runtime::LlamaCpp] {
                let _ = format!("{:?}", verdict(&model, runtime));
                let _ = memory::estimate_for(&model, runtime, 4096);
                let _ = memory::largest_context_for(&model, runtime, 8 << 30);
            }
        }
        Err(error) => {
            assert!(!matches!(prefix, Ok(Prefix::Complete(_))), "{error}");
        }
    }
});
