//! Search over all conversations, and in one.

use sirocco_chat::{Excerpt, Needle, SearchTerms};
use sirocco_protocol::commands::{MessageFind, MessageSearch};
use sirocco_protocol::{ErrorReport, FoundMessage, FoundNotes, MessageId, SearchResult};
use sirocco_store::{FoundConversation, FoundText, TextQuery};

use crate::App;
use crate::error::Report;
use crate::library::blocking;

impl App {
    pub(crate) async fn search_messages(
        &self,
        request: MessageSearch,
    ) -> Result<Vec<SearchResult>, ErrorReport> {
        let terms = SearchTerms::read(&request.query);
        let query = TextQuery {
            phrases: terms.phrases.clone(),
            last_is_prefix: terms.last_is_prefix,
            inside_words: terms.inside_words(),
        };
        let found = self.inner.store.search(&query, &request).await.report()?;
        let mut results: Vec<_> = found.into_iter().map(|one| result(&terms, one)).collect();
        for message in results.iter_mut().filter_map(|one| one.message.as_mut()) {
            if message.marks.is_empty() {
                self.show_attached(&terms, message).await?;
            }
        }
        Ok(results)
    }

    /// Shows where the words are in what is attached to a message that has them not itself.
    async fn show_attached(
        &self,
        terms: &SearchTerms,
        message: &mut FoundMessage,
    ) -> Result<(), ErrorReport> {
        let attached = self.inner.store.attached_to(message.id).await.report()?;
        if attached.is_empty() {
            return Ok(());
        }
        let terms = terms.clone();
        // A text of millions of characters takes longer than anything else may wait.
        let found = blocking(move || {
            attached
                .iter()
                .map(|one| terms.excerpt(&format!("{}: {}", one.name, one.text)))
                .find(|excerpt| !excerpt.marks.is_empty())
        })
        .await?;
        if let Some(Excerpt { text, marks }) = found {
            message.snippet = text;
            message.marks = marks;
        }
        Ok(())
    }

    pub(crate) async fn find_in_conversation(
        &self,
        request: MessageFind,
    ) -> Result<Vec<MessageId>, ErrorReport> {
        let store = self.store_of(request.conversation_id).await;
        let conversation = store.conversation(request.conversation_id).await.report()?;
        let (Some(needle), Some(head)) = (Needle::new(&request.query), conversation.head) else {
            return Ok(Vec::new());
        };
        let branch = store.branch(head).await.report()?;
        // Thousands of long messages take longer than anything else may wait.
        blocking(move || {
            let found = branch.into_iter().filter(|one| needle.is_in(&one.content));
            found.map(|one| one.id).collect()
        })
        .await
    }
}

fn result(terms: &SearchTerms, found: FoundConversation) -> SearchResult {
    SearchResult {
        title_marks: terms.marks(&found.conversation.title),
        conversation: found.conversation,
        message: found.message.map(|text| message(terms, text)),
        message_count: found.message_count,
        notes: found.notes.map(|notes| {
            let Excerpt { text, marks } = terms.excerpt(&notes);
            FoundNotes {
                snippet: text,
                marks,
            }
        }),
        place: found.place,
    }
}

fn message(terms: &SearchTerms, text: FoundText) -> FoundMessage {
    let Excerpt {
        text: snippet,
        marks,
    } = terms.excerpt(&text.content);
    FoundMessage {
        id: text.id,
        role: text.role,
        model_name: text.model_name,
        created_at_ms: text.created_at_ms,
        snippet,
        marks,
    }
}
