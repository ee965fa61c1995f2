//! Headers of files on the Hub: what they say, and what loading them would take.

use std::path::PathBuf;

use sirocco_gguf::{Model, Shard, memory};
use sirocco_hub::remote::Repository;
use sirocco_hub::report;
use sirocco_protocol::commands::{HubFitGet, HubHeaderGet};
use sirocco_protocol::{
    ErrorCode, ErrorReport, HeaderReport, HubVariant, HubVariantFit, MemoryFit, RuntimeName,
    choose_runtime,
};

use super::{quantization, variants};
use crate::App;
use crate::error::refuse;
use crate::library::blocking;

/// Headers of more files are not fetched for one model.
const MOST_SHARDS: usize = 64;

impl App {
    pub(crate) async fn remote_header(
        &self,
        request: HubHeaderGet,
    ) -> Result<HeaderReport, ErrorReport> {
        let repository = self
            .repository_at(&request.repository, &request.commit)
            .await?;
        let (variants, _) = variants::of(&repository, &self.here().await?);
        let variant = variants
            .iter()
            .find(|variant| variant.path == request.path)
            .ok_or_else(|| {
                let message = format!("`{}` has no model `{}`", request.repository, request.path);
                refuse(ErrorCode::NotFound, message)
            })?;
        let model = self.remote_model(&repository, variant).await?;
        let installed = self.inner.residency.installed();
        blocking(move || report::of(&model, &installed)).await
    }

    pub(crate) async fn remote_fit(
        &self,
        request: HubFitGet,
    ) -> Result<Vec<HubVariantFit>, ErrorReport> {
        let repository = self
            .repository_at(&request.repository, &request.commit)
            .await?;
        let here = self.here().await?;
        let (variants, _) = variants::of(&repository, &here);
        let models = || variants.iter().filter(|variant| !variant.is_projector);
        // Any header tells the shape. Of a quantized file in one piece it is the shortest way.
        let base = models().min_by_key(|variant| {
            let is_dense = quantization::is_dense(&variant.quantization);
            (
                variant.files.len(),
                is_dense,
                !variant.recommended,
                variant.size_bytes,
            )
        });
        let Some(base) = base else {
            return Ok(Vec::new());
        };
        let model = self.remote_model(&repository, base).await?;
        let installed = self.inner.residency.installed();
        let (runtime, _) = choose_runtime(&report::verdicts(&model), &installed, None);
        let runtime = runtime.unwrap_or(RuntimeName::ALL[0]);
        let fit = |variant: &HubVariant| {
            fit(
                (&model, runtime),
                base,
                variant,
                request.context_length,
                here.available_bytes,
            )
        };
        Ok(models()
            .map(|variant| HubVariantFit {
                path: variant.path.clone(),
                fit: fit(variant),
            })
            .collect())
    }

    /// The headers of all files of a variant.
    async fn remote_model(
        &self,
        repository: &Repository,
        variant: &HubVariant,
    ) -> Result<Model, ErrorReport> {
        if variant.files.len() > MOST_SHARDS {
            let message = format!(
                "the model has {} files, too many to look at",
                variant.files.len()
            );
            return Err(refuse(ErrorCode::ModelRefused, message));
        }
        let mut shards = Vec::new();
        for file in &variant.files {
            let known = repository.file(&file.path);
            let known = known.expect("a variant consists of files of its repository");
            let header = self
                .inner
                .remote
                .header(&repository.listing.name, &repository.commit, known)
                .await
                .map_err(|error| error.report())?;
            shards.push(Shard {
                path: Some(PathBuf::from(&file.path)),
                header: (*header).clone(),
            });
        }
        Ok(Model::from_shards(shards).expect("a variant has a file"))
    }
}

/// What a variant takes, from the header of another one: the shape is the same, only the weights differ, by as much as
/// the files do. Dense ones are widened to 32 bits by mistral.rs.
fn fit(
    (model, runtime): (&Model, RuntimeName),
    base: &HubVariant,
    variant: &HubVariant,
    context_length: u32,
    available_bytes: u64,
) -> Option<MemoryFit> {
    let estimate = memory::estimate_for(model, report::gate(runtime), context_length.into())?;
    let is_dense = |variant: &HubVariant| {
        runtime == RuntimeName::MistralRs && quantization::is_dense(&variant.quantization)
    };
    let elements = |sum: u64, count: u64| sum.saturating_add(count);
    let parameters = model
        .tensors()
        .map(|tensor| tensor.elements)
        .fold(0, elements);
    // The output head, where it is the table of embeddings once more.
    let again = match (
        model.tensor("output.weight"),
        model.tensor("token_embd.weight"),
    ) {
        (None, Some(table)) => table.elements,
        _ => 0,
    };
    let of_base = estimate
        .weights_bytes
        .saturating_add(estimate.embedding_bytes);
    let weights_bytes = if base.path == variant.path {
        of_base
    } else if is_dense(variant) {
        parameters.saturating_add(again).saturating_mul(4)
    } else if is_dense(base) {
        let per_element = variant.size_bytes as f64 / parameters.max(1) as f64;
        let again = (again as f64 * per_element) as u64;
        variant.size_bytes.saturating_add(again)
    } else {
        of_base
            .saturating_add(variant.size_bytes)
            .saturating_sub(base.size_bytes)
    };
    let rest = estimate.kv_bytes.saturating_add(estimate.compute_bytes);
    let total_bytes = weights_bytes.saturating_add(rest);
    // As if the base had the whole memory less what the variant has more.
    let budget = available_bytes
        .saturating_add(of_base)
        .saturating_sub(weights_bytes);
    let largest = memory::largest_context_for(model, report::gate(runtime), budget);
    Some(MemoryFit {
        card: None,
        context_length,
        weights_bytes,
        kv_bytes: estimate.kv_bytes,
        compute_bytes: estimate.compute_bytes,
        total_bytes,
        available_bytes,
        fits: total_bytes <= available_bytes,
        largest_context_length: largest.and_then(|length| u32::try_from(length).ok()),
    })
}
