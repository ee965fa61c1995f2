//! Responses that are kept, in memory: the last ones, until the server ends.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use sirocco_core::completions::ChatMessage;

/// How many are kept to be asked for by id.
const KEPT: usize = 512;

/// A response with what it answered.
#[derive(Debug)]
pub struct Stored {
    pub response: Value,
    /// Items of its own request.
    pub input: Vec<Value>,
    /// What the model was sent and wrote, but its instructions: what a next request goes on behind.
    pub messages: Vec<ChatMessage>,
    /// Kept as long as this one, whoever else forgets it.
    pub previous: Option<Arc<Stored>>,
}

impl Stored {
    /// Items of this request and all before it, with what was answered between them.
    pub fn all_input(&self) -> Vec<Value> {
        let mut items = Vec::new();
        if let Some(previous) = &self.previous {
            items = previous.all_input();
            items.extend(
                previous.response["output"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .cloned(),
            );
        }
        items.extend(self.input.iter().cloned());
        items
    }
}

/// The responses of one server.
#[derive(Debug, Default)]
pub struct Responses {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_id: HashMap<String, Arc<Stored>>,
    /// Oldest first.
    order: VecDeque<String>,
}

impl Responses {
    pub fn get(&self, id: &str) -> Option<Arc<Stored>> {
        self.lock(|kept| kept.by_id.get(id).map(Arc::clone))
    }

    /// Keeps one; the oldest is forgotten for it if there are many.
    pub fn keep(&self, id: String, stored: Stored) {
        self.lock(|kept| {
            kept.by_id.insert(id.clone(), Arc::new(stored));
            kept.order.push_back(id);
            if kept.order.len() > KEPT
                && let Some(oldest) = kept.order.pop_front()
            {
                kept.by_id.remove(&oldest);
            }
        });
    }

    /// Forgets one; false if there is none.
    pub fn remove(&self, id: &str) -> bool {
        self.lock(|kept| {
            kept.order.retain(|known| known != id);
            kept.by_id.remove(id).is_some()
        })
    }

    fn lock<T>(&self, with: impl FnOnce(&mut Kept) -> T) -> T {
        with(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stored(input: &str, previous: Option<Arc<Stored>>) -> Stored {
        Stored {
            response: json!({"output": [format!("to {input}")]}),
            input: vec![input.into()],
            messages: Vec::new(),
            previous,
        }
    }

    #[test]
    fn what_went_before_is_known_even_if_it_is_forgotten() {
        let responses = Responses::default();
        responses.keep("a".into(), stored("one", None));
        let next = stored("two", responses.get("a"));
        assert!(responses.remove("a") && !responses.remove("a"));
        assert!(responses.get("a").is_none());
        assert_eq!(
            next.all_input(),
            [json!("one"), json!("to one"), json!("two")]
        );
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let responses = Responses::default();
        for at in 0..=KEPT {
            responses.keep(at.to_string(), stored("", None));
        }
        assert!(responses.get("0").is_none() && responses.get("1").is_some());
        assert_eq!(
            responses.lock(|kept| (kept.by_id.len(), kept.order.len())),
            (KEPT, KEPT)
        );
    }
}
