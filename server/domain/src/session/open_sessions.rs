//! Signing out, and looking after one's sessions or those of a member.

use std::collections::HashMap;

use base::ids::{SessionId, UserId};

use super::login::{changed, target};
use super::{Sessions, store};
use crate::{users, workspaces};
use base::access::{self, OpCtx, Operation, Role};
use base::audit::{Event, Group, Target};
use base::error::{Code, Error, Result};
use base::store::Tx;

/// A live session as lists show it.
#[derive(Clone, Debug)]
pub struct SessionInfo {
    pub id: SessionId,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub created_at: i64,
    /// Unix milliseconds, to the minute.
    pub last_seen_at: Option<i64>,
    pub expires_at: i64,
    /// The one that asks.
    pub current: bool,
}

impl Sessions {
    /// Ends the session of the context.
    pub async fn logout(&self, cx: &OpCtx) -> Result<()> {
        let user = cx.require_user()?;
        self.store
            .write(|tx| async move {
                store::revoke(&tx, &user.id, &user.session, cx.now_ms).await?;
                changed(&tx, &user.id);
                let mut group = Group::new();
                let target = Target::new("user", user.id.as_str(), Some(&user.name));
                group.push(Event::SessionLogout, format!("{} signed out", user.email), vec![target]);
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }

    /// One's own live sessions, the newest first.
    pub async fn list(&self, cx: &OpCtx) -> Result<Vec<SessionInfo>> {
        let user = cx.require_user()?;
        self.of_user(cx, &user.id).await
    }

    /// Ends one of one's own sessions.
    pub async fn revoke(&self, cx: &OpCtx, session: &SessionId) -> Result<()> {
        let user = cx.require_user()?;
        self.store
            .write(|tx| async move {
                let live = store::sessions(tx.db(), &user.id, cx.now_ms).await?;
                if !live.iter().any(|live| live.id == *session) {
                    let detail = "There is no such session, or it is over.";
                    return Err(Error::new(Code::SessionOver, detail));
                }
                store::revoke(&tx, &user.id, session, cx.now_ms).await?;
                changed(&tx, &user.id);
                self.record_end(cx, &tx, &user.id, 1).await
            })
            .await
    }

    /// Ends all of one's own sessions but this one; answers how many there were.
    pub async fn revoke_others(&self, cx: &OpCtx) -> Result<u64> {
        let user = cx.require_user()?;
        self.store.write(|tx| self.revoke_all_in(cx, tx, &user.id, Some(&user.session))).await
    }

    /// Live sessions of a member of the workspace.
    pub async fn list_of(&self, cx: &OpCtx, member: &UserId) -> Result<Vec<SessionInfo>> {
        cx.require(Operation::MemberSessionsRead, access::Target::NONE)?;
        workspaces::role_of(self.store.read(), &cx.workspace, member).await?.ok_or_else(no_member)?;
        self.of_user(cx, member).await
    }

    /// When the members of the workspace were last seen in any session that is kept.
    pub async fn last_seen(&self, cx: &OpCtx) -> Result<HashMap<UserId, i64>> {
        cx.require(Operation::MemberSessionsRead, access::Target::NONE)?;
        self.flush_seen().await?;
        store::last_seen(self.store.read(), &cx.workspace).await
    }

    /// Ends every session of a member; answers how many there were. An owner's
    /// are ended by owners alone.
    pub async fn revoke_of(&self, cx: &OpCtx, member: &UserId) -> Result<u64> {
        cx.require(Operation::MemberSessionsRevoke, access::Target::NONE)?;
        self.store
            .write(|tx| async move {
                let role = workspaces::role_of(tx.db(), &cx.workspace, member).await?;
                if role.ok_or_else(no_member)? == Role::Owner {
                    cx.require(Operation::OwnerManage, access::Target::NONE)?;
                }
                self.revoke_all_in(cx, tx, member, None).await
            })
            .await
    }

    async fn of_user(&self, cx: &OpCtx, user: &UserId) -> Result<Vec<SessionInfo>> {
        self.flush_seen().await?;
        let own = cx.principal.user().map(|user| &user.session);
        let mut sessions = store::sessions(self.store.read(), user, cx.now_ms).await?;
        for session in &mut sessions {
            session.current = own == Some(&session.id);
        }
        Ok(sessions)
    }

    async fn revoke_all_in(
        &self,
        cx: &OpCtx,
        tx: Tx,
        user: &UserId,
        except: Option<&SessionId>,
    ) -> Result<u64> {
        let ended = store::revoke_all(&tx, user, except, cx.now_ms).await?;
        changed(&tx, user);
        if ended > 0 {
            self.record_end(cx, &tx, user, ended).await?;
        }
        Ok(ended)
    }

    async fn record_end(&self, cx: &OpCtx, tx: &Tx, user: &UserId, ended: u64) -> Result<()> {
        let account = users::account(tx.db(), user).await?;
        let account = account.ok_or_else(no_member)?;
        let sessions = if ended == 1 { "a session".to_owned() } else { format!("{ended} sessions") };
        let mut group = Group::new();
        let text = format!("Ended {sessions} of {}", account.email);
        group.push(Event::SessionRevoke, text, vec![target(&account)]);
        group.record(cx, tx, &self.entropy).await
    }
}

fn no_member() -> Error {
    Error::absent(Code::MemberNotFound)
}
