//! v2 `keys.migrateKeys` (docs/contract/v2.md#migrate-keys).

use std::sync::Arc;

use base::ids::{ApiId, MigrationId};
use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, checked};
use super::shared::{CreditsBody, LimitBody, default_true, new_limits};
use crate::app::App;
use crate::http::contract::bounded::{PermissionSlug, strings};
use crate::http::offered::Effect;
use crate::http::schema::Meta;
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use domain::keys::{MigrateKeys, MigratingKey, NewCredits};

pub fn operations() -> Vec<Operation> {
    vec![
        checked(
            "/v2/keys.migrateKeys",
            "Import keys of another system by their hashes",
            Effect::Writes,
            migrate,
        )
        .needs(Right::KeyMigrate)
        .bulk()
        .idempotent(),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MigrateKeysBody {
    #[oai(validator(min_length = 3, max_length = 255))]
    migration_id: String,
    #[oai(validator(min_length = 3, max_length = 255))]
    api_id: String,
    #[oai(validator(min_items = 1))]
    keys: Vec<MigrateKeyBody>,
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MigrateKeyBody {
    /// As the algorithm of the migration makes it.
    #[oai(validator(min_length = 3))]
    hash: String,
    #[oai(validator(min_length = 1, max_length = 255))]
    name: Option<String>,
    #[oai(validator(min_length = 1, max_length = 255))]
    external_id: Option<String>,
    meta: Option<Meta>,
    /// Names; unknown ones are created.
    #[oai(validator(max_items = 100, min_length = 1, max_length = 128))]
    #[serde(default)]
    roles: Vec<String>,
    /// Slugs; unknown ones are created.
    #[oai(validator(max_items = 1000))]
    #[serde(default)]
    permissions: Vec<PermissionSlug>,
    #[oai(validator(minimum(value = "0"), maximum(value = "4102444800000")))]
    expires: Option<i64>,
    #[serde(default = "default_true")]
    enabled: bool,
    credits: Option<CreditsBody>,
    #[oai(validator(max_items = 50))]
    #[serde(default)]
    ratelimits: Vec<LimitBody>,
}

impl From<MigrateKeyBody> for MigratingKey {
    fn from(body: MigrateKeyBody) -> Self {
        Self {
            hash: body.hash,
            name: body.name,
            external_id: body.external_id,
            meta: body.meta.map(|meta| meta.0).unwrap_or_default(),
            roles: body.roles,
            permissions: strings(body.permissions),
            expires_at: body.expires,
            credits: body.credits.map(NewCredits::from),
            limits: new_limits(body.ratelimits),
            enabled: body.enabled,
        }
    }
}

#[serde_schema]
#[derive(Serialize)]
pub struct MigratedOut {
    migrated: Vec<MigratedKeyOut>,
    /// Hashes that exist already.
    failed: Vec<String>,
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MigratedKeyOut {
    hash: String,
    key_id: String,
}

async fn migrate(app: Arc<App>, cx: OpCtx, body: MigrateKeysBody) -> Result<Reply<MigratedOut>> {
    let command = MigrateKeys {
        migration_id: MigrationId::from(body.migration_id),
        api_id: ApiId::from(body.api_id),
        keys: body.keys.into_iter().map(MigratingKey::from).collect(),
    };
    let outcome = app.keys.migrate(&cx, command).await?;
    let migrated = outcome
        .migrated
        .into_iter()
        .map(|(hash, key_id)| MigratedKeyOut { hash, key_id: key_id.into_string() })
        .collect();
    Ok(MigratedOut { migrated, failed: outcome.failed }.into())
}
