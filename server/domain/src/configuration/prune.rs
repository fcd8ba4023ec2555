//! Deleting what the sections of a document do not list. A section that is left out
//! loses nothing.
//!
//! The last made goes first: portals before their APIs, roles before their
//! permissions. An API is deleted with its keys and its portal, unless it is protected.

use std::collections::HashSet;

use super::Configuration;
use super::apply::Step;
use super::current::Current;
use super::document::{ApiEntry, Document, NamespaceEntry};
use crate::apis::Api;
use base::error::{Error, Result};

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
            step.check_size()?;
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
                    step.check_size()?;
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
        // One that ends is an exception, whatever holds afterwards: it may keep somebody out.
        let lasting = held.into_iter().flat_map(|(_, held)| held).filter(|held| held.applies.end.is_none());
        for gone in lasting.filter(|held| !listed.contains(held.identifier.as_str())) {
            let identifier = &gone.identifier;
            self.overrides.delete_in(step.cx, step.tx, step.group, namespace, identifier).await?;
            step.check_size()?;
        }
        Ok(())
    }

    async fn prune_roles(&self, step: &mut Step<'_>, current: &Current, document: &Document) -> Result<()> {
        let Some(listed) = &document.roles else { return Ok(()) };
        let listed: HashSet<&str> = listed.iter().map(|entry| entry.name.as_str()).collect();
        for gone in current.roles.iter().filter(|details| !listed.contains(details.role.name.as_str())) {
            let id = gone.role.id.as_str();
            self.permissions.delete_role_in(step.cx, step.tx, step.group, id).await?;
            step.check_size()?;
        }
        Ok(())
    }

    /// Those that a role grants stay: one that says them would have them made again, and
    /// one that does not say what it grants keeps it.
    async fn prune_permissions(
        &self,
        step: &mut Step<'_>,
        current: &Current,
        document: &Document,
    ) -> Result<()> {
        let Some(listed) = &document.permissions else { return Ok(()) };
        let said = document.roles.iter().flatten().flat_map(|role| role.permissions.iter().flatten());
        let is_unsaid = |name: &str| {
            let Some(roles) = &document.roles else { return true };
            roles.iter().any(|entry| entry.name == name && entry.permissions.is_none())
        };
        let unsaid = current.roles.iter().filter(|details| is_unsaid(&details.role.name));
        let mut listed: HashSet<&str> = listed.iter().map(|entry| entry.slug.as_str()).collect();
        listed.extend(said.map(String::as_str));
        listed.extend(unsaid.flat_map(|details| &details.permissions).map(|held| held.slug.as_str()));
        for gone in current.permissions.iter().filter(|held| !listed.contains(held.slug.as_str())) {
            let id = gone.id.as_str();
            self.permissions.delete_permission_in(step.cx, step.tx, step.group, id).await?;
            step.check_size()?;
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
        let is_gone = |api: &&Api| !listed.iter().any(|entry| is(entry, api.id.as_str(), &api.name));
        for api in current.apis.iter().filter(is_gone) {
            self.prune_api(step, current, document, api).await.map_err(|error| error.within(&api.name))?;
            some_is_gone = true;
        }
        Ok(some_is_gone)
    }

    /// With its portal, which shows nothing without it.
    async fn prune_api(
        &self,
        step: &mut Step<'_>,
        current: &Current,
        document: &Document,
        api: &Api,
    ) -> Result<()> {
        let listed = document.portals.iter().flatten();
        let mut of_api = listed.filter(|entry| entry.api == api.name || entry.api == api.id.as_str());
        if let Some(portal) = of_api.next() {
            return Err(Error::invalid(format!(
                "The portal {} is of this API, which `apis` does not list and pruning would delete.",
                portal.slug
            )));
        }
        if document.portals.is_none() {
            for portal in current.portals.iter().filter(|portal| portal.api == api.id) {
                self.portals.delete_in(step.cx, step.tx, step.group, portal.id.as_str()).await?;
            }
        }
        self.apis.delete_in(step.cx, step.tx, step.group, &api.id).await?;
        step.check_size()
    }
}
