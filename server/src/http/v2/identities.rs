//! v2 `identities.*` (v2 contract, section 7).

use std::sync::Arc;

use poem_openapi::Object;
use serde::{Deserialize, Serialize};

use super::operation::{Operation, Reply, checked};
use super::shared::{IdentityOut, LimitBody, new_limits};
use crate::app::App;
use crate::error::Result;
use crate::http::schema::Meta;
use crate::identities::CreateIdentity;
use crate::op::OpCtx;

pub fn operations() -> Vec<Operation> {
    vec![
        checked::<_, CreateIdentityOut, _, _, _>(
            "/v2/identities.createIdentity",
            "Create an identity",
            create,
        ),
        checked::<_, IdentityOut, _, _, _>("/v2/identities.getIdentity", "Get an identity", get),
    ]
}

#[derive(Object, Deserialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct CreateIdentityBody {
    #[oai(validator(min_length = 1, max_length = 255, pattern = "^[a-zA-Z0-9_.-]+$"))]
    external_id: String,
    meta: Option<Meta>,
    /// Limits shared by all keys of this identity.
    #[oai(default, validator(max_items = 50))]
    #[serde(default)]
    ratelimits: Vec<LimitBody>,
}

#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct CreateIdentityOut {
    identity_id: String,
}

async fn create(app: Arc<App>, cx: OpCtx, body: CreateIdentityBody) -> Result<Reply<CreateIdentityOut>> {
    let command = CreateIdentity {
        external_id: body.external_id,
        meta: body.meta.map(|meta| meta.0).unwrap_or_default(),
        limits: new_limits(body.ratelimits),
    };
    let identity_id = app.identities.create(&cx, command).await?;
    Ok(CreateIdentityOut { identity_id: identity_id.into_string() }.into())
}

#[derive(Object, Deserialize)]
pub struct GetIdentityBody {
    /// The identity's id or its external id.
    #[oai(validator(min_length = 1))]
    identity: String,
}

async fn get(app: Arc<App>, cx: OpCtx, body: GetIdentityBody) -> Result<Reply<IdentityOut>> {
    Ok(IdentityOut::from(app.identities.get(&cx, &body.identity).await?).into())
}
