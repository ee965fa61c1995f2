use super::*;
use crate::fixture::conversation;

struct Place {
    folder: tempfile::TempDir,
    copies: DatabaseCopies,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let copies = DatabaseCopies::beside(folder.path().join("sirocco.db"));
        Self { folder, copies }
    }

    async fn open(&self) -> Store {
        Store::open(&self.copies.database).await.unwrap()
    }

    async fn ids(&self) -> Vec<String> {
        let copies = self.copies.list().await.unwrap();
        copies.into_iter().map(|copy| copy.id).collect()
    }

    fn put(&self, id: &str) {
        std::fs::write(self.copies.path_of(id), "no database").unwrap();
    }
}

async fn titles(store: &Store) -> Vec<String> {
    let titles = sqlx::query_scalar("select title from conversations order by title");
    titles.fetch_all(&store.reader).await.unwrap()
}

#[tokio::test]
async fn a_copy_that_was_gone_back_to_and_what_was_left_are_both_there() {
    let place = Place::new();
    let store = place.open().await;
    store.note_version("1.2.3").await.unwrap();
    conversation(&store, "old", 1).await;
    place.copies.make(&store, 5).await.unwrap();
    conversation(&store, "new", 2).await;
    place.copies.plan_to_go_back("copy-5", 7).unwrap();
    assert_eq!(place.copies.planned().as_deref(), Some("copy-5"));
    store.close().await;

    assert!(place.copies.go_back().await.unwrap().is_none());
    assert_eq!(place.copies.planned(), None);
    let store = place.open().await;
    assert_eq!(titles(&store).await, ["old"]);
    let copies = place.copies.list().await.unwrap();
    let said: Vec<_> = copies
        .iter()
        .map(|copy| (copy.id.as_str(), copy.reason, copy.version.as_deref()))
        .collect();
    let expected = [
        ("left-7", DatabaseCopyReason::WentBack, Some("1.2.3")),
        ("copy-5", DatabaseCopyReason::Asked, Some("1.2.3")),
    ];
    assert_eq!(said, expected);
    assert!(
        copies
            .iter()
            .all(|copy| copy.usable == DatabaseCopyUse::Usable)
    );

    place.copies.plan_to_go_back("left-7", 9).unwrap();
    store.close().await;
    assert!(place.copies.go_back().await.unwrap().is_none());
    assert_eq!(titles(&place.open().await).await, ["new", "old"]);
}

#[tokio::test]
async fn a_log_that_was_not_folded_in_stays_with_what_was_left() {
    let place = Place::new();
    let store = place.open().await;
    place.copies.make(&store, 5).await.unwrap();
    conversation(&store, "only in the log", 2).await;
    // As a killed process leaves them.
    let elsewhere = tempfile::tempdir().unwrap();
    for name in ["sirocco.db", "sirocco.db-wal"] {
        let from = place.folder.path().join(name);
        std::fs::copy(from, elsewhere.path().join(name)).unwrap();
    }
    store.close().await;
    for name in ["sirocco.db", "sirocco.db-wal"] {
        let from = elsewhere.path().join(name);
        std::fs::copy(from, place.folder.path().join(name)).unwrap();
    }
    place.copies.plan_to_go_back("copy-5", 7).unwrap();
    assert!(place.copies.go_back().await.unwrap().is_none());
    let left = Store::open(place.copies.path_of("left-7")).await.unwrap();
    assert_eq!(titles(&left).await, ["only in the log"]);
    let store = place.open().await;
    assert!(titles(&store).await.is_empty());
}

#[tokio::test]
async fn what_was_cut_off_is_taken_up_at_each_of_its_steps() {
    let place = Place::new();
    let store = place.open().await;
    place.copies.make(&store, 5).await.unwrap();
    conversation(&store, "new", 2).await;
    place.copies.plan_to_go_back("copy-5", 7).unwrap();
    store.close().await;
    // The database was moved away, and the copy not yet put in its place.
    std::fs::rename(&place.copies.database, place.copies.path_of("left-7")).unwrap();
    assert!(place.copies.go_back().await.unwrap().is_none());
    assert!(titles(&place.open().await).await.is_empty());
    // Only the plan was not yet removed.
    place.copies.plan_to_go_back("copy-5", 7).unwrap();
    assert!(place.copies.go_back().await.unwrap().is_none());
    assert_eq!(place.ids().await, ["left-7", "copy-5"]);
    let left = Store::open(place.copies.path_of("left-7")).await.unwrap();
    assert_eq!(titles(&left).await, ["new"]);
}

#[tokio::test]
async fn a_copy_that_is_none_changes_nothing_and_is_not_tried_again() {
    let place = Place::new();
    let store = place.open().await;
    conversation(&store, "kept", 1).await;
    store.close().await;
    place.put("copy-5");
    let copies = place.copies.list().await.unwrap();
    assert_eq!(copies[0].usable, DatabaseCopyUse::Unreadable);
    place.copies.plan_to_go_back("copy-5", 7).unwrap();
    assert!(place.copies.go_back().await.unwrap().is_some());
    assert_eq!(place.copies.planned(), None);
    assert_eq!(titles(&place.open().await).await, ["kept"]);
    assert_eq!(place.ids().await, ["copy-5"]);
}

#[tokio::test]
async fn a_copy_of_a_newer_version_says_so() {
    let place = Place::new();
    let store = place.open().await;
    sqlx::query("update _sqlx_migrations set version = 9999 where version = 1")
        .execute(&store.writer)
        .await
        .unwrap();
    place.copies.make(&store, 5).await.unwrap();
    let copies = place.copies.list().await.unwrap();
    assert_eq!(copies[0].usable, DatabaseCopyUse::Newer);
}

#[tokio::test]
async fn three_copies_made_unasked_stay_for_thirty_days_and_those_asked_for_as_long_as_wanted() {
    let place = Place::new();
    let now_ms = 100 * LONGEST_MS;
    let recent = ["left-1", "left-2", "left-3", "left-4"].map(|id| {
        let (kind, day) = id.split_once('-').unwrap();
        format!("{kind}-{}", now_ms - 10 + day.parse::<i64>().unwrap())
    });
    for id in &recent {
        place.put(id);
    }
    for id in [
        "copy-1",
        "left-1",
        "before-0002.partial",
        "coming",
        "else-1",
    ] {
        place.put(id);
    }
    place.copies.prune(now_ms).unwrap();
    let mut expected: Vec<_> = recent.into_iter().rev().take(3).collect();
    expected.push("copy-1".into());
    assert_eq!(place.ids().await, expected);
    assert!(!place.copies.path_of("coming").exists());
    assert!(!place.copies.path_of("before-0002.partial").exists());
    assert!(place.copies.path_of("else-1").exists());
    place.copies.prune(now_ms + LONGEST_MS).unwrap();
    assert_eq!(place.ids().await, ["copy-1"]);
}

#[tokio::test]
async fn only_copies_can_be_deleted_and_a_plan_goes_with_its_copy() {
    let place = Place::new();
    place.put("copy-5");
    place.put("else-5");
    for id in ["else-5", "../sirocco.db", "copy-6", "copy-+5", ""] {
        let missing = place.copies.delete(id);
        assert!(matches!(missing, Err(StoreError::NotFound { .. })), "{id}");
    }
    place.copies.plan_to_go_back("copy-5", 7).unwrap();
    place.copies.delete("copy-5").unwrap();
    assert_eq!(place.copies.planned(), None);
    assert!(place.ids().await.is_empty());
}

#[test]
fn a_version_is_a_number_and_back() {
    for (version, back) in [
        ("1.2.3", Some("1.2.3")),
        ("0.10.0-rc.1", Some("0.10.0")),
        ("0.0.0", None),
        ("next", None),
    ] {
        assert_eq!(version_of(number_of(version)).as_deref(), back);
    }
}
