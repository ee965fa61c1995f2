//! The log: JSON lines in files of the data folder, one a day, seven kept; warnings also on stderr.

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::{EnvFilter, Layer, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::home::Home;

/// Starts logging for this process. `SIROCCO_LOG` sets the filter, such as `debug` or
/// `info,sirocco_worker=debug`. The guard writes the rest when it is dropped.
///
/// A second call in one process changes nothing. Text of prompts and answers is never logged.
#[must_use]
pub fn start(home: &Home) -> Option<WorkerGuard> {
    std::fs::create_dir_all(home.logs()).ok()?;
    let files = tracing_appender::rolling::Builder::new()
        .rotation(tracing_appender::rolling::Rotation::DAILY)
        .filename_prefix("sirocco")
        .filename_suffix("log")
        .max_log_files(7)
        .build(home.logs())
        .ok()?;
    let (writer, guard) = tracing_appender::non_blocking(files);
    let filter = EnvFilter::try_from_env("SIROCCO_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let file = fmt::layer().json().with_writer(writer).with_filter(filter);
    let terminal = fmt::layer()
        .with_writer(std::io::stderr)
        .without_time()
        .with_target(false)
        .with_filter(tracing_subscriber::filter::LevelFilter::WARN);
    tracing_subscriber::registry()
        .with(file)
        .with(terminal)
        .try_init()
        .ok()?;
    Some(guard)
}
