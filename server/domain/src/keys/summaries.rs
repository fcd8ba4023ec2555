//! What analytics say of keys: names for ids, whatever became of the keys.

use std::collections::HashMap;
use std::fmt::Display;

use base::ids::{IdentityId, KeyId};

use super::{Keys, store};
use crate::identities;
use base::access::{OpCtx, Operation, Target};
use base::error::Result;

/// A key as a list of what happened names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySummary {
    pub name: Option<String>,
    /// Prefix and first characters.
    pub start: String,
    pub last4: String,
    pub is_deleted: bool,
    /// Its live identity: id and external id.
    pub identity: Option<(IdentityId, String)>,
}

impl KeySummary {
    /// How people are shown it ([`super::label`]).
    pub fn label(&self, id: &impl Display) -> String {
        super::label(id, self.name.as_deref(), &self.start, &self.last4)
    }
}

impl Keys {
    /// The keys of the workspace with these ids, deleted ones too, in as many
    /// queries for a hundred as for one. Rows that were removed are left out.
    pub async fn summaries(&self, cx: &OpCtx, ids: &[KeyId]) -> Result<HashMap<KeyId, KeySummary>> {
        cx.require(Operation::ApiListKeys, Target::NONE)?;
        let db = self.store.read();
        let rows = store::summaries(db, &cx.workspace, ids).await?;
        let mut identity_ids: Vec<_> = rows.iter().filter_map(|(.., identity)| identity.clone()).collect();
        identity_ids.sort_unstable();
        identity_ids.dedup();
        let identities = identities::load(db, &cx.workspace, &identity_ids).await?;
        let with_identity = |(id, mut summary, identity): (KeyId, KeySummary, Option<IdentityId>)| {
            let identity = identity.and_then(|id| identities.get(&id));
            summary.identity = identity.map(|identity| (identity.id.clone(), identity.external_id.clone()));
            (id, summary)
        };
        Ok(rows.into_iter().map(with_identity).collect())
    }
}
