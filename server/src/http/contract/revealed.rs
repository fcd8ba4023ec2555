//! A secret as an answer shows it, and whether an answer showed one.
//!
//! Such an answer is never compressed (docs/security.md#compressed-answers). No operation
//! says so of itself, because one that came later could forget to: secrets leave these
//! doors in this type only (`server/tests/it/tidy.rs`), which is noticed while it is
//! written.

use std::cell::Cell;

use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::http::schema::described;
use base::secret::PlainKey;

thread_local! {
    /// Whether a secret was written on this thread since somebody began to look.
    static WAS_SHOWN: Cell<bool> = const { Cell::new(false) };
}

/// The text of a secret, for the one member of an answer that has it.
pub struct Revealed(String);

impl Revealed {
    /// The secret itself.
    pub fn of(secret: &PlainKey) -> Self {
        Self(secret.reveal().to_owned())
    }

    /// A text with the secret in it, such as an address.
    pub fn within(secret: &PlainKey, text: impl FnOnce(&str) -> String) -> Self {
        Self(text(secret.reveal()))
    }
}

impl Serialize for Revealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WAS_SHOWN.set(true);
        self.0.serialize(serializer)
    }
}

/// What a function gives that writes an answer, and whether it wrote a secret.
pub fn noticing_secrets<T>(write: impl FnOnce() -> T) -> (T, bool) {
    let before = WAS_SHOWN.replace(false);
    let written = write();
    (written, WAS_SHOWN.replace(before))
}

described!([] Revealed, name: <String as Type>::name(), schema: <String as Type>::schema_ref());

impl ToJSON for Revealed {
    /// Answers are written by serde.
    fn to_json(&self) -> Option<Value> {
        None
    }
}

impl ParseFromJSON for Revealed {
    fn parse_from_json(_: Option<Value>) -> ParseResult<Self> {
        Err(ParseError::custom("no request has a secret of this kind"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_noticed_wherever_it_stands() {
        let secret = || Revealed::of(&PlainKey::new("sk_1".to_owned()));
        let write = |value: &dyn Fn() -> String| noticing_secrets(value);
        assert_eq!(write(&|| serde_json::to_string(&secret()).unwrap()), ("\"sk_1\"".to_owned(), true));
        assert!(write(&|| serde_json::to_string(&vec![None, Some(secret())]).unwrap()).1);
        assert!(!write(&|| serde_json::to_string(&None::<Revealed>).unwrap()).1);
        let (inner, outer) = noticing_secrets(|| {
            serde_json::to_string(&secret()).unwrap();
            noticing_secrets(|| ()).1
        });
        assert!(outer && !inner, "one within another looks for itself");
        let within = Revealed::within(&PlainKey::new("x".to_owned()), |secret| format!("/?code={secret}"));
        assert_eq!(write(&|| serde_json::to_string(&within).unwrap()), ("\"/?code=x\"".to_owned(), true));
    }
}
