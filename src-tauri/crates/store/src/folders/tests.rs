use super::*;
use crate::fixture::conversation;
use sirocco_protocol::{ConversationId, Organising};

async fn folder(store: &Store, name: &str, parent_id: Option<FolderId>) -> FolderId {
    let folder = Folder {
        id: FolderId::fresh(),
        parent_id,
        name: name.into(),
    };
    store.add_folder(&folder, 1).await.unwrap();
    folder.id
}

/// A conversation in a folder.
async fn filed(store: &Store, title: &str, folder_id: FolderId) -> ConversationId {
    let id = conversation(store, title, 1).await.summary.id;
    let into = Organising::Move {
        folder_id: Some(folder_id),
    };
    store.organise(&[id], &into, 2).await.unwrap();
    id
}

/// The folders as `name` or `name in other`.
async fn forest(store: &Store) -> Vec<String> {
    let folders = store.list_folders().await.unwrap();
    let name_of = |id| {
        let found = folders.iter().find(|folder| folder.id == id);
        found.map_or("nothing", |folder| folder.name.as_str())
    };
    let line = |folder: &Folder| match folder.parent_id {
        Some(parent) => format!("{} in {}", folder.name, name_of(parent)),
        None => folder.name.clone(),
    };
    folders.iter().map(line).collect()
}

async fn place_of(store: &Store, id: ConversationId) -> Option<FolderId> {
    store.conversation(id).await.unwrap().summary.folder_id
}

fn is_missing<T>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::NotFound { what: "folder", .. }))
}

#[tokio::test]
async fn folders_are_listed_by_name_and_renamed() {
    let store = Store::open_in_memory().await.unwrap();
    let work = folder(&store, "work", None).await;
    folder(&store, "Art", Some(work)).await;
    assert_eq!(forest(&store).await, ["Art in work", "work"]);
    let renamed = store.rename_folder(work, "Zoo").await.unwrap();
    assert_eq!(renamed.name, "Zoo");
    assert_eq!(forest(&store).await, ["Art in Zoo", "Zoo"]);
    assert!(is_missing(
        store.rename_folder(FolderId::fresh(), "x").await
    ));
    let lost = Folder {
        id: FolderId::fresh(),
        parent_id: Some(FolderId::fresh()),
        name: "lost".into(),
    };
    assert!(is_missing(store.add_folder(&lost, 1).await));
}

#[tokio::test]
async fn a_folder_moves_anywhere_but_into_itself() {
    let store = Store::open_in_memory().await.unwrap();
    let a = folder(&store, "a", None).await;
    let b = folder(&store, "b", Some(a)).await;
    let c = folder(&store, "c", Some(b)).await;
    for inside in [a, b, c] {
        let error = store.move_folder(a, Some(inside)).await.unwrap_err();
        assert!(matches!(error, StoreError::FolderInItself { folder } if folder == a));
    }
    store.move_folder(c, Some(a)).await.unwrap();
    assert_eq!(forest(&store).await, ["a", "b in a", "c in a"]);
    store.move_folder(b, None).await.unwrap();
    store.move_folder(a, Some(b)).await.unwrap();
    assert_eq!(forest(&store).await, ["a in b", "b", "c in a"]);
    assert!(is_missing(
        store.move_folder(a, Some(FolderId::fresh())).await
    ));
}

#[tokio::test]
async fn what_lies_in_a_deleted_folder_moves_up_and_comes_back_with_it() {
    let store = Store::open_in_memory().await.unwrap();
    let top = folder(&store, "top", None).await;
    let middle = folder(&store, "middle", Some(top)).await;
    folder(&store, "low", Some(middle)).await;
    let talk = filed(&store, "talk", middle).await;
    let gone = filed(&store, "gone", middle).await;
    store.delete_conversation(gone, 3).await.unwrap();

    let moved = store.delete_folder(middle, 4).await.unwrap();
    assert_eq!(moved.len(), 1, "what is in the trash is no news");
    assert_eq!(moved[0].folder_id, Some(top));
    assert_eq!(forest(&store).await, ["low in top", "top"]);
    assert!(is_missing(store.delete_folder(middle, 5).await));
    store.restore_conversation(gone).await.unwrap();
    assert_eq!(place_of(&store, gone).await, Some(top));

    let (folder, moved) = store.restore_folder(middle).await.unwrap();
    assert_eq!((folder.parent_id, moved.len()), (Some(top), 2));
    assert_eq!(
        forest(&store).await,
        ["low in middle", "middle in top", "top"]
    );
    assert_eq!(place_of(&store, talk).await, Some(middle));
    let (_, again) = store.restore_folder(middle).await.unwrap();
    assert!(again.is_empty());
}

#[tokio::test]
async fn what_was_moved_meanwhile_stays_and_a_lost_place_is_the_top() {
    let store = Store::open_in_memory().await.unwrap();
    let top = folder(&store, "top", None).await;
    let other = folder(&store, "other", None).await;
    let inner = folder(&store, "inner", Some(top)).await;
    let talk = filed(&store, "talk", inner).await;
    store.delete_folder(inner, 3).await.unwrap();
    let elsewhere = Organising::Move {
        folder_id: Some(other),
    };
    store.organise(&[talk], &elsewhere, 4).await.unwrap();
    store.delete_folder(top, 5).await.unwrap();
    let (folder, moved) = store.restore_folder(inner).await.unwrap();
    assert_eq!((folder.parent_id, moved.len()), (None, 0));
    assert_eq!(place_of(&store, talk).await, Some(other));
    assert!(is_missing(store.restore_folder(FolderId::fresh()).await));
}
