//! The mark of models of which the Hub has newer versions.

use sirocco_protocol::ModelId;

use crate::error::Attempt;
use crate::models::StoredModel;
use crate::{Store, StoreError};

impl Store {
    /// Sets or takes away the mark.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_newer_on_hub(
        &self,
        id: ModelId,
        is_newer: bool,
    ) -> Result<StoredModel, StoreError> {
        sqlx::query("update models set newer_on_hub = ?2 where id = ?1")
            .bind(id.to_string())
            .bind(is_newer)
            .execute(&self.writer)
            .await
            .attempt("mark a model as having a newer version")?;
        self.model(id).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::model;

    #[tokio::test]
    async fn the_mark_is_set_and_taken_away() {
        let store = Store::open_in_memory().await.unwrap();
        let saved = store.save_model(&model("/a", "a"), 1).await.unwrap();
        let other = store.save_model(&model("/b", "b"), 1).await.unwrap();
        assert!(!saved.model.newer_on_hub);
        let id = saved.model.id;
        let marked = store.set_newer_on_hub(id, true).await.unwrap();
        assert!(marked.model.newer_on_hub);
        assert_eq!(store.model(other.model.id).await.unwrap(), other);
        assert_eq!(store.set_newer_on_hub(id, false).await.unwrap(), saved);
        let missing = store.set_newer_on_hub(ModelId::fresh(), true).await;
        assert!(matches!(missing, Err(StoreError::NotFound { .. })));
    }
}
