//! A repository with its models, and its card.

use std::sync::Arc;

use sirocco_hub::remote::Repository;
use sirocco_protocol::commands::HubCardGet;
use sirocco_protocol::{ConnectionPurpose, ErrorCode, ErrorReport, HubCard, HubLicense, HubModel};

use super::{repository_name, variants};
use crate::App;
use crate::error::refuse;

impl App {
    pub(crate) async fn hub_repository(&self, name: &str) -> Result<HubModel, ErrorReport> {
        let repository = self.repository(name).await?;
        self.compare_with_hub(&repository).await?;
        let here = self.here().await?;
        let (variants, other_file_count) = variants::of(&repository, &here);
        let mut summary = here.result(&repository.listing);
        summary.in_library |= variants.iter().any(|variant| variant.model_id.is_some());
        let license = repository.license.as_ref().map(|license| HubLicense {
            id: license.id.clone(),
            name: license.name.clone(),
            link: license.link.clone(),
        });
        if let Some(license) = &license {
            summary.license = Some(license.id.clone());
        }
        Ok(HubModel {
            summary,
            commit: repository.commit.clone(),
            url: repository.url.clone(),
            license,
            base_models: repository.base_models.clone(),
            languages: repository.languages.clone(),
            quantized_by: repository.quantized_by.clone(),
            variants,
            other_file_count,
        })
    }

    pub(crate) async fn card(&self, request: HubCardGet) -> Result<HubCard, ErrorReport> {
        check_commit(&request.commit)?;
        let mut repository = self.repository(&request.repository).await?;
        if repository.commit != request.commit {
            // The card belongs to the page that shows it, though the repository went on.
            repository = Arc::new(Repository {
                commit: request.commit,
                ..(*repository).clone()
            });
        }
        let card = self.inner.remote.card(repository).await;
        let card = card.map_err(|error| error.report())?;
        Ok(HubCard {
            markdown: card.markdown.clone(),
            truncated: card.truncated,
            scores: card.scores.clone(),
        })
    }

    /// A repository of this name.
    pub(super) async fn repository(&self, name: &str) -> Result<Arc<Repository>, ErrorReport> {
        let name = repository_name(name)?;
        let found = self
            .inner
            .remote
            .repository(&name, ConnectionPurpose::Repository)
            .await;
        found.map_err(|error| error.report())
    }

    /// A repository of this name at this commit.
    pub(super) async fn repository_at(
        &self,
        name: &str,
        commit: &str,
    ) -> Result<Arc<Repository>, ErrorReport> {
        check_commit(commit)?;
        let repository = self.repository(name).await?;
        if repository.commit == commit {
            return Ok(repository);
        }
        let error = refuse(
            ErrorCode::Conflict,
            format!("`{name}` has changed since it was opened"),
        );
        Err(error.with_hint("open its page again"))
    }
}

fn check_commit(commit: &str) -> Result<(), ErrorReport> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if commit.len() == 40 && commit.bytes().all(is_digit) {
        return Ok(());
    }
    Err(refuse(
        ErrorCode::InvalidRequest,
        "a commit has 40 hexadecimal digits",
    ))
}
