//! Checking that the bytes of models are what they should be: one after the other, told as events.

use std::time::{Duration, Instant};

use sirocco_hub::HubError;
use sirocco_hub::library::hash_files;
use sirocco_protocol::{ErrorCode, ErrorReport, Event, ModelId, Verification};
use sirocco_store::StoredModel;

use crate::App;
use crate::clock::now_ms;
use crate::error::{Report, refuse};
use crate::library::files_of;

/// Between two events about the same model.
const PROGRESS_STEP: Duration = Duration::from_millis(100);

impl App {
    /// Puts a model, or all, into the queue. One that waits already keeps its place.
    pub(crate) async fn verify_models(&self, id: Option<ModelId>) -> Result<(), ErrorReport> {
        let ids = match id {
            Some(id) => {
                super::refuse_remote(&self.inner.store.model(id).await.report()?)?;
                vec![id]
            }
            None => {
                let models = self.inner.store.list_local_models().await.report()?;
                let is_there = |stored: &StoredModel| stored.absence.is_none();
                let there = models.into_iter().filter(is_there);
                there.map(|stored| stored.model.id).collect()
            }
        };
        let (added, start) = {
            let mut checks = self.inner.keeping.checks();
            let mut added = Vec::new();
            for id in ids {
                if !checks.queue.contains(&id) {
                    checks.queue.push_back(id);
                    added.push(id);
                }
            }
            let start = !checks.running && !checks.queue.is_empty();
            checks.running |= start;
            (added, start)
        };
        for id in added {
            self.tell(id, Verification::Queued);
        }
        if start {
            let app = self.clone();
            self.inner
                .tasks
                .spawn(async move { app.check_queue().await });
        }
        Ok(())
    }

    async fn check_queue(&self) {
        loop {
            let next = {
                let mut checks = self.inner.keeping.checks();
                let next = checks.queue.pop_front();
                checks.running = next.is_some();
                next
            };
            let Some(id) = next else { return };
            match self.check(id).await {
                Ok(verification) => self.tell(id, verification),
                // It left the library while it waited.
                Err(error) if error.code == ErrorCode::NotFound => {}
                Err(_) if self.inner.closing.is_cancelled() => {
                    let mut checks = self.inner.keeping.checks();
                    checks.queue.clear();
                    checks.running = false;
                    return;
                }
                Err(error) => self.tell(id, Verification::Failed { error }),
            }
        }
    }

    async fn check(&self, id: ModelId) -> Result<Verification, ErrorReport> {
        let stored = self.inner.store.model(id).await.report()?;
        let found = self.read_hashes(&stored, true).await?;
        // It may have been renamed or deleted meanwhile, but its bytes are what they are.
        let mut compared = false;
        for (index, found) in found.iter().enumerate() {
            let expected = stored.hashes.get(index).cloned().flatten();
            // A hash from before there were several.
            let expected = expected.or_else(|| stored.model.sha256.clone().filter(|_| index == 0));
            let Some(expected) = expected else { continue };
            if expected != *found {
                let known = if stored.hashes.is_empty() {
                    vec![stored.model.sha256.clone()]
                } else {
                    stored.hashes.clone()
                };
                let stored = self
                    .inner
                    .store
                    .keep_hashes(id, &known, None)
                    .await
                    .report()?;
                self.model_changed(&stored);
                return Ok(Verification::Damaged {
                    expected,
                    found: found.clone(),
                });
            }
            compared = true;
        }
        let sha256 = found.first().cloned().unwrap_or_default();
        self.keep_hashes(id, found).await?;
        Ok(Verification::Intact { sha256, compared })
    }

    /// Hash of every file of a model, read now. Waits for other readers.
    pub(super) async fn read_hashes(
        &self,
        stored: &StoredModel,
        tells: bool,
    ) -> Result<Vec<String>, ErrorReport> {
        let _turn = tokio::select! {
            turn = self.inner.keeping.reader.lock() => turn,
            () = self.inner.closing.cancelled() => return Err(HubError::Ended.report()),
        };
        let (app, files) = (self.clone(), files_of(stored));
        let (id, total) = (stored.model.id, stored.model.size_bytes.max(1));
        let work = self.inner.tasks.spawn_blocking(move || {
            let (mut done, mut told_at) = (0, None::<Instant>);
            hash_files(&files, &mut |bytes| {
                done += bytes;
                if tells && told_at.is_none_or(|at| at.elapsed() >= PROGRESS_STEP) {
                    told_at = Some(Instant::now());
                    let progress = (done as f64 / total as f64).min(1.0) as f32;
                    app.tell(id, Verification::Reading { progress });
                }
                !app.inner.closing.is_cancelled()
            })
        });
        let hashes = work.await.map_err(|error| {
            refuse(
                ErrorCode::Internal,
                format!("disk work was cut off: {error}"),
            )
        })?;
        Ok(hashes.report()?.iter().map(ToString::to_string).collect())
    }

    pub(super) async fn keep_hashes(
        &self,
        id: ModelId,
        hashes: Vec<String>,
    ) -> Result<StoredModel, ErrorReport> {
        let hashes: Vec<_> = hashes.into_iter().map(Some).collect();
        let store = &self.inner.store;
        let stored = store
            .keep_hashes(id, &hashes, Some(now_ms()))
            .await
            .report()?;
        self.model_changed(&stored);
        Ok(stored)
    }

    fn tell(&self, model_id: ModelId, verification: Verification) {
        self.emit(Event::VerificationChanged {
            model_id,
            verification,
        });
    }
}
