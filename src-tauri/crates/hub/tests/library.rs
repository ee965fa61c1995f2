//! What a scan finds in folders as they are, of ours and of others.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sirocco_gguf::{TensorType, writer::Writer};
use sirocco_hub::{
    ContentHash,
    library::{Fingerprint, FoundModel, Known, Origin, Scan, inspect_file},
};
use sirocco_protocol::ModelVerdict;

/// A small file that says it is a llama; nothing could really load it.
fn gguf(name: &str) -> Vec<u8> {
    writer(name).build().expect("a valid file")
}

fn writer(name: &str) -> Writer {
    Writer::new()
        .field("general.architecture", "llama")
        .field("general.name", name)
        .field("general.file_type", 15_u32)
        .field("llama.context_length", 4_096_u32)
        .field("tokenizer.chat_template", "{{ messages }}")
        .zeros("token_embd.weight", [32, 2], TensorType::F32)
}

fn put(path: PathBuf, bytes: impl AsRef<[u8]>) -> PathBuf {
    fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    fs::write(&path, bytes).expect("a file");
    path
}

fn folder() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("library")
        .tempdir()
        .expect("a folder")
}

/// A scan of a folder of which nothing is known.
fn scan_root(root: &Path) -> Scan {
    sirocco_hub::library::scan_root(root, Origin::Folder, &Known::new())
}

fn keys(models: &[FoundModel]) -> Vec<&str> {
    models.iter().map(|model| model.key.as_str()).collect()
}

#[test]
fn a_model_is_described_from_its_header() {
    let root = folder();
    let path = put(root.path().join("sub/My Model (Q4).gguf"), gguf("A Name"));
    let scan = scan_root(root.path());
    assert_eq!(scan.problems, []);
    let [model] = scan.models.as_slice() else {
        panic!("{scan:?}")
    };
    assert_eq!(
        (model.name.as_str(), model.key.as_str()),
        ("A Name", "my-model-q4")
    );
    assert_eq!(
        (model.architecture.as_str(), model.quantization.as_str()),
        ("llama", "Q4_K_M")
    );
    assert_eq!(
        (
            model.parameter_count,
            model.context_length,
            model.has_chat_template
        ),
        (64, 4_096, true)
    );
    assert_eq!(
        model.size_bytes,
        fs::metadata(&path).expect("the file").len()
    );
    assert_eq!(
        (model.files.as_slice(), model.origin),
        (std::slice::from_ref(&path), Origin::Folder)
    );
    let ModelVerdict::Refused { reasons } = &model.verdict else {
        panic!("half of a llama runs: {:?}", model.verdict)
    };
    assert!(!reasons.is_empty());
    assert_eq!(inspect_file(&path).as_ref(), Ok(model));
}

#[test]
fn hidden_and_unfinished_files_are_passed_over() {
    let root = folder();
    for name in [
        ".hidden.gguf",
        ".cache/a.gguf",
        "a.gguf.part",
        "a.gguf.part.json",
        "downloading_a.gguf",
        "a-partial-3.gguf",
        "a.incomplete",
        "readme.md",
    ] {
        put(root.path().join(name), gguf("x"));
    }
    put(root.path().join("kept.GGUF"), gguf("x"));
    let scan = scan_root(root.path());
    assert_eq!((keys(&scan.models), scan.problems), (vec!["kept"], vec![]));
}

#[test]
fn shards_are_one_model_and_a_missing_one_is_named() {
    let root = folder();
    let shard = |number: u16| {
        writer("Big")
            .field("split.no", number - 1)
            .field("split.count", 2_u16)
            .field("split.tensors.count", 1_i32)
            .build()
    };
    for number in [2, 1] {
        put(
            root.path()
                .join(format!("whole/big-0000{number}-of-00002.gguf")),
            shard(number).expect("a shard"),
        );
    }
    put(
        root.path().join("half/big-00002-of-00002.gguf"),
        shard(2).expect("a shard"),
    );
    let scan = scan_root(root.path());
    assert_eq!(keys(&scan.models), ["big"]);
    assert_eq!(scan.models[0].files.len(), 2);
    assert!(scan.models[0].files[0].ends_with("big-00001-of-00002.gguf"));
    let [problem] = scan.problems.as_slice() else {
        panic!("{:?}", scan.problems)
    };
    assert_eq!(
        problem.message,
        "the model is incomplete: `big-00001-of-00002.gguf` is missing (1 of 2 files are there)"
    );
    let second = root.path().join("whole/big-00002-of-00002.gguf");
    assert_eq!(inspect_file(&second).as_ref(), Ok(&scan.models[0]));
}

#[test]
fn files_of_the_same_name_get_different_keys() {
    let root = folder();
    for folder in ["a", "b", "c"] {
        put(root.path().join(folder).join("same.gguf"), gguf(folder));
    }
    assert_eq!(
        keys(&scan_root(root.path()).models),
        ["same", "same-2", "same-3"]
    );
}

#[test]
fn what_is_no_model_gets_a_sentence() {
    let root = folder();
    let safetensors = [&24_u64.to_le_bytes()[..], b"{\"__metadata__\":{}}     "].concat();
    let whole = gguf("x");
    for (name, bytes, words) in [
        ("a.safetensors", &safetensors[..], "safetensors"),
        ("b.gguf", b"<!DOCTYPE html><html>", "web page"),
        ("c.gguf", b"PK\x03\x04rest", "zip"),
        ("d.gguf", b"", "empty"),
        ("e.gguf", &whole[..40], "incomplete"),
        ("f.txt", b"just words", "not a GGUF"),
    ] {
        let problem = inspect_file(&put(root.path().join(name), bytes)).expect_err(name);
        assert!(problem.message.contains(words), "{name}: {problem}");
        assert!(problem.path.ends_with(name));
    }
    let problem = inspect_file(root.path()).expect_err("a folder");
    assert!(problem.message.contains("it is a folder"), "{problem}");
    let problem = inspect_file(&root.path().join("nothing.gguf")).expect_err("nothing");
    assert!(problem.message.contains("cannot be read"), "{problem}");
    // In a scan, only files that claim to be models are worth a word.
    assert_eq!(scan_root(root.path()).problems.len(), 4);
}

#[test]
fn a_root_that_is_gone_is_a_problem() {
    let root = folder();
    let scan = scan_root(&root.path().join("gone"));
    assert!(scan.models.is_empty() && scan.unreachable);
    assert!(!scan_root(root.path()).unreachable);
    assert!(
        scan.problems[0].message.contains("cannot be read"),
        "{:?}",
        scan.problems
    );
}

#[test]
fn what_is_known_is_not_opened_until_it_changes() {
    let root = folder();
    let path = put(root.path().join("m.gguf"), gguf("x"));
    let found = scan_root(root.path()).models.remove(0);
    let known = Known::from([(path.clone(), found.fingerprint)]);
    let again = || sirocco_hub::library::scan_root(root.path(), Origin::Folder, &known);
    assert_eq!(
        (again().models, again().unchanged),
        (vec![], vec![path.clone()])
    );
    // The same length and, for coarse clocks, perhaps the same time: another file all the same.
    let other = put(root.path().join("other"), gguf("y"));
    fs::rename(&other, &path).expect("a rename");
    assert_eq!(
        (keys(&again().models), again().unchanged),
        (vec!["m"], vec![])
    );
    assert_ne!(
        Fingerprint::of(&[&path]).expect("a fingerprint"),
        found.fingerprint
    );
}

#[test]
fn ollama_models_are_found_by_their_manifests() {
    let root = folder();
    let models = root.path().join("models");
    let blob = gguf("internal name");
    let hash = ContentHash::of(&blob);
    let file = put(models.join(format!("blobs/sha256-{hash}")), &blob);
    let manifest = |media: &str, digest: &str| {
        format!(
            r#"{{"schemaVersion":2,"layers":[{{"mediaType":"application/vnd.ollama.image.{media}","digest":"{digest}","size":1}}]}}"#
        )
    };
    let library = models.join("manifests/registry.ollama.ai/library");
    put(
        library.join("qwen2.5/0.5b"),
        manifest("model", &format!("sha256:{hash}")),
    );
    put(
        library.join("qwen2.5/latest"),
        manifest("model", &format!("sha256:{hash}")),
    );
    put(library.join("new/tensors"), manifest("tensor", "sha256:00"));
    put(
        library.join("evil/escape"),
        manifest("model", "sha256:../../../../etc/passwd"),
    );
    put(
        library.join("gone/latest"),
        manifest("model", &format!("sha256:{}", ContentHash::of(b"gone"))),
    );
    put(library.join("torn/latest"), "{\"layers\":[");
    put(models.join("blobs/sha256-abc-partial"), "x");
    for start in [root.path(), &models] {
        let scan = scan_root(start);
        let [model] = scan.models.as_slice() else {
            panic!("{scan:?}")
        };
        assert_eq!(
            (model.name.as_str(), model.key.as_str()),
            ("qwen2.5:0.5b", "qwen2.5-0.5b")
        );
        assert_eq!(
            (model.origin, model.stated_hashes.as_slice()),
            (Origin::Ollama, &[Some(hash)][..])
        );
        assert_eq!(model.files, std::slice::from_ref(&file));
        let words: Vec<&str> = scan
            .problems
            .iter()
            .map(|problem| problem.message.as_str())
            .collect();
        assert_eq!(words.len(), 4, "{words:?}");
        assert!(
            words[0].contains("unknown way") && words[1].contains("not on this computer"),
            "{words:?}"
        );
        assert!(
            words[2].contains("only Ollama reads") && words[3].contains("no manifest"),
            "{words:?}"
        );
    }
}

#[test]
fn a_jan_model_is_named_by_its_folder() {
    let root = folder();
    let model = root.path().join("llamacpp/models/org/Phi-3-mini");
    put(
        model.join("model.gguf"),
        Writer::new()
            .field("general.architecture", "llama")
            .zeros("a.weight", [32], TensorType::F32)
            .build()
            .expect("a file"),
    );
    put(
        model.join("model.yml"),
        "model_path: llamacpp/models/org/Phi-3-mini/model.gguf\n",
    );
    let scan = scan_root(root.path());
    let [model] = scan.models.as_slice() else {
        panic!("{scan:?}")
    };
    assert_eq!(
        (model.name.as_str(), model.key.as_str(), model.origin),
        ("Phi-3-mini", "phi-3-mini", Origin::Jan)
    );
}

#[test]
fn a_jan_model_may_lie_elsewhere() {
    let (root, elsewhere) = (folder(), folder());
    let file = put(elsewhere.path().join("some.gguf"), gguf("x"));
    let hash = ContentHash::of(&gguf("x"));
    put(
        root.path().join("llamacpp/models/some/model.yml"),
        format!(
            "model_path: {}\nname: Imported\nmodel_sha256: {hash}\n",
            file.display()
        ),
    );
    let scan = scan_root(&root.path().join("llamacpp/models"));
    let [model] = scan.models.as_slice() else {
        panic!("{scan:?}")
    };
    assert_eq!(
        (model.name.as_str(), model.origin),
        ("Imported", Origin::Jan)
    );
    assert_eq!(
        (&model.files, &model.stated_hashes),
        (&vec![file], &vec![Some(hash)])
    );
}

#[test]
fn models_take_the_origin_of_their_folder() {
    let root = folder();
    put(root.path().join("publisher/model/m.gguf"), gguf("x"));
    let scan = sirocco_hub::library::scan_root(root.path(), Origin::LmStudio, &Known::new());
    assert_eq!(scan.models[0].origin, Origin::LmStudio);
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn cached(hub: &Path, snapshot: &str, bytes: &[u8]) -> ContentHash {
        let hash = ContentHash::of(bytes);
        let repository = hub.join("models--o--Tiny-GGUF");
        put(repository.join(format!("blobs/{hash}")), bytes);
        let link = repository.join(format!("snapshots/{snapshot}/tiny-q4.gguf"));
        fs::create_dir_all(link.parent().expect("a parent")).expect("folders");
        symlink(format!("../../blobs/{hash}"), link).expect("a link");
        hash
    }

    #[test]
    fn the_hugging_face_cache_is_read_through_its_links_once() {
        let hub = folder();
        let hash = cached(hub.path(), "aaa", &gguf("x"));
        cached(hub.path(), "bbb", &gguf("x"));
        put(
            hub.path().join("models--o--Tiny-GGUF/blobs/x.incomplete"),
            "half",
        );
        let scan = scan_root(hub.path());
        let [model] = scan.models.as_slice() else {
            panic!("{scan:?}")
        };
        assert_eq!(
            (model.name.as_str(), model.key.as_str()),
            ("Tiny", "tiny-q4")
        );
        assert_eq!(
            (model.origin, model.stated_hashes.as_slice()),
            (Origin::HuggingFaceCache, &[Some(hash)][..])
        );
        assert!(model.files[0].ends_with("snapshots/aaa/tiny-q4.gguf"));
        assert_eq!(scan.problems, []);
    }

    #[test]
    fn a_blob_in_the_shared_store_has_the_hash_of_its_first_link() {
        let hub = folder();
        let (bytes, commit) = (gguf("x"), "0123456789abcdef0123456789abcdef01234567");
        let (hash, xet) = (ContentHash::of(&bytes), ContentHash::of(b"xet"));
        put(
            hub.path()
                .join(format!("blobs/{}/{xet}", &xet.to_string()[..2])),
            &bytes,
        );
        put(hub.path().join("blobs/.huggingface-shared-blobs"), "1\n");
        let repository = hub.path().join("models--o--Tiny-GGUF");
        let snapshot = repository.join("snapshots").join(commit);
        for folder in [&snapshot, &repository.join("blobs")] {
            fs::create_dir_all(folder).expect("folders");
        }
        symlink(
            format!("../../blobs/{}/{xet}", &xet.to_string()[..2]),
            repository.join(format!("blobs/{hash}")),
        )
        .expect("a link");
        symlink(format!("../../blobs/{hash}"), snapshot.join("tiny.gguf")).expect("a link");
        let scan = scan_root(hub.path());
        let [model] = scan.models.as_slice() else {
            panic!("{scan:?}")
        };
        assert_eq!(model.stated_hashes, [Some(hash)]);
        let source = model.source.as_ref().expect("the cache says where from");
        assert_eq!(
            (source.repository.as_str(), source.commit.as_str()),
            ("o/Tiny-GGUF", commit)
        );
    }

    #[test]
    fn of_links_to_the_same_bytes_the_known_one_stays() {
        let hub = folder();
        cached(hub.path(), "bbb", &gguf("x"));
        let before = scan_root(hub.path()).models.remove(0);
        cached(hub.path(), "aaa", &gguf("x"));
        let now = Fingerprint::of(&before.files).expect("a fingerprint");
        let known = Known::from([(before.files[0].clone(), now)]);
        let scan = sirocco_hub::library::scan_root(hub.path(), Origin::Folder, &known);
        assert_eq!((scan.models, scan.unchanged), (vec![], before.files));
    }

    #[test]
    fn hard_links_are_models_each() {
        let root = folder();
        let file = put(root.path().join("a.gguf"), gguf("x"));
        fs::hard_link(&file, root.path().join("b.gguf")).expect("a link");
        symlink("a.gguf", root.path().join("0.gguf")).expect("a link");
        assert_eq!(keys(&scan_root(root.path()).models), ["a", "b"]);
    }

    #[test]
    fn links_in_circles_and_to_nowhere_do_no_harm() {
        let root = folder();
        put(root.path().join("a/m.gguf"), gguf("x"));
        symlink(root.path(), root.path().join("a/up")).expect("a link");
        symlink("self.gguf", root.path().join("self.gguf")).expect("a link");
        symlink("/nowhere/x.gguf", root.path().join("lost.gguf")).expect("a link");
        symlink("/dev/zero", root.path().join("zero.gguf")).expect("a link");
        let scan = scan_root(root.path());
        assert_eq!(keys(&scan.models), ["m"]);
        assert_eq!(scan.problems.len(), 2, "{:?}", scan.problems);
        assert!(
            scan.problems
                .iter()
                .all(|problem| problem.message.contains("leads nowhere"))
        );
        let problem = inspect_file(&root.path().join("zero.gguf")).expect_err("a device");
        assert!(
            problem.message.contains("not an ordinary file"),
            "{problem}"
        );
    }

    #[test]
    fn nothing_is_written_into_a_foreign_folder() {
        let root = folder();
        put(root.path().join("pub/model/m.gguf"), gguf("x"));
        let inner = root.path().join("pub/model");
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o555)).expect("read only");
        let before = fs::metadata(&inner)
            .expect("the folder")
            .modified()
            .expect("a time");
        assert_eq!(scan_root(root.path()).models.len(), 1);
        assert_eq!(
            fs::metadata(&inner)
                .expect("the folder")
                .modified()
                .expect("a time"),
            before
        );
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o755)).expect("writable");
    }
}
