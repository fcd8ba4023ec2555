//! Signed tokens: the cookie of a session, and what carries somebody from one
//! form to the next. Each kind has a key of its own, so that none passes for
//! another.

use base::ids::{SessionId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::login::STEP_MS;
use super::second_factor::ENROLMENT_MS;
use super::{DEVICE_MS, SESSION_MS, Sessions, signer};
use crate::users::Account;
use base::error::{Error, Result};
use base::secret::PlainKey;

/// What a cookie says: which session, and until when.
#[derive(Serialize, Deserialize)]
struct SessionClaims {
    sid: String,
    exp: i64,
}

/// The password was right; the second factor is still to come.
#[derive(Serialize, Deserialize)]
pub(super) struct PasswordWasRight {
    sub: String,
    /// Names the password that was right: a new one voids the token.
    pub binding: String,
    exp: i64,
}

/// A browser that signed in to an account. Opens nothing: it has a budget of
/// attempts of its own.
#[derive(Serialize, Deserialize)]
struct KnownDevice {
    sub: String,
    /// Names the browser.
    did: String,
    /// Names the password it signed in with: a new one voids the token.
    binding: String,
    exp: i64,
}

/// A second factor that no code has confirmed yet. The page that carries it
/// shows the secret as well.
#[derive(Serialize, Deserialize)]
pub(super) struct Enrolling {
    sub: String,
    pub secret: String,
    exp: i64,
}

/// Whether something goes on that lasts so long: it has not ended, nor was it begun
/// by a clock that was far ahead, after which it would go on for years. Twice its
/// time is allowed for, so that a clock set back by minutes changes nothing.
pub(super) fn lasts(ends_at: i64, lasts_ms: i64, now_ms: i64) -> bool {
    let left_ms = ends_at.saturating_sub(now_ms);
    0 < left_ms && left_ms <= 2 * lasts_ms
}

/// Claims that name their own kind and end.
trait Claims: Serialize + DeserializeOwned {
    const PURPOSE: &'static str;
    /// How long such a token lasts, milliseconds.
    const LASTS_MS: i64;

    /// Unix seconds, as the format wants them.
    fn exp(&self) -> i64;
}

impl Claims for SessionClaims {
    const PURPOSE: &'static str = "unkey session cookies";
    const LASTS_MS: i64 = SESSION_MS;

    fn exp(&self) -> i64 {
        self.exp
    }
}

impl Claims for PasswordWasRight {
    const PURPOSE: &'static str = "unkey second steps of signing in";
    const LASTS_MS: i64 = STEP_MS;

    fn exp(&self) -> i64 {
        self.exp
    }
}

impl Claims for KnownDevice {
    const PURPOSE: &'static str = "unkey browsers that signed in";
    const LASTS_MS: i64 = DEVICE_MS;

    fn exp(&self) -> i64 {
        self.exp
    }
}

impl Claims for Enrolling {
    const PURPOSE: &'static str = "unkey enrolments of second factors";
    const LASTS_MS: i64 = ENROLMENT_MS;

    fn exp(&self) -> i64 {
        self.exp
    }
}

impl PasswordWasRight {
    pub fn new(user: &UserId, binding: String, expires_at: i64) -> Self {
        Self { sub: user.to_string(), binding, exp: expires_at / 1000 }
    }

    pub fn user(&self) -> UserId {
        UserId::from(self.sub.as_str())
    }
}

impl Enrolling {
    pub fn new(user: &UserId, secret: String, expires_at: i64) -> Self {
        Self { sub: user.to_string(), secret, exp: expires_at / 1000 }
    }

    pub fn is_of(&self, user: &UserId) -> bool {
        self.sub == user.as_str()
    }
}

impl Sessions {
    pub(super) fn cookie(&self, session: &SessionId, expires_at: i64) -> Result<PlainKey> {
        self.sign(&SessionClaims { sid: session.to_string(), exp: expires_at / 1000 })
    }

    /// The session a cookie names, if we signed it and it has not ended.
    pub(super) fn session_of(&self, cookie: &str, now_ms: i64) -> Option<SessionId> {
        self.open::<SessionClaims>(cookie, now_ms).map(|claims| SessionId::from(claims.sid))
    }

    pub(super) fn sign_step(&self, claims: &PasswordWasRight) -> Result<PlainKey> {
        self.sign(claims)
    }

    pub(super) fn open_step(&self, token: &str, now_ms: i64) -> Option<PasswordWasRight> {
        self.open(token, now_ms)
    }

    pub(super) fn sign_enrolment(&self, claims: &Enrolling) -> Result<PlainKey> {
        self.sign(claims)
    }

    pub(super) fn open_enrolment(&self, token: &str, now_ms: i64) -> Option<Enrolling> {
        self.open(token, now_ms)
    }

    /// The id of the browser that a cookie names, if it signed in to this account
    /// by the password that it has now.
    pub(super) fn device_of(&self, account: &Account, cookie: &PlainKey, now_ms: i64) -> Option<String> {
        let claims = self.open::<KnownDevice>(cookie.reveal(), now_ms)?;
        let is_own = claims.sub == account.id.as_str() && claims.binding == account.binding();
        is_own.then_some(claims.did)
    }

    /// The cookie of a browser that has just signed in; it keeps the id it has.
    pub(super) fn device_cookie(
        &self,
        account: &Account,
        known: Option<&PlainKey>,
        now_ms: i64,
    ) -> Result<PlainKey> {
        let known = known.and_then(|cookie| self.device_of(account, cookie, now_ms));
        self.sign(&KnownDevice {
            sub: account.id.to_string(),
            did: known.unwrap_or_else(|| self.entropy.token()),
            binding: account.binding(),
            exp: (now_ms + DEVICE_MS) / 1000,
        })
    }

    fn sign<C: Claims>(&self, claims: &C) -> Result<PlainKey> {
        signer::install();
        let key = EncodingKey::from_secret(&*self.vault.derive(C::PURPOSE));
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key);
        token.map(PlainKey::new).map_err(Error::internal)
    }

    fn open<C: Claims>(&self, token: &str, now_ms: i64) -> Option<C> {
        signer::install();
        let key = DecodingKey::from_secret(&*self.vault.derive(C::PURPOSE));
        let mut validation = Validation::new(Algorithm::HS256);
        // The library would read a clock of its own; the end is checked below.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let claims = jsonwebtoken::decode::<C>(token, &key, &validation).ok()?.claims;
        lasts(claims.exp().saturating_mul(1000), C::LASTS_MS, now_ms).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_clock_far_ahead_began_does_not_go_on_for_years() {
        let (now_ms, year_ms) = (1_790_000_000_000, 365 * 86_400_000);
        for (ends_at, good) in [
            (now_ms - 1, false),
            (now_ms, false),
            (now_ms + 1, true),
            (now_ms + STEP_MS, true),
            (now_ms + 2 * STEP_MS, true),
            (now_ms + 2 * STEP_MS + 1, false),
            (now_ms + year_ms, false),
            (i64::MAX, false),
            (i64::MIN, false),
        ] {
            assert_eq!(lasts(ends_at, STEP_MS, now_ms), good, "{ends_at}");
        }
    }
}
