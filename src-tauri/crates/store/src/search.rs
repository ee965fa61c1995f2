//! Full-text search. The index is kept by the triggers of migrations 4, 8 and 22; here it is asked.
//!
//! Words are what SQLite's `unicode61` takes for words: runs of letters and digits, without case
//! and diacritics. Scripts that put no spaces between words, such as Chinese, have runs of many words: for these
//! [`TextQuery::inside_words`] looks through the newest messages themselves.

use sirocco_protocol::commands::MessageSearch;
use sirocco_protocol::{ConversationSummary, MessageId, Role, SearchCursor};
use sqlx::FromRow;

use crate::comparisons::is_hidden;
use crate::conversations::{SummaryRow, summary_columns};
use crate::error::Attempt;
use crate::value::{from_word, list, parse, unsigned};
use crate::{Store, StoreError};

/// What is looked for: all of it must occur in one title or one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextQuery {
    /// Words, and phrases of several words one after the other. Any text will do.
    pub phrases: Vec<String>,
    /// The last word of the last phrase is the beginning of one.
    pub last_is_prefix: bool,
    /// Look inside of words, too.
    pub inside_words: bool,
}

/// A conversation in which it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundConversation {
    /// Its row.
    pub conversation: ConversationSummary,
    /// Its place among the results.
    pub place: SearchCursor,
    /// The newest message with the words.
    pub message: Option<FoundText>,
    /// How many messages have them.
    pub message_count: u32,
    /// All of the notes, if they have them.
    pub notes: Option<String>,
}

/// A message in which it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundText {
    /// Its id.
    pub id: MessageId,
    /// Who speaks.
    pub role: Role,
    /// The model that wrote it.
    pub model_name: Option<String>,
    /// Unix time in milliseconds.
    pub created_at_ms: i64,
    /// All of it.
    pub content: String,
}

/// Whether a conversation is one that the filters leave.
macro_rules! is_looked_for {
    () => {
        "c.deleted_at_ms is null
          and (?10 is null or c.folder_id in (select id from folder))
          and (?11 is null or exists (
              select 1 from conversation_tags t where t.conversation_id = c.id and t.tag_folded = ?11
          ))"
    };
}

/// The limits bound the work for words that are everywhere. Numbers grow with time, so what they
/// leave out is the oldest.
///
/// Of messages, titles and notes each: where numbers `n` come from, the number, and what must hold.
macro_rules! search {
    (
        $messages:literal, $message:literal, $has_message:literal,
        $titles:literal, $title:literal, $has_title:literal,
        $notes:literal, $note:literal, $has_note:literal
    ) => {
        concat!(
            "
    with recursive
    folder (id) as (
        select ?10 where ?10 is not null
        union
        select f.id from folder above cross join folders f on f.parent_id = above.id
    ),
    hits (conversation_id, at_ms, number) as (
        select n.conversation_id, n.created_at_ms, n.number
        from ",
            $messages,
            "
        cross join conversations c on c.id = n.conversation_id
        where ",
            $has_message,
            " and not n.hidden
          and (?2 is null or n.role = ?2)
          and (?3 is null or (n.model_name = ?3 and not ",
            is_hidden!("n.message_id"),
            "))
          and n.created_at_ms >= ?4 and n.created_at_ms < ?5
          and ",
            is_looked_for!(),
            "
        order by ",
            $message,
            " desc
        limit 2000
    ),
    titles (conversation_id, at_ms) as (
        select c.id, c.updated_at_ms
        from ",
            $titles,
            "
        cross join conversations c on c.id = n.conversation_id
        where ",
            $has_title,
            " and ?2 is null and ?3 is null
          and c.updated_at_ms >= ?4 and c.updated_at_ms < ?5
          and ",
            is_looked_for!(),
            "
        order by ",
            $title,
            " desc
        limit 2000
    ),
    notes (conversation_id, at_ms) as (
        select c.id, c.updated_at_ms
        from ",
            $notes,
            "
        cross join conversations c on c.id = n.conversation_id
        where ",
            $has_note,
            " and ?2 is null and ?3 is null
          and c.updated_at_ms >= ?4 and c.updated_at_ms < ?5
          and ",
            is_looked_for!(),
            "
        order by ",
            $note,
            " desc
        limit 2000
    ),
    found (conversation_id, titled, at_ms, number, hits, noted) as (
        select conversation_id, max(titled), max(at_ms), max(number), count(number), max(noted)
        from (
            select conversation_id, 0 as titled, at_ms, number, 0 as noted from hits
            union all
            select conversation_id, 1, at_ms, null, 0 from titles
            union all
            select conversation_id, 0, at_ms, null, 1 from notes
        )
        group by conversation_id
    ),
    page as (
        select * from found
        where ?6 is null or (titled, at_ms, conversation_id) < (?6, ?7, ?8)
        order by titled desc, at_ms desc, conversation_id desc
        limit ?9
    )
    select ",
            summary_columns!(),
            ",     p.titled, p.at_ms, p.hits,
           m.id as message_id, m.role, iif(",
            is_hidden!("m.id"),
            ", null, m.model_name) as model_name, m.created_at_ms as written_at_ms, m.content,
           iif(p.noted, c.notes, null) as notes
    from page p
    cross join conversations c on c.id = p.conversation_id
    left join message_numbers n on n.number = p.number
    left join messages m on m.id = n.message_id
    order by p.titled desc, p.at_ms desc, p.conversation_id desc"
        )
    };
}

const SEARCH: &str = search!(
    "message_index cross join message_numbers n on n.number = message_index.rowid",
    "message_index.rowid",
    "message_index match ?1",
    "title_index cross join title_numbers n on n.number = title_index.rowid",
    "title_index.rowid",
    "title_index match ?1",
    "note_index cross join title_numbers n on n.number = note_index.rowid",
    "note_index.rowid",
    "note_index match ?1"
);

/// Also inside of words, which no index helps with: in the newest 20,000 messages, in all titles and notes. ?12 are
/// patterns of `like`.
const SEARCH_INSIDE: &str = search!(
    "(
            select rowid as number from message_index where message_index match ?1
            union
            select s.number
            from (select number, message_id from message_numbers order by number desc limit 20000) s
            cross join messages m on m.id = s.message_id
            where not exists (
                select 1 from json_each(?12) p where m.content not like p.value escape '\\'
            )
        ) f cross join message_numbers n on n.number = f.number",
    "f.number",
    "true",
    "(
            select rowid as number from title_index where title_index match ?1
            union
            select s.number
            from title_numbers s cross join conversations m on m.id = s.conversation_id
            where not exists (
                select 1 from json_each(?12) p where m.title not like p.value escape '\\'
            )
        ) f cross join title_numbers n on n.number = f.number",
    "f.number",
    "true",
    "(
            select rowid as number from note_index where note_index match ?1
            union
            select s.number
            from title_numbers s cross join conversations m on m.id = s.conversation_id
            where m.notes <> '' and not exists (
                select 1 from json_each(?12) p where m.notes not like p.value escape '\\'
            )
        ) f cross join title_numbers n on n.number = f.number",
    "f.number",
    "true"
);

/// From name to name by the index: there are few among very many messages.
const MODELS: &str = "
    with recursive names (name) as (
        select min(model_name) from message_numbers where model_name is not null
        union all
        select (select min(model_name) from message_numbers where model_name > names.name)
        from names where names.name is not null
    )
    select name from names where name is not null";

impl Store {
    /// A page of the conversations with these words, in the order of [`SearchCursor`]. The filters
    /// are those of the request, whose text is not looked at. No words find nothing.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn search(
        &self,
        query: &TextQuery,
        request: &MessageSearch,
    ) -> Result<Vec<FoundConversation>, StoreError> {
        let Some(expression) = expression(query) else {
            return Ok(Vec::new());
        };
        let after = request.after;
        let sql = if query.inside_words {
            SEARCH_INSIDE
        } else {
            SEARCH
        };
        let mut rows = sqlx::query_as(sql)
            .bind(expression)
            .bind(request.role.map(Role::as_str))
            .bind(&request.model_name)
            .bind(request.from_ms.unwrap_or(i64::MIN))
            .bind(request.until_ms.unwrap_or(i64::MAX))
            .bind(after.map(|after| after.titled))
            .bind(after.map(|after| after.at_ms))
            .bind(after.map(|after| after.id.to_string()))
            .bind(request.limit)
            .bind(request.folder_id.map(|id| id.to_string()))
            .bind(request.tag.as_ref().map(|tag| tag.to_lowercase()));
        if query.inside_words {
            rows = rows.bind(patterns(query));
        }
        let rows: Vec<FoundRow> = rows
            .fetch_all(&self.reader)
            .await
            .attempt("search the messages")?;
        rows.into_iter().map(FoundRow::found).collect()
    }

    /// The names of the models that wrote messages, in the order of their letters.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn models_of_messages(&self) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar(MODELS)
            .fetch_all(&self.reader)
            .await
            .attempt("list the models that wrote messages")
    }
}

/// The phrases as patterns of `like`, in JSON. SQLite takes no pattern of more than 50,000 bytes, and nobody types one.
fn patterns(query: &TextQuery) -> String {
    let pattern = |phrase: &String| {
        let mut pattern = String::from("%");
        for c in phrase.chars().take(500) {
            if matches!(c, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        pattern.push('%');
        pattern
    };
    list(query.phrases.iter().map(pattern))
}

/// The query in the language of FTS5. There every phrase is a string, so no word of a person's is
/// taken for an operator. A quotation mark would end the string and a zero the whole query; neither
/// is part of a word.
fn expression(query: &TextQuery) -> Option<String> {
    let phrases: Vec<String> = query
        .phrases
        .iter()
        .map(|phrase| format!("\"{}\"", phrase.replace(['"', '\0'], " ")))
        .collect();
    let mark = if query.last_is_prefix { " *" } else { "" };
    (!phrases.is_empty()).then(|| phrases.join(" ") + mark)
}

#[derive(FromRow)]
struct FoundRow {
    #[sqlx(flatten)]
    summary: SummaryRow,
    titled: bool,
    at_ms: i64,
    hits: i64,
    message_id: Option<String>,
    role: Option<String>,
    model_name: Option<String>,
    written_at_ms: Option<i64>,
    content: Option<String>,
    notes: Option<String>,
}

impl FoundRow {
    fn found(self) -> Result<FoundConversation, StoreError> {
        let conversation = self.summary.summary()?;
        let message = match (self.message_id, self.role, self.written_at_ms, self.content) {
            (Some(id), Some(role), Some(created_at_ms), Some(content)) => Some(FoundText {
                id: parse("message id", &id)?,
                role: from_word("role", role)?,
                model_name: self.model_name,
                created_at_ms,
                content,
            }),
            _ => None,
        };
        Ok(FoundConversation {
            place: SearchCursor {
                titled: self.titled,
                at_ms: self.at_ms,
                id: conversation.id,
            },
            conversation,
            message,
            message_count: unsigned("number of messages", self.hits)?,
            notes: self.notes,
        })
    }
}

#[cfg(test)]
mod tests;
