//! The rules of the map, checked by reading the sources: who may import whom,
//! where HTTP, SQL and rows may be named, and how long a file may grow.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms from left to right; a room may import those of earlier groups.
const ORDER: &[&[&str]] = &[
    &["ids"],
    &["address", "config", "error", "clock", "entropy", "secret", "patch", "filter", "object", "version"],
    &["grants", "op", "cache"],
    &["store"],
    &["events", "audit"],
    &["search", "analytics"],
    // Questions in SQL are asked of the index and of stored events.
    &["sql"],
    &["workspaces", "users", "permissions", "ratelimit", "credits", "vault", "apis"],
    &["identities", "idempotency"],
    &["keys", "root_keys"],
    &["verification"],
    &["session", "secret_links", "portals", "explain", "bulk", "transfer", "webhooks", "leaks"],
    &["jobs", "telemetry"],
    &["app"],
    &["http"],
    &["cli"],
];

/// Imports between rooms of one group, or against the order, each with its reason.
const SIBLINGS: &[(&str, &str, &str)] = &[
    ("config", "error", "problems of the settings are errors"),
    ("filter", "error", "what cannot be read is an error"),
    ("filter", "clock", "ages are given in lengths of time"),
    ("version", "error", "a change made from another state is an error"),
    ("config", "address", "trusted proxies are networks"),
    ("config", "secret", "secrets among the settings keep their type"),
    ("grants", "op", "the check reads the principal of the context"),
    ("op", "grants", "the principal carries its grants"),
    ("analytics", "search", "questions are asked of the index"),
    ("users", "workspaces", "setting a server up names its workspace"),
    ("root_keys", "keys", "root keys share the key format"),
];

const HARD_LINES: usize = 600;

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

struct Source {
    /// Path below the `src` of its crate, with forward slashes.
    name: String,
    room: String,
    /// The file without its trailing inline tests and without comments.
    code: String,
    lines: usize,
    header: bool,
}

/// The crates whose rooms the map orders, from left to right.
const CRATES: [&str; 4] = ["base", "insight", "domain", "crate"];

fn read_all() -> Vec<Source> {
    let server = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for krate in CRATES {
        let root = if krate == "crate" { server.join("src") } else { server.join(krate).join("src") };
        let mut paths = Vec::new();
        sources(&root, &mut paths);
        found.extend(paths.iter().map(|path| read(&root, path)));
    }
    found
}

fn read(root: &Path, path: &Path) -> Source {
    let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
    let text = fs::read_to_string(path).unwrap();
    let production = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: String = production
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    let room = name.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
    Source { room, header: text.starts_with("//!"), lines: text.lines().count(), code, name }
}

fn is_test(source: &Source) -> bool {
    source.name.contains("tests") || source.name.contains("testing") || source.name.ends_with("properties.rs")
}

fn rank(room: &str) -> Option<usize> {
    ORDER.iter().position(|group| group.contains(&room))
}

/// Rooms named as `crate::room` or `base::room`, alone or inside `use crate::{..}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for krate in CRATES {
        let path = format!("{krate}::");
        for (at, _) in code.match_indices(&path) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|before| before.is_alphanumeric() || before == '_' || before == ':') {
                continue;
            }
            let part = &code[at + path.len()..];
            match part.strip_prefix('{') {
                Some(list) => {
                    let items = list.split('}').next().unwrap_or_default().split(',');
                    rooms.extend(items.map(|item| first_word(item.trim())));
                }
                None => {
                    rooms.insert(first_word(part));
                }
            }
        }
    }
    rooms.remove("");
    rooms
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_' || c.is_ascii_digit()).collect()
}

#[test]
fn rooms_import_from_left_to_right_only() {
    let mut wrong = Vec::new();
    for source in read_all() {
        if matches!(source.room.as_str(), "lib" | "main") || is_test(&source) {
            continue;
        }
        let own = rank(&source.room).unwrap_or_else(|| panic!("{} is in no room of the map", source.name));
        for room in imports(&source.code) {
            let Some(other) = rank(&room) else { continue };
            let listed = SIBLINGS.iter().any(|(from, to, _)| *from == source.room && *to == room);
            if room != source.room && other >= own && !listed {
                wrong.push(format!("{} imports {room}", source.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn http_is_named_only_in_the_outer_layer() {
    let wrong: Vec<_> = read_all()
        .into_iter()
        .filter(|source| source.room != "http")
        .filter(|source| {
            source.code.contains("poem::")
                || source.code.contains("poem_openapi")
                || source.code.contains("web::")
        })
        .map(|source| source.name)
        .collect();
    assert!(wrong.is_empty(), "these name HTTP: {wrong:?}");
}

#[test]
fn rows_are_named_only_in_stores() {
    let wrong: Vec<_> = read_all()
        .into_iter()
        .filter(|source| !is_test(source) && source.room != "store")
        .filter(|source| !matches!(source.name.as_str(), "error.rs" | "ids.rs"))
        .filter(|source| !source.name.ends_with("store.rs") && !source.name.contains("/store/"))
        .filter(|source| {
            let ours = source.code.replace("base::ids", "").replace("identity::", "");
            source.code.contains("sea_orm::") || ours.contains("entity::")
        })
        .map(|source| source.name)
        .collect();
    assert!(wrong.is_empty(), "these name rows or SQL: {wrong:?}");
}

#[test]
fn doors_do_not_import_one_another() {
    let doors = ["v1", "v2", "dashboard", "mcp"];
    for source in read_all() {
        let Some(own) = doors.iter().find(|door| source.name.starts_with(&format!("http/{door}/"))) else {
            continue;
        };
        for other in doors.iter().filter(|door| *door != own) {
            assert!(!source.code.contains(&format!("http::{other}")), "{} imports {other}", source.name);
        }
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<_> = read_all()
        .into_iter()
        .filter(|source| !source.header && !is_test(source))
        .map(|source| source.name)
        .collect();
    assert!(silent.is_empty(), "no module header: {silent:?}");
}

#[test]
fn files_stay_readable() {
    let long: Vec<_> = read_all()
        .into_iter()
        .filter(|source| source.lines > HARD_LINES)
        .map(|source| format!("{} ({} lines)", source.name, source.lines))
        .collect();
    assert!(long.is_empty(), "split by domain: {long:?}");
}

#[test]
fn black_box_tests_do_not_look_inside() {
    // The load programs measure parts of the crate; tests of the binary must not.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/e2e");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("use unkey::"), "{} uses the crate", path.display());
    }
}
