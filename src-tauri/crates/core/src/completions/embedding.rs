//! Texts turned into vectors: asked of a model that embeds, and refused with the reason of any other.

use sirocco_protocol::commands::ModelEmbed;
use sirocco_protocol::{Embeddings, ErrorCode, ErrorReport, Model, ModelId, ModelVerdict};

use super::answer::{LoadTime, closing, explain};
use super::{EmbedInput, EmbedRequest, Embedded, Needs};
use crate::App;
use crate::error::refuse;

impl App {
    /// The command of the interface and the terminal.
    pub(crate) async fn embed_texts(&self, asked: ModelEmbed) -> Result<Embeddings, ErrorReport> {
        let request = EmbedRequest {
            id: 0,
            inputs: asked
                .texts
                .into_iter()
                .map(|text| EmbedInput::Text { text })
                .collect(),
            truncate: asked.truncate,
            dimensions: asked.dimensions,
        };
        let embedded = self.vectors(asked.id, request).await?;
        Ok(Embeddings {
            tokens: embedded.tokens(),
            vectors: embedded
                .vectors
                .into_iter()
                .map(|vector| vector.values)
                .collect(),
        })
    }

    /// Waits in the queue of the model, which is loaded if it is not.
    pub(super) async fn vectors(
        &self,
        model: ModelId,
        request: EmbedRequest,
    ) -> Result<Embedded, ErrorReport> {
        self.check_embeds(model).await?;
        let mut load = LoadTime::begin();
        let turn = tokio::select! {
            turn = self.turn(model, Needs::default(), |progress, _| load.note(progress)) => turn?,
            () = self.inner.closing.cancelled() => return Err(closing()),
        };
        let load = load.end();
        let vectors = tokio::select! {
            vectors = turn.loaded.worker.embed(request) => vectors,
            () = self.inner.closing.cancelled() => return Err(closing()),
        };
        let vectors = vectors.map_err(|error| explain(&turn, &error))?;
        Ok(Embedded { vectors, load })
    }

    async fn check_embeds(&self, id: ModelId) -> Result<(), ErrorReport> {
        let models = self.models().await?;
        let writes = |model: &Model| matches!(model.verdict, ModelVerdict::Runs { .. });
        let Some(model) = models.iter().find(|model| model.id == id && writes(model)) else {
            // One that cannot be loaded at all is refused with its own reasons, by the load.
            return Ok(());
        };
        let message = format!(
            "`{}` cannot embed: it writes text, and only embedding models turn texts into vectors",
            model.key
        );
        let able: Vec<&str> = models
            .iter()
            .filter(|model| model.verdict == ModelVerdict::Embeds)
            .map(|model| model.key.as_str())
            .collect();
        Err(
            refuse(ErrorCode::InvalidRequest, message).with_hint(if able.is_empty() {
                "the library has no embedding model yet".to_owned()
            } else {
                format!("the library has {}", able.join(", "))
            }),
        )
    }

    /// Refuses what asks a model to write that only embeds.
    pub(crate) async fn check_writes(&self, id: ModelId) -> Result<(), ErrorReport> {
        let models = self.models().await?;
        let embeds = |model: &Model| model.verdict == ModelVerdict::Embeds;
        match models.iter().find(|model| model.id == id && embeds(model)) {
            None => Ok(()),
            Some(model) => Err(refuse(
                ErrorCode::ModelRefused,
                format!(
                    "`{}` cannot answer: it is an embedding model, which turns texts into vectors",
                    model.key
                ),
            )
            .with_hint("choose a model that writes")),
        }
    }
}
