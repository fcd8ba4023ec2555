//! v2 `rootKeys.*` (docs/contract/v2.md#root-keys-and-workspaces).

use std::sync::Arc;

use base::ids::RootKeyId;
use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::keys::CreateKeyOut;
use super::operation::{Operation, Reply, checked};
use super::shared::{Empty, default_limit, page};
use crate::app::App;
use crate::http::contract::bounded::IdText;
use crate::http::contract::revealed::Revealed;
use crate::http::offered::Effect;
use crate::http::schema::{self, Nullable};
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use base::secret::PlainKey;
use domain::root_keys::{CreateRootKey, RerollRootKey, RootKey, UpdateRootKey};

pub fn operations() -> Vec<Operation> {
    vec![
        checked("/v2/rootKeys.createKey", "Create a root key", Effect::Writes, create)
            .needs(Right::RootKeyCreate)
            .makes_key()
            .idempotent(),
        checked("/v2/rootKeys.listKeys", "List root keys", Effect::Reads, list)
            .needs(Right::RootKeyRead)
            .paged(),
        checked("/v2/rootKeys.updateKey", "Change a root key", Effect::Destroys, update)
            .needs(Right::RootKeyUpdate),
        checked("/v2/rootKeys.deleteKey", "Revoke a root key", Effect::Destroys, delete)
            .needs(Right::RootKeyDelete),
        checked("/v2/rootKeys.rerollKey", "Replace a root key", Effect::Destroys, reroll)
            .needs(Right::RootKeyUpdate)
            .makes_key()
            .idempotent(),
    ]
}

fn created((id, plaintext): (RootKeyId, PlainKey)) -> CreateKeyOut {
    CreateKeyOut { key_id: id.into_string(), key: Revealed::of(&plaintext) }
}

#[serde_schema]
#[derive(Deserialize)]
pub struct CreateRootKeyBody {
    /// Each within those of the caller.
    #[oai(validator(max_items = 1000, min_length = 1, max_length = 512))]
    permissions: Vec<String>,
    #[oai(validator(min_length = 1, max_length = 255))]
    name: Option<String>,
    /// Unix milliseconds, in the future; `null` is never.
    #[oai(validator(minimum(value = "0"), maximum(value = "4102444800000")))]
    #[serde(default)]
    expires: schema::Patch<i64>,
}

async fn create(app: Arc<App>, cx: OpCtx, body: CreateRootKeyBody) -> Result<Reply<CreateKeyOut>> {
    let command = CreateRootKey {
        name: body.name,
        permissions: body.permissions,
        full: false,
        expires_at: body.expires.0.value().copied(),
        ip_allowlist: None,
        limit_per_minute: None,
    };
    Ok(created(app.root_keys.create(&cx, command).await?).into())
}

#[serde_schema]
#[derive(Deserialize)]
pub struct ListRootKeysBody {
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    #[serde(default = "default_limit")]
    limit: i64,
    cursor: Option<String>,
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "RootKey")]
#[serde(rename_all = "camelCase")]
pub struct RootKeyOut {
    key_id: String,
    name: Nullable<String>,
    start: String,
    /// Its last characters.
    end: String,
    enabled: bool,
    created_at: i64,
    /// 0 when it was never used.
    last_used_at: i64,
    expires: Nullable<i64>,
    permissions: Vec<String>,
}

/// What a root key with every right is shown to hold.
const EVERYTHING: &str = "**#*";

impl RootKeyOut {
    fn new(key: RootKey, cx: &OpCtx) -> Self {
        let everything = || vec![format!("unkey:v1:{}:{EVERYTHING}", cx.workspace)];
        Self {
            key_id: key.id.into_string(),
            name: Nullable(key.name),
            start: key.start,
            end: key.last4,
            enabled: key.enabled,
            created_at: key.created_at,
            last_used_at: key.last_used_at.unwrap_or(0),
            expires: Nullable(key.expires_at),
            permissions: if key.full { everything() } else { key.permissions },
        }
    }
}

async fn list(app: Arc<App>, cx: OpCtx, body: ListRootKeysBody) -> Result<Reply<Vec<RootKeyOut>>> {
    let keys = app.root_keys.page(&cx, &page(body.limit, body.cursor)).await?;
    Ok(Reply::page(keys.map(|key| RootKeyOut::new(key, &cx))))
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateRootKeyBody {
    key_id: IdText,
    /// `null` removes the name.
    #[oai(validator(min_length = 1, max_length = 255))]
    #[serde(default)]
    name: schema::Patch<String>,
    enabled: Option<bool>,
    /// Replaces all of them; each within those of the caller.
    #[oai(validator(max_items = 1000, min_length = 1, max_length = 512))]
    permissions: Option<Vec<String>>,
}

async fn update(app: Arc<App>, cx: OpCtx, body: UpdateRootKeyBody) -> Result<Reply<Empty>> {
    let command = UpdateRootKey {
        name: body.name.0,
        enabled: body.enabled,
        permissions: body.permissions,
        ..UpdateRootKey::new(RootKeyId::from(body.key_id.into_string()))
    };
    app.root_keys.update(&cx, command).await?;
    Ok(Empty {}.into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteRootKeyBody {
    key_id: IdText,
}

async fn delete(app: Arc<App>, cx: OpCtx, body: DeleteRootKeyBody) -> Result<Reply<Empty>> {
    app.root_keys.revoke(&cx, &RootKeyId::from(body.key_id.into_string())).await?;
    Ok(Empty {}.into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RerollRootKeyBody {
    key_id: IdText,
    /// Milliseconds the old one still works: 0 revokes it, `null` leaves its
    /// expiry alone.
    #[oai(validator(minimum(value = "0"), maximum(value = "4102444800000")))]
    expiration: Nullable<i64>,
}

async fn reroll(app: Arc<App>, cx: OpCtx, body: RerollRootKeyBody) -> Result<Reply<CreateKeyOut>> {
    let command =
        RerollRootKey { id: RootKeyId::from(body.key_id.into_string()), overlap_ms: body.expiration.0 };
    Ok(created(app.root_keys.reroll(&cx, command).await?).into())
}
