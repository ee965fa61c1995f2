//! Keeping models: names and notes, checking, duplicates, trash, disk use, defaults.

use sirocco_protocol::commands::{ModelDefaultsSet, ModelUpdate};
use sirocco_protocol::{
    DiskUse, DuplicateGroup, ErrorCode, ErrorReport, HeaderReport, Model, ModelDefaults, ModelId,
    RootSuggestion, TrashedModel,
};

use crate::App;
use crate::error::refuse;

const TODO: &str = "not built";

impl App {
    pub(crate) async fn update_model(&self, _: ModelUpdate) -> Result<Model, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn delete_model(&self, _: ModelId) -> Result<TrashedModel, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn restore_model(&self, _: ModelId) -> Result<Model, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn local_header(&self, _: ModelId) -> Result<HeaderReport, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn reveal_model(&self, _: ModelId) -> Result<(), ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn verify_models(&self, _: Option<ModelId>) -> Result<(), ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn duplicates(&self) -> Result<Vec<DuplicateGroup>, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn link_duplicates(&self, _: &str) -> Result<u64, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn model_defaults(&self, _: ModelId) -> Result<ModelDefaults, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn set_model_defaults(
        &self,
        _: ModelDefaultsSet,
    ) -> Result<ModelDefaults, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn trash(&self) -> Result<Vec<TrashedModel>, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn empty_trash(&self) -> Result<(), ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn space(&self) -> Result<DiskUse, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }

    pub(crate) async fn suggest_roots(&self) -> Result<Vec<RootSuggestion>, ErrorReport> {
        Err(refuse(ErrorCode::Internal, TODO))
    }
}
