//! Copies of the whole database, and going back to one of them.
//!
//! They lie beside the database and are named after it: `sirocco.db.before-0002` was made before migration 2,
//! `.copy-…` because somebody asked for it, `.left-…` is what there was when somebody went back to another one; the
//! number of the last two is the time. Going back is planned while the database is open and done by
//! [`DatabaseCopies::go_back`] before it is opened next.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sirocco_protocol::{DatabaseCopy, DatabaseCopyReason, DatabaseCopyUse};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection};

use crate::error::{Attempt, CopyAsideError};
use crate::open::{MIGRATIONS, Schema, copy_into, newest, schema_in};
use crate::{Store, StoreError};

/// Copies made before upgrades that stay.
const MOST_OF_UPGRADES: usize = 3;
/// How long copies stay that nobody asked for: what was deleted for good is in them.
const LONGEST_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Which copy takes the place of the database, and how the copy of the database is called then. In lines.
const PLAN: &str = "going-back";
/// The copy on its way into the place of the database.
const COMING: &str = "coming";

/// The copies beside a database, which may be open or not.
#[derive(Clone, Debug)]
pub struct DatabaseCopies {
    database: PathBuf,
}

struct Plan {
    copy: String,
    left: String,
}

/// What became of a plan to go back.
#[derive(Debug)]
pub enum GoingBack {
    /// There was none.
    NotPlanned,
    /// The database is what the copy was. The copy is there as well.
    Done,
    /// The database is as it was, for this reason, and the plan forgotten.
    NotDone(StoreError),
}

/// What the name and the file say of a copy.
struct Found {
    id: String,
    at_ms: i64,
    size_bytes: u64,
    reason: DatabaseCopyReason,
}

impl DatabaseCopies {
    /// Those of the database at this path.
    #[must_use]
    pub fn beside(database: impl Into<PathBuf>) -> Self {
        Self {
            database: database.into(),
        }
    }

    /// All of them, newest first.
    ///
    /// # Errors
    /// [`StoreError::Copies`] if the folder cannot be read.
    pub async fn list(&self) -> Result<Vec<DatabaseCopy>, StoreError> {
        let mut copies = Vec::new();
        for found in self.found()? {
            let (usable, version) = look_at(&self.path_of(&found.id)).await;
            copies.push(DatabaseCopy {
                id: found.id,
                at_ms: found.at_ms,
                size_bytes: found.size_bytes,
                reason: found.reason,
                version,
                usable,
            });
        }
        Ok(copies)
    }

    /// Copies the open database as it is now; nobody who writes waits for it.
    ///
    /// # Errors
    /// [`StoreError::CopyAside`]; there is no copy then.
    pub async fn make(&self, store: &Store, now_ms: i64) -> Result<(), StoreError> {
        let path = self.path_of(&format!("copy-{now_ms}"));
        copy_into(&store.reader, &path)
            .await
            .map_err(|source| StoreError::CopyAside { path, source })
    }

    /// Deletes a copy, and the plan to go back to it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Copies`].
    pub fn delete(&self, id: &str) -> Result<(), StoreError> {
        self.find(id)?;
        if self.planned().as_deref() == Some(id) {
            self.forget_plan()?;
        }
        let path = self.path_of(id);
        std::fs::remove_file(&path).map_err(failed("delete", &path))
    }

    /// The copy that takes the place of the database when that is opened next.
    #[must_use]
    pub fn planned(&self) -> Option<String> {
        self.plan().map(|plan| plan.copy)
    }

    /// Has a copy take the place of the database when that is opened next; what is there then becomes a copy that is
    /// named after this time.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Copies`].
    pub fn plan_to_go_back(&self, id: &str, now_ms: i64) -> Result<(), StoreError> {
        self.find(id)?;
        let path = self.path_of(PLAN);
        let written = self.path_of(&format!("{PLAN}.partial"));
        std::fs::write(&written, format!("{id}\nleft-{now_ms}\n"))
            .and_then(|()| std::fs::rename(&written, &path))
            .map_err(failed("write", &path))
    }

    /// Leaves the database as it is.
    ///
    /// # Errors
    /// [`StoreError::Copies`].
    pub fn forget_plan(&self) -> Result<(), StoreError> {
        let path = self.path_of(PLAN);
        remove_if_there(&path).map_err(failed("delete", &path))
    }

    /// Does what was planned. Nobody may have the database open.
    ///
    /// # Errors
    /// [`StoreError::Copies`] if there is no database now; the plan stays, and the next try goes on.
    pub async fn go_back(&self, now_ms: i64) -> Result<GoingBack, StoreError> {
        let Some(plan) = self.plan() else {
            return Ok(GoingBack::NotPlanned);
        };
        let followed = self.follow(&plan, now_ms).await;
        if let Err(problem) = followed {
            if !self.database.exists() {
                return Err(problem);
            }
            self.forget_plan()?;
            return Ok(GoingBack::NotDone(problem));
        }
        self.forget_plan()?;
        tracing::info!(copy = plan.copy, left = plan.left, "went back to a copy");
        Ok(GoingBack::Done)
    }

    async fn follow(&self, plan: &Plan, now_ms: i64) -> Result<(), StoreError> {
        let left = self.path_of(&plan.left);
        // The power went off behind the last step.
        if left.exists() && self.database.exists() {
            return Ok(());
        }
        let copy = self.path_of(&plan.copy);
        let coming = self.path_of(COMING);
        self.find(&plan.copy)?;
        let copied: Result<(), CopyAsideError> = async {
            remove_if_there(&coming)?;
            let pool = sqlx::sqlite::SqlitePoolOptions::new()
                .max_connections(1)
                .connect_with(unchanging(&copy))
                .await?;
            let copied = copy_into(&pool, &coming).await;
            pool.close().await;
            copied
        }
        .await;
        copied.map_err(|source| StoreError::CopyAside {
            path: coming.clone(),
            source,
        })?;
        let begun = begin_trash_anew(&coming, now_ms).await;
        begun.attempt("begin the trash of a copy anew")?;
        if self.database.exists() {
            self.fold_log().await?;
            std::fs::rename(&self.database, &left).map_err(failed("rename", &self.database))?;
        }
        std::fs::rename(&coming, &self.database).map_err(|error| {
            // It fails for the same reason, or the database is back.
            let _ = std::fs::rename(&left, &self.database);
            failed("rename", &coming)(error)
        })
    }

    /// Makes the database one file: a log of another database beside the copy would ruin it.
    async fn fold_log(&self) -> Result<(), StoreError> {
        let folded = async {
            let connection = SqliteConnectOptions::new()
                .filename(&self.database)
                .journal_mode(SqliteJournalMode::Delete)
                .connect()
                .await?;
            connection.close().await
        };
        folded.await.attempt("fold the log into the database")?;
        for side in ["-wal", "-shm"] {
            let mut path = self.database.as_os_str().to_owned();
            path.push(side);
            let path = PathBuf::from(path);
            if path.exists() {
                let still = std::io::Error::new(ErrorKind::ResourceBusy, "it is in use");
                return Err(failed("do without", &path)(still));
            }
        }
        Ok(())
    }

    /// Removes what was left by copying that was cut off, copies made before upgrades but the newest three, and every
    /// copy that nobody asked for when it is 30 days old. What was left by going back is the only place of what came
    /// before, so looking into more copies does not push it out. What cannot be removed stays until the next time.
    ///
    /// # Errors
    /// [`StoreError::Copies`] if the folder cannot be read.
    pub fn prune(&self, now_ms: i64) -> Result<(), StoreError> {
        for name in self.names()? {
            let partial = name.strip_suffix(".partial");
            if name == COMING || partial.is_some_and(|id| id == COMING || reason_of(id).is_some()) {
                let _ = std::fs::remove_file(self.path_of(&name));
            }
        }
        let planned = self.planned();
        let mut of_upgrades = 0;
        for one in self.found()? {
            let is_over = match one.reason {
                DatabaseCopyReason::Asked => false,
                DatabaseCopyReason::WentBack => is_old(&one, now_ms),
                DatabaseCopyReason::Upgrade => {
                    of_upgrades += 1;
                    of_upgrades > MOST_OF_UPGRADES || is_old(&one, now_ms)
                }
            };
            if is_over && planned.as_ref() != Some(&one.id) {
                tracing::info!(copy = one.id, "removing an old copy of the database");
                let _ = std::fs::remove_file(self.path_of(&one.id));
            }
        }
        Ok(())
    }

    fn plan(&self) -> Option<Plan> {
        let text = std::fs::read_to_string(self.path_of(PLAN)).ok()?;
        let (copy, left) = text.trim_end().split_once('\n')?;
        // Names of files: only those that are made here.
        let sound = reason_of(copy).is_some() && reason_of(left).is_some();
        sound.then(|| Plan {
            copy: copy.to_owned(),
            left: left.to_owned(),
        })
    }

    fn path_of(&self, id: &str) -> PathBuf {
        let mut path = self.database.as_os_str().to_owned();
        path.push(".");
        path.push(id);
        path.into()
    }

    fn find(&self, id: &str) -> Result<Found, StoreError> {
        let all = self.found()?;
        all.into_iter()
            .find(|one| one.id == id)
            .ok_or_else(|| StoreError::not_found("copy of the database", id))
    }

    /// All of them, newest first, without a look into them.
    fn found(&self) -> Result<Vec<Found>, StoreError> {
        let mut found: Vec<Found> = self
            .names()?
            .into_iter()
            .filter_map(|id| {
                let (reason, number) = reason_of(&id)?;
                let file = std::fs::metadata(self.path_of(&id)).ok()?;
                let at_ms = match reason {
                    DatabaseCopyReason::Upgrade => modified_ms(&file),
                    DatabaseCopyReason::Asked | DatabaseCopyReason::WentBack => number,
                };
                Some(Found {
                    at_ms,
                    size_bytes: file.len(),
                    reason,
                    id,
                })
            })
            .collect();
        found.sort_by(|a, b| (b.at_ms, &b.id).cmp(&(a.at_ms, &a.id)));
        Ok(found)
    }

    /// What follows the name of the database and a dot in the names of its neighbours.
    fn names(&self) -> Result<Vec<String>, StoreError> {
        let folder = self.database.parent().unwrap_or(Path::new(""));
        let name = self.database.file_name().unwrap_or_default();
        let prefix = format!("{}.", name.to_string_lossy());
        let entries = std::fs::read_dir(folder).map_err(failed("read", folder))?;
        let names = entries.flatten().filter_map(|entry| {
            let name = entry.file_name();
            Some(name.to_str()?.strip_prefix(&prefix)?.to_owned())
        });
        Ok(names.collect())
    }
}

impl Store {
    /// Writes into the file which version of the app it is of, for the copies of it.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn note_version(&self, version: &str) -> Result<(), StoreError> {
        let number = number_of(version);
        let noted: i64 = sqlx::query_scalar("pragma user_version")
            .fetch_one(&self.reader)
            .await
            .attempt("read the version of the database")?;
        if noted == number {
            return Ok(());
        }
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "pragma user_version = {number}"
        )))
        .execute(&self.writer)
        .await
        .attempt("write the version of the database")?;
        Ok(())
    }
}

/// `1.2.3` as 1002003: the file has one number for it.
fn number_of(version: &str) -> i64 {
    let numbers = version.split(['-', '+']).next().unwrap_or_default();
    let mut parts = numbers.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0_i64).clamp(0, 999);
    next() * 1_000_000 + next() * 1_000 + next()
}

fn version_of(number: i64) -> Option<String> {
    let version = || {
        format!(
            "{}.{}.{}",
            number / 1_000_000,
            number / 1_000 % 1_000,
            number % 1_000
        )
    };
    (number > 0).then(version)
}

/// Why a copy of this name was made, and the number in it; none if it is not the name of one.
fn reason_of(id: &str) -> Option<(DatabaseCopyReason, i64)> {
    let (kind, number) = id.split_once('-')?;
    let reason = match kind {
        "before" => DatabaseCopyReason::Upgrade,
        "copy" => DatabaseCopyReason::Asked,
        "left" => DatabaseCopyReason::WentBack,
        _ => return None,
    };
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    Some((reason, number.parse().ok().filter(|_| is_number)?))
}

/// How to read a copy and leave nothing beside it.
fn unchanging(copy: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(copy)
        .read_only(true)
        .immutable(true)
}

fn is_old(copy: &Found, now_ms: i64) -> bool {
    now_ms.saturating_sub(copy.at_ms) > LONGEST_MS
}

/// Counts the days of what is in the trash from now on: since the copy was made nobody could take it out.
async fn begin_trash_anew(copy: &Path, now_ms: i64) -> Result<(), sqlx::Error> {
    let mut connection = SqliteConnectOptions::new()
        .filename(copy)
        .journal_mode(SqliteJournalMode::Delete)
        .connect()
        .await?;
    let has_begin: bool = sqlx::query_scalar(
        "select exists (select 1 from sqlite_schema where type = 'table' and name = 'trash_begin')",
    )
    .fetch_one(&mut connection)
    .await?;
    // Without it, it is made by the migrations, with their time.
    if has_begin {
        sqlx::query("update trash_begin set at_ms = ?1")
            .bind(now_ms)
            .execute(&mut connection)
            .await?;
    }
    connection.close().await
}

async fn look_at(copy: &Path) -> (DatabaseCopyUse, Option<String>) {
    let looked_at = async {
        let mut connection = unchanging(copy).connect().await?;
        let schema = schema_in(&mut connection).await?;
        let number: i64 = sqlx::query_scalar("pragma user_version")
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        Ok::<_, sqlx::Error>((schema, number))
    };
    match looked_at.await {
        Ok((Schema::Version(schema), number)) => {
            let is_newer = schema > newest(&MIGRATIONS);
            let usable = if is_newer {
                DatabaseCopyUse::Newer
            } else {
                DatabaseCopyUse::Usable
            };
            (usable, version_of(number))
        }
        Ok(_) | Err(_) => (DatabaseCopyUse::Unreadable, None),
    }
}

fn modified_ms(file: &std::fs::Metadata) -> i64 {
    let since = file
        .modified()
        .ok()
        .and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn failed(attempt: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Copies {
        attempt,
        path,
        source,
    }
}

#[cfg(test)]
mod tests;
