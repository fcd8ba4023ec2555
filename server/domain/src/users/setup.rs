//! The setup link of a new server: whoever holds it becomes the first owner.
//!
//! It works once, within an hour, and only while nobody can sign in; later
//! people come by invitation or by the command line.

use base::clock::HOUR_MS;
use base::ids::UserId;

use super::{Role, Users, check_account, store, token_hash};
use crate::workspaces;
use base::access::OpCtx;
use base::audit::{Event, Group, Target};
use base::error::{Code, Error, Result};
use base::secret::PlainKey;

/// How long a setup link works.
pub const SETUP_LINK_MS: i64 = HOUR_MS;

/// What the first owner says about themselves and their workspace.
pub struct SetUp {
    pub email: String,
    pub name: String,
    pub password: PlainKey,
    pub workspace_name: String,
}

impl Users {
    /// Makes a one-time setup link and returns its token; only its hash is kept.
    ///
    /// Fails with `precondition_failed` once somebody can sign in: it would lead nowhere.
    pub async fn create_setup_link(&self, cx: &OpCtx) -> Result<PlainKey> {
        let token = PlainKey::new(self.entropy.token());
        let hash = token_hash(token.reveal());
        let expires_at = cx.now_ms + SETUP_LINK_MS;
        self.store
            .write(|tx| async move {
                if store::any(tx.db()).await? {
                    let detail = "This server is set up. `unkey user invite` lets another person in, and \
                                  `unkey user reset-password` somebody who is locked out.";
                    return Err(Error::new(Code::PreconditionFailed, detail));
                }
                store::insert_setup_link(&tx, &hash, &cx.workspace, cx.now_ms, expires_at).await?;
                let mut group = Group::new();
                let target = Target::new("workspace", cx.workspace.as_str(), None);
                group.push(Event::SettingsUpdate, "Created a setup link", vec![target]);
                group.record(cx, &tx, &self.entropy).await
            })
            .await?;
        Ok(token)
    }

    /// Whether a setup link is known, unused and not expired, and still leads
    /// somewhere.
    pub async fn setup_link_is_open(&self, token: &str, now_ms: i64) -> Result<bool> {
        let link = store::open_setup_link(self.store.read(), &token_hash(token), now_ms).await?;
        Ok(link.is_some() && !self.exist().await?)
    }

    /// Makes the first owner and names the workspace of the link. Of several
    /// callers exactly one succeeds. `cx` carries no workspace: the link names it.
    ///
    /// Fails with `link_not_found` when the link leads nowhere.
    pub async fn set_up(&self, cx: &OpCtx, token: &str, command: SetUp) -> Result<UserId> {
        check_account(&command.email, &command.name)?;
        // Before the password costs anything.
        if !self.setup_link_is_open(token, cx.now_ms).await? {
            return Err(Error::absent(Code::LinkNotFound));
        }
        let hash = self.passwords.hash(command.password).await?;
        let new = self.described(cx, command.email, command.name, Role::Owner);
        self.store
            .write(|tx| {
                let new = &new;
                async move {
                    let closed = || Error::absent(Code::LinkNotFound);
                    let workspace = store::burn_setup_link(&tx, &token_hash(token), cx.now_ms).await?;
                    let cx = &OpCtx { workspace: workspace.ok_or_else(closed)?, ..cx.clone() };
                    if store::any(tx.db()).await? {
                        return Err(closed());
                    }
                    let mut group = Group::new();
                    self.insert(cx, &tx, new, &hash, &mut group).await?;
                    workspaces::rename_in(cx, &tx, &command.workspace_name, &mut group).await?;
                    group.record(cx, &tx, &self.entropy).await
                }
            })
            .await?;
        Ok(new.id)
    }
}
