//! The Hub: search, repositories, cards, headers, the catalogue.

use sirocco_protocol::commands::{HubCardGet, HubFitGet, HubHeaderGet, HubSearch};
use sirocco_protocol::{
    CatalogueEntry, ErrorCode, ErrorReport, HeaderReport, HubCard, HubModel, HubPage, HubVariantFit,
};

use crate::App;
use crate::error::refuse;

const TODO: &str = "not built";

impl App {
    pub(crate) async fn search_hub(&self, _: HubSearch) -> Result<HubPage, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn hub_repository(&self, _: &str) -> Result<HubModel, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn card(&self, _: HubCardGet) -> Result<HubCard, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn remote_header(&self, _: HubHeaderGet) -> Result<HeaderReport, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn remote_fit(&self, _: HubFitGet) -> Result<Vec<HubVariantFit>, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn catalogue(&self) -> Result<Vec<CatalogueEntry>, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }
}
