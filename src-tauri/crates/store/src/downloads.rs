//! The download queue, as far as it must be known to go on after a restart.

use sirocco_protocol::{DownloadId, DownloadState};
use sqlx::{FromRow, SqliteConnection};

use crate::error::Attempt;
use crate::value::{from_json, parse, signed, to_json, unsigned};
use crate::{Store, StoreError};

/// One file of a download. How many bytes of it there are, the file on the disk says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDownloadFile {
    /// Its path in the repository.
    pub path: String,
    /// Bytes in all.
    pub size_bytes: u64,
    /// Hash of the content, if known beforehand.
    pub sha256: Option<String>,
    /// The file it becomes.
    pub target: String,
    /// It is whole and its hash was right.
    pub verified: bool,
}

/// A download without its progress.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredDownload {
    /// Its id.
    pub id: DownloadId,
    /// `owner/name`.
    pub repository: String,
    /// 40 hexadecimal digits; empty until the commit is known.
    pub commit: String,
    /// For display: the (first) file's name.
    pub name: String,
    /// Such as `Q4_K_M`; empty if unknown.
    pub quantization: String,
    /// Unix time in milliseconds.
    pub added_at_ms: i64,
    /// Place in the queue; finished ones have none.
    pub position: Option<u32>,
    /// Where it stood.
    pub state: DownloadState,
    /// The files, in order.
    pub files: Vec<StoredDownloadFile>,
}

impl Store {
    /// The queue in its order, then what is finished, last added first.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn list_downloads(&self) -> Result<Vec<StoredDownload>, StoreError> {
        let mut connection = self.reader.acquire().await.attempt("list downloads")?;
        let rows: Vec<DownloadRow> = sqlx::query_as(
            "select id, repository, commit_id, name, quantization, added_at_ms, position, state
             from downloads order by position is null, position, added_at_ms desc, id desc",
        )
        .fetch_all(&mut *connection)
        .await
        .attempt("list downloads")?;
        let mut downloads = Vec::with_capacity(rows.len());
        for row in rows {
            let files = files(&mut connection, &row.id).await?;
            downloads.push(row.download(files)?);
        }
        Ok(downloads)
    }

    /// Adds a download with its files, or replaces all that is known of it.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn save_download(&self, download: &StoredDownload) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let id = download.id.to_string();
        sqlx::query(
            "insert into downloads
                 (id, repository, commit_id, name, quantization, added_at_ms, position, state)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             on conflict (id) do update set
                 repository = excluded.repository,
                 commit_id = excluded.commit_id,
                 name = excluded.name,
                 quantization = excluded.quantization,
                 position = excluded.position,
                 state = excluded.state",
        )
        .bind(&id)
        .bind(&download.repository)
        .bind(&download.commit)
        .bind(&download.name)
        .bind(&download.quantization)
        .bind(download.added_at_ms)
        .bind(download.position)
        .bind(to_json(&download.state))
        .execute(&mut *transaction)
        .await
        .attempt("save a download")?;
        sqlx::query("delete from download_files where download_id = ?1")
            .bind(&id)
            .execute(&mut *transaction)
            .await
            .attempt("save a download")?;
        for (ordinal, file) in download.files.iter().enumerate() {
            sqlx::query(
                "insert into download_files
                     (download_id, ordinal, path, size_bytes, sha256, target, verified)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )
            .bind(&id)
            .bind(signed("file of a download", ordinal as u64)?)
            .bind(&file.path)
            .bind(signed("download size", file.size_bytes)?)
            .bind(&file.sha256)
            .bind(&file.target)
            .bind(file.verified)
            .execute(&mut *transaction)
            .await
            .attempt("save a download")?;
        }
        transaction.commit().await.attempt("save a download")
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

async fn files(
    connection: &mut SqliteConnection,
    id: &str,
) -> Result<Vec<StoredDownloadFile>, StoreError> {
    let rows: Vec<FileRow> = sqlx::query_as(
        "select path, size_bytes, sha256, target, verified
         from download_files where download_id = ?1 order by ordinal",
    )
    .bind(id)
    .fetch_all(connection)
    .await
    .attempt("list files of a download")?;
    rows.into_iter().map(FileRow::file).collect()
}

#[derive(FromRow)]
struct DownloadRow {
    id: String,
    repository: String,
    commit_id: String,
    name: String,
    quantization: String,
    added_at_ms: i64,
    position: Option<i64>,
    state: String,
}

impl DownloadRow {
    fn download(self, files: Vec<StoredDownloadFile>) -> Result<StoredDownload, StoreError> {
        Ok(StoredDownload {
            id: parse("download id", &self.id)?,
            repository: self.repository,
            commit: self.commit_id,
            name: self.name,
            quantization: self.quantization,
            added_at_ms: self.added_at_ms,
            position: self
                .position
                .map(|position| unsigned("place of a download", position))
                .transpose()?,
            state: from_json("state of a download", &self.state)?,
            files,
        })
    }
}

#[derive(FromRow)]
struct FileRow {
    path: String,
    size_bytes: i64,
    sha256: Option<String>,
    target: String,
    verified: bool,
}

impl FileRow {
    fn file(self) -> Result<StoredDownloadFile, StoreError> {
        Ok(StoredDownloadFile {
            path: self.path,
            size_bytes: unsigned("download size", self.size_bytes)?,
            sha256: self.sha256,
            target: self.target,
            verified: self.verified,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sirocco_protocol::{ErrorCode, ErrorReport, ModelId};

    fn download(name: &str, position: Option<u32>) -> StoredDownload {
        let file = |number: u32| StoredDownloadFile {
            path: format!("{name}-{number:05}-of-00002.gguf"),
            size_bytes: 491_400_064,
            sha256: Some("ab".repeat(32)),
            target: format!("/own/{name}-{number:05}-of-00002.gguf"),
            verified: number == 1,
        };
        StoredDownload {
            id: DownloadId::fresh(),
            repository: "someone/something".into(),
            commit: "c".repeat(40),
            name: name.into(),
            quantization: "Q4_K_M".into(),
            added_at_ms: 1,
            position,
            state: DownloadState::Downloading,
            files: vec![file(1), file(2)],
        }
    }

    #[tokio::test]
    async fn a_download_is_found_again_where_it_stood() {
        let store = Store::open_in_memory().await.unwrap();
        let mut one = download("one", Some(0));
        for state in [
            DownloadState::Paused { error: None },
            DownloadState::Failed {
                error: ErrorReport::new(ErrorCode::Network, "the server hung up"),
            },
            DownloadState::Finished {
                model_id: ModelId::fresh(),
            },
        ] {
            one.state = state;
            one.files[1].verified = true;
            store.save_download(&one).await.unwrap();
            assert_eq!(store.list_downloads().await.unwrap(), [one.clone()]);
        }
    }

    #[tokio::test]
    async fn the_queue_keeps_its_order_and_finished_ones_come_last() {
        let store = Store::open_in_memory().await.unwrap();
        let downloads = [
            download("first", Some(0)),
            download("second", Some(1)),
            download("done", None),
        ];
        for download in downloads.iter().rev() {
            store.save_download(download).await.unwrap();
        }
        assert_eq!(store.list_downloads().await.unwrap(), downloads);
    }

    #[tokio::test]
    async fn a_removed_download_is_gone_with_its_files() {
        let store = Store::open_in_memory().await.unwrap();
        let one = download("one", Some(0));
        store.save_download(&one).await.unwrap();
        store.remove_download(one.id).await.unwrap();
        assert!(store.list_downloads().await.unwrap().is_empty());
        assert!(matches!(
            store.remove_download(one.id).await,
            Err(StoreError::NotFound { .. })
        ));
        let left: i64 = sqlx::query_scalar("select count(*) from download_files")
            .fetch_one(&store.reader)
            .await
            .unwrap();
        assert_eq!(left, 0);
    }
}
