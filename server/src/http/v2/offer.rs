//! What v2 offers to other doors: its operations for root keys, each with the facts
//! that its table has of it. Those of end users of portals are not among them.

use std::sync::Arc;

use base::ids::RequestId;
use bytes::Bytes;
use poem::EndpointExt;
use poem::http::HeaderMap;

use super::errors::{Negotiation, respond};
use super::operation::Operation;
use super::{DOCUMENT, endpoint_of, operations};
use crate::app::App;
use crate::http::offered::{Offer, OfferedOperation};
use crate::http::openapi::{self, Access};
use crate::http::validation::described_schema;
use base::access::Door;
use base::error::Error;

/// All of v2 that may be shown by `door`.
pub fn offer(app: &Arc<App>, door: Door) -> Offer {
    Offer { operations: offered, endpoint: endpoint_of(app, door).boxed(), failure }
}

fn offered() -> Vec<OfferedOperation> {
    operations().into_iter().filter_map(offered_as).collect()
}

fn offered_as(operation: Operation) -> Option<OfferedOperation> {
    let Operation { spec, effect, needs, makes_key, .. } = operation;
    let request = spec.request.filter(|_| spec.access == Access::RootKey)?;
    let components = &DOCUMENT["components"]["schemas"];
    let answers = &DOCUMENT["paths"][spec.path][spec.method]["responses"];
    Some(OfferedOperation {
        path: spec.path,
        summary: spec.summary,
        effect,
        needs: needs?,
        idempotent: spec.idempotent,
        makes_key,
        request: described_schema(&openapi::reference(request), components),
        response: described_schema(&answers["200"]["content"]["application/json"]["schema"], components),
    })
}

fn failure(error: &Error, request_id: &RequestId, base_url: &str) -> (u16, Bytes) {
    let (response, body) = respond(error, request_id, &HeaderMap::new(), base_url, Negotiation::Json);
    (response.status().as_u16(), body)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_operation_for_root_keys_is_offered() {
        let for_root_keys = operations().into_iter().filter(|one| one.spec.access == Access::RootKey).count();
        assert_eq!(offered().len(), for_root_keys);
        assert_eq!(operations().len(), for_root_keys + 4, "those of end users of portals");
    }

    #[test]
    fn schemas_stand_alone_and_keep_what_types_say() {
        for operation in offered() {
            let text = Value::from_iter([operation.request.clone(), operation.response]).to_string();
            assert!(!text.contains("$ref") && !text.contains("nullable"), "{}: {text}", operation.path);
        }
        let create = offered().into_iter().find(|one| one.name() == "keys.createKey").unwrap();
        let described = &create.request["properties"]["expires"]["description"];
        assert!(described.as_str().unwrap().contains("Unix milliseconds"), "{described}");
    }
}
