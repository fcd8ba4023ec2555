//! The databases: how they are opened, read and changed.
//!
//! Holds no table and no query; those live in each room's own `store.rs`. The
//! only way to change `app.db` is [`Store::write`].

mod columns;
pub mod copies;
mod db;
mod dialect;
mod dir;
mod either;
mod entry_feed;
mod failure;
mod file_modes;
mod health;
mod migrate;
pub mod moves;
mod page;
mod postgres;
pub mod rows;
mod size;
mod sqlite;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod text_match;
mod tx;
mod unique;

pub use columns::{at_most, set_each};
pub use db::Database;
pub use dialect::{Engine, statement};
pub use dir::{DataDir, Found};
pub use either::{Reader, Transaction, Writer};
pub use entry_feed::{EntryFeed, NewEntry};
pub use file_modes::{FileFault, WrongFile, keep_private, set_umask, wrong_files};
pub use health::WriteHealth;
pub use migrate::SchemaState;
pub use migration::{App as AppSchema, Events as EventsSchema};
pub use page::{BoundedCount, Page, Paged};
pub use postgres::IfEmpty;
pub use size::{DiskSpace, disk_space, pragma, stored_bytes};
pub use sqlite::Durability;
pub use text_match::{begins, holds, holds_sql};
pub use tx::{Change, Store, Tx, namespace_subject};
pub use unique::Unique;
