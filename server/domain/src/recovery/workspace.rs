//! A workspace comes back: unmarked, or copied row by row behind a mark that goes last.

use super::{RecoveredWorkspace, Recovery, not_in_backup};
use crate::keys::RecoveredKeys;
use crate::workspaces::{Presence, Workspace};
use crate::{apis, identities, keys, permissions, portals, ratelimit, root_keys, users, workspaces};
use base::access::{OpCtx, Operation, Target};
use base::audit::{self, Event, Group};
use base::error::{Error, Result};
use base::ids::WorkspaceId;
use base::store::{Change, Tx};

impl Recovery<'_> {
    /// Brings back the workspace of the context, under the slug that it has in the backup.
    ///
    /// Fails where the slug belongs to another by now, and for a workspace that is live.
    pub async fn workspace(&self, cx: &OpCtx) -> Result<RecoveredWorkspace> {
        cx.require(Operation::WorkspaceDelete, Target::NONE)?;
        let id = &cx.workspace;
        let lost = workspaces::find(self.from, id).await?.ok_or_else(|| not_in_backup(id.as_str()))?;
        workspaces::check_slug(&lost.slug)?;
        workspaces::check_name(&lost.name)?;
        let presence = workspaces::presence(self.store.read(), id).await?;
        if presence != Presence::Live && workspaces::is_slug_taken(self.store.read(), id, &lost.slug).await? {
            let detail = format!("The slug '{}' is taken: rename the workspace that has it.", lost.slug);
            return Err(Error::invalid(detail));
        }
        let copied = match presence {
            Presence::Live => {
                let detail = format!("{id} is not deleted. --only api_... brings back an API of it.");
                return Err(Error::invalid(detail));
            }
            Presence::Deleted => None,
            Presence::Incomplete => Some(self.copy(cx).await?),
        };
        let lost = &lost;
        let members = self.store.write(|tx| async move { self.open(cx, tx, lost).await }).await?;
        Ok(RecoveredWorkspace { slug: lost.slug.clone(), members, copied })
    }

    async fn open(&self, cx: &OpCtx, tx: Tx, lost: &Workspace) -> Result<usize> {
        workspaces::bring_back(&tx, &lost.id, &lost.slug, cx.now_ms).await?;
        let mut group = Group::new();
        let target = audit::Target::new("workspace", lost.id.as_str(), Some(&lost.name));
        group.push(Event::WorkspaceRestore, format!("Restored workspace {}", lost.slug), vec![target]);
        tx.changed(Change::Everything);
        group.record(cx, &tx, self.entropy).await?;
        Ok(workspaces::members(tx.db(), &lost.id).await?.len())
    }

    /// Copies a workspace that is not here. What other people did in it, and with it, is
    /// not copied: sessions, jobs, links, invitations, its audit log, webhooks.
    async fn copy(&self, cx: &OpCtx) -> Result<RecoveredKeys> {
        let (from, id) = (self.from, &cx.workspace);
        self.clear(id).await?;
        let begin = |tx: Tx| async move {
            workspaces::begin(&tx, from, id, cx.now_ms).await?;
            for (user, role) in workspaces::members(from, id).await? {
                let is_here = users::account(tx.db(), &user).await?.is_some();
                if is_here && workspaces::role_of(tx.db(), id, &user).await?.is_none() {
                    workspaces::insert_member(&tx, id, &user, role, cx.now_ms).await?;
                }
            }
            Ok(())
        };
        self.store.write(begin).await?;
        self.pages(|tx, after| async move { permissions::copy_permissions(&tx, from, id, &after).await })
            .await?;
        self.pages(|tx, after| async move { permissions::copy_roles(&tx, from, id, &after).await }).await?;
        self.pages(|tx, after| async move { ratelimit::copy_namespaces(&tx, from, id, &after).await })
            .await?;
        self.pages(|tx, after| async move { ratelimit::copy_overrides(&tx, from, id, &after).await }).await?;
        self.pages(|tx, after| async move { identities::copy_live(&tx, from, id, &after).await }).await?;
        self.pages(|tx, after| async move { apis::copy_live(&tx, from, id, &after).await }).await?;
        self.pages(|tx, after| async move { portals::copy_of_live(&tx, from, id, &after).await }).await?;
        self.pages(|tx, after| async move { root_keys::copy_live(&tx, from, id, &after).await }).await?;
        self.store.write(|tx| async move { root_keys::forget_foreign_budgets(&tx, id).await }).await?;
        let mut all = RecoveredKeys { with_ciphertext: true, ..RecoveredKeys::default() };
        for api in apis::all_live(from, id).await? {
            let keys = self.keys.recover(cx, from, &api.id).await?;
            all.returned += keys.returned;
            all.copied += keys.copied;
            all.left_out += keys.left_out;
            all.disabled += keys.disabled;
            all.elsewhere += keys.elsewhere;
            all.with_ciphertext &= keys.with_ciphertext;
        }
        Ok(all)
    }

    /// Removes what an interrupted recovery has put here, perhaps from another backup. Nobody
    /// has seen it.
    async fn clear(&self, id: &WorkspaceId) -> Result<()> {
        let batch = |tx: Tx| async move {
            for (user, _) in workspaces::members(tx.db(), id).await? {
                workspaces::remove_member(&tx, id, &user).await?;
            }
            // In the order of what refers to what.
            Ok(portals::remove_copied(&tx, id).await?
                || keys::remove_copied(&tx, id).await?
                || apis::remove_copied(&tx, id).await?
                || identities::remove_copied(&tx, id).await?
                || permissions::remove_copied(&tx, id).await?
                || ratelimit::remove_copied(&tx, id).await?
                || root_keys::remove_copied(&tx, id).await?)
        };
        while self.store.write(batch).await? {}
        Ok(())
    }

    /// Calls with each place that a page begins at, in a transaction of its own.
    async fn pages<F, Fut>(&self, copy: F) -> Result<()>
    where
        F: Fn(Tx, String) -> Fut,
        Fut: Future<Output = Result<Option<String>>>,
    {
        let mut after = Some(String::new());
        while let Some(place) = after {
            after = self.store.write(|tx| copy(tx, place)).await?;
        }
        Ok(())
    }
}
