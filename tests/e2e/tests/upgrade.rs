//! Data of every released version, brought up by the present program: it answers what that
//! version answered, is kept as it was beside, and an upgrade that is interrupted never happened.
//!
//! `tests/fixtures/make.sh` makes an archive of a version: a data folder, for Postgres a dump
//! as well, and questions with the answers of that version.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use e2e::{
    Answer, Launch, MachineClock, Random, Server, binary, cli, cli_ok, eventually, folder, is_long,
    refused_start,
};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Tables whose rows change by themselves when a server starts or stops.
const MOVING: [&str; 5] = ["chunks", "limiter_counters", "schedules", "seaql_migrations", "settings"];

/// Calls by which files are written.
const CALLS: &str = "pwrite64,ftruncate,fsync,fdatasync,unlink,rename,openat";

/// Data of a released version, in a folder of its own.
struct Fixture {
    name: String,
    folder: TempDir,
    told: Value,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn present() -> String {
    let version = Command::new(binary()).arg("--version").output().expect("the binary is built");
    let text = String::from_utf8(version.stdout).expect("text");
    text.split_whitespace().last().expect("a version").to_owned()
}

/// Where the archives are: others than those of the repository where the run says so.
#[expect(clippy::disallowed_methods, reason = "a test harness is told of its files by the environment")]
fn archives() -> PathBuf {
    let named = std::env::var_os("UNKEY_FIXTURES").map(PathBuf::from);
    named.unwrap_or_else(|| repository().join("tests/fixtures/data"))
}

/// Names of the archives of an engine.
fn names(is_postgres: bool) -> Vec<String> {
    let entries = archives().read_dir().expect("there are fixtures").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> =
        names.filter_map(|name| name.strip_suffix(".tar.gz").map(str::to_owned)).collect();
    names.retain(|name| name.ends_with("-postgres") == is_postgres);
    names.sort();
    names
}

impl Fixture {
    fn unpack(name: &str) -> Self {
        let folder = folder();
        let archive = archives().join(format!("{name}.tar.gz"));
        let unpacked =
            Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(folder.path()).status().expect("tar");
        assert!(unpacked.success(), "{name}");
        let told = std::fs::read_to_string(folder.path().join("answers.json")).expect("answers");
        Self { name: name.to_owned(), told: serde_json::from_str(&told).expect("JSON"), folder }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn app_db(&self) -> PathBuf {
        self.data().join("app.db")
    }

    /// What is kept beside `app.db` from before the upgrade.
    fn kept(&self) -> PathBuf {
        self.data().join(format!("app.db.before-{}", present()))
    }

    /// The rows of tables of `app.db` that the version counted.
    fn rows(&self) -> BTreeMap<String, i64> {
        let rows = self.told["rows"].as_object().expect("counts").iter();
        let rows = rows.map(|(table, count)| (table.clone(), count.as_i64().expect("a count")));
        rows.filter(|(table, _)| !MOVING.contains(&table.as_str())).collect()
    }

    fn launch(&self, clock: &MachineClock) -> Launch {
        Launch::new(&self.data()).clock(clock)
    }

    #[track_caller]
    fn answers_as_before(&self, server: &Server) {
        for question in self.told["questions"].as_array().expect("questions") {
            let ask = || self.ask(server, question);
            if question["eventually"] == true {
                eventually("an index to be built again", || (ask() == expected(question)).then_some(()));
            }
            assert_eq!(ask(), expected(question), "{}: {question}", self.name);
        }
    }

    fn ask(&self, server: &Server, question: &Value) -> Value {
        let operation = question["operation"].as_str().expect("an operation");
        let Answer { status, body } = match question["token"].as_str() {
            Some(token) => server.call_as(token, operation, &question["body"]),
            None => server.call(operation, &question["body"]),
        };
        let told = match status {
            200 => body["data"].clone(),
            _ => {
                let kind = body["error"]["type"].as_str().expect("a type");
                json!({ "type": kind.rsplit_once("/docs/errors/").expect("a page").1 })
            }
        };
        json!({ "status": status, "answer": in_order(without(told, &self.told["ignored"])) })
    }
}

fn expected(question: &Value) -> Value {
    json!({ "status": question["status"], "answer": in_order(question["answer"].clone()) })
}

/// With the names of roles in their order: those made in the same second were in any in 0.1.0.
fn in_order(mut answer: Value) -> Value {
    if let Some(roles) = answer.get_mut("roles").and_then(Value::as_array_mut) {
        roles.sort_by_key(ToString::to_string);
    }
    answer
}

/// JSON without members of these names, wherever they are.
fn without(value: Value, names: &Value) -> Value {
    let is_ignored = |name: &str| names.as_array().expect("names").iter().any(|ignored| ignored == name);
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(name, _)| !is_ignored(name))
            .map(|(name, own)| (name, without(own, names)))
            .collect(),
        Value::Array(values) => values.into_iter().map(|own| without(own, names)).collect(),
        other => other,
    }
}

fn text(database: &Connection, sql: &str) -> Vec<String> {
    let mut rows = database.prepare(sql).expect("a statement");
    let rows = rows.query_map([], |row| row.get(0)).expect("rows");
    rows.map(|row| row.expect("text")).collect()
}

#[track_caller]
fn is_sound(path: &Path) {
    let database = Connection::open(path).expect("a database");
    assert_eq!(text(&database, "PRAGMA integrity_check"), ["ok"], "{}", path.display());
    let broken = text(&database, "SELECT \"table\" FROM pragma_foreign_key_check");
    assert!(broken.is_empty(), "{}: {broken:?}", path.display());
}

fn counts(path: &Path, tables: impl Iterator<Item = String>) -> BTreeMap<String, i64> {
    let database = Connection::open(path).expect("a database");
    let count = |table: &str| {
        database.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).expect("a count")
    };
    tables.map(|table| (table.clone(), count(&table))).collect()
}

fn migrations(path: &Path) -> Vec<String> {
    text(
        &Connection::open(path).expect("a database"),
        "SELECT version FROM seaql_migrations ORDER BY version",
    )
}

fn copies(data: &Path) -> usize {
    let entries = data.read_dir().expect("a folder").flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().contains(".before")).count()
}

#[test]
fn every_released_version_is_brought_up_and_answers_as_before() {
    let names = names(false);
    assert!(!names.is_empty());
    for name in names {
        let fixture = Fixture::unpack(&name);
        let (had, rows) = (migrations(&fixture.app_db()), fixture.rows());
        let clock = MachineClock::at(fixture.told["asked"].as_str().expect("a time"));
        let server = fixture.launch(&clock).start();
        let mut has = counts(&fixture.app_db(), rows.keys().cloned());
        // Work by the clock has begun.
        has.extend(
            ["audit_log", "audit_targets"].map(|table| (table.to_owned(), has[table].min(rows[table]))),
        );
        assert_eq!(has, rows, "{name}");
        fixture.answers_as_before(&server);
        // Refills go on the next day.
        let daily = fixture.told["questions"].as_array().expect("questions").last().expect("the last one");
        clock.set("2026-11-25 00:05:00");
        eventually("a refill", || {
            let key = server.call("keys.getKey", &json!({ "keyId": daily["body"]["keyId"] })).data();
            (key["credits"]["remaining"] == 50).then_some(())
        });
        // Warnings may be of the time that has gone by since.
        cli_ok(&fixture.data(), &["doctor"]);
        assert_eq!(server.stop(), Some(0));
        for database in ["app.db", "events.db"] {
            is_sound(&fixture.data().join(database));
        }
        let has = migrations(&fixture.app_db());
        assert_eq!(fixture.kept().exists(), has != had, "{name}");
        if has == had {
            continue;
        }
        is_sound(&fixture.kept());
        assert_eq!(migrations(&fixture.kept()), had);
        assert_eq!(counts(&fixture.kept(), rows.keys().cloned()), rows);
        let mode = fixture.kept().metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// Whoever goes back puts what was kept in the place of the database.
#[test]
fn what_was_kept_is_what_the_version_before_had() {
    let fixture = Fixture::unpack("0.1.0");
    let had = migrations(&fixture.app_db());
    let clock = MachineClock::at(fixture.told["asked"].as_str().expect("a time"));
    let server = fixture.launch(&clock).start();
    server.api();
    assert_eq!(server.stop(), Some(0));
    for log in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(fixture.data().join(format!("app.db{log}")));
    }
    std::fs::rename(fixture.kept(), fixture.app_db()).expect("it is ours");
    assert_eq!(migrations(&fixture.app_db()), had);
    let server = fixture.launch(&clock).start();
    fixture.answers_as_before(&server);
}

/// A call by which an upgrade writes: the so-manieth of this name, of one thread, on these files.
#[derive(Clone, Debug)]
struct Step {
    /// What comes after `app.db` in their names.
    files: [&'static str; 3],
    call: String,
    number: usize,
}

/// The database, and what becomes its copy.
const FILES: [[&str; 3]; 2] = [["", "-wal", "-shm"], [".before", ".before-journal", ".before-"]];

/// Has strace watch a command that opens the folder, brings it up and ends.
fn upgrade_under(options: &[String], files: [&str; 3], fixture: &Fixture) -> Output {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o"]).arg(fixture.folder.path().join("calls")).args(options);
    for end in files {
        let version = if end == ".before-" { present() } else { String::new() };
        command.arg("-P").arg(fixture.data().join(format!("app.db{end}{version}")));
    }
    command.arg(binary()).args(["workspace", "list", "--data-dir"]).arg(fixture.data());
    command.output().expect("strace is installed: tests/run.sh does it")
}

/// All steps of an upgrade.
fn steps() -> Vec<Step> {
    let mut steps = Vec::new();
    for files in FILES {
        let fixture = Fixture::unpack("0.1.0");
        assert!(upgrade_under(&[format!("-etrace={CALLS}")], files, &fixture).status.success());
        let calls = std::fs::read_to_string(fixture.folder.path().join("calls")).expect("calls");
        // Threads count by themselves.
        let mut made: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for line in calls.lines() {
            let (thread, rest) = line.trim_start().split_once(' ').expect("a thread");
            if let Some((call, _)) = rest.trim_start().split_once('(') {
                let number = made.entry((thread, call)).or_default();
                *number += 1;
                steps.push(Step { files, call: call.to_owned(), number: *number });
            }
        }
    }
    assert!(steps.len() > 200, "{} steps are too few to be all", steps.len());
    steps
}

/// Each step with a long run, a few otherwise.
fn chosen(steps: &[Step], seed: u64) -> Vec<Step> {
    if is_long() {
        return steps.to_vec();
    }
    let (mut random, parts) = (Random(seed), 12);
    let place = |part: usize, below: u64| {
        let within = usize::try_from(below).expect("small");
        (steps.len() * part + within) / parts
    };
    (0..parts).map(|part| steps[place(part, random.below(steps.len() as u64))].clone()).collect()
}

/// As the next start finds it; looking changes nothing.
fn found(fixture: &Fixture) -> Vec<String> {
    let copy = folder();
    for end in ["", "-wal", "-shm"] {
        let name = format!("app.db{end}");
        if fixture.data().join(&name).exists() {
            std::fs::copy(fixture.data().join(&name), copy.path().join(&name)).expect("a copy");
        }
    }
    is_sound(&copy.path().join("app.db"));
    migrations(&copy.path().join("app.db"))
}

/// Interrupts an upgrade at steps, by what strace does to their calls.
fn interrupted_by(injection: impl Fn(&Step) -> String, seed: u64) {
    let whole = Fixture::unpack("0.1.0");
    let old = migrations(&whole.app_db());
    cli_ok(&whole.data(), &["workspace", "list"]);
    let (new, mut were_old) = (migrations(&whole.app_db()), 0);
    for step in chosen(&steps(), seed) {
        let fixture = Fixture::unpack("0.1.0");
        let injection = format!("-einject={}:{}", step.call, injection(&step));
        let said = upgrade_under(&[format!("-etrace={}", step.call), injection], step.files, &fixture);
        let has = found(&fixture);
        assert!(has == old || has == new, "{step:?}: {has:?}, {said:?}");
        were_old += usize::from(has == old);
        if said.status.success() {
            assert_eq!(has, new, "{step:?}");
        }
        cli_ok(&fixture.data(), &["workspace", "list"]);
        assert_eq!(found(&fixture), new, "{step:?}");
        assert!(copies(&fixture.data()) <= 1, "{step:?}");
        match fixture.kept().exists() {
            true => {
                assert_eq!(counts(&fixture.kept(), fixture.rows().into_keys()), fixture.rows(), "{step:?}")
            }
            false => assert!(String::from_utf8_lossy(&said.stderr).contains("no copy is kept"), "{step:?}"),
        }
    }
    assert!(were_old > 0, "nothing was interrupted");
}

#[test]
fn an_upgrade_that_is_killed_at_any_step_did_not_happen_or_is_done() {
    interrupted_by(|step| format!("signal=KILL:when={}", step.number), 1);
}

#[test]
fn an_upgrade_on_a_disk_that_fills_up_at_any_step_did_not_happen_or_is_done() {
    interrupted_by(|step| format!("error=ENOSPC:when={}+", step.number), 2);
}

#[test]
fn a_newer_schema_is_refused_with_the_version_it_needs() {
    let data = folder();
    assert_eq!(Server::start(data.path()).stop(), Some(0));
    let app = data.path().join("app.db");
    let newer = "INSERT INTO seaql_migrations (version, applied_at, program) VALUES ('m9998_x', 0, '98.1.0'), ('m9999_y', 0, '99.0.1')";
    Connection::open(&app).expect("a database").execute_batch(newer).expect("it is ours");
    let before = std::fs::read(&app).expect("it is there");
    let said = refused_start(data.path());
    for word in ["app.db", "newer version", "99.0.1", "m9999_y", &present()] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let said = cli(data.path(), &["workspace", "list"]);
    assert!(!said.status.success() && String::from_utf8_lossy(&said.stderr).contains("99.0.1"));
    assert_eq!(std::fs::read(&app).expect("it is there"), before);
    assert_eq!(copies(data.path()), 0);
}

/// The present version gets its fixtures when it is released.
#[test]
fn every_version_before_this_one_has_a_fixture() {
    let changes = std::fs::read_to_string(repository().join("CHANGELOG.md")).expect("a changelog");
    let released = changes.lines().filter_map(|line| line.strip_prefix("## [")?.split(']').next());
    let released: Vec<&str> =
        released.filter(|version| *version != "Unreleased" && *version != present()).collect();
    assert!(!released.is_empty());
    for version in released {
        assert!(names(false).iter().any(|name| name == version), "{version} has no fixture");
        // The first version knew no Postgres.
        let engines = version == "0.1.0" || names(true).contains(&format!("{version}-postgres"));
        assert!(engines, "{version} has no fixture on Postgres");
    }
}

/// By tests/postgres.sh.
#[cfg(feature = "postgres")]
#[test]
fn every_released_version_on_postgres_is_brought_up_and_answers_as_before() {
    let names = names(true);
    assert!(!names.is_empty());
    for name in names {
        let fixture = Fixture::unpack(&name);
        let database = e2e::postgres::Database::create();
        database.run_file(&fixture.folder.path().join("database.sql"));
        let clock = MachineClock::at(fixture.told["asked"].as_str().expect("a time"));
        let server = fixture.launch(&clock).env("UNKEY_DATABASE_URL", database.url()).start();
        fixture.answers_as_before(&server);
        assert_eq!(server.stop(), Some(0));
    }
}
