use super::*;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

struct Folder(Home);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("sirocco-instance-{name}-{}", std::process::id());
        Self(Home::at(std::env::temp_dir().join(name)))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.0.path());
    }
}

async fn owned(home: &Home) -> Ownership {
    match acquire(home, LONG).await.unwrap() {
        Acquired::Mine(ownership) => ownership,
        Acquired::Taken(owner) => panic!("it belongs to {owner:?}"),
    }
}

async fn found(home: &Home, patience: Duration) -> Option<Owner> {
    match acquire(home, patience).await.unwrap() {
        Acquired::Taken(owner) => owner,
        Acquired::Mine(_) => panic!("it was free"),
    }
}

fn owner() -> Owner {
    Owner {
        pid: 1,
        host: HostKind::Window,
        address: "http://127.0.0.1:1".into(),
        token: fresh_token().unwrap(),
    }
}

#[tokio::test]
async fn the_second_process_finds_the_first() {
    let Folder(home) = &Folder::new("second");
    let mut first = owned(home).await;
    let us = owner();
    first.announce(&us).unwrap();
    assert_eq!(found(home, Duration::ZERO).await, Some(us));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(home.owner())
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    drop(first);
    owned(home).await;
}

#[tokio::test]
async fn an_owner_that_starts_is_waited_for_until_it_is_announced() {
    let Folder(home) = &Folder::new("starts");
    let mut first = owned(home).await;
    assert_eq!(found(home, Duration::ZERO).await, None, "not announced yet");
    let us = owner();
    let (found, ()) = tokio::join!(found(home, LONG), async {
        tokio::task::yield_now().await;
        first.announce(&us).unwrap();
    });
    assert_eq!(found, Some(us));
}

#[tokio::test]
async fn an_owner_that_does_not_start_leaves_the_folder_to_who_waits() {
    let Folder(home) = &Folder::new("fails");
    let first = owned(home).await;
    let (second, ()) = tokio::join!(owned(home), async {
        tokio::task::yield_now().await;
        drop(first);
    });
    assert_eq!(second.home(), home);
}

#[tokio::test]
async fn an_owner_that_ends_is_not_reached_but_waited_for() {
    let Folder(home) = &Folder::new("ends");
    let mut first = owned(home).await;
    first.announce(&owner()).unwrap();
    first.withdraw().await.unwrap();
    assert_eq!(found(home, Duration::ZERO).await, None, "it is ending");
    let (second, ()) = tokio::join!(owned(home), async {
        tokio::task::yield_now().await;
        drop(first);
    });
    drop(second);
}

#[tokio::test]
async fn the_end_of_an_owner_can_be_waited_for() {
    let Folder(home) = &Folder::new("free");
    let mut first = owned(home).await;
    first.announce(&owner()).unwrap();
    assert!(!wait_until_free(home, Duration::ZERO).await.unwrap());
    let (free, ()) = tokio::join!(wait_until_free(home, LONG), async {
        tokio::task::yield_now().await;
        drop(first);
    });
    assert!(free.unwrap());
    owned(home).await;
}

#[tokio::test]
async fn what_a_killed_owner_left_is_nobody() {
    let Folder(home) = &Folder::new("killed");
    std::fs::create_dir_all(home.path()).unwrap();
    std::fs::write(home.owner(), serde_json::to_string(&owner()).unwrap()).unwrap();
    owned(home).await;
}

#[tokio::test]
async fn an_owner_that_waits_for_guests_lets_no_new_one_in() {
    let folder = Folder::new("guests");
    let home = folder.0.clone();
    let mut ownership = owned(&home).await;
    let owner = owner();
    ownership.announce(&owner).unwrap();
    let first = visit(&home, &owner, LONG).await.unwrap().unwrap();
    let second = visit(&home, &owner, LONG).await.unwrap().unwrap();
    drop(first);

    let waiting = tokio::spawn(async move {
        ownership.wait_for_guests().await.unwrap();
        ownership
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished(), "one guest is there");
    drop(second);
    let mut ownership = waiting.await.unwrap();

    let late = visit(&home, &owner, Duration::ZERO).await.unwrap();
    assert!(late.is_none(), "the owner is about to end");
    ownership.withdraw().await.unwrap();
    drop(ownership);
    let late = visit(&home, &owner, LONG).await.unwrap();
    assert!(late.is_none(), "the owner has ended");
}
