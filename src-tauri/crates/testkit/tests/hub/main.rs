//! The scripted hub as any client sees it. What clients of other people make of it is in `tests/hub`.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic as the tests themselves do"
)]

mod access;
mod faults;
mod files;
mod proxy;
mod search;
mod shapes;

use reqwest::{Client, Response, redirect};
use sirocco_testkit::TinyModel;
use sirocco_testkit::hub::{Content, Delivery, Repository, RepositoryFile, ScriptedHub};

const BIG: u64 = 3_000_000;

/// A hub with one repository of every kind of file, and a client that follows nothing by itself.
struct Scene {
    hub: ScriptedHub,
    client: Client,
}

impl Scene {
    async fn new() -> Self {
        let hub = ScriptedHub::start().await.unwrap();
        let mut direct = RepositoryFile::from("direct");
        direct.delivery = Some(Delivery::Direct);
        hub.put(
            Repository::new("owner/tiny-GGUF")
                .tags(["gguf", "license:apache-2.0"])
                .file("README.md", "# Tiny\n")
                .file("direct.txt", direct)
                .file("empty.gguf", "")
                .file("sub/big-Q4_K_M.gguf", Content::generated(BIG, 3))
                .file("tiny-Q8_0.gguf", TinyModel::default().bytes()),
        );
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy();
        let client = client.build().unwrap();
        Self { hub, client }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.hub.address())
    }

    async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    async fn json(&self, path: &str) -> serde_json::Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    }

    /// The signed address of the big file.
    async fn big(&self) -> String {
        let response = self
            .get("/owner/tiny-GGUF/resolve/main/sub/big-Q4_K_M.gguf")
            .await;
        assert_eq!(response.status(), 302);
        header(&response, "location").to_owned()
    }

    /// A range of the big file from its signed address.
    async fn part(&self, range: &str) -> Response {
        let request = self.client.get(self.big().await).header("range", range);
        request.send().await.unwrap()
    }
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

fn big() -> Vec<u8> {
    Content::generated(BIG, 3).bytes()
}
