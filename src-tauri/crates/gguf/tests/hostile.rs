//! Every damaged or hostile header that crashed a parser elsewhere is a plain refusal here.

mod models;

use models::{Raw, base, complete, parse};
use sirocco_gguf::writer::{Field, Writer};
use sirocco_gguf::{HeaderError, Lookalike, Prefix, TensorType, Value, read_prefix};

/// Room after a header, so that it is refused for what it declares and not for being short.
fn padded(raw: Raw) -> Vec<u8> {
    raw.bytes(&[0; 4096]).0
}

#[test]
fn a_key_longer_than_any_file_is_refused() {
    for length in [u64::MAX, 1 << 40, 3 << 30] {
        let error = parse(&padded(Raw::new(0, 1).u64(length))).unwrap_err();
        assert!(
            matches!(error, HeaderError::Limit { found, .. } if found == length),
            "{error}"
        );
    }
}

#[test]
fn a_list_longer_than_any_file_is_refused() {
    for length in [u64::MAX, 100_000_000_000] {
        let error = parse(&padded(Raw::new(0, 1).text("k").u32(9).u32(4).u64(length))).unwrap_err();
        assert!(
            matches!(error, HeaderError::Limit { found, .. } if found == length),
            "{error}"
        );
    }
    let error = parse(&padded(Raw::new(0, 1).text("k").u32(9).u32(4).u64(1 << 20))).unwrap_err();
    assert!(matches!(error, HeaderError::EndsInHeader { .. }), "{error}");
}

#[test]
fn a_text_longer_than_the_file_is_refused() {
    let error = parse(&padded(Raw::new(0, 1).text("k").u32(8).u64(1 << 20))).unwrap_err();
    assert!(matches!(error, HeaderError::EndsInHeader { .. }), "{error}");
    let error = parse(&padded(Raw::new(0, 1).text("k").u32(8).u64(u64::MAX))).unwrap_err();
    assert!(matches!(error, HeaderError::Limit { .. }), "{error}");
}

#[test]
fn deeply_nested_lists_are_refused_without_recursion() {
    let nested = |depth: usize| {
        let lists = (0..depth).fold(Raw::new(0, 1).text("k").u32(9), |raw, _| raw.u32(9).u64(1));
        parse(&lists.u32(4).u64(0).0)
    };
    assert!(nested(3).is_ok());
    assert!(matches!(nested(4), Err(HeaderError::Nesting { .. })));
    assert!(matches!(nested(300_000), Err(HeaderError::Nesting { .. })));
}

#[test]
fn absurd_counts_are_refused() {
    for (tensors, entries) in [(u64::MAX, 0), (0, u64::MAX), (10_000_000_000, 0)] {
        let error = parse(&padded(Raw::new(tensors, entries))).unwrap_err();
        assert!(matches!(error, HeaderError::Limit { .. }), "{error}");
    }
    // Within the limit, but more than the file has room for.
    let error = parse(&padded(Raw::new(200_000, 0))).unwrap_err();
    assert!(matches!(error, HeaderError::EndsInHeader { .. }), "{error}");
}

#[test]
fn absurd_dimension_counts_are_refused() {
    for count in [u32::MAX, 5] {
        let error = parse(&padded(Raw::new(1, 0).text("t").u32(count))).unwrap_err();
        assert!(
            matches!(error, HeaderError::Limit { found, .. } if found == u64::from(count)),
            "{error}"
        );
    }
}

#[test]
fn an_unusable_alignment_is_refused() {
    for alignment in [0, 1, 3, 4, 48, 131_072, u32::MAX] {
        let error = parse(&padded(
            Raw::new(0, 1)
                .text("general.alignment")
                .u32(4)
                .u32(alignment),
        ))
        .unwrap_err();
        assert!(
            matches!(error, HeaderError::Alignment { .. }),
            "{alignment}: {error}"
        );
    }
    let wide = parse(&padded(
        Raw::new(0, 1).text("general.alignment").u32(10).u64(64),
    ))
    .unwrap_err();
    assert!(matches!(wide, HeaderError::Alignment { .. }), "{wide}");
    for alignment in [8, 32, 4096, 65_536] {
        let writer = Writer::new()
            .alignment(alignment)
            .zeros("t", [32], TensorType::F32);
        assert_eq!(
            parse(&writer.build().unwrap()).unwrap().alignment,
            u64::from(alignment)
        );
    }
}

#[test]
fn dimensions_that_overflow_or_vanish_are_refused() {
    for dimensions in [
        &[u64::MAX, 2][..],
        &[1 << 32, 1 << 32],
        &[u64::MAX],
        &[0],
        &[32, 0],
        &[1 << 62, 2, 0],
    ] {
        let error = parse(&padded(Raw::new(1, 0).tensor("t", dimensions, 0, 0))).unwrap_err();
        assert!(
            matches!(error, HeaderError::Dimensions { .. }),
            "{dimensions:?}: {error}"
        );
    }
    // Rows of Q4_K are made of blocks of 256.
    let error = parse(&padded(Raw::new(1, 0).tensor("t", &[128, 2], 12, 0))).unwrap_err();
    assert!(matches!(error, HeaderError::Dimensions { .. }), "{error}");
}

#[test]
fn duplicate_names_are_refused() {
    let error = parse(
        &Writer::new()
            .field("k", 1_u32)
            .field("k", 2_u32)
            .build()
            .unwrap(),
    )
    .unwrap_err();
    assert!(matches!(error, HeaderError::DuplicateKey { key } if key == "k"));
    let twice = Writer::new()
        .zeros("t", [8], TensorType::F32)
        .zeros("t", [8], TensorType::F32);
    let error = parse(&twice.build().unwrap()).unwrap_err();
    assert!(matches!(error, HeaderError::DuplicateTensor { tensor } if tensor == "t"));
}

#[test]
fn tensors_outside_the_file_are_refused() {
    let error = parse(&Raw::new(1, 0).tensor("t", &[1000], 0, 0).data(3990).0).unwrap_err();
    assert!(
        matches!(
            error,
            HeaderError::Truncated {
                missing_bytes: 10,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.is_incomplete_download());
    let error = parse(
        &Raw::new(1, 0)
            .tensor("t", &[8], 0, u64::MAX - 31)
            .data(64)
            .0,
    )
    .unwrap_err();
    assert!(matches!(error, HeaderError::Placement { .. }), "{error}");
    let error = parse(&Raw::new(1, 0).tensor("t", &[8], 0, 4).data(64).0).unwrap_err();
    assert!(
        matches!(error, HeaderError::Placement { .. }),
        "an offset off the alignment: {error}"
    );
}

#[test]
fn tensors_that_share_bytes_are_refused() {
    let error = parse(
        &Raw::new(2, 0)
            .tensor("a", &[64], 0, 0)
            .tensor("b", &[64], 0, 128)
            .data(512)
            .0,
    )
    .unwrap_err();
    assert!(
        matches!(error, HeaderError::Placement { ref tensor, .. } if tensor == "b"),
        "{error}"
    );
    let same = parse(
        &Raw::new(2, 0)
            .tensor("a", &[64], 0, 0)
            .tensor("b", &[64], 0, 0)
            .data(512)
            .0,
    );
    assert!(matches!(same, Err(HeaderError::Placement { .. })));
}

#[test]
fn more_parameters_than_bits_are_refused() {
    // Only a type of unknown size gets past the check of sizes.
    let error = parse(&Raw::new(1, 0).tensor("t", &[1 << 40], 99, 0).data(64).0).unwrap_err();
    assert!(matches!(error, HeaderError::Parameters { .. }), "{error}");
}

#[test]
fn every_known_tensor_type_is_read_and_unknown_ones_are_named() {
    for &tensor_type in TensorType::ALL {
        let header = parse(
            &Writer::new()
                .zeros("t", [256, 2], tensor_type)
                .build()
                .unwrap(),
        )
        .unwrap();
        assert_eq!(header.tensor("t").unwrap().tensor_type, tensor_type);
        assert_eq!(
            header.tensor("t").unwrap().size_bytes,
            tensor_type.size_bytes(512)
        );
    }
    let header = parse(&Raw::new(1, 0).tensor("t", &[64], 99, 0).data(64).0).unwrap();
    assert_eq!(
        header.tensor("t").unwrap().tensor_type,
        TensorType::Unknown(99)
    );
}

#[test]
fn values_of_unknown_types_and_odd_truths_are_refused() {
    let error = parse(&padded(Raw::new(0, 1).text("k").u32(13))).unwrap_err();
    assert!(matches!(error, HeaderError::ValueType { type_id: 13, .. }));
    let error = parse(&padded(Raw::new(0, 1).text("k").u32(7).bytes(&[2]))).unwrap_err();
    assert!(matches!(error, HeaderError::Bool { found: 2, .. }));
    let error = parse(&padded(Raw::new(0, 1).u64(2).bytes(&[0xff, 0xfe]))).unwrap_err();
    assert!(matches!(error, HeaderError::NameNotText { position: 32 }));
}

#[test]
fn other_versions_and_byte_orders_are_refused() {
    let versioned = |version: u32| parse(&padded(Raw(b"GGUF".to_vec()).u32(version)));
    assert!(matches!(
        versioned(1),
        Err(HeaderError::Version { version: 1 })
    ));
    assert!(matches!(
        versioned(4),
        Err(HeaderError::Version { version: 4 })
    ));
    assert!(matches!(
        versioned(0),
        Err(HeaderError::Version { version: 0 })
    ));
    assert!(matches!(
        versioned(3_u32.swap_bytes()),
        Err(HeaderError::BigEndian)
    ));
    assert!(matches!(
        parse(&padded(Raw(b"FUGG".to_vec()))),
        Err(HeaderError::BigEndian)
    ));
}

#[test]
fn version_2_reads_like_version_3() {
    let mut bytes = complete("qwen2").build().unwrap();
    let newer = parse(&bytes).unwrap();
    bytes[4] = 2;
    let older = parse(&bytes).unwrap();
    assert_eq!(older.version, 2);
    assert_eq!(older.tensors, newer.tensors);
}

#[test]
fn files_of_other_kinds_are_recognised() {
    let mut safetensors = 1234_u64.to_le_bytes().to_vec();
    safetensors.extend(b"{\"__metadata__\":{}}");
    for (start, expected) in [
        (&b""[..], Lookalike::Empty),
        (&[0; 100], Lookalike::OnlyZeros),
        (&safetensors, Lookalike::Safetensors),
        (b"PK\x03\x04rest", Lookalike::Zip),
        (&[0x1f, 0x8b, 8], Lookalike::Gzip),
        (&[0x80, 2, b'}'], Lookalike::Pickle),
        (b"\n <!DOCTYPE html><html>", Lookalike::Html),
        (b"<html lang=en>", Lookalike::Html),
        (b"{\"error\":\"gated\"}", Lookalike::Json),
        (
            b"version https://git-lfs.github.com/spec/v1\noid",
            Lookalike::GitLfsPointer,
        ),
        (b"tjgg\x03\0\0\0", Lookalike::OldGgml),
        (b"lmgg", Lookalike::OldGgml),
        (b"Entry not found", Lookalike::Unknown),
        (b"G", Lookalike::Unknown),
    ] {
        let error = parse(start).unwrap_err();
        assert!(
            matches!(error, HeaderError::NotGguf { looks_like } if looks_like == expected),
            "{start:?}: {error:?}"
        );
    }
}

#[test]
fn a_file_cut_anywhere_is_refused_as_incomplete() {
    let bytes = Writer::new()
        .field("general.architecture", "llama")
        .field("a", 1_u8)
        .field("b", -2_i64)
        .field("c", 0.5_f64)
        .field("d", true)
        .field("e", Field::strings(["x", "yz", ""]))
        .field("f", Field::integers(0..5))
        .zeros("first", [32, 2], TensorType::Q8_0)
        .zeros("second", [5], TensorType::F32)
        .build()
        .unwrap();
    assert!(parse(&bytes).is_ok());
    for length in 4..bytes.len() {
        let error = parse(&bytes[..length]).unwrap_err();
        assert!(error.is_incomplete_download(), "cut at {length}: {error}");
    }
    let error = parse(&bytes[..bytes.len() - 1]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the file is incomplete: it ends 1 byte before the end of its last tensor; download it again"
    );
}

#[test]
fn a_file_shorter_than_it_was_said_to_be_is_incomplete() {
    let bytes = complete("qwen2").build().unwrap();
    let mut source = std::io::Cursor::new(&bytes[..500]);
    let error = sirocco_gguf::read_header(&mut source, bytes.len() as u64).unwrap_err();
    assert!(matches!(error, HeaderError::EndsInHeader { .. }), "{error}");
}

#[test]
fn a_prefix_of_any_length_asks_for_more_until_the_header_is_whole() {
    let bytes = complete("llama").build().unwrap();
    let file_len = bytes.len() as u64;
    let whole = parse(&bytes).unwrap();
    let mut completed = 0;
    for length in (0..whole.data_offset as usize + 100).step_by(7) {
        match read_prefix(&bytes[..length], file_len).unwrap() {
            Prefix::Complete(header) => {
                assert_eq!(header, whole);
                completed += 1;
            }
            Prefix::NeedMore { prefix_bytes } => {
                assert!(prefix_bytes > length as u64 && prefix_bytes <= file_len);
                assert!((length as u64) < whole.data_offset);
            }
        }
    }
    assert!(completed > 0);
}

#[test]
fn a_remote_header_takes_few_requests() {
    let tokens: Vec<String> = (0..50_000)
        .map(|id| format!("a token of some length {id}"))
        .collect();
    let bytes = base("llama")
        .replace("tokenizer.ggml.tokens", Field::strings(tokens))
        .build()
        .unwrap();
    let (mut fetched, mut requests) = (0, 0);
    loop {
        match read_prefix(&bytes[..fetched], bytes.len() as u64).unwrap() {
            Prefix::Complete(header) => {
                break assert_eq!(header.array("tokenizer.ggml.tokens").unwrap().len, 50_000);
            }
            Prefix::NeedMore { prefix_bytes } => fetched = prefix_bytes as usize,
        }
        requests += 1;
        assert!(requests < 10);
    }
}

#[test]
fn long_lists_and_texts_are_located_and_short_ones_kept() {
    let long = "x".repeat((1 << 20) + 1);
    let bytes = Writer::new()
        .field("short", Field::integers(0..1024))
        .field("long", Field::integers(0..1025))
        .field("text", long.as_str())
        .field(
            "nested",
            Field::Array(
                sirocco_gguf::ValueType::Array,
                vec![Field::floats([1.5]), Field::strings(["a"])],
            ),
        )
        .build()
        .unwrap();
    let header = parse(&bytes).unwrap();
    assert_eq!(
        header.array("short").unwrap().items.as_ref().unwrap()[1023],
        Value::I32(1023)
    );
    let located = header.array("long").unwrap();
    assert_eq!((located.len, &located.items), (1025, &None));
    let offset = located.offset as usize;
    assert_eq!(bytes[offset + 4..offset + 8], 1_i32.to_le_bytes());
    assert!(
        matches!(header.get("text"), Some(Value::LongString { len, .. }) if *len == long.len() as u64)
    );
    let nested = header.array("nested").unwrap().items.as_ref().unwrap();
    assert_eq!(
        nested[0].as_array().unwrap().items.as_ref().unwrap(),
        &[Value::F32(1.5)]
    );
}

#[test]
fn hostile_names_do_not_reach_messages_whole() {
    let key = format!("evil\n\u{202e}{}", "x".repeat(5000));
    let error = parse(&padded(Raw::new(0, 1).text(&key).u32(99)))
        .unwrap_err()
        .to_string();
    assert!(
        error.len() < 300 && !error.contains('\n') && !error.contains('\u{202e}'),
        "{error}"
    );
}
