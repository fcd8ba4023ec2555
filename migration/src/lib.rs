//! Schema migrations of the two databases, in the order they apply.
//!
//! Each migration is a reviewed SQL file. `schema.sql` is the dump of a fully
//! migrated `app.db` followed by `events.db`; a test proves that it is current.
//! There is no way down: a released schema only moves forward, and a binary
//! refuses a database that knows migrations it has never heard of.

use sea_orm_migration::prelude::*;

/// Migrations of `app.db`.
pub struct App;

/// Migrations of `events.db`.
pub struct Events;

#[async_trait::async_trait]
impl MigratorTrait for App {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(Sql { name: "m0001_app", up: include_str!("m0001_app.sql") }),
            Box::new(Sql { name: "m0002_reroll_portals", up: include_str!("m0002_reroll_portals.sql") }),
            Box::new(Sql { name: "m0004_people", up: include_str!("m0004_people.sql") }),
            Box::new(Sql { name: "m0005_key_counts", up: include_str!("m0005_key_counts.sql") }),
            Box::new(Sql { name: "m0006_bulk", up: include_str!("m0006_bulk.sql") }),
            Box::new(Sql { name: "m0009_attention", up: include_str!("m0009_attention.sql") }),
        ]
    }
}

#[async_trait::async_trait]
impl MigratorTrait for Events {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(Sql { name: "e0001_events", up: include_str!("e0001_events.sql") }),
            Box::new(Sql { name: "e0002_chunk_kinds", up: include_str!("e0002_chunk_kinds.sql") }),
        ]
    }
}

/// One SQL file applied as a migration.
struct Sql {
    name: &'static str,
    up: &'static str,
}

impl MigrationName for Sql {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Sql {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.up).await.map(|_| ())
    }
}
