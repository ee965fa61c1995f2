//! What there is to see at a glance where there is no window: in a tray.
//!
//! ```
//! assert_eq!(sirocco_core::glance::duration(3_660), "1 h 1 min");
//! ```

mod words;

use std::cmp::Reverse;
use std::sync::Arc;

use sirocco_protocol::{
    Download, DownloadState, ErrorReport, Event, LoadState, Model, ModelId, ModelVerdict,
};

pub use words::{Language, Words};

use crate::App;
use crate::error::Report;

/// Models that are offered.
const MOST_MODELS: usize = 8;

/// What goes on, in few words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// What it is told in.
    pub language: Language,
    /// The downloads that have not ended, in one line; none if there are none.
    pub downloads: Option<String>,
    /// Some of them run or wait to, so they can be paused.
    pub pausable: bool,
    /// Some of them are paused, so they can go on.
    pub resumable: bool,
    /// Models in memory, by name.
    pub loaded: Vec<(ModelId, String)>,
    /// Models to load, by name: favourites, then those used last. Some may be in memory.
    pub offered: Vec<(ModelId, String)>,
}

impl App {
    /// Looks once.
    ///
    /// # Errors
    /// Whatever reading the downloads or models reports.
    pub async fn glance(&self) -> Result<Glance, ErrorReport> {
        let downloads = self.download_list();
        let choice = self.inner.store.settings().await.report()?.language;
        let language = Language::of(choice, &words::of_environment());
        let models = self.models().await?;
        let name = |id| {
            let model = models.iter().find(|model| model.id == id)?;
            Some((id, model.name.clone()))
        };
        let loaded = self.inner.residency.list();
        let loaded = loaded
            .iter()
            .filter(|loaded| !matches!(loaded.state, LoadState::Failed { .. }))
            .filter_map(|loaded| name(loaded.model_id))
            .collect();
        Ok(Glance {
            loaded,
            offered: offered(&models),
            ..of_downloads(&downloads, language)
        })
    }
}

/// Whether a glance may be another one after this.
#[must_use]
pub fn is_changed_by(event: &Event) -> bool {
    matches!(
        event,
        Event::DownloadChanged { .. }
            | Event::DownloadRemoved { .. }
            | Event::LoadedChanged { .. }
            | Event::Ejected { .. }
            | Event::ModelChanged { .. }
            | Event::ModelRemoved { .. }
            | Event::SettingsChanged { .. }
            | Event::Lagged
    )
}

/// What one loads again and again. What is on another machine needs no loading.
fn offered(models: &[Arc<Model>]) -> Vec<(ModelId, String)> {
    let mut offered: Vec<_> = models
        .iter()
        .filter(|model| {
            let can_load = matches!(
                model.verdict,
                ModelVerdict::Runs { .. } | ModelVerdict::Embeds
            );
            let is_wanted = model.favourite || model.used_at_ms.is_some();
            can_load && is_wanted && model.remote.is_none()
        })
        .collect();
    offered.sort_by_key(|model| (!model.favourite, Reverse(model.used_at_ms)));
    offered.truncate(MOST_MODELS);
    let named = offered
        .into_iter()
        .map(|model| (model.id, model.name.clone()));
    named.collect()
}

fn of_downloads(downloads: &[Download], language: Language) -> Glance {
    let open: Vec<_> = downloads
        .iter()
        .filter(|download| {
            !matches!(
                download.state,
                DownloadState::Finished { .. } | DownloadState::Failed { .. }
            )
        })
        .collect();
    let is_paused = |download: &&Download| matches!(download.state, DownloadState::Paused { .. });
    let paused = open.iter().copied().filter(is_paused).count();
    Glance {
        language,
        downloads: (!open.is_empty()).then(|| line(&open, paused, language.words())),
        pausable: paused < open.len(),
        resumable: paused > 0,
        loaded: Vec::new(),
        offered: Vec::new(),
    }
}

fn line(open: &[&Download], paused: usize, texts: &Words) -> String {
    let sum =
        |bytes: fn(&Download) -> u64| open.iter().map(|download| bytes(download)).sum::<u64>();
    let (done, total) = (sum(|one| one.done_bytes), sum(|one| one.total_bytes));
    let speed: f64 = open.iter().map(|download| download.bytes_per_second).sum();
    let mut words = vec![match open.len() {
        1 => format!("1 {}", texts.download),
        count => format!("{count} {}", texts.downloads),
    }];
    if let Some(percent) = (done.min(total) * 100).checked_div(total) {
        words.push(format!("{percent} %"));
    }
    if paused == open.len() {
        words.push(texts.paused.to_owned());
    } else if speed >= 1.0 {
        let seconds = total.saturating_sub(done) as f64 / speed;
        let time = duration(seconds.ceil() as u64);
        words.push(texts.left.replace("{}", &time));
    } else {
        words.push(texts.waiting.to_owned());
    }
    words.join(", ")
}

/// Seconds as a person says them: `59 s`, `2 min`, `1 h 1 min`.
#[must_use]
pub fn duration(seconds: u64) -> String {
    match seconds {
        0..=59 => format!("{seconds} s"),
        60..=3599 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sirocco_protocol::{DownloadId, QueueReason};

    fn download(state: DownloadState, done_bytes: u64, bytes_per_second: f64) -> Download {
        Download {
            id: DownloadId::fresh(),
            name: "a.gguf".into(),
            repository: "owner/a".into(),
            commit: String::new(),
            quantization: String::new(),
            position: Some(0),
            files: Vec::new(),
            done_bytes,
            total_bytes: 1_000,
            bytes_per_second,
            seconds_left: None,
            added_at_ms: 0,
            state,
        }
    }

    fn paused() -> DownloadState {
        DownloadState::Paused { error: None }
    }

    #[test]
    fn downloads_are_told_in_one_line() {
        let runs = download(DownloadState::Downloading, 400, 10.0);
        let seen = of_downloads(
            &[runs.clone(), download(paused(), 200, 0.0)],
            Language::English,
        );
        assert_eq!(
            seen.downloads.as_deref(),
            Some("2 downloads, 30 %, 3 min left"),
            "1,400 bytes at 10 a second are 140 seconds"
        );
        assert!(seen.pausable && seen.resumable);
        let waits = DownloadState::Queued {
            reason: QueueReason::Offline,
            until_ms: None,
            error: None,
        };
        let seen = of_downloads(&[download(waits, 0, 0.0)], Language::English);
        assert_eq!(seen.downloads.as_deref(), Some("1 download, 0 %, waiting"));
        assert!(seen.pausable && !seen.resumable);
        let seen = of_downloads(&[download(paused(), 990, 0.0)], Language::English);
        assert_eq!(seen.downloads.as_deref(), Some("1 download, 99 %, paused"));
        assert!(!seen.pausable && seen.resumable);
        let seen = of_downloads(&[runs.clone(), runs], Language::French);
        assert_eq!(
            seen.downloads.as_deref(),
            Some("2 téléchargements, 40 %, reste 1 min")
        );
    }

    #[test]
    fn what_has_ended_is_not_told() {
        let finished = DownloadState::Finished {
            model_id: ModelId::fresh(),
        };
        assert_eq!(
            of_downloads(&[download(finished, 1_000, 0.0)], Language::English),
            Glance::default()
        );
    }

    #[test]
    fn time_is_told_in_round_numbers() {
        assert_eq!(duration(59), "59 s");
        assert_eq!(duration(61), "2 min");
        assert_eq!(duration(3_660), "1 h 1 min");
    }
}
