//! What files of an import look like. A test reads every example and every
//! column, so the page promises nothing that is refused.

use web::pages::import::ImportKind;
use web::texts::{bulk as text, common};

/// What the page says of one kind of file.
struct Kind {
    value: &'static str,
    name: &'static str,
    columns: &'static [(&'static str, &'static str)],
    csv: &'static str,
    json: &'static str,
}

const KINDS: [Kind; 4] = [
    Kind {
        value: "keys",
        name: common::KEYS,
        columns: &[
            ("hash", text::COLUMN_HASH),
            ("key", text::COLUMN_KEY),
            ("start", text::COLUMN_START),
            ("name", ""),
            ("external_id", text::COLUMN_EXTERNAL_ID),
            ("owner_id", text::COLUMN_OWNER_ID),
            ("environment", ""),
            ("enabled", text::COLUMN_ENABLED),
            ("roles", text::COLUMN_ROLES),
            ("permissions", text::COLUMN_PERMISSIONS),
            ("credits", text::COLUMN_CREDITS),
            ("refill_interval", text::COLUMN_REFILL_INTERVAL),
            ("refill_amount", ""),
            ("refill_day", text::COLUMN_REFILL_DAY),
            ("ratelimits", text::COLUMN_LIMITS),
            ("meta", text::COLUMN_META),
            ("expires", text::COLUMN_EXPIRES),
        ],
        csv: "hash,start,name,external_id,credits,expires,meta\n\
            ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=,sk_a,web app,user_123,1000,2030-01-01T00:00:00Z,\
            \"{\"\"plan\"\":\"\"pro\"\"}\"",
        json: r#"{"key":"sk_a_secret_that_people_have","name":"web app","external_id":"user_123","roles":["reader"],"ratelimits":[{"name":"requests","limit":100,"duration":60000,"autoApply":true}],"meta":{"plan":"pro"}}"#,
    },
    Kind {
        value: "identities",
        name: common::IDENTITIES,
        columns: &[
            ("external_id", text::COLUMN_IS_REQUIRED),
            ("ratelimits", text::COLUMN_LIMITS),
            ("monthly_credits", text::COLUMN_MONTHLY_CREDITS),
            ("meta", text::COLUMN_META),
        ],
        csv: "external_id,meta\nuser_123,\"{\"\"plan\"\":\"\"pro\"\"}\"",
        json: r#"{"external_id":"user_123","ratelimits":[{"name":"requests","limit":100,"duration":60000}],"meta":{"plan":"pro"}}"#,
    },
    Kind {
        value: "permissions",
        name: common::PERMISSIONS,
        columns: &[("slug", text::COLUMN_IS_REQUIRED), ("name", text::COLUMN_NAME), ("description", "")],
        csv: "slug,name,description\ndocuments.read,Read documents,",
        json: r#"{"slug":"documents.read","name":"Read documents"}"#,
    },
    Kind {
        value: "roles",
        name: common::ROLES,
        columns: &[
            ("name", text::COLUMN_IS_REQUIRED),
            ("description", ""),
            ("permissions", text::COLUMN_PERMISSIONS),
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
