//! v2 `apis.*` (docs/contract/v2.md#apis).

use std::sync::Arc;

use base::ids::ApiId;
use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, checked};
use super::shared::{Empty, KeyOut, decrypting, default_limit, page};
use crate::app::App;
use crate::http::contract::bounded::{Text, Word};
use crate::http::offered::Effect;
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use domain::apis::CreateApi;
use domain::keys::ListKeys;

pub fn operations() -> Vec<Operation> {
    vec![
        checked("/v2/apis.createApi", "Create an API", Effect::Writes, create)
            .needs(Right::ApiCreate)
            .idempotent(),
        checked("/v2/apis.getApi", "Get an API", Effect::Reads, get).needs(Right::ApiRead),
        checked("/v2/apis.deleteApi", "Delete an API and revoke its keys", Effect::Destroys, delete)
            .needs(Right::ApiDelete),
        checked("/v2/apis.listKeys", "List the keys of an API", Effect::Reads, list_keys)
            .needs(Right::ApiListKeys)
            .paged(),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
pub struct CreateApiBody {
    #[oai(validator(min_length = 3, max_length = 256))]
    name: String,
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateApiOut {
    api_id: String,
}

async fn create(app: Arc<App>, cx: OpCtx, body: CreateApiBody) -> Result<Reply<CreateApiOut>> {
    let api_id = app.apis.create(&cx, CreateApi { name: body.name }).await?;
    Ok(CreateApiOut { api_id: api_id.into_string() }.into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiBody {
    api_id: Text<8, 255, Word>,
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "Api")]
pub struct ApiOut {
    id: String,
    name: String,
}

async fn get(app: Arc<App>, cx: OpCtx, body: ApiBody) -> Result<Reply<ApiOut>> {
    let api = app.apis.get(&cx, &ApiId::from(body.api_id.into_string())).await?;
    Ok(ApiOut { id: api.id.into_string(), name: api.name }.into())
}

async fn delete(app: Arc<App>, cx: OpCtx, body: ApiBody) -> Result<Reply<Empty>> {
    app.apis.delete(&cx, &ApiId::from(body.api_id.into_string())).await?;
    Ok(Empty {}.into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListKeysBody {
    #[oai(validator(min_length = 1))]
    api_id: String,
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    #[serde(default = "default_limit")]
    limit: i64,
    cursor: Option<String>,
    #[oai(validator(min_length = 1))]
    external_id: Option<String>,
    #[serde(default)]
    decrypt: bool,
    /// Accepted and ignored: nothing here is ever stale.
    #[serde(default, rename = "revalidateKeysCache")]
    revalidate_keys_cache: bool,
}

async fn list_keys(app: Arc<App>, cx: OpCtx, body: ListKeysBody) -> Result<Reply<Vec<KeyOut>>> {
    let keys = app
        .keys
        .list(
            &cx,
            ListKeys {
                api_id: ApiId::from(body.api_id),
                page: page(body.limit, body.cursor),
                external_id: body.external_id,
                decrypt: decrypting(body.decrypt),
            },
        )
        .await?;
    Ok(Reply::page(keys.map(KeyOut::from)))
}
