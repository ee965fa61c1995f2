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
        for stored in self.inner.store.list_local_models().await.report()? {
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
        let models = self.inner.store.list_local_models().await.report()?;
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sirocco_hub::account::HubEnvironment;
    use sirocco_hub::remote::{Listing, RemoteFile};
    use sirocco_protocol::{
        HostKind, HubGate, HubSecurity, ModelId, ModelOrigin, ModelSource, ModelVerdict,
    };
    use sirocco_store::NewModel;

    use super::*;
    use crate::home::Home;
    use crate::{AppOptions, NoHost};

    fn repository(path: &str, sha256: &str) -> Repository {
        Repository {
            listing: Listing {
                name: "o/n-GGUF".parse().expect("a name"),
                downloads: 0,
                likes: 0,
                updated_at_ms: None,
                created_at_ms: None,
                gate: HubGate::Open,
                architecture: None,
                parameter_count: None,
                context_length: None,
                chat_template: None,
                tags: Vec::new(),
                has_gguf: true,
            },
            commit: "0".repeat(40),
            url: String::new(),
            files: vec![RemoteFile {
                path: path.to_owned(),
                size_bytes: 1,
                sha256: Some(sha256.to_owned()),
                security: HubSecurity::Unknown,
            }],
            license: None,
            base_models: Vec::new(),
            languages: Vec::new(),
            quantized_by: None,
        }
    }

    fn downloaded(sha256: &str) -> NewModel {
        NewModel {
            id: ModelId::fresh(),
            name: "M".into(),
            key: "m".into(),
            files: vec!["/no/such/m.gguf".into()],
            root_id: None,
            fingerprint: "1:2:3:4".into(),
            architecture: "llama".into(),
            quantization: "Q8_0".into(),
            size_bytes: 1,
            parameter_count: 1,
            context_length: 1,
            has_chat_template: false,
            projector: None,
            verdict: ModelVerdict::Missing,
            runtimes: Vec::new(),
            origin: ModelOrigin::Folder,
            source: Some(ModelSource {
                repository: "o/n-GGUF".into(),
                commit: "1".repeat(40),
                path: "m.gguf".into(),
            }),
            hashes: vec![Some(sha256.into())],
        }
    }

    #[tokio::test]
    async fn other_bytes_under_the_same_name_are_a_newer_version() {
        let folder = tempfile::tempdir().expect("a folder");
        let app = App::open(AppOptions {
            home: Home::at(folder.path()),
            host: Arc::new(NoHost(HostKind::Terminal)),
            runtimes: Vec::new(),
            environment: HubEnvironment::default(),
        })
        .await
        .expect("it opens");
        let (old, new) = ("a".repeat(64), "b".repeat(64));
        let saved = app.inner.store.save_model(&downloaded(&old), 1).await;
        let id = saved.expect("saved").model.id;
        let is_newer_after = async |repository: Repository| {
            let compared = app.compare_with_hub(&repository).await;
            compared.expect("compared");
            let stored = app.inner.store.model(id).await.expect("it is there");
            stored.model.newer_on_hub
        };
        assert!(!is_newer_after(repository("m.gguf", &old)).await);
        assert!(is_newer_after(repository("m.gguf", &new)).await);
        // One that is gone from there leaves what was known.
        assert!(is_newer_after(repository("other.gguf", &new)).await);
        assert!(!is_newer_after(repository("m.gguf", &old)).await);
        app.close().await;
    }
}
