//! Schema migrations of the two databases, in the order they apply.
//!
//! Each migration is a reviewed SQL file; how they are applied is not decided
//! here. `schema.sql` is the dump of a fully migrated `app.db` followed by
//! `events.db`; a test proves that it is current. There is no way down: a
//! released schema only moves forward.
//!
//! Numbers are never used twice: 3, 7 and 8 were drafts that no release had.

/// One step of a schema.
#[derive(Debug)]
pub struct Migration {
    /// By which a database remembers that it has the step.
    pub name: &'static str,
    pub sql: &'static str,
}

/// A database and the steps to its present schema.
pub trait Schema {
    const MIGRATIONS: &'static [Migration];
}

/// `app.db`, a file or a database of Postgres.
pub struct App;

/// `events.db`.
pub struct Events;

/// One list of versions, and a file for each database: Postgres' lie in a folder.
macro_rules! migrations_of_app {
    ($($name:literal),* $(,)?) => {
        impl Schema for App {
            const MIGRATIONS: &'static [Migration] =
                &[$(Migration { name: $name, sql: include_str!(concat!($name, ".sql")) }),*];
        }

        impl App {
            /// The same versions for Postgres.
            pub const POSTGRES_MIGRATIONS: &'static [Migration] =
                &[$(Migration { name: $name, sql: include_str!(concat!("postgres/", $name, ".sql")) }),*];
        }
    };
}

migrations_of_app!(
    "m0001_app",
    "m0002_reroll_portals",
    "m0004_people",
    "m0005_key_counts",
    "m0006_bulk",
    "m0009_attention",
    "m0010_shared_budgets",
    "m0011_claimants",
    "m0012_sequences",
    "m0013_oauth",
    "m0014_link_order",
    "m0015_moves",
    "m0016_override_ends",
    "m0017_spend_caps",
    "m0018_query_runs",
    "m0019_key_orders",
    "m0020_webhooks",
);

impl Schema for Events {
    const MIGRATIONS: &'static [Migration] = &[
        Migration { name: "e0001_events", sql: include_str!("e0001_events.sql") },
        Migration { name: "e0002_chunk_kinds", sql: include_str!("e0002_chunk_kinds.sql") },
    ];
}
