//! Signing in: a password, then a code if the user has a second factor.

use std::sync::Arc;

use base::clock::MINUTE_MS;
use base::ids::{SessionId, UserId};

use super::attempts::{Kind, refused, subject};
use super::token::PasswordWasRight;
use super::{SESSION_MS, Sessions, store};
use crate::users::{self, Account, is_email};
use crate::workspaces;
use base::access::{OpCtx, Principal, UserPrincipal};
use base::audit::{Event, Group, Target};
use base::error::{Error, Result};
use base::secret::PlainKey;
use base::store::{Change, Tx};

/// How long the second step may take.
pub(super) const STEP_MS: i64 = 5 * MINUTE_MS;

/// Somebody who says who they are.
pub struct Login {
    pub email: String,
    pub password: PlainKey,
    /// The cookie of a browser that signed in before.
    pub device: Option<PlainKey>,
}

/// What comes after the password.
#[derive(Debug)]
pub enum Step {
    SignedIn(NewSession),
    /// A code is wanted, together with this token; five minutes.
    SecondFactor(PlainKey),
}

/// Somebody whose password was right.
pub struct SecondStep<'a> {
    /// Of [`Step::SecondFactor`].
    pub token: &'a str,
    /// Of their authenticator, or a recovery code.
    pub code: &'a str,
    /// The cookie of a browser that signed in before.
    pub device: Option<&'a PlainKey>,
}

/// A session that has just begun.
#[derive(Debug)]
pub struct NewSession {
    pub id: SessionId,
    pub user: UserId,
    /// The value of the cookie.
    pub cookie: PlainKey,
    /// Unix milliseconds.
    pub expires_at: i64,
    /// The value of the cookie that tells this browser from strangers, for
    /// [`super::DEVICE_MS`].
    pub device: PlainKey,
}

/// Why somebody was refused, for the audit log alone.
#[derive(Clone, Copy)]
pub(super) enum Failure {
    Password,
    Code,
}

impl Sessions {
    /// Checks a password. `cx` carries no workspace: entries go to the user's home.
    ///
    /// Fails with `sign_in_refused`, whatever was wrong, or `too_many_attempts`.
    pub async fn login(&self, cx: &OpCtx, command: Login) -> Result<Step> {
        let Login { email, password, device } = command;
        let account = users::account_by_email(self.store.read(), &email.to_lowercase()).await?;
        let standing = self.standing(cx, account.as_ref(), device.as_ref()).await?;
        let lane = self.charge(cx, &Kind::PASSWORD, &subject(&email, account.as_ref()), &standing).await?;
        let stored = account.as_ref().map(|account| account.password_hash.clone());
        let is_right = self.passwords.matches(password, stored, lane).await?;
        match account {
            Some(account) if is_right => self.admit(cx, account, device).await,
            Some(account) => Err(self.fail(cx, &account, Failure::Password).await?),
            None => {
                self.note_stranger(cx, &email).await?;
                Err(refused())
            }
        }
    }

    async fn admit(&self, cx: &OpCtx, account: Account, device: Option<PlainKey>) -> Result<Step> {
        if account.totp_secret.is_some() {
            let claims = PasswordWasRight::new(&account.id, account.binding(), cx.now_ms + STEP_MS);
            return self.sign_step(&claims).map(Step::SecondFactor);
        }
        let opened = self
            .store
            .write(|tx| {
                let (account, device) = (&account, device.as_ref());
                async move {
                    let found = unchanged(&tx, account).await?;
                    match found.filter(|now| now.totp_secret.is_none()) {
                        Some(account) => self.open_in(cx, &tx, &account, device, "").await.map(Some),
                        None => Ok(None),
                    }
                }
            })
            .await?;
        match opened {
            Some(session) => Ok(Step::SignedIn(session)),
            None => Err(self.fail(cx, &account, Failure::Password).await?),
        }
    }

    /// Checks the code of a second factor, or a recovery code, after
    /// [`Step::SecondFactor`].
    pub async fn second_step(&self, cx: &OpCtx, command: SecondStep<'_>) -> Result<NewSession> {
        let SecondStep { token, code, device } = command;
        let Some(claims) = self.open_step(token, cx.now_ms) else { return Err(refused()) };
        let account = users::account(self.store.read(), &claims.user()).await?;
        let account = account.filter(|account| account.binding() == claims.binding);
        let Some(account) = account else { return Err(refused()) };
        let standing = self.standing(cx, Some(&account), device).await?;
        self.charge(cx, &Kind::CODE, &subject(&account.email, Some(&account)), &standing).await?;
        let opened = self
            .store
            .write(|tx| {
                let account = &account;
                async move {
                    let Some(account) = unchanged(&tx, account).await? else { return Ok(None) };
                    match self.use_factor(cx, &tx, &account, code).await? {
                        Some(factor) => {
                            self.open_in(cx, &tx, &account, device, factor.remark()).await.map(Some)
                        }
                        None => Ok(None),
                    }
                }
            })
            .await?;
        match opened {
            Some(session) => Ok(session),
            None => Err(self.fail(cx, &account, Failure::Code).await?),
        }
    }

    /// Begins a session in the transaction that made sure of its user.
    async fn open_in(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        account: &Account,
        device: Option<&PlainKey>,
        how: &str,
    ) -> Result<NewSession> {
        let id: SessionId = self.entropy.id(SessionId::PREFIX, cx.now_ms);
        let expires_at = cx.now_ms + SESSION_MS;
        store::insert_session(tx, cx, &id, &account.id, expires_at).await?;
        let (home, role) = store::home(tx.db(), &account.id).await?;
        let principal = Principal::User(Arc::new(UserPrincipal {
            id: account.id.clone(),
            name: account.name.clone(),
            email: account.email.clone(),
            role,
            session: id.clone(),
        }));
        let device = self.device_cookie(account, device, cx.now_ms)?;
        let cx = &OpCtx { workspace: home, principal, ..cx.clone() };
        let mut group = Group::new();
        let text = format!("{} signed in{how}", account.email);
        group.push(Event::SessionLogin, text, vec![target(account)]);
        group.record(cx, tx, &self.entropy).await?;
        let cookie = self.cookie(&id, expires_at)?;
        Ok(NewSession { id, user: account.id.clone(), cookie, expires_at, device })
    }

    /// Notes a failure on an account; the error to answer with.
    pub(super) async fn fail(&self, cx: &OpCtx, account: &Account, failure: Failure) -> Result<Error> {
        let what = match failure {
            Failure::Password => "a wrong password",
            Failure::Code => "a wrong code",
        };
        self.store
            .write(|tx| async move {
                let (home, _) = store::home(tx.db(), &account.id).await?;
                let cx = &OpCtx { workspace: home, ..cx.clone() };
                let mut group = Group::new();
                let text = format!("{}: {what}", account.email);
                group.push(Event::SessionFailed, text, vec![target(account)]);
                group.record(cx, &tx, &self.entropy).await
            })
            .await?;
        Ok(refused())
    }

    /// Notes that somebody tried an address that has no account. What is no
    /// address may be a password in the wrong field, and is not kept.
    async fn note_stranger(&self, cx: &OpCtx, email: &str) -> Result<()> {
        self.store
            .write(|tx| async move {
                let cx = &OpCtx { workspace: workspaces::first(tx.db()).await?, ..cx.clone() };
                let whom = if is_email(email) { email } else { "what is no address" };
                let mut group = Group::new();
                let unknown = Target::new("user", "unknown", Some(whom));
                group.push(Event::SessionFailed, format!("{whom}: no such user"), vec![unknown]);
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }
}

/// The account as it is now, if the password that was checked still is the one.
pub(super) async fn unchanged(tx: &Tx, checked: &Account) -> Result<Option<Account>> {
    let now = users::account(tx.db(), &checked.id).await?;
    Ok(now.filter(|now| now.password_hash == checked.password_hash))
}

pub(super) fn target(account: &Account) -> Target {
    Target::new("user", account.id.as_str(), Some(&account.name))
}

/// Says that a user changed, so that their sessions are loaded anew.
pub(super) fn changed(tx: &Tx, user: &UserId) {
    tx.changed(Change::User(user.clone()));
}
