//! Reading what there is. This room has no table: it asks those that have one.

use sea_orm::ConnectionTrait;

use super::current::Current;
use crate::{apis, permissions, portals, ratelimit};
use base::access::OpCtx;
use base::error::{Error, Result};

/// Of each kind that are compared: they are read into memory at once.
const MAX_OF_A_KIND: u64 = 20_000;

/// Everything that a document can say.
///
/// Fails with `invalid_input` where that is too much to be compared.
pub(super) async fn current(db: &impl ConnectionTrait, cx: &OpCtx) -> Result<Current> {
    let most = MAX_OF_A_KIND + 1;
    let live = apis::first_live(db, &cx.workspace, most).await?;
    let found = Current {
        permissions: permissions::first(db, &cx.workspace, most).await?,
        roles: permissions::first_roles(db, &cx.workspace, most).await?,
        namespaces: ratelimit::first_namespaces(db, &cx.workspace, most).await?,
        overrides: ratelimit::first_overrides(db, &cx.workspace, most, cx.now_ms).await?,
        portals: portals::first(db, &cx.workspace, &live, most).await?,
        apis: live,
    };
    let counts = [
        ("APIs", found.apis.len()),
        ("permissions", found.permissions.len()),
        ("roles", found.roles.len()),
        ("namespaces", found.namespaces.len()),
        ("overrides", found.overrides.values().map(Vec::len).sum()),
        ("portals", found.portals.len()),
    ];
    match counts.into_iter().find(|(_, count)| *count as u64 > MAX_OF_A_KIND) {
        None => Ok(found),
        Some((kind, _)) => Err(Error::invalid(format!(
            "This workspace has more than {MAX_OF_A_KIND} {kind}: too many for a configuration."
        ))),
    }
}
