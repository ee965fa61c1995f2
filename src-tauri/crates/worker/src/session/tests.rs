mod shift;

use serde_json::Value;

use sirocco_engine_wire::ChatImage;

use super::*;
use crate::images::{ImageError, Sight};
use crate::template::ChatTemplate;
use crate::tokenizer::{TokenType, Tokenizer, VocabularySource};

/// A model that always wants the same token, and counts what it computes.
struct Same {
    wanted: usize,
    cached: usize,
    /// It knows no way back but to the beginning.
    forgets_all: bool,
    step: usize,
    computed: Arc<std::sync::atomic::AtomicUsize>,
    /// Somebody stops it in the middle of the next piece of a prompt.
    interrupted: bool,
    /// What a quarter of a piece takes.
    slow: Duration,
    /// Images it looked at.
    looked: Vec<String>,
    /// What its draft model always expects.
    guesses: Vec<u32>,
    shifts: bool,
}

/// An image takes as many positions as its file has letters.
struct Letters;

impl Sight for Letters {
    fn tokens(&self, image: &str) -> Result<usize, ImageError> {
        if image.is_empty() {
            return Err(ImageError("there is nothing in it".into()));
        }
        Ok(image.len())
    }
}

impl Engine for Same {
    fn forward(&mut self, tokens: &[u32]) -> Result<Vec<f32>, EngineError> {
        self.cached += tokens.len();
        assert!(self.cached <= CONTEXT, "the cache is full");
        self.computed.fetch_add(tokens.len(), Ordering::Relaxed);
        let mut logits = vec![0.0; WORDS.len()];
        logits[self.wanted] = 60.0;
        Ok(logits)
    }

    fn forward_watched(
        &mut self,
        tokens: &[u32],
        watch: &Watch<'_>,
    ) -> Result<Option<Vec<f32>>, EngineError> {
        if std::mem::take(&mut self.interrupted) {
            watch.stop.store(true, Ordering::Relaxed);
            return Ok(None);
        }
        for quarter in 1..4 {
            std::thread::sleep(self.slow);
            (watch.progress)(quarter as f32 / 4.0);
        }
        self.forward(tokens).map(Some)
    }

    fn guess(
        &mut self,
        tokens: &[u32],
        most: usize,
        _stop: &AtomicBool,
    ) -> Result<Vec<u32>, EngineError> {
        assert!(tokens.len() > self.cached, "nothing was chosen");
        let most = most.min(self.guesses.len());
        Ok(self.guesses[..most].to_vec())
    }

    fn truncate(&mut self, length: usize) -> Result<(), EngineError> {
        self.cached = length;
        Ok(())
    }

    fn cut_back(&mut self, length: usize) -> Result<usize, EngineError> {
        self.truncate(if self.forgets_all { 0 } else { length })?;
        Ok(self.cached)
    }

    fn shifts(&self) -> bool {
        self.shifts
    }

    fn shift(&mut self, keep: usize, count: usize) -> Result<(), EngineError> {
        assert!(keep + count <= self.cached && count > 0, "there is nothing");
        self.cached -= count;
        Ok(())
    }

    fn step(&self) -> usize {
        self.step
    }

    fn context_length(&self) -> usize {
        CONTEXT
    }

    fn look(&mut self, image: &str) -> Result<(), EngineError> {
        self.cached += image.len();
        assert!(self.cached <= CONTEXT, "the cache is full");
        self.looked.push(image.to_owned());
        Ok(())
    }
}

const WORDS: [&str; 7] = ["<unk>", "<s>", "</s>", "▁", "a", "b", "[TOOL_CALLS]"];
const CONTEXT: usize = 8;

struct Case {
    session: Session<Same>,
    computed: Arc<std::sync::atomic::AtomicUsize>,
}

fn type_of(word: &str) -> TokenType {
    match word {
        "<unk>" => TokenType::Unknown,
        "a" | "b" | "▁" => TokenType::Normal,
        _ => TokenType::Control,
    }
}

fn language(template: &str) -> Language {
    let source = VocabularySource {
        model: "llama".to_owned(),
        tokens: WORDS.iter().map(|word| word.as_bytes().to_vec()).collect(),
        scores: vec![0.0; WORDS.len()],
        types: WORDS.iter().map(|word| type_of(word)).collect(),
        bos: Some(1),
        eos: Some(2),
        add_bos: Some(true),
        add_space_prefix: Some(false),
        ..VocabularySource::default()
    };
    let template = ChatTemplate::new(template).unwrap();
    Language::new(Tokenizer::new(&source).unwrap(), template).with_sight(Some(Arc::new(Letters)))
}

/// A session with a model that wants this word.
fn wanting(word: &str) -> Case {
    let language = language("{{ messages[0].content }}{# tools #}");
    let computed = Arc::default();
    let engine = Same {
        wanted: WORDS.iter().position(|other| *other == word).unwrap(),
        cached: 0,
        forgets_all: false,
        step: 1,
        computed: Arc::clone(&computed),
        interrupted: false,
        slow: Duration::ZERO,
        looked: Vec::new(),
        guesses: Vec::new(),
        shifts: false,
    };
    Case {
        session: Session::new(engine, Arc::new(language)),
        computed,
    }
}

/// Goes on behind a text, held to nothing.
fn plain(text: &str, max_tokens: Option<u32>) -> GenerateRequest {
    GenerateRequest {
        id: 1,
        prompt: Prompt::Text {
            text: text.to_owned(),
            special: false,
        },
        sampling: Default::default(),
        max_tokens,
        stop: Vec::new(),
        constraint: None,
    }
}

impl Case {
    /// Goes on behind the text; answers why it ended, its numbers, and how many tokens were computed.
    fn generate(&mut self, text: &str, max_tokens: Option<u32>) -> (FinishReason, Usage, usize) {
        let before = self.computed.load(Ordering::Relaxed);
        let request = plain(text, max_tokens);
        let stop = AtomicBool::new(false);
        let (reason, usage) = self.session.generate(&request, &stop, &mut |_| {}).unwrap();
        (
            reason,
            usage,
            self.computed.load(Ordering::Relaxed) - before,
        )
    }
}

#[test]
fn the_last_token_that_is_allowed_is_not_computed_on() {
    for (max_tokens, expected) in [
        (Some(1), FinishReason::MaxTokens),
        (Some(3), FinishReason::MaxTokens),
        (None, FinishReason::ContextFull),
    ] {
        let mut case = wanting("b");
        let (reason, usage, computed) = case.generate("aa", max_tokens);
        assert_eq!(reason, expected);
        assert_eq!(usage.prompt_tokens, 3, "<s> a a");
        let written = max_tokens.unwrap_or(CONTEXT as u32 - 3);
        assert_eq!(usage.completion_tokens, written);
        assert_eq!(computed as u32, usage.prompt_tokens + written - 1);
    }
}

#[test]
fn what_was_computed_is_not_computed_again() {
    let mut case = wanting("b");
    case.generate("aa", Some(3));
    let (_, usage, computed) = case.generate("aabbb", Some(1));
    assert_eq!(
        (usage.cached_tokens, computed),
        (4, 2),
        "a piece has two tokens"
    );
}

#[test]
fn a_prompt_that_was_stopped_in_the_middle_is_read_the_next_time() {
    let mut case = wanting("b");
    case.session.engine.interrupted = true;
    let (reason, usage, computed) = case.generate("aa", Some(1));
    assert_eq!((reason, computed), (FinishReason::Stopped, 0));
    assert_eq!(usage.completion_tokens, 0);
    let (reason, usage, computed) = case.generate("aa", Some(1));
    assert_eq!((reason, computed), (FinishReason::MaxTokens, 3));
    assert_eq!(usage.cached_tokens, 0);
}

#[test]
fn a_piece_that_takes_long_says_how_far_it_is() {
    let mut case = wanting("b");
    case.session.engine.slow = TOLD_EVERY;
    let mut told = Vec::new();
    let stop = AtomicBool::new(false);
    let request = plain("aaa", Some(1));
    let frames = &mut |frame| {
        if let FromWorker::Prefill { done, total, .. } = frame {
            told.push((done, total));
        }
    };
    case.session.generate(&request, &stop, frames).unwrap();
    assert_eq!(told, [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]);
}

#[test]
fn where_the_cut_matters_the_same_prompt_is_cut_at_the_same_places() {
    let mut case = wanting("b");
    case.session.engine.step = 3;
    let (_, _, computed) = case.generate("aaaa", Some(1));
    assert_eq!(computed, 5, "<s> a a, a a");
    let (_, usage, computed) = case.generate("aaaa", Some(2));
    assert_eq!(
        (usage.cached_tokens, computed),
        (3, 3),
        "and one token written"
    );
    // What was written one by one is not read again.
    let (_, usage, _) = case.generate("aaaabb", Some(0));
    assert_eq!(usage.cached_tokens, 5);
}

#[test]
fn an_engine_that_can_only_forget_everything_reads_the_prompt_again() {
    let mut case = wanting("b");
    case.session.engine.forgets_all = true;
    case.generate("aa", Some(3));
    let (_, usage, computed) = case.generate("aabbb", Some(1));
    assert_eq!((usage.cached_tokens, computed), (0, 6));
}

#[test]
fn what_a_draft_guesses_changes_no_answer() {
    let id = |word: &str| WORDS.iter().position(|other| *other == word).unwrap() as u32;
    let [a, b, end] = ["a", "b", "</s>"].map(id);
    for (wanted, guesses, written, drafted, accepted) in [
        ("b", vec![b, b, a], 5, 3, 2),
        // The last that may be written needs no guess behind it.
        ("b", vec![b, b, b, b, b, b], 5, 3, 3),
        ("b", vec![a, b], 5, 5, 0),
        ("</s>", vec![b], 0, 0, 0),
        ("b", vec![end], 5, 3, 0),
    ] {
        let mut case = wanting(wanted);
        case.session.engine.guesses = guesses;
        let (_, usage, _) = case.generate("aa", None);
        assert_eq!(
            (
                usage.completion_tokens,
                usage.drafted_tokens,
                usage.accepted_tokens
            ),
            (written, drafted, accepted)
        );
        assert_eq!(case.session.cached.len(), case.session.engine.cached);
        // What is guessed once more is a prefix of what is asked next, or it is not.
        let (_, usage, _) = case.generate("aab", Some(1));
        assert!(usage.cached_tokens >= 2, "{usage:?}");
        assert_eq!(case.session.cached.len(), case.session.engine.cached);
    }
}

#[test]
fn nothing_is_guessed_behind_an_image() {
    let mut case = wanting("b");
    case.session.engine.guesses = vec![4];
    let request = GenerateRequest {
        max_tokens: Some(3),
        ..seen("a", &[(0, "x")])
    };
    let stop = AtomicBool::new(false);
    let (_, usage) = case.session.generate(&request, &stop, &mut |_| {}).unwrap();
    assert_eq!((usage.completion_tokens, usage.drafted_tokens), (3, 0));
}

#[test]
fn an_answer_of_no_tokens_is_a_prompt_that_was_read() {
    let (reason, usage, computed) = wanting("b").generate("aa", Some(0));
    assert_eq!(reason, FinishReason::MaxTokens);
    assert_eq!((usage.completion_tokens, computed), (0, 3));
}

#[test]
fn a_model_that_ends_its_turn_is_not_asked_again() {
    let (reason, usage, computed) = wanting("</s>").generate("aa", None);
    assert_eq!(reason, FinishReason::EndOfTurn);
    assert_eq!((usage.completion_tokens, computed), (0, 3));
}

#[test]
fn the_token_that_opens_a_call_is_shown_to_those_who_gave_tools() {
    for (tools, expected) in [(Vec::new(), ""), (vec![Value::Null], "[TOOL_CALLS]")] {
        let mut case = wanting("[TOOL_CALLS]");
        let request = GenerateRequest {
            id: 1,
            prompt: Prompt::Chat {
                messages: vec![ChatMessage {
                    role: "user".into(),
                    content: "a".into(),
                    ..ChatMessage::default()
                }],
                continue_last: false,
                variables: serde_json::Map::new(),
                tools,
                now_s: 0,
            },
            sampling: Default::default(),
            max_tokens: Some(1),
            stop: Vec::new(),
            constraint: None,
        };
        let mut text = String::new();
        let emit = &mut |frame| {
            if let FromWorker::Tokens(chunk) = frame {
                text.push_str(&chunk.text);
            }
        };
        case.session
            .generate(&request, &AtomicBool::new(false), emit)
            .unwrap();
        assert_eq!(text, expected);
    }
}

#[test]
fn an_answer_is_held_to_its_form_whatever_the_model_wants() {
    for (wanted, pattern, expected) in [("a", "b+b", "bb"), ("</s>", "(a|b)b", "bb")] {
        let mut case = wanting(wanted);
        let request = GenerateRequest {
            constraint: Some(sirocco_engine_wire::Constraint::Regex {
                pattern: pattern.into(),
            }),
            ..plain("a", None)
        };
        let mut text = String::new();
        let emit = &mut |frame| {
            if let FromWorker::Tokens(chunk) = frame {
                text.push_str(&chunk.text);
            }
        };
        let (reason, usage) = case
            .session
            .generate(&request, &AtomicBool::new(false), emit)
            .unwrap();
        assert!(
            text.starts_with(['a', 'b']) && text.ends_with(&expected[1..]),
            "{text}"
        );
        assert!(usage.completion_tokens >= 2);
        assert!(matches!(
            reason,
            FinishReason::EndOfTurn | FinishReason::ContextFull
        ));
    }
}

#[test]
fn a_form_that_makes_no_sense_is_refused_before_anything_is_computed() {
    let mut case = wanting("a");
    let request = GenerateRequest {
        constraint: Some(sirocco_engine_wire::Constraint::Json {
            schema: serde_json::json!({"type": "wind"}),
            lenient: false,
        }),
        ..plain("a", None)
    };
    let error = case
        .session
        .generate(&request, &AtomicBool::new(false), &mut |_| {
            panic!("nothing begins")
        })
        .unwrap_err();
    assert!(
        matches!(
            error,
            GenerateError::Request(WorkerError {
                kind: WorkerErrorKind::InvalidRequest,
                ..
            })
        ),
        "{error:?}"
    );
    assert_eq!(case.computed.load(Ordering::Relaxed), 0);
}

/// A question with images in it, each at a byte of the text.
fn seen(text: &str, images: &[(usize, &str)]) -> GenerateRequest {
    let images = images.iter().map(|(at, file)| ChatImage {
        at: *at,
        base64: (*file).to_owned(),
    });
    let message = ChatMessage {
        role: "user".into(),
        content: text.into(),
        images: images.collect(),
        ..ChatMessage::default()
    };
    GenerateRequest {
        prompt: Prompt::Chat {
            messages: vec![message],
            continue_last: false,
            variables: serde_json::Map::new(),
            tools: Vec::new(),
            now_s: 0,
        },
        ..plain("", Some(0))
    }
}

impl Case {
    /// The numbers of a question with images, and those that were looked at for it.
    fn look(
        &mut self,
        text: &str,
        images: &[(usize, &str)],
    ) -> Result<(Usage, Vec<String>), GenerateError> {
        let stop = AtomicBool::new(false);
        let request = seen(text, images);
        let (_, usage) = self.session.generate(&request, &stop, &mut |_| {})?;
        Ok((usage, std::mem::take(&mut self.session.engine.looked)))
    }
}

#[test]
fn an_image_takes_its_place_in_the_cache_and_is_looked_at_once() {
    let mut case = wanting("b");
    let (usage, looked) = case.look("abb", &[(1, "xyz")]).unwrap();
    assert_eq!(usage.prompt_tokens, 7, "<s> a, the image, b b");
    assert_eq!(looked, ["xyz"]);
    let (usage, looked) = case.look("abb", &[(1, "xyz")]).unwrap();
    assert_eq!((usage.cached_tokens, looked.len()), (5, 0));
    // Only its end is computed again, and that is no text.
    let (usage, looked) = case.look("ab", &[(1, "xyz")]).unwrap();
    assert_eq!((usage.cached_tokens, looked.len()), (2, 1));
}

#[test]
fn what_was_computed_is_kept_up_to_an_image_that_changed() {
    let mut case = wanting("b");
    case.look("abb", &[(1, "xyz")]).unwrap();
    let (usage, looked) = case.look("abb", &[(1, "xyw")]).unwrap();
    assert_eq!(usage.cached_tokens, 2);
    assert_eq!(looked, ["xyw"]);
    let (usage, looked) = case.look("abb", &[(1, "x"), (1, "yw")]).unwrap();
    assert_eq!((usage.cached_tokens, looked.len()), (2, 2));
}

#[test]
fn where_the_cut_matters_no_image_is_cut() {
    let mut case = wanting("b");
    case.session.engine.step = 3;
    case.look("abb", &[(1, "xyz")]).unwrap();
    let (usage, looked) = case.look("abb", &[(1, "xyz")]).unwrap();
    assert_eq!((usage.cached_tokens, looked.len()), (2, 1));
}

#[test]
fn images_count_for_the_context_and_bad_ones_cost_their_request() {
    let mut case = wanting("b");
    for (images, kind) in [
        ([(1, "uvwxyz")], WorkerErrorKind::ContextFull),
        ([(1, "")], WorkerErrorKind::InvalidRequest),
        ([(3, "x")], WorkerErrorKind::InvalidRequest),
    ] {
        let error = case.look("ab", &images).unwrap_err();
        assert!(
            matches!(&error, GenerateError::Request(error) if error.kind == kind),
            "{error:?}"
        );
    }
    // Nothing would follow it that has logits.
    assert!(case.look("a", &[(1, "x")]).is_err());
    case.look("ab", &[(1, "x")]).unwrap();
}
