//! Passwords as argon2id hashes with the crate's recommended parameters.

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;

use crate::error::{Error, Result};
use crate::secret::PlainKey;

/// The PHC string of a password. Takes tens of milliseconds: never on a
/// connection's task.
pub(super) fn hash(password: &PlainKey, salt: [u8; 16]) -> Result<String> {
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password.reveal().as_bytes(), &salt)
        .map_err(Error::internal)?;
    Ok(hash.to_string())
}
