//! Opening: refuse what is newer or foreign, copy aside, migrate, then make the connections.

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use sirocco_protocol::RuntimeName;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use crate::error::CopyAsideError;
use crate::{Store, StoreError};

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Pages are short; four readers are more than two cores can use.
const READERS: u32 = 4;

impl Store {
    /// Opens the database at `path`, making or migrating it as needed. The folder must exist.
    ///
    /// A database that is about to be migrated is copied next to itself first, as
    /// `sirocco.db.before-0002` for migration 2.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] and [`StoreError::Foreign`] before anything is written;
    /// [`StoreError::Open`], [`StoreError::CopyAside`], [`StoreError::Migrate`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        open_with(path.as_ref(), &MIGRATIONS, Aside::Copied).await
    }

    /// As [`Self::open`], for a database that took the place of another one just now, and lies beside itself as the copy
    /// it is of: made once more, it would take the name of the copy of an earlier migration.
    ///
    /// # Errors
    /// Those of [`Self::open`] but for [`StoreError::CopyAside`].
    pub async fn open_gone_back(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        open_with(path.as_ref(), &MIGRATIONS, Aside::There).await
    }

    /// A database that ends with its handle, and no byte of which is ever in a file.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_in_memory() -> Result<Self, StoreError> {
        let path = Path::new(":memory:");
        let options = SqliteConnectOptions::new()
            .in_memory(true)
            // Nor may what is sorted or undone lie in a file for a while.
            .pragma("temp_store", "memory")
            .foreign_keys(true);
        // Every connection would have a database of its own, so readers share the writer's.
        let writer = pool(1, options, path).await?;
        migrate(&writer, &MIGRATIONS, path).await?;
        Ok(Self {
            reader: writer.clone(),
            writer,
            runtimes: judging_for_all(),
        })
    }

    /// Waits for what is being written and closes the file; the log is folded into it.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// Until it is said which runtimes there are.
fn judging_for_all() -> Arc<RwLock<Arc<[RuntimeName]>>> {
    Arc::new(RwLock::new(RuntimeName::ALL.into()))
}

/// The copy of a database that is about to be migrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aside {
    /// It is made.
    Copied,
    /// There is one.
    There,
}

pub(crate) async fn open_with(
    path: &Path,
    migrations: &Migrator,
    aside: Aside,
) -> Result<Store, StoreError> {
    let known = newest(migrations);
    let found = schema_of(path).await?;
    if let Some(found) = found
        && found > known
    {
        return Err(StoreError::NewerSchema {
            path: path.to_owned(),
            found,
            known,
        });
    }

    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5));
    let writing = options
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // One sync per commit. A run saves its text every 2 s, so that is cheap, and what was
        // answered as saved is still there after a power cut.
        .synchronous(SqliteSynchronous::Full);
    let writer = pool(1, writing, path).await?;
    if let Some(found) = found.filter(|found| (1..known).contains(found))
        && aside == Aside::Copied
    {
        copy_aside(&writer, path, next(migrations, found)).await?;
    }
    migrate(&writer, migrations, path).await?;
    let reader = pool(READERS, options.read_only(true), path).await?;
    Ok(Store {
        reader,
        writer,
        runtimes: judging_for_all(),
    })
}

async fn pool(
    size: u32,
    options: SqliteConnectOptions,
    path: &Path,
) -> Result<SqlitePool, StoreError> {
    SqlitePoolOptions::new()
        .max_connections(size)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options)
        .await
        .map_err(|source| StoreError::Open {
            path: path.to_owned(),
            source,
        })
}

async fn migrate(
    writer: &SqlitePool,
    migrations: &Migrator,
    path: &Path,
) -> Result<(), StoreError> {
    migrations
        .run(writer)
        .await
        .map_err(|source| StoreError::Migrate {
            path: path.to_owned(),
            source: Box::new(source),
        })
}

pub(crate) fn newest(migrations: &Migrator) -> i64 {
    migrations
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

fn next(migrations: &Migrator, found: i64) -> i64 {
    migrations
        .iter()
        .map(|migration| migration.version)
        .filter(|version| *version > found)
        .min()
        .unwrap_or(found)
}

/// The newest migration applied to the file; none if there is no file yet or it is empty.
///
/// sqlx would also refuse an unknown migration, but only after it has written to the file.
async fn schema_of(path: &Path) -> Result<Option<i64>, StoreError> {
    if std::fs::metadata(path).map_or(true, |file| file.len() == 0) {
        return Ok(None);
    }
    let looked_at = async {
        let mut connection = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .busy_timeout(Duration::from_secs(5))
            .connect()
            .await?;
        let schema = schema_in(&mut connection).await;
        connection.close().await?;
        schema
    };
    match looked_at.await {
        Ok(Schema::Empty) => Ok(None),
        Ok(Schema::Version(version)) => Ok(Some(version)),
        Ok(Schema::Foreign) => Err(StoreError::Foreign {
            path: path.to_owned(),
        }),
        Err(source) => Err(StoreError::Open {
            path: path.to_owned(),
            source,
        }),
    }
}

pub(crate) enum Schema {
    Empty,
    Version(i64),
    Foreign,
}

pub(crate) async fn schema_in(connection: &mut SqliteConnection) -> Result<Schema, sqlx::Error> {
    let (tables, migrated): (i64, i64) = sqlx::query_as(
        "select count(*), count(*) filter (where name = '_sqlx_migrations')
         from sqlite_schema where type = 'table'",
    )
    .fetch_one(&mut *connection)
    .await?;
    Ok(match (tables, migrated) {
        (0, _) => Schema::Empty,
        (_, 0) => Schema::Foreign,
        _ => Schema::Version(
            sqlx::query_scalar("select coalesce(max(version), 0) from _sqlx_migrations")
                .fetch_one(connection)
                .await?,
        ),
    })
}

/// Copies the database, its log included, to `<path>.before-<migration>`, replacing the copy of an
/// earlier attempt.
async fn copy_aside(writer: &SqlitePool, path: &Path, migration: i64) -> Result<(), StoreError> {
    let copy = with_suffix(path, &format!(".before-{migration:04}"));
    copy_into(writer, &copy)
        .await
        .map_err(|source| StoreError::CopyAside {
            path: copy.clone(),
            source,
        })?;
    tracing::info!(copy = %copy.display(), "copied the database aside before migrating it");
    Ok(())
}

/// Copies a database, its log included, as one file. The name appears only once the copy is whole and on the disk.
pub(crate) async fn copy_into(from: &SqlitePool, copy: &Path) -> Result<(), CopyAsideError> {
    let partial = with_suffix(copy, ".partial");
    match std::fs::remove_file(&partial) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let name = partial.to_str().ok_or_else(|| {
        std::io::Error::new(std::io::ErrorKind::InvalidFilename, "path is not UTF-8")
    })?;
    sqlx::query("vacuum into ?1")
        .bind(name)
        .execute(from)
        .await?;
    std::fs::OpenOptions::new()
        .write(true)
        .open(&partial)?
        .sync_all()?;
    std::fs::rename(&partial, copy)?;
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sirocco_protocol::Parameters;
    use sqlx::migrate::{Migration, MigrationType};

    fn with_a_second_migration() -> Migrator {
        let mut migrations: Vec<Migration> = MIGRATIONS.iter().cloned().collect();
        migrations.push(Migration::new(
            newest(&MIGRATIONS) + 1,
            "later".into(),
            MigrationType::Simple,
            sqlx::SqlSafeStr::into_sql_str("create table later (id text primary key) strict"),
            false,
        ));
        Migrator::with_migrations(migrations)
    }

    async fn settings_count(path: &Path) -> i64 {
        let mut connection = SqliteConnectOptions::new()
            .filename(path)
            .connect()
            .await
            .unwrap();
        sqlx::query_scalar("select count(*) from settings")
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_new_file_is_made_and_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sirocco.db");
        for _ in 0..2 {
            let store = Store::open(&path).await.unwrap();
            let (mode, keys, synchronous): (String, i64, i64) = sqlx::query_as(
                "select (select * from pragma_journal_mode), (select * from pragma_foreign_keys),
                        (select * from pragma_synchronous)",
            )
            .fetch_one(&store.writer)
            .await
            .unwrap();
            assert_eq!((mode.as_str(), keys, synchronous), ("wal", 1, 2));
            store.close().await;
        }
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(names.len(), 1, "closing folds the log into the file");
    }

    #[tokio::test]
    async fn a_newer_database_is_refused_and_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sirocco.db");
        open_with(&path, &with_a_second_migration(), Aside::Copied)
            .await
            .unwrap()
            .close()
            .await;
        let before = std::fs::read(&path).unwrap();

        let error = Store::open(&path).await.err().unwrap();
        assert!(
            matches!(error, StoreError::NewerSchema { found, known, .. } if found == known + 1)
        );
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[tokio::test]
    async fn an_older_database_is_copied_aside_then_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sirocco.db");
        let store = Store::open(&path).await.unwrap();
        store.set_settings(&Default::default()).await.unwrap();
        let rows = settings_count(&path).await;
        store.close().await;
        let copy = folder
            .path()
            .join(format!("sirocco.db.before-{:04}", newest(&MIGRATIONS) + 1));
        std::fs::write(&copy, "the copy of an earlier attempt").unwrap();

        let store = open_with(&path, &with_a_second_migration(), Aside::Copied)
            .await
            .unwrap();
        assert_eq!(settings_count(&copy).await, rows);
        assert_eq!(
            schema_of(&copy).await.unwrap(),
            Some(newest(&MIGRATIONS)),
            "the copy has the old schema"
        );
        sqlx::query("select * from later")
            .fetch_all(&store.reader)
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn going_back_to_a_copy_of_before_a_migration_leaves_the_copies_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sirocco.db");
        Store::open(&path).await.unwrap().close().await;
        let copy = folder
            .path()
            .join(format!("sirocco.db.before-{:04}", newest(&MIGRATIONS) + 1));
        std::fs::write(&copy, "made before another migration").unwrap();

        let later = with_a_second_migration();
        let store = open_with(&path, &later, Aside::There).await.unwrap();
        sqlx::query("select * from later")
            .fetch_all(&store.reader)
            .await
            .unwrap();
        let kept = std::fs::read_to_string(&copy).unwrap();
        assert_eq!(kept, "made before another migration");
    }

    /// The schema as it was before this migration.
    fn before(version: i64) -> Migrator {
        let older = MIGRATIONS.iter().filter(|one| one.version < version);
        Migrator::with_migrations(older.cloned().collect())
    }

    #[tokio::test]
    async fn conversations_keep_what_they_have_when_defaults_begin_to_fall_through() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sirocco.db");
        let old = open_with(&path, &before(5), Aside::Copied).await.unwrap();
        sqlx::raw_sql(
            r#"
            insert into settings (key, value) values
                ('default_system_prompt', '""'),
                ('default_parameters', '{"temperature":0.2,"top_k":null,"max_tokens":64,"stop":[]}');
            insert into conversations (id, title, title_folded, title_is_automatic, created_at_ms,
                updated_at_ms, parameters, system_prompt)
            values
                ('01890000-0000-7000-8000-000000000001', 'a', 'a', 1, 1, 1,
                 '{"temperature":null,"top_k":5,"seed":18446744073709551615,"stop":[]}', ''),
                ('01890000-0000-7000-8000-000000000002', 'b', 'b', 1, 1, 1,
                 '{"temperature":0.2,"max_tokens":9,"stop":["END"]}', 'Be brief.');
            "#,
        )
        .execute(&old.writer)
        .await
        .unwrap();
        old.close().await;

        let store = Store::open(&path).await.unwrap();
        let settings = async |id: &str| {
            let conversation = store.conversation(id.parse().unwrap()).await.unwrap();
            assert_eq!(conversation.settings.preset_id, None);
            conversation.settings.values
        };
        let plain = settings("01890000-0000-7000-8000-000000000001").await;
        let expected = Parameters {
            temperature: Some(0.7),
            top_k: Some(5),
            seed: Some(u64::MAX),
            max_tokens: Some(1_000_000),
            ..Parameters::default()
        };
        assert_eq!((plain.system_prompt, plain.parameters), (None, expected));
        let own = settings("01890000-0000-7000-8000-000000000002").await;
        let expected = Parameters {
            temperature: Some(0.2),
            max_tokens: Some(9),
            stop: Some(vec!["END".into()]),
            ..Parameters::default()
        };
        assert_eq!(own.system_prompt.as_deref(), Some("Be brief."));
        assert_eq!(own.parameters, expected);
        let defaults = store.settings().await.unwrap().default_parameters;
        assert_eq!((defaults.temperature, defaults.stop), (Some(0.2), None));
    }

    #[tokio::test]
    async fn the_trash_of_an_older_database_begins_with_the_upgrade() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sirocco.db");
        let old = open_with(&path, &before(14), Aside::Copied).await.unwrap();
        let now_ms = async || -> i64 {
            sqlx::query_scalar("select cast(unixepoch('subsec') * 1000 as integer)")
                .fetch_one(&old.reader)
                .await
                .unwrap()
        };
        let before_ms = now_ms().await;
        old.close().await;

        let store = Store::open(&path).await.unwrap();
        let began_ms = store.trash_begin_ms().await.unwrap();
        assert!(began_ms >= before_ms);
        store.close().await;
        let again = Store::open(&path).await.unwrap();
        assert_eq!(again.trash_begin_ms().await.unwrap(), began_ms);
    }

    #[tokio::test]
    async fn a_database_whose_log_was_not_folded_in_is_read_with_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sirocco.db");
        let store = Store::open(&path).await.unwrap();
        store.set_settings(&Default::default()).await.unwrap();
        // What a killed app leaves: the file and its log, no index of the log.
        let killed = folder.path().join("killed.db");
        std::fs::copy(&path, &killed).unwrap();
        std::fs::copy(
            folder.path().join("sirocco.db-wal"),
            folder.path().join("killed.db-wal"),
        )
        .unwrap();

        let again = Store::open(&killed).await.unwrap();
        again.close().await;
        assert!(settings_count(&killed).await > 0);
    }

    #[tokio::test]
    async fn files_that_are_not_ours_are_refused_and_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("text.db");
        std::fs::write(&text, "dear diary, ".repeat(100)).unwrap();
        let before = std::fs::read(&text).unwrap();
        assert!(matches!(
            Store::open(&text).await,
            Err(StoreError::Open { .. })
        ));
        assert_eq!(std::fs::read(&text).unwrap(), before);

        let other = folder.path().join("other.db");
        let mut connection = SqliteConnectOptions::new()
            .filename(&other)
            .create_if_missing(true)
            .connect()
            .await
            .unwrap();
        sqlx::query("create table recipes (name text)")
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        let before = std::fs::read(&other).unwrap();
        assert!(matches!(
            Store::open(&other).await,
            Err(StoreError::Foreign { .. })
        ));
        assert_eq!(std::fs::read(&other).unwrap(), before);
    }
}
