//! Setting, adding to and taking from the credits of a key.
//!
//! For the operator's hand. What a verification spends goes another way.

use base::ids::KeyId;
use serde_json::json;

use super::balance::check_remaining;
use super::{Credits, Keys, absent, store};
use base::access::{OpCtx, Operation};
use base::audit::{Event, Group, Target as Audited};
use base::error::{Error, Result};

/// A change of a balance (docs/contract/v2.md#update-credits).
#[derive(Clone, Debug)]
pub struct UpdateCredits {
    pub key_id: KeyId,
    pub operation: CreditOperation,
    /// Three states matter to [`CreditOperation::Set`]: left out makes the key
    /// unlimited and keeps its refill, null clears the refill too.
    pub value: Option<Option<i64>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditOperation {
    Set,
    /// Of finite credits only; needs a number.
    Increment,
    /// As increment; ends at 0.
    Decrement,
}

impl UpdateCredits {
    fn apply(&self, credits: &mut Credits) -> Result<()> {
        let value = self.value.flatten();
        check_remaining(value)?;
        if self.operation == CreditOperation::Set {
            credits.remaining = value;
            if self.value == Some(None) {
                credits.refill = None;
            }
            return Ok(());
        }
        let by =
            value.ok_or_else(|| Error::invalid("`value` must be a number to increment or decrement."))?;
        let balance = credits.remaining.ok_or_else(|| {
            Error::invalid("The credits of this key are unlimited: set them to a number first.")
        })?;
        credits.remaining = Some(if self.operation == CreditOperation::Increment {
            balance.saturating_add(by)
        } else {
            (balance - by).max(0)
        });
        Ok(())
    }
}

impl Keys {
    /// Changes the credits of a key and answers them. Does not count as an
    /// update of the key: `updated_at` stays.
    pub async fn update_credits(&self, cx: &OpCtx, command: UpdateCredits) -> Result<Credits> {
        let command = &command;
        self.store
            .write(|tx| async move {
                let key =
                    store::find_to_change(&tx, &cx.workspace, &command.key_id).await?.ok_or_else(absent)?;
                cx.require(Operation::KeyUpdate, key.target())?;
                let mut credits = key.credits.clone();
                command.apply(&mut credits)?;
                store::set_credits(tx.db(), &cx.workspace, &key, &credits).await?;
                let refill = |credits: &Credits| credits.refill.as_ref().map(super::Refill::to_audit);
                let mut changes = json!({
                    "remaining": { "before": key.credits.remaining, "after": credits.remaining },
                });
                if key.credits.refill != credits.refill {
                    changes["refill"] = json!({ "before": refill(&key.credits), "after": refill(&credits) });
                }
                let mut group = Group::new();
                let keyspace = Audited::new("keySpace", key.api.keyspace_id.as_str(), Some(&key.api.name));
                let targets = vec![keyspace, key.audit_target()];
                group.push_change(
                    Event::KeyUpdate,
                    format!("Updated the credits of key {}", key.id),
                    targets,
                    changes,
                );
                group.record(cx, &tx, &self.entropy).await?;
                key.announce(&tx);
                key.announce_credits(&tx);
                Ok(credits)
            })
            .await
    }
}
