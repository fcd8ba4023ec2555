//! Spend caps: how many credits all keys of an identity together may spend in a
//! calendar month of UTC (docs/decisions.md#a-spend-cap-counts-every-key).
//!
//! The ledger of credits decides on spends and counts them here, in its own
//! transactions. Deliberately absent: what was spent before there was a cap; events
//! know that.

use std::collections::HashMap;

use base::ids::IdentityId;

use super::{Identities, store};
use base::access::{OpCtx, Operation, PortalUser, Target};
use base::error::{Error, Field, Result};
use base::month::Month;

/// No cap is higher, so that what is counted never leaves the numbers that JSON has.
pub const MAX_MONTHLY_CREDITS: i64 = 1_000_000_000_000_000;

/// Identities near their cap that are told of at once.
pub const MOST_NEAR: usize = 100;

/// A month of an identity that has a cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spending {
    /// The cap.
    pub monthly_credits: i64,
    /// What was spent of it.
    pub spent_credits: i64,
}

impl Spending {
    /// What may still be spent; a cap may have been lowered below what was.
    pub fn left(&self) -> i64 {
        (self.monthly_credits - self.spent_credits).max(0)
    }

    /// Whether to warn: four fifths of it are spent.
    pub fn is_near(&self) -> bool {
        self.monthly_credits > 0
            && self.spent_credits.saturating_mul(5) >= self.monthly_credits.saturating_mul(4)
    }
}

/// An identity that has spent most of its month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearCap {
    pub id: IdentityId,
    pub external_id: String,
    pub spending: Spending,
}

impl Identities {
    /// What each of these has spent in the present month, of those that have a cap.
    /// For callers that have read the identities; asks for no grant.
    pub async fn spending(&self, cx: &OpCtx, ids: &[IdentityId]) -> Result<HashMap<IdentityId, Spending>> {
        store::spending_of(self.store.read(), &cx.workspace, Month::of(cx.now_ms), ids).await
    }

    /// The present month of an end user's own identity, if that has a cap.
    pub async fn own_spending(&self, cx: &OpCtx, user: &PortalUser) -> Result<Option<Spending>> {
        let Some(id) = store::id_of(self.store.read(), &cx.workspace, &user.external_id).await? else {
            return Ok(None);
        };
        Ok(self.spending(cx, std::slice::from_ref(&id)).await?.remove(&id))
    }

    /// Who has spent most of the present month's cap, those with the least left first;
    /// [`MOST_NEAR`] at most.
    pub async fn near_cap(&self, cx: &OpCtx) -> Result<Vec<NearCap>> {
        cx.require(Operation::IdentityList, Target::NONE)?;
        let month = Month::of(cx.now_ms);
        store::near_cap(self.store.read(), &cx.workspace, month, MOST_NEAR as u64).await
    }
}

pub(super) fn check_monthly_credits(credits: Option<&i64>) -> Result<()> {
    match credits {
        Some(credits) if !(0..=MAX_MONTHLY_CREDITS).contains(credits) => {
            let detail = format!("A month has 0 to {MAX_MONTHLY_CREDITS} credits.");
            Err(Error::invalid(detail).at(Field::MonthlyCredits))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spending(monthly_credits: i64, spent_credits: i64) -> Spending {
        Spending { monthly_credits, spent_credits }
    }

    #[test]
    fn four_fifths_of_a_month_are_near_its_cap() {
        for (most, spent, near) in [
            (10, 7, false),
            (10, 8, true),
            (10, 12, true),
            (1, 0, false),
            (1, 1, true),
            (0, 0, false),
            (4, 3, false),
            (4, 4, true),
            (7, 5, false),
            (7, 6, true),
        ] {
            assert_eq!(spending(most, spent).is_near(), near, "{spent} of {most}");
        }
    }

    #[test]
    fn nothing_is_left_of_a_cap_that_was_lowered() {
        assert_eq!((spending(10, 4).left(), spending(10, 12).left()), (6, 0));
    }
}
