//! Which state of a thing a change was made from, so that the change does not
//! take back one it never saw.
//!
//! A version is a digest of the values a form shows, not a moment: two changes
//! within one millisecond have two. It is compared in the transaction that
//! writes, so of two changes made from one state the second fails. Who gives no
//! version changes whatever is there: that is how the APIs work.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::{Code, Error, Result};

/// Bytes of a digest that are kept: nobody gains by a collision.
const KEPT: usize = 16;

/// A state of something that is edited. Opaque text; one that nothing has, such
/// as an empty one, is of no state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// Of the values that somebody saw.
    pub fn of(shown: &Value) -> Self {
        let digest = Sha256::digest(shown.to_string().as_bytes());
        Self(URL_SAFE_NO_PAD.encode(&digest[..KEPT]))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Fails with `edit_conflict` unless this is still the state.
    pub fn require(&self, now: &Self) -> Result<()> {
        if self == now {
            return Ok(());
        }
        Err(Error::new(Code::EditConflict, "It was changed since the form was opened."))
    }
}

impl From<&str> for Version {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_version_is_of_one_state() {
        let one = Version::of(&json!(["a", null, 5]));
        assert!(Version::from(one.as_str()).require(&Version::of(&json!(["a", null, 5]))).is_ok());
        for other in [json!(["a", "", 5]), json!(["a", null, "5"]), json!(["a", null]), json!([])] {
            let refused = one.require(&Version::of(&other)).unwrap_err();
            assert_eq!(refused.code(), Code::EditConflict, "{other}");
        }
        assert!(Version::from("").require(&one).is_err());
    }
}
