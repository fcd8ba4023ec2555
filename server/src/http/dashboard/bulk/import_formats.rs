//! What files of an import look like. A test reads every example and every
//! column, so the page promises nothing that is refused.

use web::pages::import::ImportKind;

/// What the page says of one kind of file.
struct Kind {
    value: &'static str,
    name: &'static str,
    columns: &'static [(&'static str, &'static str)],
    csv: &'static str,
    json: &'static str,
}

const LIMITS: &str = "JSON: a list of objects with name, limit, duration in milliseconds and, if it always applies, autoApply.";
const META: &str = "JSON: an object.";

const KINDS: [Kind; 4] = [
    Kind {
        value: "keys",
        name: "Keys",
        columns: &[
            ("hash", "SHA-256 of the key in base64. This, or key, is required."),
            ("key", "The key itself, hashed as it is read. Nothing else of it is kept but its start."),
            ("start", "What stays readable of the key, such as sk_a."),
            ("name", ""),
            ("external_id", "Your id of whom it belongs to; the identity is made if there is none."),
            ("owner_id", "The owner of v1."),
            ("environment", ""),
            ("enabled", "true or false; true when empty."),
            ("roles", "Names, with semicolons between; in JSON a list."),
            ("permissions", "Slugs, with semicolons between; in JSON a list."),
            ("credits", "How many are left; unlimited when empty."),
            ("refill_interval", "daily or monthly."),
            ("refill_amount", ""),
            ("refill_day", "Of the month, 1 to 31."),
            ("ratelimits", LIMITS),
            ("meta", META),
            ("expires", "RFC 3339, or milliseconds since 1970; in JSON milliseconds only."),
        ],
        csv: "hash,start,name,external_id,credits,expires,meta\n\
            ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=,sk_a,web app,user_123,1000,2030-01-01T00:00:00Z,\
            \"{\"\"plan\"\":\"\"pro\"\"}\"",
        json: r#"{"key":"sk_a_secret_that_people_have","name":"web app","external_id":"user_123","roles":["reader"],"ratelimits":[{"name":"requests","limit":100,"duration":60000,"autoApply":true}],"meta":{"plan":"pro"}}"#,
    },
    Kind {
        value: "identities",
        name: "Identities",
        columns: &[
            ("external_id", "Required."),
            ("ratelimits", LIMITS),
            ("monthly_credits", "What all its keys may spend in a month; no cap when empty."),
            ("meta", META),
        ],
        csv: "external_id,meta\nuser_123,\"{\"\"plan\"\":\"\"pro\"\"}\"",
        json: r#"{"external_id":"user_123","ratelimits":[{"name":"requests","limit":100,"duration":60000}],"meta":{"plan":"pro"}}"#,
    },
    Kind {
        value: "permissions",
        name: "Permissions",
        columns: &[("slug", "Required."), ("name", "The slug when empty."), ("description", "")],
        csv: "slug,name,description\ndocuments.read,Read documents,",
        json: r#"{"slug":"documents.read","name":"Read documents"}"#,
    },
    Kind {
        value: "roles",
        name: "Roles",
        columns: &[
            ("name", "Required."),
            ("description", ""),
            ("permissions", "Slugs, with semicolons between; in JSON a list."),
        ],
        csv: "name,permissions\nreader,documents.read;documents.list",
        json: r#"{"name":"reader","permissions":["documents.read","documents.list"]}"#,
    },
];

pub fn kinds() -> Vec<ImportKind> {
    let columns = |kind: &Kind| {
        kind.columns.iter().map(|(name, about)| ((*name).to_owned(), (*about).to_owned())).collect()
    };
    let kind = |kind: &Kind| ImportKind {
        value: kind.value.to_owned(),
        name: kind.name.to_owned(),
        columns: columns(kind),
        csv: kind.csv.to_owned(),
        json: kind.json.to_owned(),
    };
    KINDS.iter().map(kind).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use base::error::Result;
    use domain::bulk::{ImportFile, ImportFormat, ImportOf};

    /// How many rows a file has.
    fn rows(value: &str, format: ImportFormat, text: &str) -> Result<u64> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        ImportFile::new(of(value), format, file).check()
    }

    fn of(value: &str) -> ImportOf {
        match value {
            "keys" => ImportOf::Keys("api_1".into()),
            "identities" => ImportOf::Identities,
            "permissions" => ImportOf::Permissions,
            _ => ImportOf::Roles,
        }
    }

    #[test]
    fn every_example_is_read() {
        for kind in &KINDS {
            assert_eq!(rows(kind.value, ImportFormat::Csv, kind.csv).unwrap(), 1, "{}", kind.name);
            assert_eq!(rows(kind.value, ImportFormat::JsonLines, kind.json).unwrap(), 1, "{}", kind.name);
        }
    }

    #[test]
    fn exactly_these_columns_are_known() {
        for kind in &KINDS {
            for (column, _) in kind.columns {
                let text = format!("{column}\nx\n");
                let error = rows(kind.value, ImportFormat::Csv, &text).err();
                let told = error.map(|error| error.detail().to_owned()).unwrap_or_default();
                assert!(!told.contains("unknown field"), "{} {column}: {told}", kind.name);
            }
            // The error of an unknown column lists all others.
            let error = rows(kind.value, ImportFormat::JsonLines, r#"{"no_such":1}"#).unwrap_err();
            let known = error.detail().split('`').skip(1).step_by(2).filter(|name| *name != "no_such");
            let mut known: Vec<&str> = known.collect();
            let mut listed: Vec<&str> = kind.columns.iter().map(|(name, _)| *name).collect();
            listed.retain(|name| *name != "key");
            known.sort_unstable();
            listed.sort_unstable();
            assert_eq!(known, listed, "{}", kind.name);
        }
    }
}
