//! Presets. A deleted one is off the list, and its values stay for the conversations based on it.

use sirocco_protocol::{LayerValues, Preset, PresetId};
use sqlx::{FromRow, SqliteConnection};

use crate::error::Attempt;
use crate::value::{from_json, parse, to_json};
use crate::{Store, StoreError};

impl Store {
    /// Presets that are not deleted, by name.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn list_presets(&self) -> Result<Vec<Preset>, StoreError> {
        let rows: Vec<PresetRow> = sqlx::query_as(
            "select id, name, created_at_ms, updated_at_ms, parameters, system_prompt
             from presets where deleted_at_ms is null order by name collate nocase, id",
        )
        .fetch_all(&self.reader)
        .await
        .attempt("list presets")?;
        rows.into_iter().map(PresetRow::preset).collect()
    }

    /// One preset, deleted or not.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn preset(&self, id: PresetId) -> Result<Preset, StoreError> {
        let mut connection = self.reader.acquire().await.attempt("read a preset")?;
        fetch(&mut connection, id).await
    }

    /// Whether there is such a preset and it is not deleted.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn preset_is_listed(&self, id: PresetId) -> Result<bool, StoreError> {
        sqlx::query_scalar(
            "select exists (select 1 from presets where id = ?1 and deleted_at_ms is null)",
        )
        .bind(id.to_string())
        .fetch_one(&self.reader)
        .await
        .attempt("look for a preset")
    }

    /// Adds a preset.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn add_preset(&self, preset: &Preset) -> Result<(), StoreError> {
        let mut connection = self.writer.acquire().await.attempt("add a preset")?;
        insert(&mut connection, preset).await
    }

    /// Changes what is given of a preset that is not deleted.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn update_preset(
        &self,
        id: PresetId,
        name: Option<&str>,
        values: Option<&LayerValues>,
        now_ms: i64,
    ) -> Result<Preset, StoreError> {
        let mut transaction = self.write().await?;
        let updated = sqlx::query(
            "update presets set
                 name = coalesce(?2, name),
                 parameters = coalesce(?3, parameters),
                 system_prompt = iif(?3 is null, system_prompt, ?4),
                 updated_at_ms = ?5
             where id = ?1 and deleted_at_ms is null",
        )
        .bind(id.to_string())
        .bind(name)
        .bind(values.map(|values| to_json(&values.parameters)))
        .bind(values.and_then(|values| values.system_prompt.as_deref()))
        .bind(now_ms)
        .execute(&mut *transaction)
        .await
        .attempt("change a preset")?;
        if updated.rows_affected() == 0 {
            return Err(StoreError::not_found("preset", id));
        }
        let preset = fetch(&mut transaction, id).await?;
        transaction.commit().await.attempt("change a preset")?;
        Ok(preset)
    }

    /// Takes a preset off the list.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also if it is off already.
    pub async fn delete_preset(&self, id: PresetId, now_ms: i64) -> Result<(), StoreError> {
        let deleted = sqlx::query(
            "update presets set deleted_at_ms = ?2 where id = ?1 and deleted_at_ms is null",
        )
        .bind(id.to_string())
        .bind(now_ms)
        .execute(&self.writer)
        .await
        .attempt("delete a preset")?;
        match deleted.rows_affected() {
            0 => Err(StoreError::not_found("preset", id)),
            _ => Ok(()),
        }
    }

    /// Puts a preset back on the list; one that is there stays as it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn restore_preset(&self, id: PresetId) -> Result<Preset, StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("update presets set deleted_at_ms = null where id = ?1")
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await
            .attempt("restore a preset")?;
        let preset = fetch(&mut transaction, id).await?;
        transaction.commit().await.attempt("restore a preset")?;
        Ok(preset)
    }
}

/// Those of this name that are not deleted.
pub(crate) async fn named(
    connection: &mut SqliteConnection,
    name: &str,
) -> Result<Vec<Preset>, StoreError> {
    let rows: Vec<PresetRow> = sqlx::query_as(
        "select id, name, created_at_ms, updated_at_ms, parameters, system_prompt
         from presets where name = ?1 and deleted_at_ms is null order by id",
    )
    .bind(name)
    .fetch_all(connection)
    .await
    .attempt("look for presets of a name")?;
    rows.into_iter().map(PresetRow::preset).collect()
}

/// [`Store::add_preset`].
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    preset: &Preset,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into presets (id, name, created_at_ms, updated_at_ms, parameters, system_prompt)
         values (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(preset.id.to_string())
    .bind(&preset.name)
    .bind(preset.created_at_ms)
    .bind(preset.updated_at_ms)
    .bind(to_json(&preset.values.parameters))
    .bind(&preset.values.system_prompt)
    .execute(connection)
    .await
    .attempt("add a preset")?;
    Ok(())
}

async fn fetch(connection: &mut SqliteConnection, id: PresetId) -> Result<Preset, StoreError> {
    let row: PresetRow = sqlx::query_as(
        "select id, name, created_at_ms, updated_at_ms, parameters, system_prompt
         from presets where id = ?1",
    )
    .bind(id.to_string())
    .fetch_optional(connection)
    .await
    .attempt("read a preset")?
    .ok_or_else(|| StoreError::not_found("preset", id))?;
    row.preset()
}

#[derive(FromRow)]
struct PresetRow {
    id: String,
    name: String,
    created_at_ms: i64,
    updated_at_ms: i64,
    parameters: String,
    system_prompt: Option<String>,
}

impl PresetRow {
    fn preset(self) -> Result<Preset, StoreError> {
        Ok(Preset {
            id: parse("preset id", &self.id)?,
            name: self.name,
            values: LayerValues {
                system_prompt: self.system_prompt,
                parameters: from_json("parameters of a preset", &self.parameters)?,
            },
            created_at_ms: self.created_at_ms,
            updated_at_ms: self.updated_at_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sirocco_protocol::Parameters;

    fn preset(name: &str) -> Preset {
        Preset {
            id: PresetId::fresh(),
            name: name.into(),
            values: LayerValues {
                system_prompt: Some("Be brief.".into()),
                parameters: Parameters {
                    temperature: Some(0.2),
                    seed: Some(u64::MAX),
                    stop: Some(vec!["END".into()]),
                    ..Parameters::default()
                },
            },
            created_at_ms: 1,
            updated_at_ms: 1,
        }
    }

    #[tokio::test]
    async fn presets_are_listed_by_name_and_read_back_whole() {
        let store = Store::open_in_memory().await.unwrap();
        let (second, first) = (preset("b"), preset("A"));
        for one in [&second, &first] {
            store.add_preset(one).await.unwrap();
        }
        assert_eq!(store.preset(second.id).await.unwrap(), second);
        assert_eq!(store.list_presets().await.unwrap(), [first, second]);
        let missing = store.preset(PresetId::fresh()).await.unwrap_err();
        assert!(matches!(missing, StoreError::NotFound { .. }));
    }

    #[tokio::test]
    async fn an_update_changes_what_is_given_and_can_unset_the_system_prompt() {
        let store = Store::open_in_memory().await.unwrap();
        let before = preset("a");
        store.add_preset(&before).await.unwrap();
        let renamed = store
            .update_preset(before.id, Some("b"), None, 2)
            .await
            .unwrap();
        assert_eq!((renamed.name.as_str(), renamed.updated_at_ms), ("b", 2));
        assert_eq!(renamed.values, before.values);
        let emptied = store
            .update_preset(before.id, None, Some(&LayerValues::default()), 3)
            .await
            .unwrap();
        assert_eq!(emptied.name, "b");
        assert_eq!(emptied.values, LayerValues::default());
    }

    #[tokio::test]
    async fn a_deleted_preset_is_off_the_list_until_it_is_restored_and_readable_throughout() {
        let store = Store::open_in_memory().await.unwrap();
        let one = preset("a");
        store.add_preset(&one).await.unwrap();
        store.delete_preset(one.id, 5).await.unwrap();
        assert!(store.list_presets().await.unwrap().is_empty());
        assert!(!store.preset_is_listed(one.id).await.unwrap());
        assert_eq!(store.preset(one.id).await.unwrap(), one);
        assert!(store.delete_preset(one.id, 6).await.is_err());
        assert!(
            store
                .update_preset(one.id, Some("b"), None, 6)
                .await
                .is_err()
        );
        assert_eq!(store.restore_preset(one.id).await.unwrap(), one);
        assert!(store.preset_is_listed(one.id).await.unwrap());
        assert_eq!(store.list_presets().await.unwrap(), [one]);
        assert!(store.restore_preset(PresetId::fresh()).await.is_err());
    }
}
