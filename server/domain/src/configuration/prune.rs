//! Deleting what the sections of a document do not list. A section that is left out
//! loses nothing.
//!
//! The last made goes first: portals before their APIs, roles before their
//! permissions. An API is deleted with its keys, unless it is protected.

use std::collections::HashSet;

use super::Configuration;
use super::apply::Step;
use super::current::{Current, override_entry};
use super::document::{ApiEntry, Document, NamespaceEntry};
use base::error::Result;

impl Configuration {
    /// Whether an API was deleted.
    pub(super) async fn prune(
        &self,
        step: &mut Step<'_>,
        current: &Current,
        document: &Document,
    ) -> Result<bool> {
        self.prune_portals(step, current, document).await?;
        self.prune_namespaces(step, current, document).await?;
        self.prune_roles(step, current, document).await?;
        self.prune_permissions(step, current, document).await?;
        self.prune_apis(step, current, document).await
    }

    async fn prune_portals(&self, step: &mut Step<'_>, current: &Current, document: &Document) -> Result<()> {
        let Some(listed) = &document.portals else { return Ok(()) };
        let listed: HashSet<&str> = listed.iter().map(|entry| entry.slug.as_str()).collect();
        for gone in current.portals.iter().filter(|portal| !listed.contains(portal.slug.as_str())) {
            self.portals.delete_in(step.cx, step.tx, step.group, gone.id.as_str()).await?;
        }
        Ok(())
    }

    async fn prune_namespaces(
        &self,
        step: &mut Step<'_>,
        current: &Current,
        document: &Document,
    ) -> Result<()> {
        let Some(listed) = &document.namespaces else { return Ok(()) };
        for namespace in &current.namespaces {
            match listed.iter().find(|entry| entry.name == namespace.name) {
                Some(entry) => self.prune_overrides(step, current, namespace.id.as_str(), entry).await?,
                None => {
                    let id = namespace.id.as_str();
                    self.namespaces.delete_in(step.cx, step.tx, step.group, id).await?;
                }
            }
        }
        Ok(())
    }

    async fn prune_overrides(
        &self,
        step: &mut Step<'_>,
        current: &Current,
        namespace: &str,
        entry: &NamespaceEntry,
    ) -> Result<()> {
        let Some(listed) = &entry.overrides else { return Ok(()) };
        let listed: HashSet<&str> = listed.iter().map(|entry| entry.identifier.as_str()).collect();
        let held = current.overrides.iter().find(|(id, _)| id.as_str() == namespace);
        let lasting =
            held.into_iter().flat_map(|(_, held)| held).filter(|held| override_entry(held).is_some());
        for gone in lasting.filter(|held| !listed.contains(held.identifier.as_str())) {
            let identifier = &gone.identifier;
            self.overrides.delete_in(step.cx, step.tx, step.group, namespace, identifier).await?;
        }
        Ok(())
    }

    async fn prune_roles(&self, step: &mut Step<'_>, current: &Current, document: &Document) -> Result<()> {
        let Some(listed) = &document.roles else { return Ok(()) };
        let listed: HashSet<&str> = listed.iter().map(|entry| entry.name.as_str()).collect();
        for gone in current.roles.iter().filter(|details| !listed.contains(details.role.name.as_str())) {
            let id = gone.role.id.as_str();
            self.permissions.delete_role_in(step.cx, step.tx, step.group, id).await?;
        }
        Ok(())
    }

    /// Those that a listed role grants stay, or it would have them made again.
    async fn prune_permissions(
        &self,
        step: &mut Step<'_>,
        current: &Current,
        document: &Document,
    ) -> Result<()> {
        let Some(listed) = &document.permissions else { return Ok(()) };
        let granted = document.roles.iter().flatten().flat_map(|role| role.permissions.iter().flatten());
        let mut listed: HashSet<&str> = listed.iter().map(|entry| entry.slug.as_str()).collect();
        listed.extend(granted.map(String::as_str));
        for gone in current.permissions.iter().filter(|held| !listed.contains(held.slug.as_str())) {
            let id = gone.id.as_str();
            self.permissions.delete_permission_in(step.cx, step.tx, step.group, id).await?;
        }
        Ok(())
    }

    async fn prune_apis(&self, step: &mut Step<'_>, current: &Current, document: &Document) -> Result<bool> {
        let Some(listed) = &document.apis else { return Ok(false) };
        let is = |entry: &ApiEntry, id: &str, name: &str| match &entry.id {
            Some(listed) => listed == id,
            None => entry.name == name,
        };
        let mut some_is_gone = false;
        for api in &current.apis {
            if !listed.iter().any(|entry| is(entry, api.id.as_str(), &api.name)) {
                self.apis.delete_in(step.cx, step.tx, step.group, &api.id).await?;
                some_is_gone = true;
            }
        }
        Ok(some_is_gone)
    }
}
