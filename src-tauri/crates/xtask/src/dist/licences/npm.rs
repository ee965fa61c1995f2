//! npm packages of the interface, from its lock file: those that it is not only built and tested with.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use super::Part;
use crate::{node, paths};

#[derive(Deserialize)]
struct Lock {
    packages: BTreeMap<String, Package>,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    version: String,
    /// An SPDX expression; old packages have an object.
    #[serde(default)]
    license: Value,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    optional: bool,
}

/// Packages whose code may be in the page.
pub fn of_interface() -> Result<Vec<Part>> {
    let folder = paths::ui();
    node::install(&folder)?;
    let path = folder.join("package-lock.json");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("could not read {}", path.display()))?;
    let lock = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    Ok(parts(lock, &folder))
}

fn parts(lock: Lock, folder: &Path) -> Vec<Part> {
    let shipped = lock
        .packages
        .into_iter()
        .filter(|(_, package)| !package.dev && !package.optional);
    shipped
        // The first is the interface itself.
        .filter_map(|(place, package)| {
            let (_, name) = place.rsplit_once("node_modules/")?;
            Some(Part {
                name: name.to_owned(),
                licence: package.license.as_str().unwrap_or_default().to_owned(),
                address: format!("https://www.npmjs.com/package/{name}/v/{}", package.version),
                version: package.version,
                holders: Vec::new(),
                folder: folder.join(&place),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_interface_is_only_built_with_is_no_part() {
        let lock = serde_json::json!({ "packages": {
            "": { "version": "0.1.0" },
            "node_modules/@a/b": { "version": "1.0.0", "license": "MIT" },
            "node_modules/c/node_modules/d": { "version": "2.0.0", "license": { "type": "MIT" } },
            "node_modules/e": { "version": "3.0.0", "dev": true },
        } });
        let found = parts(serde_json::from_value(lock).unwrap(), Path::new("/ui"));
        let names: Vec<_> = found
            .iter()
            .map(|part| (part.name.as_str(), part.licence.as_str()))
            .collect();
        assert_eq!(names, [("@a/b", "MIT"), ("d", "")]);
        assert_eq!(
            found[1].folder,
            Path::new("/ui/node_modules/c/node_modules/d")
        );
    }
}
