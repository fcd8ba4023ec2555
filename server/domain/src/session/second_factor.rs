//! The second factor of an account: setting it up, using it, removing it.
//!
//! A new secret lives in a signed token on the page that shows it and is stored
//! only when a first code proves that an authenticator has it.

use base::clock::MINUTE_MS;
use base::ids::UserId;

use super::attempts::Kind;
use super::login::{Failure, changed, target};
use super::token::Enrolling;
use super::totp::{Generator, SECRET_BYTES};
use super::{Sessions, recovery, store};
use crate::users::{self, Account};
use base::access::{self, OpCtx, Operation};
use base::audit::{Event, Group};
use base::error::{Code, Error, Result};
use base::secret::PlainKey;
use base::store::Tx;

/// How long a secret may wait for its first code.
pub(super) const ENROLMENT_MS: i64 = 15 * MINUTE_MS;

/// What the page shows to whoever sets a second factor up.
pub struct Enrolment {
    /// Comes back with the first code.
    pub token: PlainKey,
    /// The secret in base32, for typing it in.
    pub secret: PlainKey,
    /// `otpauth://..`, for a link on a phone.
    pub url: PlainKey,
    /// The URL as an `<svg>` element. Holds the secret, too.
    pub qr_svg: PlainKey,
}

/// What somebody proved themselves with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Factor {
    Code,
    RecoveryCode,
}

impl Factor {
    /// For the end of an audit entry.
    pub fn remark(self) -> &'static str {
        match self {
            Factor::Code => " with a second factor",
            Factor::RecoveryCode => " with a recovery code",
        }
    }
}

impl Sessions {
    /// A new secret for an authenticator; stores nothing yet.
    ///
    /// Fails with `precondition_failed` when there is a second factor already.
    pub async fn begin_second_factor(&self, cx: &OpCtx, password: PlainKey) -> Result<Enrolment> {
        let account = self.confirmed(cx, password).await?;
        if account.totp_secret.is_some() {
            return Err(already());
        }
        let generator = Generator::new(&self.entropy.bytes::<SECRET_BYTES>(), &account.email)?;
        let claims = Enrolling::new(&account.id, generator.base32(), cx.now_ms + ENROLMENT_MS);
        enrolment(self.sign_enrolment(&claims)?, &generator)
    }

    /// What the page showed before, for whoever typed a code that is not right.
    pub fn resume_second_factor(&self, cx: &OpCtx, token: &str) -> Result<Enrolment> {
        let user = cx.require_user()?;
        let claims = self.open_enrolment(token, cx.now_ms).filter(|claims| claims.is_of(&user.id));
        let claims = claims.ok_or_else(too_late)?;
        let generator = Generator::from_base32(&claims.secret, &user.email)?;
        enrolment(PlainKey::new(token.to_owned()), &generator)
    }

    /// Turns the second factor on after one good code; returns the recovery
    /// codes, which are never shown again.
    pub async fn enable_second_factor(&self, cx: &OpCtx, token: &str, code: &str) -> Result<Vec<PlainKey>> {
        let user = cx.require_user()?;
        self.charge_own(cx, &Kind::CODE, &self.own_account(cx).await?).await?;
        let claims = self.open_enrolment(token, cx.now_ms).filter(|claims| claims.is_of(&user.id));
        let claims = claims.ok_or_else(too_late)?;
        let generator = Generator::from_base32(&claims.secret, &user.email)?;
        let step = generator
            .step(code, cx.now_ms, None)
            .ok_or_else(|| Error::invalid("This is not the code of now."))?;
        let codes = recovery::generate(&self.entropy);
        self.store
            .write(|tx| {
                let codes = &codes;
                async move {
                    let account = account(&tx, &user.id).await?;
                    if account.totp_secret.is_some() {
                        return Err(already());
                    }
                    let name = binding(&user.id);
                    let sealed =
                        self.vault.seal_for_server(&tx, &name, generator.secret(), cx.now_ms).await?;
                    users::set_totp(&tx, &user.id, Some(sealed), Some(step)).await?;
                    replace_codes(&tx, &user.id, codes).await?;
                    let text = format!("{} set up a second factor", user.email);
                    self.record(cx, &tx, &account, Event::UserTotpEnable, text).await
                }
            })
            .await?;
        Ok(codes)
    }

    /// Turns the second factor off; asks for it once more, or a recovery code.
    pub async fn disable_second_factor(&self, cx: &OpCtx, code: &str) -> Result<()> {
        self.with_factor(cx, code, async |tx, account| {
            users::set_totp(tx, &account.id, None, None).await?;
            replace_codes(tx, &account.id, &[]).await?;
            let text = format!("{} removed their second factor", account.email);
            self.record(cx, tx, account, Event::UserTotpDisable, text).await
        })
        .await
    }

    /// Replaces all recovery codes; the earlier ones are void.
    pub async fn renew_recovery_codes(&self, cx: &OpCtx, code: &str) -> Result<Vec<PlainKey>> {
        let codes = recovery::generate(&self.entropy);
        self.with_factor(cx, code, async |tx, account| {
            replace_codes(tx, &account.id, &codes).await?;
            let text = format!("{} replaced their recovery codes", account.email);
            self.record(cx, tx, account, Event::UserRecoveryCodes, text).await
        })
        .await?;
        Ok(codes)
    }

    /// How many of one's recovery codes are unused.
    pub async fn recovery_codes_left(&self, cx: &OpCtx) -> Result<u64> {
        store::count_recovery_codes(self.store.read(), &cx.require_user()?.id).await
    }

    /// Removes the second factor of somebody who lost it, recovery codes and all.
    pub async fn reset_second_factor(&self, cx: &OpCtx, user: &UserId) -> Result<()> {
        cx.require(Operation::AccountRecover, access::Target::NONE)?;
        self.store
            .write(|tx| async move {
                let account = account(&tx, user).await?;
                if account.totp_secret.is_none() {
                    return Err(none());
                }
                users::set_totp(&tx, user, None, None).await?;
                replace_codes(&tx, user, &[]).await?;
                let text = format!("Removed the second factor of {}", account.email);
                self.record(cx, &tx, &account, Event::UserTotpDisable, text).await
            })
            .await
    }

    /// Uses a code up and does `work` in the same transaction.
    async fn with_factor<W>(&self, cx: &OpCtx, code: &str, work: W) -> Result<()>
    where
        W: AsyncFnOnce(&Tx, &Account) -> Result<()>,
    {
        let user = cx.require_user()?;
        let known = self.own_account(cx).await?;
        self.charge_own(cx, &Kind::CODE, &known).await?;
        let done = self
            .store
            .write(|tx| async move {
                let account = account(&tx, &user.id).await?;
                if account.totp_secret.is_none() {
                    return Err(none());
                }
                match self.use_factor(cx, &tx, &account, code).await? {
                    Some(_) => work(&tx, &account).await.map(|()| true),
                    None => Ok(false),
                }
            })
            .await?;
        if done { Ok(()) } else { Err(self.fail(cx, &known, Failure::Code).await?) }
    }

    /// Uses up what somebody typed, if it is a code of their second factor or an
    /// unused recovery code: neither works twice.
    pub(super) async fn use_factor(
        &self,
        cx: &OpCtx,
        tx: &Tx,
        account: &Account,
        typed: &str,
    ) -> Result<Option<Factor>> {
        let Some(sealed) = &account.totp_secret else { return Ok(None) };
        let secret = self.vault.open_for_server(&binding(&account.id), sealed).await?;
        let generator = Generator::new(&secret, &account.email)?;
        if let Some(step) = generator.step(typed, cx.now_ms, account.totp_last_step) {
            users::set_last_step(tx, &account.id, step).await?;
            return Ok(Some(Factor::Code));
        }
        let Some(hash) = recovery::hash(typed) else { return Ok(None) };
        let used = store::use_recovery_code(tx, &account.id, &hash, cx.now_ms).await?;
        Ok(used.then_some(Factor::RecoveryCode))
    }

    async fn record(&self, cx: &OpCtx, tx: &Tx, account: &Account, event: Event, text: String) -> Result<()> {
        changed(tx, &account.id);
        let mut group = Group::new();
        group.push(event, text, vec![target(account)]);
        group.record(cx, tx, &self.entropy).await
    }
}

fn enrolment(token: PlainKey, generator: &Generator) -> Result<Enrolment> {
    Ok(Enrolment {
        token,
        secret: PlainKey::new(generator.base32()),
        url: PlainKey::new(generator.url()?),
        qr_svg: PlainKey::new(generator.qr_svg()?),
    })
}

async fn account(tx: &Tx, user: &UserId) -> Result<Account> {
    users::account(tx.db(), user).await?.ok_or_else(|| Error::absent(Code::MemberNotFound))
}

async fn replace_codes(tx: &Tx, user: &UserId, codes: &[PlainKey]) -> Result<()> {
    let hashes = codes.iter().filter_map(|code| recovery::hash(code.reveal())).collect();
    store::replace_recovery_codes(tx, user, hashes).await
}

/// Names the secret of a user where it is encrypted.
fn binding(user: &UserId) -> String {
    format!("totp/{user}")
}

fn too_late() -> Error {
    Error::invalid("This took too long. Begin again.")
}

fn already() -> Error {
    Error::new(Code::PreconditionFailed, "There is a second factor already; remove it first.")
}

fn none() -> Error {
    Error::new(Code::PreconditionFailed, "There is no second factor.")
}
