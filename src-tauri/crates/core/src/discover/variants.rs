//! From the files of a repository to the models one can download.

use std::collections::BTreeMap;

use sirocco_gguf::shard_name;
use sirocco_hub::library::{is_projector_name, projector_among};
use sirocco_hub::remote::{RemoteFile, Repository};
use sirocco_protocol::{HubFile, HubFits, HubRuns, HubSecurity, HubVariant};

use super::{Here, quantization};

/// A model whose weights are larger reads them too slowly on a processor for quality beyond Q4_K_M to be worth it.
const SWIFT_BYTES: u64 = 5_000_000_000;

/// The models, smallest first, projectors last; and how many files are none.
pub fn of(repository: &Repository, here: &Here) -> (Vec<HubVariant>, u32) {
    let mut groups: BTreeMap<String, Vec<&RemoteFile>> = BTreeMap::new();
    let mut others = 0;
    for file in &repository.files {
        match group_of(&file.path) {
            Some(group) => groups.entry(group).or_default().push(file),
            None => others += 1,
        }
    }
    let mut variants = Vec::new();
    for files in groups.into_values() {
        match variant(repository, &files, here) {
            Some(variant) => variants.push(variant),
            // Shards are missing: nobody can use the rest.
            None => others += u32::try_from(files.len()).unwrap_or(u32::MAX),
        }
    }
    variants.sort_by(|one, other| {
        let key = |variant: &HubVariant| (variant.is_projector, variant.size_bytes);
        key(one)
            .cmp(&key(other))
            .then_with(|| one.path.cmp(&other.path))
    });
    with_projectors(&mut variants, here);
    if let Some(recommended) = recommended(repository, &variants, here) {
        variants[recommended].recommended = true;
    }
    (variants, others)
}

/// Files with the same text here are one model; none for a file that is no model.
fn group_of(path: &str) -> Option<String> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let lower = name.to_ascii_lowercase();
    let is_model = lower.ends_with(".gguf") && !lower.contains("imatrix");
    is_model.then(|| match shard_name(name) {
        Some(shard) => format!("{folder}/{} of {}", shard.stem, shard.count),
        None => path.to_owned(),
    })
}

/// `files` in the order of their paths, which is that of their numbers.
fn variant(repository: &Repository, files: &[&RemoteFile], here: &Here) -> Option<HubVariant> {
    let first = files.first()?;
    let name = |file: &RemoteFile| file.path.rsplit('/').next().unwrap_or_default().to_owned();
    if let Some(shard) = shard_name(&name(first)) {
        let numbers = files.iter().filter_map(|file| shard_name(&name(file)));
        let is_whole = numbers.map(|shard| shard.number).eq(1..=shard.count);
        if !is_whole {
            return None;
        }
    }
    let size_bytes = files
        .iter()
        .fold(0_u64, |sum, file| sum.saturating_add(file.size_bytes));
    let listing = &repository.listing;
    let label = quantization::label(&first.path);
    let is_projector = is_projector_name(&name(first));
    let count = listing.parameter_count.filter(|_| !is_projector);
    let own = listing.name.to_string();
    Some(HubVariant {
        path: first.path.clone(),
        files: files
            .iter()
            .map(|file| HubFile {
                path: file.path.clone(),
                size_bytes: file.size_bytes,
                sha256: file.sha256.clone(),
            })
            .collect(),
        size_bytes,
        bits_per_weight: count.map(|count| size_bytes as f64 * 8.0 / count as f64),
        security: security(files),
        recommended: false,
        runs: if is_projector {
            HubRuns::No {
                reason: "it is the image or audio half of another model".to_owned(),
            }
        } else {
            here.runs(listing.architecture.as_deref(), &label)
        },
        quantization: label,
        is_projector,
        projector: None,
        model_id: here.model(&own, &first.path, first.sha256.as_deref()),
        download_id: here.download(&own, &first.path),
    })
}

/// Says which projector comes with each model, where the runtime that sees images is.
fn with_projectors(variants: &mut [HubVariant], here: &Here) {
    if !here.sees_images() {
        return;
    }
    let is_safe = |one: &HubVariant| !matches!(one.security, HubSecurity::Unsafe { .. });
    let projectors: Vec<HubFile> = variants
        .iter()
        .filter(|variant| variant.is_projector && is_safe(variant))
        .filter_map(|variant| variant.files.first().cloned())
        .collect();
    let paths: Vec<&str> = projectors.iter().map(|file| file.path.as_str()).collect();
    for variant in variants.iter_mut().filter(|variant| !variant.is_projector) {
        let best = projector_among(&variant.path, &paths);
        variant.projector = best.and_then(|index| projectors.get(index)).cloned();
    }
}

/// One bad file spoils the model; one that was not looked at leaves it unknown.
fn security(files: &[&RemoteFile]) -> HubSecurity {
    let is_unsafe = |file: &&&RemoteFile| matches!(file.security, HubSecurity::Unsafe { .. });
    if let Some(file) = files.iter().find(is_unsafe) {
        return file.security.clone();
    }
    let all_safe = files.iter().all(|file| file.security == HubSecurity::Safe);
    if all_safe {
        HubSecurity::Safe
    } else {
        HubSecurity::Unknown
    }
}

/// The best that fits with a fifth to spare. Beyond Q4_K_M only where it stays swift; below only if nothing else fits.
fn recommended(repository: &Repository, variants: &[HubVariant], here: &Here) -> Option<usize> {
    let listing = &repository.listing;
    let fits = |variant: &HubVariant| {
        let count = listing
            .parameter_count
            .unwrap_or((variant.size_bytes as f64 * 8.0 / super::COMMON_BITS) as u64);
        let needed = here.memory_bytes(
            count,
            variant.size_bytes,
            listing.architecture.as_deref().unwrap_or_default(),
            here.context_for(listing.context_length),
        );
        here.fit_of(needed) == HubFits::Well
    };
    let candidates = variants.iter().enumerate().filter_map(|(index, variant)| {
        let rank = quantization::rank(&variant.quantization)?;
        let is_sound = variant.runs == HubRuns::Yes
            && !matches!(variant.security, HubSecurity::Unsafe { .. })
            && fits(variant);
        is_sound.then_some((index, rank, variant.size_bytes))
    });
    let candidates: Vec<_> = candidates.collect();
    let is_good = |rank: usize| rank < quantization::GOOD_ENOUGH;
    let swift = candidates
        .iter()
        .filter(|(_, rank, size)| is_good(*rank) && *size <= SWIFT_BYTES)
        .min_by_key(|(_, rank, _)| *rank);
    // Too large to be swift: the smallest that is good enough.
    let good = || {
        let good = candidates.iter().filter(|(_, rank, _)| is_good(*rank));
        good.max_by_key(|(_, rank, _)| *rank)
    };
    let rest = || candidates.iter().min_by_key(|(_, rank, _)| *rank);
    swift
        .or_else(good)
        .or_else(rest)
        .map(|(index, _, _)| *index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::here_for_tests;
    use sirocco_hub::remote::Listing;
    use sirocco_protocol::RuntimeName;

    fn repository(architecture: &str, count: u64, files: &[(&str, u64)]) -> Repository {
        let listing = Listing {
            name: "o/n-GGUF".parse().expect("a name"),
            downloads: 0,
            likes: 0,
            updated_at_ms: None,
            created_at_ms: None,
            gate: sirocco_protocol::HubGate::Open,
            architecture: Some(architecture.to_owned()),
            parameter_count: Some(count),
            context_length: Some(32_768),
            chat_template: None,
            tags: Vec::new(),
            has_gguf: true,
        };
        let mut files: Vec<RemoteFile> = files
            .iter()
            .map(|(path, megabytes)| RemoteFile {
                path: (*path).to_owned(),
                size_bytes: megabytes * 1_000_000,
                sha256: None,
                security: HubSecurity::Safe,
            })
            .collect();
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Repository {
            listing,
            commit: "0".repeat(40),
            url: String::new(),
            files,
            license: None,
            base_models: Vec::new(),
            languages: Vec::new(),
            quantized_by: None,
        }
    }

    fn recommended_in(
        architecture: &str,
        count: u64,
        files: &[(&str, u64)],
        gigabytes: u64,
    ) -> Option<String> {
        let here = here_for_tests(gigabytes * 1_000_000_000, &[RuntimeName::MistralRs]);
        let (variants, _) = of(&repository(architecture, count, files), &here);
        let found = variants.into_iter().find(|variant| variant.recommended);
        found.map(|variant| variant.quantization)
    }

    #[test]
    fn shards_are_one_model_and_other_files_are_counted() {
        let repository = repository(
            "llama",
            1_000_000_000,
            &[
                ("README.md", 1),
                ("Q8_0/m-Q8_0-00002-of-00002.gguf", 500),
                ("Q8_0/m-Q8_0-00001-of-00002.gguf", 600),
                ("m-Q4_K_M.gguf", 600),
                ("mmproj-m-F16.gguf", 100),
                ("m.imatrix.gguf", 1),
                ("broken-Q6_K-00001-of-00003.gguf", 300),
            ],
        );
        let (variants, others) = of(
            &repository,
            &here_for_tests(32 << 30, &[RuntimeName::MistralRs]),
        );
        let found: Vec<_> = variants
            .iter()
            .map(|variant| {
                (
                    variant.path.as_str(),
                    variant.quantization.as_str(),
                    variant.files.len(),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("m-Q4_K_M.gguf", "Q4_K_M", 1),
                ("Q8_0/m-Q8_0-00001-of-00002.gguf", "Q8_0", 2),
                ("mmproj-m-F16.gguf", "F16", 1),
            ]
        );
        assert_eq!(others, 3);
        assert_eq!(variants[1].size_bytes, 1_100_000_000);
        assert_eq!(variants[0].bits_per_weight, Some(4.8));
        assert!(variants[2].is_projector && variants[2].bits_per_weight.is_none());
        assert!(variants.iter().all(|variant| variant.projector.is_none()));
    }

    #[test]
    fn a_projector_comes_with_each_model_where_images_are_seen() {
        let files = [
            ("m-Q4_K_M.gguf", 600),
            ("mmproj-m-BF16.gguf", 100),
            ("mmproj-m-F16.gguf", 100),
        ];
        let repository = repository("gemma3", 1_000_000_000, &files);
        let (variants, _) = of(&repository, &here_for_tests(32 << 30, &RuntimeName::ALL));
        let projector = variants[0].projector.as_ref();
        assert_eq!(
            projector.map(|file| (file.path.as_str(), file.size_bytes)),
            Some(("mmproj-m-F16.gguf", 100_000_000))
        );
        assert!(variants[1].projector.is_none());
    }

    #[test]
    fn what_cannot_run_is_said_before_the_header_is_read() {
        let files = [("m-IQ4_XS.gguf", 500), ("m-Q4_K_M.gguf", 600)];
        let (variants, _) = of(
            &repository("llama", 1_000_000_000, &files),
            &here_for_tests(32 << 30, &[RuntimeName::MistralRs]),
        );
        assert!(matches!(variants[0].runs, HubRuns::No { .. }));
        assert_eq!(variants[1].runs, HubRuns::Yes);
        let (variants, _) = of(
            &repository("gemma3", 1_000_000_000, &files),
            &here_for_tests(32 << 30, &[RuntimeName::MistralRs]),
        );
        assert!(
            variants
                .iter()
                .all(|variant| matches!(variant.runs, HubRuns::No { .. }))
        );
        assert!(!variants.iter().any(|variant| variant.recommended));
        let (variants, _) = of(
            &repository("gemma3", 1_000_000_000, &files),
            &here_for_tests(32 << 30, &RuntimeName::ALL),
        );
        assert!(variants.iter().all(|variant| variant.runs == HubRuns::Yes));
        assert!(variants[1].recommended);
    }

    #[test]
    fn the_recommendation_fits_and_stays_swift() {
        let small = [
            ("a-Q2_K.gguf", 340),
            ("a-Q4_K_M.gguf", 490),
            ("a-Q8_0.gguf", 680),
            ("a-F16.gguf", 1_270),
        ];
        assert_eq!(
            recommended_in("qwen2", 494_000_000, &small, 16).as_deref(),
            Some("Q8_0")
        );
        assert_eq!(
            recommended_in("qwen2", 494_000_000, &small, 2).as_deref(),
            Some("Q8_0")
        );
        assert_eq!(
            recommended_in("qwen2", 494_000_000, &small, 1).as_deref(),
            Some("Q2_K")
        );
        let large = [
            ("b-Q2_K.gguf", 3_180),
            ("b-Q3_K_M.gguf", 4_020),
            ("b-Q4_K_M.gguf", 4_920),
            ("b-Q5_K_M.gguf", 5_730),
            ("b-Q8_0.gguf", 8_540),
            ("b-IQ4_XS.gguf", 4_450),
        ];
        assert_eq!(
            recommended_in("llama", 8_030_000_000, &large, 32).as_deref(),
            Some("Q4_K_M")
        );
        assert_eq!(
            recommended_in("llama", 8_030_000_000, &large, 7).as_deref(),
            Some("Q3_K_M")
        );
        assert_eq!(recommended_in("llama", 8_030_000_000, &large, 4), None);
        let huge = [
            ("c-Q3_K_M.gguf", 7_340),
            ("c-Q4_K_M.gguf", 8_990),
            ("c-Q6_K.gguf", 12_120),
        ];
        assert_eq!(
            recommended_in("qwen2", 14_770_000_000, &huge, 64).as_deref(),
            Some("Q4_K_M")
        );
    }

    #[test]
    fn a_bad_file_spoils_its_model() {
        let mut repository = repository("llama", 1_000_000_000, &[("m-Q4_K_M.gguf", 600)]);
        repository.files[0].security = HubSecurity::Unsafe {
            finding: "Eicar".into(),
        };
        let (variants, _) = of(
            &repository,
            &here_for_tests(32 << 30, &[RuntimeName::MistralRs]),
        );
        assert!(matches!(variants[0].security, HubSecurity::Unsafe { .. }));
        assert!(!variants[0].recommended);
    }
}
