//! `unkey migrate-to`: what a folder holds is the same on Postgres and back in a
//! folder, however often the way was interrupted; and nothing serves half of it.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use e2e::postgres::{Database, Proxy};
use e2e::{Launch, Random, Server, binary, cli_ok, folder, refused_start};
use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::{Value, json};
use tempfile::TempDir;

/// What `migrate-to` does with a folder and a database.
fn migrate(data: &Path, target: &str, url: Option<&str>) -> Output {
    let mut command = Command::new(binary());
    command.args(["migrate-to", target, "--data-dir"]).arg(data);
    url.map(|url| command.env("UNKEY_DATABASE_URL", url));
    command.output().expect("the binary is built: run `cargo build` first")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn migrated(data: &Path, target: &str, url: Option<&str>) -> String {
    let output = migrate(data, target, url);
    assert!(output.status.success(), "{target}: {}", said(&output));
    String::from_utf8(output.stdout).expect("text")
}

#[track_caller]
fn refused(data: &Path, target: &str, url: Option<&str>, why: &str) {
    let output = migrate(data, target, url);
    assert!(!output.status.success() && said(&output).contains(why), "{target}: {}", said(&output));
}

/// A start with this database ends by itself, and says why.
#[track_caller]
fn not_started(data: &Path, url: &str, why: &str) {
    let mut command = Command::new("timeout");
    command.arg("30").arg(binary()).args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data);
    let output = command.env("UNKEY_DATABASE_URL", url).output().expect("timeout is part of coreutils");
    assert!(output.status.code() == Some(1) && said(&output).contains(why), "{}", said(&output));
}

/// Every object of the schema and every row, but for what a database notes of itself.
fn dump(data: &Path) -> Vec<String> {
    let file = Connection::open(data.join("app.db")).expect("a database");
    let read = |sql: &str| -> Vec<Vec<Cell>> {
        let mut question = file.prepare(sql).expect("a question");
        let columns = question.column_count();
        let row = |row: &rusqlite::Row<'_>| (0..columns).map(|place| row.get(place)).collect();
        question.query_map([], row).expect("rows").map(|row| row.expect("a row")).collect()
    };
    let schema = read("SELECT name, sql, type FROM sqlite_schema ORDER BY type, name");
    let mut lines: Vec<String> = schema.iter().map(|object| format!("{object:?}")).collect();
    for table in schema.iter().filter(|object| object[2] == Cell::Text("table".into())) {
        let Cell::Text(name) = &table[0] else { panic!("{table:?}") };
        if !["moves", "seaql_migrations"].contains(&name.as_str()) {
            let mut rows: Vec<String> =
                read(&format!("SELECT * FROM {name}")).iter().map(|row| format!("{name} {row:?}")).collect();
            rows.sort();
            lines.append(&mut rows);
        }
    }
    lines
}

fn on_postgres(data: &Path, url: &str) -> Server {
    Launch::new(data).env("UNKEY_DATABASE_URL", url).start()
}

/// Texts that a format of lines has to write otherwise.
const ODD: &str = "a\tb\\N\nc\r\\.\u{b}\u{c}\u{8}'\"; -- ü 🦀 \u{85}\u{7f}";

/// A key with everything that a key can have; its id and plaintext.
fn rich_key(server: &Server, api: &str, external_id: &str) -> (String, String) {
    let options = json!({
        "name": ODD,
        "externalId": external_id,
        "meta": { "odd": ODD, "deep": [1, 2.5, null, { "é": true }] },
        "roles": ["reader"],
        "permissions": ["documents.read"],
        "credits": { "remaining": 7, "refill": { "interval": "monthly", "amount": 100, "refillDay": 31 } },
        "ratelimits": [{ "name": "requests", "limit": 1000, "duration": 86_400_000, "autoApply": true }],
        "recoverable": true,
    });
    server.key(api, options)
}

/// A folder with something in many tables, whose server has stopped.
struct Filled {
    data: TempDir,
    api: String,
    /// Ids and plaintexts.
    keys: Vec<(String, String)>,
}

fn filled() -> Filled {
    let data = folder();
    let server = Server::start(data.path());
    let api = server.api();
    cli_ok(data.path(), &["api", "set", &api, "--recoverable", "on"]);
    let ok = |operation: &str, body: Value| drop(server.call(operation, &body).data());
    ok(
        "permissions.createPermission",
        json!({ "name": "read", "slug": "documents.read", "description": ODD }),
    );
    ok("permissions.createRole", json!({ "name": "reader" }));
    ok("identities.createIdentity", json!({ "externalId": "user_1", "meta": { "odd": ODD } }));
    ok("ratelimit.limit", json!({ "namespace": "mail", "identifier": "a", "limit": 1, "duration": 60_000 }));
    ok(
        "ratelimit.setOverride",
        json!({ "namespace": "mail", "identifier": "*", "limit": 1, "duration": 60_000 }),
    );
    let keys: Vec<_> = (0..5).map(|_| rich_key(&server, &api, "user_1")).collect();
    let (deleted, _) = server.key(&api, json!({}));
    ok("keys.deleteKey", json!({ "keyId": deleted }));
    assert_eq!(server.verify(&keys[0].1), "VALID");
    cli_ok(data.path(), &["workspace", "create", "second"]);
    assert_eq!(server.stop(), Some(0));
    every_character(data.path());
    Filled { data, api, keys }
}

/// Texts of every character that a database takes, where a server never looks.
fn every_character(data: &Path) {
    let file = Connection::open(data.join("app.db")).expect("a database");
    for block in 0..=0x10ff {
        let text: String =
            (block * 256..block * 256 + 256).filter_map(char::from_u32).filter(|c| *c != '\0').collect();
        let row = (format!("test_{block}"), text);
        file.execute("INSERT INTO settings (name, value, updated_at) VALUES (?1, ?2, 0)", row)
            .expect("a row");
    }
}

fn remaining(server: &Server, id: &str) -> i64 {
    let data = server.call("keys.getKey", &json!({ "keyId": id, "decrypt": true })).data();
    assert!(data["plaintext"].is_string(), "{data}");
    data["credits"]["remaining"].as_i64().expect("a number")
}

#[test]
fn what_moves_there_and_back_is_as_it_was() {
    let Filled { data, api, keys } = filled();
    let (path, before) = (data.path(), dump(data.path()));
    let first = Database::create();
    first.ask(&format!("ALTER DATABASE {} SET bytea_output = escape", first.name));
    let url = first.url();
    let there = migrated(path, "postgres", Some(&url));
    assert!(there.lines().any(|line| line.starts_with("keys ") && line.contains("6 rows")), "{there}");
    assert!(!path.join("app.db").exists());
    refused_start(path);
    let back = migrated(path, "sqlite", Some(&url));
    assert_eq!(there, back, "rows and checksums");
    assert_eq!(before, dump(path));
    refused(path, "sqlite", Some(&url), "is there already");
    // The database that was left is for nobody.
    let elsewhere = folder();
    not_started(elsewhere.path(), &url, "was moved");
    refused(path, "postgres", Some(&url), "moved elsewhere");

    let second = Database::create();
    migrated(path, &second.url(), None);
    let server = on_postgres(path, &second.url());
    assert_eq!(server.verify(&keys[0].1), "VALID");
    assert_eq!(remaining(&server, &keys[0].0), 5);
    // What is counted goes on where it was: links, live keys, keys short of credits, the audit log.
    let (_, made) = rich_key(&server, &api, "user_2");
    let counted = "SELECT live_keys = (SELECT count(*) FROM keys WHERE deleted_at IS NULL) FROM apis";
    assert_eq!(second.ask(counted), "t");
    assert_eq!(second.ask("SELECT count(*) FROM short_of_credits"), "6");
    assert_eq!(second.ask("SELECT count(DISTINCT seq) = count(*) FROM keys_roles"), "t");
    assert_eq!(server.stop(), Some(0));

    migrated(path, "sqlite", Some(&second.url()));
    let server = Server::start(path);
    assert_eq!(server.verify(&made), "VALID");
    assert_eq!(remaining(&server, &keys[0].0), 5);
    let (_, last) = rich_key(&server, &api, "user_3");
    assert_eq!(server.verify(&last), "VALID");
    assert_eq!(server.stop(), Some(0));
}

/// Moves through a proxy that cuts the connections, and is killed, at any moment. How
/// often it failed before it was through.
fn moved_with_interruptions(data: &Path, target: &str, database: &Database, random: &mut Random) -> u32 {
    let proxy = Proxy::before(database);
    let url = database.url_by(&proxy);
    for failures in 0.. {
        // Further each time, so that it comes to an end.
        proxy.cut_after(random.below(600_000) as usize + 400_000 * failures as usize);
        let mut child = Command::new(binary())
            .args(["migrate-to", target, "--data-dir"])
            .arg(data)
            .env("UNKEY_DATABASE_URL", &url)
            .spawn()
            .expect("the binary is built: run `cargo build` first");
        if failures % 3 == 2 {
            std::thread::sleep(Duration::from_millis(random.below(400)));
            let _ = child.kill();
        }
        if child.wait().expect("it ends").success() {
            return failures;
        }
        if target == "postgres" {
            not_started(folder().path(), &database.url(), "");
        }
    }
    unreachable!("it goes on until it is through")
}

#[test]
fn a_move_that_is_interrupted_anywhere_is_finished_later() {
    let Filled { data, api, .. } = filled();
    let path = data.path();
    let server = Server::start(path);
    for n in 0..200 {
        server.key(&api, json!({ "meta": { "text": "x".repeat(n * 40) } }));
    }
    assert_eq!(server.stop(), Some(0));
    let (before, database, mut random) = (dump(path), Database::create(), Random(3));
    let failures = moved_with_interruptions(path, "postgres", &database, &mut random);
    assert!(failures > 3, "the cuts met nothing");
    assert_eq!(database.ask("SELECT count(*) FROM keys"), "206");
    let failures = moved_with_interruptions(path, "sqlite", &database, &mut random);
    assert!(failures > 3, "the cuts met nothing");
    assert_eq!(before, dump(path));
}

#[test]
fn a_source_that_is_used_meanwhile_is_copied_anew() {
    let Filled { data, keys, api } = filled();
    let (path, database) = (data.path(), Database::create());
    let proxy = Proxy::before(&database);
    // After the schema and the first tables.
    proxy.cut_after(60_000);
    let output = migrate(path, "postgres", Some(&database.url_by(&proxy)));
    assert!(!output.status.success());
    assert_eq!(
        database.ask("SELECT side, finished_at IS NULL FROM moves"),
        "target|t",
        "it was cut elsewhere"
    );
    not_started(folder().path(), &database.url(), "holds half");

    let server = Server::start(path);
    assert_eq!(server.verify(&keys[0].1), "VALID");
    drop(server.call("keys.deleteKey", &json!({ "keyId": keys[1].0 })).data());
    let (_, made) = server.key(&api, json!({}));
    assert_eq!(server.stop(), Some(0));
    let before = dump(path);
    proxy.pass();
    migrated(path, "postgres", Some(&database.url_by(&proxy)));
    let server = on_postgres(path, &database.url());
    assert_eq!([server.verify(&made), server.verify(&keys[1].1)], ["VALID", "NOT_FOUND"]);
    refused(folder().path(), "sqlite", Some(&database.url()), "a server uses the database");
    refused(path, "sqlite", Some(&database.url()), "holds the data folder");
    assert_eq!(server.stop(), Some(0));
    assert_eq!(before.iter().filter(|line| line.starts_with("keys ")).count(), 7);
}

/// Whatever the connection says next, nobody finds a database that looks new.
#[test]
fn a_target_is_marked_from_its_first_table_on() {
    let Filled { data, .. } = filled();
    let used = folder();
    assert_eq!(Server::start(used.path()).stop(), Some(0));
    std::fs::remove_file(used.path().join("app.db")).expect("it is there");
    let mut marked = 0;
    for bytes in (0..60_000).step_by(4000) {
        let database = Database::create();
        let proxy = Proxy::before(&database);
        proxy.cut_after(bytes);
        if migrate(data.path(), "postgres", Some(&database.url_by(&proxy))).status.success() {
            migrated(data.path(), "sqlite", Some(&database.url()));
            continue;
        }
        not_started(used.path(), &database.url(), "");
        if database.ask("SELECT to_regclass('moves') IS NOT NULL") == "t" {
            assert_eq!(database.ask("SELECT side, finished_at FROM moves"), "target|", "after {bytes} bytes");
            refused(folder().path(), "sqlite", Some(&database.url()), "holds half");
            marked += 1;
        }
    }
    assert!(marked > 2, "the cuts met nothing: {marked}");
    assert_eq!(Server::start(data.path()).stop(), Some(0));
}

#[test]
fn a_server_that_lost_its_connections_does_not_go_on_with_what_was_moved_away() {
    let (data, elsewhere, database) = (folder(), folder(), Database::create());
    let server = on_postgres(data.path(), &database.url());
    let api = server.api();
    let (_, key) = server.key(&api, json!({}));
    assert_eq!(server.verify(&key), "VALID");
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    refused(elsewhere.path(), "sqlite", Some(&database.url()), "a server uses the database");
    database.ask(end);
    migrated(elsewhere.path(), "sqlite", Some(&database.url()));
    for _ in 0..3 {
        assert_eq!(server.call("apis.createApi", &json!({ "name": "lost" })).status, 503);
        // Its next owner may have revoked it.
        assert_eq!(server.call("keys.verifyKey", &json!({ "key": key })).status, 503);
    }
    assert_eq!(database.ask("SELECT count(*) FROM apis"), "1");
    let (status, said) = server.get("/readyz");
    assert!(status == 503 && said.contains("was moved elsewhere"), "{status} {said}");
}

#[test]
fn a_file_that_another_program_has_open_is_not_moved() {
    let Filled { data, keys, .. } = filled();
    let (path, database) = (data.path(), Database::create());
    let other = Connection::open(path.join("app.db")).expect("a database");
    other.query_row("SELECT count(*) FROM keys", [], |row| row.get::<_, i64>(0)).expect("a row");
    refused(path, "postgres", Some(&database.url()), "another program has");
    drop(other);
    migrated(path, "postgres", Some(&database.url()));
    let left: Vec<_> = path.read_dir().expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    let logs = left.iter().filter(|name| {
        name.to_string_lossy().starts_with("app.db") && name.to_string_lossy().contains("-wal")
    });
    assert_eq!(logs.count(), 0, "{left:?}");
    // What a log of another database would do to the next one.
    std::fs::write(path.join("app.db-wal"), "").expect("a file");
    refused(path, "sqlite", Some(&database.url()), "without its database");
    std::fs::remove_file(path.join("app.db-wal")).expect("it is there");
    migrated(path, "sqlite", Some(&database.url()));
    let server = Server::start(path);
    assert_eq!(server.verify(&keys[0].1), "VALID");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_move_without_two_sides_is_refused() {
    let (data, database) = (folder(), Database::create());
    refused(data.path(), "postgres", None, "database_url is not set");
    refused(data.path(), "sqlite", None, "database_url is not set");
    refused(data.path(), "postgres", Some(&database.url()), "is no data folder");
    refused(data.path(), "mysql://db/x", None, "postgres://");
    refused(data.path(), "postgres://u:secret@db/x?sslmode=require", None, "sslmode");
    refused(data.path(), &database.url(), Some("postgres://localhost/other"), "another database");
    // Neither made a database of what was empty.
    refused(data.path(), "sqlite", Some(&database.url()), "empty");
    assert_eq!(database.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
    assert_eq!(Server::start(data.path()).stop(), Some(0));
    let server = Server::start(data.path());
    refused(data.path(), "postgres", Some(&database.url()), "holds the data folder");
    assert_eq!(server.stop(), Some(0));
    // Another's tables are in the way of nothing; rows of ours are.
    let other = folder();
    assert_eq!(on_postgres(other.path(), &database.url()).stop(), Some(0));
    refused(data.path(), "postgres", Some(&database.url()), "not empty");
}
