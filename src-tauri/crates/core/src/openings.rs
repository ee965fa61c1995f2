//! What the system asks the app to open, kept until a page takes it: a page that is still loading
//! hears no event.
//!
//! A link is `sirocco://model/OWNER/NAME`, which leads to the page of a model, or
//! `sirocco://download/OWNER/NAME/FILE.gguf`. Anybody can write one, so it names what is wanted and
//! nothing else; the page asks.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use sirocco_protocol::{ConversationId, Event, Opening};

use crate::App;
use crate::wanted::{Wanted, WantedError};

/// What links to us start with.
const SCHEME: &str = "sirocco";

/// More than a person asks for: what comes then is dropped.
const MOST: usize = 32;

/// What waits for a page.
#[derive(Debug, Default)]
pub(crate) struct Openings(Mutex<Vec<Opening>>);

impl Openings {
    fn add(&self, openings: impl IntoIterator<Item = Opening>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST.saturating_sub(waiting.len());
        waiting.extend(openings.into_iter().take(room));
    }

    /// What waits; nothing of it waits afterwards.
    pub fn take(&self) -> Vec<Opening> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl App {
    /// Takes what the system hands over: absolute paths, and links to us. Only hosts call it.
    pub fn open_from_outside(&self, words: &[String]) {
        if words.is_empty() {
            return;
        }
        let mut paths = Vec::new();
        let mut openings = Vec::new();
        for word in words {
            if let Some(link) = link(word) {
                openings.push(read_link(link).unwrap_or_else(|error| Opening::Refused {
                    message: error.to_string(),
                }));
                continue;
            }
            match self.inner.picked.mint(Path::new(word)) {
                Ok(path) => paths.push(path),
                Err(report) => openings.push(Opening::Refused {
                    message: report.message,
                }),
            }
        }
        if !paths.is_empty() {
            openings.push(Opening::Paths { paths });
        }
        self.inner.openings.add(openings);
        self.emit(Event::OpeningsWait);
    }
}

impl App {
    /// Has the main window show a conversation; bringing it to the front is the host's part.
    pub fn open_conversation(&self, conversation_id: ConversationId) {
        let opening = Opening::Conversation { conversation_id };
        self.inner.openings.add([opening]);
        self.emit(Event::OpeningsWait);
    }
}

/// Why a link leads nowhere.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum LinkError {
    #[error("`{SCHEME}://{0}` is no link that this version knows")]
    Unknown(String),
    #[error(transparent)]
    Wanted(#[from] WantedError),
}

/// Whether a word of a command line is a link rather than a path.
#[must_use]
pub fn is_link(word: &str) -> bool {
    link(word).is_some()
}

/// What stands behind `sirocco://`; none if it is something else.
fn link(word: &str) -> Option<&str> {
    let (scheme, rest) = word.split_once(':')?;
    let is_ours = scheme.eq_ignore_ascii_case(SCHEME);
    is_ours.then(|| rest.trim_start_matches('/'))
}

fn read_link(link: &str) -> Result<Opening, LinkError> {
    let (action, model) = link.split_once('/').unwrap_or((link, ""));
    let wanted = || Wanted::read(model);
    match action.to_ascii_lowercase().as_str() {
        "model" => Ok(Opening::Model {
            repository: wanted()?.repository,
        }),
        "download" => {
            let Wanted {
                repository,
                commit,
                path,
                ..
            } = wanted()?;
            let is_model = |path: &String| path.to_ascii_lowercase().ends_with(".gguf");
            Ok(match path.filter(is_model) {
                Some(path) => Opening::Download {
                    repository,
                    commit,
                    path,
                },
                // Which of its files is for the person to say.
                None => Opening::Model { repository },
            })
        }
        _ => Err(LinkError::Unknown(link.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(repository: &str) -> Opening {
        Opening::Model {
            repository: repository.to_owned(),
        }
    }

    #[test]
    fn a_link_names_a_model_or_a_file_of_one() {
        let read = |text: &str| read_link(link(text).unwrap()).unwrap();
        assert_eq!(read("sirocco://model/o/n"), model("o/n"));
        assert_eq!(read("SIROCCO://Model/o/n/"), model("o/n"));
        assert_eq!(read("sirocco:model/o/n?from=page"), model("o/n"));
        let expected = Opening::Download {
            repository: "o/n".into(),
            commit: None,
            path: "sub/a b.gguf".into(),
        };
        assert_eq!(read("sirocco://download/o/n/sub/a%20b.gguf?x=1"), expected);
    }

    #[test]
    fn a_download_of_no_certain_model_file_leads_to_the_page() {
        for text in ["download/o/n", "download/o/n:Q4_K_M", "download/o/n/run.sh"] {
            assert_eq!(read_link(text).unwrap(), model("o/n"), "{text}");
        }
    }

    #[test]
    fn other_links_are_refused_and_other_words_are_paths() {
        for text in ["", "run/o/n", "model", "model/only-one"] {
            assert!(read_link(text).is_err(), "{text}");
        }
        for word in ["/home/me/a.gguf", "https://huggingface.co/o/n", "sirocco"] {
            assert!(!is_link(word), "{word}");
        }
    }

    #[test]
    fn what_nobody_takes_does_not_grow_for_ever() {
        let openings = Openings::default();
        openings.add((0..100).map(|number| model(&number.to_string())));
        assert_eq!(openings.take().len(), MOST);
        assert_eq!(openings.take(), []);
    }
}
