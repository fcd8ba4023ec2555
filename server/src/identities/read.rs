//! Reading one identity.

use super::{Identities, Identity, store};
use crate::error::{Code, Error, Result};
use crate::grants::{Operation, Target};
use crate::op::OpCtx;

impl Identities {
    /// The identity with this id, else with this external id.
    ///
    /// Absence is told before the missing grant: the grant may name the id (v2
    /// contract: getIdentity).
    pub async fn get(&self, cx: &OpCtx, id_or_external_id: &str) -> Result<Identity> {
        let identity = store::find(self.store.read(), &cx.workspace, id_or_external_id)
            .await?
            .ok_or_else(|| Error::absent(Code::IdentityNotFound))?;
        cx.require(Operation::IdentityRead, Target::identity(&identity.id))?;
        Ok(identity)
    }
}
