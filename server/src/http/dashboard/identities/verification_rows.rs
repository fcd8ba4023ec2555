//! Verifications with the keys of an identity, as rows.

use std::collections::HashMap;

use base::ids::KeyId;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use web::pages::parts::{Log, Named, VerificationRow, verification_row as draw_row};

use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::verification::verification_row;
use base::error::Result;
use base::events::{Stored, StoredVerification};

pub fn draw(request: &MemberRequest, events: Vec<Stored>) -> BoxFuture<'_, Result<Vec<String>>> {
    async move {
        let rows = rows(request, &events).await?;
        Ok(rows.iter().map(|row| draw_row(row, Log::OfIdentity, &request.here())).collect())
    }
    .boxed()
}

/// Rows in the order of the events; the names of all their keys come from one query.
pub async fn rows(request: &MemberRequest, events: &[Stored]) -> Result<Vec<VerificationRow>> {
    let verifications: Vec<&StoredVerification> = events
        .iter()
        .filter_map(|event| match event {
            Stored::Verification(event) => Some(event),
            _ => None,
        })
        .collect();
    let mut ids: Vec<KeyId> = verifications.iter().map(|event| KeyId::from(event.key.as_str())).collect();
    ids.sort_unstable();
    ids.dedup();
    let keys = request.app.keys.summaries(&request.cx, &ids).await?;
    let names: HashMap<&str, String> = keys.iter().map(|(id, key)| (id.as_str(), key.label(id))).collect();
    let row = |event: &StoredVerification| {
        let name = names.get(event.key.as_str()).map_or(event.key.as_str(), String::as_str);
        verification_row(request, event, Some(Named::new(&event.key, name)))
    };
    Ok(verifications.into_iter().map(row).collect())
}
