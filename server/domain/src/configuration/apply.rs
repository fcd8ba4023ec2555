//! Making a document true, or saying what that would change.

use std::collections::HashMap;

use super::current::{Current, override_entry};
use super::document::{
    Allowlist, ApiEntry, Document, NamespaceEntry, PermissionEntry, PortalEntry, RoleEntry,
};
use super::{ApplyDocument, Configuration, Difference, differences, plan_version, store};
use crate::apis::{Api, CreateApi, SetApi};
use crate::permissions::{CreatePermission, CreateRole, SetRolePermissions, UpdatePermission, UpdateRole};
use crate::portals::{CreatePortal, UpdatePortal};
use crate::ratelimit::overrides::SetOverride;
use base::access::{OpCtx, Operation, Target};
use base::audit::Group;
use base::claims;
use base::error::{Error, Field, Result};
use base::ids::{ApiId, KeyspaceId};
use base::patch::Patch;
use base::store::Tx;

/// A change that is being made: where, by whom, and what of it was told.
pub(super) struct Step<'a> {
    pub cx: &'a OpCtx,
    pub tx: &'a Tx,
    pub group: &'a mut Group,
}

/// Others wait for the one that changes something: larger ones are made in parts.
const MAX_CHANGES: usize = 2000;

impl Step<'_> {
    /// Fails once there is more to do than may be done at once.
    pub fn check_size(&self) -> Result<()> {
        if self.group.entries().len() <= MAX_CHANGES {
            return Ok(());
        }
        Err(Error::invalid(format!("These are more than {MAX_CHANGES} changes: make them in parts.")))
    }
}

/// The APIs that portals may name, those that were just made included.
struct KnownApis(Vec<(ApiId, KeyspaceId, String)>);

impl Configuration {
    /// Makes the document true, in one transaction, and says what that changed.
    ///
    /// Fails as the operations that it consists of, and changes nothing then.
    pub async fn apply(&self, cx: &OpCtx, command: &ApplyDocument) -> Result<Vec<Difference>> {
        cx.require(Operation::ConfigurationRead, Target::NONE)?;
        cx.require(Operation::ConfigurationApply, Target::NONE)?;
        let (made, some_api_is_gone) = self
            .store
            .write(|tx| async move {
                let mut group = Group::new();
                let gone = self.change(&mut Step { cx, tx: &tx, group: &mut group }, command).await?;
                let made = differences(&group);
                if let Some(key) = cx.idempotency.as_ref().filter(|_| group.is_empty()) {
                    // That nothing differed is an answer, too.
                    claims::claim(&tx, cx, key).await?;
                }
                command.planned.as_ref().map_or(Ok(()), |seen| seen.require(&plan_version(&made)))?;
                group.record(cx, &tx, &self.entropy).await?;
                Ok((made, gone))
            })
            .await?;
        if some_api_is_gone {
            self.apis.tell_deleted();
        }
        Ok(made)
    }

    /// What [`Configuration::apply`] would change; fails where it would.
    pub async fn plan(&self, cx: &OpCtx, command: &ApplyDocument) -> Result<Vec<Difference>> {
        cx.require(Operation::ConfigurationRead, Target::NONE)?;
        self.store
            .rehearse(|tx| async move {
                let mut group = Group::new();
                self.change(&mut Step { cx, tx: &tx, group: &mut group }, command).await?;
                Ok(differences(&group))
            })
            .await
    }

    /// Whether an API was deleted.
    async fn change(&self, step: &mut Step<'_>, command: &ApplyDocument) -> Result<bool> {
        let Document { apis, permissions, roles, namespaces, portals, .. } = &command.document;
        let current = store::current(step.tx.db(), step.cx).await?;
        let known = self.change_apis(step, &current, apis.as_deref().unwrap_or_default()).await?;
        for (place, entry) in placed("permissions", permissions.as_deref()) {
            self.change_permission(step, &current, entry).await.map_err(|error| error.within(&place))?;
            step.check_size()?;
        }
        for (place, entry) in placed("roles", roles.as_deref()) {
            self.change_role(step, &current, entry).await.map_err(|error| error.within(&place))?;
            step.check_size()?;
        }
        for (place, entry) in placed("namespaces", namespaces.as_deref()) {
            self.change_namespace(step, &current, entry).await.map_err(|error| error.within(&place))?;
            step.check_size()?;
        }
        for (place, entry) in placed("portals", portals.as_deref()) {
            self.change_portal(step, &current, &known, entry).await.map_err(|error| error.within(&place))?;
            step.check_size()?;
        }
        if command.prune { self.prune(step, &current, &command.document).await } else { Ok(false) }
    }

    async fn change_apis(
        &self,
        step: &mut Step<'_>,
        current: &Current,
        entries: &[ApiEntry],
    ) -> Result<KnownApis> {
        let of = |api: &Api| (api.id.clone(), api.keyspace_id.clone(), api.name.clone());
        let mut known: HashMap<ApiId, _> = current.apis.iter().map(|api| (api.id.clone(), of(api))).collect();
        for (place, entry) in placed("apis", Some(entries)) {
            let api = self.change_api(step, current, entry).await.map_err(|error| error.within(&place))?;
            known.insert(api.id.clone(), of(&api));
            step.check_size()?;
        }
        Ok(KnownApis(known.into_values().collect()))
    }

    async fn change_api(&self, step: &mut Step<'_>, current: &Current, entry: &ApiEntry) -> Result<Api> {
        let Step { cx, tx, group } = step;
        let id = match named_api(current, entry)? {
            Some(api) => api.id.clone(),
            None => self.apis.create_in(cx, tx, group, CreateApi { name: entry.name.clone() }).await?,
        };
        let ip_allowlist = match &entry.ip_allowlist {
            Some(Allowlist::These(list)) => Some(Some(addresses(list)?)),
            Some(Allowlist::Any) => Some(None),
            None => None,
        };
        let command = SetApi {
            name: Some(entry.name.clone()),
            default_prefix: entry.default_prefix.clone(),
            default_bytes: entry.default_bytes,
            ip_allowlist,
            recoverable: entry.recoverable,
            delete_protection: entry.delete_protection,
            ..SetApi::new(id.clone())
        };
        // What is as it should be asks for no right to change it.
        match current.apis.iter().find(|api| api.id == id) {
            Some(api) if command.changes_nothing(api)? => Ok(api.clone()),
            _ => self.apis.set_in(cx, tx, group, &command).await,
        }
    }

    async fn change_permission(
        &self,
        step: &mut Step<'_>,
        current: &Current,
        entry: &PermissionEntry,
    ) -> Result<()> {
        let Step { cx, tx, group } = step;
        let PermissionEntry { slug, name, description } = entry.clone();
        let Some(found) = current.permissions.iter().find(|permission| permission.slug == slug) else {
            check_new_slug(&slug)?;
            let name = name.unwrap_or_else(|| slug.clone());
            let command = CreatePermission { name, slug, description: description.flatten() };
            return self.permissions.create_permission_in(cx, tx, group, command).await.map(drop);
        };
        let is_so = name.as_ref().is_none_or(|name| *name == found.name)
            && description.as_ref().is_none_or(|text| *text == found.description);
        if is_so {
            return Ok(());
        }
        let description = patch(description);
        let command = UpdatePermission {
            permission: found.id.to_string(),
            name,
            slug: None,
            description,
            made_from: None,
        };
        self.permissions.update_permission_in(cx, tx, group, command).await.map(drop)
    }

    async fn change_role(&self, step: &mut Step<'_>, current: &Current, entry: &RoleEntry) -> Result<()> {
        let Step { cx, tx, group } = step;
        let RoleEntry { name, description, permissions } = entry.clone();
        let is_known = |slug: &&String| current.permissions.iter().any(|known| known.slug == **slug);
        let new = permissions.iter().flatten().filter(|slug| !is_known(slug));
        new.map(String::as_str).try_for_each(check_new_slug)?;
        let Some(found) = current.roles.iter().find(|details| details.role.name == name) else {
            let permissions = permissions.unwrap_or_default();
            let command = CreateRole { name, description: description.flatten(), permissions };
            return self.permissions.create_role_in(cx, tx, group, command).await.map(drop);
        };
        let role = found.role.id.to_string();
        if description.as_ref().is_some_and(|text| *text != found.role.description) {
            let command = UpdateRole { role: role.clone(), name: None, description: patch(description) };
            self.permissions.update_role_in(cx, tx, group, command).await?;
        }
        let Some(mut wanted) = permissions else { return Ok(()) };
        wanted.sort_unstable();
        wanted.dedup();
        let mut held: Vec<&str> = found.permissions.iter().map(|held| held.slug.as_str()).collect();
        held.sort_unstable();
        if held != wanted {
            let command = SetRolePermissions { role, permissions: wanted };
            self.permissions.set_role_permissions_in(cx, tx, group, command).await?;
        }
        Ok(())
    }

    async fn change_namespace(
        &self,
        step: &mut Step<'_>,
        current: &Current,
        entry: &NamespaceEntry,
    ) -> Result<()> {
        let Step { cx, tx, group } = step;
        let found = current.namespaces.iter().find(|namespace| namespace.name == entry.name);
        let id = match found {
            Some(found) => found.id.clone(),
            None => self.namespaces.make_in(cx, tx, group, &entry.name).await?.id,
        };
        let held = current.overrides.get(&id).map(Vec::as_slice).unwrap_or_default();
        for wanted in entry.overrides.iter().flatten() {
            let found = held.iter().find(|held| held.identifier == wanted.identifier);
            if found.and_then(override_entry).as_ref() == Some(wanted) {
                continue;
            }
            let command = SetOverride {
                namespace: id.to_string(),
                identifier: wanted.identifier.clone(),
                limit: wanted.limit,
                duration_ms: wanted.duration.ms,
                is_async: found.is_some_and(|found| found.is_async),
                expires_at: None,
            };
            let set = self.overrides.set_in(cx, tx, group, &command).await;
            set.map_err(|error| error.within(&format!("override '{}'", wanted.identifier)))?;
        }
        Ok(())
    }

    async fn change_portal(
        &self,
        step: &mut Step<'_>,
        current: &Current,
        known: &KnownApis,
        entry: &PortalEntry,
    ) -> Result<()> {
        let Step { cx, tx, group } = step;
        let (_, keyspace, _) = known.find(&entry.api)?;
        let PortalEntry { slug, display_name, enabled, logo_url, primary_color, .. } = entry.clone();
        let Some(found) = current.portals.iter().find(|portal| portal.slug == slug) else {
            let command = CreatePortal {
                slug,
                display_name,
                keyspace: keyspace.clone(),
                enabled: enabled.unwrap_or(true),
                logo_url: logo_url.flatten(),
                primary_color: primary_color.flatten(),
            };
            return self.portals.create_in(cx, tx, group, command).await.map(drop);
        };
        let is_so = found.keyspace == *keyspace
            && found.display_name == display_name
            && enabled.is_none_or(|enabled| enabled == found.enabled)
            && logo_url.as_ref().is_none_or(|url| *url == found.logo_url)
            && primary_color.as_ref().is_none_or(|color| *color == found.primary_color);
        if is_so {
            return Ok(());
        }
        let command = UpdatePortal {
            portal: found.id.to_string(),
            slug: None,
            display_name: Some(display_name),
            keyspace: Some(keyspace.clone()),
            enabled,
            logo_url: patch(logo_url),
            primary_color: patch(primary_color),
            made_from: None,
        };
        self.portals.update_in(cx, tx, group, command).await.map(drop)
    }
}

/// As version 2 of the API takes them (docs/contract/v2.md#permissions-and-roles). What is
/// there already may have another form.
fn check_new_slug(slug: &str) -> Result<()> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "_:-.*".contains(c);
    if (1..=128).contains(&slug.len()) && slug.chars().all(legal) {
        return Ok(());
    }
    Err(Error::invalid(format!("The slug '{slug}' has to have 1 to 128 letters, digits or any of `._-:*`."))
        .at(Field::Slug))
}

/// A list of addresses as the rooms write it.
fn addresses(list: &[String]) -> Result<String> {
    if list.is_empty() || list.iter().any(|address| address.trim().is_empty()) {
        return Err(Error::invalid(
            "An `ipAllowlist` without an address would let every address in: say `any`, if that is meant.",
        ));
    }
    Ok(list.join(","))
}

/// The API that an entry is about, if there is one.
fn named_api<'a>(current: &'a Current, entry: &ApiEntry) -> Result<Option<&'a Api>> {
    if let Some(id) = &entry.id {
        let found = current.apis.iter().find(|api| api.id.as_str() == id);
        return found.map(Some).ok_or_else(|| Error::invalid(format!("There is no API with the id '{id}'.")));
    }
    let mut named = current.apis.iter().filter(|api| api.name == entry.name);
    match (named.next(), named.next()) {
        (found, None) => Ok(found),
        _ => Err(Error::invalid(format!(
            "Several APIs are called '{}': say which one is meant by its `id`.",
            entry.name
        ))),
    }
}

impl KnownApis {
    fn find(&self, name_or_id: &str) -> Result<&(ApiId, KeyspaceId, String)> {
        if let Some(found) = self.0.iter().find(|(id, ..)| id.as_str() == name_or_id) {
            return Ok(found);
        }
        let mut named = self.0.iter().filter(|(.., name)| name == name_or_id);
        match (named.next(), named.next()) {
            (Some(found), None) => Ok(found),
            (Some(_), Some(_)) => Err(Error::invalid(format!(
                "Several APIs are called '{name_or_id}': say which one is meant by its id."
            ))),
            (None, _) => Err(Error::invalid(format!("There is no API '{name_or_id}'."))),
        }
    }
}

fn patch<T>(member: Option<Option<T>>) -> Patch<T> {
    match member {
        None => Patch::Keep,
        Some(None) => Patch::Clear,
        Some(Some(value)) => Patch::Set(value),
    }
}

/// Entries of a section with where they stand, for errors.
fn placed<'a, T>(section: &str, entries: Option<&'a [T]>) -> impl Iterator<Item = (String, &'a T)> {
    let entries = entries.unwrap_or_default().iter().enumerate();
    entries.map(move |(at, entry)| (format!("{section}[{at}]"), entry))
}
