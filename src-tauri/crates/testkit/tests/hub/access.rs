//! Who may see and have what.

use sirocco_testkit::hub::{Account, Gate, Origin, Repository, RequestClass};
use std::time::Duration;

use super::{Scene, header};

const FILE: &str = "/maker/closed/resolve/main/m.gguf";

async fn closed(change: impl FnOnce(&mut Repository)) -> Scene {
    let scene = Scene::new().await;
    let mut repository = Repository::new("maker/closed").file("m.gguf", "model");
    change(&mut repository);
    scene.hub.put(repository);
    scene
        .hub
        .set_account("hf_stranger", Account::new("stranger"));
    scene.hub.set_account(
        "hf_friend",
        Account::new("friend").admitted_to("maker/closed"),
    );
    scene
}

/// Status and error code of a request with this token.
async fn ask(scene: &Scene, path: &str, token: Option<&str>) -> (u16, String) {
    let request = scene.client.get(scene.url(path));
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let response = request.send().await.unwrap();
    (
        response.status().as_u16(),
        header(&response, "x-error-code").to_owned(),
    )
}

#[tokio::test]
async fn gated_files_are_for_the_admitted_and_their_description_for_all() {
    let scene = closed(|repository| repository.facts.gate = Gate::Auto).await;
    assert_eq!(ask(&scene, FILE, None).await, (401, "GatedRepo".into()));
    assert_eq!(
        ask(&scene, FILE, Some("hf_stranger")).await,
        (403, "GatedRepo".into())
    );
    assert_eq!(ask(&scene, FILE, Some("hf_friend")).await.0, 302);
    let tree = "/api/models/maker/closed/tree/main";
    assert_eq!(ask(&scene, tree, None).await.0, 401);
    assert_eq!(ask(&scene, "/api/models/maker/closed", None).await.0, 200);
}

#[tokio::test]
async fn a_private_repository_does_not_exist_for_others() {
    let scene = closed(|repository| repository.facts.private = true).await;
    assert_eq!(ask(&scene, FILE, None).await, (401, "RepoNotFound".into()));
    assert_eq!(
        ask(&scene, FILE, Some("hf_stranger")).await,
        (404, "RepoNotFound".into())
    );
    assert_eq!(ask(&scene, FILE, Some("hf_friend")).await.0, 302);
    let none = "/maker/none/resolve/main/m.gguf";
    assert_eq!(ask(&scene, none, None).await, (401, "RepoNotFound".into()));
    let list = scene.json("/api/models?author=maker").await;
    assert_eq!(list, serde_json::json!([]));
}

#[tokio::test]
async fn a_revoked_token_is_refused_everywhere() {
    let scene = closed(|_| {}).await;
    assert_eq!(
        ask(&scene, "/api/whoami-v2", Some("hf_friend")).await.0,
        200
    );
    scene.hub.revoke("hf_friend");
    for path in ["/api/whoami-v2", FILE, "/api/models"] {
        let request = scene.client.get(scene.url(path)).bearer_auth("hf_friend");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(
            header(&response, "x-error-message"),
            "Invalid credentials in Authorization header"
        );
    }
    assert_eq!(ask(&scene, FILE, None).await.0, 302);
}

#[tokio::test]
async fn a_disabled_repository_says_so() {
    let scene = closed(|repository| repository.facts.disabled = true).await;
    let response = scene.get(FILE).await;
    assert_eq!(response.status(), 403);
    assert_eq!(
        header(&response, "x-error-message"),
        "Access to this resource is disabled."
    );
}

#[tokio::test]
async fn a_former_name_leads_to_the_present_one() {
    let scene = closed(|repository| repository.facts.former_names.push("maker/old".into())).await;
    for old in ["maker/old", "Maker/CLOSED"] {
        let response = scene.get(&format!("/{old}/resolve/main/m.gguf")).await;
        assert_eq!(response.status(), 307);
        assert_eq!(header(&response, "location"), FILE);
        assert_eq!(header(&response, "etag"), "");
    }
    let response = scene.get("/api/models/maker/old").await;
    assert_eq!(header(&response, "location"), "/api/models/maker/closed");
}

#[tokio::test]
async fn too_many_requests_are_refused_until_the_window_ends() {
    let scene = Scene::new().await;
    scene.hub.set_limit(RequestClass::Api, Some(2));
    for status in [200, 200, 429, 429] {
        assert_eq!(ask(&scene, "/api/models", None).await.0, status);
    }
    let refused = scene.get("/api/models").await;
    assert_eq!(header(&refused, "ratelimit"), "\"api\";r=0;t=300");
    assert_eq!(header(&refused, "retry-after"), "300");
    assert_eq!(
        ask(&scene, "/owner/tiny-GGUF/resolve/main/README.md", None)
            .await
            .0,
        307
    );
    scene.hub.advance(Duration::from_secs(300));
    assert_eq!(ask(&scene, "/api/models", None).await.0, 200);
}

#[tokio::test]
async fn the_log_tells_who_sent_a_token_where() {
    let scene = closed(|_| {}).await;
    ask(&scene, FILE, Some("hf_friend")).await;
    scene.part("bytes=5-9").await.bytes().await.unwrap();
    scene
        .hub
        .until("the end", |log| log.iter().all(|request| request.ended))
        .await
        .unwrap();
    let hub = scene.hub.log_of(Origin::Hub);
    assert_eq!(
        hub.iter()
            .map(|request| request.authorized)
            .collect::<Vec<_>>(),
        [true, false]
    );
    let cdn = scene.hub.log_of(Origin::Cdn);
    assert_eq!(cdn.len(), 1);
    assert_eq!(
        (cdn[0].range_start(), cdn[0].sent_bytes, cdn[0].status),
        (Some(5), 5, 206)
    );
    assert!(cdn[0].path.ends_with("/sub/big-Q4_K_M.gguf"));
}
