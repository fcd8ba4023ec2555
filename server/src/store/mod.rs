//! The embedded databases: how they are opened, read and changed.
//!
//! Holds no table and no query; those live in each room's own `store.rs`. The
//! only way to change `app.db` is [`Store::write`].

mod db;
mod dir;
mod page;
#[cfg(test)]
pub(crate) mod testing;
mod tx;
mod unique;

pub use db::{Database, Durability};
pub use dir::DataDir;
pub use page::{Page, Paged, Tally};
pub use tx::{Change, Store, Tx, namespace_subject};
pub use unique::Unique;
