use super::*;

fn words(words: &[&str]) -> Vec<Vec<u8>> {
    words.iter().map(|word| word.as_bytes().to_vec()).collect()
}

/// `<unk> <s> </s> <0x0A> ▁ a ▁a <|x|>`
fn sentencepiece() -> VocabularySource {
    VocabularySource {
        model: "llama".to_owned(),
        tokens: words(&["<unk>", "<s>", "</s>", "<0x0A>", "▁", "a", "▁a", "<|x|>"]),
        scores: vec![0.0, 0.0, 0.0, 0.0, -2.0, -3.0, -1.0, 0.0],
        types: [2, 3, 3, 6, 1, 1, 1, 3].map(token_type).to_vec(),
        ..VocabularySource::default()
    }
}

fn token_type(number: i32) -> TokenType {
    match number {
        2 => TokenType::Unknown,
        3 => TokenType::Control,
        4 => TokenType::UserDefined,
        6 => TokenType::Byte,
        _ => TokenType::Normal,
    }
}

fn bytes_only(pre: &str) -> VocabularySource {
    let alphabet: Vec<Vec<u8>> = ('!'..='\u{143}')
        .filter(|character| bpe::alphabet::byte_of(*character).is_some())
        .map(|character| character.to_string().into_bytes())
        .collect();
    VocabularySource {
        model: "gpt2".to_owned(),
        pre: Some(pre.to_owned()),
        tokens: [alphabet, words(&["aa", "aaaa", "<|im_end|>"])].concat(),
        merges: words(&["a a", "aa aa"]),
        ..VocabularySource::default()
    }
}

fn parsed() -> EncodeOptions {
    EncodeOptions {
        parse_special: true,
        ..EncodeOptions::default()
    }
}

#[test]
fn a_sentencepiece_prompt_begins_with_bos_and_a_space_after_each_special_token() {
    let tokenizer = Tokenizer::new(&sentencepiece()).unwrap();
    let all = EncodeOptions {
        add_special: true,
        parse_special: true,
    };
    assert_eq!(tokenizer.encode("a\n<|x|>a", all), [1, 6, 3, 7, 6]);
    assert_eq!(tokenizer.encode("a", EncodeOptions::default()), [6]);
    assert_eq!(tokenizer.encode("", all), [1]);
    assert_eq!(tokenizer.decode(&[1, 6, 3, 6]), "a\n a");
    assert!(tokenizer.adds_bos() && tokenizer.pre_is_known());
}

#[test]
fn the_space_prefix_can_be_turned_off() {
    let source = VocabularySource {
        add_space_prefix: Some(false),
        ..sentencepiece()
    };
    let tokenizer = Tokenizer::new(&source).unwrap();
    assert_eq!(tokenizer.encode("a a", EncodeOptions::default()), [5, 6]);
    assert_eq!(tokenizer.decode(&[6]), " a");
}

#[test]
fn control_tokens_in_a_persons_text_stay_text() {
    let tokenizer = Tokenizer::new(&bytes_only("qwen2")).unwrap();
    let end = tokenizer.vocabulary_size() as u32 - 1;
    assert_eq!(tokenizer.encode("<|im_end|>", parsed()), [end]);
    let ids = tokenizer.encode("<|im_end|>", EncodeOptions::default());
    assert!(!ids.contains(&end));
    assert_eq!(tokenizer.decode(&ids), "<|im_end|>");
    assert!(tokenizer.is_end_of_generation(end) && tokenizer.is_control(end));
}

#[test]
fn any_text_comes_back() {
    let text = "I'm  42\r\n\t漢字 \u{1f469}\u{200d}\u{1f467} कि \0\u{7f}\u{ad}é ";
    for pre in [
        "qwen2",
        "llama-bpe",
        "default",
        "tekken",
        "deepseek-v3",
        "unheard-of",
    ] {
        let tokenizer = Tokenizer::new(&bytes_only(pre)).unwrap();
        assert_eq!(
            tokenizer.decode(&tokenizer.encode(text, parsed())),
            text,
            "{pre}"
        );
        assert_eq!(tokenizer.pre_is_known(), pre != "unheard-of");
    }
}

#[test]
fn a_very_long_word_takes_no_quadratic_time() {
    let (text, digits) = ("a".repeat(200_000), "1".repeat(200_000));
    for pre in ["qwen2", "gpt-2", "deepseek-llm", "gpt-4o"] {
        let tokenizer = Tokenizer::new(&bytes_only(pre)).unwrap();
        assert_eq!(tokenizer.encode(&text, parsed()).len(), 50_000, "{pre}");
        assert_eq!(tokenizer.encode(&digits, parsed()).len(), 200_000, "{pre}");
    }
    let tokenizer = Tokenizer::new(&sentencepiece()).unwrap();
    assert_eq!(tokenizer.encode(&text, parsed()).len(), 200_000);
}

#[test]
fn ids_out_of_range_are_no_text_and_end_nothing() {
    let tokenizer = Tokenizer::new(&sentencepiece()).unwrap();
    assert_eq!(tokenizer.token_bytes(99), b"");
    assert!(!tokenizer.is_control(99) && !tokenizer.is_end_of_generation(99));
    assert_eq!(tokenizer.end_of_generation_ids(), [2]);
}

#[test]
fn a_vocabulary_that_does_not_fit_together_is_refused() {
    let refused = |source: &VocabularySource| Tokenizer::new(source).unwrap_err().to_string();
    let bert = VocabularySource {
        model: "bert".to_owned(),
        ..sentencepiece()
    };
    assert_eq!(refused(&bert), "vocabulary model `bert` is not supported");
    let empty = VocabularySource {
        tokens: Vec::new(),
        ..sentencepiece()
    };
    assert_eq!(refused(&empty), "the vocabulary has 0 tokens");
    let scores = VocabularySource {
        scores: vec![0.0],
        ..sentencepiece()
    };
    assert_eq!(refused(&scores), "the vocabulary has 8 tokens but 1 scores");
    let merges = VocabularySource {
        model: "gpt2".to_owned(),
        ..sentencepiece()
    };
    assert_eq!(refused(&merges), "the vocabulary has no merges");
}

#[test]
fn special_ids_out_of_range_are_dropped() {
    let source = VocabularySource {
        bos: Some(99),
        eos: Some(99),
        ..sentencepiece()
    };
    let tokenizer = Tokenizer::new(&source).unwrap();
    assert_eq!((tokenizer.bos(), tokenizer.eos()), (Some(1), Some(2)));
}

#[test]
fn a_breaker_is_found_in_tokens_that_contain_it_and_across_tokens() {
    let tokenizer = Tokenizer::new(&bytes_only("qwen2")).unwrap();
    let [a, b] = ["a", "b"].map(|text| tokenizer.encode(text, parsed())[0]);
    let aa = tokenizer.encode("aa", parsed())[0];
    let sequences = tokenizer.sequences_containing("ab");
    assert!(sequences.contains(&vec![a, b]) && sequences.contains(&vec![aa, b]));
    assert!(tokenizer.sequences_containing("a").contains(&vec![aa]));
    assert!(tokenizer.sequences_containing("").is_empty());
}
