//! The prompt library: what a person keeps, and what comes with the app.

use std::sync::LazyLock;

use serde::Deserialize;
use sirocco_protocol::commands::{PromptCreate, PromptUpdate};
use sirocco_protocol::{ErrorCode, ErrorReport, Event, LibraryPrompt, PromptId};

use crate::App;
use crate::clock::now_ms;
use crate::error::{Report, refuse};
use crate::presets::name_of;

/// Bytes of a prompt.
const LONGEST_TEXT: usize = 1 << 20;

/// An entry of `assets/prompts.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    title: String,
    text: String,
}

static BUILT_IN: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../assets/prompts.json"))
        .expect("the prompts are of this shape, as a test shows")
});

impl App {
    pub(crate) async fn prompts(&self) -> Result<Vec<LibraryPrompt>, ErrorReport> {
        let mut prompts = self.inner.store.list_prompts().await.report()?;
        prompts.extend(BUILT_IN.iter().map(|entry| LibraryPrompt {
            id: None,
            title: entry.title.clone(),
            text: entry.text.clone(),
        }));
        Ok(prompts)
    }

    pub(crate) async fn create_prompt(
        &self,
        request: PromptCreate,
    ) -> Result<LibraryPrompt, ErrorReport> {
        let title = name_of("a prompt", &request.title)?;
        check_text(&request.text)?;
        let prompt = self
            .inner
            .store
            .add_prompt(PromptId::fresh(), &title, &request.text, now_ms())
            .await
            .report()?;
        Ok(self.prompt_changed(prompt))
    }

    pub(crate) async fn update_prompt(
        &self,
        request: PromptUpdate,
    ) -> Result<LibraryPrompt, ErrorReport> {
        let title = name_of("a prompt", &request.title)?;
        check_text(&request.text)?;
        let prompt = self
            .inner
            .store
            .update_prompt(request.id, &title, &request.text, now_ms())
            .await
            .report()?;
        Ok(self.prompt_changed(prompt))
    }

    pub(crate) async fn delete_prompt(&self, id: PromptId) -> Result<(), ErrorReport> {
        self.inner
            .store
            .delete_prompt(id, now_ms())
            .await
            .report()?;
        self.emit(Event::PromptRemoved { prompt_id: id });
        Ok(())
    }

    pub(crate) async fn restore_prompt(&self, id: PromptId) -> Result<LibraryPrompt, ErrorReport> {
        let prompt = self.inner.store.restore_prompt(id).await.report()?;
        Ok(self.prompt_changed(prompt))
    }

    fn prompt_changed(&self, prompt: LibraryPrompt) -> LibraryPrompt {
        self.emit(Event::PromptChanged {
            prompt: prompt.clone(),
        });
        prompt
    }
}

fn check_text(text: &str) -> Result<(), ErrorReport> {
    let problem = if text.trim().is_empty() {
        "a prompt must not be empty"
    } else if text.len() > LONGEST_TEXT {
        "the prompt is longer than a million characters"
    } else {
        return Ok(());
    };
    Err(refuse(ErrorCode::InvalidRequest, problem))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_comes_with_the_app_is_sound_and_sorted() {
        assert!((12..=25).contains(&BUILT_IN.len()), "{}", BUILT_IN.len());
        let titles: Vec<&str> = BUILT_IN.iter().map(|entry| entry.title.as_str()).collect();
        assert!(titles.is_sorted(), "{titles:?}");
        let unique: BTreeSet<&str> = titles.iter().copied().collect();
        assert_eq!(unique.len(), titles.len());
        for Entry { title, text } in BUILT_IN.iter() {
            assert!(
                name_of("a prompt", title).is_ok() && check_text(text).is_ok(),
                "{title}"
            );
            assert_eq!(text.trim(), text, "{title}");
            assert_eq!(
                text.matches("{{").count(),
                text.matches("}}").count(),
                "{title}"
            );
            assert!(text.contains("{{"), "{title} takes what it is about");
        }
    }
}
