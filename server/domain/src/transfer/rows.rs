//! The columns of each list, and its rows.

use serde_json::{Value, json};

use super::sheet::{Column, plain, time};
use crate::identities::Identity;
use crate::keys::{Interval, KeyDetails};
use crate::permissions::{Permission, RoleDetails};
use crate::ratelimit::limits::Limit;
use crate::ratelimit::overrides::NamedOverride;
use crate::ratelimit::quota::Quota;
use base::audit::{AuditEntry, AuditTarget};
use base::events::{Stored, StoredRatelimit, StoredRequest, StoredVerification};

pub(super) const KEYS: &[Column] = &[
    plain("id"),
    plain("api_id"),
    plain("name"),
    plain("start"),
    plain("last4"),
    plain("enabled"),
    plain("external_id"),
    plain("owner_id"),
    plain("environment"),
    plain("roles"),
    plain("permissions"),
    plain("credits"),
    plain("refill_interval"),
    plain("refill_amount"),
    plain("refill_day"),
    plain("ratelimits"),
    plain("meta"),
    time("expires"),
    time("created"),
    time("updated"),
    time("last_used"),
];

pub(super) fn key(details: KeyDetails) -> Vec<Value> {
    let key = details.key;
    let refill = key.credits.refill;
    let interval = refill.as_ref().map(|refill| match refill.interval {
        Interval::Daily => "daily",
        Interval::Monthly => "monthly",
    });
    let direct: Vec<String> =
        details.direct_permissions.into_iter().map(|permission| permission.slug).collect();
    vec![
        json!(key.id.as_str()),
        json!(key.api.id.as_str()),
        json!(key.name),
        json!(key.start),
        json!(key.last4),
        json!(key.enabled),
        json!(details.identity.map(|identity| identity.external_id)),
        json!(key.owner_id),
        json!(key.environment),
        list(details.roles),
        list(direct),
        json!(key.credits.remaining),
        json!(interval),
        json!(refill.as_ref().map(|refill| refill.amount)),
        json!(refill.as_ref().and_then(|refill| refill.day)),
        limits(&details.limits),
        if key.meta.is_empty() { Value::Null } else { Value::Object(key.meta) },
        json!(key.expires_at),
        json!(key.created_at),
        json!(key.updated_at),
        json!(key.last_used_at),
    ]
}

pub(super) const IDENTITIES: &[Column] =
    &[plain("id"), plain("external_id"), plain("ratelimits"), plain("meta"), plain("monthly_credits")];

pub(super) fn identity(identity: Identity) -> Vec<Value> {
    vec![
        json!(identity.id.as_str()),
        json!(identity.external_id),
        limits(&identity.limits),
        if identity.meta.is_empty() { Value::Null } else { Value::Object(identity.meta) },
        json!(identity.monthly_credits),
    ]
}

pub(super) const PERMISSIONS: &[Column] = &[plain("id"), plain("name"), plain("slug"), plain("description")];

pub(super) fn permission(permission: Permission) -> Vec<Value> {
    let Permission { id, name, slug, description } = permission;
    vec![json!(id.as_str()), json!(name), json!(slug), json!(description)]
}

pub(super) const ROLES: &[Column] = &[plain("id"), plain("name"), plain("description"), plain("permissions")];

pub(super) fn role(details: RoleDetails) -> Vec<Value> {
    let slugs: Vec<String> = details.permissions.into_iter().map(|permission| permission.slug).collect();
    let role = details.role;
    vec![json!(role.id.as_str()), json!(role.name), json!(role.description), list(slugs)]
}

pub(super) const OVERRIDES: &[Column] =
    &[plain("id"), plain("identifier"), plain("limit"), plain("duration_ms"), time("expires_at")];

pub(super) fn named_override(found: NamedOverride) -> Vec<Value> {
    let Quota { limit, duration_ms } = found.applies.quota;
    let (id, expires_at) = (found.applies.id.as_str(), found.expires_at());
    vec![json!(id), json!(found.identifier), json!(limit), json!(duration_ms), json!(expires_at)]
}

pub(super) const AUDIT: &[Column] = &[
    plain("id"),
    time("time"),
    plain("event"),
    plain("description"),
    plain("actor_type"),
    plain("actor_id"),
    plain("actor_name"),
    plain("targets"),
    plain("changes"),
    plain("door"),
    plain("ip"),
    plain("user_agent"),
    plain("request_id"),
    plain("correlation_id"),
];

pub(super) fn audit(entry: AuditEntry) -> Vec<Value> {
    let target = |target: &AuditTarget| json!({ "type": target.kind, "id": target.id, "name": target.name, "meta": target.meta });
    vec![
        json!(entry.id.as_str()),
        json!(entry.time_ms),
        json!(entry.event),
        json!(entry.description),
        json!(entry.actor_type),
        json!(entry.actor_id),
        json!(entry.actor_name),
        entry.targets.iter().map(target).collect(),
        json!(entry.changes),
        json!(entry.door),
        json!(entry.ip),
        json!(entry.user_agent),
        json!(entry.request_id),
        json!(entry.correlation_id),
    ]
}

pub(super) const VERIFICATIONS: &[Column] = &[
    time("time"),
    plain("request_id"),
    plain("outcome"),
    plain("denial"),
    plain("api_id"),
    plain("key_id"),
    plain("identity_id"),
    plain("external_id"),
    plain("tags"),
    plain("spent_credits"),
    plain("credits_left"),
    plain("ip"),
    plain("root_key_id"),
    plain("door"),
    plain("latency_us"),
];

pub(super) const RATELIMITS: &[Column] = &[
    time("time"),
    plain("request_id"),
    plain("passed"),
    plain("namespace_id"),
    plain("identifier"),
    plain("cost"),
    plain("limit"),
    plain("remaining"),
    time("reset"),
    plain("override_id"),
    plain("root_key_id"),
    plain("latency_us"),
];

pub(super) const REQUESTS: &[Column] = &[
    time("time"),
    plain("request_id"),
    plain("door"),
    plain("method"),
    plain("path"),
    plain("status"),
    plain("outcome"),
    plain("root_key_id"),
    plain("ip"),
    plain("user_agent"),
    plain("latency_us"),
    plain("request_body"),
    plain("response_body"),
];

pub(super) fn event(event: Stored) -> Vec<Value> {
    match event {
        Stored::Verification(event) => verification(event),
        Stored::Ratelimit(event) => ratelimit(event),
        Stored::Request(event) => request(event),
    }
}

fn verification(event: StoredVerification) -> Vec<Value> {
    vec![
        json!(event.time_ms),
        json!(event.request_id),
        json!(event.outcome),
        json!(event.denial),
        json!(event.api),
        json!(event.key),
        json!(event.identity),
        json!(event.external_id),
        list(event.tags),
        json!(event.spent_credits),
        json!(event.balance),
        json!(event.ip),
        json!(event.root_key),
        json!(event.door),
        json!(event.latency_us),
    ]
}

fn ratelimit(event: StoredRatelimit) -> Vec<Value> {
    vec![
        json!(event.time_ms),
        json!(event.request_id),
        json!(event.passed),
        json!(event.namespace),
        json!(event.identifier),
        json!(event.cost),
        json!(event.limit),
        json!(event.remaining),
        json!(event.reset_ms),
        json!(event.ratelimit_override),
        json!(event.root_key),
        json!(event.latency_us),
    ]
}

fn request(event: StoredRequest) -> Vec<Value> {
    vec![
        json!(event.time_ms),
        json!(event.request_id),
        json!(event.door),
        json!(event.method),
        json!(event.path),
        json!(event.status),
        json!(event.outcome),
        json!(event.root_key),
        json!(event.ip),
        json!(event.user_agent),
        json!(event.latency_us),
        json!(event.request_body),
        json!(event.response_body),
    ]
}

fn list(texts: Vec<String>) -> Value {
    if texts.is_empty() { Value::Null } else { json!(texts) }
}

fn limits(limits: &[Limit]) -> Value {
    if limits.is_empty() {
        return Value::Null;
    }
    let one = |limit: &Limit| {
        json!({
            "name": limit.name, "limit": limit.limit, "duration": limit.duration_ms, "autoApply": limit.auto_apply,
        })
    };
    limits.iter().map(one).collect()
}
