//! v1 `apis.*` (docs/contract/v1.md#apis).

use std::sync::Arc;

use base::ids::ApiId;
use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::errors::Tell;
use super::keys::given;
use super::operation::{Input, Operation, Reply, get, post};
use super::shared::{Empty, KeyOut, decrypting, default_limit_of_pages, page};
use crate::app::App;
use base::access::OpCtx;
use base::error::{Code, Result};
use domain::apis::CreateApi;
use domain::keys::{DeleteKeys, ListKeys};

pub fn operations() -> Vec<Operation> {
    vec![
        post("/v1/apis.createApi", "Create an API", create),
        get("/v1/apis.getApi", "Get an API", read),
        post("/v1/apis.deleteApi", "Delete an API and revoke its keys", delete),
        post("/v1/apis.deleteKeys", "Delete all keys of an API", delete_keys),
        get("/v1/apis.listKeys", "List the keys of an API", list_keys),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
pub struct CreateApiBody {
    #[oai(validator(min_length = 3))]
    name: String,
}

impl Input for CreateApiBody {}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateApiOut {
    api_id: String,
    name: String,
}

async fn create(app: Arc<App>, cx: OpCtx, body: CreateApiBody) -> Result<Reply<CreateApiOut>> {
    let api_id = app.apis.create(&cx, CreateApi { name: body.name.clone() }).await?;
    Ok(CreateApiOut { api_id: api_id.into_string(), name: body.name }.into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiInput {
    #[oai(validator(min_length = 1))]
    api_id: String,
}

impl Input for ApiInput {}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "Api")]
#[serde(rename_all = "camelCase")]
pub struct ApiOut {
    id: String,
    workspace_id: String,
    name: String,
}

pub fn no_api(id: &str) -> String {
    format!("api {id} not found")
}

pub async fn read(app: Arc<App>, cx: OpCtx, input: ApiInput) -> Result<Reply<ApiOut>> {
    let api = app.apis.get(&cx, &ApiId::from(input.api_id.as_str())).await;
    let api = api.telling(Code::ApiNotFound, || no_api(&input.api_id))?;
    let workspace_id = cx.workspace.into_string();
    Ok(ApiOut { id: api.id.into_string(), workspace_id, name: api.name }.into())
}

async fn delete(app: Arc<App>, cx: OpCtx, input: ApiInput) -> Result<Reply<Empty>> {
    let id = &input.api_id;
    app.apis
        .delete(&cx, &ApiId::from(id.as_str()))
        .await
        .telling(Code::ApiNotFound, || no_api(id))
        .telling(Code::ProtectedResource, || format!("api {id} is protected from deletions"))?;
    Ok(Empty {}.into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteKeysBody {
    #[oai(validator(min_length = 1))]
    api_id: String,
    /// Remove the rows too, so that the same keys can be imported again.
    #[serde(default)]
    permanent: bool,
}

impl Input for DeleteKeysBody {}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletedKeysOut {
    deleted_keys: u64,
}

async fn delete_keys(app: Arc<App>, cx: OpCtx, body: DeleteKeysBody) -> Result<Reply<DeletedKeysOut>> {
    let command = DeleteKeys { api_id: ApiId::from(body.api_id.as_str()), permanent: body.permanent };
    let deleted = app.keys.delete_all(&cx, command).await;
    let deleted_keys = deleted.telling(Code::ApiNotFound, || no_api(&body.api_id))?;
    Ok(DeletedKeysOut { deleted_keys }.into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListKeysQuery {
    #[oai(validator(min_length = 1))]
    api_id: String,
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    #[serde(default = "default_limit_of_pages")]
    limit: i64,
    cursor: Option<String>,
    /// The older name of `externalId`.
    #[oai(deprecated, validator(min_length = 1))]
    owner_id: Option<String>,
    #[oai(validator(min_length = 1))]
    external_id: Option<String>,
    #[serde(default)]
    decrypt: bool,
    /// Accepted and ignored: nothing here is ever stale.
    #[serde(default, rename = "revalidateKeysCache")]
    revalidate_keys_cache: bool,
}

impl Input for ListKeysQuery {}

#[serde_schema]
#[derive(Serialize)]
pub struct KeysOut {
    keys: Vec<KeyOut>,
    /// Where the next page begins; the last one has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    /// Keys of the API, whatever was asked for.
    total: u64,
}

async fn list_keys(app: Arc<App>, cx: OpCtx, query: ListKeysQuery) -> Result<Reply<KeysOut>> {
    let api_id = ApiId::from(query.api_id.as_str());
    let command = ListKeys {
        api_id: api_id.clone(),
        page: page(query.limit, query.cursor),
        external_id: given(query.external_id.or(query.owner_id)),
        decrypt: decrypting(query.decrypt),
    };
    let is_unknown = match &command.external_id {
        Some(external_id) => !app.identities.exists(&cx, external_id).await?,
        None => false,
    };
    let keys = app.keys.list(&cx, command).await;
    let keys = keys.telling(Code::ApiNotFound, || no_api(&query.api_id))?;
    let total = if is_unknown { 0 } else { app.keys.count(&cx, &api_id).await? };
    Ok(KeysOut { keys: keys.items.into_iter().map(KeyOut::from).collect(), cursor: keys.next, total }.into())
}
