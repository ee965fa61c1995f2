//! Settings: one row per field, so that fields of a newer app stay where they are.

use serde_json::{Map, Value};
use sirocco_protocol::Settings;

use crate::error::Attempt;
use crate::{Store, StoreError};

impl Store {
    /// The settings. A field that is missing, or has a value this version does not know, has its
    /// default.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn settings(&self) -> Result<Settings, StoreError> {
        let rows: Vec<(String, String)> = sqlx::query_as("select key, value from settings")
            .fetch_all(&self.reader)
            .await
            .attempt("read the settings")?;
        let mut fields = Map::new();
        for (key, value) in rows {
            let Ok(value) = serde_json::from_str::<Value>(&value) else {
                tracing::warn!(key, "a stored setting is no JSON");
                continue;
            };
            let alone = Map::from_iter([(key.clone(), value.clone())]);
            match serde_json::from_value::<Settings>(Value::Object(alone)) {
                Ok(_) => {
                    fields.insert(key, value);
                }
                Err(error) => tracing::warn!(key, %error, "a stored setting has its default"),
            }
        }
        Ok(serde_json::from_value(Value::Object(fields))
            .expect("every field was read alone, and none depends on another"))
    }

    /// Replaces the known settings and leaves the others.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn set_settings(&self, settings: &Settings) -> Result<(), StoreError> {
        let value = serde_json::to_value(settings).expect("settings have string keys");
        // SQLite's `json_each` gives numbers and booleans as SQL values; `->` gives their JSON.
        sqlx::query(
            "insert into settings (key, value)
             select field.key, ?1 -> field.fullkey from json_each(?1) field where true
             on conflict (key) do update set value = excluded.value",
        )
        .bind(value.to_string())
        .execute(&self.writer)
        .await
        .attempt("save the settings")?;
        Ok(())
    }
}
