//! v2 `analytics.*`: SQL over events (v2 contract, section 10).
//!
//! This server does not answer SQL yet; a caller with the grant is told so as a
//! workspace without analytics is told by the contract.

use std::sync::Arc;

use poem_openapi::Object;
use serde::Deserialize;

use super::operation::{Operation, Reply, checked};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::grants::{Operation as Granted, Target};
use crate::http::schema::Meta;
use crate::op::OpCtx;

pub fn operations() -> Vec<Operation> {
    vec![
        checked::<_, Vec<Meta>, _, _, _>(
            "/v2/analytics.getVerifications",
            "Query verifications by SQL",
            |_app: Arc<App>, cx, _body: QueryBody| refuse(cx, Granted::AnalyticsVerifications),
        ),
        checked::<_, Vec<Meta>, _, _, _>(
            "/v2/analytics.getRatelimits",
            "Query rate-limit decisions by SQL",
            |_app: Arc<App>, cx, _body: QueryBody| refuse(cx, Granted::AnalyticsRatelimits),
        ),
    ]
}

#[derive(Object, Deserialize)]
#[oai(rename = "AnalyticsQueryBody")]
pub struct QueryBody {
    query: String,
}

async fn refuse(cx: OpCtx, operation: Granted) -> Result<Reply<Vec<Meta>>> {
    cx.require(operation, Target::NONE)?;
    Err(Error::new(Code::AnalyticsNotConfigured, "Analytics by SQL are not configured for this workspace."))
}
