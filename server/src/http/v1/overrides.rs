//! v1 `ratelimits.*Override*` (docs/contract/v1.md#overrides).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_schema::serde_schema;

use super::errors::Tell;
use super::keys::given;
use super::operation::{Input, Operation, Reply, get, post};
use super::shared::{Empty, default_limit_of_pages, page};
use crate::app::App;
use base::access::OpCtx;
use base::error::{Code, Error, Result};
use domain::ratelimit::overrides::{Lookup, NamedOverride, SetOverride};

pub fn operations() -> Vec<Operation> {
    vec![
        post("/v1/ratelimits.setOverride", "Set an override", set),
        get("/v1/ratelimits.getOverride", "Get an override", read),
        get("/v1/ratelimits.listOverrides", "List the overrides of a namespace", list),
        post("/v1/ratelimits.deleteOverride", "Delete an override", delete),
    ]
}

/// Id or name of a namespace; the id wins.
fn namespace(id: Option<String>, name: Option<String>) -> Result<String> {
    given(id)
        .or(given(name))
        .ok_or_else(|| Error::invalid("You must provide a namespaceId or a namespaceName"))
}

fn no_namespace(namespace: &str) -> String {
    format!("Namespace {namespace} not found")
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetOverrideBody {
    namespace_id: Option<String>,
    namespace_name: Option<String>,
    /// `*` stands for any run of characters.
    #[oai(validator(min_length = 3))]
    identifier: String,
    /// 0 denies every request.
    #[oai(validator(minimum(value = "0")))]
    limit: i64,
    /// Window length in milliseconds.
    #[oai(validator(minimum(value = "1000")))]
    duration: i64,
    #[serde(default, rename = "async")]
    is_async: bool,
}

impl Input for SetOverrideBody {
    fn check(&self) -> Result<()> {
        namespace(self.namespace_id.clone(), self.namespace_name.clone()).map(drop)
    }
}

#[serde_schema]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetOverrideOut {
    override_id: String,
}

async fn set(app: Arc<App>, cx: OpCtx, body: SetOverrideBody) -> Result<Reply<SetOverrideOut>> {
    let namespace = namespace(body.namespace_id, body.namespace_name)?;
    let command = SetOverride {
        namespace: namespace.clone(),
        identifier: body.identifier,
        limit: body.limit,
        duration_ms: body.duration,
        is_async: body.is_async,
        expires_at: None,
    };
    let set = app.overrides.set(&cx, command).await;
    let override_id = set.telling(Code::NamespaceNotFound, || no_namespace(&namespace))?;
    Ok(SetOverrideOut { override_id: override_id.into_string() }.into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OverrideInput {
    namespace_id: Option<String>,
    namespace_name: Option<String>,
    /// Taken literally.
    identifier: String,
}

impl Input for OverrideInput {}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "Override")]
pub struct OverrideOut {
    id: String,
    identifier: String,
    limit: u64,
    /// Milliseconds.
    duration: u64,
    #[serde(rename = "async")]
    is_async: bool,
}

impl From<NamedOverride> for OverrideOut {
    fn from(found: NamedOverride) -> Self {
        Self {
            id: found.applies.id.into_string(),
            identifier: found.identifier,
            limit: found.applies.quota.limit,
            duration: found.applies.quota.duration_ms,
            is_async: found.is_async,
        }
    }
}

async fn read(app: Arc<App>, cx: OpCtx, query: OverrideInput) -> Result<Reply<OverrideOut>> {
    let namespace = namespace(query.namespace_id, query.namespace_name)?;
    let found = app
        .overrides
        .get(&cx, &namespace, &query.identifier, Lookup::Exact)
        .await
        .telling(Code::NamespaceNotFound, || "Namespace not found".to_owned())
        .telling(Code::OverrideNotFound, || "Override not found".to_owned())?;
    Ok(OverrideOut::from(found).into())
}

async fn delete(app: Arc<App>, cx: OpCtx, body: OverrideInput) -> Result<Reply<Empty>> {
    let namespace = namespace(body.namespace_id, body.namespace_name)?;
    let identifier = &body.identifier;
    app.overrides
        .delete(&cx, &namespace, identifier)
        .await
        .telling(Code::NamespaceNotFound, || no_namespace(&namespace))
        .telling(Code::OverrideNotFound, || format!("Override with {identifier} identifier not found"))?;
    Ok(Empty {}.into())
}

#[serde_schema]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListOverridesQuery {
    namespace_id: Option<String>,
    namespace_name: Option<String>,
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    #[serde(default = "default_limit_of_pages")]
    limit: i64,
    cursor: Option<String>,
}

impl Input for ListOverridesQuery {
    fn check(&self) -> Result<()> {
        namespace(self.namespace_id.clone(), self.namespace_name.clone()).map(drop)
    }
}

#[serde_schema]
#[derive(Serialize)]
pub struct OverridesOut {
    overrides: Vec<OverrideOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    total: u64,
}

async fn list(app: Arc<App>, cx: OpCtx, query: ListOverridesQuery) -> Result<Reply<OverridesOut>> {
    let namespace = namespace(query.namespace_id, query.namespace_name)?;
    let listed = app.overrides.list(&cx, &namespace, &page(query.limit, query.cursor)).await;
    let listed = listed.telling(Code::NamespaceNotFound, || no_namespace(&namespace))?;
    let total = app.overrides.count(&cx, &namespace).await?;
    let overrides = listed.items.into_iter().map(OverrideOut::from).collect();
    Ok(OverridesOut { overrides, cursor: listed.next, total }.into())
}
