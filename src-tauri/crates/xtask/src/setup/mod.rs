//! `cargo xtask setup`: finds what this machine lacks, installs it where it may, otherwise names the one command.
//!
//! Rust and Node are taken as given, Node is only checked. Only Debian's and Ubuntu's packages are
//! installed from here, and only as root, with a sudo that asks nothing, or with the user's word.

mod other_systems;
mod requirements;
mod shared_objects;

use std::io::{BufRead, IsTerminal, Write};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::shell;
use requirements::{LLAMACPP, Probe, REQUIREMENTS, Requirement, VULKAN};

/// What the machine is wanted for; each purpose includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Purpose {
    /// The app without a window, for a browser.
    Serve,
    /// The app.
    Run,
    /// The tests.
    Test,
}

/// Families of Linux distributions, by how their packages are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// Debian and what is made from it.
    Debian,
    /// Ubuntu and what is made from it.
    Ubuntu,
    /// Fedora and what is made from it.
    Fedora,
    /// Arch and what is made from it.
    Arch,
    /// One whose packages we do not know.
    Other,
}

/// Vite's least version of Node.
const NODE: (u32, u32) = (20, 19);

/// Makes sure that the machine has what the purpose needs, or says what to do and fails.
pub fn ensure(purpose: Purpose) -> Result<()> {
    node()?;
    if !cfg!(target_os = "linux") {
        return other_systems::ensure();
    }
    let needed = missing(purpose);
    let wished = absent(LLAMACPP);
    if needed.is_empty() && wished.is_empty() {
        return Ok(());
    }
    for requirement in &needed {
        eprintln!("missing: {}", requirement.what);
    }
    for requirement in &wished {
        eprintln!("missing for llama.cpp: {}", requirement.what);
    }
    match install_missing(&[needed.as_slice(), &wished].concat()) {
        // The app does without llama.cpp.
        Err(error) if needed.is_empty() => eprintln!("{error}"),
        installed => installed?,
    }
    match self::missing(purpose).first() {
        Some(requirement) => bail!("{} is still missing", requirement.what),
        None => Ok(()),
    }
}

/// What this machine lacks to build llama.cpp, in words.
pub fn missing_for_llamacpp() -> Vec<&'static str> {
    if !cfg!(target_os = "linux") && shell::on_path(&["cmake"]) {
        // The compilers' own installers bring libclang on other systems, wherever that is.
        return Vec::new();
    }
    absent(LLAMACPP)
        .iter()
        .map(|requirement| requirement.what)
        .collect()
}

/// What this machine lacks to build llama.cpp for Vulkan, in words and with the package that has it.
pub fn missing_for_vulkan() -> Vec<String> {
    if !cfg!(target_os = "linux") {
        // The installer of Vulkan's makers says where it put everything.
        let has_kit = std::env::var_os("VULKAN_SDK").is_some();
        return Vec::from_iter((!has_kit).then(|| "the Vulkan SDK (VULKAN_SDK is not set)".into()));
    }
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let distribution = distribution(&release);
    let named = |requirement: &&Requirement| match requirement.package(distribution) {
        Some(package) => format!("{} (package {package})", requirement.what),
        None => requirement.what.to_owned(),
    };
    absent(VULKAN).iter().map(named).collect()
}

/// Installs packages where it may, otherwise fails with the command to type.
fn install_missing(missing: &[&'static Requirement]) -> Result<()> {
    let distribution =
        distribution(&std::fs::read_to_string("/etc/os-release").unwrap_or_default());
    let packages = packages(missing, distribution);
    let Some(command) = install_command(distribution, &packages) else {
        bail!("install what is missing with this system's own packages, then run this again");
    };
    let installs = matches!(distribution, Distribution::Debian | Distribution::Ubuntu);
    let Some(privilege) = installs.then(privilege).flatten() else {
        let sudo = if is_root() { "" } else { "sudo " };
        bail!(
            "type this, then run it again:\n\n    {sudo}{}\n",
            command.join(" ")
        );
    };
    install(privilege, &command)
}

fn node() -> Result<()> {
    let version = Command::new("node")
        .arg("--version")
        .output()
        .ok()
        .map(|output| output.stdout);
    let version = version.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    match version.as_deref().and_then(node_version) {
        Some(found) if found >= NODE && shell::on_path(&[shell::NPM]) => Ok(()),
        Some(found) if found >= NODE => {
            bail!("npm is missing: install the npm that belongs to Node")
        }
        _ => bail!(
            "Node {}.{} or newer is needed, found {}: see https://nodejs.org/en/download",
            NODE.0,
            NODE.1,
            version
                .filter(|version| !version.is_empty())
                .unwrap_or_else(|| "none".to_owned())
        ),
    }
}

fn node_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn missing(purpose: Purpose) -> Vec<&'static Requirement> {
    absent(REQUIREMENTS)
        .into_iter()
        .filter(|requirement| requirement.purpose <= purpose)
        .collect()
}

fn absent(requirements: &'static [Requirement]) -> Vec<&'static Requirement> {
    requirements
        .iter()
        .filter(|requirement| !is_there(&requirement.probe))
        .collect()
}

fn is_there(probe: &Probe) -> bool {
    match probe {
        Probe::Program(names) => shell::on_path(names),
        Probe::Library(names) => names
            .iter()
            .any(|name| succeeds(Command::new("pkg-config").args(["--exists", name]))),
        Probe::PythonModule(name) => {
            succeeds(Command::new("python3").args(["-m", name, "--version"]))
        }
        Probe::SharedObject(name) => shared_objects::is_there(name),
    }
}

/// Whether a command can be started and ends with 0; what it prints is dropped.
fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The family, from the text of `/etc/os-release`.
fn distribution(os_release: &str) -> Distribution {
    let field = |name: &str| {
        os_release
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .map(|value| value.trim_matches(['"', '\'']).to_lowercase())
            .unwrap_or_default()
    };
    let names = format!("{} {}", field("ID"), field("ID_LIKE"));
    // Ubuntu's children say `ID_LIKE="ubuntu debian"`, so Ubuntu comes first.
    [
        ("ubuntu", Distribution::Ubuntu),
        ("debian", Distribution::Debian),
        ("fedora", Distribution::Fedora),
        ("arch", Distribution::Arch),
    ]
    .into_iter()
    .find(|(name, _)| names.split_whitespace().any(|word| word == *name))
    .map_or(Distribution::Other, |(_, distribution)| distribution)
}

fn packages(missing: &[&Requirement], distribution: Distribution) -> Vec<&'static str> {
    let mut packages: Vec<_> = missing
        .iter()
        .filter_map(|requirement| requirement.package(distribution))
        .collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

fn install_command(
    distribution: Distribution,
    packages: &[&'static str],
) -> Option<Vec<&'static str>> {
    let command: &[&str] = match distribution {
        Distribution::Debian | Distribution::Ubuntu => {
            &["apt-get", "install", "-y", "--no-install-recommends"]
        }
        Distribution::Fedora => &["dnf", "install", "-y"],
        Distribution::Arch => &["pacman", "-S", "--needed"],
        Distribution::Other => return None,
    };
    Some(command.iter().chain(packages).copied().collect())
}

/// The words to put before a command that needs root; none if we may not have them.
fn privilege() -> Option<&'static [&'static str]> {
    const SUDO: &[&str] = &["sudo"];
    if is_root() {
        return Some(&[]);
    }
    let may = shell::on_path(&["sudo"])
        && (succeeds(Command::new("sudo").args(["-n", "true"]))
            || agrees("install it with sudo apt-get?"));
    may.then_some(SUDO)
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Asks the person in front of the terminal; nobody there is a no.
fn agrees(question: &str) -> bool {
    if !std::io::stdin().is_terminal() {
        return false;
    }
    eprint!("{question} [Y/n] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    matches!(read, Ok(1..)) && matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes")
}

fn install(privilege: &[&str], command: &[&str]) -> Result<()> {
    let words = |command: &[&'static str]| -> Vec<String> {
        let environment = ["env", "DEBIAN_FRONTEND=noninteractive"];
        privilege
            .iter()
            .chain(&environment)
            .chain(command)
            .map(|word| (*word).to_owned())
            .collect()
    };
    let run = |words: Vec<String>| shell::run(Command::new(&words[0]).args(&words[1..]));
    // A list that cannot be renewed may still do.
    if let Err(error) = run(words(&["apt-get", "update"])) {
        eprintln!("{error}");
    }
    let mut line = words(&[]);
    line.extend(command.iter().map(|word| (*word).to_owned()));
    run(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_are_known_by_their_own_or_their_parents_name() {
        assert_eq!(distribution("NAME=x\nID=debian\n"), Distribution::Debian);
        assert_eq!(
            distribution("ID=ubuntu\nID_LIKE=debian\n"),
            Distribution::Ubuntu
        );
        assert_eq!(
            distribution("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"),
            Distribution::Ubuntu
        );
        assert_eq!(
            distribution("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"),
            Distribution::Fedora
        );
        assert_eq!(
            distribution("ID=manjaro\nID_LIKE=arch\n"),
            Distribution::Arch
        );
        assert_eq!(distribution("ID=nixos\n"), Distribution::Other);
        assert_eq!(distribution(""), Distribution::Other);
    }

    #[test]
    fn a_package_for_two_missing_things_is_named_once() {
        let compilers: Vec<_> = REQUIREMENTS.iter().take(2).collect();
        assert_eq!(
            packages(&compilers, Distribution::Debian),
            ["build-essential"]
        );
        assert_eq!(
            packages(&compilers, Distribution::Fedora),
            ["gcc", "gcc-c++"]
        );
        assert_eq!(packages(&compilers, Distribution::Other), [""; 0]);
    }

    #[test]
    fn the_command_is_the_distributions_own() {
        let line =
            |distribution| install_command(distribution, &["x"]).map(|words| words.join(" "));
        let debian = line(Distribution::Debian);
        assert_eq!(
            debian.as_deref(),
            Some("apt-get install -y --no-install-recommends x")
        );
        assert_eq!(
            line(Distribution::Fedora).as_deref(),
            Some("dnf install -y x")
        );
        assert_eq!(
            line(Distribution::Arch).as_deref(),
            Some("pacman -S --needed x")
        );
        assert_eq!(line(Distribution::Other), None);
    }

    #[test]
    fn serving_a_browser_needs_no_window_library() {
        let needs = |purpose| {
            REQUIREMENTS
                .iter()
                .filter(move |requirement| requirement.purpose <= purpose)
                .map(|found| found.what)
        };
        assert!(!needs(Purpose::Serve).any(|what| what.contains("WebKit")));
        assert!(needs(Purpose::Run).any(|what| what.contains("WebKitGTK 4.1")));
        assert!(!needs(Purpose::Run).any(|what| what == "Chromium"));
        assert!(needs(Purpose::Test).any(|what| what == "Chromium"));
    }

    #[test]
    fn something_that_is_not_there_is_missing() {
        assert!(!is_there(&Probe::Program(&["no-such-program-of-sirocco"])));
        assert!(!is_there(&Probe::Library(&["no-such-library-of-sirocco"])));
        assert!(!is_there(&Probe::SharedObject(
            "libno-such-thing-of-sirocco"
        )));
        assert!(is_there(&Probe::Program(&[
            "no-such-program-of-sirocco",
            "cargo"
        ])));
    }

    #[test]
    fn versions_of_node_are_compared_as_numbers() {
        assert_eq!(node_version("v20.20.2"), Some((20, 20)));
        assert!(node_version("v9.11.2").expect("a version") < NODE);
        assert!(node_version("v100.0.0").expect("a version") > NODE);
        assert_eq!(node_version("20"), None);
    }
}
