//! `sirocco doctor`: what keeps models from running here, and what to do about it.

use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;
use sirocco_core::home::Home;
use sirocco_protocol::commands::{AppStatusRequest, CrashList, RuntimeList, ServerStatusGet};
use sirocco_protocol::{
    AppStatus, CrashReports, Model, ModelVerdict, RuntimeDevice, RuntimeName, RuntimeReport,
    ServerState, ServerStatus,
};

use crate::models;
use crate::output::bytes;
use crate::session::Session;

/// Memory under which hardly any model runs.
const LITTLE_MEMORY: u64 = 1 << 30;

/// Something that was looked at.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Finding {
    /// What is so.
    text: String,
    /// What to do, if it is not as it should be.
    remedy: Option<String>,
}

pub async fn run(home: Home, json: bool) -> Result<ExitCode> {
    let session = Session::open(&home).await?;
    let looked = look(&session).await;
    session.close().await;
    let findings = looked?;
    if json {
        println!("{}", serde_json::to_string_pretty(&findings)?);
    } else {
        for Finding { text, remedy } in &findings {
            println!(
                "{} {text}",
                if remedy.is_none() { "ok   " } else { "wrong" }
            );
            if let Some(remedy) = remedy {
                println!("      {remedy}");
            }
        }
    }
    Ok(if findings.iter().all(|finding| finding.remedy.is_none()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn look(session: &Session) -> Result<Vec<Finding>> {
    let status: AppStatus = session.call("app_status", AppStatusRequest {}).await?;
    let library = models::library(session).await?;
    let server: ServerStatus = session.call("server_status", ServerStatusGet {}).await?;
    let workers: Vec<RuntimeReport> = session.call("runtime_list", RuntimeList {}).await?;
    let crashes: CrashReports = session.call("crash_list", CrashList {}).await?;
    let mut findings = of_machine(&status);
    findings.extend(workers.iter().filter_map(of_worker));
    findings.extend(of_library(&library));
    findings.extend(of_server(&server.state));
    findings.extend(of_crashes(&crashes));
    Ok(findings)
}

fn of_machine(status: &AppStatus) -> Vec<Finding> {
    let machine = &status.machine;
    let runtimes = if status.runtimes.is_empty() {
        wrong(
            "there is no worker beside this program, so no model can run",
            "install Sirocco again, add a runtime with `sirocco runtime add`, or name the folder of workers in SIROCCO_WORKER_DIR",
        )
    } else {
        fine(format!("models run with {}", status.runtimes.join(", ")))
    };
    let lacking = RuntimeName::ALL
        .into_iter()
        .filter(|runtime| !status.runtimes.is_empty() && !status.installed.contains(runtime))
        .map(|runtime| {
            let without = what_it_is_for(runtime);
            fine(format!(
                "without {runtime}: {without}; `sirocco runtime add` adds it"
            ))
        });
    let free = bytes(machine.available_bytes);
    let memory = if machine.available_bytes < LITTLE_MEMORY {
        wrong(
            format!("only {free} of memory are free"),
            "close other programs, or eject a model that is loaded",
        )
    } else {
        fine(format!(
            "{free} of {} of memory are free",
            bytes(machine.memory_bytes)
        ))
    };
    let processor = format!(
        "{}, {} cores, {} ({})",
        machine.cpu, machine.physical_cores, machine.cpu_level, machine.system
    );
    let mut findings = vec![
        fine(format!("everything is kept in {}", status.data_folder)),
        fine(processor),
        runtimes,
    ];
    findings.extend(lacking);
    findings.push(memory);
    findings
}

/// Worth a line if it has a device, or cannot be used: nothing to mend as long as another one can.
fn of_worker(worker: &RuntimeReport) -> Option<Finding> {
    let RuntimeReport { name, backend, .. } = worker;
    if let Some(problem) = &worker.problem {
        return Some(fine(format!(
            "{name} on {backend} cannot be used: {problem}"
        )));
    }
    let memory =
        |device: &RuntimeDevice| format!("{} with {}", device.name, bytes(device.memory_bytes));
    let devices: Vec<String> = worker.devices.iter().map(memory).collect();
    (!devices.is_empty()).then(|| fine(format!("{name} runs on {}", devices.join(", "))))
}

/// What one does without where it is not installed.
fn what_it_is_for(runtime: RuntimeName) -> &'static str {
    match runtime {
        RuntimeName::MistralRs => "every model runs with llama.cpp",
        RuntimeName::LlamaCpp => "only architectures that mistral.rs loads run",
    }
}

fn of_library(library: &[Model]) -> Vec<Finding> {
    let runs = |model: &&Model| matches!(model.verdict, ModelVerdict::Runs { .. });
    let count = library.iter().filter(runs).count();
    let mut findings = vec![match (count, library.len()) {
        (0, 0) => wrong(
            "the library is empty",
            "fetch a first model with `sirocco get --starter`",
        ),
        (0, _) => wrong(
            "no model of the library runs here",
            "fetch one that does with `sirocco get --starter`",
        ),
        (count, all) => fine(format!("{count} of {all} models run here")),
    }];
    for model in library {
        let remedy = match &model.verdict {
            ModelVerdict::Runs { .. } | ModelVerdict::Embeds => continue,
            ModelVerdict::Refused { reasons } => reasons.join("; "),
            ModelVerdict::Missing => format!(
                "its file `{}` is gone: bring it back, or forget the model",
                model.path
            ),
            ModelVerdict::Offline => {
                format!("the drive with `{}` is not there: plug it in", model.path)
            }
        };
        findings.push(wrong(format!("{} does not run", model.name), remedy));
    }
    findings
}

fn of_server(state: &ServerState) -> Option<Finding> {
    match state {
        ServerState::Off => None,
        ServerState::Listening { addresses, problem } => Some(match problem {
            None => fine(format!("the server listens at {}", addresses.join(" and "))),
            Some(problem) => wrong(problem.as_str(), "quit Ollama, or do without its port"),
        }),
        ServerState::Failed { message } => Some(wrong(
            format!("the server did not start: {message}"),
            "choose another port in the window, or end the program that has this one",
        )),
    }
}

/// Nothing to mend: a report tells of what is over.
fn of_crashes(reports: &CrashReports) -> Option<Finding> {
    let (count, folder) = (reports.crashes.len(), &reports.folder);
    let what = match count {
        0 => return None,
        1 => "1 report of a crash lies".to_owned(),
        _ => format!("{count} reports of crashes lie"),
    };
    Some(fine(format!("{what} in {folder}; nothing is sent")))
}

fn fine(text: impl Into<String>) -> Finding {
    Finding {
        text: text.into(),
        remedy: None,
    }
}

fn wrong(text: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding {
        text: text.into(),
        remedy: Some(remedy.into()),
    }
}

#[cfg(test)]
mod tests {
    use sirocco_protocol::{Crash, CrashId, CrashKind, HostKind, Machine};

    use super::*;

    fn status(installed: &[RuntimeName], available_bytes: u64) -> AppStatus {
        AppStatus {
            version: "1".into(),
            data_folder: "/data".into(),
            host: HostKind::Terminal,
            machine: Machine {
                cpu: "CPU".into(),
                physical_cores: 4,
                cpu_level: "x86-64-v3".into(),
                memory_bytes: 16 << 30,
                available_bytes,
                system: "Debian".into(),
            },
            runtimes: installed.iter().map(ToString::to_string).collect(),
            installed: installed.to_vec(),
        }
    }

    fn troubles(findings: &[Finding]) -> Vec<&str> {
        let wrong = findings.iter().filter(|finding| finding.remedy.is_some());
        wrong.map(|finding| finding.text.as_str()).collect()
    }

    #[test]
    fn a_machine_that_can_run_models_has_no_trouble() {
        let findings = of_machine(&status(&RuntimeName::ALL, 8 << 30));
        assert_eq!((troubles(&findings), findings.len()), (vec![], 4));
    }

    #[test]
    fn a_runtime_that_is_not_there_is_named_and_no_trouble() {
        for runtime in RuntimeName::ALL {
            let others: Vec<_> = RuntimeName::ALL
                .into_iter()
                .filter(|one| *one != runtime)
                .collect();
            let findings = of_machine(&status(&others, 8 << 30));
            assert_eq!(troubles(&findings), Vec::<&str>::new());
            let said = format!("without {runtime}");
            assert!(
                findings
                    .iter()
                    .any(|finding| finding.text.starts_with(&said)),
                "{findings:?}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_a_way_out() {
        let findings = of_machine(&status(&[], 1 << 20));
        assert_eq!(
            troubles(&findings),
            [
                "there is no worker beside this program, so no model can run",
                "only 1.0 MB of memory are free",
            ]
        );
        assert_eq!(troubles(&of_library(&[])), ["the library is empty"]);
        let failed = ServerState::Failed {
            message: "port 1234 is taken by another program".into(),
        };
        assert!(of_server(&failed).is_some_and(|finding| finding.remedy.is_some()));
        assert_eq!(of_server(&ServerState::Off), None);
    }

    #[test]
    fn reports_of_crashes_are_named_and_no_trouble() {
        let crash = Crash {
            id: CrashId::fresh(),
            at_ms: 0,
            version: "1".into(),
            kind: CrashKind::Unclosed { since_ms: 0 },
        };
        let said = |count| {
            let reports = CrashReports {
                folder: "/data/crashes".into(),
                crashes: vec![crash.clone(); count],
            };
            of_crashes(&reports).map(|finding| (finding.text, finding.remedy))
        };
        assert_eq!(said(0), None);
        let one = "1 report of a crash lies in /data/crashes; nothing is sent";
        assert_eq!(said(1), Some((one.to_owned(), None)));
        assert!(said(3).is_some_and(|(text, _)| text.starts_with("3 reports of crashes lie")));
    }
}
