//! From a file to a [`FoundModel`], or to the reason why it is none.

use std::path::{Path, PathBuf};

use sirocco_gguf::{Model, ModelKind, Shard, Summary, shard_name};
use sirocco_protocol::{ModelVerdict, RuntimeName, choose_runtime};

use super::{
    Fingerprint, FoundModel, Origin, Problem, Projectors,
    header_name::without_other_methods,
    hugging_face,
    naming::{names_of, slug},
};

/// Looks at one file that a person chose; if it is a shard, at its siblings too.
///
/// # Errors
/// The reason, in words, why this is no model.
pub fn inspect_file(path: &Path) -> Result<FoundModel, Problem> {
    let fail = |message: String| Problem {
        path: path.to_owned(),
        message,
    };
    let metadata = std::fs::metadata(path)
        .map_err(|error| fail(format!("the file cannot be read: {error}")))?;
    if metadata.is_dir() {
        return Err(fail(
            "it is a folder; add it as a folder of the library instead".to_owned(),
        ));
    }
    if !metadata.is_file() {
        return Err(fail("it is not an ordinary file".to_owned()));
    }
    if let Inspected::Model(model) = inspect_files(all_files(path))? {
        return Ok(*model);
    }
    Err(fail(
        "it reads images for a model; put it into the folder of that model".to_owned(),
    ))
}

/// What a file is.
pub(super) enum Inspected {
    /// A model.
    Model(Box<FoundModel>),
    /// The half of one that reads images or sounds.
    Projector,
}

/// The file or, of a shard, it and its siblings.
fn all_files(path: &Path) -> Vec<PathBuf> {
    match path
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(shard_name)
    {
        Some(shard) => (1..=shard.count)
            .map(|number| path.with_file_name(shard.file_name(number)))
            .collect(),
        None => vec![path.to_owned()],
    }
}

/// Looks at the files of one model, the first one first.
pub(super) fn inspect_files(files: Vec<PathBuf>) -> Result<Inspected, Problem> {
    let first = files.first().cloned().unwrap_or_default();
    let fail = |path: &Path, message: String| Problem {
        path: path.to_owned(),
        message,
    };
    if let Some(missing) = files.iter().find(|file| !file.exists()) {
        let present = files.iter().filter(|file| file.exists()).count();
        let missing = missing
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let message = format!(
            "the model is incomplete: `{missing}` is missing ({present} of {} files are there)",
            files.len()
        );
        return Err(fail(&first, message));
    }
    let fingerprint = Fingerprint::of(&files)
        .map_err(|error| fail(&first, format!("the file cannot be read: {error}")))?;
    let mut shards = Vec::new();
    for file in &files {
        let header = sirocco_gguf::open(file).map_err(|error| fail(file, sentence(&error)))?;
        shards.push(Shard {
            path: Some(file.clone()),
            header,
        });
    }
    let model =
        Model::from_shards(shards).ok_or_else(|| fail(&first, "there is no file".to_owned()))?;
    let summary = Summary::of(&model);
    let runtimes = crate::report::verdicts(&model);
    let (_, verdict) = choose_runtime(&runtimes, &RuntimeName::ALL, None);
    if summary.kind == ModelKind::Projector {
        return Ok(Inspected::Projector);
    }
    if let (
        ModelKind::Adapter | ModelKind::ImportanceMatrix | ModelKind::VocabularyOnly,
        ModelVerdict::Refused { reasons },
    ) = (summary.kind, &verdict)
    {
        let reason = reasons.join("; ");
        return Err(fail(
            &first,
            match summary.kind {
                ModelKind::Adapter => format!(
                    "{reason}; in a folder of the library it can be chosen in the load options of its model"
                ),
                _ => reason,
            },
        ));
    }
    let names = names_of(&first);
    let stated = summary.name.map(|name| without_other_methods(&name));
    Ok(Inspected::Model(Box::new(FoundModel {
        origin: names.origin,
        key: slug(&names.stem),
        name: names.repository.or(stated).unwrap_or(names.stem),
        architecture: summary.architecture.unwrap_or_default(),
        quantization: summary.quantization.unwrap_or_default(),
        size_bytes: fingerprint.size_bytes,
        parameter_count: summary.parameter_count,
        context_length: u32::try_from(summary.context_length.unwrap_or(0)).unwrap_or(u32::MAX),
        has_chat_template: summary.has_chat_template,
        projector: Projectors::default().beside(&first),
        verdict,
        runtimes,
        fingerprint,
        stated_hashes: match names.origin {
            Origin::HuggingFaceCache => hugging_face::hashes(&files),
            _ => Vec::new(),
        },
        source: hugging_face::source(&first),
        files,
    })))
}

/// An error with its causes.
fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
