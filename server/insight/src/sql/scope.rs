//! Whose rows a query may read: worked out from the grants before its text is
//! looked at, and applied where rows are made.
//!
//! A query cannot widen it: rows of other workspaces never come near the engine
//! that runs the query.

use std::collections::HashMap;

use base::ids::WorkspaceId;

use super::Ask;
use super::store::KeyspaceFeed;
use super::tables::Family;
use base::access::{OpCtx, Operation, Target, VisibleIds};
use base::error::Result;
use base::store::Store;

/// The rows of one caller.
pub struct Scope {
    pub workspace: WorkspaceId,
    /// Ids of the only APIs whose verifications are seen.
    pub apis: Option<Vec<String>>,
    /// Ids of the only namespaces whose decisions are seen.
    pub namespaces: Option<Vec<String>>,
    /// Keyspaces by the id of their API, deleted ones included.
    pub keyspaces: HashMap<String, String>,
}

impl Scope {
    /// Fails when the caller may not read what it asks for at all.
    pub fn require(cx: &OpCtx, ask: &Ask) -> Result<()> {
        let families: &[Family] = match &ask.family {
            Some(family) => std::slice::from_ref(family),
            None => &[Family::Verifications, Family::Ratelimits],
        };
        families.iter().try_for_each(|family| cx.require(operation(*family), Target::NONE))
    }

    pub async fn of(cx: &OpCtx, store: &Store, feed: &dyn KeyspaceFeed) -> Result<Self> {
        let all = feed.keyspaces(store.read(), &cx.workspace).await?;
        let apis = match cx.visible_ids(Operation::AnalyticsVerifications) {
            VisibleIds::All => None,
            // Deleted APIs are no longer granted, though their past can still be named.
            VisibleIds::Only(ids) => {
                let live = |id: &String| all.iter().any(|api| api.is_live && api.id == *id);
                Some(ids.into_iter().filter(live).collect())
            }
        };
        let namespaces = match cx.visible_ids(Operation::AnalyticsRatelimits) {
            VisibleIds::All => None,
            VisibleIds::Only(ids) => Some(ids),
        };
        let keyspaces = all.into_iter().map(|api| (api.id, api.keyspace)).collect();
        Ok(Self { workspace: cx.workspace.clone(), apis, namespaces, keyspaces })
    }
}

fn operation(family: Family) -> Operation {
    match family {
        Family::Verifications => Operation::AnalyticsVerifications,
        Family::Ratelimits => Operation::AnalyticsRatelimits,
    }
}
