//! Searching and describing.

use serde_json::Value;
use sirocco_testkit::hub::{Gate, Repository};

use super::{Scene, header};

async fn crowd() -> Scene {
    let scene = Scene::new().await;
    for number in 1..=5_u64 {
        let repository =
            Repository::new(format!("maker/model-{number}-GGUF")).tags(["gguf", "license:mit"]);
        scene.hub.put(repository.with(|facts| {
            facts.downloads = number * 100;
            facts.likes = 100 - number;
            facts.trending_score = (number * 7) % 5;
            facts.gguf =
                Some(serde_json::json!({"total": number * 1_000_000_000, "architecture": "qwen2"}));
        }));
    }
    scene.hub.change("maker/model-5-GGUF", |repository| {
        repository.facts.gate = Gate::Manual
    });
    scene
}

fn ids(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|entry| entry["id"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect()
}

async fn search(scene: &Scene, query: &str) -> String {
    ids(&scene.json(&format!("/api/models?{query}")).await).join(" ")
}

#[tokio::test]
async fn searches_are_filtered_and_sorted() {
    let scene = crowd().await;
    for (query, wanted) in [
        ("search=TINY", "tiny-GGUF"),
        (
            "author=maker&sort=downloads&limit=2",
            "model-5-GGUF model-4-GGUF",
        ),
        (
            "author=maker&sort=downloads&direction=1&limit=1",
            "model-1-GGUF",
        ),
        ("sort=likes&limit=1", "model-1-GGUF"),
        ("author=maker&limit=2", "model-2-GGUF model-4-GGUF"),
        ("filter=gguf&filter=license:apache-2.0", "tiny-GGUF"),
        ("filter=gguf,license:apache-2.0", "tiny-GGUF"),
        ("gated=true", "model-5-GGUF"),
        (
            "num_parameters=min:2B,max:3B&sort=id",
            "model-2-GGUF model-3-GGUF",
        ),
        ("search=model+3", "model-3-GGUF"),
        ("filter=none", ""),
    ] {
        assert_eq!(search(&scene, query).await, wanted, "{query}");
    }
    assert_eq!(scene.get("/api/models?sort=beauty").await.status(), 400);
}

#[tokio::test]
async fn pages_are_linked_and_never_larger_than_the_cap() {
    let scene = crowd().await;
    scene.hub.set_page_cap(2);
    let mut next = Some(scene.url("/api/models?sort=id&limit=50&filter=gguf"));
    let mut pages = Vec::new();
    while let Some(url) = next {
        let response = scene.client.get(url).send().await.unwrap();
        let link = header(&response, "link")
            .strip_prefix('<')
            .and_then(|link| link.strip_suffix(">; rel=\"next\""));
        next = link.map(str::to_owned);
        let list: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        pages.push(ids(&list).join(" "));
    }
    assert_eq!(
        pages,
        [
            "model-1-GGUF model-2-GGUF",
            "model-3-GGUF model-4-GGUF",
            "model-5-GGUF tiny-GGUF"
        ]
    );
    assert_eq!(scene.get("/api/models?cursor=zzz").await.status(), 400);
}

#[tokio::test]
async fn expanding_gives_only_what_is_named() {
    let scene = crowd().await;
    for query in [
        "expand=gguf&expand=gated",
        "expand[]=gguf&expand[]=gated",
        "expand%5B%5D=gguf&expand=gated",
    ] {
        let list = scene
            .json(&format!("/api/models?search=model-5&{query}"))
            .await;
        let mut keys: Vec<_> = list[0].as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(keys, ["_id", "gated", "gguf", "id", "modelId"], "{query}");
        assert_eq!(list[0]["gated"], "manual");
        assert_eq!(list[0]["gguf"]["architecture"], "qwen2");
    }
    assert_eq!(
        scene
            .get("/api/models?expand=gguf&full=true")
            .await
            .status(),
        400
    );
    assert_eq!(
        scene.get("/api/models?expand=everything").await.status(),
        400
    );
}

#[tokio::test]
async fn a_description_has_sizes_if_they_are_asked_for() {
    let scene = Scene::new().await;
    let plain = scene.json("/api/models/owner/tiny-GGUF").await;
    assert_eq!(plain["sha"], scene.hub.head("owner/tiny-GGUF"));
    assert_eq!(plain["gguf"]["architecture"], "llama");
    assert_eq!(plain["gated"], false);
    assert_eq!(
        plain["siblings"][0],
        serde_json::json!({"rfilename": "README.md"})
    );
    let sized = scene
        .json("/api/models/owner/tiny-GGUF/revision/main?blobs=true")
        .await;
    let tiny = &sized["siblings"][4];
    assert_eq!(tiny["lfs"]["size"], tiny["size"]);
    assert_eq!(tiny["lfs"]["sha256"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn every_answer_of_the_api_tells_the_limits() {
    let scene = Scene::new().await;
    let response = scene.get("/api/models").await;
    assert_eq!(header(&response, "ratelimit"), "\"api\";r=500;t=300");
    assert!(header(&response, "x-request-id").starts_with("Root="));
}
