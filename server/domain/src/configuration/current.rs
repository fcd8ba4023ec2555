//! What there is, and the document that says so.

use std::collections::HashMap;

use super::document::{
    Allowlist, ApiEntry, Document, NamespaceEntry, OverrideEntry, PermissionEntry, PortalEntry, RoleEntry,
};
use super::span::Span;
use super::{Configuration, store};
use crate::apis::Api;
use crate::permissions::{Permission, RoleDetails};
use crate::portals::Portal;
use crate::ratelimit::namespace_admin::Namespace;
use crate::ratelimit::overrides::NamedOverride;
use base::access::{OpCtx, Operation, Target};
use base::error::Result;
use base::ids::NamespaceId;

/// Everything that a document can say.
pub(super) struct Current {
    pub apis: Vec<Api>,
    pub permissions: Vec<Permission>,
    pub roles: Vec<RoleDetails>,
    pub namespaces: Vec<Namespace>,
    pub overrides: HashMap<NamespaceId, Vec<NamedOverride>>,
    pub portals: Vec<Portal>,
}

impl Configuration {
    /// The document of what there is.
    pub async fn export(&self, cx: &OpCtx) -> Result<Document> {
        cx.require(Operation::ConfigurationRead, Target::NONE)?;
        let document = store::current(self.store.read(), cx).await?.into_document();
        document.check_size()?;
        Ok(document)
    }
}

impl Current {
    /// By name, so that two documents differ where what they say does.
    fn sort(&mut self) {
        self.apis.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        self.permissions.sort_by(|one, other| one.slug.cmp(&other.slug));
        self.roles.sort_by(|one, other| one.role.name.cmp(&other.role.name));
        self.namespaces.sort_by(|one, other| one.name.cmp(&other.name));
        self.portals.sort_by(|one, other| one.slug.cmp(&other.slug));
        for overrides in self.overrides.values_mut() {
            overrides.sort_by(|one, other| one.identifier.cmp(&other.identifier));
        }
    }

    fn into_document(mut self) -> Document {
        self.sort();
        let mut names: HashMap<&str, usize> = HashMap::new();
        for api in &self.apis {
            *names.entry(&api.name).or_default() += 1;
        }
        let is_ambiguous = |api: &Api| names.get(api.name.as_str()).is_some_and(|times| *times > 1);
        let named = |portal: &Portal| match self.apis.iter().find(|api| api.id == portal.api) {
            Some(api) if !is_ambiguous(api) => api.name.clone(),
            _ => portal.api.to_string(),
        };
        // One of an API that is gone shows nothing, and could not be made.
        let live = self.portals.iter().filter(|portal| self.apis.iter().any(|api| api.id == portal.api));
        let portals = live.map(|portal| portal_entry(portal, named(portal))).collect();
        let apis = self.apis.iter().map(|api| api_entry(api, is_ambiguous(api))).collect();
        let mut overrides = self.overrides;
        let namespaces = self.namespaces.into_iter().map(|namespace| {
            let own = overrides.remove(&namespace.id).unwrap_or_default();
            let lasting = own.iter().filter_map(override_entry).collect();
            NamespaceEntry { name: namespace.name, overrides: Some(lasting) }
        });
        Document {
            apis: Some(apis),
            permissions: Some(self.permissions.into_iter().map(permission_entry).collect()),
            roles: Some(self.roles.into_iter().map(role_entry).collect()),
            namespaces: Some(namespaces.collect()),
            portals: Some(portals),
            ..Document::empty()
        }
    }
}

fn api_entry(api: &Api, with_id: bool) -> ApiEntry {
    let addresses = |list: &String| list.split(',').map(ToOwned::to_owned).collect();
    ApiEntry {
        id: with_id.then(|| api.id.to_string()),
        name: api.name.clone(),
        default_prefix: Some(api.default_prefix.clone()),
        default_bytes: Some(api.default_bytes),
        ip_allowlist: Some(
            api.ip_allowlist.as_ref().map_or(Allowlist::Any, |list| Allowlist::These(addresses(list))),
        ),
        recoverable: Some(api.store_encrypted_keys),
        delete_protection: Some(api.delete_protection),
    }
}

fn permission_entry(permission: Permission) -> PermissionEntry {
    let Permission { name, slug, description, .. } = permission;
    PermissionEntry { slug, name: Some(name), description: Some(description) }
}

fn role_entry(details: RoleDetails) -> RoleEntry {
    let slugs = details.permissions.into_iter().map(|permission| permission.slug);
    RoleEntry {
        name: details.role.name,
        description: Some(details.role.description),
        permissions: Some(slugs.collect()),
    }
}

/// What of an override has no end.
pub(super) fn override_entry(found: &NamedOverride) -> Option<OverrideEntry> {
    let lasting = found.applies.lasting()?;
    Some(OverrideEntry {
        identifier: found.identifier.clone(),
        limit: i64::try_from(lasting.limit).ok()?,
        duration: Span { ms: i64::try_from(lasting.duration_ms).ok()? },
    })
}

fn portal_entry(portal: &Portal, api: String) -> PortalEntry {
    PortalEntry {
        slug: portal.slug.clone(),
        api,
        display_name: portal.display_name.clone(),
        enabled: Some(portal.enabled),
        logo_url: Some(portal.logo_url.clone()),
        primary_color: Some(portal.primary_color.clone()),
    }
}
