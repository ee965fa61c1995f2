//! What downloads are worth: speed beside other programs, memory, and what a kill costs.
//!
//! Everything comes from one scripted hub on the loopback, and goes to a folder in memory where there is one. Standard
//! output carries one JSON object a line, as `cargo xtask bench hub` reads them. Other programs are those found on the
//! `PATH`: `curl`, `aria2c`, and `hf` of the Python package `huggingface_hub`. Speeds are those of whole processes,
//! from the start to the end, medians of turns taken one after the other. Arguments choose some of `speed`, `memory`
//! and `kills`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::json;
use sirocco_hub::network::{Network, NetworkConfiguration, NoLog};
use sirocco_hub::{FetchRequest, Policy, Source, Transfer, kept_bytes};
use sirocco_protocol::Settings;
use sirocco_testkit::hub::{Content, Fault, On, Origin, Repository, ScriptedHub};
use sirocco_testkit::{TinyModel, open_app};

const REPOSITORY: &str = "owner/bench-GGUF";
const MIB: u64 = 1 << 20;
const BIG: u64 = 1 << 30;
const ROUNDS: usize = 5;

const PARALLEL: usize = 8;
const PARALLEL_SIZE: u64 = 128 * MIB;
const MEMORY_BAR_MIB: f64 = 64.0;

const KILLS: u32 = 200;
/// A life is at most so much longer than its start.
const LIFE: Duration = Duration::from_millis(200);
const KILL_FILES: u64 = 3;
const KILL_SIZE: u64 = 128 * MIB;
/// Of two downloads at once, each with one stream.
const KILL_STREAMS: f64 = 2.0;
const LOSS_BAR_MIB: f64 = 8.0;
const OVERHEAD_BAR: f64 = 1.1;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("fetch") => return fetch(&arguments[1..]).await,
        Some("many") => return fetch_many(&arguments[1..]).await,
        Some("doomed") => {
            return sirocco_tests::doomed_download(
                PathBuf::from(&arguments[1]),
                &arguments[2],
                &arguments[3..],
            )
            .await;
        }
        _ => {}
    }
    let hub = ScriptedHub::start().await?;
    let folder = scratch()?;
    let is_wanted = |part: &str| arguments.is_empty() || arguments.iter().any(|name| name == part);
    if is_wanted("speed") {
        speed(&hub, folder.path()).await?;
    }
    if is_wanted("memory") {
        memory(&hub, folder.path()).await?;
    }
    if is_wanted("kills") {
        kills(&hub, folder.path()).await?;
    }
    Ok(())
}

/// In memory where the system has such a folder: a disk would be what is measured.
fn scratch() -> anyhow::Result<tempfile::TempDir> {
    let shared = Path::new("/dev/shm");
    Ok(match shared.is_dir() {
        true => tempfile::TempDir::new_in(shared)?,
        false => tempfile::TempDir::new()?,
    })
}

fn ourselves() -> anyhow::Result<Command> {
    Ok(Command::new(std::env::current_exe()?))
}

fn address(hub: &ScriptedHub, file: &str) -> String {
    format!("{}/{REPOSITORY}/resolve/main/{file}", hub.address())
}

/// A file of one gibibyte, by every program there is.
async fn speed(hub: &ScriptedHub, folder: &Path) -> anyhow::Result<()> {
    let content = Content::generated(BIG, 1);
    let sha256 = content.sha256().to_owned();
    hub.put(Repository::new(REPOSITORY).file("big.gguf", content));
    let url = address(hub, "big.gguf");
    let target = folder.join("big.gguf");
    let to = target.display().to_string();
    let hf = folder.join("hf").display().to_string();
    let program = |name: &str, arguments: &[&str]| {
        let mut command = Command::new(name);
        command.args(arguments);
        command
    };
    let mut ours = ourselves()?;
    ours.args(["fetch", &url, &to, &BIG.to_string(), &sha256]);
    let mut hugging_face = program(
        "hf",
        &["download", REPOSITORY, "big.gguf", "--local-dir", &hf],
    );
    hugging_face
        .env("HF_ENDPOINT", hub.address())
        .env("HF_HUB_DISABLE_XET", "1")
        .env("HF_HUB_DISABLE_TELEMETRY", "1")
        .env("HF_HOME", folder.join("hf-home"));
    let hashing = format!("curl -sfL -o '{to}' '{url}' && sha256sum '{to}'");
    let checksum = format!("--checksum=sha-256={sha256}");
    let directory = folder.display().to_string();
    let aria = [
        "--quiet",
        "--allow-overwrite",
        "-d",
        &directory,
        "-o",
        "big.gguf",
    ];
    let mut runs = vec![
        ("sirocco, hash checked", ours, Vec::new()),
        (
            "curl",
            program("curl", &["-sfL", "-o", &to, &url]),
            Vec::new(),
        ),
        (
            "curl and sha256sum",
            program("sh", &["-c", &hashing]),
            Vec::new(),
        ),
        (
            "aria2c",
            program("aria2c", &[&aria[..], &[&url]].concat()),
            Vec::new(),
        ),
        (
            "aria2c -x4",
            program("aria2c", &[&aria[..], &["-x4", "-s4", &url]].concat()),
            Vec::new(),
        ),
        (
            "aria2c, hash checked",
            program("aria2c", &[&aria[..], &[&checksum, &url]].concat()),
            Vec::new(),
        ),
        ("hf download", hugging_face, Vec::new()),
    ];
    for _ in 0..ROUNDS {
        for (name, command, speeds) in &mut runs {
            for left in ["big.gguf", "big.gguf.aria2"] {
                let _ = std::fs::remove_file(folder.join(left));
            }
            let _ = std::fs::remove_dir_all(&hf);
            let started = Instant::now();
            // Its own thread may block; the hub has others.
            let status = tokio::task::block_in_place(|| {
                command.stdout(Stdio::null()).stderr(Stdio::null()).status()
            });
            match status {
                Ok(status) if status.success() => {
                    speeds.push(BIG as f64 / 1e6 / started.elapsed().as_secs_f64());
                }
                Ok(status) => eprintln!("{name} ended with {status}"),
                Err(error) => eprintln!("{name} was not run: {error}"),
            }
        }
    }
    let _ = std::fs::remove_file(&target);
    let _ = std::fs::remove_dir_all(&hf);
    let _ = std::fs::remove_dir_all(folder.join("hf-home"));
    let (mut best, mut best_checked, mut own) = (0.0_f64, 0.0_f64, 0.0);
    for (name, _, speeds) in &mut runs {
        if speeds.is_empty() {
            continue;
        }
        speeds.sort_by(f64::total_cmp);
        let median = speeds[speeds.len() / 2];
        line(&format!("hub: speed of {name}"), median, "MB/s", None, true);
        match *name {
            "sirocco, hash checked" => own = median,
            name if name.contains("hash") || name.contains("sha256") => {
                best_checked = best_checked.max(median);
            }
            _ => best = best.max(median),
        }
    }
    if best_checked > 0.0 {
        let ratio = own / best_checked;
        line(
            "hub: speed against the best that checks a hash",
            ratio,
            "",
            Some(1.0),
            ratio >= 1.0,
        );
    }
    if best > 0.0 {
        let ratio = own / best;
        line(
            "hub: speed against the best of all",
            ratio,
            "",
            Some(1.0),
            ratio >= 1.0,
        );
    }
    Ok(())
}

fn network() -> Network {
    Network::new(NetworkConfiguration::default(), None, Arc::new(NoLog))
}

/// `fetch URL TARGET SIZE SHA256`
async fn fetch(arguments: &[String]) -> anyhow::Result<()> {
    let [url, target, size, sha256] = arguments else {
        bail!("fetch URL TARGET SIZE SHA256");
    };
    let request = FetchRequest {
        sources: vec![Source::Http { url: url.parse()? }],
        target: target.into(),
        place_at: None,
        expected_size: Some(size.parse()?),
        sha256: Some(sha256.parse()?),
    };
    let transfer = Transfer::start(network(), request, Policy::default());
    transfer.outcome().await?;
    transfer.close().await;
    Ok(())
}

/// Memory that eight downloads at once take above what the program has before.
async fn memory(hub: &ScriptedHub, folder: &Path) -> anyhow::Result<()> {
    let mut repository = Repository::new(REPOSITORY);
    for number in 0..=PARALLEL as u64 {
        let size = if number == 0 { MIB } else { PARALLEL_SIZE };
        let content = Content::generated(size, number + 1);
        let _ = content.sha256();
        repository = repository.file(format!("{number}.gguf"), content);
    }
    hub.put(repository);
    let mut child = ourselves()?;
    child
        .args(["many", &address(hub, ""), &folder.display().to_string()])
        .stderr(Stdio::inherit());
    let output = tokio::task::block_in_place(|| child.output())?;
    ensure!(output.status.success(), "the eight downloads failed");
    let text = String::from_utf8(output.stdout)?;
    let Some((idle, peak)) = text.trim().split_once(' ') else {
        eprintln!("this system does not tell the memory of a process");
        return Ok(());
    };
    let above = (peak.parse::<f64>()? - idle.parse::<f64>()?) / 1024.0;
    line(
        "hub: memory of eight downloads above idle",
        above,
        "MiB",
        Some(MEMORY_BAR_MIB),
        above <= MEMORY_BAR_MIB,
    );
    Ok(())
}

/// `many ADDRESS FOLDER`: prints kilobytes of memory before and at the highest.
async fn fetch_many(arguments: &[String]) -> anyhow::Result<()> {
    let [address, folder] = arguments else {
        bail!("many ADDRESS FOLDER");
    };
    let network = network();
    let policy = Policy::default();
    let start = |number: usize, size: u64| -> anyhow::Result<Transfer> {
        let request = FetchRequest {
            sources: vec![Source::Http {
                url: format!("{address}{number}.gguf").parse()?,
            }],
            target: Path::new(folder).join(format!("{number}.gguf")),
            place_at: None,
            expected_size: Some(size),
            sha256: Some(
                Content::generated(size, number as u64 + 1)
                    .sha256()
                    .parse()?,
            ),
        };
        Ok(Transfer::start(network.clone(), request, policy.clone()))
    };
    let first = start(0, MIB)?;
    first.outcome().await?;
    let idle = status("VmRSS:");
    let transfers = (1..=PARALLEL)
        .map(|number| start(number, PARALLEL_SIZE))
        .collect::<anyhow::Result<Vec<_>>>()?;
    for transfer in &transfers {
        transfer.outcome().await?;
    }
    if let (Some(idle), Some(peak)) = (idle, status("VmHWM:")) {
        println!("{idle} {peak}");
    }
    for number in 0..=PARALLEL {
        std::fs::remove_file(Path::new(folder).join(format!("{number}.gguf")))?;
    }
    Ok(())
}

/// A number of kilobytes that the system tells of this process.
fn status(name: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Three downloads by an App that is killed again and again.
async fn kills(hub: &ScriptedHub, folder: &Path) -> anyhow::Result<()> {
    let head = TinyModel::default().bytes();
    let mut repository = Repository::new(REPOSITORY);
    let files: Vec<String> = (0..KILL_FILES)
        .map(|number| format!("{number}-Q8_0.gguf"))
        .collect();
    for (number, file) in files.iter().enumerate() {
        let content = Content::generated_after(head.clone(), KILL_SIZE, number as u64 + 50);
        let _ = content.sha256();
        repository = repository.file(file, content);
    }
    hub.put(repository);
    let before = sent(hub);
    let home = folder.join("home");
    let app = open_app(sirocco_core::home::Home::at(&home), "no-worker".into()).await?;
    let mut settings: Settings =
        serde_json::from_value(app.call("settings_get", json!({})).await?)?;
    settings.network.endpoint = Some(hub.address().to_owned());
    app.call("settings_set", json!({ "settings": settings }))
        .await?;
    app.close().await;

    // In small pieces: what the hub has handed to a connection that is dead counts as sent.
    let slow = Fault::Trickle {
        bytes: 16 << 10,
        every_ms: 4,
    };
    hub.fault(On::cdn("Q8_0.gguf").always(), slow);
    let targets: Vec<PathBuf> = files
        .iter()
        .map(|file| home.join("models").join(REPOSITORY).join(file))
        .collect();
    let kept = || targets.iter().map(|target| kept_bytes(target)).sum::<u64>();
    let start = || -> anyhow::Result<Child> {
        let mut child = ourselves()?;
        child
            .args(["doomed", &home.display().to_string(), REPOSITORY])
            .args(&files);
        Ok(child.stdout(Stdio::piped()).spawn()?)
    };
    // How long a life takes to its first new bytes; kills fall before and after that.
    let started = Instant::now();
    let mut child = start()?;
    let output = child.stdout.take().context("it is piped")?;
    tokio::task::block_in_place(|| BufReader::new(output).lines().nth(1).transpose())?;
    let longest = started.elapsed() + LIFE;
    child.kill()?;
    child.wait()?;
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let (mut most_lost, mut done) = (0, (0, 0));
    for _ in 0..KILLS {
        let mut child = start()?;
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // The subject is a process, which only time can catch at any point.
        tokio::time::sleep(longest.mul_f64(random as f64 / u64::MAX as f64)).await;
        child.kill()?;
        child.wait()?;
        hub.until("the connections to end", |log| {
            log.iter().all(|request| request.ended)
        })
        .await?;
        let now = (sent(hub) - before, kept());
        let lost = (now.0 - done.0).saturating_sub(now.1.saturating_sub(done.1));
        most_lost = most_lost.max(lost + done.1.saturating_sub(now.1));
        done = now;
    }
    eprintln!("{} MiB were there after the last kill", done.1 / MIB);
    ensure!(
        done.1 < KILL_FILES * KILL_SIZE,
        "everything was there before the last kill"
    );
    hub.clear_faults();
    let mut child = start()?;
    let status = tokio::task::block_in_place(|| child.wait())?;
    ensure!(status.success(), "the downloads did not end well: {status}");
    for (target, file) in targets.iter().zip(&files) {
        let found = std::fs::metadata(target).with_context(|| format!("{file} is not there"))?;
        ensure!(found.len() == KILL_SIZE, "{file} has another size");
    }
    line(
        "hub: kills survived, all hashes right",
        f64::from(KILLS),
        "",
        None,
        true,
    );
    let lost = most_lost as f64 / MIB as f64 / KILL_STREAMS;
    line(
        "hub: most that a kill cost, per stream",
        lost,
        "MiB",
        Some(LOSS_BAR_MIB),
        lost <= LOSS_BAR_MIB,
    );
    let overhead = (sent(hub) - before) as f64 / (KILL_FILES * KILL_SIZE) as f64;
    line(
        "hub: bytes sent for each byte of the files",
        overhead,
        "",
        Some(OVERHEAD_BAR),
        overhead <= OVERHEAD_BAR,
    );
    Ok(())
}

/// Bytes of files that the hub has given away.
fn sent(hub: &ScriptedHub) -> u64 {
    let log = hub.log_of(Origin::Cdn);
    log.iter().map(|request| request.sent_bytes).sum()
}

fn line(name: &str, value: f64, unit: &str, bar: Option<f64>, ok: bool) {
    println!(
        "{}",
        json!({"name": name, "value": value, "unit": unit, "bar": bar, "ok": ok})
    );
}
