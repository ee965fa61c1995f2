//! Keeping many conversations: folders, tags, the archive, and one change of several at once.

use sirocco_protocol::commands::{ConversationOrganise, FolderCreate, FolderMove, FolderRename};
use sirocco_protocol::{
    ConversationId, ConversationSummary, ErrorCode, ErrorReport, Event, Folder, FolderId,
    Organising,
};

use crate::App;
use crate::clock::now_ms;
use crate::error::{Report, refuse};
use crate::presets::name_of;

/// Conversations that are changed at once.
const MOST_AT_ONCE: usize = 10_000;
/// Characters of a tag.
const LONGEST_TAG: usize = 50;

impl App {
    pub(crate) async fn organise(
        &self,
        request: ConversationOrganise,
    ) -> Result<Vec<ConversationSummary>, ErrorReport> {
        check_count(&request.ids)?;
        let change = match request.change {
            Organising::Tag { tag } => Organising::Tag { tag: tag_of(&tag)? },
            other => other,
        };
        let store = &self.inner.store;
        let rows = store
            .organise(&request.ids, &change, now_ms())
            .await
            .report()?;
        if change == Organising::Delete {
            for row in rows.iter().filter(|row| row.running) {
                for run in store.unfinished_runs(row.id).await.report()? {
                    self.inner.runs.stop(run.id);
                }
            }
        }
        self.organised(change, rows.clone());
        Ok(rows)
    }

    pub(crate) async fn create_folder(&self, request: FolderCreate) -> Result<Folder, ErrorReport> {
        let folder = Folder {
            id: FolderId::fresh(),
            parent_id: request.parent_id,
            name: name_of("a folder", &request.name)?,
        };
        self.inner
            .store
            .add_folder(&folder, now_ms())
            .await
            .report()?;
        self.folders_changed().await?;
        Ok(folder)
    }

    pub(crate) async fn rename_folder(&self, request: FolderRename) -> Result<Folder, ErrorReport> {
        let name = name_of("a folder", &request.name)?;
        let renamed = self.inner.store.rename_folder(request.id, &name).await;
        let folder = renamed.report()?;
        self.folders_changed().await?;
        Ok(folder)
    }

    pub(crate) async fn move_folder(&self, request: FolderMove) -> Result<Folder, ErrorReport> {
        let moved = self
            .inner
            .store
            .move_folder(request.id, request.parent_id)
            .await;
        let folder = moved.report()?;
        self.folders_changed().await?;
        Ok(folder)
    }

    pub(crate) async fn delete_folder(&self, id: FolderId) -> Result<(), ErrorReport> {
        let moved = self
            .inner
            .store
            .delete_folder(id, now_ms())
            .await
            .report()?;
        self.folders_changed().await?;
        // Where they lie now, each row says.
        let folder_id = moved.first().and_then(|row| row.folder_id);
        self.organised(Organising::Move { folder_id }, moved);
        Ok(())
    }

    pub(crate) async fn restore_folder(&self, id: FolderId) -> Result<Folder, ErrorReport> {
        let (folder, moved) = self.inner.store.restore_folder(id).await.report()?;
        self.folders_changed().await?;
        let folder_id = Some(folder.id);
        self.organised(Organising::Move { folder_id }, moved);
        Ok(folder)
    }

    fn organised(&self, change: Organising, conversations: Vec<ConversationSummary>) {
        if !conversations.is_empty() {
            self.emit(Event::ConversationsOrganised {
                change,
                conversations,
            });
        }
    }

    async fn folders_changed(&self) -> Result<(), ErrorReport> {
        let folders = self.inner.store.list_folders().await.report()?;
        self.emit(Event::FoldersChanged { folders });
        Ok(())
    }
}

/// Refuses no conversations, and more than one change may take.
pub(crate) fn check_count(ids: &[ConversationId]) -> Result<(), ErrorReport> {
    if (1..=MOST_AT_ONCE).contains(&ids.len()) {
        Ok(())
    } else {
        Err(refuse(
            ErrorCode::InvalidRequest,
            format!("between 1 and {MOST_AT_ONCE} conversations can be changed at once"),
        ))
    }
}

/// A tag as it is kept: in one line, without spaces that nobody sees.
fn tag_of(text: &str) -> Result<String, ErrorReport> {
    let tag = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if (1..=LONGEST_TAG).contains(&tag.chars().count()) {
        Ok(tag)
    } else {
        Err(refuse(
            ErrorCode::InvalidRequest,
            format!("a tag has 1 to {LONGEST_TAG} characters"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_one_short_line() {
        assert_eq!(tag_of("  to \n read ").unwrap(), "to read");
        assert!(tag_of(" \t").is_err());
        assert!(tag_of(&"x".repeat(LONGEST_TAG)).is_ok());
        assert!(tag_of(&"x".repeat(LONGEST_TAG + 1)).is_err());
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert!(check_count(&[]).is_err());
        let id = ConversationId::fresh();
        assert!(check_count(&[id]).is_ok());
        assert!(check_count(&vec![id; MOST_AT_ONCE + 1]).is_err());
    }
}
