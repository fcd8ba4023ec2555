//! What was sent with a request, by name: the query of an address, or a form.
//!
//! Says nothing of what is acceptable; the domain does. Fields are not
//! interpreted beyond trimming, empty ones count as left out.

use web::form::{FormState, ON};
use web::texts::forms as text;

use base::error::Error;
use base::patch::Patch;

/// Fields of one form; each is looked through by name.
const MAX_FIELDS: usize = 5000;

/// Names and values in the order they came.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    pub fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// What a stranger sent. Fails with `invalid_input` for more than [`MAX_FIELDS`],
    /// and for a text with a NUL.
    pub fn bounded(encoded: &[u8]) -> base::error::Result<Self> {
        let more = encoded.iter().filter(|byte| **byte == b'&').count();
        if more >= MAX_FIELDS {
            return Err(Error::invalid(text::too_many_fields(MAX_FIELDS)));
        }
        Self::new(Self::parse(encoded).0)
    }

    /// Fails with `invalid_input` for a text with a NUL, which no column stores.
    pub fn new(pairs: Vec<(String, String)>) -> base::error::Result<Self> {
        if pairs.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
            return Err(Error::invalid(text::FIELD_HAS_NUL));
        }
        Ok(Self(pairs))
    }

    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// As it was sent; empty when it was not.
    pub fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }

    /// Without space around it; empty when it was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// As [`Fields::text`], `None` when empty.
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Every value of a repeated field that is not empty.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let own = self.0.iter().filter(move |(own, _)| own == name);
        own.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Whether the form has this field at all, empty or not.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own == name)
    }

    /// What a form does to something that an empty field clears: a form without the field
    /// says nothing of it.
    pub fn patch<T>(&self, name: &str, value: Option<T>) -> Patch<T> {
        match value {
            Some(value) => Patch::Set(value),
            None if self.has(name) => Patch::Clear,
            None => Patch::Keep,
        }
    }

    /// Whether a checkbox is ticked.
    pub fn ticked(&self, name: &str) -> bool {
        self.raw(name) == ON
    }

    /// Whether a field has something that it had not when its form was opened: what
    /// that was is in the field of its name and `_before`.
    pub fn touched(&self, name: &str) -> bool {
        let text = self.text(name);
        !text.is_empty() && text != self.text(&format!("{name}_before"))
    }

    /// A whole number; `None` when left out. The error is for the reader.
    pub fn number(&self, name: &str) -> Result<Option<i64>, String> {
        let Some(text) = self.given(name) else { return Ok(None) };
        let plain: String = text.chars().filter(|c| !matches!(c, ',' | '_' | ' ')).collect();
        plain.parse().map(Some).map_err(|_| text::THIS_IS_NO_WHOLE_NUMBER.to_owned())
    }

    /// What a form shows again after a refusal. Passwords and tokens are not
    /// sent back.
    pub fn state(&self) -> FormState {
        let kept = self.0.iter().filter(|(name, _)| !SECRETS.contains(&name.as_str()));
        FormState::new(kept.cloned().collect())
    }
}

/// Fields that are not shown again.
const SECRETS: [&str; 6] = ["password", "current", "new", "code", "secret", web::form::CSRF];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name() {
        let fields = Fields::parse(b"name=+a%20b+&role=x&role=&role=y&on=on&n=1%2C000&password=p");
        assert_eq!(fields.text("name"), "a b");
        assert_eq!(fields.all("role").collect::<Vec<_>>(), ["x", "y"]);
        assert!(fields.ticked("on") && !fields.ticked("off"));
        assert_eq!(fields.number("n"), Ok(Some(1000)));
        assert_eq!(fields.number("none"), Ok(None));
        assert!(fields.number("name").is_err());
        assert_eq!(fields.state().value("password"), "");
        let fields = Fields::parse(b"a=1&a_before=1&b=+2&b_before=1&c=&c_before=1&d=1");
        assert_eq!(["a", "b", "c", "d"].map(|name| fields.touched(name)), [false, true, false, true]);
    }

    #[test]
    fn a_nul_is_no_part_of_a_field() {
        for sent in ["a=%00", "a%00=b", "a=1&b=x%00y"] {
            assert!(Fields::bounded(sent.as_bytes()).is_err(), "{sent}");
        }
        assert!(Fields::bounded(b"a=%5Cu0000").is_ok());
    }
}
