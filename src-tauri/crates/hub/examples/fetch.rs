//! Fetches a file, or the starter model, and says how fast: `fetch URL TARGET [SIZE SHA256]`, `fetch starter FOLDER`.

use std::{path::Path, sync::Arc, time::Instant};

use sirocco_hub::network::{Network, NetworkConfiguration, NoLog};
use sirocco_hub::{FetchRequest, Policy, Source, StarterEnvironment, Transfer, starter_request};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (what, target, promise) = match arguments.as_slice() {
        [what, target] => (what, target, None),
        [what, target, size, sha256] => (what, target, Some((size.parse()?, sha256.parse()?))),
        _ => return Err("usage: fetch URL TARGET [SIZE SHA256] | fetch starter FOLDER".into()),
    };
    let request = if what == "starter" {
        starter_request(Path::new(target), None, &StarterEnvironment::from_process())?
    } else {
        FetchRequest {
            sources: vec![Source::Http { url: what.parse()? }],
            target: target.into(),
            place_at: None,
            expected_size: promise.map(|(size, _)| size),
            sha256: promise.map(|(_, sha256)| sha256),
        }
    };
    let started = Instant::now();
    let network = Network::new(NetworkConfiguration::default(), None, Arc::new(NoLog));
    let transfer = Transfer::start(network, request, Policy::default());
    let mut progress = transfer.progress();
    let show = tokio::spawn(async move {
        while progress.changed().await.is_ok() {
            let now = progress.borrow_and_update().clone();
            let (done, speed) = (now.done_bytes >> 20, now.bytes_per_second / 1e6);
            println!(
                "{done:>6} MiB {speed:>8.1} MB/s {} {:?}",
                now.source, now.state
            );
        }
    });
    let outcome = transfer.outcome().await;
    transfer.close().await;
    show.await?;
    let seconds = started.elapsed().as_secs_f64();
    match outcome {
        Ok(path) => println!("{} in {seconds:.2} s", path.display()),
        Err(error) => return Err(error.report().message.into()),
    }
    Ok(())
}
