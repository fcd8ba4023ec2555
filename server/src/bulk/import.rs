//! Files read into rows, and rows into the commands that make them.
//!
//! A file is CSV with a header or an object a line, with the columns that
//! exports write. Every row is read once before a job starts, so that a file
//! with a fault is refused with the line of each fault and nothing is made. A
//! plaintext is hashed as it is read: only its hash becomes part of a row.

use std::collections::BTreeMap;

use chrono::DateTime;
use entity::ids::ApiId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{Limit, Row};
use crate::error::{Error, Fault, Result};
use crate::identities::CreateIdentity;
use crate::keys::{ImportKey, ImportedSecret, Interval, NewCredits, Refill};
use crate::object;
use crate::permissions::{CreatePermission, CreateRole};
use crate::ratelimit::limits::NewLimit;
use crate::secret::{KeyHash, PlainKey};

/// Rows of one file.
pub(super) const MAX_ROWS: usize = 100_000;
/// Faults that are reported before reading ends.
const MAX_FAULTS: usize = 50;
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
    #[serde(default, deserialize_with = "object::list")]
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
    #[serde(default, deserialize_with = "object::list")]
    ratelimits: Vec<Limit>,
    #[serde(default)]
    meta: Map<String, Value>,
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
    /// Reads a whole file.
    ///
    /// Fails with `invalid_input` and a fault per line that cannot be read.
    pub fn read(&self, format: ImportFormat, text: &str) -> Result<Vec<Row>> {
        // What spreadsheets put before a text to say that it is one.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let objects = match format {
            ImportFormat::Csv => csv_objects(text)?,
            ImportFormat::JsonLines => json_objects(text),
        };
        let (mut rows, mut faults) = (Vec::new(), Vec::new());
        for (line, object) in objects {
            match object.and_then(|object| self.row(object)) {
                Ok(row) => rows.push(row),
                Err(error) => faults.push(Fault {
                    location: format!("line {line}"),
                    message: error.detail().to_owned(),
                    fix: None,
                }),
            }
            if rows.len() > MAX_ROWS {
                return Err(Error::invalid(format!("A file has at most {MAX_ROWS} rows.")));
            }
            if faults.len() == MAX_FAULTS {
                break;
            }
        }
        if faults.is_empty() {
            return Ok(rows);
        }
        let first = format!("{}: {}", faults[0].location, faults[0].message);
        Err(Error::invalid(format!("The file cannot be imported. {first}")).with_faults(faults))
    }

    fn row(&self, mut object: Map<String, Value>) -> Result<Row> {
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
        let payload = Value::Object(object);
        let text = payload.to_string();
        match self {
            ImportOf::Keys(api) => drop(key(api, &text)?),
            ImportOf::Identities => drop(identity(&text)?),
            ImportOf::Permissions => drop(permission(&text)?),
            ImportOf::Roles => drop(role(&text)?),
        }
        let subject = payload[name_of].as_str().unwrap_or_default().to_owned();
        Ok(Row { subject, payload })
    }
}

/// A column `key` holds a plaintext: what is kept of it is its hash.
fn hash_plaintext(object: &mut Map<String, Value>) -> Result<()> {
    let Some(plaintext) = object.remove("key") else { return Ok(()) };
    let Value::String(plaintext) = plaintext else { return Err(Error::invalid("`key` is no text.")) };
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
    if KeyHash::from_base64(&row.hash).is_none() {
        return Err(Error::invalid("`hash` is not the base64 of a SHA-256."));
    }
    let interval = match row.refill_interval.as_deref() {
        None => None,
        Some("daily") => Some(Interval::Daily),
        Some("monthly") => Some(Interval::Monthly),
        Some(_) => return Err(Error::invalid("`refill_interval` is daily or monthly.")),
    };
    let refill = match (interval, row.refill_amount) {
        (Some(interval), Some(amount)) => Some(Refill { interval, amount, day: row.refill_day }),
        (None, None) => None,
        _ => return Err(Error::invalid("`refill_interval` and `refill_amount` belong together.")),
    };
    let credits = NewCredits { remaining: row.credits, refill };
    Ok(ImportKey {
        api_id: api.clone(),
        secret: ImportedSecret::Hash(row.hash),
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
    Ok(CreateIdentity { external_id: row.external_id, meta: row.meta, limits })
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

type Objects = Vec<(usize, Result<Map<String, Value>>)>;

fn json_objects(text: &str) -> Objects {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(number, line)| (number + 1, parsed(line))).collect()
}

fn csv_objects(text: &str) -> Result<Objects> {
    let unreadable = |error: csv::Error| Error::invalid(format!("The file is no CSV: {error}"));
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
    let columns: Vec<String> = reader.headers().map_err(unreadable)?.iter().map(ToOwned::to_owned).collect();
    let mut objects = Objects::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, |position| position.line() as usize);
        let cells: BTreeMap<&str, &str> = columns.iter().map(String::as_str).zip(record.iter()).collect();
        objects.push((line, cells.into_iter().map(|(column, cell)| typed(column, cell)).collect()));
    }
    Ok(objects)
}

/// A cell as the type of its column; an empty one is none.
fn typed(column: &str, cell: &str) -> Result<(String, Value)> {
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
            "credits" | "refill_amount" | "refill_day" => {
                json!(text.parse::<i64>().map_err(|_| wrong("whole number"))?)
            }
            "expires" => json!(moment(text).ok_or_else(|| wrong("time"))?),
            "roles" | "permissions" if !text.starts_with('[') => {
                text.split(';').map(str::trim).filter(|part| !part.is_empty()).collect()
            }
            "roles" | "permissions" | "ratelimits" | "meta" => {
                serde_json::from_str(text).map_err(|_| wrong("JSON"))?
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_cells_have_the_type_of_their_column() {
        let text = "\u{feff}slug,name,description\r\ndocs.read,Read,\"a, b\"\r\ndocs.write,,\r\n";
        let rows = ImportOf::Permissions.read(ImportFormat::Csv, text).unwrap();
        assert_eq!(
            rows.iter().map(|row| row.subject.as_str()).collect::<Vec<_>>(),
            ["docs.read", "docs.write"]
        );
        assert_eq!(rows[0].payload, json!({ "slug": "docs.read", "name": "Read", "description": "a, b" }));
        let roles = "name,permissions\nreader,docs.read;docs.list\nwriter,\"[\"\"docs.write\"\"]\"\n";
        let rows = ImportOf::Roles.read(ImportFormat::Csv, roles).unwrap();
        assert_eq!(rows[0].payload["permissions"], json!(["docs.read", "docs.list"]));
        assert_eq!(rows[1].payload["permissions"], json!(["docs.write"]));
    }

    #[test]
    fn a_plaintext_is_hashed_as_it_is_read() {
        let of = ImportOf::Keys("api_1".into());
        let rows = of.read(ImportFormat::JsonLines, r#"{"key":"sk_secret","name":"n"}"#).unwrap();
        let text = rows[0].payload.to_string();
        assert!(!text.contains("sk_secret") && text.contains(&KeyHash::of("sk_secret").to_base64()));
        assert_eq!(rows[0].payload["start"], "sk_s");
    }

    #[test]
    fn every_fault_is_told_with_its_line_and_nothing_is_read() {
        let of = ImportOf::Keys("api_1".into());
        let text = "hash,credits,expires\nnope,,\nx,many,\n,,soon\n";
        let error = of.read(ImportFormat::Csv, text).unwrap_err();
        let lines: Vec<&str> = error.faults().iter().map(|fault| fault.location.as_str()).collect();
        assert_eq!(lines, ["line 2", "line 3", "line 4"]);
        let limit_as_array = r#"{"external_id":"a","ratelimits":[["requests",10,1000]]}"#;
        assert!(ImportOf::Identities.read(ImportFormat::JsonLines, limit_as_array).is_err());
        for bad in ["{\"slug\":\"a\",\"colour\":1}", "[1]", "{", "{\"name\":\"a\"}"] {
            assert!(ImportOf::Permissions.read(ImportFormat::JsonLines, bad).is_err(), "{bad}");
        }
    }
}
