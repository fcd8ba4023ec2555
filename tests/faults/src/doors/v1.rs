//! The v1 API: how it spells each change. It has fewer of them than v2.

use serde_json::{Value, json};

use super::change::{Change, NewKey};
use super::wire::Request;

/// A call of an operation with a root key.
pub fn call(operation: &str, body: &Value, root_key: &str) -> Request {
    let mut request = super::v2::call("", body, root_key);
    request.path = format!("/v1/{operation}");
    request
}

/// An operation that only reads.
pub fn read(path: &str, root_key: &str) -> Request {
    Request {
        method: "GET",
        path: format!("/v1/{path}"),
        headers: vec![("authorization", format!("Bearer {root_key}"))],
        body: Vec::new(),
    }
}

/// The operation that makes this change, if there is one.
pub fn request(change: &Change, root_key: &str) -> Option<Request> {
    let (operation, body) = keys(change).or_else(|| access(change)).or_else(|| others(change))?;
    Some(call(operation, &body, root_key))
}

fn keys(change: &Change) -> Option<(&'static str, Value)> {
    Some(match change {
        Change::CreateKey(key) => ("keys.createKey", new_key(key)),
        Change::RenameKey { id, name } => ("keys.updateKey", json!({ "keyId": id, "name": name })),
        Change::SwitchKey { id, enabled } => ("keys.updateKey", json!({ "keyId": id, "enabled": enabled })),
        Change::DeleteKey { id } => ("keys.deleteKey", json!({ "keyId": id })),
        Change::SetCredits { id, credits } => {
            ("keys.updateRemaining", json!({ "keyId": id, "op": "set", "value": credits }))
        }
        Change::AddCredits { id, amount } => {
            let op = if *amount < 0 { "decrement" } else { "increment" };
            ("keys.updateRemaining", json!({ "keyId": id, "op": op, "value": amount.abs() }))
        }
        _ => return None,
    })
}

fn access(change: &Change) -> Option<(&'static str, Value)> {
    let named = |names: &[String]| names.iter().map(|name| json!({ "name": name })).collect::<Value>();
    let one = |name: &String| named(std::slice::from_ref(name));
    Some(match change {
        Change::GivePermission { key, slug } => {
            ("keys.addPermissions", json!({ "keyId": key, "permissions": one(slug) }))
        }
        Change::TakePermission { key, slug } => {
            ("keys.removePermissions", json!({ "keyId": key, "permissions": one(slug) }))
        }
        // An empty list is refused here.
        Change::SetPermissions { key, slugs } if !slugs.is_empty() => {
            ("keys.setPermissions", json!({ "keyId": key, "permissions": named(slugs) }))
        }
        Change::GiveRole { key, role } => ("keys.addRoles", json!({ "keyId": key, "roles": one(role) })),
        Change::TakeRole { key, role } => ("keys.removeRoles", json!({ "keyId": key, "roles": one(role) })),
        Change::SetRoles { key, roles } if !roles.is_empty() => {
            ("keys.setRoles", json!({ "keyId": key, "roles": named(roles) }))
        }
        Change::CreateRole { name, slugs } if slugs.is_empty() => {
            ("permissions.createRole", json!({ "name": name }))
        }
        Change::DeleteRole { id, .. } => ("permissions.deleteRole", json!({ "roleId": id })),
        _ => return None,
    })
}

fn others(change: &Change) -> Option<(&'static str, Value)> {
    Some(match change {
        Change::CreateIdentity { external_id, plan } => {
            ("identities.createIdentity", json!({ "externalId": external_id, "meta": { "plan": plan } }))
        }
        Change::SetIdentityMeta { id, plan, .. } => {
            ("identities.updateIdentity", json!({ "identityId": id, "meta": { "plan": plan } }))
        }
        Change::DeleteIdentity { id, .. } => ("identities.deleteIdentity", json!({ "identityId": id })),
        Change::SetOverride { place, limit } => (
            "ratelimits.setOverride",
            json!({ "namespaceName": place.namespace, "identifier": place.identifier, "limit": limit, "duration": 60_000 }),
        ),
        Change::DeleteOverride { place } => (
            "ratelimits.deleteOverride",
            json!({ "namespaceName": place.namespace, "identifier": place.identifier }),
        ),
        _ => return None,
    })
}

fn new_key(key: &NewKey) -> Value {
    let mut body = json!({ "apiId": key.api, "name": key.name });
    if let Some(credits) = key.credits {
        body["remaining"] = credits.into();
    }
    if let Some(amount) = key.refill {
        body["refill"] = json!({ "interval": "daily", "amount": amount });
    }
    if let Some(limit) = key.daily_limit {
        body["ratelimit"] = json!({ "limit": limit, "duration": 86_400_000 });
    }
    if let Some(external_id) = &key.external_id {
        body["externalId"] = external_id.as_str().into();
    }
    if key.recoverable {
        body["recoverable"] = true.into();
    }
    body
}
