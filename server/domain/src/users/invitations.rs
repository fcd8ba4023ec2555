//! Invitations by link: who holds one joins a workspace with the role it names.
//!
//! Only the hash of its token is kept, so a link is shown once. It works once,
//! for as long as its maker could still make it: when they lose the role or the
//! workspace, what they had out is taken back.

use base::clock::HOUR_MS;
use base::ids::{InvitationId, UserId};

use super::{Role, Users, check_account, check_email, members, store, target, token_hash};
use crate::workspaces;
use base::access::{self, OpCtx, Operation};
use base::audit::{Event, Group, Target};
use base::error::{Code, Error, Result};
use base::secret::PlainKey;
use base::store::{Change, Tx};

/// How long an invitation may be valid.
pub const LONGEST_INVITATION_MS: i64 = 30 * 24 * HOUR_MS;

/// An invitation to the workspace of the context.
pub struct NewInvitation {
    pub role: Role,
    /// The only address that may accept; anybody's who has the link if `None`.
    pub email: Option<String>,
    /// An hour to thirty days.
    pub valid_ms: i64,
}

impl NewInvitation {
    /// What forms offer first: three days.
    pub const VALID_MS: i64 = 72 * HOUR_MS;
}

/// An invitation that was not accepted, revoked or forgotten yet.
#[derive(Clone, Debug)]
pub struct Invitation {
    pub id: InvitationId,
    pub role: Role,
    pub email: Option<String>,
    /// Id of whoever made it.
    pub created_by: String,
    pub created_at: i64,
    /// Unix milliseconds; expired ones are still listed for a while.
    pub expires_at: i64,
}

/// What the holder of a link is told before they accept.
#[derive(Clone, Debug)]
pub struct Invited {
    pub workspace_name: String,
    pub role: Role,
    pub email: Option<String>,
    pub expires_at: i64,
}

/// The account somebody makes to accept.
pub struct NewAccount {
    pub email: String,
    pub name: String,
    pub password: PlainKey,
}

impl Users {
    /// Returns the id and the token of the link, which is never shown again.
    pub async fn invite(&self, cx: &OpCtx, command: NewInvitation) -> Result<(InvitationId, PlainKey)> {
        cx.require(Operation::MemberInvite, access::Target::NONE)?;
        members::require_for(cx, command.role)?;
        if let Some(email) = &command.email {
            check_email(email)?;
        }
        if !(HOUR_MS..=LONGEST_INVITATION_MS).contains(&command.valid_ms) {
            return Err(Error::invalid("An invitation is valid for an hour to 30 days."));
        }
        let token = PlainKey::new(self.entropy.token());
        let id: InvitationId = self.entropy.id(InvitationId::PREFIX, cx.now_ms);
        let new = Invitation {
            id: id.clone(),
            role: command.role,
            email: command.email,
            created_by: cx.principal.id().to_owned(),
            created_at: cx.now_ms,
            expires_at: cx.now_ms + command.valid_ms,
        };
        let hash = token_hash(token.reveal());
        self.store
            .write(|tx| async move {
                store::insert_invitation(&tx, &cx.workspace, &new, &hash).await?;
                let mut group = Group::new();
                let whom = new.email.as_deref().unwrap_or("whoever has the link");
                let text = format!("Invited {whom} as {}", new.role.as_str());
                group.push(Event::InviteCreate, text, vec![entry(&new)]);
                group.record(cx, &tx, &self.entropy).await
            })
            .await?;
        Ok((id, token))
    }

    /// Open invitations of the workspace, the newest first.
    pub async fn invitations(&self, cx: &OpCtx) -> Result<Vec<Invitation>> {
        cx.require(Operation::MemberInvite, access::Target::NONE)?;
        store::invitations(self.store.read(), &cx.workspace).await
    }

    /// Takes an invitation back.
    pub async fn revoke_invitation(&self, cx: &OpCtx, id: &InvitationId) -> Result<()> {
        cx.require(Operation::MemberInvite, access::Target::NONE)?;
        self.store
            .write(|tx| async move {
                let mut open = store::invitations(tx.db(), &cx.workspace).await?;
                open.retain(|invitation| invitation.id == *id);
                if open.is_empty() {
                    return Err(Error::absent(Code::LinkNotFound));
                }
                let mut group = Group::new();
                revoke(cx, &tx, &open, &mut group).await?;
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }

    /// What a link invites to; spends nothing.
    pub async fn invited(&self, token: &str, now_ms: i64) -> Result<Invited> {
        let found = store::find_invitation(self.store.read(), &token_hash(token), now_ms).await?;
        let (workspace, invitation) = found.ok_or_else(|| Error::absent(Code::LinkNotFound))?;
        Ok(Invited {
            workspace_name: workspace.name,
            role: invitation.role,
            email: invitation.email,
            expires_at: invitation.expires_at,
        })
    }

    /// Accepts with a new account. `cx` carries no workspace: the link names it.
    pub async fn accept_as_new(&self, cx: &OpCtx, token: &str, account: NewAccount) -> Result<UserId> {
        check_account(&account.email, &account.name)?;
        // Before the password costs anything.
        self.invited(token, cx.now_ms).await?;
        let hash = self.passwords.hash(account.password).await?;
        self.store
            .write(|tx| async move {
                let (cx, invitation) = &self.take(cx, &tx, token, &account.email).await?;
                let new = self.described(cx, account.email, account.name, invitation.role);
                let mut group = Group::new();
                self.insert(cx, &tx, &new, &hash, &mut group).await?;
                let text = format!("{} accepted an invitation", new.email);
                group.push(Event::InviteAccept, text, vec![entry(invitation), target(&new)]);
                group.record(cx, &tx, &self.entropy).await?;
                Ok(new.id)
            })
            .await
    }

    /// Accepts as the person who is signed in; they gain the role in the
    /// workspace that the link names.
    pub async fn accept(&self, cx: &OpCtx, token: &str) -> Result<()> {
        let user = cx.require_user()?;
        self.store
            .write(|tx| async move {
                let (cx, invitation) = &self.take(cx, &tx, token, &user.email).await?;
                if store::member(tx.db(), &cx.workspace, &user.id).await?.is_some() {
                    let detail = "You are a member of this workspace already.";
                    return Err(Error::new(Code::PreconditionFailed, detail));
                }
                workspaces::insert_member(&tx, &cx.workspace, &user.id, invitation.role, cx.now_ms).await?;
                tx.changed(Change::User(user.id.clone()));
                let who = Target::new("user", user.id.as_str(), Some(&user.name));
                let text = format!("{} accepted an invitation as {}", user.email, invitation.role.as_str());
                let mut group = Group::new();
                group.push(Event::InviteAccept, text, vec![entry(invitation), who]);
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }

    /// Uses an invitation up; answers with the context of its workspace.
    async fn take(&self, cx: &OpCtx, tx: &Tx, token: &str, email: &str) -> Result<(OpCtx, Invitation)> {
        let found = store::find_invitation(tx.db(), &token_hash(token), cx.now_ms).await?;
        let (workspace, invitation) = found.ok_or_else(|| Error::absent(Code::LinkNotFound))?;
        if invitation.email.as_ref().is_some_and(|only| only.to_lowercase() != email.to_lowercase()) {
            let detail = "This invitation is for another e-mail address.";
            return Err(Error::new(Code::Forbidden, detail));
        }
        store::accept_invitation(tx, &invitation.id, cx.now_ms).await?;
        Ok((OpCtx { workspace: workspace.id, ..cx.clone() }, invitation))
    }
}

/// Takes back what `maker` has out in the workspace of the context.
pub(super) async fn revoke_of(cx: &OpCtx, tx: &Tx, maker: &UserId, group: &mut Group) -> Result<()> {
    let mut open = store::invitations(tx.db(), &cx.workspace).await?;
    open.retain(|invitation| invitation.created_by == maker.as_str());
    revoke(cx, tx, &open, group).await
}

async fn revoke(cx: &OpCtx, tx: &Tx, open: &[Invitation], group: &mut Group) -> Result<()> {
    for invitation in open {
        store::revoke_invitation(tx, &invitation.id, cx.now_ms).await?;
        let text = format!("Revoked an invitation as {}", invitation.role.as_str());
        group.push(Event::InviteRevoke, text, vec![entry(invitation)]);
    }
    Ok(())
}

fn entry(invitation: &Invitation) -> Target {
    Target::new("invitation", invitation.id.as_str(), invitation.email.as_deref())
}
