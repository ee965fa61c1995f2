//! How fast models were when they were measured here.

use sirocco_protocol::{ModelId, ModelSpeed};
use sqlx::FromRow;

use crate::error::Attempt;
use crate::value::{from_word, parse, signed, unsigned, word};
use crate::{Store, StoreError};

impl Store {
    /// Keeps a measurement.
    ///
    /// # Errors
    /// [`StoreError::Query`], also if the model has left the library, and [`StoreError::TooLarge`].
    pub async fn keep_speed(&self, speed: &ModelSpeed) -> Result<(), StoreError> {
        let peak = speed.peak_memory_bytes;
        let peak = peak.map(|peak| signed("peak memory", peak)).transpose()?;
        sqlx::query(
            "insert into model_speeds
                 (model_id, runtime, engine, cpu, threads, prompt_tokens, generate_tokens, prefill_per_second,
                  decode_per_second, load_ms, peak_memory_bytes, measured_at_ms)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )
        .bind(speed.model_id.to_string())
        .bind(word(&speed.runtime))
        .bind(&speed.engine)
        .bind(&speed.cpu)
        .bind(speed.threads)
        .bind(speed.prompt_tokens)
        .bind(speed.generate_tokens)
        .bind(speed.prefill_per_second)
        .bind(speed.decode_per_second)
        .bind(speed.load_ms)
        .bind(peak)
        .bind(speed.measured_at_ms)
        .execute(&self.writer)
        .await
        .attempt("keep a measurement")?;
        Ok(())
    }

    /// The last measurement of a model with each runtime at each length of prompt: the preferred runtime first, then
    /// the shortest prompt.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn model_speeds(&self, id: ModelId) -> Result<Vec<ModelSpeed>, StoreError> {
        let rows: Vec<SpeedRow> = sqlx::query_as(
            // Of the columns beside `max`, SQLite takes those of the row that has it.
            "select model_id, runtime, engine, cpu, threads, prompt_tokens, generate_tokens, prefill_per_second,
                    decode_per_second, load_ms, peak_memory_bytes, max(measured_at_ms) as measured_at_ms
             from model_speeds where model_id = ?1 group by runtime, prompt_tokens",
        )
        .bind(id.to_string())
        .fetch_all(&self.reader)
        .await
        .attempt("read measurements")?;
        let mut speeds = rows
            .into_iter()
            .map(SpeedRow::speed)
            .collect::<Result<Vec<_>, _>>()?;
        speeds.sort_by_key(|speed| (speed.runtime, speed.prompt_tokens));
        Ok(speeds)
    }
}

#[derive(FromRow)]
struct SpeedRow {
    model_id: String,
    runtime: String,
    engine: String,
    cpu: String,
    threads: i64,
    prompt_tokens: i64,
    generate_tokens: i64,
    prefill_per_second: f64,
    decode_per_second: f64,
    load_ms: f64,
    peak_memory_bytes: Option<i64>,
    measured_at_ms: i64,
}

impl SpeedRow {
    fn speed(self) -> Result<ModelSpeed, StoreError> {
        let peak = self.peak_memory_bytes;
        Ok(ModelSpeed {
            model_id: parse("model id", &self.model_id)?,
            runtime: from_word("runtime", self.runtime)?,
            engine: self.engine,
            cpu: self.cpu,
            threads: unsigned("threads", self.threads)?,
            prompt_tokens: unsigned("length of a prompt", self.prompt_tokens)?,
            generate_tokens: unsigned("length of an answer", self.generate_tokens)?,
            prefill_per_second: self.prefill_per_second,
            decode_per_second: self.decode_per_second,
            load_ms: self.load_ms,
            peak_memory_bytes: peak.map(|peak| unsigned("peak memory", peak)).transpose()?,
            measured_at_ms: self.measured_at_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use sirocco_protocol::RuntimeName::{LlamaCpp, MistralRs};

    use super::*;
    use crate::fixture::model;

    fn speed(model_id: ModelId, decode_per_second: f64) -> ModelSpeed {
        ModelSpeed {
            model_id,
            runtime: MistralRs,
            engine: "mistral.rs 0.8.1 · CPU (native)".into(),
            cpu: "AMD Ryzen 7 7840U".into(),
            threads: 8,
            prompt_tokens: 512,
            generate_tokens: 128,
            prefill_per_second: 301.5,
            decode_per_second,
            load_ms: 640.25,
            peak_memory_bytes: Some(1 << 30),
            measured_at_ms: 10,
        }
    }

    #[tokio::test]
    async fn of_each_runtime_and_length_the_last_measurement_counts() {
        let store = Store::open_in_memory().await.unwrap();
        let id = store.save_model(&model("/a", "a"), 1).await.unwrap();
        let id = id.model.id;
        let other = store.save_model(&model("/b", "b"), 1).await.unwrap();
        let first = speed(id, 24.0);
        let again = ModelSpeed {
            measured_at_ms: 20,
            peak_memory_bytes: None,
            ..speed(id, 25.5)
        };
        let longer = ModelSpeed {
            prompt_tokens: 2048,
            ..speed(id, 22.0)
        };
        let llama_cpp = ModelSpeed {
            runtime: LlamaCpp,
            ..speed(id, 21.0)
        };
        let elsewhere = speed(other.model.id, 3.0);
        for one in [&llama_cpp, &longer, &again, &first, &elsewhere] {
            store.keep_speed(one).await.unwrap();
        }
        let speeds = store.model_speeds(id).await.unwrap();
        assert_eq!(speeds, [again, longer, llama_cpp]);
    }

    #[tokio::test]
    async fn a_model_that_is_gone_takes_its_measurements_along() {
        let store = Store::open_in_memory().await.unwrap();
        let id = store.save_model(&model("/a", "a"), 1).await.unwrap();
        let id = id.model.id;
        assert!(store.model_speeds(id).await.unwrap().is_empty());
        store.keep_speed(&speed(id, 24.0)).await.unwrap();
        store.remove_model(id).await.unwrap();
        assert!(store.model_speeds(id).await.unwrap().is_empty());
        assert!(store.keep_speed(&speed(id, 24.0)).await.is_err());
    }
}
