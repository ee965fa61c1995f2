//! Folders of other apps that are on this machine.
//!
//! Where they lie by default, and what moves them: the documentation of each app. Sources, in the order of the code:
//! huggingface_hub `constants.py`; LM Studio's `lms` (`~/.lmstudio-home-pointer`, `settings.json`); Ollama
//! `envconfig/config.go` and its Linux installer; Jan's data folder page; llama.cpp `common/common.cpp`
//! (`fs_get_cache_directory`).

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use super::Origin;

/// Settings files are small.
const MAX_SETTINGS_BYTES: u64 = 4 << 20;

/// Which habits hold for folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Linux and what is like it.
    Linux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl System {
    /// That of this program.
    pub const fn here() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Linux
        }
    }
}

/// What the folders of other apps depend on. The host fills it in; tests too.
pub struct FolderEnvironment<'a> {
    /// Which habits hold.
    pub system: System,
    /// The home folder of this person.
    pub home: Option<PathBuf>,
    /// A variable of the environment; empty ones are none.
    pub variable: &'a dyn Fn(&str) -> Option<PathBuf>,
}

impl FolderEnvironment<'_> {
    fn variable(&self, name: &str) -> Option<PathBuf> {
        (self.variable)(name).filter(|path| !path.as_os_str().is_empty())
    }

    fn home(&self, inside: &str) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join(inside))
    }

    /// What a variable that must be absolute says, or a folder in the home folder.
    fn base(&self, variable: &str, inside: &str) -> Option<PathBuf> {
        self.variable(variable)
            .filter(|path| path.is_absolute())
            .or_else(|| self.home(inside))
    }
}

/// Folders of other apps that exist, each once, with whose they are.
pub fn suggest_folders(environment: &FolderEnvironment) -> Vec<(Origin, PathBuf)> {
    let candidates = [
        (Origin::HuggingFaceCache, hugging_face(environment)),
        (Origin::LmStudio, lm_studio(environment)),
        (Origin::Ollama, ollama(environment)),
        (Origin::Jan, jan(environment)),
        (Origin::LlamaCpp, llama_cpp(environment)),
    ];
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for (origin, folders) in candidates {
        for folder in folders.into_iter().flatten() {
            // One that cannot be read is of no use: the service folder of Ollama belongs to a user of its own.
            if std::fs::read_dir(&folder).is_err() {
                continue;
            }
            let real = std::fs::canonicalize(&folder).unwrap_or_else(|_| folder.clone());
            if seen.insert(real) {
                found.push((origin, folder));
            }
        }
    }
    found
}

fn hugging_face(environment: &FolderEnvironment) -> Vec<Option<PathBuf>> {
    let chosen = environment
        .variable("HF_HUB_CACHE")
        .or_else(|| environment.variable("HUGGINGFACE_HUB_CACHE"))
        .or_else(|| Some(environment.variable("HF_HOME")?.join("hub")));
    let usual = environment
        .base("XDG_CACHE_HOME", ".cache")
        .map(|cache| cache.join("huggingface/hub"));
    vec![chosen, usual]
}

fn lm_studio(environment: &FolderEnvironment) -> Vec<Option<PathBuf>> {
    let pointer = environment
        .home(".lmstudio-home-pointer")
        .and_then(|file| read_small(&file))
        .map(|text| PathBuf::from(text.trim()))
        .filter(|path| path.is_absolute());
    let homes = [
        pointer,
        environment.home(".lmstudio"),
        environment.home(".cache/lm-studio"),
    ];
    homes
        .into_iter()
        .flatten()
        .flat_map(|home| {
            let settings = home.join("settings.json");
            let settings: Option<serde_json::Value> =
                read_small(&settings).and_then(|text| serde_json::from_str(&text).ok());
            let chosen = settings
                .as_ref()
                .and_then(|settings| settings.get("downloadsFolder")?.as_str())
                .map(PathBuf::from)
                .filter(|path| path.is_absolute());
            [chosen, Some(home.join("models"))]
        })
        .collect()
}

fn ollama(environment: &FolderEnvironment) -> Vec<Option<PathBuf>> {
    let mut folders = vec![
        environment.variable("OLLAMA_MODELS"),
        environment.home(".ollama/models"),
    ];
    if environment.system == System::Linux {
        // The installer's service, and that of Arch Linux.
        folders.push(Some("/usr/share/ollama/.ollama/models".into()));
        folders.push(Some("/var/lib/ollama".into()));
    }
    folders
}

fn jan(environment: &FolderEnvironment) -> Vec<Option<PathBuf>> {
    let data = match environment.system {
        System::Linux => environment.base("XDG_DATA_HOME", ".local/share"),
        System::MacOs => environment.home("Library/Application Support"),
        System::Windows => environment.base("APPDATA", "AppData/Roaming"),
    };
    vec![data.map(|data| data.join("Jan/data/llamacpp/models"))]
}

fn llama_cpp(environment: &FolderEnvironment) -> Vec<Option<PathBuf>> {
    let cache = match environment.system {
        System::Linux => environment.base("XDG_CACHE_HOME", ".cache"),
        System::MacOs => environment.home("Library/Caches"),
        System::Windows => environment.base("LOCALAPPDATA", "AppData/Local"),
    };
    vec![
        environment.variable("LLAMA_CACHE"),
        cache.map(|cache| cache.join("llama.cpp")),
    ]
}

fn read_small(path: &Path) -> Option<String> {
    let size = std::fs::metadata(path).ok()?.len();
    (size <= MAX_SETTINGS_BYTES).then(|| std::fs::read_to_string(path).ok())?
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// What is suggested where these folders (ending in `/`) and files exist. `~` is the home folder.
    fn suggested(
        system: System,
        variables: &[(&str, &str)],
        present: &[(&str, &str)],
    ) -> Vec<(Origin, String)> {
        let home = tempfile::tempdir().expect("a folder");
        let at = |path: &str| home.path().join(path.trim_start_matches("~/"));
        let folder = home.path().display().to_string();
        for (path, text) in present {
            if path.ends_with('/') {
                std::fs::create_dir_all(at(path)).expect("folders");
            } else {
                std::fs::create_dir_all(at(path).parent().expect("a parent")).expect("folders");
                std::fs::write(at(path), text.replace('~', &folder)).expect("a file");
            }
        }
        let variables: HashMap<&str, PathBuf> = variables
            .iter()
            .map(|(name, value)| (*name, at(value)))
            .collect();
        let environment = FolderEnvironment {
            system,
            home: Some(home.path().to_owned()),
            variable: &|name| variables.get(name).cloned(),
        };
        suggest_folders(&environment)
            .into_iter()
            .filter_map(|(origin, path)| {
                let inside = path.strip_prefix(home.path()).ok()?;
                Some((origin, inside.display().to_string()))
            })
            .collect()
    }

    fn one(origin: Origin, path: &str) -> Vec<(Origin, String)> {
        vec![(origin, path.to_owned())]
    }

    #[test]
    fn the_usual_folders_are_found_on_every_system() {
        use Origin::*;
        for (system, path, origin) in [
            (System::Linux, ".cache/huggingface/hub", HuggingFaceCache),
            (System::Windows, ".cache/huggingface/hub", HuggingFaceCache),
            (System::Linux, ".lmstudio/models", LmStudio),
            (System::MacOs, ".cache/lm-studio/models", LmStudio),
            (System::Windows, ".ollama/models", Ollama),
            (System::Linux, ".local/share/Jan/data/llamacpp/models", Jan),
            (
                System::MacOs,
                "Library/Application Support/Jan/data/llamacpp/models",
                Jan,
            ),
            (
                System::Windows,
                "AppData/Roaming/Jan/data/llamacpp/models",
                Jan,
            ),
            (System::Linux, ".cache/llama.cpp", LlamaCpp),
            (System::MacOs, "Library/Caches/llama.cpp", LlamaCpp),
            (System::Windows, "AppData/Local/llama.cpp", LlamaCpp),
        ] {
            let present = format!("~/{path}/");
            assert_eq!(
                suggested(system, &[], &[(&present, "")]),
                one(origin, path),
                "{system:?}"
            );
        }
        assert!(suggested(System::Linux, &[], &[]).is_empty());
    }

    #[test]
    fn variables_move_them() {
        use Origin::*;
        for (variable, value, path, origin) in [
            ("HF_HUB_CACHE", "~/a", "a", HuggingFaceCache),
            ("HF_HOME", "~/a", "a/hub", HuggingFaceCache),
            (
                "XDG_CACHE_HOME",
                "~/c",
                "c/huggingface/hub",
                HuggingFaceCache,
            ),
            ("XDG_CACHE_HOME", "~/c", "c/llama.cpp", LlamaCpp),
            ("OLLAMA_MODELS", "~/o", "o", Ollama),
            ("LLAMA_CACHE", "~/l", "l", LlamaCpp),
            ("XDG_DATA_HOME", "~/d", "d/Jan/data/llamacpp/models", Jan),
        ] {
            let present = format!("~/{path}/");
            assert_eq!(
                suggested(System::Linux, &[(variable, value)], &[(&present, "")]),
                one(origin, path),
                "{variable}"
            );
        }
    }

    #[test]
    fn a_moved_home_and_a_chosen_folder_of_lm_studio_are_followed() {
        let present = [
            ("~/.lmstudio-home-pointer", "~/big/lm\n"),
            ("~/big/lm/models/", ""),
            ("~/big/lm/settings.json", r#"{"downloadsFolder":"~/other"}"#),
            ("~/other/", ""),
        ];
        let found = suggested(System::Linux, &[], &present);
        let paths: Vec<&str> = found.iter().map(|(_, path)| path.as_str()).collect();
        assert_eq!(paths, ["other", "big/lm/models"]);
        assert!(found.iter().all(|(origin, _)| *origin == Origin::LmStudio));
    }

    #[test]
    fn broken_settings_are_passed_over() {
        let present = [
            ("~/.lmstudio-home-pointer", "not a path"),
            ("~/.lmstudio/settings.json", "{"),
            ("~/.lmstudio/models/", ""),
        ];
        assert_eq!(
            suggested(System::Linux, &[], &present),
            one(Origin::LmStudio, ".lmstudio/models")
        );
    }
}
