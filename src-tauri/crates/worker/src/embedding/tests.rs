use super::*;

/// Its tokens are bytes between 256 and 257; its vector counts them.
struct Counting {
    /// The lengths of the texts of each pass.
    passes: Vec<Vec<usize>>,
    context_length: usize,
    value: f32,
}

impl Counting {
    fn new(context_length: usize) -> Self {
        Self {
            passes: Vec::new(),
            context_length,
            value: 1.0,
        }
    }
}

impl Embedder for Counting {
    fn tokenize(&self, text: &str) -> Vec<u32> {
        let bytes = text.bytes().map(u32::from);
        std::iter::once(256).chain(bytes).chain([257]).collect()
    }

    fn has_end(&self) -> bool {
        true
    }

    fn vocabulary_size(&self) -> usize {
        258
    }

    fn context_length(&self) -> usize {
        self.context_length
    }

    fn dimensions(&self) -> usize {
        4
    }

    fn embed(&mut self, texts: &[&[u32]]) -> Result<Vec<Vec<f32>>, EngineError> {
        self.passes
            .push(texts.iter().map(|text| text.len()).collect());
        Ok(texts
            .iter()
            .map(|text| {
                let (first, last) = (text[0] as f32, text[text.len() - 1] as f32);
                vec![first * self.value, last * self.value, 3.0, 0.0]
            })
            .collect())
    }
}

fn request(inputs: Vec<EmbedInput>) -> EmbedRequest {
    EmbedRequest {
        id: 7,
        inputs,
        truncate: false,
        dimensions: None,
    }
}

fn text(length: usize) -> EmbedInput {
    EmbedInput::Text {
        text: "a".repeat(length),
    }
}

fn run(embedder: &mut Counting, request: &EmbedRequest) -> Result<Vec<Vector>, GenerateError> {
    let mut vectors = Vec::new();
    let stop = AtomicBool::new(false);
    embed(embedder, request, &stop, &mut |vector| vectors.push(vector))?;
    Ok(vectors)
}

fn refused(embedder: &mut Counting, request: &EmbedRequest) -> WorkerError {
    match run(embedder, request) {
        Err(GenerateError::Request(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn length(values: &[f32]) -> f32 {
    values.iter().map(|value| value * value).sum::<f32>().sqrt()
}

#[test]
fn vectors_come_in_order_and_have_length_one() {
    let inputs = vec![
        text(2),
        EmbedInput::Tokens {
            tokens: vec![3, 4, 5],
        },
    ];
    let vectors = run(&mut Counting::new(64), &request(inputs)).unwrap();
    let tokens: Vec<u32> = vectors.iter().map(|vector| vector.tokens).collect();
    assert_eq!(tokens, [4, 3]);
    for vector in &vectors {
        assert_eq!((vector.id, vector.values.len()), (7, 4));
        assert!((length(&vector.values) - 1.0).abs() < 1e-6, "{vector:?}");
    }
    // Nothing is put around tokens.
    let expected = 3.0 / (9.0_f32 + 25.0 + 9.0).sqrt();
    assert!((vectors[1].values[0] - expected).abs() < 1e-6);
}

#[test]
fn fewer_dimensions_are_the_first_ones_at_length_one() {
    let fewer = EmbedRequest {
        dimensions: Some(2),
        ..request(vec![EmbedInput::Tokens { tokens: vec![3, 4] }])
    };
    let vectors = run(&mut Counting::new(64), &fewer).unwrap();
    assert_eq!(vectors[0].values, [0.6, 0.8]);
    for dimensions in [0, 5] {
        let wrong = EmbedRequest {
            dimensions: Some(dimensions),
            ..fewer.clone()
        };
        let error = refused(&mut Counting::new(64), &wrong);
        assert_eq!(error.kind, WorkerErrorKind::InvalidRequest);
        assert!(error.message.contains("1 to 4"), "{}", error.message);
    }
}

#[test]
fn a_text_that_is_too_long_is_refused_or_cut_before_its_end() {
    let long = request(vec![text(1), text(20)]);
    let mut embedder = Counting::new(8);
    let error = refused(&mut embedder, &long);
    assert_eq!(error.kind, WorkerErrorKind::ContextFull);
    assert!(
        error.message.starts_with("input 1 has 22 tokens"),
        "{}",
        error.message
    );
    assert!(embedder.passes.is_empty(), "nothing was computed");

    let cut = EmbedRequest {
        truncate: true,
        ..long
    };
    let vectors = run(&mut embedder, &cut).unwrap();
    assert_eq!(vectors[1].tokens, 8);
    // 256 begins it and 257 still ends it.
    assert!(vectors[1].values[1] > vectors[1].values[0]);
}

#[test]
fn what_cannot_be_read_is_refused_by_its_place() {
    for (tokens, word) in [(vec![], "empty"), (vec![1, 258], "258")] {
        let inputs = vec![text(1), EmbedInput::Tokens { tokens }];
        let error = refused(&mut Counting::new(64), &request(inputs));
        assert_eq!(error.kind, WorkerErrorKind::InvalidRequest);
        assert!(
            error.message.starts_with("input 1 ") && error.message.contains(word),
            "{}",
            error.message
        );
    }
}

#[test]
fn short_texts_go_together_and_long_ones_alone() {
    let mut embedder = Counting::new(512);
    let inputs = [10, 100, 300, 200, 98, 98].map(text).to_vec();
    run(&mut embedder, &request(inputs)).unwrap();
    assert_eq!(
        embedder.passes,
        [vec![12, 102], vec![302], vec![202], vec![100, 100]]
    );
    embedder.passes.clear();
    run(&mut embedder, &request(vec![text(1); 20])).unwrap();
    assert_eq!(embedder.passes, [vec![3; 16], vec![3; 4]]);
}

#[test]
fn a_request_that_is_stopped_ends_between_two_passes() {
    let mut embedder = Counting::new(512);
    let stop = AtomicBool::new(false);
    let mut count = 0;
    embed(
        &mut embedder,
        &request(vec![text(1); 40]),
        &stop,
        &mut |_| {
            count += 1;
            stop.store(true, Ordering::Relaxed);
        },
    )
    .unwrap();
    assert_eq!(count, BATCH_TEXTS);
}

#[test]
fn numbers_that_are_none_end_the_worker_and_zeros_stay() {
    let mut embedder = Counting::new(64);
    embedder.value = f32::NAN;
    assert!(matches!(
        run(&mut embedder, &request(vec![text(1)])),
        Err(GenerateError::Engine(_))
    ));
    assert_eq!(unit(&[0.0, 0.0], 2).unwrap(), [0.0, 0.0]);
}
