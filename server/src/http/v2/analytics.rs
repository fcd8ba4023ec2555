//! v2 `analytics.*`: SQL over events (docs/contract/v2.md#analytics).

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, checked};
use crate::app::App;
use crate::http::offered::Effect;
use crate::http::openapi::{Output, Schema};
use crate::http::schema::Meta;
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use insight::sql::{Ask, Family, ResultRows};

pub fn operations() -> Vec<Operation> {
    vec![
        checked(
            "/v2/analytics.getVerifications",
            "Query verifications by SQL",
            Effect::Reads,
            |app, cx, body| answer(app, cx, body, Family::Verifications),
        )
        .needs(Right::AnalyticsVerifications),
        checked(
            "/v2/analytics.getRatelimits",
            "Query rate-limit decisions by SQL",
            Effect::Reads,
            |app, cx, body| answer(app, cx, body, Family::Ratelimits),
        )
        .needs(Right::AnalyticsRatelimits),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
#[oai(rename = "AnalyticsQueryBody")]
pub struct QueryBody {
    query: String,
}

async fn answer(app: Arc<App>, cx: OpCtx, body: QueryBody, family: Family) -> Result<Reply<Rows>> {
    Ok(Rows(app.sql.ask(&cx, Ask { text: body.query, family: Some(family) }).await?).into())
}

/// Rows as objects by the names of their columns.
struct Rows(ResultRows);

impl Output for Rows {
    const SCHEMA: Schema = Schema::of::<Vec<Meta>>();
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.objects())
    }
}
