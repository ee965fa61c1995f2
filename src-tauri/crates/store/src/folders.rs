//! Folders of conversations: a forest, in which nothing lies inside itself.
//!
//! A folder that is deleted lets go of what lies in it, and remembers it for the way back.

use serde::{Deserialize, Serialize};
use sirocco_protocol::{ConversationSummary, Folder, FolderId};
use sqlx::{FromRow, SqliteConnection};

use crate::conversations::summaries;
use crate::error::Attempt;
use crate::value::{from_json, list, parse, parse_option, to_json};
use crate::{Store, StoreError};

/// What lay in a folder when it was deleted.
#[derive(Serialize, Deserialize)]
struct Held {
    folders: Vec<String>,
    conversations: Vec<String>,
}

impl Store {
    /// Folders that are not deleted, by name.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn list_folders(&self) -> Result<Vec<Folder>, StoreError> {
        let rows: Vec<FolderRow> = sqlx::query_as(
            "select id, parent_id, name from folders
             where deleted_at_ms is null order by name collate nocase, id",
        )
        .fetch_all(&self.reader)
        .await
        .attempt("list folders")?;
        rows.into_iter().map(FolderRow::folder).collect()
    }

    /// One folder.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for a deleted one.
    pub async fn folder(&self, id: FolderId) -> Result<Folder, StoreError> {
        let mut connection = self.reader.acquire().await.attempt("read a folder")?;
        fetch(&mut connection, id).await
    }

    /// Adds a folder.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the folder it is to lie in.
    pub async fn add_folder(&self, folder: &Folder, now_ms: i64) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        require_folder(&mut transaction, folder.parent_id).await?;
        sqlx::query(
            "insert into folders (id, parent_id, name, created_at_ms) values (?1, ?2, ?3, ?4)",
        )
        .bind(folder.id.to_string())
        .bind(folder.parent_id.map(|id| id.to_string()))
        .bind(&folder.name)
        .bind(now_ms)
        .execute(&mut *transaction)
        .await
        .attempt("add a folder")?;
        transaction.commit().await.attempt("add a folder")
    }

    /// Gives a folder another name.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn rename_folder(&self, id: FolderId, name: &str) -> Result<Folder, StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("update folders set name = ?2 where id = ?1")
            .bind(id.to_string())
            .bind(name)
            .execute(&mut *transaction)
            .await
            .attempt("rename a folder")?;
        let folder = fetch(&mut transaction, id).await?;
        transaction.commit().await.attempt("rename a folder")?;
        Ok(folder)
    }

    /// Puts a folder into another one, or at the top.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for either; [`StoreError::FolderInItself`].
    pub async fn move_folder(
        &self,
        id: FolderId,
        parent_id: Option<FolderId>,
    ) -> Result<Folder, StoreError> {
        let mut transaction = self.write().await?;
        require_folder(&mut transaction, parent_id).await?;
        let inside: bool = sqlx::query_scalar(
            "with recursive above (id) as (
                 select ?2 where ?2 is not null
                 union
                 select f.parent_id from above a join folders f on f.id = a.id
                 where f.parent_id is not null
             )
             select exists (select 1 from above where id = ?1)",
        )
        .bind(id.to_string())
        .bind(parent_id.map(|id| id.to_string()))
        .fetch_one(&mut *transaction)
        .await
        .attempt("look above a folder")?;
        if inside {
            return Err(StoreError::FolderInItself { folder: id });
        }
        sqlx::query("update folders set parent_id = ?2 where id = ?1")
            .bind(id.to_string())
            .bind(parent_id.map(|id| id.to_string()))
            .execute(&mut *transaction)
            .await
            .attempt("move a folder")?;
        let folder = fetch(&mut transaction, id).await?;
        transaction.commit().await.attempt("move a folder")?;
        Ok(folder)
    }

    /// Deletes a folder; what lies in it moves to the folder around it. Answers the conversations
    /// that moved, those of the trash left out.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also if it is deleted already.
    pub async fn delete_folder(
        &self,
        id: FolderId,
        now_ms: i64,
    ) -> Result<Vec<ConversationSummary>, StoreError> {
        let mut transaction = self.write().await?;
        let folder = fetch(&mut transaction, id).await?;
        let of = id.to_string();
        let folders: Vec<String> = sqlx::query_scalar(
            "select id from folders where parent_id = ?1 and deleted_at_ms is null",
        )
        .bind(&of)
        .fetch_all(&mut *transaction)
        .await
        .attempt("list what lies in a folder")?;
        let conversations: Vec<String> =
            sqlx::query_scalar("select id from conversations where folder_id = ?1")
                .bind(&of)
                .fetch_all(&mut *transaction)
                .await
                .attempt("list what lies in a folder")?;
        place(&mut transaction, &folders, Some(id), folder.parent_id).await?;
        file(&mut transaction, &conversations, Some(id), folder.parent_id).await?;
        let moved = summaries(&mut transaction, &conversations).await?;
        sqlx::query("update folders set deleted_at_ms = ?2, held = ?3 where id = ?1")
            .bind(&of)
            .bind(now_ms)
            .bind(to_json(&Held {
                folders,
                conversations,
            }))
            .execute(&mut *transaction)
            .await
            .attempt("delete a folder")?;
        transaction.commit().await.attempt("delete a folder")?;
        Ok(moved)
    }

    /// Brings a deleted folder back, with what lay in it and is still where it went from there.
    /// Answers the conversations that moved, too. One that is not deleted stays as it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn restore_folder(
        &self,
        id: FolderId,
    ) -> Result<(Folder, Vec<ConversationSummary>), StoreError> {
        let mut transaction = self.write().await?;
        let row: Option<(Option<String>, Option<String>)> =
            sqlx::query_as("select parent_id, held from folders where id = ?1")
                .bind(id.to_string())
                .fetch_optional(&mut *transaction)
                .await
                .attempt("restore a folder")?;
        let (parent, held) = row.ok_or_else(|| StoreError::not_found("folder", id))?;
        let around: Option<FolderId> = parse_option("folder id", parent.as_deref())?;
        // The folder around it may have been deleted after it; then it comes back at the top.
        sqlx::query(
            "update folders set deleted_at_ms = null, held = null, parent_id = (
                 select f.id from folders f where f.id = folders.parent_id and f.deleted_at_ms is null
             )
             where id = ?1 and deleted_at_ms is not null",
        )
        .bind(id.to_string())
        .execute(&mut *transaction)
        .await
        .attempt("restore a folder")?;
        let mut moved = Vec::new();
        if let Some(held) = held {
            let held: Held = from_json("content of a deleted folder", &held)?;
            place(&mut transaction, &held.folders, around, Some(id)).await?;
            moved = file(&mut transaction, &held.conversations, around, Some(id)).await?;
        }
        let folder = fetch(&mut transaction, id).await?;
        let moved = summaries(&mut transaction, &moved).await?;
        transaction.commit().await.attempt("restore a folder")?;
        Ok((folder, moved))
    }
}

/// Moves those of the folders that lie in one place, and are not deleted, to another.
async fn place(
    connection: &mut SqliteConnection,
    folders: &[String],
    from: Option<FolderId>,
    to: Option<FolderId>,
) -> Result<(), StoreError> {
    sqlx::query(
        "update folders set parent_id = ?3
         where id in (select value from json_each(?1)) and deleted_at_ms is null and parent_id is ?2",
    )
    .bind(list(folders))
    .bind(from.map(|id| id.to_string()))
    .bind(to.map(|id| id.to_string()))
    .execute(connection)
    .await
    .attempt("move folders")?;
    Ok(())
}

/// Moves those of the conversations that lie in one place to another. Answers those that moved.
async fn file(
    connection: &mut SqliteConnection,
    conversations: &[String],
    from: Option<FolderId>,
    to: Option<FolderId>,
) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar(
        "update conversations set folder_id = ?3
         where id in (select value from json_each(?1)) and folder_id is ?2
         returning id",
    )
    .bind(list(conversations))
    .bind(from.map(|id| id.to_string()))
    .bind(to.map(|id| id.to_string()))
    .fetch_all(connection)
    .await
    .attempt("move conversations")
}

/// The folder of this name in another one, or at the top; made if there is none.
pub(crate) async fn named(
    connection: &mut SqliteConnection,
    parent: Option<FolderId>,
    name: &str,
    now_ms: i64,
) -> Result<FolderId, StoreError> {
    let parent = parent.map(|id| id.to_string());
    let found: Option<String> = sqlx::query_scalar(
        "select id from folders
         where parent_id is ?1 and name = ?2 and deleted_at_ms is null order by id limit 1",
    )
    .bind(&parent)
    .bind(name)
    .fetch_optional(&mut *connection)
    .await
    .attempt("look for a folder")?;
    if let Some(found) = parse_option("folder id", found.as_deref())? {
        return Ok(found);
    }
    let id = FolderId::fresh();
    sqlx::query("insert into folders (id, parent_id, name, created_at_ms) values (?1, ?2, ?3, ?4)")
        .bind(id.to_string())
        .bind(parent)
        .bind(name)
        .bind(now_ms)
        .execute(connection)
        .await
        .attempt("add a folder")?;
    Ok(id)
}

/// Refuses a folder that is not there, before a foreign key fails without a name.
pub(crate) async fn require_folder(
    connection: &mut SqliteConnection,
    id: Option<FolderId>,
) -> Result<(), StoreError> {
    match id {
        Some(id) => fetch(connection, id).await.map(|_| ()),
        None => Ok(()),
    }
}

async fn fetch(connection: &mut SqliteConnection, id: FolderId) -> Result<Folder, StoreError> {
    let row: Option<FolderRow> = sqlx::query_as(
        "select id, parent_id, name from folders where id = ?1 and deleted_at_ms is null",
    )
    .bind(id.to_string())
    .fetch_optional(connection)
    .await
    .attempt("read a folder")?;
    row.ok_or_else(|| StoreError::not_found("folder", id))?
        .folder()
}

#[derive(FromRow)]
struct FolderRow {
    id: String,
    parent_id: Option<String>,
    name: String,
}

impl FolderRow {
    fn folder(self) -> Result<Folder, StoreError> {
        Ok(Folder {
            id: parse("folder id", &self.id)?,
            parent_id: parse_option("folder id", self.parent_id.as_deref())?,
            name: self.name,
        })
    }
}

#[cfg(test)]
mod tests;
