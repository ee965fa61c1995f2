//! Who we are to the Hub, how it is reached, and every connection that was made.

mod log;

pub(crate) use log::Log;

use sirocco_hub::network::NetworkConfiguration;
use sirocco_protocol::commands::ConnectionList;
use sirocco_protocol::{Connection, ErrorCode, ErrorReport, HubAccount, NetworkSettings};

use crate::App;
use crate::error::{Report, refuse};
use crate::library::blocking;

impl App {
    /// Uses these settings from now on, at once.
    pub(crate) async fn configure_network(
        &self,
        settings: &NetworkSettings,
    ) -> Result<(), ErrorReport> {
        let configuration = NetworkConfiguration {
            settings: settings.clone(),
            ..NetworkConfiguration::default()
        };
        let network = self.inner.network.clone();
        blocking(move || network.configure(configuration))
            .await?
            .report()
    }

    pub(crate) async fn account(&self, _check: bool) -> Result<HubAccount, ErrorReport> {
        Err(refuse(ErrorCode::Internal, "not built"))
    }

    pub(crate) async fn set_token(&self, _token: String) -> Result<HubAccount, ErrorReport> {
        Err(refuse(ErrorCode::Internal, "not built"))
    }

    pub(crate) async fn connections(
        &self,
        request: ConnectionList,
    ) -> Result<Vec<Connection>, ErrorReport> {
        self.inner.connections.flush().await;
        let listed = self
            .inner
            .store
            .list_connections(request.before, request.limit);
        listed.await.report()
    }

    pub(crate) async fn clear_connections(&self) -> Result<(), ErrorReport> {
        self.inner.connections.flush().await;
        self.inner.store.clear_connections().await.report()
    }
}
