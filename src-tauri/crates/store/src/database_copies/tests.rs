use std::time::Duration;

use super::*;
use crate::fixture::conversation;

/// When the app starts again.
const NOW_MS: i64 = 1_000;

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

    async fn goes_back(&self) -> bool {
        let gone = self.copies.go_back(NOW_MS).await.unwrap();
        matches!(gone, GoingBack::Done)
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

    assert!(place.goes_back().await);
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
    assert!(place.goes_back().await);
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
    assert!(place.goes_back().await);
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
    assert!(place.goes_back().await);
    assert!(titles(&place.open().await).await.is_empty());
    // Only the plan was not yet removed.
    place.copies.plan_to_go_back("copy-5", 7).unwrap();
    assert!(place.goes_back().await);
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
    assert!(!place.goes_back().await);
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
async fn copies_nobody_asked_for_stay_for_thirty_days_and_three_of_upgrades() {
    let place = Place::new();
    let now_ms = 100 * LONGEST_MS;
    let left: Vec<_> = (1..=4)
        .map(|back| format!("left-{}", now_ms - back))
        .collect();
    let of_upgrades: Vec<_> = (1..=4)
        .map(|version| format!("before-000{version}"))
        .collect();
    let cut_off = ["before-0002.partial".to_owned(), "coming".to_owned()];
    let others = ["copy-1", "left-1", "else-1"].map(str::to_owned);
    for id in left.iter().chain(&of_upgrades).chain(&others) {
        place.put(id);
    }
    for (minute, id) in (0_u64..).zip(&of_upgrades) {
        let at_ms = u64::try_from(now_ms).unwrap() - 60_000 * (10 - minute);
        let file = std::fs::File::options()
            .write(true)
            .open(place.copies.path_of(id))
            .unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_millis(at_ms))
            .unwrap();
    }
    cut_off.iter().for_each(|name| place.put(name));
    place.copies.prune(now_ms).unwrap();
    let ids = place.ids().await;
    let newest = of_upgrades[1..].iter().rev();
    let expected: Vec<_> = left.iter().chain(newest).chain(&others[..1]).collect();
    assert_eq!(ids.iter().collect::<Vec<_>>(), expected);
    assert!(
        !cut_off
            .iter()
            .any(|name| place.copies.path_of(name).exists())
    );
    assert!(place.copies.path_of("else-1").exists());
    place.copies.prune(now_ms + LONGEST_MS).unwrap();
    assert_eq!(place.ids().await, ["copy-1"]);
}

#[tokio::test]
async fn what_lies_in_the_trash_of_a_copy_is_kept_for_its_days_from_then_on() {
    let place = Place::new();
    let store = place.open().await;
    place.copies.make(&store, 5).await.unwrap();
    place.copies.plan_to_go_back("copy-5", 7).unwrap();
    let before_ms = store.trash_begin_ms().await.unwrap();
    store.close().await;
    assert!(place.goes_back().await);
    let begin_ms = place.open().await.trash_begin_ms().await.unwrap();
    assert_eq!(begin_ms, NOW_MS);
    let left = Store::open(place.copies.path_of("left-7")).await.unwrap();
    assert_eq!(left.trash_begin_ms().await.unwrap(), before_ms);
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
