//! Finding the identity of an external id, or making it.

use base::ids::IdentityId;
use serde_json::{Map, json};

use super::{audit_target, store};
use base::access::OpCtx;
use base::audit::{Event, Group};
use base::entropy::Entropy;
use base::error::Result;
use base::store::{Change, Tx};

/// The live identity of `external_id`, made without metadata and limits if
/// there is none, and then audited like the explicit act
/// (docs/decisions.md#what-is-made-in-passing-is-audited). Asks for no grant
/// and does not judge the external id: its callers did both.
pub async fn ensure(
    tx: &Tx,
    cx: &OpCtx,
    entropy: &Entropy,
    group: &mut Group,
    external_id: &str,
) -> Result<IdentityId> {
    if let Some(id) = store::id_of(tx.db(), &cx.workspace, external_id).await? {
        return Ok(id);
    }
    let id: IdentityId = entropy.id(IdentityId::PREFIX, cx.now_ms);
    store::insert(tx.db(), cx, &id, external_id, &Map::new(), None).await?;
    audit(group, &id, external_id, None);
    tx.changed(Change::Identity(id.clone()));
    Ok(id)
}

pub(super) fn audit(group: &mut Group, id: &IdentityId, external_id: &str, monthly_credits: Option<i64>) {
    let (text, targets) = (format!("Created identity {external_id}"), vec![audit_target(id, external_id)]);
    match monthly_credits {
        Some(credits) => {
            let change = json!({ "monthlyCredits": { "before": null, "after": credits } });
            group.push_change(Event::IdentityCreate, text, targets, change);
        }
        None => group.push(Event::IdentityCreate, text, targets),
    }
}
