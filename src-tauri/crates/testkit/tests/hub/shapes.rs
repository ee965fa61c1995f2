//! What the real Hub was seen to answer, and that the scripted one answers alike.
//!
//! The samples are shortened. They come from the Hub's API documentation (huggingface/hub-docs, `docs/hub/api.md`),
//! from the client `huggingface_hub` and its pull request 2545 (the `gguf` block), and from `@huggingface/hub`.

use serde_json::{Value, json};
use sirocco_testkit::hub::{Account, Repository};

use super::Scene;

/// Every key of the sample is there, with a value of the same kind.
fn assert_alike(sample: &Value, answer: &Value, place: &str) {
    match (sample, answer) {
        (Value::Object(sample), Value::Object(answer)) => {
            for (key, value) in sample {
                let found = answer
                    .get(key)
                    .unwrap_or_else(|| panic!("{place} has no `{key}`"));
                assert_alike(value, found, &format!("{place}.{key}"));
            }
        }
        (Value::Array(sample), Value::Array(answer)) => {
            for value in sample {
                let found = answer.first().unwrap_or_else(|| panic!("{place} is empty"));
                assert_alike(value, found, &format!("{place}[]"));
            }
        }
        _ => {
            let same = std::mem::discriminant(sample) == std::mem::discriminant(answer);
            assert!(same, "{place} is {answer}, not like {sample}");
        }
    }
}

fn gguf() -> Value {
    json!({"total": 1235814432, "architecture": "llama", "context_length": 131072, "chat_template": "{%...%}"})
}

async fn scene() -> Scene {
    let scene = Scene::new().await;
    scene
        .hub
        .change("owner/tiny-GGUF", |repository: &mut Repository| {
            repository.facts.card = json!({"license": "apache-2.0", "base_model": ["x/y"]});
            repository.facts.library_name = Some("gguf".into());
        });
    scene
}

#[tokio::test]
async fn a_list_is_like_the_real_one() {
    let scene = scene().await;
    let sample = json!([{
        "_id": "66e8", "id": "o/n", "modelId": "o/n", "author": "o", "downloads": 1, "likes": 1, "trendingScore": 1,
        "gated": false, "private": false, "lastModified": "2025-01-01T00:00:00.000Z",
        "createdAt": "2024-09-25T00:00:00.000Z", "pipeline_tag": "text-generation", "tags": ["gguf"], "gguf": gguf(),
    }]);
    let expand = [
        "author",
        "downloads",
        "likes",
        "trendingScore",
        "gated",
        "private",
        "lastModified",
        "createdAt",
        "pipeline_tag",
        "tags",
        "gguf",
    ];
    let query: String = expand
        .iter()
        .map(|name| format!("&expand={name}"))
        .collect();
    assert_alike(
        &sample,
        &scene.json(&format!("/api/models?search=tiny{query}")).await,
        "list",
    );
}

#[tokio::test]
async fn a_description_is_like_the_real_one() {
    let scene = scene().await;
    let sample = json!({
        "_id": "66e8", "id": "o/n", "modelId": "o/n", "author": "o", "sha": "0", "lastModified": "", "createdAt": "",
        "private": false, "disabled": false, "gated": false, "downloads": 1, "likes": 1, "tags": ["gguf"],
        "pipeline_tag": "text-generation", "library_name": "gguf", "cardData": {"license": "", "base_model": [""]},
        "siblings": [{"rfilename": "", "size": 1, "blobId": ""}], "spaces": [], "gguf": gguf(), "usedStorage": 1,
    });
    let answer = scene.json("/api/models/owner/tiny-GGUF?blobs=true").await;
    assert_alike(&sample, &answer, "info");
    let large = json!({"rfilename": "", "size": 1, "blobId": "", "lfs": {"sha256": "", "size": 1, "pointerSize": 1}});
    assert_alike(&large, &answer["siblings"][4], "sibling");
}

#[tokio::test]
async fn a_tree_is_like_the_real_one() {
    let scene = scene().await;
    scene
        .hub
        .change("owner/tiny-GGUF", |repository| repository.facts.xet = true);
    let answer = scene
        .json("/api/models/owner/tiny-GGUF/tree/main?expand=true")
        .await;
    let folder = json!({"type": "directory", "oid": "", "size": 0, "path": ""});
    assert_alike(&folder, &answer[3], "folder");
    let file = json!({
        "type": "file", "oid": "", "size": 1, "path": "", "lfs": {"oid": "", "size": 1, "pointerSize": 1}, "xetHash": "",
        "securityFileStatus": {"status": "safe", "avScan": {"virusFound": false}, "pickleImportScan": null},
        "lastCommit": {"id": "", "title": "", "date": ""},
    });
    assert_alike(&file, &answer[4], "file");
}

#[tokio::test]
async fn an_account_is_like_the_real_one() {
    let scene = scene().await;
    scene.hub.set_account("hf_x", Account::new("x"));
    let response = scene
        .client
        .get(scene.url("/api/whoami-v2"))
        .bearer_auth("hf_x")
        .send()
        .await
        .unwrap();
    let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    let sample = json!({
        "type": "user", "id": "", "name": "", "fullname": "", "isPro": false, "orgs": [],
        "auth": {"type": "access_token", "accessToken": {"displayName": "", "role": "read"}},
    });
    assert_alike(&sample, &answer, "whoami");
}
