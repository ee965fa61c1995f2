//! The running hub, as tests hold it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::connection::{Door, Lever};
use super::refusal::Refusal;
use super::state::{Shared, State};
use super::{
    Account, Fault, LoggedRequest, On, Origin, Repository, RequestClass, Rule, account, cdn,
    describe, resolve, search, tree, watch,
};
use crate::within;

/// A hub and its CDN. They end when this is dropped.
pub struct ScriptedHub {
    state: Shared,
    servers: Vec<JoinHandle<()>>,
}

impl ScriptedHub {
    /// An empty hub on two free ports of the loopback.
    ///
    /// # Errors
    /// If there are no such ports.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_on(0, 0).await
    }

    /// An empty hub on these ports; 0 stands for any free one.
    ///
    /// # Errors
    /// If the ports are taken.
    pub async fn start_on(hub_port: u16, cdn_port: u16) -> anyhow::Result<Self> {
        let (hub, hub_address) = listen(hub_port).await?;
        let (cdn, cdn_address) = listen(cdn_port).await?;
        let away = Arc::new(AtomicBool::new(false));
        let state = Arc::new(State::new(hub_address, cdn_address, Arc::clone(&away)));
        let door = |listener| Door {
            listener,
            away: Arc::clone(&away),
        };
        let servers = vec![
            serve(door(hub), hub_router(&state), &state),
            serve(door(cdn), cdn_router(&state), &state),
        ];
        Ok(Self { state, servers })
    }

    /// `http://127.0.0.1:PORT`: what `HF_ENDPOINT` would be.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.state.hub_address
    }

    /// `http://127.0.0.1:OTHER_PORT`.
    #[must_use]
    pub fn cdn_address(&self) -> &str {
        &self.state.cdn_address
    }

    /// Adds a repository, or a new commit to the one of this name. Commits before stay reachable.
    pub fn put(&self, repository: Repository) {
        self.state.put(repository);
    }

    /// Changes a repository; changed files make a new commit.
    ///
    /// # Panics
    /// If there is no such repository.
    pub fn change(&self, id: &str, change: impl FnOnce(&mut Repository)) {
        let mut repository = self.state.current(id).expect("a repository that was put");
        change(&mut repository);
        self.state.put(repository);
    }

    /// Forgets a repository.
    pub fn remove(&self, id: &str) {
        self.state.purge(id, None);
    }

    /// Forgets a file in all commits, as if the history had been rewritten under their names.
    pub fn remove_file(&self, id: &str, path: &str) {
        self.state.purge(id, Some(path));
    }

    /// The commit that `main` points to.
    ///
    /// # Panics
    /// If there is no such repository.
    #[must_use]
    pub fn head(&self, id: &str) -> String {
        self.state.head(id).expect("a repository that was put")
    }

    /// Lets a token sign in, or changes what it may do.
    pub fn set_account(&self, token: impl Into<String>, account: Account) {
        self.state.accounts().insert(token.into(), account);
    }

    /// The token is not good any more.
    pub fn revoke(&self, token: &str) {
        self.state.accounts().remove(token);
    }

    /// Breaks the answers to some requests.
    pub fn fault(&self, on: On, fault: Fault) {
        self.state.faults().add(Rule { on, fault });
    }

    /// Breaks nothing any more, but for what is being sent.
    pub fn clear_faults(&self) {
        self.state.faults().clear();
    }

    /// Lets everything that stalls at this moment go on.
    pub fn resume(&self) {
        self.state.resumed.send_modify(|calls| *calls += 1);
    }

    /// Moves the hub's clock: signed addresses expire after an hour, limits are renewed after five minutes.
    pub fn advance(&self, by: Duration) {
        self.state.advance(by.as_secs());
    }

    /// Answers so many requests of a class in five minutes; none means any number.
    pub fn set_limit(&self, class: RequestClass, limit: Option<u64>) {
        self.state.quotas().set(class, limit, self.state.now_s());
    }

    /// The most entries of a page, whatever is asked for. 1000 unless changed.
    pub fn set_page_cap(&self, entries: u64) {
        self.state.page_cap.store(entries, Ordering::SeqCst);
    }

    /// Resets new connections and those that ask something, on both listeners.
    pub fn set_away(&self, away: bool) {
        self.state.away.store(away, Ordering::SeqCst);
    }

    /// What was asked, in order.
    #[must_use]
    pub fn log(&self) -> Vec<LoggedRequest> {
        self.state.log.all()
    }

    /// What one listener was asked.
    #[must_use]
    pub fn log_of(&self, origin: Origin) -> Vec<LoggedRequest> {
        let mut log = self.log();
        log.retain(|request| request.origin == origin);
        log
    }

    /// Waits until the log is as wanted.
    ///
    /// # Errors
    /// If that takes a minute; `what` names it.
    pub async fn until(
        &self,
        what: &str,
        is_so: impl FnMut(&Vec<LoggedRequest>) -> bool,
    ) -> anyhow::Result<()> {
        let mut log = self.state.log.watch();
        // The sender lives in `self`.
        let _ = within(what, log.wait_for(is_so)).await?;
        Ok(())
    }

    /// Ends the hub; what is being sent is sent to its end, unless it stalls.
    pub async fn close(mut self) {
        self.state.stop.cancel();
        for server in std::mem::take(&mut self.servers) {
            // A server that panicked has said so.
            let _ = server.await;
        }
    }
}

impl Drop for ScriptedHub {
    fn drop(&mut self) {
        self.state.stop.cancel();
        for server in &self.servers {
            server.abort();
        }
    }
}

async fn listen(port: u16) -> anyhow::Result<(TcpListener, String)> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await;
    let listener = listener.with_context(|| format!("could not listen on port {port}"))?;
    let address = format!("http://{}", listener.local_addr()?);
    Ok((listener, address))
}

fn serve(door: Door, router: Router, state: &Shared) -> JoinHandle<()> {
    let stop = state.stop.clone();
    tokio::spawn(async move {
        let service = router.into_make_service_with_connect_info::<Lever>();
        let serving = axum::serve(door, service).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = serving.await {
            eprintln!("a listener of the scripted hub ended: {error}");
        }
    })
}

fn hub_router(state: &Shared) -> Router {
    Router::new()
        .route("/api/models", get(search::search))
        .route("/api/models/{owner}/{name}", get(describe::newest))
        .route(
            "/api/models/{owner}/{name}/revision/{revision}",
            get(describe::at_revision),
        )
        .route("/api/models/{owner}/{name}/tree/{revision}", get(tree::top))
        .route(
            "/api/models/{owner}/{name}/tree/{revision}/{*path}",
            get(tree::below),
        )
        .route(
            "/api/models/{owner}/{name}/paths-info/{revision}",
            post(tree::paths_info),
        )
        .route(
            "/api/resolve-cache/models/{owner}/{name}/{commit}/{*path}",
            get(resolve::cached),
        )
        .route("/api/whoami-v2", get(account::whoami))
        .route(
            "/{owner}/{name}/resolve/{revision}/{*path}",
            get(resolve::resolve),
        )
        .fallback(|| async { Refusal::NoRoute })
        .layer(from_fn_with_state(Arc::clone(state), watch::on_hub))
        .with_state(Arc::clone(state))
}

fn cdn_router(state: &Shared) -> Router {
    cdn::router()
        .layer(from_fn_with_state(Arc::clone(state), watch::on_cdn))
        .with_state(Arc::clone(state))
}
