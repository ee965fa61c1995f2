//! The architecture test: which room may know which, and who may name what.
//!
//! The table is DESIGN's, with the room `worker`, which holds what every worker executable shares.
//! Dependencies are those that end up in the program: what a crate's own tests use is not looked at.
//! It is so long because the table is in it.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic as the tests themselves do"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

const SHELL_LINES: usize = 1_500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests lies in the checkout")
        .to_path_buf()
}

/// The workspace with all that it depends on, on every platform.
fn workspace() -> &'static Metadata {
    static METADATA: LazyLock<Metadata> = LazyLock::new(|| {
        MetadataCommand::new()
            .manifest_path(root().join("Cargo.toml"))
            .exec()
            .unwrap()
    });
    &METADATA
}

/// Direct dependencies of a workspace member, without those of its tests.
fn direct(package: &Package) -> BTreeSet<&str> {
    let used = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development);
    used.map(|dependency| dependency.name.as_str()).collect()
}

fn member<'a>(metadata: &'a Metadata, name: &str) -> &'a Package {
    let members = metadata.workspace_packages();
    members
        .into_iter()
        .find(|package| package.name == name)
        .unwrap_or_else(|| panic!("there is no package {name}"))
}

/// Fails if the crate depends directly on anything else than `allowed`.
fn only(name: &str, allowed: &[&str]) {
    let metadata = workspace();
    let more: Vec<_> = direct(member(metadata, name))
        .into_iter()
        .filter(|found| !allowed.contains(found))
        .collect();
    assert!(more.is_empty(), "{name} may not depend on {more:?}");
}

/// Fails if the crate depends directly on other rooms than `allowed`.
fn only_rooms(name: &str, allowed: &[&str]) {
    let metadata = workspace();
    let more: Vec<_> = direct(member(metadata, name))
        .into_iter()
        .filter(|found| found.starts_with("sirocco") && !allowed.contains(found))
        .collect();
    assert!(more.is_empty(), "{name} may not know {more:?}");
}

/// Names of all packages that a member's program is made of, itself included.
fn closure(metadata: &Metadata, name: &str) -> BTreeSet<String> {
    let resolve = metadata
        .resolve
        .as_ref()
        .expect("metadata with dependencies");
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut open = vec![&member(metadata, name).id];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let used = nodes[id].deps.iter().filter(|dependency| {
            dependency
                .dep_kinds
                .iter()
                .any(|kind| kind.kind != DependencyKind::Development)
        });
        open.extend(used.map(|dependency| &dependency.pkg));
    }
    seen.into_iter()
        .map(|id| metadata[id].name.to_string())
        .collect()
}

/// Fails if the crate's program holds one of these packages, by whatever way.
fn never(name: &str, forbidden: &[&str]) {
    let metadata = workspace();
    let closure = closure(metadata, name);
    let found: Vec<_> = forbidden
        .iter()
        .filter(|package| closure.contains(**package))
        .collect();
    assert!(found.is_empty(), "{name} may not hold {found:?}");
}

/// Files that git knows or would take, below a folder, with one of these endings.
fn files(folder: &str, endings: &[&str]) -> Vec<String> {
    let list = [
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        folder,
    ];
    let output = Command::new("git")
        .current_dir(root())
        .args(list)
        .output()
        .unwrap();
    assert!(output.status.success(), "git lists no files");
    let text = String::from_utf8(output.stdout).unwrap();
    let files: Vec<String> = text
        .lines()
        .filter(|path| endings.is_empty() || endings.iter().any(|ending| path.ends_with(ending)))
        .filter(|path| root().join(path).is_file())
        .map(str::to_owned)
        .collect();
    assert!(
        !files.is_empty(),
        "there is no file below {folder}: nothing would be checked"
    );
    files
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// A new room gets its rule in this file, then its name here.
#[test]
fn every_room_has_a_rule() {
    let ruled = [
        "sirocco",
        "sirocco-attachments",
        "sirocco-chat",
        "sirocco-cli",
        "sirocco-core",
        "sirocco-engine",
        "sirocco-engine-wire",
        "sirocco-gguf",
        "sirocco-hub",
        "sirocco-protocol",
        "sirocco-remote",
        "sirocco-server",
        "sirocco-store",
        "sirocco-testkit",
        "sirocco-tests",
        "sirocco-web",
        "sirocco-worker",
        "sirocco-xtask",
    ];
    let packages = workspace().workspace_packages();
    let members: BTreeSet<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    assert_eq!(members, BTreeSet::from(ruled));
}

#[test]
fn the_protocol_knows_no_runtime() {
    only(
        "sirocco-protocol",
        &["serde", "serde_json", "ts-rs", "uuid"],
    );
}

#[test]
fn the_frames_between_app_and_worker_are_plain_data() {
    only("sirocco-engine-wire", &["serde", "serde_json"]);
}

#[test]
fn the_header_reader_stands_alone() {
    only("sirocco-gguf", &["thiserror"]);
}

#[test]
fn the_chat_rules_are_pure() {
    only(
        "sirocco-chat",
        &[
            "sirocco-protocol",
            "minijinja",
            "pulldown-cmark",
            "serde",
            "serde_json",
            "thiserror",
            "time",
            "unicode-normalization",
            "unicode-segmentation",
        ],
    );
}

#[test]
fn the_store_knows_sql_and_the_protocol() {
    only(
        "sirocco-store",
        &[
            "sirocco-protocol",
            "sqlx",
            "serde",
            "serde_json",
            "thiserror",
            "tracing",
        ],
    );
}

#[test]
fn what_reads_attached_files_reads_bytes_and_nothing_else() {
    only_rooms("sirocco-attachments", &["sirocco-protocol"]);
    never("sirocco-attachments", &["sqlx", "axum", "reqwest", "tokio"]);
}

#[test]
fn the_hub_knows_headers_and_the_protocol() {
    only_rooms("sirocco-hub", &["sirocco-protocol", "sirocco-gguf"]);
    never("sirocco-hub", &["sqlx", "axum"]);
}

#[test]
fn supervision_knows_frames_and_the_protocol() {
    only_rooms(
        "sirocco-engine",
        &["sirocco-protocol", "sirocco-engine-wire"],
    );
    never("sirocco-engine", &["sqlx", "axum", "reqwest"]);
}

#[test]
fn engines_elsewhere_are_asked_through_the_door() {
    only_rooms(
        "sirocco-remote",
        &[
            "sirocco-protocol",
            "sirocco-engine",
            "sirocco-engine-wire",
            "sirocco-hub",
        ],
    );
    never("sirocco-remote", &["sqlx", "axum"]);
}

#[test]
fn what_workers_share_knows_frames_and_headers() {
    only_rooms("sirocco-worker", &["sirocco-engine-wire", "sirocco-gguf"]);
    never("sirocco-worker", &["sqlx", "axum", "reqwest"]);
}

#[test]
fn the_app_knows_the_rooms_below_it_and_no_host() {
    only_rooms(
        "sirocco-core",
        &[
            "sirocco-protocol",
            "sirocco-attachments",
            "sirocco-chat",
            "sirocco-store",
            "sirocco-gguf",
            "sirocco-hub",
            "sirocco-engine",
            "sirocco-engine-wire",
            "sirocco-remote",
        ],
    );
    never("sirocco-core", &["axum"]);
}

#[test]
fn the_server_knows_the_app_and_the_app_knows_no_server() {
    only_rooms("sirocco-server", &["sirocco-protocol", "sirocco-core"]);
    never("sirocco-core", &["sirocco-server"]);
}

#[test]
fn the_hosts_hold_no_logic_of_the_rooms_below_the_app() {
    only_rooms(
        "sirocco-web",
        &["sirocco-protocol", "sirocco-core", "sirocco-server"],
    );
    only_rooms(
        "sirocco-cli",
        &[
            "sirocco-protocol",
            "sirocco-core",
            "sirocco-server",
            "sirocco-web",
        ],
    );
    // The owner of the data answers a second launch and the `sirocco` command over loopback, which is `web`.
    only_rooms(
        "sirocco",
        &["sirocco-protocol", "sirocco-core", "sirocco-web"],
    );
}

#[test]
fn xtask_builds_without_the_app() {
    only_rooms("sirocco-xtask", &[]);
}

#[test]
fn only_the_store_speaks_sql() {
    let metadata = workspace();
    let users: Vec<_> = metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| direct(package).contains("sqlx"))
        .map(|package| package.name.as_str())
        .collect();
    assert_eq!(users, ["sirocco-store"]);
}

/// The offline switch, the proxy and the list of connections hold only for what goes through the door. The hosts'
/// own clients speak to the owner of the data folder over loopback.
#[test]
fn only_the_door_makes_a_client() {
    let allowed = [
        "src-tauri/crates/hub/src/network/",
        "src-tauri/crates/cli/src/session.rs",
        "src-tauri/crates/web/src/owned.rs",
    ];
    let marks = [
        "reqwest::Client",
        "Client::builder",
        "Client::new()",
        "reqwest::get(",
        "TcpStream::connect",
        "TcpSocket",
        "lookup_host",
        "to_socket_addrs",
    ];
    let mut doors = 0;
    for path in files("src-tauri", &[".rs"]) {
        let is_program = path.contains("/src/")
            && !path.starts_with("src-tauri/crates/testkit/")
            && !path.starts_with("src-tauri/crates/xtask/");
        let text = read(&path);
        let found = marks.iter().find(|mark| text.contains(**mark));
        if is_program && let Some(mark) = found {
            let may = allowed.iter().any(|allowed| path.starts_with(allowed));
            assert!(may, "{path} opens a connection of its own: `{mark}`");
            doors += 1;
        }
    }
    assert!(doors >= allowed.len(), "the door was not found");
}

#[test]
fn doubles_are_for_tests_only() {
    let metadata = workspace();
    for package in metadata.workspace_packages() {
        let may = package.name == "sirocco-tests";
        assert!(
            may || !direct(package).contains("sirocco-testkit"),
            "{} ships the test kit",
            package.name
        );
    }
}

#[test]
fn no_crate_outside_engines_depends_on_an_inference_engine() {
    let is_lock =
        |path: &String| path.ends_with("Cargo.lock") && !path.starts_with("src-tauri/engines/");
    let locks: Vec<_> = files(".", &[]).into_iter().filter(is_lock).collect();
    assert!(locks.iter().any(|path| path == "Cargo.lock"));
    for path in locks {
        let text = read(&path);
        let names = text
            .lines()
            .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
        let engines: Vec<_> = names
            .filter(|name| {
                ["mistralrs", "candle", "llama-cpp"]
                    .iter()
                    .any(|engine| name.starts_with(engine))
            })
            .collect();
        assert!(engines.is_empty(), "{path} holds {engines:?}");
    }
}

#[test]
fn workers_know_what_they_share_and_nobody_knows_a_worker() {
    let engines: Vec<_> = files("src-tauri/engines", &["/Cargo.toml"])
        .into_iter()
        .map(|manifest| {
            let mut command = MetadataCommand::new();
            command
                .manifest_path(root().join(&manifest))
                .no_deps()
                .exec()
                .unwrap()
        })
        .collect();
    let workspace = workspace();
    for engine in engines.iter().flat_map(Metadata::workspace_packages) {
        let rooms = direct(engine)
            .into_iter()
            .filter(|name| name.starts_with("sirocco"));
        for room in rooms {
            // Beside the shared rooms, what lies inside its own folder.
            let may = ["sirocco-engine-wire", "sirocco-gguf", "sirocco-worker"].contains(&room)
                || engine.dependencies.iter().any(|dependency| {
                    let own = engine.manifest_path.parent();
                    dependency.name == room
                        && dependency
                            .path
                            .as_deref()
                            .is_some_and(|path| own.is_some_and(|own| path.starts_with(own)))
                });
            assert!(may, "{} may not know {room}", engine.name);
        }
        for package in workspace.workspace_packages() {
            assert!(
                !direct(package).contains(engine.name.as_str()),
                "{} depends on {}",
                package.name,
                engine.name
            );
        }
    }
}

#[test]
fn nothing_but_the_shell_holds_tauri() {
    let metadata = workspace();
    let mut holders = BTreeSet::new();
    for package in metadata.workspace_packages() {
        let closure = closure(metadata, &package.name);
        if closure
            .iter()
            .any(|name| name == "tauri" || name == "wry" || name.starts_with("webkit2gtk"))
        {
            holders.insert(package.name.to_string());
        }
    }
    assert_eq!(holders, BTreeSet::from(["sirocco".to_owned()]));
}

#[test]
fn the_shell_stays_small() {
    let lines: usize = files("src-tauri/src", &[".rs"])
        .iter()
        .map(|path| read(path).lines().count())
        .sum();
    assert!(
        lines < SHELL_LINES,
        "the shell has {lines} lines, {SHELL_LINES} are too many"
    );
}

#[test]
fn the_top_level_holds_only_what_is_agreed() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "src-tauri",
        "ui",
        "assets",
        "tests",
        "README.md",
        "LICENSE",
    ];
    let output = Command::new("git")
        .current_dir(root())
        .args(["ls-files"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let entries: BTreeSet<&str> = text
        .lines()
        .filter_map(|path| path.split('/').next())
        .collect();
    assert!(entries.contains("Cargo.toml"), "git lists no files");
    let more: Vec<_> = entries
        .iter()
        .filter(|name| !name.starts_with('.') && !allowed.contains(name))
        .collect();
    assert!(more.is_empty(), "the top level may not hold {more:?}");
}

/// What the sources of the interface import: file and the words in the quotes.
fn imports() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for path in files("ui/src", &[".ts", ".svelte"]) {
        let text = read(&path);
        for quote in ['\'', '"'] {
            for (at, _) in text.match_indices(quote) {
                let before = text[..at].trim_end();
                let is_import = before.ends_with(" from")
                    || before.ends_with("import")
                    || before.ends_with("import(");
                if is_import && let Some(length) = text[at + 1..].find(quote) {
                    found.push((path.clone(), text[at + 1..at + 1 + length].to_owned()));
                }
            }
        }
    }
    found
}

/// The path below `ui/src` that an import names, if it names one of ours.
fn imported_path(file: &str, import: &str) -> Option<PathBuf> {
    if let Some(path) = import.strip_prefix("$/") {
        return Some(PathBuf::from(path));
    }
    if !import.starts_with('.') {
        return None;
    }
    let mut path = Path::new(file.strip_prefix("ui/src/")?)
        .parent()?
        .to_path_buf();
    for part in import.split('/') {
        match part {
            "." => {}
            ".." => {
                path.pop();
            }
            name => path.push(name),
        }
    }
    Some(path)
}

/// `chat` of `features/chat/state`.
fn feature(path: &Path) -> Option<&str> {
    path.strip_prefix("features")
        .ok()?
        .components()
        .next()?
        .as_os_str()
        .to_str()
}

#[test]
fn imports_are_found_and_resolved() {
    let path = |file, import| imported_path(file, import).map(|path| path.display().to_string());
    assert_eq!(
        path("ui/src/features/chat/a.ts", "../models").as_deref(),
        Some("features/models")
    );
    assert_eq!(
        path("ui/src/features/chat/state/a.ts", "./b").as_deref(),
        Some("features/chat/state/b")
    );
    assert_eq!(
        path("ui/src/app/a.ts", "$/features/chat").as_deref(),
        Some("features/chat")
    );
    assert_eq!(path("ui/src/app/a.ts", "svelte"), None);
    assert!(
        imports().iter().any(|(_, import)| import == "svelte"),
        "no import was found"
    );
}

#[test]
fn only_one_file_of_the_interface_knows_the_window() {
    let users: BTreeSet<String> = imports()
        .into_iter()
        .filter(|(_, import)| import.starts_with("@tauri-apps"))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(
        users,
        BTreeSet::from(["ui/src/lib/backend/tauri.ts".to_owned()])
    );
}

#[test]
fn features_of_the_interface_do_not_know_each_other() {
    let mut inside = 0;
    for (file, import) in imports() {
        let own = file
            .strip_prefix("ui/src/")
            .and_then(|path| feature(Path::new(path)));
        let (Some(own), Some(path)) = (own, imported_path(&file, &import)) else {
            continue;
        };
        inside += 1;
        let other = feature(&path).filter(|other| *other != own);
        assert_eq!(other, None, "{file} imports {import}");
        assert!(
            !path.starts_with("app"),
            "{file} imports {import}: features do not know the frame"
        );
    }
    assert!(inside > 0, "no import inside a feature was found");
}
