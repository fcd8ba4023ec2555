//! v1 `liveness` (docs/contract/v1.md#liveness).

use std::sync::Arc;

use serde::Serialize;
use serde_schema::serde_schema;

use super::operation::{Access, Operation, Reply, get};
use super::shared::Nothing;
use crate::app::App;
use base::access::OpCtx;
use base::error::Result;

pub fn operations() -> Vec<Operation> {
    vec![get("/v1/liveness", "Whether the server answers", liveness).access(Access::Public)]
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "Liveness")]
pub struct LivenessOut {
    status: String,
    services: ServicesOut,
}

/// The parts of the hosted product, all of which this process is.
#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "LivenessServices")]
pub struct ServicesOut {
    metrics: String,
    logger: String,
    ratelimit: String,
    usagelimit: String,
}

async fn liveness(_: Arc<App>, _: OpCtx, _: Nothing) -> Result<Reply<LivenessOut>> {
    let built_in = || "built in".to_owned();
    let services = ServicesOut {
        metrics: built_in(),
        logger: built_in(),
        ratelimit: built_in(),
        usagelimit: built_in(),
    };
    Ok(LivenessOut { status: "the server is alive".to_owned(), services }.into())
}
