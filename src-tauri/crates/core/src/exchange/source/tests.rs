use std::io::Write;

use super::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const CHAT: &str = r#"{ "title": "T", "id": "1", "mapping": { "a": { "parent": null, "message": {
    "author": { "role": "user" }, "content": { "content_type": "text", "parts": ["q"] } } } } }"#;
const THREAD_FILE: &str = r#"{ "object": "thread", "id": "t", "title": "Boats" }"#;
const LINE: &str = r#"{ "id": "m", "role": "user", "content": "q" }"#;

fn put(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

fn zipped(path: &Path, files: &[(&str, &str)]) {
    let mut zip = ZipWriter::new(File::create(path).unwrap());
    for (name, text) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

fn titles(reading: &Reading) -> Vec<&str> {
    let conversations = reading.conversations.iter();
    conversations.map(|one| one.title.as_str()).collect()
}

#[test]
fn a_folder_gives_what_is_a_conversation_and_passes_over_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "conversations.json", &format!("[{CHAT}]"));
    put(folder.path(), "user.json", "{}");
    put(folder.path(), "chat.html", "<html>");
    put(folder.path(), "._conversations.json", "\u{0}");
    put(folder.path(), "broken.json", "{");
    put(folder.path(), "threads/t/thread.json", THREAD_FILE);
    put(folder.path(), "threads/t/messages.jsonl", LINE);
    let reading = read(folder.path(), 1).unwrap();
    assert_eq!(titles(&reading), ["T", "Boats"]);
    let [broken] = &reading.refused[..] else {
        panic!("{reading:?}")
    };
    assert_eq!(broken.name, "broken.json");
}

#[test]
fn a_thread_whose_messages_cannot_be_read_costs_no_other() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "a/thread.json", THREAD_FILE);
    std::fs::create_dir(folder.path().join("a/messages.jsonl")).unwrap();
    put(folder.path(), "b/thread.json", THREAD_FILE);
    put(folder.path(), "b/messages.jsonl", LINE);
    let reading = read(folder.path(), 1).unwrap();
    assert_eq!(titles(&reading), ["Boats"]);
    let [refused] = &reading.refused[..] else {
        panic!("{reading:?}")
    };
    assert_eq!(refused.name, "a/thread.json");
}

#[test]
fn a_zip_is_read_as_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.zip");
    zipped(
        &path,
        &[
            ("x/conversations.json", CHAT),
            ("x/user.json", "{}"),
            ("__MACOSX/x/._conversations.json", "\u{0}"),
            ("jan/thread.json", THREAD_FILE),
            ("jan/messages.jsonl", LINE),
        ],
    );
    let reading = read(&path, 1).unwrap();
    assert_eq!(titles(&reading), ["Boats", "T"]);
    assert!(reading.refused.is_empty());
}

#[test]
fn either_file_of_a_thread_stands_for_both() {
    let folder = tempfile::tempdir().unwrap();
    let thread = put(folder.path(), "t/thread.json", THREAD_FILE);
    let messages = put(folder.path(), "t/messages.jsonl", LINE);
    for picked in [thread, messages] {
        assert_eq!(titles(&read(&picked, 1).unwrap()), ["Boats"]);
    }
}

#[test]
fn what_holds_no_conversations_is_refused_with_what_would() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let zip = folder.path().join("other.zip");
    zipped(&zip, &[("a.json", "{}")]);
    let other = put(folder.path(), "other.json", "{}");
    let short = put(folder.path(), "short.json", "{");
    for path in [empty, zip, other, short] {
        let report = read(&path, 1).unwrap_err();
        assert_eq!(report.code, ErrorCode::FileProblem);
        assert!(report.message.contains(&path.display().to_string()));
        assert!(
            report.hint.unwrap().contains("ChatGPT"),
            "{}",
            report.message
        );
    }
    let damaged = put(folder.path(), "damaged.zip", "PK\u{3}\u{4}not a zip");
    let report = read(&damaged, 1).unwrap_err();
    assert_eq!(report.code, ErrorCode::FileProblem);
}

#[test]
fn nothing_is_read_beyond_the_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let long = put(folder.path(), "many/a.json", &" ".repeat(3000));
    put(folder.path(), "many/b.json", CHAT);
    let many = folder.path().join("many");
    let zip = folder.path().join("bomb.zip");
    zipped(&zip, &[("a.json", &" ".repeat(3000)), ("b.json", CHAT)]);
    let refusal = |path: &Path, bounds| read_within(path, 1, bounds).unwrap_err().message;
    let small = Bounds {
        file_bytes: 2000,
        ..BOUNDS
    };
    for path in [&long, &many, &zip] {
        let reason = refusal(path, small);
        assert!(reason.contains("a file is larger"), "{reason}");
    }
    let little = Bounds {
        all_bytes: 3100,
        ..BOUNDS
    };
    let few = Bounds { files: 1, ..BOUNDS };
    for path in [&many, &zip] {
        let reason = refusal(path, little);
        assert!(reason.contains("it holds more than 0 MiB"), "{reason}");
        let reason = refusal(path, few);
        assert!(reason.contains("it holds more than 1 files"), "{reason}");
    }
    put(folder.path(), "deep/1/2/c.json", CHAT);
    let flat = Bounds { depth: 1, ..BOUNDS };
    let deep = folder.path().join("deep");
    assert!(refusal(&deep, flat).contains("no conversations"));
    assert_eq!(titles(&read(&deep, 1).unwrap()), ["T"]);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let outside = put(folder.path(), "outside/conversations.json", CHAT);
    let inside = folder.path().join("inside");
    std::fs::create_dir(&inside).unwrap();
    std::os::unix::fs::symlink(&outside, inside.join("conversations.json")).unwrap();
    std::os::unix::fs::symlink(&inside, inside.join("round")).unwrap();
    assert!(read(&inside, 1).is_err());
}
