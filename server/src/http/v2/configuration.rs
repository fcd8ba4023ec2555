//! v2 `configuration.*`: a workspace as one document
//! (docs/contract/v2.md#configuration).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_schema::serde_schema;

use super::operation::{Operation, Reply, checked};
use crate::app::App;
use crate::http::offered::Effect;
use crate::http::schema::AnyObject;
use base::access::{OpCtx, Operation as Right};
use base::error::Result;
use domain::configuration::{ApplyDocument, Difference, Document};

pub fn operations() -> Vec<Operation> {
    vec![
        checked("/v2/configuration.apply", "Make a configuration true", Effect::Destroys, apply)
            .needs(Right::ConfigurationApply)
            .idempotent(),
        checked("/v2/configuration.export", "Get the configuration", Effect::Reads, export)
            .needs(Right::ConfigurationRead)
            .optional_body(),
    ]
}

#[serde_schema]
#[derive(Deserialize)]
pub struct ApplyConfigurationBody {
    /// As `/schema/unkey.json` describes it.
    document: AnyObject,
    /// Only say what would change.
    #[serde(default)]
    plan: bool,
    /// Delete what a section of the document does not list.
    #[serde(default)]
    prune: bool,
}

#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "ConfigurationChanges")]
pub struct ChangesOut {
    /// Whether these were made, and not only planned.
    applied: bool,
    changes: Vec<DifferenceOut>,
}

/// Something that differs from the document, as the audit log tells it.
#[serde_schema]
#[derive(Serialize)]
#[oai(rename = "ConfigurationChange")]
pub struct DifferenceOut {
    event: String,
    description: String,
    /// What it is about: `api`, `role`...
    kind: String,
    name: String,
    /// By field: `before` and `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<AnyObject>,
}

impl From<Difference> for DifferenceOut {
    fn from(difference: Difference) -> Self {
        let Difference { event, description, kind, name, changes } = difference;
        let fields = match changes {
            Some(Value::Object(fields)) => Some(AnyObject(fields)),
            _ => None,
        };
        Self { event: event.to_owned(), description, kind: kind.to_owned(), name, fields }
    }
}

async fn apply(app: Arc<App>, cx: OpCtx, body: ApplyConfigurationBody) -> Result<Reply<ChangesOut>> {
    let document = Document::from_json(Value::Object(body.document.0))?;
    let command = ApplyDocument { document, prune: body.prune, planned: None };
    let changes = match body.plan {
        true => app.configuration.plan(&cx, &command).await?,
        false => app.configuration.apply(&cx, &command).await?,
    };
    let changes = changes.into_iter().map(DifferenceOut::from).collect();
    Ok(ChangesOut { applied: !body.plan, changes }.into())
}

#[serde_schema]
#[derive(Deserialize)]
pub struct ExportConfigurationBody {}

async fn export(app: Arc<App>, cx: OpCtx, _: ExportConfigurationBody) -> Result<Reply<AnyObject>> {
    let document = app.configuration.export(&cx).await?.to_json()?;
    let Value::Object(members) = document else { return Ok(AnyObject::default().into()) };
    Ok(AnyObject(members).into())
}
