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

/// `app.db`.
pub struct App;

/// `events.db`.
pub struct Events;

impl Schema for App {
    const MIGRATIONS: &'static [Migration] = &[
        Migration { name: "m0001_app", sql: include_str!("m0001_app.sql") },
        Migration { name: "m0002_reroll_portals", sql: include_str!("m0002_reroll_portals.sql") },
        Migration { name: "m0004_people", sql: include_str!("m0004_people.sql") },
        Migration { name: "m0005_key_counts", sql: include_str!("m0005_key_counts.sql") },
        Migration { name: "m0006_bulk", sql: include_str!("m0006_bulk.sql") },
        Migration { name: "m0009_attention", sql: include_str!("m0009_attention.sql") },
        Migration { name: "m0010_shared_budgets", sql: include_str!("m0010_shared_budgets.sql") },
        Migration { name: "m0011_claimants", sql: include_str!("m0011_claimants.sql") },
        Migration { name: "m0012_sequences", sql: include_str!("m0012_sequences.sql") },
        Migration { name: "m0013_oauth", sql: include_str!("m0013_oauth.sql") },
    ];
}

impl Schema for Events {
    const MIGRATIONS: &'static [Migration] = &[
        Migration { name: "e0001_events", sql: include_str!("e0001_events.sql") },
        Migration { name: "e0002_chunk_kinds", sql: include_str!("e0002_chunk_kinds.sql") },
    ];
}
