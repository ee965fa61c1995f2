//! `cargo xtask latest`: the file that tells the app of a newer version, made of the packages of a release and the
//! signatures that lie beside them. It is published with them, at the address that programs were built with.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

const FILE: &str = "latest.json";

/// Writes the file beside the packages in `folder`, which will lie below `address`.
pub fn write(folder: &Path, address: &str, notes: Option<&Path>) -> Result<()> {
    let notes = match notes {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("could not read {}", path.display()))?,
        None => String::new(),
    };
    let mut signed = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(package) = name.and_then(|name| name.strip_suffix(".sig")) {
            signed.push((package.to_owned(), std::fs::read_to_string(&path)?));
        }
    }
    ensure!(
        !signed.is_empty(),
        "no package in {} is signed: TAURI_SIGNING_PRIVATE_KEY was not set when they were made",
        folder.display()
    );
    let path = folder.join(FILE);
    let text = serde_json::to_string_pretty(&manifest(address, notes.trim(), &signed))?;
    std::fs::write(&path, text).with_context(|| format!("could not write {}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}

/// What the file holds; `signed` are names of packages with their signatures.
fn manifest(address: &str, notes: &str, signed: &[(String, String)]) -> Value {
    let address = address.trim_end_matches('/');
    let platforms: Map<String, Value> = signed
        .iter()
        .filter_map(|(package, signature)| {
            let place = format!("{address}/{package}");
            let entry = json!({ "url": place, "signature": signature.trim() });
            Some((platform(package)?.to_owned(), entry))
        })
        .collect();
    json!({ "version": env!("CARGO_PKG_VERSION"), "notes": notes, "platforms": platforms })
}

/// Under which name the app looks for a package; none for one that it does not.
fn platform(package: &str) -> Option<&'static str> {
    let endings = [
        ("_amd64.deb", "linux-x86_64-deb"),
        ("_arm64.deb", "linux-aarch64-deb"),
        (".x86_64.rpm", "linux-x86_64-rpm"),
        (".aarch64.rpm", "linux-aarch64-rpm"),
        ("_x64-setup.exe", "windows-x86_64"),
        ("_arm64-setup.exe", "windows-aarch64"),
        ("_x86_64.app.tar.gz", "darwin-x86_64"),
        ("_aarch64.app.tar.gz", "darwin-aarch64"),
    ];
    let found = endings.iter().find(|(ending, _)| package.ends_with(ending));
    found.map(|(_, platform)| *platform)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_package_stands_under_the_name_it_is_looked_for() {
        let names = [
            ("Sirocco_0.1.0_amd64.deb", "linux-x86_64-deb"),
            ("Sirocco-0.1.0-1.x86_64.rpm", "linux-x86_64-rpm"),
            ("Sirocco_0.1.0_x64-setup.exe", "windows-x86_64"),
            ("Sirocco_0.1.0_aarch64.app.tar.gz", "darwin-aarch64"),
        ];
        let signed: Vec<_> = names
            .iter()
            .map(|(name, _)| ((*name).to_owned(), "c2lnbmVk\n".to_owned()))
            .chain([("Sirocco_0.1.0_aarch64.dmg".to_owned(), String::new())])
            .collect();
        let manifest = manifest("https://example.org/v0.1.0/", "New.", &signed);
        assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(manifest["notes"], "New.");
        let platforms = manifest["platforms"].as_object().unwrap();
        assert_eq!(platforms.len(), names.len());
        for (name, platform) in names {
            let url = format!("https://example.org/v0.1.0/{name}");
            assert_eq!(
                platforms[platform],
                json!({ "url": url, "signature": "c2lnbmVk" })
            );
        }
    }

    #[test]
    fn packages_that_nobody_signed_make_no_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("Sirocco_0.1.0_amd64.deb"), "").unwrap();
        assert!(write(folder.path(), "https://example.org", None).is_err());
        assert!(!folder.path().join(FILE).exists());
    }
}
