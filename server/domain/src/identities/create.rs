//! Making an identity.

use base::ids::IdentityId;
use serde_json::{Map, Value};

use super::spending::check_monthly_credits;
use super::{Identities, audit_target, ensure, store};
use crate::ratelimit::limits::{self, NewLimit, Owner};
use base::access::{OpCtx, Operation, Target};
use base::audit::Group;
use base::error::{Error, Field, Result};
use base::store::{Change, Tx};

/// Serialised metadata may not be larger (docs/contract/v2.md#identities).
const MAX_META_BYTES: usize = 1_048_576;

/// An identity to be made.
#[derive(Clone, Debug)]
pub struct CreateIdentity {
    /// 1 to 255 characters, unique among the live ones.
    pub external_id: String,
    pub meta: Map<String, Value>,
    /// Of a name given twice the last one counts
    /// (docs/decisions.md#the-last-of-two-equal-names-wins).
    pub limits: Vec<NewLimit>,
    /// A cap on what all its keys may spend in a month.
    pub monthly_credits: Option<i64>,
}

impl Identities {
    /// Makes an identity. An external id that is taken fails with
    /// `identity_already_exists`.
    pub async fn create(&self, cx: &OpCtx, command: CreateIdentity) -> Result<IdentityId> {
        cx.require(Operation::IdentityCreate, Target::NONE)?;
        if !(1..=255).contains(&command.external_id.chars().count()) {
            return Err(
                Error::invalid("The external id must have 1 to 255 characters.").at(Field::ExternalId)
            );
        }
        check_meta(&command.meta)?;
        check_monthly_credits(command.monthly_credits.as_ref())?;
        limits::validate_all(&command.limits)?;
        self.store.write(|tx| self.insert(cx, tx, command)).await
    }

    async fn insert(&self, cx: &OpCtx, tx: Tx, command: CreateIdentity) -> Result<IdentityId> {
        let CreateIdentity { external_id, meta, limits, monthly_credits } = command;
        let id: IdentityId = self.entropy.id(IdentityId::PREFIX, cx.now_ms);
        store::insert(tx.db(), cx, &id, &external_id, &meta, monthly_credits).await?;
        let mut group = Group::new();
        ensure::audit(&mut group, &id, &external_id, monthly_credits);
        let change = limits::replace(&tx, cx, &self.entropy, Owner::Identity(&id), limits).await?;
        change.audit(&mut group, &format!("identity {external_id}"), || audit_target(&id, &external_id));
        group.record(cx, &tx, &self.entropy).await?;
        tx.changed(Change::Identity(id.clone()));
        Ok(id)
    }
}

pub(super) fn check_meta(meta: &Map<String, Value>) -> Result<()> {
    if serde_json::to_vec(meta)?.len() > MAX_META_BYTES {
        return Err(
            Error::invalid("The metadata must not be larger than 1 MiB when serialised.").at(Field::Meta)
        );
    }
    Ok(())
}
