//! Whether the Hub has newer versions of what was downloaded from it.
//!
//! Nothing is asked for it unless the person uses the Hub: opening a repository compares its files, and the first
//! search of a session looks after the others.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use sirocco_hub::remote::Repository;
use sirocco_protocol::{ConnectionPurpose, ErrorReport, Event};

use super::repository_name;
use crate::App;
use crate::error::Report;

/// Repositories that are looked after in one session.
const MOST_REPOSITORIES: usize = 50;

/// Whether this session has looked already.
#[derive(Default)]
pub(crate) struct LookedForNewer(AtomicBool);

impl App {
    /// Marks models of the library whose file in this repository has other bytes now.
    pub(super) async fn compare_with_hub(
        &self,
        repository: &Repository,
    ) -> Result<(), ErrorReport> {
        let name = repository.listing.name.to_string();
        for stored in self.inner.store.list_models().await.report()? {
            let model = stored.model;
            let Some(source) = model.source.filter(|source| source.repository == name) else {
                continue;
            };
            let file = repository.file(&source.path);
            let on_hub = file.and_then(|file| file.sha256.as_deref());
            // A file that is gone from there is no newer version.
            let (Some(on_hub), Some(here)) = (on_hub, model.sha256.as_deref()) else {
                continue;
            };
            let is_newer = on_hub != here;
            if is_newer != model.newer_on_hub {
                let stored = self.inner.store.set_newer_on_hub(model.id, is_newer).await;
                let model = stored.report()?.model;
                self.emit(Event::ModelChanged { model });
            }
        }
        Ok(())
    }

    /// Once a session, beside everything else.
    pub(super) fn look_for_newer(&self) {
        if self.inner.looked_for_newer.0.swap(true, Ordering::Relaxed) {
            return;
        }
        let app = self.clone();
        self.spawn(async move {
            if let Err(error) = app.look_after_all().await {
                tracing::info!(message = %error.message, "newer versions were not looked for");
            }
        });
    }

    async fn look_after_all(&self) -> Result<(), ErrorReport> {
        let models = self.inner.store.list_models().await.report()?;
        let sources = models.into_iter().filter_map(|stored| stored.model.source);
        let repositories: BTreeSet<String> = sources.map(|source| source.repository).collect();
        for repository in repositories.iter().take(MOST_REPOSITORIES) {
            let name = repository_name(repository)?;
            let found = self
                .inner
                .remote
                .repository(&name, ConnectionPurpose::Update)
                .await;
            match found {
                Ok(repository) => self.compare_with_hub(&repository).await?,
                // One that is gone says nothing about the next one; without a network there is no next one.
                Err(error) if error.is_of_one_answer() => {}
                Err(error) => return Err(error.report()),
            }
        }
        Ok(())
    }
}
