//! Announced imports of foreign keys (v2 contract: migrateKeys).

use entity::ids::MigrationId;

use super::{Keys, store};
use crate::audit::{Event, Group, Target};
use crate::error::{Error, Result};
use crate::op::OpCtx;

/// How the hashes of a migration were made.
const ALGORITHMS: [&str; 2] = ["sha256", "github.com/seamapi/prefixed-api-key"];

impl Keys {
    /// Announces an import; its id is what migrateKeys and verifyKey name.
    pub async fn create_migration(&self, cx: &OpCtx, algorithm: &str) -> Result<MigrationId> {
        if !ALGORITHMS.contains(&algorithm) {
            return Err(Error::invalid(format!("An algorithm is one of {}.", ALGORITHMS.join(", "))));
        }
        let id: MigrationId = self.entropy.id(MigrationId::PREFIX, cx.now_ms);
        self.store
            .write(|tx| {
                let id = id.clone();
                async move {
                    store::insert_migration(&tx, &id, cx, algorithm).await?;
                    let mut group = Group::new();
                    let targets = vec![Target::new("migration", id.as_str(), None)];
                    group.push(
                        Event::MigrationCreate,
                        format!("Announced a migration of {algorithm} hashes"),
                        targets,
                    );
                    group.record(cx, &tx, &self.entropy).await
                }
            })
            .await?;
        Ok(id)
    }
}
