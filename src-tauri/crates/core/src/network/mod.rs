//! Who we are to the Hub, and every connection that was made.

use sirocco_protocol::commands::ConnectionList;
use sirocco_protocol::{Connection, ErrorCode, ErrorReport, HubAccount};

use crate::App;
use crate::error::refuse;

const TODO: &str = "not built";

impl App {
    pub(crate) async fn account(&self, _check: bool) -> Result<HubAccount, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn set_token(&self, _token: String) -> Result<HubAccount, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn connections(
        &self,
        _: ConnectionList,
    ) -> Result<Vec<Connection>, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn clear_connections(&self) -> Result<(), ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }
}
