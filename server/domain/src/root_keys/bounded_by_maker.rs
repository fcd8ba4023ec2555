//! A root key never exceeds its maker: not in rights, time, addresses or budget.
//!
//! What a request leaves out is inherited, what it asks for beyond is refused.
//! The same holds of root keys that are changed or rerolled: whoever is bound
//! could otherwise give its rights to one that is not. People and the operator
//! are bound by their role alone.

use ipnet::IpNet;

use super::{CreateRootKey, permission};
use crate::apis::allowlist;
use base::access::{OpCtx, Urn};
use base::error::{Code, Error, Field, Result};

/// When, whence and how often a root key may be used.
#[derive(Clone, Debug)]
pub(super) struct Use {
    /// Unix milliseconds.
    pub expires_at: Option<i64>,
    /// Anywhere, if empty.
    pub networks: Vec<IpNet>,
    /// Requests.
    pub limit_per_minute: Option<i64>,
}

impl Use {
    /// Of a root key as it is stored or wanted.
    pub fn of(expires_at: Option<i64>, list: Option<&str>, limit_per_minute: Option<i64>) -> Result<Self> {
        let networks = allowlist::parse(list.unwrap_or_default())?;
        Ok(Self { expires_at, networks, limit_per_minute })
    }
}

/// What a new root key is, with the bounds of its maker where it names none.
pub(super) fn inherited(cx: &OpCtx, mut command: CreateRootKey) -> CreateRootKey {
    if let Some(maker) = cx.principal.root_key() {
        let networks = || allowlist::to_text(&maker.ip_allowlist);
        let limit = || maker.limit_per_minute.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
        command.ip_allowlist = command.ip_allowlist.or_else(networks);
        command.limit_per_minute = command.limit_per_minute.or_else(limit);
    }
    command
}

/// Each permission must be one we know, and one the caller has.
pub(super) fn check_rights(cx: &OpCtx, full: bool, permissions: &[String]) -> Result<()> {
    if let Some(unknown) = permissions.iter().find(|text| !permission::is_known(text)) {
        return Err(Error::invalid(format!("There is no permission '{unknown}'.")).at(Field::Permissions));
    }
    if let Some(caller) = cx.principal.root_key()
        && let Some(missing) = permissions.iter().find(|text| !caller.grants.holds(text))
    {
        return Err(exceeds(format!("A root key cannot grant '{missing}', which its maker does not have.")));
    }
    let is_foreign =
        |text: &&String| Urn::parse(text).is_some_and(|urn| urn.workspace() != cx.workspace.as_str());
    if let Some(foreign) = permissions.iter().find(is_foreign) {
        return Err(Error::invalid(format!("'{foreign}' names another workspace.")).at(Field::Permissions));
    }
    if full && cx.principal.root_key().is_some_and(|caller| !caller.grants.is_full()) {
        return Err(exceeds("A root key cannot grant everything unless its maker may do everything."));
    }
    Ok(())
}

/// Whether a root key may be used so, as far as it is for the caller to say.
pub(super) fn check_use(cx: &OpCtx, wanted: &Use) -> Result<()> {
    let Some(caller) = cx.principal.root_key() else { return Ok(()) };
    if caller.expires_at.is_some_and(|own| wanted.expires_at.is_none_or(|expires_at| expires_at > own)) {
        return Err(exceeds("A root key that expires cannot make or change one that lives longer."));
    }
    if !covers(&caller.ip_allowlist, &wanted.networks) {
        let detail =
            "A root key with a list of addresses cannot make or change one that may be used from others.";
        return Err(exceeds(detail));
    }
    match caller.limit_per_minute {
        Some(own) if exceeds_limit(own, wanted.limit_per_minute) => Err(exceeds(format!(
            "A root key with a limit of {own} requests a minute cannot make or change one with a higher limit or none."
        ))),
        _ => Ok(()),
    }
}

fn exceeds_limit(own: u64, wanted: Option<i64>) -> bool {
    wanted.is_none_or(|wanted| u64::try_from(wanted).is_ok_and(|wanted| wanted > own))
}

/// Whether every address of `inner` is one of `outer`; an empty list is all.
fn covers(outer: &[IpNet], inner: &[IpNet]) -> bool {
    // Neighbours together may cover what none of them does.
    let outer_whole = IpNet::aggregate(&outer.to_vec());
    outer.is_empty()
        || !inner.is_empty() && inner.iter().all(|net| outer_whole.iter().any(|whole| whole.contains(net)))
}

fn exceeds(detail: impl Into<String>) -> Error {
    Error::new(Code::InsufficientPermissions, detail)
}
