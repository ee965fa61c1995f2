//! The prompts a person keeps.

use sirocco_protocol::{LibraryPrompt, PromptId};
use sqlx::FromRow;

use crate::error::Attempt;
use crate::value::parse;
use crate::{Store, StoreError};

impl Store {
    /// Prompts that are not deleted, by title.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn list_prompts(&self) -> Result<Vec<LibraryPrompt>, StoreError> {
        let rows: Vec<PromptRow> = sqlx::query_as(
            "select id, title, text from prompts
             where deleted_at_ms is null order by title collate nocase, id",
        )
        .fetch_all(&self.reader)
        .await
        .attempt("list prompts")?;
        rows.into_iter().map(PromptRow::prompt).collect()
    }

    /// Adds a prompt.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn add_prompt(
        &self,
        id: PromptId,
        title: &str,
        text: &str,
        now_ms: i64,
    ) -> Result<LibraryPrompt, StoreError> {
        let row: PromptRow = sqlx::query_as(
            "insert into prompts (id, title, created_at_ms, updated_at_ms, text)
             values (?1, ?2, ?3, ?3, ?4) returning id, title, text",
        )
        .bind(id.to_string())
        .bind(title)
        .bind(now_ms)
        .bind(text)
        .fetch_one(&self.writer)
        .await
        .attempt("add a prompt")?;
        row.prompt()
    }

    /// Replaces title and text of a prompt that is not deleted.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn update_prompt(
        &self,
        id: PromptId,
        title: &str,
        text: &str,
        now_ms: i64,
    ) -> Result<LibraryPrompt, StoreError> {
        let row: Option<PromptRow> = sqlx::query_as(
            "update prompts set title = ?2, text = ?3, updated_at_ms = ?4
             where id = ?1 and deleted_at_ms is null returning id, title, text",
        )
        .bind(id.to_string())
        .bind(title)
        .bind(text)
        .bind(now_ms)
        .fetch_optional(&self.writer)
        .await
        .attempt("change a prompt")?;
        row.ok_or_else(|| StoreError::not_found("prompt", id))?
            .prompt()
    }

    /// Takes a prompt off the list.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also if it is off already.
    pub async fn delete_prompt(&self, id: PromptId, now_ms: i64) -> Result<(), StoreError> {
        let deleted = sqlx::query(
            "update prompts set deleted_at_ms = ?2 where id = ?1 and deleted_at_ms is null",
        )
        .bind(id.to_string())
        .bind(now_ms)
        .execute(&self.writer)
        .await
        .attempt("delete a prompt")?;
        match deleted.rows_affected() {
            0 => Err(StoreError::not_found("prompt", id)),
            _ => Ok(()),
        }
    }

    /// Puts a prompt back on the list; one that is there stays as it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn restore_prompt(&self, id: PromptId) -> Result<LibraryPrompt, StoreError> {
        let row: Option<PromptRow> = sqlx::query_as(
            "update prompts set deleted_at_ms = null where id = ?1 returning id, title, text",
        )
        .bind(id.to_string())
        .fetch_optional(&self.writer)
        .await
        .attempt("restore a prompt")?;
        row.ok_or_else(|| StoreError::not_found("prompt", id))?
            .prompt()
    }
}

#[derive(FromRow)]
struct PromptRow {
    id: String,
    title: String,
    text: String,
}

impl PromptRow {
    fn prompt(self) -> Result<LibraryPrompt, StoreError> {
        Ok(LibraryPrompt {
            id: Some(parse("prompt id", &self.id)?),
            title: self.title,
            text: self.text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn prompts_are_listed_by_title_and_can_be_changed() {
        let store = Store::open_in_memory().await.unwrap();
        let id = PromptId::fresh();
        store.add_prompt(id, "b", "Say {{what}}", 1).await.unwrap();
        let first = store
            .add_prompt(PromptId::fresh(), "A", "x", 2)
            .await
            .unwrap();
        let changed = store.update_prompt(id, "c", "y\n", 3).await.unwrap();
        assert_eq!(
            (changed.title.as_str(), changed.text.as_str()),
            ("c", "y\n")
        );
        assert_eq!(store.list_prompts().await.unwrap(), [first, changed]);
        let unknown = store.update_prompt(PromptId::fresh(), "c", "y", 3).await;
        assert!(matches!(unknown, Err(StoreError::NotFound { .. })));
    }

    #[tokio::test]
    async fn a_deleted_prompt_comes_back_when_it_is_restored() {
        let store = Store::open_in_memory().await.unwrap();
        let id = PromptId::fresh();
        let made = store.add_prompt(id, "a", "x", 1).await.unwrap();
        store.delete_prompt(id, 2).await.unwrap();
        assert!(store.list_prompts().await.unwrap().is_empty());
        assert!(store.delete_prompt(id, 3).await.is_err());
        assert!(store.update_prompt(id, "b", "y", 3).await.is_err());
        assert_eq!(store.restore_prompt(id).await.unwrap(), made);
        assert_eq!(store.list_prompts().await.unwrap(), [made]);
        assert!(store.restore_prompt(PromptId::fresh()).await.is_err());
    }
}
