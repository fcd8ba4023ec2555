//! The rules of the map that Cargo cannot hold, checked by reading the sources:
//! what each crate may depend on, which room may import which, where HTTP, SQL
//! and rows may be named, and how long a file may grow.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A crate of the server and its rooms, in groups from left to right; a room may
/// import those of earlier groups, and all of the crates below.
struct Crate {
    name: &'static str,
    /// Below the root of the repository.
    folder: &'static str,
    rooms: &'static [&'static [&'static str]],
}

const CRATES: &[Crate] = &[
    Crate {
        name: "base",
        folder: "server/base",
        rooms: &[
            &[
                "ids",
                "address",
                "config",
                "durable",
                "error",
                "file_fault",
                "clock",
                "duration",
                "entropy",
                "secret",
                "patch",
                "filter",
                "json_object",
                "month",
                "edit_version",
            ],
            &["access", "cache"],
            &["store"],
            &["claims", "schedules", "settings"],
            &["events", "audit"],
        ],
    },
    Crate {
        name: "insight",
        folder: "server/insight",
        rooms: &[
            &["search", "analytics"],
            // Questions in SQL are asked of the index and of stored events.
            &["sql"],
        ],
    },
    Crate {
        name: "domain",
        folder: "server/domain",
        rooms: &[
            &["workspaces", "apis"],
            &["users", "permissions", "ratelimit", "vault"],
            &["identities", "idempotency"],
            &["keys"],
            &["root_keys", "credits"],
            &["verification"],
            &["session", "secret_links", "portals", "explain", "bulk", "transfer", "leaks", "webhooks"],
            &["configuration", "oauth", "recovery"],
        ],
    },
    Crate {
        name: "unkey",
        folder: "server",
        rooms: &[
            &["backup"],
            &["jobs", "telemetry", "tls"],
            &["courier", "doctor"],
            &["app"],
            &["http"],
            &["cli"],
        ],
    },
];

/// The one crate that serves, and what no other may depend on: without these a
/// room can name no request, no status code and no page.
const SERVING: &[&str] =
    &["hyper", "hyper-util", "http-body", "http-body-util", "poem", "poem-openapi", "web"];

/// Imports between rooms of one group, or against the order, each with its reason.
const SIBLINGS: &[(&str, &str, &str)] = &[
    ("config", "error", "problems of the settings are errors"),
    ("filter", "error", "what cannot be read is an error"),
    ("filter", "duration", "ages are given in lengths of time"),
    ("edit_version", "error", "a change made from another state is an error"),
    ("config", "file_fault", "files of secrets that cannot be read are told like any other"),
    ("config", "address", "trusted proxies are networks"),
    ("config", "secret", "secrets among the settings keep their type"),
    ("analytics", "search", "questions are asked of the index"),
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
    of: &'static Crate,
    /// Path below the crate's `src`, with forward slashes.
    name: String,
    room: String,
    /// The file without its trailing inline tests and without comments.
    code: String,
    lines: usize,
    header: bool,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read_all() -> Vec<Source> {
    let mut read_sources = Vec::new();
    for of in CRATES {
        let root = repository().join(of.folder).join("src");
        let mut paths = Vec::new();
        sources(&root, &mut paths);
        read_sources.extend(paths.into_iter().map(|path| read(of, &root, &path)));
    }
    read_sources
}

fn read(of: &'static Crate, root: &Path, path: &Path) -> Source {
    let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
    let text = fs::read_to_string(path).unwrap();
    let production = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: String = production
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    let room = name.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
    Source { of, room, header: text.starts_with("//!"), lines: text.lines().count(), code, name }
}

fn is_test(source: &Source) -> bool {
    source.name.contains("tests") || source.name.contains("testing") || source.name.ends_with("properties.rs")
}

/// Where a room stands in its crate.
fn rank(of: &Crate, room: &str) -> Option<usize> {
    of.rooms.iter().position(|group| group.contains(&room))
}

/// The names under `[dependencies]` of a crate's manifest.
fn dependencies(of: &Crate) -> Vec<String> {
    let text = fs::read_to_string(repository().join(of.folder).join("Cargo.toml")).unwrap();
    let lines = text.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let names = lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.is_empty());
    names.map(|line| line.split(['.', ' ', '=']).next().unwrap().to_owned()).collect()
}

#[test]
fn crates_depend_on_those_below_only() {
    for (position, of) in CRATES.iter().enumerate() {
        let named = dependencies(of);
        assert!(named.len() > 10, "the manifest of {} could not be read: {named:?}", of.name);
        for above in &CRATES[position + 1..] {
            assert!(!named.iter().any(|name| name == above.name), "{} depends on {}", of.name, above.name);
        }
        for below in &CRATES[..position] {
            assert!(named.iter().any(|name| name == below.name), "{} does without {}", of.name, below.name);
        }
    }
}

#[test]
fn only_the_outer_crate_can_name_http() {
    for of in CRATES {
        let named = dependencies(of);
        let serving: Vec<_> =
            SERVING.iter().filter(|name| named.iter().any(|other| other == *name)).collect();
        match of.name {
            "unkey" => assert_eq!(serving.len(), SERVING.len(), "the list is stale"),
            other => assert!(serving.is_empty(), "{other} depends on {serving:?}"),
        }
    }
}

/// Rooms named as `crate::room`, alone or inside `use crate::{..}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for part in code.split("crate::").skip(1) {
        match part.strip_prefix('{') {
            Some(list) => {
                for item in list.split('}').next().unwrap_or_default().split(',') {
                    rooms.insert(first_word(item.trim()));
                }
            }
            None => {
                rooms.insert(first_word(part));
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
        let of = source.of;
        let own =
            rank(of, &source.room).unwrap_or_else(|| panic!("{} is in no room of the map", source.name));
        for room in imports(&source.code) {
            let Some(other) = rank(of, &room) else { continue };
            let listed = SIBLINGS.iter().any(|(from, to, _)| *from == source.room && *to == room);
            if room != source.room && other >= own && !listed {
                wrong.push(format!("{} imports {room}", source.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_map_shows_the_rooms_that_are_there() {
    let sources = read_all();
    let page = fs::read_to_string(repository().join("docs/architecture.md")).unwrap();
    let map = page.split("## Rooms").nth(1).unwrap().split("###").next().unwrap();
    for of in CRATES {
        for room in of.rooms.iter().copied().flatten() {
            let mut within = sources.iter().filter(|source| std::ptr::eq(source.of, of));
            assert!(within.any(|source| source.room == *room), "{} has no room {room}", of.name);
            assert!(map.contains(&format!("`{room}`")), "docs/architecture.md does not show {room}");
        }
    }
}

#[test]
fn every_listed_import_is_there() {
    let sources = read_all();
    for (from, to, _) in SIBLINGS {
        let mut of_room = sources.iter().filter(|source| source.room == *from && !is_test(source));
        assert!(of_room.any(|source| imports(&source.code).contains(*to)), "{from} does not import {to}");
        let of = CRATES.iter().find(|of| rank(of, from).is_some()).unwrap();
        assert!(rank(of, to) >= rank(of, from), "{from} may import {to} anyway");
    }
}

#[test]
fn http_is_named_only_in_the_outer_layer() {
    let wrong: Vec<_> = read_all()
        .into_iter()
        .filter(|source| source.of.name == "unkey" && source.room != "http")
        .filter(|source| {
            source.code.contains("poem::")
                || source.code.contains("poem_openapi")
                || source.code.contains("web::")
        })
        .map(|source| source.name)
        .collect();
    assert!(wrong.is_empty(), "these name HTTP: {wrong:?}");
}

/// Answers are compressed where this says, each place knowing that no secret is in
/// them; the APIs show secrets in the one type that is noticed.
#[test]
fn no_answer_with_a_secret_is_compressed_unawares() {
    let compressing = [
        "http/dashboard/endpoint.rs",
        "http/docs/mod.rs",
        "http/mcp/mod.rs",
        "http/v1/serve.rs",
        "http/v2/serve.rs",
    ];
    let (mut found, mut secrets) = (Vec::new(), BTreeSet::new());
    for source in read_all().into_iter().filter(|source| source.room == "http") {
        if source.code.contains("compressed(") && !source.name.starts_with("http/compression/") {
            found.push(source.name.clone());
        }
        let is_api =
            ["http/v1/", "http/v2/", "http/contract/"].iter().any(|door| source.name.starts_with(door));
        if is_api && source.code.contains(".reveal()") {
            assert_eq!(source.name, "http/contract/revealed.rs", "what shows a secret is a `Revealed`");
        }
        let addresses = source.code.split(".at(").skip(1).filter_map(|call| call.split('"').nth(1));
        let parameters = addresses.flat_map(|path| path.split('/')).filter_map(|part| part.strip_prefix(':'));
        secrets.extend(parameters.filter(|name| *name != "token").map(ToOwned::to_owned));
    }
    found.sort();
    assert_eq!(found, compressing);
    // Whatever opens something by itself is called `token` there, and its page is not compressed.
    assert_eq!(
        secrets,
        ["first", "id", "override", "slug"].map(ToOwned::to_owned).into(),
        "are these secrets?"
    );
}

#[test]
fn rows_are_named_only_in_stores() {
    let wrong: Vec<_> = read_all()
        .into_iter()
        .filter(|source| {
            !is_test(source) && source.room != "store" && source.name != "error.rs" && source.room != "ids"
        })
        .filter(|source| !source.name.ends_with("/store.rs") && !source.name.contains("/store/"))
        .filter(|source| {
            let ours = source.code.replace("base::ids", "").replace("identity::", "");
            source.code.contains("sea_orm::") || ours.contains("entity::")
        })
        .map(|source| source.name)
        .collect();
    assert!(wrong.is_empty(), "these name rows or SQL: {wrong:?}");
}

/// Statements that are written out go through one function, in words that every
/// database understands.
#[test]
fn sql_is_made_in_the_dialect_alone() {
    for source in read_all().into_iter().filter(|source| !is_test(source)) {
        let is_dialect = source.of.name == "base" && source.name.starts_with("store/");
        assert!(is_dialect || !source.code.contains("Statement::from_"), "{} makes a statement", source.name);
        // A question mark is a place for a value in one of them only.
        let mut texts = source.code.split('"').skip(1).step_by(2);
        let found = texts.find(|text| text.contains("= ?") || text.contains("?1"));
        assert!(
            is_dialect || found.is_none(),
            "{} binds to {found:?}, which Postgres does not know",
            source.name
        );
    }
}

/// Who writes credits has read them under a lock: the ledger of another process
/// spends meanwhile.
#[test]
fn credits_are_written_by_who_locked_them() {
    let writes =
        ["store::update(", "set_credits(", "set_balances(", "balances::refill(", "store::leave(", "copy("];
    let locks =
        ["find_to_change(", "find_deleted_to_change(", "locked_balances(", "refillable(", "store::after("];
    let mut writers = Vec::new();
    for source in read_all().into_iter().filter(|source| source.of.name == "domain" && !is_test(source)) {
        let is_writer = ["keys/", "credits/"].iter().any(|room| source.name.starts_with(room))
            && !source.name.contains("store/")
            && writes.iter().any(|write| source.code.contains(write));
        if is_writer {
            assert!(locks.iter().any(|lock| source.code.contains(lock)), "{} locks nothing", source.name);
            assert!(!source.code.contains("store::find(tx"), "{} reads without a lock", source.name);
            writers.push(source.name);
        }
    }
    assert!(writers.len() > 5, "no longer found: {writers:?}");
}

#[test]
fn doors_do_not_import_one_another() {
    let doors = ["v1", "v2", "mcp", "dashboard", "forward_auth"];
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
    let root = repository().join("tests/e2e");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        for of in CRATES {
            let line = format!("use {}::", of.name);
            assert!(!text.contains(&line), "{} looks into {}", path.display(), of.name);
        }
    }
}
