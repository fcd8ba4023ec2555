//! Making, changing and deleting portals
//! (docs/contract/v2.md#managing-portals).

use base::ids::{KeyspaceId, PortalId};
use serde_json::{Map, Value, json};

use super::{Portal, Portals, absent, store};
use crate::apis;
use base::access::{OpCtx, Operation, Target};
use base::audit::{Event, Group, changes};
use base::edit_version::Version;
use base::error::{Code, Error, Result};
use base::patch::Patch;
use base::store::Tx;

/// A portal to be made.
#[derive(Clone, Debug)]
pub struct CreatePortal {
    pub slug: String,
    pub display_name: String,
    pub keyspace: KeyspaceId,
    pub enabled: bool,
    pub logo_url: Option<String>,
    pub primary_color: Option<String>,
}

/// A change of a portal; what is left out stays. Disabling it and pointing it
/// at another keyspace end its live sessions.
#[derive(Clone, Debug)]
pub struct UpdatePortal {
    /// Id or slug.
    pub portal: String,
    pub slug: Option<String>,
    pub display_name: Option<String>,
    pub keyspace: Option<KeyspaceId>,
    pub enabled: Option<bool>,
    pub logo_url: Patch<String>,
    pub primary_color: Patch<String>,
    /// The state that was seen, if there is to be no other; else fails with
    /// `edit_conflict`.
    pub made_from: Option<Version>,
}

/// How a portal is named.
#[derive(Clone, Debug)]
pub enum PortalName {
    IdOrSlug(String),
    Keyspace(KeyspaceId),
}

impl Portals {
    /// A slug or a keyspace that is taken fails with `portal_already_exists`.
    pub async fn create(&self, cx: &OpCtx, command: CreatePortal) -> Result<PortalId> {
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                let id = self.create_in(cx, &tx, &mut group, command).await?;
                group.record(cx, &tx, &self.entropy).await?;
                Ok(id)
            })
            .await
    }

    /// As [`Portals::create`], as a part of a larger change.
    pub(crate) async fn create_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        command: CreatePortal,
    ) -> Result<PortalId> {
        cx.require(Operation::PortalCreate, Target::NONE)?;
        let api = apis::find_live_by_keyspace(tx.db(), &cx.workspace, &command.keyspace)
            .await?
            .ok_or_else(|| Error::absent(Code::KeySpaceNotFound))?;
        let portal = Portal {
            id: self.entropy.id(PortalId::PREFIX, cx.now_ms),
            slug: command.slug,
            display_name: command.display_name,
            api: api.id,
            keyspace: api.keyspace_id,
            enabled: command.enabled,
            logo_url: command.logo_url,
            primary_color: command.primary_color,
            created_at: cx.now_ms,
            updated_at: None,
        };
        check(&portal)?;
        store::insert(tx, cx, &portal).await?;
        group.push(
            Event::PortalCreate,
            format!("Created portal {}", portal.slug),
            vec![portal.audit_target()],
        );
        Ok(portal.id)
    }

    /// A missing grant answers as an absent portal, here and below.
    pub async fn get(&self, cx: &OpCtx, name: &PortalName) -> Result<Portal> {
        let portal = store::find(self.store.read(), &cx.workspace, name).await?.ok_or_else(absent)?;
        cx.require(Operation::PortalRead, Target::portal(&portal.id))?;
        Ok(portal)
    }

    /// Answers the portal as it then is.
    pub async fn update(&self, cx: &OpCtx, command: UpdatePortal) -> Result<Portal> {
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                let after = self.update_in(cx, &tx, &mut group, command).await?;
                group.record(cx, &tx, &self.entropy).await?;
                Ok(after)
            })
            .await
    }

    /// As [`Portals::update`], as a part of a larger change.
    pub(crate) async fn update_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        command: UpdatePortal,
    ) -> Result<Portal> {
        let name = PortalName::IdOrSlug(command.portal);
        let before = store::find(tx.db(), &cx.workspace, &name).await?.ok_or_else(absent)?;
        cx.require(Operation::PortalUpdate, Target::portal(&before.id))?;
        if let Some(made_from) = &command.made_from {
            made_from.require(&before.version())?;
        }
        let mut after = before.clone();
        after.slug = command.slug.unwrap_or(after.slug);
        after.display_name = command.display_name.unwrap_or(after.display_name);
        after.enabled = command.enabled.unwrap_or(after.enabled);
        command.logo_url.apply(&mut after.logo_url);
        command.primary_color.apply(&mut after.primary_color);
        if let Some(keyspace) = &command.keyspace {
            let api = apis::find_live_by_keyspace(tx.db(), &cx.workspace, keyspace)
                .await?
                .ok_or_else(|| Error::absent(Code::KeySpaceNotFound))?;
            (after.api, after.keyspace) = (api.id, api.keyspace_id);
        }
        check(&after)?;
        after.updated_at = Some(cx.now_ms);
        store::update(tx, &after, cx.now_ms).await?;
        if after.api != before.api || (before.enabled && !after.enabled) {
            store::revoke_all(tx, &after.id, cx.now_ms).await?;
        }
        let text = format!("Updated portal {}", after.slug);
        let changes = Value::Object(differences(&before, &after));
        group.push_change(Event::PortalUpdate, text, vec![after.audit_target()], changes);
        Ok(after)
    }

    /// Its sessions end with it.
    pub async fn delete(&self, cx: &OpCtx, id_or_slug: &str) -> Result<()> {
        self.store
            .write(|tx| async move {
                let mut group = Group::new();
                self.delete_in(cx, &tx, &mut group, id_or_slug).await?;
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }

    /// As [`Portals::delete`], as a part of a larger change.
    pub(crate) async fn delete_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        group: &mut Group,
        id_or_slug: &str,
    ) -> Result<()> {
        let name = PortalName::IdOrSlug(id_or_slug.to_owned());
        let portal = store::find(tx.db(), &cx.workspace, &name).await?.ok_or_else(absent)?;
        cx.require(Operation::PortalDelete, Target::portal(&portal.id))?;
        store::remove(tx, &portal.id).await?;
        group.push(
            Event::PortalDelete,
            format!("Deleted portal {}", portal.slug),
            vec![portal.audit_target()],
        );
        Ok(())
    }
}

impl Portal {
    /// What a change of it is made from.
    pub fn version(&self) -> Version {
        let Portal { slug, display_name, enabled, logo_url, primary_color, .. } = self;
        Version::of(&json!([slug, display_name, enabled, logo_url, primary_color]))
    }
}

fn differences(before: &Portal, after: &Portal) -> Map<String, Value> {
    let fields = |portal: &Portal| {
        [
            ("slug", json!(portal.slug)),
            ("displayName", json!(portal.display_name)),
            ("keyspaceId", json!(portal.keyspace.as_str())),
            ("enabled", json!(portal.enabled)),
            ("logoUrl", json!(portal.logo_url)),
            ("primaryColor", json!(portal.primary_color)),
        ]
    };
    changes(fields(before), fields(after))
}

fn check(portal: &Portal) -> Result<()> {
    let slug = portal.slug.as_str();
    let charset = slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !charset || !(3..=64).contains(&slug.len()) || slug.split('-').any(str::is_empty) {
        return Err(Error::invalid(
            "A portal slug has 3 to 64 lower-case letters, digits and single hyphens between them.",
        ));
    }
    if !(1..=64).contains(&portal.display_name.chars().count()) {
        return Err(Error::invalid("A display name has 1 to 64 characters."));
    }
    let is_color = |color: &String| {
        color
            .strip_prefix('#')
            .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    if portal.primary_color.as_ref().is_some_and(|color| !is_color(color)) {
        return Err(Error::invalid("A colour has the form #rrggbb."));
    }
    let is_https =
        |url: &String| url.starts_with("https://") && url.len() <= 500 && !url.contains(char::is_whitespace);
    if portal.logo_url.as_ref().is_some_and(|url| !is_https(url)) {
        return Err(Error::invalid("A logo is an absolute https:// URL of at most 500 characters."));
    }
    Ok(())
}
