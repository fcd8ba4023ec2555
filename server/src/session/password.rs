//! The password of somebody who is signed in: proving it again, changing it.

use super::login::{Failure, changed, target, unchanged};
use super::store::Account;
use super::{Sessions, attempts, store};
use crate::audit::{Event, Group};
use crate::error::{Code, Error, Result};
use crate::op::OpCtx;
use crate::secret::PlainKey;

impl Sessions {
    /// Makes sure that whoever sits there knows the password: the step before
    /// what must not happen by a session alone.
    ///
    /// Fails as [`Sessions::login`] does; failures count together.
    pub async fn confirm_password(&self, cx: &OpCtx, password: PlainKey) -> Result<()> {
        self.confirmed(cx, password).await.map(|_| ())
    }

    pub(super) async fn confirmed(&self, cx: &OpCtx, password: PlainKey) -> Result<Account> {
        let user = cx.require_user()?;
        self.charge(cx, user.id.as_str()).await?;
        let account = store::account(self.store.read(), &user.id).await?;
        let account = account.ok_or_else(|| Error::absent(Code::SessionOver))?;
        let is_right = self.passwords.matches(password, Some(account.password_hash.clone())).await?;
        if is_right && !account.is_locked(cx.now_ms) {
            self.forgive(cx, &account).await?;
            return Ok(account);
        }
        Err(self.fail(cx, &account, Failure::Password).await?)
    }

    /// Ends a row of failures, as signing in does. Where there is a second factor,
    /// a password alone ends none: whoever has it could guess codes for ever.
    async fn forgive(&self, cx: &OpCtx, account: &Account) -> Result<()> {
        if account.failed_logins == 0 {
            return Ok(());
        }
        self.store
            .write(|tx| async move {
                let now = unchanged(&tx, account, cx.now_ms).await?;
                if now.is_some_and(|now| now.totp_secret.is_none()) {
                    store::set_failures(&tx, &account.id, 0, None).await?;
                }
                Ok(())
            })
            .await
    }

    /// Changes one's password and ends all of one's other sessions.
    pub async fn change_password(&self, cx: &OpCtx, current: PlainKey, new: PlainKey) -> Result<()> {
        let account = self.confirmed(cx, current).await?;
        let own = &cx.require_user()?.session;
        let hash = self.passwords.hash(new).await?;
        self.store
            .write(|tx| async move {
                if unchanged(&tx, &account, cx.now_ms).await?.is_none() {
                    return Err(attempts::refused());
                }
                store::set_password(&tx, &account.id, &hash, cx.now_ms).await?;
                store::revoke_all(&tx, &account.id, Some(own), cx.now_ms).await?;
                changed(&tx, &account.id);
                let mut group = Group::new();
                let text = format!("{} changed their password", account.email);
                group.push(Event::UserPasswordChange, text, vec![target(&account)]);
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }
}
