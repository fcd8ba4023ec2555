//! What reads and what changes a database, whichever it is.
//!
//! Both keep the same promises: reads see what was acknowledged before, transactions run one after the other, one that
//! is dropped leaves no trace, and a commit that is answered is stored.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::{WriteHealth, postgres, sqlite};

/// As a [`ConnectionTrait`], each statement is a transaction of its own. Cheap to clone.
#[derive(Clone)]
pub enum Writer {
    Sqlite(sqlite::Writer),
    Postgres(postgres::Writer),
}

/// Sees every commit that was answered before the read began. Cheap to clone.
#[derive(Clone)]
pub enum Reader {
    Sqlite(DatabaseConnection),
    Postgres(postgres::Reader),
}

/// A transaction. Commits by [`Transaction::commit`] alone.
pub enum Transaction {
    Sqlite(sqlite::Transaction),
    Postgres(postgres::Transaction),
}

impl Writer {
    /// Begins a transaction once those before it have ended: what it reads is
    /// what it changes.
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        match self {
            Self::Sqlite(writer) => writer.begin().await.map(Transaction::Sqlite),
            Self::Postgres(writer) => writer.begin().await.map(Transaction::Postgres),
        }
    }

    /// Closes what it has open; changes are refused from now on.
    pub(super) async fn close(&self) -> crate::error::Result<()> {
        match self {
            Self::Sqlite(writer) => writer.close().await,
            Self::Postgres(writer) => {
                writer.close().await;
                Ok(())
            }
        }
    }

    /// Whether changes reach the database.
    pub fn health(&self) -> &WriteHealth {
        match self {
            Self::Sqlite(writer) => writer.health(),
            Self::Postgres(writer) => writer.health(),
        }
    }
}

impl Reader {
    /// Whether the database is a server that did not answer when it was last asked.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Postgres(reader) if reader.is_away())
    }

    pub(super) async fn close(&self) -> crate::error::Result<()> {
        match self {
            Self::Sqlite(readers) => Ok(readers.clone().close().await?),
            Self::Postgres(reader) => {
                reader.close().await;
                Ok(())
            }
        }
    }
}

impl Transaction {
    /// Makes the changes durable. After an error they may or may not be stored.
    pub async fn commit(self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }

    /// Takes every change back.
    pub async fn rollback(self) {
        match self {
            Self::Sqlite(transaction) => transaction.rollback().await,
            Self::Postgres(transaction) => transaction.rollback().await,
        }
    }
}

/// Hands every call on to whichever it is.
macro_rules! connection_of_either {
    ($either:ty) => {
        #[async_trait::async_trait]
        impl ConnectionTrait for $either {
            fn get_database_backend(&self) -> DbBackend {
                match self {
                    Self::Sqlite(_) => DbBackend::Sqlite,
                    Self::Postgres(_) => DbBackend::Postgres,
                }
            }

            async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
                match self {
                    Self::Sqlite(db) => db.execute_raw(statement).await,
                    Self::Postgres(db) => db.execute_raw(statement).await,
                }
            }

            async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
                match self {
                    Self::Sqlite(db) => db.execute_unprepared(sql).await,
                    Self::Postgres(db) => db.execute_unprepared(sql).await,
                }
            }

            async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
                match self {
                    Self::Sqlite(db) => db.query_one_raw(statement).await,
                    Self::Postgres(db) => db.query_one_raw(statement).await,
                }
            }

            async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
                match self {
                    Self::Sqlite(db) => db.query_all_raw(statement).await,
                    Self::Postgres(db) => db.query_all_raw(statement).await,
                }
            }
        }
    };
}

connection_of_either!(Reader);
connection_of_either!(Writer);
connection_of_either!(Transaction);
