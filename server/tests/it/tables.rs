//! Every table has one room, and no other names it: checked by reading the sources.
//!
//! A room that wants something of another's rows asks a function of that room, or
//! takes a part of a statement from it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The room of every file in `entity/src`.
const TABLES: &[(&str, &str)] = &[
    ("api", "domain/apis"),
    ("audit_entry", "base/audit"),
    ("audit_target", "base/audit"),
    ("bulk_job", "domain/bulk"),
    ("bulk_row", "domain/bulk"),
    ("chunk", "base/events"),
    ("encrypted_key", "domain/keys"),
    ("idempotency_key", "base/claims"),
    ("identity", "domain/identities"),
    ("identity_month", "domain/identities"),
    ("invitation", "domain/users"),
    ("key", "domain/keys"),
    ("key_migration", "domain/keys"),
    ("key_permission", "domain/permissions"),
    ("key_role", "domain/permissions"),
    ("limit", "domain/ratelimit"),
    ("limiter_counter", "domain/ratelimit"),
    ("membership", "domain/workspaces"),
    ("namespace", "domain/ratelimit"),
    ("oauth_client", "domain/oauth"),
    ("oauth_code", "domain/oauth"),
    ("one_time_link", "domain/users"),
    ("permission", "domain/permissions"),
    ("portal", "domain/portals"),
    ("portal_session", "domain/portals"),
    ("query_run", "domain/users"),
    ("ratelimit_override", "domain/ratelimit"),
    ("recovery_code", "domain/session"),
    ("role", "domain/permissions"),
    ("role_permission", "domain/permissions"),
    ("root_key", "domain/root_keys"),
    ("root_key_grant", "domain/root_keys"),
    ("saved_view", "domain/users"),
    ("schedule", "base/schedules"),
    ("secret_link", "domain/secret_links"),
    ("session", "domain/session"),
    ("setting", "base/settings"),
    ("user", "domain/users"),
    ("webhook_attempt", "domain/webhooks"),
    ("webhook_delivery", "domain/webhooks"),
    ("webhook_endpoint", "domain/webhooks"),
    ("workspace", "domain/workspaces"),
];

/// Statements that name tables of other rooms, each with its reason.
const EXCEPTIONS: &[(&str, &[&str], &str)] = &[
    (
        "domain/verification/store.rs",
        &[
            "api",
            "identity",
            "key",
            "key_permission",
            "key_role",
            "limit",
            "permission",
            "role",
            "role_permission",
            "workspace",
        ],
        "all that a verification needs is one consistent view and one round trip",
    ),
    (
        "domain/identities/store/lines.rs",
        &["key"],
        "counts the keys of each row of a page in its statement; the room of keys comes later",
    ),
    (
        "domain/permissions/store/lines.rs",
        &["key"],
        "counts the keys of each row of a page in its statement; the room of keys comes later",
    ),
    (
        "domain/leaks/store.rs",
        &["audit_entry", "audit_target", "root_key"],
        "begins at the few root keys to find their few entries in a log of any length",
    ),
    (
        "base/store/moves/server.rs",
        &["key"],
        "does for all rows at once what the triggers of the schema, which are off in a move, do for each",
    ),
];

struct Table {
    entity: String,
    /// As SQL has it.
    name: String,
}

struct Source {
    /// Path as `crate/room/file`.
    name: String,
    /// Without comments and tests, strings over several lines as one line.
    code: String,
}

impl Source {
    fn room(&self) -> String {
        let mut parts = self.name.split('/');
        let (krate, room) = (parts.next().unwrap(), parts.next().unwrap());
        format!("{krate}/{}", room.trim_end_matches(".rs"))
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn tables() -> Vec<Table> {
    let mut paths = Vec::new();
    files(&root().join("../entity/src"), &mut paths);
    let table = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let name = text.split("table_name = \"").nth(1)?.split('"').next()?.to_owned();
        Some(Table { entity: path.file_stem()?.to_string_lossy().into_owned(), name })
    };
    paths.into_iter().filter_map(table).collect()
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for (krate, dir) in
        [("base", "base/src"), ("insight", "insight/src"), ("domain", "domain/src"), ("server", "src")]
    {
        let dir = root().join(dir);
        let mut paths = Vec::new();
        files(&dir, &mut paths);
        for path in paths {
            let name = path.strip_prefix(&dir).unwrap().to_string_lossy().replace('\\', "/");
            let is_test = ["tests", "testing", "properties"].iter().any(|word| name.contains(word));
            if !is_test {
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source { name: format!("{krate}/{name}"), code: production(&text) });
            }
        }
    }
    found
}

fn production(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ")
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// What is named as `entity::name`, alone or in `entity::{..}`.
fn entities(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, path) in code.match_indices("entity::") {
        let rest = &code[at + path.len()..];
        if code[..at].ends_with(is_of_word) {
            continue;
        }
        let Some(list) = rest.strip_prefix('{') else {
            found.insert(word(rest).to_owned());
            continue;
        };
        let (mut depth, mut item) = (1, String::new());
        for c in list.chars() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if depth == 0 || (depth == 1 && c == ',') {
                found.insert(word(item.trim()).to_owned());
                item.clear();
            } else {
                item.push(c);
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}

/// What stands where SQL has the name of a table.
fn named_in_sql(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for keyword in ["FROM", "JOIN", "UPDATE", "INTO"] {
        for (at, _) in code.match_indices(keyword) {
            let mut rest = &code[at + keyword.len()..];
            if code[..at].ends_with(is_of_word) || !rest.starts_with(char::is_whitespace) {
                continue;
            }
            loop {
                rest = rest.trim_start().trim_start_matches(['"', '`', '\\']);
                let name = word(rest);
                found.insert(name.to_owned());
                // `FROM a x, b y`
                let after = rest[name.len()..].trim_start_matches(['"', '`', '\\']).trim_start();
                let after = after[word(after).len()..].trim_start();
                let Some(next) = after.strip_prefix(',').filter(|_| keyword == "FROM") else { break };
                rest = next;
            }
        }
    }
    found
}

/// Entities that a source names, in Rust or in SQL.
fn touched<'a>(source: &Source, tables: &'a [Table]) -> Vec<&'a str> {
    let (in_rust, in_sql) = (entities(&source.code), named_in_sql(&source.code));
    let named = |table: &&Table| in_rust.contains(&table.entity) || in_sql.contains(&table.name);
    tables.iter().filter(named).map(|table| table.entity.as_str()).collect()
}

#[test]
fn every_table_has_one_room() {
    let there: BTreeSet<String> = tables().into_iter().map(|table| table.entity).collect();
    let owned: BTreeSet<String> = TABLES.iter().map(|(entity, _)| (*entity).to_owned()).collect();
    assert_eq!(there, owned, "entity/src and the list of owners differ");
    assert_eq!(owned.len(), TABLES.len(), "a table has two rooms");
    let rooms: BTreeSet<String> = sources().iter().map(Source::room).collect();
    for (entity, room) in TABLES {
        assert!(rooms.contains(*room), "{entity}: there is no room {room}");
    }
}

#[test]
fn no_room_names_a_table_of_another() {
    let tables = tables();
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for source in sources() {
        let room = source.room();
        for entity in touched(&source, &tables) {
            let is_owner = TABLES.iter().any(|(table, owner)| *table == entity && *owner == room);
            let excepted =
                EXCEPTIONS.iter().any(|(file, tables, _)| *file == source.name && tables.contains(&entity));
            if excepted {
                used.insert((source.name.clone(), entity.to_owned()));
            } else if !is_owner {
                wrong.push(format!("{}: {entity}", source.name));
            }
        }
    }
    assert!(wrong.is_empty(), "ask the room that owns the table:\n{}", wrong.join("\n"));
    for (file, tables, _) in EXCEPTIONS {
        for table in *tables {
            let needed = used.contains(&((*file).to_owned(), (*table).to_owned()));
            assert!(needed, "{file} does not name {table} any more: take the exception away");
        }
    }
}

#[test]
fn names_of_tables_are_found_wherever_they_stand() {
    let rust = "use entity::{api, key::{self, Column}, role};\nentity::user::Entity; identity::x; use entity::ids::*;";
    let found: Vec<String> = entities(rust).into_iter().collect();
    assert_eq!(found, ["api", "ids", "key", "role", "user"]);
    let sql = production(
        "let a = \"SELECT 1 FROM \\\n  keys k, apis\";\n// FROM users\n\"UPDATE sessions SET x = 1\"; \
         \"INSERT INTO limits\"; \"DELETE FROM roles\"; \"a CROSS JOIN \\\"workspaces\\\"\"; \"x FROMage\"",
    );
    let found: Vec<String> = named_in_sql(&sql).into_iter().filter(|name| !name.is_empty()).collect();
    assert_eq!(
        found,
        ["apis", "keys", "limits", "roles", "sessions", "workspaces"].map(String::from).to_vec()
    );
}
