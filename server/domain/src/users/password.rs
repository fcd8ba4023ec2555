//! Passwords as argon2id hashes with the crate's recommended parameters.
//!
//! One computation takes tens of milliseconds and 19 MiB: it runs on a thread
//! for blocking work, and people wait in three lines, of which one computes at a
//! time each. A flood of sign-ins then fills the line it belongs in and nothing
//! else: whoever is known, or tries for the first time, does not wait for it.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use base::entropy::Entropy;
use base::error::{Code, Error, Result};
use base::secret::{MIN_PASSWORD_CHARACTERS, PlainKey};

/// When to come again once a line is full.
const RETRY_S: u64 = 5;

/// Longer passwords are refused rather than cut.
const MAX_PASSWORD_BYTES: usize = 1024;

/// What is compared when there is no such user: the same work, never a match.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Where a computation waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Of people who showed before that they are who they say.
    Known,
    /// Of addresses that did not try lately.
    Newcomers,
    /// Of all others.
    Strangers,
}

impl Lane {
    /// How many may wait: a few seconds' work of the strange ones.
    const fn places(self) -> usize {
        match self {
            Lane::Known => Semaphore::MAX_PERMITS,
            Lane::Newcomers => 256,
            Lane::Strangers => 64,
        }
    }
}

/// Makes and checks hashes of passwords. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    entropy: Entropy,
    known: Line,
    newcomers: Line,
    strangers: Line,
}

#[derive(Clone)]
struct Line {
    turn: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Line {
    fn of(lane: Lane) -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), places: Arc::new(Semaphore::new(lane.places())) }
    }

    /// Waits in line; what is returned is the turn, and the place given up after it.
    async fn turn(&self) -> Result<[OwnedSemaphorePermit; 2]> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| {
            let detail = format!("Too many people sign in just now. Try again in {RETRY_S} seconds.");
            Error::new(Code::TooManyAttempts, detail).retry_after_s(RETRY_S)
        })?;
        Ok([self.turn.clone().acquire_owned().await.map_err(Error::internal)?, place])
    }
}

impl Passwords {
    pub(super) fn new(entropy: Entropy) -> Self {
        let [known, newcomers, strangers] = [Lane::Known, Lane::Newcomers, Lane::Strangers].map(Line::of);
        Self { entropy, known, newcomers, strangers }
    }

    /// The PHC string of a new password.
    ///
    /// Fails with `invalid_input` when it is too short or too long, or has a NUL,
    /// which no form takes: nobody could sign in with it.
    pub async fn hash(&self, password: PlainKey) -> Result<String> {
        if password.reveal().chars().count() < MIN_PASSWORD_CHARACTERS {
            return Err(Error::invalid(format!(
                "A password has {MIN_PASSWORD_CHARACTERS} characters or more."
            )));
        }
        if password.reveal().len() > MAX_PASSWORD_BYTES {
            return Err(Error::invalid(format!("A password has {MAX_PASSWORD_BYTES} bytes at most.")));
        }
        if password.reveal().contains('\0') {
            return Err(Error::invalid("A password has no character U+0000."));
        }
        let salt: [u8; 16] = self.entropy.bytes();
        self.compute(Lane::Known, move || hash(&password, salt)).await
    }

    /// Whether this is the password of a stored hash. Without one it takes as
    /// long and says no.
    ///
    /// Fails with `too_many_attempts` when its line is full.
    pub async fn matches(&self, password: PlainKey, stored: Option<String>, lane: Lane) -> Result<bool> {
        if password.reveal().len() > MAX_PASSWORD_BYTES {
            return Ok(false);
        }
        let is_somebody = stored.is_some();
        let stored = stored.unwrap_or_else(|| NOBODY.to_owned());
        let matches = self.compute(lane, move || verify(&password, &stored)).await?;
        Ok(matches && is_somebody)
    }

    async fn compute<T, F>(&self, lane: Lane, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        // Held by the computation, which a caller that goes away does not end.
        let line = match lane {
            Lane::Known => &self.known,
            Lane::Newcomers => &self.newcomers,
            Lane::Strangers => &self.strangers,
        };
        let held = line.turn().await?;
        let computation = move || {
            let _held = held;
            work()
        };
        tokio::task::spawn_blocking(computation).await.map_err(Error::internal)?
    }
}

fn hash(password: &PlainKey, salt: [u8; 16]) -> Result<String> {
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password.reveal().as_bytes(), &salt)
        .map_err(Error::internal)?;
    Ok(hash.to_string())
}

fn verify(password: &PlainKey, stored: &str) -> Result<bool> {
    match Argon2::default().verify_password(password.reveal().as_bytes(), stored) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(Error::internal(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> PlainKey {
        PlainKey::new(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_password_matches_its_hash() {
        let passwords = Passwords::new(Entropy::seeded(1));
        let stored = passwords.hash(plain("correct horse")).await.unwrap();
        assert!(
            passwords.matches(plain("correct horse"), Some(stored.clone()), Lane::Strangers).await.unwrap()
        );
        assert!(!passwords.matches(plain("correct hors"), Some(stored), Lane::Strangers).await.unwrap());
        assert!(!passwords.matches(plain("correct horse"), None, Lane::Strangers).await.unwrap());
        assert!(passwords.matches(plain("x"), Some("nonsense".to_owned()), Lane::Strangers).await.is_err());
    }

    #[tokio::test]
    async fn nobody_costs_as_much_as_somebody() {
        let fresh = Passwords::new(Entropy::seeded(1)).hash(plain("12345678")).await.unwrap();
        let work = |phc: &str| phc.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(work(NOBODY), work(&fresh));
        assert_eq!(NOBODY.len(), fresh.len());
    }

    #[tokio::test]
    async fn what_nobody_could_sign_in_with_is_refused() {
        let passwords = Passwords::new(Entropy::seeded(1));
        for text in ["1234567".to_owned(), "x".repeat(1025), "pass\0word".to_owned()] {
            assert!(passwords.hash(plain(&text)).await.is_err(), "{} characters", text.len());
        }
    }

    #[tokio::test]
    async fn a_full_line_keeps_nobody_waiting_in_another() {
        let passwords = Passwords::new(Entropy::seeded(1));
        let stored = Some(passwords.hash(plain("correct horse")).await.unwrap());
        let attempt = |lane| {
            let (passwords, stored) = (passwords.clone(), stored.clone());
            async move { passwords.matches(plain("correct horse"), stored, lane).await }
        };
        for (lane, line) in [(Lane::Strangers, &passwords.strangers), (Lane::Newcomers, &passwords.newcomers)]
        {
            let held = line.turn.clone().acquire_owned().await.unwrap();
            let waiting: Vec<_> = (0..lane.places()).map(|_| tokio::spawn(attempt(lane))).collect();
            while line.places.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            let refused = attempt(lane).await.unwrap_err();
            assert_eq!((refused.code(), refused.wait_s()), (Code::TooManyAttempts, Some(RETRY_S)));
            for other in [Lane::Known, Lane::Newcomers, Lane::Strangers] {
                assert!(other == lane || attempt(other).await.unwrap(), "{other:?} beside {lane:?}");
            }
            waiting.iter().for_each(tokio::task::JoinHandle::abort);
            drop((held, waiting));
            while line.places.available_permits() < lane.places() {
                tokio::task::yield_now().await;
            }
            assert!(attempt(lane).await.unwrap(), "places are given up");
        }
    }
}
