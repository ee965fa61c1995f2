//! Downloads, as far as they must be known to go on after a restart.

use sirocco_protocol::{DownloadId, DownloadState};
use sqlx::FromRow;

use crate::error::Attempt;
use crate::value::{from_json, parse, signed, to_json, unsigned};
use crate::{Store, StoreError};

/// A download without its progress: how many bytes there are, the file on the disk says.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredDownload {
    /// Its id.
    pub id: DownloadId,
    /// For display: the file's name.
    pub name: String,
    /// For display: from where.
    pub source: String,
    /// Where the bytes come from.
    pub url: String,
    /// The file it becomes.
    pub target: String,
    /// Hash of the content, if known beforehand.
    pub sha256: Option<String>,
    /// Bytes in all.
    pub total_bytes: u64,
    /// Where it stood.
    pub state: DownloadState,
}

impl Store {
    /// All downloads, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn list_downloads(&self) -> Result<Vec<StoredDownload>, StoreError> {
        let rows: Vec<DownloadRow> = sqlx::query_as(
            "select id, name, source, url, target, sha256, total_bytes, state
             from downloads order by created_at_ms, id",
        )
        .fetch_all(&self.reader)
        .await
        .attempt("list downloads")?;
        rows.into_iter().map(DownloadRow::download).collect()
    }

    /// Adds a download.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn add_download(
        &self,
        download: &StoredDownload,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "insert into downloads
                 (id, name, source, url, target, sha256, total_bytes, created_at_ms, state)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )
        .bind(download.id.to_string())
        .bind(&download.name)
        .bind(&download.source)
        .bind(&download.url)
        .bind(&download.target)
        .bind(&download.sha256)
        .bind(signed("download size", download.total_bytes)?)
        .bind(now_ms)
        .bind(to_json(&download.state))
        .execute(&self.writer)
        .await
        .attempt("add a download")?;
        Ok(())
    }

    /// Notes where a download stands.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_download_state(
        &self,
        id: DownloadId,
        state: &DownloadState,
    ) -> Result<(), StoreError> {
        let changed = sqlx::query("update downloads set state = ?2 where id = ?1")
            .bind(id.to_string())
            .bind(to_json(state))
            .execute(&self.writer)
            .await
            .attempt("change the state of a download")?;
        match changed.rows_affected() {
            0 => Err(StoreError::not_found("download", id)),
            _ => Ok(()),
        }
    }

    /// Forgets a download.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_download(&self, id: DownloadId) -> Result<(), StoreError> {
        let removed = sqlx::query("delete from downloads where id = ?1")
            .bind(id.to_string())
            .execute(&self.writer)
            .await
            .attempt("forget a download")?;
        match removed.rows_affected() {
            0 => Err(StoreError::not_found("download", id)),
            _ => Ok(()),
        }
    }
}

#[derive(FromRow)]
struct DownloadRow {
    id: String,
    name: String,
    source: String,
    url: String,
    target: String,
    sha256: Option<String>,
    total_bytes: i64,
    state: String,
}

impl DownloadRow {
    fn download(self) -> Result<StoredDownload, StoreError> {
        Ok(StoredDownload {
            id: parse("download id", &self.id)?,
            name: self.name,
            source: self.source,
            url: self.url,
            target: self.target,
            sha256: self.sha256,
            total_bytes: unsigned("download size", self.total_bytes)?,
            state: from_json("state of a download", &self.state)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sirocco_protocol::{ErrorCode, ErrorReport, ModelId};

    fn download(name: &str) -> StoredDownload {
        StoredDownload {
            id: DownloadId::fresh(),
            name: name.into(),
            source: "someone/something".into(),
            url: "https://example.org/a.gguf".into(),
            target: "/own/a.gguf".into(),
            sha256: Some("ab".repeat(32)),
            total_bytes: 491_400_032,
            state: DownloadState::Downloading,
        }
    }

    #[tokio::test]
    async fn a_download_is_found_again_where_it_stood() {
        let store = Store::open_in_memory().await.unwrap();
        let mut first = download("first");
        let second = download("second");
        store.add_download(&second, 2).await.unwrap();
        store.add_download(&first, 1).await.unwrap();
        for state in [
            DownloadState::Paused,
            DownloadState::Failed {
                error: ErrorReport::new(ErrorCode::Network, "the server hung up"),
            },
            DownloadState::Finished {
                model_id: ModelId::fresh(),
            },
        ] {
            store.set_download_state(first.id, &state).await.unwrap();
            first.state = state;
            assert_eq!(
                store.list_downloads().await.unwrap(),
                [first.clone(), second.clone()]
            );
        }
    }

    #[tokio::test]
    async fn a_removed_download_is_gone() {
        let store = Store::open_in_memory().await.unwrap();
        let one = download("one");
        store.add_download(&one, 1).await.unwrap();
        store.remove_download(one.id).await.unwrap();
        assert!(store.list_downloads().await.unwrap().is_empty());
        for missing in [
            store.remove_download(one.id).await,
            store
                .set_download_state(one.id, &DownloadState::Paused)
                .await,
        ] {
            assert!(matches!(missing, Err(StoreError::NotFound { .. })));
        }
    }
}
