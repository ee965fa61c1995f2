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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use sirocco_protocol::{
        Accent, AppearanceSettings, Direction, DownloadSettings, LanguageChoice, NetworkSettings,
        Parameters, PresetId, ProxyChoice, ServerSettings, Theme, TitleChoice, Typeface,
    };

    async fn write(store: &Store, key: &str, value: &str) {
        sqlx::query("insert or replace into settings (key, value) values (?1, ?2)")
            .bind(key)
            .bind(value)
            .execute(&store.writer)
            .await
            .unwrap();
    }

    fn unusual() -> Settings {
        Settings {
            language: LanguageChoice::Fr,
            theme: Theme::HighContrast,
            appearance: AppearanceSettings {
                accent: Accent::Sea,
                interface_percent: 110,
                typeface: Typeface::Serif,
                direction: Direction::RightToLeft,
                reasoning_open: true,
                ..AppearanceSettings::default()
            },
            shortcuts: BTreeMap::from([("chat.new".into(), "Mod+Shift+O".into())]),
            quick_ask_keys: "Mod+Shift+K".into(),
            notify_answers: false,
            check_updates: true,
            default_context_length: 8192,
            threads: Some(3),
            default_system_prompt: "say \"it's\" \\ 100%\n".into(),
            default_parameters: Parameters {
                temperature: Some(0.5),
                stop: Some(vec!["</s>".into()]),
                ..Parameters::default()
            },
            default_preset_id: "01890000-0000-7000-8000-000000000000"
                .parse::<PresetId>()
                .ok(),
            titles: TitleChoice::Always,
            enter_sends: false,
            list_width: 300,
            inspector_open: false,
            downloads: DownloadSettings {
                speed_limit: Some(1 << 20),
                ..DownloadSettings::default()
            },
            network: NetworkSettings {
                offline: true,
                endpoint: Some("https://mirror.example".into()),
                proxy: ProxyChoice::Manual {
                    url: "socks5://proxy.example:1080".into(),
                },
                extra_ca: Some("/etc/ca.pem".into()),
            },
            server: ServerSettings {
                enabled: true,
                port: 8080,
                lan: true,
                cors_origins: vec!["http://localhost:3000".into()],
                ollama_port: true,
                keep_exchanges: true,
            },
            trash_days: 7,
            conversation_trash_days: 8,
        }
    }

    #[tokio::test]
    async fn settings_are_the_defaults_until_they_are_set() {
        let store = Store::open_in_memory().await.unwrap();
        assert_eq!(store.settings().await.unwrap(), Settings::default());
        for settings in [unusual(), Settings::default()] {
            store.set_settings(&settings).await.unwrap();
            assert_eq!(store.settings().await.unwrap(), settings);
        }
    }

    #[tokio::test]
    async fn fields_of_a_newer_version_survive() {
        let store = Store::open_in_memory().await.unwrap();
        write(&store, "from_the_future", r#"{"a":[1,true]}"#).await;
        store.set_settings(&unusual()).await.unwrap();
        assert_eq!(store.settings().await.unwrap(), unusual());
        let kept: String =
            sqlx::query_scalar("select value from settings where key = 'from_the_future'")
                .fetch_one(&store.reader)
                .await
                .unwrap();
        assert_eq!(kept, r#"{"a":[1,true]}"#);
    }

    #[tokio::test]
    async fn one_value_that_cannot_be_read_costs_only_itself() {
        let store = Store::open_in_memory().await.unwrap();
        store.set_settings(&unusual()).await.unwrap();
        write(&store, "theme", r#""ultraviolet""#).await;
        write(&store, "threads", "no JSON").await;
        let expected = Settings {
            theme: Theme::System,
            threads: None,
            ..unusual()
        };
        assert_eq!(store.settings().await.unwrap(), expected);
    }
}
