//! What a change of a key is made from.

use serde_json::json;

use super::{Key, KeyDetails, Refill};
use crate::ratelimit::limits::Limit;
use base::edit_version::Version;

impl KeyDetails {
    /// What a change of it is made from: all that can be set, and of the balance,
    /// which goes on changing by itself, when it was last set.
    pub fn version(&self) -> Version {
        let roles: Vec<&str> = self.roles.iter().map(String::as_str).collect();
        let direct = self.direct_permissions.iter();
        let slugs: Vec<&str> = direct.map(|permission| permission.slug.as_str()).collect();
        version_of(&self.key, &roles, &slugs, &self.limits)
    }
}

/// `slugs` are those of direct permissions.
pub(super) fn version_of(key: &Key, roles: &[&str], slugs: &[&str], limits: &[Limit]) -> Version {
    let limit = |limit: &Limit| {
        json!([
            limit.id.as_str(),
            limit.name,
            limit.limit,
            limit.duration_ms,
            limit.auto_apply,
            limit.is_async
        ])
    };
    let limits: Vec<_> = limits.iter().map(limit).collect();
    let refill = key.credits.refill.as_ref().map(Refill::to_audit);
    Version::of(&json!([
        [key.name, key.environment, key.enabled, key.expires_at, key.meta, key.updated_at],
        key.identity_id.as_ref().map(|id| id.as_str()),
        [json!(key.credits.remaining.is_some()), json!(refill)],
        roles,
        slugs,
        limits,
    ]))
}
