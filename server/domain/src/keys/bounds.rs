//! The widest bounds of what a key may carry. Each door narrows them to its
//! contract; here is what no door may pass.

use serde_json::{Map, Value};

use crate::permissions::{Reference, check_count};
use crate::ratelimit::limits::{self, NewLimit};
use base::error::{Error, Field, Result};
use base::secret::KeyHash;

pub const DEFAULT_BYTES: i64 = 16;
const BYTES_MAX: i64 = 255;
const PREFIX_MAX: usize = 16;
const TEXT_MAX: usize = 1024;
const EXTERNAL_ID_MAX: usize = 255;
const ENVIRONMENT_MAX: usize = 256;
const SLUG_MAX: usize = 512;
const META_MAX_BYTES: usize = 1_048_576;

/// A key without a prefix has `None`, never an empty one. Characters that
/// would break a header or a line have no place in a key.
pub(super) fn check_prefix(prefix: Option<&str>) -> Result<()> {
    check_length(Field::Prefix, prefix, PREFIX_MAX)?;
    match prefix {
        Some(prefix) if prefix.contains(|c: char| c.is_control() || c.is_whitespace()) => {
            Err(Error::invalid("A prefix has no white space or control characters.").at(Field::Prefix))
        }
        _ => Ok(()),
    }
}

/// The hash that a request gives for the key at this place of it. What cannot
/// be a SHA-256 would never verify.
pub(super) fn hash_at(place: usize, text: &str) -> Result<KeyHash> {
    KeyHash::parse(text).ok_or_else(|| {
        let forms = KeyHash::FORMS;
        Error::invalid(format!("`keys[{place}].hash` cannot be a SHA-256: {forms}."))
    })
}

pub(super) fn check_bytes(length: i64) -> Result<()> {
    if (DEFAULT_BYTES..=BYTES_MAX).contains(&length) {
        return Ok(());
    }
    let detail = format!("A key has {DEFAULT_BYTES} to {BYTES_MAX} random bytes.");
    Err(Error::invalid(detail).at(Field::RandomBytes))
}

pub(super) fn check_environment(environment: Option<&str>) -> Result<()> {
    check_length(Field::Environment, environment, ENVIRONMENT_MAX)
}

/// As for identities made by hand: the identity may be made here.
pub(super) fn check_external_id(external_id: Option<&str>) -> Result<()> {
    check_length(Field::ExternalId, external_id, EXTERNAL_ID_MAX)
}

pub(super) fn check_meta(meta: &Map<String, Value>) -> Result<()> {
    if serde_json::to_vec(meta)?.len() > META_MAX_BYTES {
        return Err(Error::invalid("`meta` must not be larger than 1 MiB of JSON.").at(Field::Meta));
    }
    Ok(())
}

/// Names and owner ids: v1 bounds none of them, a row must.
pub(super) fn check_text(field: Field, text: Option<&str>) -> Result<()> {
    check_length(field, text, TEXT_MAX)
}

/// Slugs of permissions or names of roles.
pub(super) fn check_slugs(field: Field, slugs: &[String]) -> Result<()> {
    check_count(field, slugs.len())?;
    slugs.iter().try_for_each(|slug| check_length(field, Some(slug), SLUG_MAX))
}

/// As [`check_slugs`], ids included.
pub(super) fn check_references(field: Field, references: &[Reference]) -> Result<()> {
    check_count(field, references.len())?;
    references.iter().try_for_each(|reference| check_length(field, Some(reference.text()), SLUG_MAX))
}

fn check_length(field: Field, text: Option<&str>, max: usize) -> Result<()> {
    match text.map(|text| text.chars().count()) {
        Some(length) if !(1..=max).contains(&length) => {
            let detail = format!("`{}` has 1 to {max} characters.", field.member());
            Err(Error::invalid(detail).at(field))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_expiry(expires_at: Option<i64>) -> Result<()> {
    match expires_at {
        Some(..0) => {
            let detail = "`expires` is a Unix time in milliseconds and cannot be negative.";
            Err(Error::invalid(detail).at(Field::Expires))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_limits(limits: &[NewLimit]) -> Result<()> {
    limits::validate_all(limits)
}
