//! Tauri's bundler, told what else belongs into each kind of package.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::binaries;
use super::stage::{COMPLETIONS, Stage, file_name};
use crate::{node, paths, shell};

/// Icons of the desktop beside those that the bundler places.
const ICONS: &[(&str, &str)] = &[
    ("icon.svg", "scalable/apps/sirocco-desktop.svg"),
    ("128x128@2x.png", "256x256/apps/sirocco-desktop.png"),
    ("512x512.png", "512x512/apps/sirocco-desktop.png"),
];

/// The package of those who vouch for others on the network, which no program is linked to.
const CERTIFICATES: &str = "ca-certificates";

/// What packages for the app itself are signed with, if it is set.
const SIGNING_KEY: &str = "TAURI_SIGNING_PRIVATE_KEY";

/// The kinds of packages of this system. On macOS the app replaces its folder, which therefore is one too.
const KINDS: &str = if cfg!(target_os = "macos") {
    "app,dmg"
} else if cfg!(windows) {
    "nsis"
} else {
    "deb,rpm"
};

/// Makes the packages and moves them to `packages`.
pub fn bundle(stage: &Stage, packages: &Path) -> Result<Vec<PathBuf>> {
    let tools = paths::root().join("src-tauri/package");
    node::install(&tools)?;
    let mut contents = contents(stage)?;
    if let Some(maintainer) = maintainer(&["DEBFULLNAME", "DEBEMAIL"].map(variable)) {
        contents["publisher"] = maintainer.into();
    }
    // It fails without a key.
    contents["createUpdaterArtifacts"] = (!variable(SIGNING_KEY).is_empty()).into();
    let output = stage.root.join("release/bundle");
    let _ = std::fs::remove_dir_all(&output);
    shell::run(
        Command::new("node")
            .current_dir(paths::root().join("src-tauri"))
            .arg(tools.join("node_modules/@tauri-apps/cli/tauri.js"))
            .args(["bundle", "--bundles", KINDS, "--config"])
            .arg(json!({ "bundle": contents }).to_string())
            .env("CARGO_TARGET_DIR", &stage.root)
            .stdout(std::io::stderr()),
    )?;
    let mut made = Vec::new();
    for kind in KINDS.split(',') {
        let folder = if kind == "app" { "macos" } else { kind };
        for entry in std::fs::read_dir(output.join(folder))? {
            let path = entry?.path();
            if let Some(name) = name_in_release(&file_name(&path)) {
                let to = packages.join(name);
                std::fs::copy(&path, &to)
                    .with_context(|| format!("could not copy {}", path.display()))?;
                made.push(to);
            }
        }
    }
    Ok(made)
}

/// What a file of the bundler is called among the packages; none for one that is no package and no signature.
fn name_in_release(name: &str) -> Option<String> {
    let endings = [".deb", ".rpm", ".dmg", ".exe", ".app.tar.gz"];
    let package = name.strip_suffix(".sig").unwrap_or(name);
    if !endings.iter().any(|ending| package.ends_with(ending)) {
        return None;
    }
    let machine = std::env::consts::ARCH;
    // Packed by itself, the folder of macOS is not named for what it is.
    let whole = format!("_{}_{machine}.app.tar.gz", env!("CARGO_PKG_VERSION"));
    Some(name.replace(".app.tar.gz", &whole))
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// Who answers for a package: whoever makes it, if the variables of Debian's own tools say who that is. Otherwise the
/// authors stay, at an address that nobody can have: this project has none of its own.
fn maintainer([name, address]: &[String; 2]) -> Option<String> {
    let is_whole = address.contains('<');
    match (name.as_str(), address.as_str()) {
        (_, "") => None,
        (_, whole) if is_whole => Some(whole.to_owned()),
        ("", _) => None,
        (name, address) => Some(format!("{name} <{address}>")),
    }
}

/// What each kind of package holds beside the window, and needs of the system.
fn contents(stage: &Stage) -> Result<Value> {
    if cfg!(target_os = "macos") {
        return Ok(json!({ "macOS": { "files": macos_files(stage) } }));
    }
    if cfg!(windows) {
        // Here the source comes first.
        let resources: Map<_, _> = windows_files(stage)
            .into_iter()
            .map(|(to, from)| {
                (
                    from.as_str().unwrap_or_default().to_owned(),
                    Value::from(to),
                )
            })
            .collect();
        return Ok(json!({ "resources": resources }));
    }
    let programs: Vec<&Path> = [&stage.window, &stage.command]
        .into_iter()
        .chain(&stage.workers)
        .map(PathBuf::as_path)
        .collect();
    let scratch = stage.root.join("release/scratch");
    let mut debian = binaries::debian_dependencies(&programs, &scratch)?;
    let mut fedora = binaries::rpm_dependencies(&programs)?;
    debian.push(CERTIFICATES.to_owned());
    fedora.push(CERTIFICATES.to_owned());
    let deb = json!({ "files": linux_files(stage, Family::Debian), "depends": debian });
    let rpm = json!({ "files": linux_files(stage, Family::Fedora), "depends": fedora });
    Ok(json!({ "linux": { "deb": deb, "rpm": rpm } }))
}

/// A disk image puts nothing into the folders of shells and `man`: what they read is in the app, for who tells them so.
fn macos_files(stage: &Stage) -> Map<String, Value> {
    let mut files = beside_the_window(stage, "MacOS/");
    for file in &stage.licences {
        add(&mut files, "Resources/licences/", file);
    }
    for page in &stage.manual {
        add(&mut files, "Resources/man/man1/", page);
    }
    for file in completions(stage) {
        add(&mut files, "Resources/completions/", &file);
    }
    files
}

/// Nothing reads the manual there. PowerShell completes what its profile tells it to.
fn windows_files(stage: &Stage) -> Map<String, Value> {
    let mut files = beside_the_window(stage, "");
    for file in &stage.licences {
        add(&mut files, "licences/", file);
    }
    for file in completions(stage) {
        add(&mut files, "completions/", &file);
    }
    files
}

fn completions(stage: &Stage) -> impl Iterator<Item = PathBuf> {
    let names = COMPLETIONS.iter();
    names.map(|(_, name)| stage.completions.join(name))
}

/// For systems where a program has a folder of its own.
fn beside_the_window(stage: &Stage, prefix: &str) -> Map<String, Value> {
    let mut files = Map::new();
    add(&mut files, prefix, &stage.command);
    for worker in &stage.workers {
        add(&mut files, &format!("{prefix}workers/"), worker);
    }
    files
}

/// Distributions that keep some things in different folders.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Debian,
    Fedora,
}

fn linux_files(stage: &Stage, family: Family) -> Map<String, Value> {
    let root = paths::root();
    let of_package = |name: &str| root.join("src-tauri/package").join(name);
    let mut files = Map::new();
    add(&mut files, "/usr/bin/", &stage.command);
    for worker in &stage.workers {
        add(&mut files, "/usr/lib/sirocco/workers/", worker);
    }
    for page in &stage.manual {
        add(&mut files, "/usr/share/man/man1/", page);
    }
    let completions = |name: &str| stage.completions.join(name);
    let zsh = match family {
        Family::Debian => "/usr/share/zsh/vendor-completions/",
        Family::Fedora => "/usr/share/zsh/site-functions/",
    };
    for (folder, name) in [
        ("/usr/share/bash-completion/completions/", "sirocco"),
        (zsh, "_sirocco"),
        ("/usr/share/fish/vendor_completions.d/", "sirocco.fish"),
    ] {
        add(&mut files, folder, &completions(name));
    }
    for (icon, place) in ICONS {
        let to = format!("/usr/share/icons/hicolor/{place}");
        put(&mut files, to, &root.join("assets/icons").join(icon));
    }
    put(
        &mut files,
        "/usr/share/metainfo/app.sirocco.desktop.metainfo.xml".to_owned(),
        &of_package("metainfo.xml"),
    );
    put(
        &mut files,
        "/usr/share/mime/packages/app.sirocco.desktop.xml".to_owned(),
        &of_package("mime.xml"),
    );
    let licences = match family {
        Family::Debian => {
            let folder = "/usr/share/doc/sirocco/";
            add(&mut files, folder, &of_package("copyright"));
            // The bundler would put it into a folder that is not named as the package.
            add(&mut files, folder, &stage.changelog);
            folder
        }
        Family::Fedora => {
            let folder = "/usr/share/licenses/sirocco/";
            add(&mut files, folder, &root.join("LICENSE"));
            folder
        }
    };
    for file in &stage.licences {
        add(&mut files, licences, file);
    }
    files
}

/// Adds a file under its own name.
fn add(files: &mut Map<String, Value>, folder: &str, file: &Path) {
    put(files, format!("{folder}{}", file_name(file)), file);
}

fn put(files: &mut Map<String, Value>, to: String, from: &Path) {
    files.insert(to, from.display().to_string().into());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage() -> Stage {
        Stage {
            root: "/dist".into(),
            window: "/dist/release/sirocco-desktop".into(),
            command: "/dist/release/bin/sirocco".into(),
            workers: vec!["/dist/release/workers/sirocco-worker-x-cpu-baseline".into()],
            manual: vec!["/dist/release/manual/sirocco.1.gz".into()],
            completions: "/dist/release/completions".into(),
            licences: vec!["/dist/release/licences/third-party-licences.txt".into()],
            changelog: "/dist/release/doc/changelog.gz".into(),
        }
    }

    #[test]
    fn workers_lie_where_the_programs_look_for_them() {
        // The folder is `../lib/sirocco/workers`, seen from the programs, and `workers` beside them.
        let files = linux_files(&stage(), Family::Debian);
        let worker = "/usr/lib/sirocco/workers/sirocco-worker-x-cpu-baseline";
        assert_eq!(
            files[worker],
            "/dist/release/workers/sirocco-worker-x-cpu-baseline"
        );
        assert_eq!(files["/usr/bin/sirocco"], "/dist/release/bin/sirocco");
        let files = beside_the_window(&stage(), "MacOS/");
        assert!(files.contains_key("MacOS/workers/sirocco-worker-x-cpu-baseline"));
    }

    #[test]
    fn completions_and_the_manual_are_in_packages_that_have_no_place_for_them() {
        let files = macos_files(&stage());
        let names: Vec<_> = files.keys().map(String::as_str).collect();
        for name in [
            "MacOS/sirocco",
            "Resources/man/man1/sirocco.1.gz",
            "Resources/completions/_sirocco",
            "Resources/completions/sirocco.fish",
            "Resources/licences/third-party-licences.txt",
        ] {
            assert!(names.contains(&name), "{name} of {names:?}");
        }
        let files = windows_files(&stage());
        assert_eq!(
            files["completions/_sirocco.ps1"],
            "/dist/release/completions/_sirocco.ps1"
        );
        assert!(files.contains_key("licences/third-party-licences.txt"));
    }

    #[test]
    fn packages_and_their_signatures_go_into_a_release() {
        let of = |name| name_in_release(name);
        let deb = "Sirocco_0.1.0_amd64.deb";
        assert_eq!(of(deb).as_deref(), Some(deb));
        assert_eq!(
            of("Sirocco-setup.exe.sig").as_deref(),
            Some("Sirocco-setup.exe.sig")
        );
        let of_macos = of("Sirocco.app.tar.gz.sig").unwrap();
        assert!(
            of_macos.starts_with("Sirocco_0.") && of_macos.ends_with(".app.tar.gz.sig"),
            "{of_macos}"
        );
        assert_eq!((of("Sirocco.app"), of("control.tar.gz")), (None, None));
    }

    #[test]
    fn who_makes_a_package_is_its_maintainer() {
        let of = |name: &str, address: &str| maintainer(&[name.to_owned(), address.to_owned()]);
        let ada = "Ada Lovelace <ada@example.org>";
        assert_eq!(of("Ada Lovelace", "ada@example.org").as_deref(), Some(ada));
        assert_eq!(of("", ada).as_deref(), Some(ada));
        assert_eq!(of("Ada Lovelace", ""), None);
        assert_eq!(of("", "ada@example.org"), None);
    }

    #[test]
    fn distributions_keep_completions_and_licences_where_they_do() {
        let places = |family| -> Vec<String> {
            linux_files(&stage(), family)
                .into_iter()
                .map(|(to, _)| to)
                .collect()
        };
        let debian = places(Family::Debian);
        assert!(debian.contains(&"/usr/share/zsh/vendor-completions/_sirocco".to_owned()));
        assert!(debian.contains(&"/usr/share/doc/sirocco/copyright".to_owned()));
        assert!(debian.contains(&"/usr/share/doc/sirocco/third-party-licences.txt".to_owned()));
        assert!(debian.contains(&"/usr/share/doc/sirocco/changelog.gz".to_owned()));
        let fedora = places(Family::Fedora);
        assert!(fedora.contains(&"/usr/share/zsh/site-functions/_sirocco".to_owned()));
        for file in ["LICENSE", "third-party-licences.txt"] {
            assert!(fedora.contains(&format!("/usr/share/licenses/sirocco/{file}")));
        }
    }
}
