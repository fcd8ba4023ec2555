//! Signing in: a password, then a code if the user has a second factor.

use std::sync::Arc;

use entity::ids::{SessionId, UserId};

use super::attempts::{lock_ms, refused};
use super::store::Account;
use super::token::PasswordWasRight;
use super::{SESSION_MS, Sessions, store};
use crate::audit::{Event, Group, Target};
use crate::error::{Error, Result};
use crate::op::{OpCtx, Principal, UserPrincipal};
use crate::secret::{KeyHash, PlainKey};
use crate::store::{Change, Tx};
use crate::users::is_email;

/// How long the second step may take.
pub(super) const STEP_MS: i64 = 5 * 60_000;

/// Somebody who says who they are.
pub struct Login {
    pub email: String,
    pub password: PlainKey,
}

/// What comes after the password.
#[derive(Debug)]
pub enum Step {
    SignedIn(NewSession),
    /// A code is wanted, together with this token; five minutes.
    SecondFactor(PlainKey),
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
}

/// Why somebody was refused, for the audit log alone.
#[derive(Clone, Copy)]
pub(super) enum Failure {
    Password,
    Code,
    Locked,
}

impl Sessions {
    /// Checks a password. `cx` carries no workspace: entries go to the user's home.
    ///
    /// Fails with `sign_in_refused`, whatever was wrong, or `too_many_attempts`.
    pub async fn login(&self, cx: &OpCtx, command: Login) -> Result<Step> {
        let email = command.email.to_lowercase();
        self.charge(cx, &email).await?;
        let account = store::account_by_email(self.store.read(), &email).await?;
        let stored = account.as_ref().map(|account| account.password_hash.clone());
        let is_right = self.passwords.matches(command.password, stored).await?;
        match account {
            Some(account) if is_right && !account.is_locked(cx.now_ms) => self.admit(cx, account).await,
            Some(account) => Err(self.fail(cx, &account, Failure::Password).await?),
            None => {
                self.note_stranger(cx, &command.email).await?;
                Err(refused())
            }
        }
    }

    async fn admit(&self, cx: &OpCtx, account: Account) -> Result<Step> {
        if account.totp_secret.is_some() {
            let claims =
                PasswordWasRight::new(&account.id, binding(&account.password_hash), cx.now_ms + STEP_MS);
            return self.sign_step(&claims).map(Step::SecondFactor);
        }
        let opened = self
            .store
            .write(|tx| {
                let account = &account;
                async move {
                    let found = unchanged(&tx, account, cx.now_ms).await?;
                    match found.filter(|now| now.totp_secret.is_none()) {
                        Some(account) => self.open_in(cx, &tx, &account, "").await.map(Some),
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
    pub async fn second_step(&self, cx: &OpCtx, token: &str, code: &str) -> Result<NewSession> {
        let Some(claims) = self.open_step(token, cx.now_ms) else { return Err(refused()) };
        self.charge(cx, claims.user().as_str()).await?;
        let account = store::account(self.store.read(), &claims.user()).await?;
        let account = account.filter(|account| binding(&account.password_hash) == claims.binding);
        let Some(account) = account else { return Err(refused()) };
        let opened = self
            .store
            .write(|tx| {
                let account = &account;
                async move {
                    let Some(account) = unchanged(&tx, account, cx.now_ms).await? else { return Ok(None) };
                    match self.use_factor(cx, &tx, &account, code).await? {
                        Some(factor) => self.open_in(cx, &tx, &account, factor.remark()).await.map(Some),
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
    async fn open_in(&self, cx: &OpCtx, tx: &Tx, account: &Account, how: &str) -> Result<NewSession> {
        let id: SessionId = self.entropy.id(SessionId::PREFIX, cx.now_ms);
        let expires_at = cx.now_ms + SESSION_MS;
        store::set_failures(tx, &account.id, 0, None).await?;
        store::insert_session(tx, cx, &id, &account.id, expires_at).await?;
        let (home, role) = store::home(tx.db(), &account.id).await?;
        let principal = Principal::User(Arc::new(UserPrincipal {
            id: account.id.clone(),
            name: account.name.clone(),
            email: account.email.clone(),
            role,
            session: id.clone(),
        }));
        let cx = &OpCtx { workspace: home, principal, ..cx.clone() };
        let mut group = Group::new();
        let text = format!("{} signed in{how}", account.email);
        group.push(Event::SessionLogin, text, vec![target(account)]);
        group.record(cx, tx, &self.entropy).await?;
        let cookie = self.cookie(&id, expires_at)?;
        Ok(NewSession { id, user: account.id.clone(), cookie, expires_at })
    }

    /// Notes a failure on an account, and locks it after too many; the error to
    /// answer with. While it is locked, failures are noted but prolong nothing.
    pub(super) async fn fail(&self, cx: &OpCtx, account: &Account, failure: Failure) -> Result<Error> {
        self.store
            .write(|tx| async move {
                let Some(account) = store::account(tx.db(), &account.id).await? else { return Ok(()) };
                let failure = if account.is_locked(cx.now_ms) { Failure::Locked } else { failure };
                if !matches!(failure, Failure::Locked) {
                    let failures = account.failed_logins + 1;
                    let lock_ms = lock_ms(failures);
                    let until = (lock_ms > 0).then_some(cx.now_ms + lock_ms);
                    store::set_failures(&tx, &account.id, failures, until).await?;
                }
                let (home, _) = store::home(tx.db(), &account.id).await?;
                let cx = &OpCtx { workspace: home, ..cx.clone() };
                let what = match failure {
                    Failure::Password => "a wrong password",
                    Failure::Code => "a wrong code",
                    Failure::Locked => "an attempt while locked",
                };
                let mut group = Group::new();
                let text = format!("{}: {what}", account.email);
                group.push(Event::SessionFailed, text, vec![target(&account)]);
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
                let cx = &OpCtx { workspace: store::first_workspace(tx.db()).await?, ..cx.clone() };
                let whom = if is_email(email) { email } else { "what is no address" };
                let mut group = Group::new();
                let unknown = Target::new("user", "unknown", Some(whom));
                group.push(Event::SessionFailed, format!("{whom}: no such user"), vec![unknown]);
                group.record(cx, &tx, &self.entropy).await
            })
            .await
    }
}

/// The account as it is now, if the password that was checked still is the one
/// and nobody locked it meanwhile.
pub(super) async fn unchanged(tx: &Tx, checked: &Account, now_ms: i64) -> Result<Option<Account>> {
    let now = store::account(tx.db(), &checked.id).await?;
    Ok(now.filter(|now| now.password_hash == checked.password_hash && !now.is_locked(now_ms)))
}

pub(super) fn target(account: &Account) -> Target {
    Target::new("user", account.id.as_str(), Some(&account.name))
}

/// Names a stored password without telling its hash.
fn binding(password_hash: &str) -> String {
    KeyHash::of(password_hash).to_base64()
}

/// Says that a user changed, so that their sessions are loaded anew.
pub(super) fn changed(tx: &Tx, user: &UserId) {
    tx.changed(Change::User(user.clone()));
}
