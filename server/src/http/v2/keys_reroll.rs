//! v2 `keys.rerollKey` (docs/contract/v2.md#reroll-key).

use std::sync::Arc;

use base::ids::KeyId;
use serde::Deserialize;
use serde_schema::serde_schema;

use super::keys::CreateKeyOut;
use super::operation::{Operation, Reply, checked};
use crate::app::App;
use crate::http::contract::bounded::IdText;
use crate::http::offered::Effect;
use crate::http::schema::Nullable;
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use domain::keys::RerollKey;

pub fn operations() -> Vec<Operation> {
    vec![
        checked(
            "/v2/keys.rerollKey",
            "Replace a key by a new one with the same settings",
            Effect::Destroys,
            reroll,
        )
        .needs(Right::KeyReroll)
        .makes_key()
        .idempotent(),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RerollKeyBody {
    key_id: IdText,
    /// Milliseconds the old key still works; `null` leaves its expiry alone.
    #[oai(validator(minimum(value = "0"), maximum(value = "4102444800000")))]
    expiration: Nullable<i64>,
}

impl From<RerollKeyBody> for RerollKey {
    fn from(body: RerollKeyBody) -> Self {
        Self { key_id: KeyId::from(body.key_id.into_string()), overlap_ms: body.expiration.0 }
    }
}

async fn reroll(app: Arc<App>, cx: OpCtx, body: RerollKeyBody) -> Result<Reply<CreateKeyOut>> {
    Ok(CreateKeyOut::from(app.keys.reroll(&cx, body.into()).await?).into())
}
