//! The vocabulary comes back exactly as it was written.

mod models;

use std::io::Cursor;

use models::{base, parse};
use sirocco_gguf::writer::{Field, Writer};
use sirocco_gguf::{
    HeaderError, TokenType, Vocabulary, VocabularyModel, open, open_vocabulary, read_vocabulary,
};

fn vocabulary(writer: &Writer) -> Result<Vocabulary, HeaderError> {
    let bytes = writer.build().expect("a file that adds up");
    read_vocabulary(&mut Cursor::new(&bytes), &parse(&bytes)?)
}

fn sentencepiece() -> Writer {
    Writer::new()
        .field("tokenizer.ggml.model", "llama")
        .field("tokenizer.ggml.pre", "default")
        .field(
            "tokenizer.ggml.tokens",
            Field::strings([
                &b"<unk>"[..],
                b"<s>",
                b"",
                b"\xff\xfe",
                "▁é".as_bytes(),
                b"<0x0A>",
            ]),
        )
        .field(
            "tokenizer.ggml.scores",
            Field::floats([0.0, -1.0, -2.5, f32::MIN, 4.0, 5.0]),
        )
        .field(
            "tokenizer.ggml.token_type",
            Field::integers([2, 3, 5, 4, 1, 6]),
        )
        .field("tokenizer.ggml.bos_token_id", 1_u32)
        .field("tokenizer.ggml.eos_token_id", 2_u32)
        .field("tokenizer.ggml.unknown_token_id", 0_u32)
        .field("tokenizer.ggml.seperator_token_id", 3_u32)
        .field("tokenizer.ggml.padding_token_id", 99_u32)
        .field("tokenizer.ggml.add_bos_token", true)
        .field("tokenizer.ggml.add_space_prefix", false)
}

#[test]
fn tokens_scores_and_types_survive_losslessly() {
    let vocabulary = vocabulary(&sentencepiece()).unwrap();
    assert_eq!(vocabulary.model, VocabularyModel::Llama);
    assert_eq!(vocabulary.pre.as_deref(), Some("default"));
    let tokens: Vec<&[u8]> = vocabulary.tokens.iter().collect();
    assert_eq!(
        tokens,
        [
            &b"<unk>"[..],
            b"<s>",
            b"",
            b"\xff\xfe",
            "▁é".as_bytes(),
            b"<0x0A>"
        ]
    );
    assert_eq!(vocabulary.tokens.get_str(3), None);
    assert_eq!(vocabulary.tokens.get_str(4), Some("▁é"));
    assert_eq!(vocabulary.tokens.get(6), None);
    assert_eq!(vocabulary.scores, [0.0, -1.0, -2.5, f32::MIN, 4.0, 5.0]);
    use TokenType::*;
    assert_eq!(
        vocabulary.token_types,
        [Unknown, Control, Unused, UserDefined, Normal, Byte]
    );
    assert!(vocabulary.merges.is_empty());
}

#[test]
fn special_ids_and_flags_are_read_and_ids_outside_dropped() {
    let vocabulary = vocabulary(&sentencepiece()).unwrap();
    let special = &vocabulary.special;
    assert_eq!(
        (special.bos, special.eos, special.unk, special.sep),
        (Some(1), Some(2), Some(0), Some(3))
    );
    assert_eq!((special.pad, special.eot), (None, None));
    assert_eq!(vocabulary.flags.add_bos, Some(true));
    assert_eq!(vocabulary.flags.add_space_prefix, Some(false));
    assert_eq!(vocabulary.flags.add_eos, None);
    assert!(!vocabulary.flags.has_precompiled_charsmap);
}

#[test]
fn named_chat_templates_come_after_the_default() {
    let long = "{# long #}".repeat(200_000);
    let writer = base("qwen2")
        .field("tokenizer.chat_template.tool_use", "tools")
        .field("tokenizer.chat_template.rag", long.as_str())
        .field(
            "tokenizer.chat_templates",
            Field::strings(["rag", "tool_use"]),
        );
    let vocabulary = vocabulary(&writer).unwrap();
    assert_eq!(vocabulary.chat_template(), Some("{{ messages }}"));
    let names: Vec<Option<&str>> = vocabulary
        .chat_templates
        .iter()
        .map(|template| template.name.as_deref())
        .collect();
    assert_eq!(names, [None, Some("rag"), Some("tool_use")]);
    assert_eq!(
        vocabulary.chat_templates[1].source, long,
        "one too long for the header is read from the file"
    );
    assert_eq!(vocabulary.merges.get(1), Some(&b"to k"[..]));
}

#[test]
fn a_vocabulary_that_does_not_add_up_is_refused() {
    let error = vocabulary(&sentencepiece().replace("tokenizer.ggml.scores", Field::floats([1.0])))
        .unwrap_err();
    assert!(
        matches!(
            error,
            HeaderError::VocabularyLength {
                found: 1,
                tokens: 6,
                ..
            }
        ),
        "{error}"
    );
    let error = vocabulary(&sentencepiece().without_field("tokenizer.ggml.tokens")).unwrap_err();
    assert!(matches!(error, HeaderError::MissingKey { .. }), "{error}");
    let error = vocabulary(&sentencepiece().replace("tokenizer.ggml.tokens", 3_u32)).unwrap_err();
    assert!(matches!(error, HeaderError::KeyType { .. }), "{error}");
    let error = vocabulary(&sentencepiece().replace("tokenizer.ggml.model", 3_u32)).unwrap_err();
    assert!(matches!(error, HeaderError::KeyType { .. }), "{error}");
}

#[test]
fn a_file_that_shrank_since_its_header_was_read_is_refused() {
    let bytes = base("qwen2").build().unwrap();
    let header = parse(&bytes).unwrap();
    let error = read_vocabulary(&mut Cursor::new(&bytes[..bytes.len() / 2]), &header).unwrap_err();
    assert!(matches!(error, HeaderError::EndsInHeader { .. }), "{error}");
}

#[test]
fn a_large_vocabulary_is_read_across_buffers_from_disk() {
    let tokens: Vec<String> = (0..40_000).map(|id| format!("token number {id}")).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    let writer = base("qwen2")
        .replace("tokenizer.ggml.tokens", Field::strings(&tokens))
        .without_field("tokenizer.ggml.token_type");
    std::fs::write(&path, writer.build().unwrap()).unwrap();
    let vocabulary = open_vocabulary(&path, &open(&path).unwrap()).unwrap();
    assert_eq!(vocabulary.tokens.len(), 40_000);
    assert!(
        vocabulary
            .tokens
            .iter()
            .zip(&tokens)
            .all(|(read, written)| read == written.as_bytes())
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = open("/nowhere/model.gguf").unwrap_err();
    assert_eq!(
        error.to_string(),
        "could not open model file `/nowhere/model.gguf`"
    );
}
