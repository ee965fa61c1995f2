//! The facts of one file and of several.

mod models;

use models::{EMBEDDING, FEED_FORWARD, TOKENS, base, complete, model, parse};
use sirocco_gguf::writer::{Field, Writer};
use sirocco_gguf::{
    Model, ModelKind, PerLayer, Refusal, Runtime, Shard, Summary, TensorType, ValueType, Verdict,
    verdict,
};

#[test]
fn a_summary_states_what_the_file_says() {
    let writer = complete("qwen2")
        .field("general.size_label", "0.5B")
        .field("general.license", "apache-2.0")
        .field("general.base_model.count", 1_u32)
        .field(
            "general.base_model.0.repo_url",
            "https://huggingface.co/Qwen/Qwen2.5-0.5B",
        );
    let summary = Summary::of(&model(&writer));
    assert_eq!(summary.kind, ModelKind::Text);
    assert_eq!(summary.name.as_deref(), Some("Tiny"));
    assert_eq!(summary.architecture.as_deref(), Some("qwen2"));
    assert_eq!(summary.size_label.as_deref(), Some("0.5B"));
    assert_eq!(summary.quantization.as_deref(), Some("Q4_K_M"));
    assert_eq!(summary.licence.as_deref(), Some("apache-2.0"));
    assert_eq!(
        summary.base_models,
        ["https://huggingface.co/Qwen/Qwen2.5-0.5B"]
    );
    assert_eq!(summary.context_length, Some(2048));
    assert_eq!(summary.head_count, Some(PerLayer::Same(4)));
    assert_eq!(summary.head_count_kv, Some(PerLayer::Same(2)));
    assert_eq!(
        (summary.key_length, summary.value_length),
        (Some(64), Some(64))
    );
    assert_eq!(summary.vocabulary_size, Some(TOKENS));
    assert!(summary.has_chat_template);
    assert_eq!(summary.expert_count, None);
    assert_eq!(
        summary.file_size_bytes,
        writer.build().unwrap().len() as u64
    );

    let matrices = EMBEDDING * TOKENS
        + 2 * (EMBEDDING * (256 + 128 + 128 + 256) + 3 * EMBEDDING * FEED_FORWARD);
    assert_eq!(summary.tensor_types[0].tensor_type, TensorType::Q4K);
    assert_eq!(summary.tensor_types[0].parameters, matrices);
    assert_eq!(summary.tensor_types[0].bytes, matrices / 256 * 144);
    let norms = summary.parameter_count - matrices;
    let bits = (matrices as f64 * 4.5 + norms as f64 * 32.0) / summary.parameter_count as f64;
    assert!((summary.bits_per_weight.unwrap() - bits).abs() < 1e-9);
}

#[test]
fn the_quantization_falls_back_to_the_type_of_most_parameters() {
    let summary = |writer: &Writer| Summary::of(&model(writer)).quantization;
    assert_eq!(
        summary(&complete("qwen2").without_field("general.file_type")).as_deref(),
        Some("Q4_K")
    );
    assert_eq!(
        summary(&complete("qwen2").replace("general.file_type", 999_u32)).as_deref(),
        Some("Q4_K")
    );
    assert_eq!(
        summary(&base("qwen2").without_field("general.file_type")),
        None
    );
}

#[test]
fn heads_that_differ_by_block_are_kept() {
    let each = Field::Array(ValueType::U32, vec![Field::U32(2), Field::U32(1)]);
    let summary = Summary::of(&model(
        &complete("llama").replace("llama.attention.head_count_kv", each),
    ));
    assert_eq!(summary.head_count_kv, Some(PerLayer::Each(vec![2, 1])));
}

#[test]
fn a_file_that_says_nothing_has_an_empty_summary() {
    let summary = Summary::of(&model(&Writer::new()));
    assert_eq!(
        (summary.name, summary.architecture, summary.parameter_count),
        (None, None, 0)
    );
    assert_eq!(summary.bits_per_weight, None);
}

#[test]
fn hostile_names_become_one_short_line() {
    let name = format!("<script>\u{202e}\n{}", "x".repeat(9000));
    let summary = Summary::of(&model(
        &complete("llama").replace("general.name", name.as_str()),
    ));
    let shown = summary.name.unwrap();
    assert!(
        shown.chars().count() <= 201 && !shown.contains(['\n', '\u{202e}']),
        "{shown}"
    );
}

/// A model in three shards, the first without tensors, as `llama-gguf-split --no-tensor-first-split` makes them.
fn shards() -> [Writer; 3] {
    let split =
        |writer: Writer, number: u16| writer.field("split.no", number).field("split.count", 3_u16);
    let whole = complete("llama");
    let names: Vec<String> = model(&whole)
        .tensors()
        .map(|tensor| tensor.name.clone())
        .collect();
    let (front, back) = names.split_at(names.len() / 2);
    let without = |writer: Writer, names: &[String]| {
        names
            .iter()
            .fold(writer, |writer, name| writer.without_tensor(name))
    };
    let mut parts = [
        base("llama"),
        without(complete("llama"), back),
        without(complete("llama"), front),
    ];
    for (number, part) in (0..).zip(parts.iter_mut()) {
        let mut taken = std::mem::take(part);
        if number > 0 {
            for key in model(&whole).first().metadata.keys() {
                taken = taken.without_field(key);
            }
        }
        *part = split(taken, number);
    }
    parts
}

fn write_shards(folder: &std::path::Path, shards: &[Writer], of: usize) -> std::path::PathBuf {
    for (number, shard) in shards.iter().enumerate() {
        let name = format!("tiny-{:05}-of-{of:05}.gguf", number + 1);
        std::fs::write(
            folder.join(name),
            shard.build().expect("a file that adds up"),
        )
        .expect("a folder that can be written");
    }
    folder.join(format!("tiny-00001-of-{of:05}.gguf"))
}

fn judged(model: &Model) -> Vec<Refusal> {
    match verdict(model, Runtime::MistralRs) {
        Verdict::Refused { reasons } => reasons,
        Verdict::Runs { .. } | Verdict::Embeds => Vec::new(),
    }
}

#[test]
fn shards_beside_each_other_are_one_model() {
    let folder = tempfile::tempdir().unwrap();
    write_shards(folder.path(), &shards(), 3);
    // Any of them opens the model.
    for number in 1..=3 {
        let opened = Model::open(
            folder
                .path()
                .join(format!("tiny-0000{number}-of-00003.gguf")),
        )
        .unwrap();
        assert_eq!(judged(&opened), []);
        let summary = Summary::of(&opened);
        assert_eq!(
            summary.parameter_count,
            Summary::of(&model(&complete("llama"))).parameter_count
        );
        assert_eq!((summary.shard_count, summary.expected_shard_count), (3, 3));
        assert!(opened.first().get("tokenizer.ggml.tokens").is_some());
        assert!(opened.tensor("blk.1.ffn_down.weight").is_some());
    }
}

#[test]
fn a_missing_shard_is_refused_with_the_count() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_shards(folder.path(), &shards()[..2], 3);
    let reasons = judged(&Model::open(first).unwrap());
    assert_eq!(
        reasons,
        [Refusal::MissingShards {
            found: 2,
            expected: 3
        }]
    );
    assert_eq!(
        reasons[0].to_string(),
        "only 2 of the 3 files of this model are here; download the others"
    );
    // Renamed, so that only its metadata tells.
    let alone = Model::from_header(parse(&shards()[0].build().unwrap()).unwrap());
    assert_eq!(
        judged(&alone),
        [Refusal::MissingShards {
            found: 1,
            expected: 3
        }]
    );
}

#[test]
fn shards_of_different_models_are_refused() {
    let mixed = |change: fn(Writer) -> Writer| {
        let [first, second, third] = shards();
        let shards = [first, second, change(third)].map(|writer| Shard {
            path: None,
            header: parse(&writer.build().unwrap()).unwrap(),
        });
        judged(&Model::from_shards(shards.into()).unwrap())
    };
    assert_eq!(mixed(|shard| shard), []);
    assert_eq!(
        mixed(|shard| shard.replace("split.count", 4_u16)),
        [Refusal::MixedShards]
    );
    assert_eq!(
        mixed(|shard| shard.replace("split.no", 1_u16)),
        [Refusal::MixedShards]
    );
    assert_eq!(
        mixed(|shard| shard.field("general.architecture", "qwen2")),
        [Refusal::MixedShards]
    );
    let repeated = |shard: Writer| shard.zeros("token_embd.weight", [32], TensorType::F32);
    assert_eq!(mixed(repeated), [Refusal::MixedShards]);
    assert_eq!(Model::from_shards(Vec::new()), None);
}

#[test]
fn a_damaged_shard_is_an_error_that_names_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_shards(folder.path(), &shards(), 3);
    std::fs::write(folder.path().join("tiny-00002-of-00003.gguf"), "<html>").unwrap();
    let error = Model::open(first).unwrap_err();
    assert!(error.to_string().contains("web page"), "{error}");
}
