//! The password of somebody who is signed in: proving it again, changing it.

use super::attempts::{Kind, Standing, refused, subject};
use super::login::{Failure, changed, target, unchanged};
use super::{Sessions, store};
use crate::users::{self, Account, Lane};
use base::access::{self, OpCtx, Operation};
use base::audit::{Event, Group};
use base::error::{Code, Error, Result};
use base::secret::PlainKey;

impl Sessions {
    /// Makes sure that whoever sits there knows the password: the step before
    /// what must not happen by a session alone.
    ///
    /// Fails as [`Sessions::login`] does.
    pub(super) async fn confirmed(&self, cx: &OpCtx, password: PlainKey) -> Result<Account> {
        let account = self.own_account(cx).await?;
        let lane = self.charge_own(cx, &Kind::PASSWORD, &account).await?;
        let stored = Some(account.password_hash.clone());
        if self.passwords.matches(password, stored, lane).await? {
            return Ok(account);
        }
        Err(self.fail(cx, &account, Failure::Password).await?)
    }

    /// The account of whoever is signed in.
    pub(super) async fn own_account(&self, cx: &OpCtx) -> Result<Account> {
        let account = users::account(self.store.read(), &cx.require_user()?.id).await?;
        account.ok_or_else(|| Error::absent(Code::SessionOver))
    }

    /// Charges an attempt to the session it is made in.
    pub(super) async fn charge_own(&self, cx: &OpCtx, kind: &Kind, account: &Account) -> Result<Lane> {
        let session = Standing::Device(cx.require_user()?.session.to_string());
        self.charge(cx, kind, &subject(&account.email, Some(account)), &session).await
    }

    /// Changes one's password and ends all of one's other sessions.
    pub async fn change_password(&self, cx: &OpCtx, current: PlainKey, new: PlainKey) -> Result<()> {
        let account = self.confirmed(cx, current).await?;
        let own = &cx.require_user()?.session;
        let hash = self.passwords.hash(new).await?;
        self.store
            .write(|tx| async move {
                if unchanged(&tx, &account).await?.is_none() {
                    return Err(refused());
                }
                users::set_password(&tx, &account.id, &hash, cx.now_ms).await?;
                store::revoke_all(&tx, &account.id, Some(own), cx.now_ms).await?;
                changed(&tx, &account.id);
                let mut group = Group::new();
                let text = format!("{} changed their password", account.email);
                group.push(Event::UserPasswordChange, text, vec![target(&account)]);
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }

    /// Replaces the password of somebody who cannot sign in, and ends every session
    /// of theirs. Attempts to sign in are counted anew.
    pub async fn reset_password(&self, cx: &OpCtx, email: &str, password: PlainKey) -> Result<()> {
        cx.require(Operation::AccountRecover, access::Target::NONE)?;
        let hash = self.passwords.hash(password).await?;
        self.store
            .write(|tx| async move {
                let user = users::of_address(tx.db(), &cx.workspace, email).await?;
                users::set_password(&tx, &user.id, &hash, cx.now_ms).await?;
                store::revoke_all(&tx, &user.id, None, cx.now_ms).await?;
                changed(&tx, &user.id);
                let mut group = Group::new();
                let text = format!("Reset the password of {}", user.email);
                group.push(Event::UserPasswordReset, text, vec![users::target(&user)]);
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }
}
