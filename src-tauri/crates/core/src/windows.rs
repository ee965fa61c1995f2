//! Windows beside the main one: of a conversation, and the small one for a quick question.

use std::sync::{Arc, Mutex, PoisonError};

use sirocco_protocol::{ConversationId, ErrorReport, HostKind, QuickAsk};

use crate::App;
use crate::error::Report;
use crate::library::blocking;

/// Why the keys of the settings open no window for a quick question.
#[derive(Debug, Default)]
pub(crate) struct QuickAskProblem(Mutex<Option<ErrorReport>>);

impl QuickAskProblem {
    fn get(&self) -> Option<ErrorReport> {
        let problem = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        problem.clone()
    }

    fn set(&self, problem: Option<ErrorReport>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    }
}

impl App {
    pub(crate) async fn open_window(&self, id: ConversationId) -> Result<(), ErrorReport> {
        self.known(id).await?;
        let host = Arc::clone(&self.inner.host);
        blocking(move || host.open_window(id)).await?
    }

    pub(crate) async fn show_window(&self, id: ConversationId) -> Result<(), ErrorReport> {
        self.known(id).await?;
        let host = Arc::clone(&self.inner.host);
        blocking(move || host.show_window()).await??;
        self.open_conversation(id);
        Ok(())
    }

    /// Fails unless there is such a conversation.
    async fn known(&self, id: ConversationId) -> Result<(), ErrorReport> {
        let store = self.store_of(id).await;
        store.conversation(id).await.report().map(drop)
    }

    /// Takes the keys of the settings; hosts with windows call it once. What keeps them from working is told by
    /// `quick_ask_get`.
    pub async fn begin_quick_ask(&self) {
        let keys = match self.inner.store.settings().await {
            Ok(settings) => settings.quick_ask_keys,
            Err(error) => return tracing::warn!(%error, "no keys open the quick question"),
        };
        if keys.is_empty() {
            return;
        }
        if let Err(problem) = self.take_quick_ask_keys(keys).await {
            tracing::warn!(message = %problem.message, "the keys of the quick question do nothing");
            self.inner.quick_ask_problem.set(Some(problem));
        }
    }

    pub(crate) fn quick_ask(&self) -> QuickAsk {
        QuickAsk {
            is_possible: self.inner.host.kind() == HostKind::Window,
            problem: self.inner.quick_ask_problem.get(),
        }
    }

    /// Takes other keys, if they are others. If that fails, those before are taken again and stay in the settings.
    pub(crate) async fn change_quick_ask_keys(&self, keys: &str) -> Result<(), ErrorReport> {
        let before = self.inner.store.settings().await.report()?.quick_ask_keys;
        if before == keys {
            return Ok(());
        }
        let taken = self.take_quick_ask_keys(keys.to_owned()).await;
        if taken.is_ok() {
            self.inner.quick_ask_problem.set(None);
        } else if self.inner.quick_ask_problem.get().is_none() {
            self.inner
                .quick_ask_problem
                .set(self.take_quick_ask_keys(before).await.err());
        }
        taken
    }

    async fn take_quick_ask_keys(&self, keys: String) -> Result<(), ErrorReport> {
        let host = Arc::clone(&self.inner.host);
        blocking(move || host.take_quick_ask_keys(&keys)).await?
    }
}
