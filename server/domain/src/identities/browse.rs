//! Identities as a list shows them: with what hangs on them counted.

use base::ids::IdentityId;

use super::{Identities, store};
use base::access::{OpCtx, Operation, Target};
use base::error::Result;
use base::store::{BoundedCount, Page, Paged};

/// An identity in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityLine {
    pub id: IdentityId,
    pub external_id: String,
    /// Keys that are visible.
    pub keys: BoundedCount,
    pub limits: i64,
    /// When one of the keys that are counted was last used, approximate.
    pub last_used_at: Option<i64>,
    /// Unix milliseconds.
    pub created_at: i64,
}

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Created,
    ExternalId,
}

/// Which identities.
#[derive(Clone, Debug)]
pub struct BrowseIdentities {
    pub order: Order,
    pub descending: bool,
    /// The cursor belongs to the order.
    pub page: Page,
}

impl Identities {
    pub async fn browse(&self, cx: &OpCtx, command: BrowseIdentities) -> Result<Paged<IdentityLine>> {
        cx.require(Operation::IdentityList, Target::NONE)?;
        let page = store::page_of_lines(self.store.read(), &cx.workspace, &command).await?;
        for line in &page.items {
            cx.require(Operation::IdentityListed, Target::identity(&line.id))?;
        }
        Ok(page)
    }

    /// Those whose id this is or whose external id begins with the text, and those
    /// with the ids of `others`, which an index found; at most `limit`, the text
    /// before the others.
    pub async fn matching(
        &self,
        cx: &OpCtx,
        text: &str,
        others: Vec<IdentityId>,
        limit: u64,
    ) -> Result<Vec<IdentityLine>> {
        cx.require(Operation::IdentityList, Target::NONE)?;
        let db = self.store.read();
        let mut ids = store::ids_beginning(db, &cx.workspace, text, limit).await?;
        ids.extend(others.into_iter().filter(|id| !ids.contains(id)).collect::<Vec<_>>());
        ids.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let mut lines = store::lines_of(db, &cx.workspace, &ids, BoundedCount::IN_LISTS).await?;
        lines.sort_by_key(|line| ids.iter().position(|id| *id == line.id));
        for line in &lines {
            cx.require(Operation::IdentityListed, Target::identity(&line.id))?;
        }
        Ok(lines)
    }

    /// How many visible keys an identity has, how many limits, and when it was last used.
    pub async fn line(&self, cx: &OpCtx, id: &IdentityId) -> Result<Option<IdentityLine>> {
        cx.require(Operation::IdentityRead, Target::identity(id))?;
        Ok(store::lines_of(self.store.read(), &cx.workspace, std::slice::from_ref(id), BoundedCount::MOST)
            .await?
            .pop())
    }
}
