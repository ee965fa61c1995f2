//! All models of a folder.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
};

use sirocco_gguf::shard_name;

use super::{
    Fingerprint, Found, Origin, Problem, Scan,
    adapter::adapter_of,
    inspect::{Inspected, inspect_files},
    jan,
    naming::unique_key,
    ollama,
    walk::walk,
};

/// First files of known models, with what the files were when their headers were read.
pub type Known = HashMap<PathBuf, Fingerprint>;

/// Looks through a folder and the folders in it. Reads only headers, and only those that are not `known`; writes
/// nothing. `origin` is whose folder it is, for models that do not show it themselves.
///
/// A folder that cannot be read is a problem of the answer, not an error, as is each file that is no model.
pub fn scan_root(root: &Path, origin: Origin, known: &Known) -> Scan {
    let walk = walk(root, known);
    let mut scan = Scan {
        unreachable: walk.unreachable,
        problems: walk.problems,
        ..Scan::default()
    };
    let mut described = jan::models(&walk.descriptions);
    let mut files = walk.files;
    files.extend(
        described
            .keys()
            .filter(|file| !file.starts_with(root) && file.is_file())
            .cloned()
            .collect::<Vec<_>>(),
    );
    let plain = group(files).into_iter().map(|files| {
        if is_known(&files, known) {
            return Ok(Found::Unchanged(files[0].clone()));
        }
        let first = files[0].clone();
        let Inspected::Model(mut model) = inspect_files(files)? else {
            return Ok(Found::Projector);
        };
        if model.origin == Origin::Folder {
            model.origin = origin;
        }
        if let Some(description) = described.remove(&first) {
            description.add_to(&mut model);
        }
        Ok(Found::Model(model))
    });
    let foreign = walk
        .ollama
        .iter()
        .flat_map(|folder| ollama::scan(folder, known));
    let mut keys = HashSet::new();
    let mut firsts = HashSet::new();
    for found in plain.chain(foreign) {
        match found {
            // Two tags of Ollama may name the same blob: one model is enough.
            Ok(Found::Unchanged(first)) => {
                if firsts.insert(first.clone()) {
                    scan.unchanged.push(first);
                }
            }
            Ok(Found::Model(mut model)) => {
                if !firsts.insert(model.files[0].clone()) {
                    continue;
                }
                model.key = unique_key(&model.key, |key| keys.contains(key));
                keys.insert(model.key.clone());
                scan.models.push(*model);
            }
            Ok(Found::Projector) => {}
            Err(problem) => match adapter_of(&problem.path) {
                Some(adapter) => scan.adapters.push(adapter),
                None => scan.problems.push(problem),
            },
        }
    }
    scan.problems
        .sort_by(|one, other| one.path.cmp(&other.path));
    scan.problems
        .dedup_by(|one: &mut Problem, other| one == other);
    scan
}

/// The files are a known model and are as they were.
pub(super) fn is_known(files: &[PathBuf], known: &Known) -> bool {
    let fingerprint = files.first().and_then(|first| known.get(first));
    fingerprint
        .is_some_and(|fingerprint| Fingerprint::of(files).is_ok_and(|now| now == *fingerprint))
}

/// Files of one model together: all that its shard names call for, there or not.
fn group(files: Vec<PathBuf>) -> Vec<Vec<PathBuf>> {
    let mut groups: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for file in files {
        match file
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(shard_name)
        {
            Some(shard) => {
                let path = |number| file.with_file_name(shard.file_name(number));
                groups
                    .entry(path(1))
                    .or_insert_with(|| (1..=shard.count).map(path).collect());
            }
            None => {
                groups.insert(file.clone(), vec![file]);
            }
        }
    }
    groups.into_values().collect()
}
