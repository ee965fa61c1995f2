//! The starter catalogue: models that are known without a network.

use std::sync::LazyLock;

use serde::Deserialize;
use sirocco_protocol::{CatalogueEntry, ErrorReport};

use crate::App;

/// The context that the memory is told for.
const CONTEXT_LENGTH: u32 = 4_096;

/// An entry of `assets/catalogue.json`. Sizes are as published, to the precision that is known.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    summary: String,
    repository: String,
    path: String,
    architecture: String,
    quantization: String,
    size_bytes: u64,
    parameter_count: u64,
    context_length: u32,
    license: String,
    tags: Vec<String>,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../../assets/catalogue.json"))
        .expect("the catalogue is of this shape, as a test shows")
});

impl App {
    pub(crate) async fn catalogue(&self) -> Result<Vec<CatalogueEntry>, ErrorReport> {
        let here = self.here().await?;
        let entries = ENTRIES.iter().map(|entry| {
            let memory_bytes = here.memory_bytes(
                entry.parameter_count,
                entry.size_bytes,
                &entry.architecture,
                CONTEXT_LENGTH,
            );
            CatalogueEntry {
                name: entry.name.clone(),
                summary: entry.summary.clone(),
                repository: entry.repository.clone(),
                path: entry.path.clone(),
                architecture: entry.architecture.clone(),
                quantization: entry.quantization.clone(),
                size_bytes: entry.size_bytes,
                parameter_count: entry.parameter_count,
                context_length: entry.context_length,
                license: entry.license.clone(),
                tags: entry.tags.clone(),
                memory_bytes,
                fits: here.fit_of(memory_bytes),
                model_id: here.model(&entry.repository, &entry.path, None),
            }
        });
        Ok(entries.collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::discover::{here_for_tests, quantization, repository_name};
    use sirocco_protocol::{HubRuns, RuntimeName};

    #[test]
    fn every_entry_is_sound_and_runs_here() {
        assert!((10..=20).contains(&ENTRIES.len()), "{}", ENTRIES.len());
        // The starter catalogue must not need the second runtime.
        let here = here_for_tests(8 << 30, &[RuntimeName::MistralRs]);
        let mut seen = BTreeSet::new();
        for entry in ENTRIES.iter() {
            let name = &entry.name;
            assert!(repository_name(&entry.repository).is_ok(), "{name}");
            assert!(entry.path.ends_with(".gguf"), "{name}");
            let label = quantization::label(&entry.path);
            assert!(
                entry.quantization.starts_with(&label) && !label.is_empty(),
                "{name}: {label}"
            );
            let runs = here.runs(Some(&entry.architecture), &entry.quantization);
            assert_eq!(runs, HubRuns::Yes, "{name}");
            let bits = entry.size_bytes as f64 * 8.0 / entry.parameter_count as f64;
            let expected = if entry.quantization == "Q8_0" {
                8.0..9.5
            } else {
                4.2..6.6
            };
            assert!(expected.contains(&bits), "{name}: {bits:.2} bits a weight");
            assert!(entry.context_length >= 4_096, "{name}");
            assert!(
                entry.summary.len() > 20 && !entry.summary.ends_with('.'),
                "{name}"
            );
            assert!(
                !entry.license.is_empty() && !entry.tags.is_empty(),
                "{name}"
            );
            assert!(seen.insert(entry.name.clone()), "{name} is there twice");
            assert!(
                seen.insert(format!("{} {}", entry.repository, entry.path)),
                "{name} is there twice"
            );
        }
    }
}
