//! Every connection that was made: the last few thousand of them.

use sirocco_protocol::{Connection, ConnectionPurpose, ErrorCode};
use sqlx::FromRow;

use crate::error::Attempt;
use crate::value::{from_word, signed, unsigned, word};
use crate::{Store, StoreError};

/// Rows that are kept.
const KEPT: i64 = 5_000;

/// A change of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionChange {
    /// A connection began. Its id is fresh, its end not known.
    Began(Connection),
    /// It ended.
    Ended {
        /// Which.
        id: i64,
        /// Of the answer.
        status: Option<u16>,
        /// Bytes of bodies.
        received_bytes: u64,
        /// From beginning to end.
        duration_ms: u64,
        /// Why it failed.
        error: Option<ErrorCode>,
    },
}

impl Store {
    /// Prepares the list for a new session: what has no end never got one, because the app died. Answers the first
    /// id that was never used.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn begin_connections(&self) -> Result<i64, StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("update connections set duration_ms = 0, error = ?1 where duration_ms is null")
            .bind(word(&ErrorCode::Internal))
            .execute(&mut *transaction)
            .await
            .attempt("end the connections of a session that died")?;
        // Remembers ids of rows that are gone, too.
        let last: Option<i64> =
            sqlx::query_scalar("select seq from sqlite_sequence where name = 'connections'")
                .fetch_optional(&mut *transaction)
                .await
                .attempt("read the last connection's id")?;
        transaction
            .commit()
            .await
            .attempt("begin the list of connections")?;
        Ok(last.unwrap_or(0) + 1)
    }

    /// Writes changes in their order and forgets the oldest rows. The end of a row that is gone is nothing.
    ///
    /// # Errors
    /// [`StoreError::Query`]; then none was written.
    pub async fn write_connections(&self, changes: &[ConnectionChange]) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        for change in changes {
            let query = match change {
                ConnectionChange::Began(connection) => sqlx::query(
                    "insert into connections (id, at_ms, purpose, method, host, path)
                     values (?1, ?2, ?3, ?4, ?5, ?6)",
                )
                .bind(connection.id)
                .bind(connection.at_ms)
                .bind(word(&connection.purpose))
                .bind(&connection.method)
                .bind(&connection.host)
                .bind(&connection.path),
                ConnectionChange::Ended {
                    id,
                    status,
                    received_bytes,
                    duration_ms,
                    error,
                } => sqlx::query(
                    "update connections
                     set status = ?2, received_bytes = ?3, duration_ms = ?4, error = ?5
                     where id = ?1",
                )
                .bind(id)
                .bind(status)
                .bind(signed("number of bytes", *received_bytes)?)
                .bind(signed("duration", *duration_ms)?)
                .bind(error.as_ref().map(word)),
            };
            query
                .execute(&mut *transaction)
                .await
                .attempt("write a connection")?;
        }
        sqlx::query(
            "delete from connections where id <= (
                 select id from connections order by id desc limit 1 offset ?1
             )",
        )
        .bind(KEPT)
        .execute(&mut *transaction)
        .await
        .attempt("forget old connections")?;
        transaction.commit().await.attempt("write connections")
    }

    /// A page of connections, newest first, ending before the one with the id `before`.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn list_connections(
        &self,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Connection>, StoreError> {
        let rows: Vec<ConnectionRow> = sqlx::query_as(
            "select id, at_ms, purpose, method, host, path, status, received_bytes, duration_ms, error
             from connections where id < ?1 order by id desc limit ?2",
        )
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(&self.reader)
        .await
        .attempt("list connections")?;
        rows.into_iter().map(ConnectionRow::connection).collect()
    }

    /// Forgets all connections. Ids go on.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn clear_connections(&self) -> Result<(), StoreError> {
        sqlx::query("delete from connections")
            .execute(&self.writer)
            .await
            .attempt("forget connections")?;
        Ok(())
    }
}

#[derive(FromRow)]
struct ConnectionRow {
    id: i64,
    at_ms: i64,
    purpose: String,
    method: String,
    host: String,
    path: String,
    status: Option<i64>,
    received_bytes: i64,
    duration_ms: Option<i64>,
    error: Option<String>,
}

impl ConnectionRow {
    fn connection(self) -> Result<Connection, StoreError> {
        Ok(Connection {
            id: self.id,
            at_ms: self.at_ms,
            purpose: from_word::<ConnectionPurpose>("purpose of a connection", self.purpose)?,
            method: self.method,
            host: self.host,
            path: self.path,
            status: self
                .status
                .map(|status| unsigned("status", status))
                .transpose()?,
            received_bytes: unsigned("number of bytes", self.received_bytes)?,
            duration_ms: self
                .duration_ms
                .map(|duration| unsigned("duration", duration))
                .transpose()?,
            error: self
                .error
                .map(|error| from_word("error", error))
                .transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn began(id: i64) -> ConnectionChange {
        ConnectionChange::Began(Connection {
            id,
            at_ms: 1_000 + id,
            purpose: ConnectionPurpose::Search,
            method: "GET".into(),
            host: "hub.example:8080".into(),
            path: "/api/models".into(),
            status: None,
            received_bytes: 0,
            duration_ms: None,
            error: None,
        })
    }

    fn ended(id: i64) -> ConnectionChange {
        ConnectionChange::Ended {
            id,
            status: Some(200),
            received_bytes: 12,
            duration_ms: 7,
            error: None,
        }
    }

    async fn ids(store: &Store, before: Option<i64>, limit: u32) -> Vec<i64> {
        let list = store.list_connections(before, limit).await.unwrap();
        list.iter().map(|connection| connection.id).collect()
    }

    #[tokio::test]
    async fn a_connection_is_listed_while_it_lasts_and_after() {
        let store = Store::open_in_memory().await.unwrap();
        assert_eq!(store.begin_connections().await.unwrap(), 1);
        store.write_connections(&[began(1)]).await.unwrap();
        let ConnectionChange::Began(expected) = began(1) else {
            unreachable!("made above")
        };
        assert_eq!(
            store.list_connections(None, 9).await.unwrap(),
            std::slice::from_ref(&expected)
        );
        store.write_connections(&[ended(1)]).await.unwrap();
        let whole = Connection {
            status: Some(200),
            received_bytes: 12,
            duration_ms: Some(7),
            ..expected
        };
        assert_eq!(store.list_connections(None, 9).await.unwrap(), [whole]);
    }

    #[tokio::test]
    async fn pages_go_back_from_the_newest() {
        let store = Store::open_in_memory().await.unwrap();
        let changes: Vec<_> = (1..=5).map(began).collect();
        store.write_connections(&changes).await.unwrap();
        assert_eq!(ids(&store, None, 2).await, [5, 4]);
        assert_eq!(ids(&store, Some(4), 9).await, [3, 2, 1]);
    }

    #[tokio::test]
    async fn only_the_last_ones_are_kept() {
        let store = Store::open_in_memory().await.unwrap();
        let changes: Vec<_> = (1..=KEPT + 20).map(began).collect();
        store.write_connections(&changes).await.unwrap();
        let kept = ids(&store, None, u32::MAX).await;
        assert_eq!(kept.len() as i64, KEPT);
        assert_eq!(kept.last(), Some(&21));
        // The end of one that is gone changes nothing.
        store.write_connections(&[ended(3)]).await.unwrap();
        assert_eq!(ids(&store, None, u32::MAX).await, kept);
    }

    #[tokio::test]
    async fn ids_are_never_used_again() {
        let store = Store::open_in_memory().await.unwrap();
        store
            .write_connections(&[began(1), began(2)])
            .await
            .unwrap();
        store.clear_connections().await.unwrap();
        assert!(ids(&store, None, 9).await.is_empty());
        assert_eq!(store.begin_connections().await.unwrap(), 3);
    }

    #[tokio::test]
    async fn what_a_dead_session_left_open_is_ended() {
        let store = Store::open_in_memory().await.unwrap();
        let changes = [began(1), ended(1), began(2)];
        store.write_connections(&changes).await.unwrap();
        store.begin_connections().await.unwrap();
        let list = store.list_connections(None, 9).await.unwrap();
        assert_eq!(
            (list[0].duration_ms, list[0].error),
            (Some(0), Some(ErrorCode::Internal))
        );
        assert_eq!((list[1].duration_ms, list[1].error), (Some(7), None));
    }
}
