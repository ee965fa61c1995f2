//! Conversations: the list, and one with its settings.

use sirocco_protocol::commands::{ConversationList, ConversationUpdate};
use sirocco_protocol::{
    Conversation, ConversationId, ConversationSettings, ConversationSummary, LayerValues, ModelId,
    PresetId, Shelf,
};
use sqlx::{FromRow, SqliteConnection};

use crate::error::Attempt;
use crate::value::{from_json, list, parse, parse_option, to_json};
use crate::{Store, StoreError, attachments};

/// What a new conversation starts with.
#[derive(Clone, Debug, PartialEq)]
pub struct NewConversation {
    /// Its id.
    pub id: ConversationId,
    /// Not empty; replaced by the first automatic title.
    pub title: String,
    /// The model it talks to.
    pub model_id: Option<ModelId>,
    /// What it sets itself.
    pub settings: ConversationSettings,
}

/// What a [`SummaryRow`] is read from, of a table called `c`.
macro_rules! summary_columns {
    () => {
        "c.id, c.title, c.created_at_ms, c.updated_at_ms, c.pinned, c.unread, c.folder_id,
         c.archived_at_ms is not null as archived, c.is_temporary as temporary,
         exists (
             select 1 from comparisons k
             where k.conversation_id = c.id and k.is_blind and k.verdict is null
         ) as blind,
         exists (select 1 from runs r where r.conversation_id = c.id and r.ended_at_ms is null) as running,
         (select json_group_array(tag) from (
              select t.tag from conversation_tags t where t.conversation_id = c.id order by t.tag_folded
          )) as tags"
    };
}
pub(crate) use summary_columns;

macro_rules! list_after {
    ($place:literal) => {
        concat!(
            "select ",
            summary_columns!(),
            " from conversations c
             where c.deleted_at_ms is null ",
            $place,
            " and (c.archived_at_ms is not null) = ?3
              and (?4 is null or c.folder_id = ?4)
              and (?5 is null or exists (
                  select 1 from conversation_tags t where t.conversation_id = c.id and t.tag_folded = ?5
              ))
              and not exists (select 1 from json_each(?1) word where instr(c.title_folded, word.value) = 0)
             order by c.pinned desc, c.updated_at_ms desc, c.id desc
             limit ?2"
        )
    };
}

const LIST_FIRST: &str = list_after!("");
const LIST_NEXT: &str = list_after!("and (c.pinned, c.updated_at_ms, c.id) < (?6, ?7, ?8)");

impl Store {
    /// A page of the list, in the order of [`ConversationCursor`](sirocco_protocol::ConversationCursor).
    /// Every word of the query must occur in the title, in any case and any order.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn list_conversations(
        &self,
        request: &ConversationList,
    ) -> Result<Vec<ConversationSummary>, StoreError> {
        let words = list(request.query.to_lowercase().split_whitespace());
        let query = match request.after {
            None => sqlx::query_as(LIST_FIRST),
            Some(_) => sqlx::query_as(LIST_NEXT),
        };
        let query = query
            .bind(words)
            .bind(request.limit)
            .bind(request.shelf == Some(Shelf::Archive))
            .bind(request.folder_id.map(|id| id.to_string()))
            .bind(request.tag.as_ref().map(|tag| tag.to_lowercase()));
        let query = match request.after {
            None => query,
            Some(after) => query
                .bind(after.pinned)
                .bind(after.updated_at_ms)
                .bind(after.id.to_string()),
        };
        let rows: Vec<SummaryRow> = query
            .fetch_all(&self.reader)
            .await
            .attempt("list conversations")?;
        rows.into_iter().map(SummaryRow::summary).collect()
    }

    /// Adds a conversation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such model or preset.
    pub async fn create_conversation(
        &self,
        new: NewConversation,
        now_ms: i64,
    ) -> Result<Conversation, StoreError> {
        let mut transaction = self.write().await?;
        require_model(&mut transaction, new.model_id).await?;
        require_preset(&mut transaction, new.settings.preset_id).await?;
        let values = &new.settings.values;
        sqlx::query(
            "insert into conversations
                 (id, title, title_folded, title_is_automatic, created_at_ms, updated_at_ms,
                  model_id, parameters, system_prompt, system_prompt_is_own, preset_id)
             values (?1, ?2, ?3, 1, ?4, ?4, ?5, ?6, coalesce(?7, ''), ?7 is not null, ?8)",
        )
        .bind(new.id.to_string())
        .bind(&new.title)
        .bind(new.title.to_lowercase())
        .bind(now_ms)
        .bind(new.model_id.map(|id| id.to_string()))
        .bind(to_json(&values.parameters))
        .bind(&values.system_prompt)
        .bind(new.settings.preset_id.map(|id| id.to_string()))
        .execute(&mut *transaction)
        .await
        .attempt("add a conversation")?;
        let conversation = fetch(&mut transaction, new.id).await?;
        transaction.commit().await.attempt("add a conversation")?;
        Ok(conversation)
    }

    /// One conversation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for a deleted one.
    pub async fn conversation(&self, id: ConversationId) -> Result<Conversation, StoreError> {
        let mut connection = self.reader.acquire().await.attempt("read a conversation")?;
        fetch(&mut connection, id).await
    }

    /// Changes what is given. A given title is the person's and is not replaced automatically any
    /// more. Nothing here moves the conversation in the list, except the pin.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the conversation, the model or the preset.
    pub async fn update_conversation(
        &self,
        changes: &ConversationUpdate,
    ) -> Result<Conversation, StoreError> {
        let mut transaction = self.write().await?;
        require_model(&mut transaction, changes.model_id).await?;
        let settings = changes.settings.as_ref();
        let preset_id = settings.and_then(|settings| settings.preset_id);
        require_preset(&mut transaction, preset_id).await?;
        sqlx::query(
            "update conversations set
                 title = coalesce(?2, title),
                 title_folded = coalesce(?3, title_folded),
                 title_is_automatic = case when ?2 is null then title_is_automatic else 0 end,
                 pinned = coalesce(?4, pinned),
                 model_id = coalesce(?5, model_id),
                 draft = coalesce(?6, draft),
                 unread = coalesce(?7, unread),
                 parameters = coalesce(?8, parameters),
                 system_prompt = iif(?8 is null, system_prompt, coalesce(?9, '')),
                 system_prompt_is_own = iif(?8 is null, system_prompt_is_own, ?9 is not null),
                 preset_id = iif(?8 is null, preset_id, ?10),
                 notes = coalesce(?11, notes)
             where id = ?1 and deleted_at_ms is null",
        )
        .bind(changes.id.to_string())
        .bind(&changes.title)
        .bind(changes.title.as_ref().map(|title| title.to_lowercase()))
        .bind(changes.pinned)
        .bind(changes.model_id.map(|id| id.to_string()))
        .bind(&changes.draft)
        .bind(changes.unread)
        .bind(settings.map(|settings| to_json(&settings.values.parameters)))
        .bind(settings.and_then(|settings| settings.values.system_prompt.as_deref()))
        .bind(preset_id.map(|id| id.to_string()))
        .bind(&changes.notes)
        .execute(&mut *transaction)
        .await
        .attempt("change a conversation")?;
        let mut conversation = fetch(&mut transaction, changes.id).await?;
        if let Some(attachments) = &changes.draft_attachments {
            attachments::set_draft(&mut transaction, changes.id, attachments).await?;
            conversation.draft_attachments =
                attachments::of_draft(&mut transaction, changes.id).await?;
        }
        transaction
            .commit()
            .await
            .attempt("change a conversation")?;
        Ok(conversation)
    }

    /// Hides a conversation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also if it is hidden already.
    pub async fn delete_conversation(
        &self,
        id: ConversationId,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let deleted = sqlx::query(
            "update conversations set deleted_at_ms = ?2 where id = ?1 and deleted_at_ms is null",
        )
        .bind(id.to_string())
        .bind(now_ms)
        .execute(&self.writer)
        .await
        .attempt("delete a conversation")?;
        match deleted.rows_affected() {
            0 => Err(StoreError::not_found("conversation", id)),
            _ => Ok(()),
        }
    }

    /// Brings a hidden conversation back; one that is not hidden stays as it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn restore_conversation(
        &self,
        id: ConversationId,
    ) -> Result<Conversation, StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("update conversations set deleted_at_ms = null where id = ?1")
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await
            .attempt("restore a conversation")?;
        let conversation = fetch(&mut transaction, id).await?;
        transaction
            .commit()
            .await
            .attempt("restore a conversation")?;
        Ok(conversation)
    }
}

#[derive(FromRow)]
pub(crate) struct SummaryRow {
    id: String,
    title: String,
    created_at_ms: i64,
    updated_at_ms: i64,
    pinned: bool,
    unread: bool,
    running: bool,
    folder_id: Option<String>,
    archived: bool,
    temporary: bool,
    blind: bool,
    tags: String,
}

impl SummaryRow {
    pub(crate) fn summary(self) -> Result<ConversationSummary, StoreError> {
        Ok(ConversationSummary {
            id: parse("conversation id", &self.id)?,
            title: self.title,
            created_at_ms: self.created_at_ms,
            updated_at_ms: self.updated_at_ms,
            pinned: self.pinned,
            running: self.running,
            unread: self.unread,
            folder_id: parse_option("folder id", self.folder_id.as_deref())?,
            tags: from_json("tags", &self.tags)?,
            archived: self.archived,
            temporary: self.temporary,
            blind: self.blind,
        })
    }
}

#[derive(FromRow)]
struct ConversationRow {
    #[sqlx(flatten)]
    summary: SummaryRow,
    model_id: Option<String>,
    preset_id: Option<String>,
    system_prompt: Option<String>,
    parameters: String,
    draft: String,
    notes: String,
    head_id: Option<String>,
}

/// The rows of conversations that are not deleted, in the order of the list.
pub(crate) async fn summaries(
    connection: &mut SqliteConnection,
    ids: &[String],
) -> Result<Vec<ConversationSummary>, StoreError> {
    let rows: Vec<SummaryRow> = sqlx::query_as(concat!(
        "select ",
        summary_columns!(),
        " from conversations c
         where c.id in (select value from json_each(?1)) and c.deleted_at_ms is null
         order by c.pinned desc, c.updated_at_ms desc, c.id desc"
    ))
    .bind(list(ids))
    .fetch_all(connection)
    .await
    .attempt("read conversations")?;
    rows.into_iter().map(SummaryRow::summary).collect()
}

/// A conversation that is not deleted.
pub(crate) async fn fetch(
    connection: &mut SqliteConnection,
    id: ConversationId,
) -> Result<Conversation, StoreError> {
    let row: ConversationRow = sqlx::query_as(concat!(
        "select ",
        summary_columns!(),
        ", c.model_id, c.preset_id,
           iif(c.system_prompt_is_own, c.system_prompt, null) as system_prompt,
           c.parameters, c.draft, c.notes, c.head_id
         from conversations c
         where c.id = ?1 and c.deleted_at_ms is null"
    ))
    .bind(id.to_string())
    .fetch_optional(&mut *connection)
    .await
    .attempt("read a conversation")?
    .ok_or_else(|| StoreError::not_found("conversation", id))?;
    Ok(Conversation {
        summary: row.summary.summary()?,
        model_id: parse_option("model id", row.model_id.as_deref())?,
        settings: ConversationSettings {
            preset_id: parse_option("preset id", row.preset_id.as_deref())?,
            values: LayerValues {
                system_prompt: row.system_prompt,
                parameters: from_json("parameters", &row.parameters)?,
            },
        },
        draft: row.draft,
        draft_attachments: attachments::of_draft(connection, id).await?,
        notes: row.notes,
        head: parse_option("message id", row.head_id.as_deref())?,
    })
}

/// A missing model is named before a foreign key fails without a name.
pub(crate) async fn require_model(
    connection: &mut SqliteConnection,
    id: Option<ModelId>,
) -> Result<(), StoreError> {
    let Some(id) = id else { return Ok(()) };
    let known: bool = sqlx::query_scalar("select exists (select 1 from models where id = ?1)")
        .bind(id.to_string())
        .fetch_one(connection)
        .await
        .attempt("look for a model")?;
    if known {
        Ok(())
    } else {
        Err(StoreError::not_found("model", id))
    }
}

/// As [`require_model`]; a deleted preset is there.
async fn require_preset(
    connection: &mut SqliteConnection,
    id: Option<PresetId>,
) -> Result<(), StoreError> {
    let Some(id) = id else { return Ok(()) };
    let known: bool = sqlx::query_scalar("select exists (select 1 from presets where id = ?1)")
        .bind(id.to_string())
        .fetch_one(connection)
        .await
        .attempt("look for a preset")?;
    if known {
        Ok(())
    } else {
        Err(StoreError::not_found("preset", id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ask, conversation, model, plan};
    use sirocco_protocol::{Parameters, Preset};

    fn all(query: &str) -> ConversationList {
        ConversationList {
            query: query.into(),
            ..ConversationList::first(100)
        }
    }

    async fn titles(store: &Store, request: ConversationList) -> Vec<String> {
        let rows = store.list_conversations(&request).await.unwrap();
        rows.into_iter().map(|row| row.title).collect()
    }

    #[tokio::test]
    async fn the_list_has_pinned_ones_first_then_the_newest() {
        let store = Store::open_in_memory().await.unwrap();
        for (title, time) in [("old", 1), ("older", 0), ("new", 3), ("middle", 2)] {
            let made = conversation(&store, title, time).await;
            let mut changes = ConversationUpdate::of(made.summary.id);
            changes.pinned = Some(title == "old");
            store.update_conversation(&changes).await.unwrap();
        }
        assert_eq!(
            titles(&store, all("")).await,
            ["old", "new", "middle", "older"]
        );
    }

    #[tokio::test]
    async fn pages_of_the_list_neither_repeat_nor_skip() {
        let store = Store::open_in_memory().await.unwrap();
        // Three for each millisecond, and more pinned ones than fit on a page.
        for number in 0..60 {
            let made = conversation(&store, &format!("n{number}"), number / 3).await;
            let mut changes = ConversationUpdate::of(made.summary.id);
            changes.pinned = Some(number % 4 == 0);
            store.update_conversation(&changes).await.unwrap();
        }
        let whole = store.list_conversations(&all("")).await.unwrap();
        assert_eq!(whole.len(), 60);
        for limit in [1, 2, 7] {
            let mut seen = Vec::new();
            let mut request = all("");
            request.limit = limit;
            loop {
                let page = store.list_conversations(&request).await.unwrap();
                let Some(last) = page.last() else { break };
                request.after = Some(last.into());
                seen.extend(page);
            }
            assert_eq!(seen, whole, "in pages of {limit}");
        }
    }

    #[tokio::test]
    async fn every_word_of_the_query_must_occur_in_any_case_and_alphabet() {
        let store = Store::open_in_memory().await.unwrap();
        conversation(&store, "Über die ÄPFEL 100%", 1).await;
        conversation(&store, "Apples", 2).await;
        assert_eq!(titles(&store, all("äpfel ÜBER")).await.len(), 1);
        assert_eq!(titles(&store, all("äpfel pears")).await.len(), 0);
        assert_eq!(titles(&store, all("0%")).await.len(), 1);
        assert_eq!(titles(&store, all("%")).await.len(), 1);
        assert_eq!(titles(&store, all("  ")).await.len(), 2);
    }

    #[tokio::test]
    async fn a_conversation_with_an_unfinished_run_is_running() {
        let store = Store::open_in_memory().await.unwrap();
        let id = conversation(&store, "a", 1).await.summary.id;
        ask(&store, id).await;
        assert!(store.list_conversations(&all("")).await.unwrap()[0].running);
        store.interrupt_unfinished(20).await.unwrap();
        assert!(!store.conversation(id).await.unwrap().summary.running);
    }

    #[tokio::test]
    async fn an_update_changes_what_is_given_and_leaves_the_rest() {
        let store = Store::open_in_memory().await.unwrap();
        let before = conversation(&store, "a", 1).await;
        let id = before.summary.id;
        assert_eq!(
            store
                .update_conversation(&ConversationUpdate::of(id))
                .await
                .unwrap(),
            before
        );

        let model = store.save_model(&model("/m", "m"), 1).await.unwrap();
        let preset = Preset {
            id: PresetId::fresh(),
            name: "Brief".into(),
            values: LayerValues::default(),
            created_at_ms: 1,
            updated_at_ms: 1,
        };
        store.add_preset(&preset).await.unwrap();
        let settings = ConversationSettings {
            preset_id: Some(preset.id),
            values: LayerValues {
                system_prompt: Some("be brief".into()),
                parameters: Parameters {
                    seed: Some(u64::MAX),
                    temperature: Some(0.25),
                    ..Parameters::default()
                },
            },
        };
        let changes = ConversationUpdate {
            id,
            title: Some("b".into()),
            pinned: Some(true),
            model_id: Some(model.model.id),
            settings: Some(settings.clone()),
            draft: Some("but ".into()),
            draft_attachments: Some(Vec::new()),
            notes: Some("for Ada".into()),
            unread: Some(true),
        };
        let after = store.update_conversation(&changes).await.unwrap();
        assert_eq!(after.summary.title, "b");
        assert!(after.summary.pinned && after.summary.unread);
        assert_eq!(after.model_id, changes.model_id);
        assert_eq!(after.settings, settings);
        assert_eq!(
            (after.draft.as_str(), after.notes.as_str()),
            ("but ", "for Ada")
        );
        assert_eq!(after.summary.updated_at_ms, 1);
        assert_eq!(store.conversation(id).await.unwrap(), after);

        let mut cleared = ConversationUpdate::of(id);
        cleared.draft = Some(String::new());
        cleared.pinned = Some(false);
        let after = store.update_conversation(&cleared).await.unwrap();
        assert_eq!(
            (after.draft.as_str(), after.notes.as_str()),
            ("", "for Ada")
        );
        assert!(!after.summary.pinned && after.summary.unread);
        assert_eq!(after.settings, settings);

        cleared.settings = Some(ConversationSettings::default());
        let after = store.update_conversation(&cleared).await.unwrap();
        assert_eq!(after.settings, ConversationSettings::default());
    }

    #[tokio::test]
    async fn no_system_prompt_is_not_the_same_as_an_empty_one() {
        let store = Store::open_in_memory().await.unwrap();
        let mut changes = ConversationUpdate::of(conversation(&store, "a", 1).await.summary.id);
        for system_prompt in [Some(String::new()), None, Some("be brief".into())] {
            let mut settings = ConversationSettings::default();
            settings.values.system_prompt = system_prompt;
            changes.settings = Some(settings.clone());
            let after = store.update_conversation(&changes).await.unwrap();
            assert_eq!(after.settings, settings);
        }
    }

    #[tokio::test]
    async fn a_preset_that_is_not_there_is_named() {
        let store = Store::open_in_memory().await.unwrap();
        let mut changes = ConversationUpdate::of(conversation(&store, "a", 1).await.summary.id);
        changes.settings = Some(ConversationSettings {
            preset_id: Some(PresetId::fresh()),
            values: LayerValues::default(),
        });
        let error = store.update_conversation(&changes).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { what: "preset", .. }));
    }

    #[tokio::test]
    async fn a_model_that_is_not_there_is_named() {
        let store = Store::open_in_memory().await.unwrap();
        let mut changes = ConversationUpdate::of(conversation(&store, "a", 1).await.summary.id);
        changes.model_id = Some(ModelId::fresh());
        let error = store.update_conversation(&changes).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { what: "model", .. }));
    }

    #[tokio::test]
    async fn a_deleted_conversation_is_gone_until_it_is_restored() {
        let store = Store::open_in_memory().await.unwrap();
        let made = conversation(&store, "a", 1).await;
        let id = made.summary.id;
        store.delete_conversation(id, 5).await.unwrap();

        assert!(titles(&store, all("")).await.is_empty());
        let missing = |error| matches!(error, StoreError::NotFound { .. });
        assert!(missing(store.conversation(id).await.unwrap_err()));
        assert!(missing(
            store
                .update_conversation(&ConversationUpdate::of(id))
                .await
                .unwrap_err()
        ));
        assert!(missing(store.delete_conversation(id, 6).await.unwrap_err()));

        assert_eq!(store.restore_conversation(id).await.unwrap(), made);
        assert_eq!(store.restore_conversation(id).await.unwrap(), made);
        let unknown = store.restore_conversation(ConversationId::fresh()).await;
        assert!(missing(unknown.unwrap_err()));
    }

    #[tokio::test]
    async fn the_list_comes_from_its_index_without_sorting() {
        let store = Store::open_in_memory().await.unwrap();
        for sql in [LIST_FIRST, LIST_NEXT] {
            let plan = plan(&store, sql).await;
            assert!(plan.contains("INDEX conversations_by_time"), "{plan}");
            assert!(plan.contains("INDEX runs_unfinished"), "{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
        let next = plan(&store, LIST_NEXT).await;
        assert!(next.contains("(pinned,updated_at_ms,id)<"), "{next}");
    }
}
