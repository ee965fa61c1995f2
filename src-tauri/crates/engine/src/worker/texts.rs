//! Tokens of texts alone, remembered: a conversation is counted anew with every letter that is typed below it.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use sirocco_engine_wire::{FromWorker, Prompt, ToWorker};

use super::{Worker, lock, unexpected};
use crate::EngineError;

/// Once so many are remembered, all are forgotten.
const REMEMBERED: usize = 1 << 15;

/// Texts that were counted, by hash and length.
#[derive(Debug, Default)]
pub(super) struct CountedTexts {
    tokens: Mutex<HashMap<(u64, usize), u32>>,
    random: RandomState,
}

impl CountedTexts {
    fn key(&self, text: &str) -> (u64, usize) {
        (self.random.hash_one(text), text.len())
    }

    fn get(&self, text: &str) -> Option<u32> {
        lock(&self.tokens).get(&self.key(text)).copied()
    }

    fn remember(&self, text: &str, count: u32) {
        let mut tokens = lock(&self.tokens);
        if tokens.len() == REMEMBERED {
            tokens.clear();
        }
        tokens.insert(self.key(text), count);
    }
}

impl Worker {
    /// Tokens of a text alone, without the one that begins every text.
    ///
    /// # Errors
    /// [`EngineError::Refused`], [`EngineError::Crashed`].
    pub async fn count_text(&self, text: &str) -> Result<u32, EngineError> {
        let begins = self.count_plain("").await?;
        let all = self.count_plain(text).await?;
        Ok(all.saturating_sub(begins))
    }

    /// Tokens of an image alone, a PNG or JPEG file in base64.
    ///
    /// # Errors
    /// [`EngineError::Refused`], also where the model sees none; [`EngineError::Crashed`].
    pub async fn count_image(&self, base64: String) -> Result<u32, EngineError> {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        match self.ask(id, ToWorker::CountImage { id, base64 }).await? {
            FromWorker::Counted { tokens, .. } => Ok(tokens),
            other => Err(unexpected(&other)),
        }
    }

    async fn count_plain(&self, text: &str) -> Result<u32, EngineError> {
        if let Some(tokens) = self.shared.texts.get(text) {
            return Ok(tokens);
        }
        let plain = Prompt::Text {
            text: text.to_owned(),
            special: false,
        };
        let tokens = self.count(plain).await?;
        self.shared.texts.remember(text, tokens);
        Ok(tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_known_and_no_more_than_there_is_room_for() {
        let texts = CountedTexts::default();
        assert_eq!(texts.get("one"), None);
        texts.remember("one", 1);
        texts.remember("", 0);
        assert_eq!((texts.get("one"), texts.get("")), (Some(1), Some(0)));
        for number in 0..REMEMBERED {
            texts.remember(&format!("text {number}"), 2);
        }
        assert!(lock(&texts.tokens).len() <= REMEMBERED);
        assert_eq!(texts.get("one"), None);
        assert_eq!(texts.get(&format!("text {}", REMEMBERED - 1)), Some(2));
    }
}
