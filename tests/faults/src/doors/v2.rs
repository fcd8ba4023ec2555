//! The v2 API: how it spells each change, and what it shows.

use serde_json::{Value, json};

use super::change::{Change, NewKey};
use super::wire::Request;

/// A call of an operation with a root key.
pub fn call(operation: &str, body: &Value, root_key: &str) -> Request {
    Request {
        method: "POST",
        path: format!("/v2/{operation}"),
        headers: vec![
            ("authorization", format!("Bearer {root_key}")),
            ("content-type", "application/json".to_owned()),
        ],
        body: body.to_string().into_bytes(),
    }
}

/// A call that an end user's session makes.
pub fn portal_call(operation: &str, body: &Value, token: &str) -> Request {
    let mut request = call(operation, body, "");
    request.headers[0] = ("cookie", format!("portal_session={token}"));
    request
}

/// The operation that makes this change, if there is one.
pub fn request(change: &Change, root_key: &str) -> Option<Request> {
    let (operation, body) = spell(change)?;
    let mut request = call(operation, &body, root_key);
    if let Change::CreateKey(key) = change {
        // Sent again, it must not make another.
        request.headers.push(("idempotency-key", key.name.clone()));
    }
    Some(request)
}

fn spell(change: &Change) -> Option<(&'static str, Value)> {
    Some(match change {
        Change::CreateKey(key) => ("keys.createKey", new_key(key)),
        Change::RenameKey { id, name } => ("keys.updateKey", json!({ "keyId": id, "name": name })),
        Change::SwitchKey { id, enabled } => ("keys.updateKey", json!({ "keyId": id, "enabled": enabled })),
        Change::DeleteKey { id } => ("keys.deleteKey", json!({ "keyId": id })),
        Change::RerollKey { id } => ("keys.rerollKey", json!({ "keyId": id, "expiration": 0 })),
        Change::SetCredits { id, credits } => {
            ("keys.updateCredits", json!({ "keyId": id, "operation": "set", "value": credits }))
        }
        Change::AddCredits { id, amount } => {
            let operation = if *amount < 0 { "decrement" } else { "increment" };
            ("keys.updateCredits", json!({ "keyId": id, "operation": operation, "value": amount.abs() }))
        }
        Change::GivePermission { .. }
        | Change::TakePermission { .. }
        | Change::SetPermissions { .. }
        | Change::GiveRole { .. }
        | Change::TakeRole { .. }
        | Change::SetRoles { .. }
        | Change::CreateRole { .. }
        | Change::DeleteRole { .. }
        | Change::SetRolePermissions { .. } => return access(change),
        Change::CreateIdentity { external_id, plan } => {
            ("identities.createIdentity", json!({ "externalId": external_id, "meta": { "plan": plan } }))
        }
        Change::SetIdentityMeta { external_id, plan, .. } => {
            ("identities.updateIdentity", json!({ "identity": external_id, "meta": { "plan": plan } }))
        }
        Change::DeleteIdentity { external_id, .. } => {
            ("identities.deleteIdentity", json!({ "identity": external_id }))
        }
        Change::SetOverride { place, limit } => (
            "ratelimit.setOverride",
            json!({ "namespace": place.namespace, "identifier": place.identifier, "limit": limit, "duration": 60_000 }),
        ),
        Change::DeleteOverride { place } => (
            "ratelimit.deleteOverride",
            json!({ "namespace": place.namespace, "identifier": place.identifier }),
        ),
        Change::CreateRootKey { name } => {
            ("rootKeys.createKey", json!({ "name": name, "permissions": ["api.*.read_api"] }))
        }
        Change::SwitchRootKey { id, enabled } => {
            ("rootKeys.updateKey", json!({ "keyId": id, "enabled": enabled }))
        }
        Change::RevokeRootKey { id, .. } => ("rootKeys.deleteKey", json!({ "keyId": id })),
        Change::RestoreKey { .. } | Change::SetAllowlist { .. } | Change::RotateMasterKey => return None,
    })
}

fn access(change: &Change) -> Option<(&'static str, Value)> {
    Some(match change {
        Change::GivePermission { key, slug } => {
            ("keys.addPermissions", json!({ "keyId": key, "permissions": [slug] }))
        }
        Change::TakePermission { key, slug } => {
            ("keys.removePermissions", json!({ "keyId": key, "permissions": [slug] }))
        }
        Change::SetPermissions { key, slugs } => {
            ("keys.setPermissions", json!({ "keyId": key, "permissions": slugs }))
        }
        Change::GiveRole { key, role } => ("keys.addRoles", json!({ "keyId": key, "roles": [role] })),
        Change::TakeRole { key, role } => ("keys.removeRoles", json!({ "keyId": key, "roles": [role] })),
        Change::SetRoles { key, roles } => ("keys.setRoles", json!({ "keyId": key, "roles": roles })),
        Change::CreateRole { name, slugs } => {
            ("permissions.createRole", json!({ "name": name, "permissions": slugs }))
        }
        Change::DeleteRole { id, .. } => ("permissions.deleteRole", json!({ "role": id })),
        Change::SetRolePermissions { id, slugs } => {
            ("permissions.setRolePermissions", json!({ "roleId": id, "permissions": slugs }))
        }
        _ => return None,
    })
}

fn new_key(key: &NewKey) -> Value {
    let mut body = json!({ "apiId": key.api, "name": key.name });
    if let Some(credits) = key.credits {
        body["credits"] = json!({ "remaining": credits });
    }
    if let Some(amount) = key.refill {
        body["credits"]["refill"] = json!({ "interval": "daily", "amount": amount });
    }
    if let Some(limit) = key.daily_limit {
        body["ratelimits"] =
            json!([{ "name": "default", "limit": limit, "duration": 86_400_000, "autoApply": true }]);
    }
    if let Some(external_id) = &key.external_id {
        body["externalId"] = external_id.as_str().into();
    }
    if key.recoverable {
        body["recoverable"] = true.into();
    }
    body
}
