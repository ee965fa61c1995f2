//! What the address of releases answers: the newest version, what is new in it, and where its packages lie.
//!
//! It is the static form of [Tauri's updater](https://v2.tauri.app/plugin/updater/#static-json-file). Only version and
//! notes are read here; what concerns packages and their signatures is for the host.

use semver::Version;
use serde_json::Value;
use sirocco_protocol::{ErrorCode, ErrorReport};

use crate::error::refuse;

/// Bytes of a manifest: a page or two.
pub const MOST_BYTES: usize = 1 << 20;
/// Characters of the notes that are shown.
const MOST_NOTES: usize = 20_000;

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    pub version: Version,
    pub notes: String,
    /// All of it, for the host.
    pub whole: Value,
}

impl Manifest {
    pub fn read(text: &[u8]) -> Result<Self, ErrorReport> {
        let whole: Value = serde_json::from_slice(text).map_err(|_| unreadable())?;
        let version = whole["version"].as_str().ok_or_else(unreadable)?;
        let version = version.trim().trim_start_matches('v');
        let notes = whole["notes"].as_str().unwrap_or_default().trim();
        Ok(Self {
            version: Version::parse(version).map_err(|_| unreadable())?,
            notes: notes.chars().take(MOST_NOTES).collect(),
            whole,
        })
    }

    /// Whether it tells of a later version than that one.
    pub fn is_newer_than(&self, version: &str) -> bool {
        Version::parse(version).is_ok_and(|version| self.version > version)
    }
}

fn unreadable() -> ErrorReport {
    refuse(
        ErrorCode::Network,
        "the address of releases does not say which version is the newest",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_a_version_and_what_is_new_in_it() {
        let manifest = Manifest::read(br#"{"version": "v0.10.0", "notes": " New. "}"#).unwrap();
        assert_eq!(manifest.notes, "New.");
        for (version, is_newer) in [
            ("0.9.0", true),
            ("0.10.0", false),
            ("0.10.1", false),
            ("0.10.0-rc.1", true),
            ("mine", false),
        ] {
            assert_eq!(manifest.is_newer_than(version), is_newer, "{version}");
        }
    }

    #[test]
    fn what_names_no_version_is_refused() {
        for text in [
            "",
            "<html>",
            "{}",
            r#"{"version": 2}"#,
            r#"{"version": "newest"}"#,
        ] {
            assert_eq!(
                Manifest::read(text.as_bytes()).unwrap_err().code,
                ErrorCode::Network,
                "{text}"
            );
        }
    }
}
