//! Our reader against an independent one, on files from our writer: they agree on everything both can say.

mod models;

use std::io::Cursor;

use gguf_rs_lib::format::metadata::MetadataValue;
use gguf_rs_lib::reader::file_reader::GGUFFileReader;
use models::{complete, parse};
use proptest::prelude::*;
use sirocco_gguf::writer::{Field, Writer};
use sirocco_gguf::{Header, TensorType, Value, ValueType};

fn same_value(ours: &Value, theirs: &MetadataValue) -> bool {
    match (ours, theirs) {
        (Value::U8(ours), MetadataValue::U8(theirs)) => ours == theirs,
        (Value::I8(ours), MetadataValue::I8(theirs)) => ours == theirs,
        (Value::U16(ours), MetadataValue::U16(theirs)) => ours == theirs,
        (Value::I16(ours), MetadataValue::I16(theirs)) => ours == theirs,
        (Value::U32(ours), MetadataValue::U32(theirs)) => ours == theirs,
        (Value::I32(ours), MetadataValue::I32(theirs)) => ours == theirs,
        (Value::F32(ours), MetadataValue::F32(theirs)) => ours.to_bits() == theirs.to_bits(),
        (Value::U64(ours), MetadataValue::U64(theirs)) => ours == theirs,
        (Value::I64(ours), MetadataValue::I64(theirs)) => ours == theirs,
        (Value::F64(ours), MetadataValue::F64(theirs)) => ours.to_bits() == theirs.to_bits(),
        (Value::Bool(ours), MetadataValue::Bool(theirs)) => ours == theirs,
        (Value::String(ours), MetadataValue::String(theirs)) => ours == theirs,
        (Value::Array(ours), MetadataValue::Array(theirs)) => {
            ours.len == theirs.length
                && ours.element.id() == theirs.element_type as u32
                && ours.items.as_ref().is_none_or(|items| {
                    items
                        .iter()
                        .zip(theirs.iter())
                        .all(|(ours, theirs)| same_value(ours, theirs))
                })
        }
        _ => false,
    }
}

fn assert_agreement(bytes: &[u8]) -> Header {
    let ours = parse(bytes).expect("ours reads it");
    let theirs = GGUFFileReader::new(Cursor::new(bytes)).expect("theirs reads it");
    assert_eq!(ours.version, theirs.header().version);
    assert_eq!(ours.alignment, theirs.tensor_alignment());
    assert_eq!(ours.data_offset, theirs.tensor_data_offset());
    assert_eq!(ours.metadata.len(), theirs.metadata().len());
    for (key, value) in &ours.metadata {
        let other = theirs.metadata().get(key).expect("theirs has the key");
        assert!(
            same_value(value, other),
            "{key}: {value:?} against {other:?}"
        );
    }
    assert_eq!(ours.tensors.len(), theirs.tensor_count());
    for (tensor, other) in ours.tensors.iter().zip(theirs.tensor_infos()) {
        assert_eq!(tensor.name, other.name());
        assert_eq!(tensor.dimensions, other.shape().dims());
        assert_eq!(tensor.tensor_type.id(), other.tensor_type() as u32);
        assert_eq!(tensor.offset, other.data_offset());
        assert_eq!(tensor.size_bytes, Some(other.expected_data_size()));
    }
    ours
}

#[test]
fn complete_models_read_the_same() {
    for architecture in ["llama", "qwen2", "qwen3", "phi2", "phi3", "starcoder2"] {
        assert_agreement(&complete(architecture).build().unwrap());
    }
}

fn scalar() -> impl Strategy<Value = Field> {
    prop_oneof![
        any::<u8>().prop_map(Field::U8),
        any::<i8>().prop_map(Field::I8),
        any::<u16>().prop_map(Field::U16),
        any::<i16>().prop_map(Field::I16),
        any::<u32>().prop_map(Field::U32),
        any::<i32>().prop_map(Field::I32),
        any::<u64>().prop_map(Field::U64),
        any::<i64>().prop_map(Field::I64),
        (-1e30_f32..1e30).prop_map(Field::F32),
        (-1e300_f64..1e300).prop_map(Field::F64),
        any::<bool>().prop_map(Field::Bool),
        "[a-zA-Z0-9 é▁\n]{0,40}".prop_map(|text| Field::from(text.as_str())),
    ]
}

fn field() -> impl Strategy<Value = Field> {
    prop_oneof![
        4 => scalar(),
        1 => prop::collection::vec(any::<i32>(), 0..2000).prop_map(Field::integers),
        1 => prop::collection::vec(any::<u8>(), 0..100)
            .prop_map(|bytes| Field::Array(ValueType::U8, bytes.into_iter().map(Field::U8).collect())),
        1 => prop::collection::vec("[a-z▁]{0,12}", 0..1500).prop_map(Field::strings),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_files_read_the_same(
        fields in prop::collection::btree_map("[a-z]{1,8}\\.[a-z]{1,6}(_[a-z]{1,6})?", field(), 0..12),
        tensors in prop::collection::btree_map(
            "[a-z]{1,8}\\.[0-9]{1,2}\\.weight",
            (1_u64..3, prop::collection::vec(1_u64..4, 0..3), 0_usize..15),
            0..8,
        ),
        alignment in prop::option::of(3_u32..9),
    ) {
        // The types that both know with the same sizes.
        let types: Vec<TensorType> = TensorType::ALL.iter().copied().filter(|t| t.id() <= 15 && t.id() != 9).collect();
        let mut writer = Writer::new();
        if let Some(power) = alignment {
            writer = writer.alignment(1 << power);
        }
        for (key, field) in &fields {
            writer = writer.field(key, field.clone());
        }
        for (name, (rows, others, kind)) in &tensors {
            let mut dimensions = vec![rows * 256];
            dimensions.extend(others);
            writer = writer.zeros(name, dimensions, types[kind % types.len()]);
        }
        let header = assert_agreement(&writer.build().unwrap());
        prop_assert_eq!(header.tensors.len(), tensors.len());
    }
}
