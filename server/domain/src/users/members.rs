//! Members of a workspace: changing their roles, and their leaving.
//!
//! Owners are made, changed and removed by owners alone, and the last one stays:
//! a workspace without an owner could never get one again.

use std::sync::Arc;

use base::ids::{SessionId, UserId, WorkspaceId};
use serde_json::{Value, json};

use super::{Role, User, Users, invitations, store, target};
use crate::workspaces;
use base::access::{self, OpCtx, Operation, Principal, UserPrincipal};
use base::audit::{Event, Group, changes};
use base::edit_version::Version;
use base::error::{Code, Error, Result};
use base::store::{Change, Tx};

/// A new role for a member.
pub struct UpdateMember {
    pub user: UserId,
    pub role: Role,
    /// The role that was seen, if there is to be no other; else fails with
    /// `edit_conflict`.
    pub made_from: Option<Version>,
}

/// Handing out or taking away `role` asks for more when it is an owner's.
pub(super) fn require_for(cx: &OpCtx, role: Role) -> Result<()> {
    match role {
        Role::Owner => cx.require(Operation::OwnerManage, access::Target::NONE),
        Role::Admin | Role::Operator | Role::Viewer => Ok(()),
    }
}

impl User {
    /// What a change of its role is made from.
    pub fn version(&self) -> Version {
        Version::of(&json!([self.role.as_str()]))
    }
}

impl Users {
    /// Changes the role of a member; in force on their next request.
    pub async fn update_member(&self, cx: &OpCtx, command: UpdateMember) -> Result<()> {
        cx.require(Operation::MemberUpdate, access::Target::NONE)?;
        require_for(cx, command.role)?;
        self.store.write(|tx| self.update_member_in(cx, tx, command)).await
    }

    async fn update_member_in(&self, cx: &OpCtx, tx: Tx, command: UpdateMember) -> Result<()> {
        let member = self.member_in(cx, &tx, &command.user).await?;
        require_for(cx, member.role)?;
        if let Some(made_from) = &command.made_from {
            made_from.require(&member.version())?;
        }
        if member.role == command.role {
            return Ok(());
        }
        if member.role == Role::Owner {
            require_another_owner(cx, &tx).await?;
        }
        workspaces::set_role(&tx, &cx.workspace, &member.id, command.role).await?;
        tx.changed(Change::User(member.id.clone()));
        let mut group = Group::new();
        let text = format!("Made {} {}", member.email, command.role.as_str());
        let changed =
            changes([("role", json!(member.role.as_str()))], [("role", json!(command.role.as_str()))]);
        group.push_change(Event::MemberUpdate, text, vec![target(&member)], Value::Object(changed));
        if command.role < member.role {
            invitations::revoke_of(cx, &tx, &member.id, &mut group).await?;
        }
        group.record(cx, &tx, &self.entropy).await
    }

    /// Takes a member's role away. Everybody may leave by themselves. The
    /// account stays, with its roles elsewhere.
    pub async fn remove_member(&self, cx: &OpCtx, user: &UserId) -> Result<()> {
        let is_oneself = cx.principal.user().is_some_and(|own| own.id == *user && own.role.is_some());
        if !is_oneself {
            cx.require(Operation::MemberRemove, access::Target::NONE)?;
        }
        self.store
            .write(|tx| async move {
                let member = self.member_in(cx, &tx, user).await?;
                if !is_oneself {
                    require_for(cx, member.role)?;
                }
                if member.role == Role::Owner {
                    require_another_owner(cx, &tx).await?;
                }
                workspaces::remove_member(&tx, &cx.workspace, user).await?;
                tx.changed(Change::User(user.clone()));
                let mut group = Group::new();
                let verb = if is_oneself { "left" } else { "was removed" };
                let text = format!("{} {verb}, {} until now", member.email, member.role.as_str());
                group.push(Event::MemberRemove, text, vec![target(&member)]);
                invitations::revoke_of(cx, &tx, user, &mut group).await?;
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }

    /// A member as the one who acts: for work that goes on after they asked for it.
    pub async fn principal(
        &self,
        workspace: &WorkspaceId,
        user: &UserId,
        session: SessionId,
    ) -> Result<Principal> {
        let member = store::member(self.store.read(), workspace, user).await?;
        let member = member.ok_or_else(|| Error::absent(Code::MemberNotFound))?;
        Ok(Principal::User(Arc::new(UserPrincipal {
            id: member.id,
            name: member.name,
            email: member.email,
            role: Some(member.role),
            session,
        })))
    }

    async fn member_in(&self, cx: &OpCtx, tx: &Tx, user: &UserId) -> Result<User> {
        let member = store::member(tx.db(), &cx.workspace, user).await?;
        member.ok_or_else(|| Error::absent(Code::MemberNotFound))
    }
}

async fn require_another_owner(cx: &OpCtx, tx: &Tx) -> Result<()> {
    if workspaces::count_owners(tx.db(), &cx.workspace).await? > 1 {
        return Ok(());
    }
    let detail = "The last owner of a workspace stays: make somebody else an owner first.";
    Err(Error::new(Code::PreconditionFailed, detail))
}
