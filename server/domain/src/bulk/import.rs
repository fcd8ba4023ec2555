//! Objects of a file read into rows, and rows into the commands that make them.
//!
//! A file is CSV with a header or an object a line, with the columns that
//! exports write. Every row is read once before a job starts, so that a file
//! with a fault is refused with the line of each fault and nothing is made. A
//! plaintext is hashed as it is read: only its hash becomes part of a row.

use base::ids::ApiId;
use chrono::DateTime;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::lines::{MAX_ROW_BYTES, too_long};
use super::{Limit, Row, Work};
use crate::identities::CreateIdentity;
use crate::keys::{ImportKey, ImportedSecret, Interval, NewCredits, Refill};
use crate::permissions::{CreatePermission, CreateRole};
use crate::ratelimit::limits::NewLimit;
use base::error::{Error, Result};
use base::json_object;
use base::secret::{KeyHash, PlainKey};

/// Characters of what names a row in the list of results.
const SUBJECT_CHARACTERS: usize = 255;
/// Characters of a plaintext that stay readable.
const START_CHARACTERS: usize = 4;

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportOf {
    /// Keys of this API, by their hash or, hashed at once, their plaintext.
    Keys(ApiId),
    Identities,
    Permissions,
    Roles,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportFormat {
    Csv,
    JsonLines,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyRow {
    hash: String,
    start: Option<String>,
    name: Option<String>,
    external_id: Option<String>,
    owner_id: Option<String>,
    environment: Option<String>,
    enabled: Option<bool>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    permissions: Vec<String>,
    credits: Option<i64>,
    refill_interval: Option<String>,
    refill_amount: Option<i64>,
    refill_day: Option<i64>,
    #[serde(default, deserialize_with = "json_object::list")]
    ratelimits: Vec<Limit>,
    #[serde(default)]
    meta: Map<String, Value>,
    /// Unix milliseconds.
    expires: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityRow {
    external_id: String,
    #[serde(default, deserialize_with = "json_object::list")]
    ratelimits: Vec<Limit>,
    #[serde(default)]
    meta: Map<String, Value>,
    monthly_credits: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PermissionRow {
    slug: String,
    name: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleRow {
    name: String,
    description: Option<String>,
    #[serde(default)]
    permissions: Vec<String>,
}

impl ImportOf {
    /// The job that makes the rows of such a file.
    pub(super) fn work(&self) -> Work {
        match self {
            ImportOf::Keys(api) => Work::ImportKeys { api: api.to_string() },
            ImportOf::Identities => Work::ImportIdentities,
            ImportOf::Permissions => Work::ImportPermissions,
            ImportOf::Roles => Work::ImportRoles,
        }
    }

    /// What an object of a file is a row of.
    pub(super) fn row(&self, mut object: Map<String, Value>) -> Result<Row> {
        object.retain(|_, value| !value.is_null());
        // What exports tell of a row and nobody may set.
        for column in ["id", "api_id", "last4", "created", "updated", "last_used"] {
            object.remove(column);
        }
        let name_of = match self {
            ImportOf::Keys(_) => {
                hash_plaintext(&mut object)?;
                "hash"
            }
            ImportOf::Identities => "external_id",
            ImportOf::Permissions => "slug",
            ImportOf::Roles => "name",
        };
        let name = object.get(name_of).and_then(Value::as_str).unwrap_or_default();
        let subject = name.chars().take(SUBJECT_CHARACTERS).collect();
        let payload = Value::Object(object).to_string();
        if payload.len() as u64 > MAX_ROW_BYTES {
            return Err(too_long());
        }
        match self {
            ImportOf::Keys(api) => drop(key(api, &payload)?),
            ImportOf::Identities => drop(identity(&payload)?),
            ImportOf::Permissions => drop(permission(&payload)?),
            ImportOf::Roles => drop(role(&payload)?),
        }
        Ok(Row { subject, payload })
    }
}

/// A column `key` holds a plaintext: what is kept of it is its hash.
fn hash_plaintext(object: &mut Map<String, Value>) -> Result<()> {
    let Some(plaintext) = object.remove("key") else { return Ok(()) };
    let Value::String(plaintext) = plaintext else { return Err(Error::invalid("`key` is no text.")) };
    if object.contains_key("hash") {
        return Err(Error::invalid("Give `key` or `hash`, not both."));
    }
    let plaintext = PlainKey::new(plaintext);
    let start: String = plaintext.reveal().chars().take(START_CHARACTERS).collect();
    object.entry("start").or_insert(json!(start));
    object.insert("hash".to_owned(), json!(plaintext.hash().to_base64()));
    Ok(())
}

fn parsed<T: DeserializeOwned>(payload: &str) -> Result<T> {
    serde_json::from_str(payload).map_err(|error| Error::invalid(error.to_string()))
}

pub(super) fn key(api: &ApiId, payload: &str) -> Result<ImportKey> {
    let row: KeyRow = parsed(payload)?;
    let no_hash = || Error::invalid(format!("`hash` cannot be a SHA-256: {}.", KeyHash::FORMS));
    let hash = KeyHash::parse(&row.hash).ok_or_else(no_hash)?;
    let interval = match row.refill_interval.as_deref() {
        None => None,
        Some("daily") => Some(Interval::Daily),
        Some("monthly") => Some(Interval::Monthly),
        Some(_) => return Err(Error::invalid("`refill_interval` is daily or monthly.")),
    };
    if interval == Some(Interval::Daily) && row.refill_day.is_some() {
        return Err(Error::invalid("A daily refill has no `refill_day`."));
    }
    let refill = match (interval, row.refill_amount) {
        (Some(interval), Some(amount)) => Some(Refill { interval, amount, day: row.refill_day }),
        (None, None) if row.refill_day.is_none() => None,
        _ => return Err(Error::invalid("`refill_interval` and `refill_amount` belong together.")),
    };
    let credits = NewCredits { remaining: row.credits, refill };
    Ok(ImportKey {
        api_id: api.clone(),
        secret: ImportedSecret::Hash(hash.to_base64()),
        start: row.start,
        name: row.name,
        external_id: row.external_id,
        owner_id: row.owner_id,
        meta: row.meta,
        environment: row.environment,
        roles: row.roles,
        permissions: row.permissions,
        expires_at: row.expires,
        credits: Some(credits),
        limits: row.ratelimits.iter().map(NewLimit::from).collect(),
        enabled: row.enabled.unwrap_or(true),
    })
}

pub(super) fn identity(payload: &str) -> Result<CreateIdentity> {
    let row: IdentityRow = parsed(payload)?;
    let limits = row.ratelimits.iter().map(NewLimit::from).collect();
    let IdentityRow { external_id, meta, monthly_credits, .. } = row;
    Ok(CreateIdentity { external_id, meta, limits, monthly_credits })
}

pub(super) fn permission(payload: &str) -> Result<CreatePermission> {
    let row: PermissionRow = parsed(payload)?;
    let name = row.name.unwrap_or_else(|| row.slug.clone());
    Ok(CreatePermission { name, slug: row.slug, description: row.description })
}

pub(super) fn role(payload: &str) -> Result<CreateRole> {
    let row: RoleRow = parsed(payload)?;
    Ok(CreateRole { name: row.name, description: row.description, permissions: row.permissions })
}

/// A cell as the type of its column; an empty one is none.
pub(super) fn typed(column: &str, cell: &str) -> Result<(String, Value)> {
    let wrong = |what: &str| Error::invalid(format!("`{column}` is no {what}."));
    // The guard that exports put before what a spreadsheet would run.
    let text = match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest,
        _ => cell,
    };
    let value = if text.is_empty() {
        Value::Null
    } else {
        match column {
            "enabled" => json!(text.parse::<bool>().map_err(|_| wrong("true or false"))?),
            "credits" | "refill_amount" | "refill_day" | "monthly_credits" => {
                json!(text.parse::<i64>().map_err(|_| wrong("whole number"))?)
            }
            "expires" => json!(moment(text).ok_or_else(|| wrong("time"))?),
            "roles" | "permissions" if !text.starts_with('[') => {
                text.split(';').map(str::trim).filter(|part| !part.is_empty()).collect()
            }
            "roles" | "permissions" | "ratelimits" | "meta" => {
                json_object::parse(text.as_bytes()).map_err(|error| match error.is_data() {
                    true => Error::invalid(format!("`{column}`: {error}.")),
                    false => wrong("JSON"),
                })?
            }
            _ => json!(text),
        }
    };
    Ok((column.to_owned(), value))
}

/// Unix milliseconds, or an RFC 3339 moment.
fn moment(text: &str) -> Option<i64> {
    let written = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis());
    text.parse().ok().or_else(written)
}
