//! What a form offers to give to a key: roles, permissions, external ids.

use std::collections::BTreeMap;

use web::pages::key_form::{Grantable, KeyChoices};
use web::texts::key_form as text;

use crate::http::dashboard::member_request::MemberRequest;
use base::error::Result;
use base::store::Page;
use domain::apis::Api;
use domain::identities::ListIdentities;
use domain::keys::KeyDetails;
use domain::permissions::{Listing, RoleDetails};

/// Roles and permissions that a form lists. What a key has is listed in any case.
const LISTED: u64 = 500;
/// External ids that are suggested; any can be typed.
const SUGGESTED: u64 = 100;
/// Permissions that are named beside a role.
const NAMED: usize = 6;

/// `held` is the key that is changed, if it is not a new one.
pub async fn key_choices(
    request: &MemberRequest,
    api: &Api,
    held: Option<&KeyDetails>,
) -> Result<KeyChoices> {
    let listing = || Listing { page: Page { limit: LISTED, cursor: None }, search: None };
    let all_roles = request.app.permissions.list_roles(&request.cx, listing()).await?.items;
    let all_permissions = request.app.permissions.list_permissions(&request.cx, listing()).await?.items;
    let roles = all_roles.iter().map(|role| (role.role.name.clone(), note(role)));
    let permissions = all_permissions.into_iter().map(|one| {
        let note = through(held, &all_roles, &one.slug).or(one.description).unwrap_or_default();
        (one.slug, note)
    });
    let held_roles = held.map_or(&[][..], |held| &held.roles);
    let held_slugs: Vec<String> =
        held.into_iter().flat_map(|held| &held.direct_permissions).map(|one| one.slug.clone()).collect();
    let command = ListIdentities { page: Page { limit: SUGGESTED, cursor: None }, search: None };
    let identities = request.app.identities.list(&request.cx, command).await?.items;
    Ok(KeyChoices {
        roles: grantable(held_roles, roles),
        permissions: grantable(&held_slugs, permissions),
        external_ids: identities.into_iter().map(|identity| identity.external_id).collect(),
        recoverable: api.store_encrypted_keys,
    })
}

/// Names and notes in order, those that are held included.
fn grantable(held: &[String], listed: impl Iterator<Item = (String, String)>) -> Vec<Grantable> {
    let mut all: BTreeMap<String, String> = held.iter().map(|name| (name.clone(), String::new())).collect();
    all.extend(listed);
    all.into_iter().map(|(name, note)| Grantable { id: name.clone(), label: name, note }).collect()
}

/// What a role holds.
fn note(role: &RoleDetails) -> String {
    let slugs: Vec<&str> = role.permissions.iter().map(|one| one.slug.as_str()).collect();
    match slugs.len().checked_sub(NAMED).filter(|more| *more > 0) {
        Some(more) => text::and_more(&slugs[..NAMED].join(", "), more),
        None => slugs.join(", "),
    }
}

/// Through which of its roles a key has a permission.
fn through(held: Option<&KeyDetails>, roles: &[RoleDetails], slug: &str) -> Option<String> {
    let held = held?;
    let gives = |role: &&RoleDetails| {
        held.roles.contains(&role.role.name) && role.permissions.iter().any(|one| one.slug == slug)
    };
    roles.iter().find(gives).map(|role| text::through_the_role(&role.role.name))
}
