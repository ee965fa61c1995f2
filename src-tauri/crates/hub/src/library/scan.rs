//! All models of a folder.

use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
};

use sirocco_gguf::shard_name;

use super::{Problem, Scan, inspect::inspect_files, naming::unique_key, ollama, walk::walk};

/// Looks through a folder and the folders in it. Reads only headers; writes nothing.
///
/// A folder that cannot be read is a problem of the answer, not an error, as is each file that is no model.
pub fn scan_root(root: &Path) -> Scan {
    let walk = walk(root);
    let mut scan = Scan {
        models: Vec::new(),
        problems: walk.problems,
    };
    let groups = group(walk.files);
    let plain = groups.into_iter().map(inspect_files);
    let foreign = walk.ollama.iter().flat_map(|folder| ollama::scan(folder));
    let mut keys = HashSet::new();
    let mut blobs = HashSet::new();
    for found in plain.chain(foreign) {
        match found {
            Ok(mut model) => {
                // Two tags of Ollama may name the same blob: one model is enough.
                if !blobs.insert(model.files.clone()) {
                    continue;
                }
                model.key = unique_key(&model.key, |key| keys.contains(key));
                keys.insert(model.key.clone());
                scan.models.push(model);
            }
            Err(problem) => scan.problems.push(problem),
        }
    }
    scan.problems
        .sort_by(|one, other| one.path.cmp(&other.path));
    scan.problems
        .dedup_by(|one: &mut Problem, other| one == other);
    scan
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
