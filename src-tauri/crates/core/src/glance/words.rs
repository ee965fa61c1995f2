//! What a tray says, in the languages of the interface.

use sirocco_protocol::LanguageChoice;

/// A language that the interface has texts in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// French.
    French,
}

/// The labels of the menu.
#[derive(Debug)]
pub struct Words {
    /// Shows the window.
    pub show: &'static str,
    /// Pauses all downloads.
    pub pause: &'static str,
    /// Goes on with them.
    pub resume: &'static str,
    /// Stands over the models to load.
    pub load: &'static str,
    /// Stands before the name of a loaded model.
    pub eject: &'static str,
    /// Ends the app.
    pub quit: &'static str,
    pub(super) download: &'static str,
    pub(super) downloads: &'static str,
    pub(super) paused: &'static str,
    pub(super) waiting: &'static str,
    /// With the time in place of `{}`.
    pub(super) left: &'static str,
}

const ENGLISH: Words = Words {
    show: "Show Sirocco",
    pause: "Pause downloads",
    resume: "Resume downloads",
    load: "Load",
    eject: "Eject",
    quit: "Quit Sirocco",
    download: "download",
    downloads: "downloads",
    paused: "paused",
    waiting: "waiting",
    left: "{} left",
};

const FRENCH: Words = Words {
    show: "Afficher Sirocco",
    pause: "Mettre les téléchargements en pause",
    resume: "Reprendre les téléchargements",
    load: "Charger",
    eject: "Éjecter",
    quit: "Quitter Sirocco",
    download: "téléchargement",
    downloads: "téléchargements",
    paused: "en pause",
    waiting: "en attente",
    left: "reste {}",
};

impl Language {
    /// What a choice comes to where the system wants these languages, such as `fr_FR.UTF-8`, the best first. English
    /// where there is nothing better.
    #[must_use]
    pub fn of(choice: LanguageChoice, system: &[String]) -> Self {
        let known = |tag: &String| match tag.split(['_', '-', '.', '@']).next()? {
            "fr" => Some(Self::French),
            "en" | "C" | "POSIX" => Some(Self::English),
            _ => None,
        };
        match choice {
            LanguageChoice::En => Self::English,
            LanguageChoice::Fr => Self::French,
            LanguageChoice::System => system.iter().find_map(known).unwrap_or_default(),
        }
    }

    /// Its labels.
    #[must_use]
    pub fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::French => &FRENCH,
        }
    }
}

/// The languages that the environment of this process names, the best first.
pub(super) fn of_environment() -> Vec<String> {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let listed = set("LANGUAGE").unwrap_or_default();
    let listed = listed.split(':').filter(|tag| !tag.is_empty());
    let own = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set);
    listed.map(str::to_owned).chain(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_goes_before_the_system_and_english_stands_in_for_the_rest() {
        use Language::{English, French};
        use LanguageChoice::{En, Fr, System};
        for (choice, system, language) in [
            (En, &["fr_FR.UTF-8"][..], English),
            (Fr, &["en_GB"], French),
            (System, &["fr_CA.UTF-8"], French),
            (System, &["fr"], French),
            (System, &["de_DE.UTF-8", "fr-CH"], French),
            (System, &["en_US.UTF-8", "fr"], English),
            (System, &["de_DE"], English),
            (System, &[], English),
        ] {
            let system: Vec<_> = system.iter().map(|tag| (*tag).to_owned()).collect();
            assert_eq!(
                Language::of(choice, &system),
                language,
                "{choice:?} {system:?}"
            );
        }
    }
}
