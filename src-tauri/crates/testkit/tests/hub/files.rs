//! Trees, addresses of files and ranges.

use sirocco_testkit::hub::{Content, Repository};
use std::time::Duration;

use super::{BIG, Scene, big, header};

#[tokio::test]
async fn a_large_file_comes_from_the_other_origin() {
    let scene = Scene::new().await;
    let path = "/owner/tiny-GGUF/resolve/main/sub/big-Q4_K_M.gguf";
    let response = scene.client.head(scene.url(path)).send().await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(header(&response, "x-linked-size"), BIG.to_string());
    let sha256 = Content::generated(BIG, 3).sha256().to_owned();
    assert_eq!(header(&response, "x-linked-etag"), format!("\"{sha256}\""));
    assert_eq!(
        header(&response, "x-repo-commit"),
        scene.hub.head("owner/tiny-GGUF")
    );
    let location = header(&response, "location").to_owned();
    assert!(location.starts_with(scene.hub.cdn_address()));
    let response = scene.client.get(location).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "accept-ranges"), "bytes");
    assert!(!header(&response, "etag").contains(&sha256));
    assert_eq!(header(&response, "x-repo-commit"), "");
    assert!(response.bytes().await.unwrap() == big());
}

#[tokio::test]
async fn a_small_file_is_behind_a_redirect_within_the_hub() {
    let scene = Scene::new().await;
    let response = scene.get("/owner/tiny-GGUF/resolve/main/README.md").await;
    assert_eq!(response.status(), 307);
    let location = header(&response, "location").to_owned();
    assert!(
        location.starts_with("/api/resolve-cache/models/owner/tiny-GGUF/"),
        "{location}"
    );
    let response = scene.get(&location).await;
    assert_eq!(response.status(), 200);
    let etag = Content::from("# Tiny\n").git_oid();
    assert_eq!(header(&response, "etag"), format!("\"{etag}\""));
    assert_eq!(response.text().await.unwrap(), "# Tiny\n");
    let direct = scene.get("/owner/tiny-GGUF/resolve/main/direct.txt").await;
    assert_eq!(direct.status(), 200);
    assert_eq!(direct.text().await.unwrap(), "direct");
}

#[tokio::test]
async fn text_is_compressed_only_for_who_asks() {
    let scene = Scene::new().await;
    let location = scene.get("/owner/tiny-GGUF/resolve/main/README.md").await;
    let url = scene.url(header(&location, "location"));
    let response = scene
        .client
        .get(&url)
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(header(&response, "content-encoding"), "gzip");
    assert!(header(&response, "etag").starts_with("W/"));
    let response = scene
        .client
        .get(&url)
        .header("accept-encoding", "identity")
        .send()
        .await
        .unwrap();
    assert_eq!(header(&response, "content-encoding"), "");
}

#[tokio::test]
async fn ranges_are_answered_with_the_part() {
    let scene = Scene::new().await;
    for (range, said, wanted) in [
        ("bytes=0-0", format!("bytes 0-0/{BIG}"), &big()[..1]),
        (
            "bytes=2999990-",
            format!("bytes 2999990-2999999/{BIG}"),
            &big()[2_999_990..],
        ),
        (
            "bytes=-7",
            format!("bytes 2999993-2999999/{BIG}"),
            &big()[2_999_993..],
        ),
        (
            "bytes=1048570-1048580",
            format!("bytes 1048570-1048580/{BIG}"),
            &big()[1_048_570..=1_048_580],
        ),
    ] {
        let response = scene.part(range).await;
        assert_eq!(response.status(), 206, "{range}");
        assert_eq!(header(&response, "content-range"), said);
        assert_eq!(
            header(&response, "content-length"),
            wanted.len().to_string()
        );
        assert_eq!(response.bytes().await.unwrap(), wanted, "{range}");
    }
    let response = scene.part(&format!("bytes={BIG}-")).await;
    assert_eq!(response.status(), 416);
    assert_eq!(header(&response, "content-range"), format!("bytes */{BIG}"));
}

#[tokio::test]
async fn a_part_of_a_changed_file_is_not_sent() {
    let scene = Scene::new().await;
    let etag = header(&scene.part("bytes=0-0").await, "etag").to_owned();
    for (condition, status) in [(etag.as_str(), 206), ("\"another\"", 200)] {
        let request = scene
            .client
            .get(scene.big().await)
            .header("range", "bytes=5-");
        let response = request.header("if-range", condition).send().await.unwrap();
        assert_eq!(response.status(), status, "{condition}");
    }
}

#[tokio::test]
async fn signed_addresses_expire() {
    let scene = Scene::new().await;
    let address = scene.big().await;
    scene.hub.advance(Duration::from_secs(3600));
    let response = scene.client.get(&address).send().await.unwrap();
    assert_eq!(response.status(), 403);
    assert!(
        response
            .text()
            .await
            .unwrap()
            .contains("<Code>AccessDenied</Code>")
    );
    let fresh = scene.client.get(scene.big().await).send().await.unwrap();
    assert_eq!(fresh.status(), 200);
    let forged = address.replace("big-Q4_K_M", "other");
    assert_eq!(scene.client.get(forged).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn an_empty_file_has_no_ranges() {
    let scene = Scene::new().await;
    let response = scene.get("/owner/tiny-GGUF/resolve/main/empty.gguf").await;
    assert_eq!(header(&response, "x-linked-size"), "0");
    let address = header(&response, "location").to_owned();
    let whole = scene.client.get(&address).send().await.unwrap();
    assert_eq!(
        (whole.status().as_u16(), header(&whole, "content-length")),
        (200, "0")
    );
    let part = scene
        .client
        .get(&address)
        .header("range", "bytes=0-")
        .send()
        .await
        .unwrap();
    assert_eq!(part.status(), 416);
}

#[tokio::test]
async fn a_tree_lists_folders_and_files_with_their_hashes() {
    let scene = Scene::new().await;
    let tree = scene.json("/api/models/owner/tiny-GGUF/tree/main").await;
    let paths: Vec<_> = tree
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["path"])
        .collect();
    assert_eq!(
        paths,
        [
            "README.md",
            "direct.txt",
            "empty.gguf",
            "sub",
            "tiny-Q8_0.gguf"
        ]
    );
    assert_eq!(tree[3]["type"], "directory");
    assert!(tree[0].get("lfs").is_none());
    let tree = scene
        .json("/api/models/owner/tiny-GGUF/tree/main?recursive=true&expand=true")
        .await;
    let big = tree
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["path"] == "sub/big-Q4_K_M.gguf");
    let big = big.unwrap();
    assert_eq!(big["lfs"]["oid"], Content::generated(BIG, 3).sha256());
    assert_eq!(big["lfs"]["pointerSize"], 132);
    assert_eq!(big["securityFileStatus"]["status"], "safe");
    let sub = scene
        .json("/api/models/owner/tiny-GGUF/tree/main/sub")
        .await;
    assert_eq!(sub.as_array().unwrap().len(), 1);
    let top = scene.json("/api/models/owner/tiny-GGUF/tree/main/").await;
    assert_eq!(top.as_array().unwrap().len(), 5);
    let missing = scene
        .get("/api/models/owner/tiny-GGUF/tree/main/none")
        .await;
    assert_eq!(header(&missing, "x-error-code"), "EntryNotFound");
}

#[tokio::test]
async fn only_the_asked_paths_are_told_about() {
    let scene = Scene::new().await;
    let url = scene.url("/api/models/owner/tiny-GGUF/paths-info/main");
    let post = |kind, body| {
        scene
            .client
            .post(&url)
            .header("content-type", kind)
            .body(body)
    };
    for (kind, body) in [
        (
            "application/json",
            r#"{"paths": ["README.md", "sub", "none"]}"#,
        ),
        (
            "application/x-www-form-urlencoded",
            "paths=README.md&paths=sub&paths=none",
        ),
    ] {
        let answer = post(kind, body).send().await.unwrap().text().await.unwrap();
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        let paths: Vec<_> = answer
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| &entry["path"])
            .collect();
        assert_eq!(paths, ["README.md", "sub"], "{kind}");
    }
}

#[tokio::test]
async fn a_commit_keeps_its_files_when_the_branch_moves_on() {
    let scene = Scene::new().await;
    let id = "owner/tiny-GGUF";
    let before = scene.hub.head(id);
    scene.hub.change(id, |repository| {
        repository.files.remove("README.md");
    });
    assert_ne!(scene.hub.head(id), before);
    let missing = scene.get("/owner/tiny-GGUF/resolve/main/README.md").await;
    assert_eq!(header(&missing, "x-error-code"), "EntryNotFound");
    let old = scene
        .get(&format!("/{id}/resolve/{before}/README.md"))
        .await;
    assert_eq!(old.status(), 307);
    scene.hub.remove_file(id, "sub/big-Q4_K_M.gguf");
    let gone = scene
        .get(&format!("/{id}/resolve/{before}/sub/big-Q4_K_M.gguf"))
        .await;
    assert_eq!(gone.status(), 404);
    let unknown = scene.get("/owner/tiny-GGUF/resolve/dev/README.md").await;
    assert_eq!(header(&unknown, "x-error-code"), "RevisionNotFound");
}

#[tokio::test]
async fn other_branches_are_addressed_with_encoded_slashes() {
    let scene = Scene::new().await;
    let mut repository = Repository::new("owner/branches").file("a b.txt", "main");
    let pull = Repository::new("").file("a b.txt", "pull").files;
    repository.branches.insert("refs/pr/1".into(), pull);
    scene.hub.put(repository);
    let response = scene
        .get("/owner/branches/resolve/refs%2Fpr%2F1/a%20b.txt")
        .await;
    let location = header(&response, "location").to_owned();
    assert_eq!(scene.get(&location).await.text().await.unwrap(), "pull");
}

#[tokio::test]
async fn a_file_offered_by_xet_still_has_its_plain_address() {
    let scene = Scene::new().await;
    let id = "owner/tiny-GGUF";
    scene
        .hub
        .change(id, |repository| repository.facts.xet = true);
    let response = scene
        .get("/owner/tiny-GGUF/resolve/main/tiny-Q8_0.gguf")
        .await;
    let hash = header(&response, "x-xet-hash").to_owned();
    assert_eq!(hash.len(), 64);
    let link = header(&response, "link");
    assert!(link.contains("rel=\"xet-auth\"") && link.contains("rel=\"xet-reconstruction-info\""));
    let plain = scene
        .client
        .get(header(&response, "location"))
        .send()
        .await
        .unwrap();
    assert_eq!(plain.status(), 200);
    let tree = scene.json("/api/models/owner/tiny-GGUF/tree/main").await;
    assert_eq!(tree[4]["xetHash"], hash);
    assert!(tree[0].get("xetHash").is_none());
}

#[tokio::test]
async fn hostile_names_are_told_as_they_are_and_lead_to_the_file() {
    let scene = Scene::new().await;
    let names = [
        "../../climb.gguf",
        "/root.gguf",
        "a/../b.gguf",
        "back\\slash.gguf",
        "CON.gguf",
        "dot.",
    ];
    let mut repository = Repository::new("owner/hostile");
    for name in names {
        repository = repository.file(name, name);
    }
    scene.hub.put(repository);
    let tree = scene
        .json("/api/models/owner/hostile/tree/main?recursive=true")
        .await;
    let told: Vec<_> = tree
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["path"].as_str())
        .collect();
    for name in names {
        assert!(told.contains(&name), "{name} is not in {told:?}");
        let encoded = name.replace('/', "%2F").replace('\\', "%5C");
        let response = scene
            .get(&format!("/owner/hostile/resolve/main/{encoded}"))
            .await;
        let location = header(&response, "location");
        let location = if location.starts_with('/') {
            scene.url(location)
        } else {
            location.to_owned()
        };
        let response = scene.client.get(location).send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), name);
    }
}
