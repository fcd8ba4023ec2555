//! `unkey doctor`: a folder and a server broken in each way, and what is said of it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use e2e::{Server, binary, cli, cli_ok, eventually, folder};
use serde_json::{Value, json};

/// What the doctor says, and with which status it ends.
struct Told {
    status: i32,
    findings: Vec<Value>,
    stderr: String,
}

impl Told {
    /// The worst that a check found.
    fn severity(&self, check: &str) -> &str {
        let order = ["error", "warning", "unknown", "ok"];
        let of_check: Vec<_> = self
            .findings
            .iter()
            .filter(|finding| finding["check"] == check)
            .map(|finding| &finding["severity"])
            .collect();
        order.into_iter().find(|severity| of_check.iter().any(|found| found == severity)).unwrap_or("absent")
    }

    fn text(&self, check: &str) -> String {
        let of_check = self.findings.iter().filter(|finding| finding["check"] == check);
        of_check.map(|finding| format!("{} -> {}\n", finding["found"], finding["remedy"])).collect()
    }

    /// Checks with another severity than `ok`.
    fn ailing(&self) -> Vec<String> {
        let ailing = self.findings.iter().filter(|finding| finding["severity"] != "ok");
        ailing.map(|finding| format!("{}: {}", finding["check"], finding["found"])).collect()
    }
}

fn ask_with(data: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Told {
    let output = Command::new(binary())
        .args(["doctor", "--format", "json", "--data-dir"])
        .arg(data)
        .args(arguments)
        // Not the port on which a server of somebody else may listen.
        .env("UNKEY_LISTEN", "127.0.0.1:0")
        .envs(settings.iter().copied())
        .output()
        .expect("the binary is built: run `cargo build` first");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    let findings = report["findings"].as_array().expect("a list").clone();
    Told { status: output.status.code().expect("it ends"), findings, stderr }
}

fn ask(data: &Path, arguments: &[&str]) -> Told {
    ask_with(data, arguments, &[])
}

fn sql(database: &Path, statements: &str) {
    let done = Command::new("sqlite3").arg(database).arg(statements).output().expect("sqlite3 is installed");
    assert!(done.status.success(), "{statements}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A folder that was used for a while, and that nobody serves.
fn used() -> tempfile::TempDir {
    let data = folder();
    let server = Server::start(data.path());
    let api = server.api();
    for credits in 1..20 {
        let (_, key) = server.key(&api, json!({ "credits": { "remaining": credits } }));
        assert_eq!(server.verify(&key), "VALID");
    }
    eventually("events to be indexed", || {
        let listed = cli_ok(data.path(), &["events", "list"]);
        (listed.matches("VALID").count() >= 19).then_some(())
    });
    assert_eq!(server.stop(), Some(0));
    data
}

/// A file below `index/` by the start of its folder's name, the largest.
fn index_file(data: &Path, folder: &str) -> PathBuf {
    let within = data.join("index").read_dir().expect("a folder").flatten();
    let within = within.filter(|entry| entry.file_name().to_string_lossy().starts_with(folder));
    let files = within.flat_map(|entry| entry.path().read_dir().expect("a folder").flatten());
    let files =
        files.filter(|file| file.path().extension().is_some_and(|end| end != "json" && end != "lock"));
    files.max_by_key(|file| file.metadata().map_or(0, |file| file.len())).expect("a file").path()
}

#[test]
fn a_folder_that_is_well_is_called_so_whether_it_is_served_or_not() {
    let data = used();
    let told = ask(data.path(), &["--strict"]);
    assert_eq!((told.status, told.ailing()), (0, vec![]));
    let server = Server::start(data.path());
    let told = ask(data.path(), &["--strict"]);
    assert_eq!((told.status, told.ailing()), (0, vec![]));
    assert!(told.text("listen").contains(server.address()), "{}", told.text("listen"));
    let text = cli_ok(data.path(), &["doctor"]);
    assert!(text.contains("integrity") && text.ends_with("All is well."), "{text}");
    let lines = cli_ok(data.path(), &["doctor", "--format", "csv"]);
    assert!(lines.starts_with("check,severity,found,remedy,fixable\r\n"), "{lines}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn looking_changes_nothing() {
    let data = used();
    let events = data.path().join("events.db");
    fs::write(&events, "no database ".repeat(1000)).expect("it is ours");
    sql(&data.path().join("app.db"), "DELETE FROM seaql_migrations WHERE version = 'm0015_moves'");
    fs::remove_file(data.path().join("index/manifest.json")).expect("it is ours");
    let before = fs::read(data.path().join("app.db")).expect("it is there");
    ask(data.path(), &[]);
    assert_eq!(fs::read(data.path().join("app.db")).expect("it is there"), before);
    assert!(fs::read(&events).expect("it is there").starts_with(b"no database"));
    assert!(!data.path().join("index/manifest.json").exists());
}

/// What is broken, by its name; the check that says so, how bad it is, and whether it is
/// mended by `--fix`.
type Breakage = (&'static str, fn(&Path), &'static str, &'static str, bool);

const BREAKAGES: &[Breakage] = &[
    ("a file others may read", |data| chmod(&data.join("app.db"), 0o644), "permissions", "error", true),
    ("a folder others may read", |data| chmod(data, 0o755), "permissions", "error", true),
    (
        "a file its owner may not write",
        |data| chmod(&data.join("events.db"), 0o400),
        "permissions",
        "error",
        true,
    ),
    ("a draft of a key", |data| write(&data.join("master.draft")), "leftovers", "warning", true),
    ("half a backup", |data| folder_in(data, "backup.part"), "leftovers", "warning", true),
    ("half a restore", |data| folder_in(data, "restore.part"), "leftovers", "error", false),
    (
        "a draft of a manifest",
        |data| write(&data.join("index/manifest.json.new")),
        "leftovers",
        "warning",
        true,
    ),
    ("an old damage", |data| write(&data.join("events.db.damaged-1")), "leftovers", "warning", false),
    ("nonsense as app.db", |data| write(&data.join("app.db")), "database", "error", false),
    ("no app.db", |data| remove(&data.join("app.db")), "database", "error", false),
    (
        "an empty app.db",
        |data| fs::write(data.join("app.db"), "").expect("it is ours"),
        "database",
        "error",
        false,
    ),
    ("nonsense as events.db", |data| write(&data.join("events.db")), "database", "error", false),
    (
        "no index of keys",
        |data| sql(&data.join("app.db"), "DROP INDEX keys_by_workspace"),
        "schema",
        "error",
        false,
    ),
    (
        "a newer schema",
        |data| {
            sql(
                &data.join("app.db"),
                "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 1)",
            )
        },
        "schema",
        "error",
        false,
    ),
    (
        "half of a move",
        |data| sql(&data.join("app.db"), "INSERT INTO moves (side, move_id) VALUES ('target', 'x')"),
        "database",
        "error",
        false,
    ),
    ("a long log", |data| long_log(data), "wal", "warning", false),
    ("another master key", |data| another_key(data), "master-key", "error", false),
    ("no master key", |data| remove(&data.join("master.key")), "master-key", "error", false),
    (
        "a rotation cut short",
        |data| fs::rename(data.join("master.key"), data.join("master.key.next")).expect("it is ours"),
        "master-key",
        "warning",
        false,
    ),
    (
        "a clock that was ahead",
        |data| sql(&data.join("app.db"), "UPDATE audit_log SET time = time + 400000000"),
        "clock",
        "error",
        false,
    ),
    (
        "a job that failed",
        |data| sql(&data.join("app.db"), "UPDATE schedules SET last_error = 'no' WHERE name = 'sweep'"),
        "jobs",
        "warning",
        false,
    ),
    (
        "a negative balance",
        |data| sql(&data.join("app.db"), "UPDATE keys SET remaining = -1 WHERE remaining = 7"),
        "balances",
        "error",
        false,
    ),
    (
        "half a refill",
        |data| sql(&data.join("app.db"), "UPDATE keys SET refill_day = 3 WHERE remaining = 7"),
        "balances",
        "error",
        false,
    ),
    (
        "a refill on no day",
        |data| sql(&data.join("app.db"), "UPDATE keys SET refill_amount = 3, refill_day = 32"),
        "balances",
        "error",
        false,
    ),
    (
        "a balance at a key that is gone",
        |data| sql(&data.join("app.db"), "UPDATE keys SET balance_key_id = 'key_gone' WHERE remaining = 7"),
        "balances",
        "error",
        false,
    ),
    (
        "a chain of balances",
        |data| {
            let other = |n| format!("(SELECT id FROM keys WHERE remaining = {n})");
            let chain = [(7, 8), (8, 9)].map(|(of, at)| {
                format!("UPDATE keys SET balance_key_id = {} WHERE remaining = {of};", other(at))
            });
            sql(&data.join("app.db"), &chain.concat());
        },
        "balances",
        "error",
        false,
    ),
    ("no manifest", |data| remove(&data.join("index/manifest.json")), "indexes", "warning", false),
    (
        "no indexes",
        |data| fs::remove_dir_all(data.join("index")).expect("it is ours"),
        "indexes",
        "warning",
        false,
    ),
    (
        "a file less in an index",
        |data| remove(&index_file(data, "verifications")),
        "indexes",
        "warning",
        true,
    ),
    ("a bit less in an index", |data| flip(&index_file(data, "audit")), "indexes", "warning", true),
    ("a bit less in another", |data| flip(&index_file(data, "entities")), "indexes", "warning", true),
    (
        "indexes of other events",
        |data| sql(&data.join("events.db"), "DELETE FROM chunks; DELETE FROM sqlite_sequence"),
        "indexes",
        "warning",
        true,
    ),
    (
        "indexes of another log",
        |data| sql(&data.join("app.db"), "DELETE FROM audit_targets; DELETE FROM audit_log"),
        "indexes",
        "warning",
        true,
    ),
];

fn folder_in(data: &Path, name: &str) {
    fs::create_dir(data.join(name)).expect("it is ours");
    chmod(&data.join(name), 0o700);
    write(&data.join(name).join("app.db"));
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("it is ours");
}

fn write(path: &Path) {
    fs::write(path, "nonsense, but long enough for a database ".repeat(200)).expect("it is ours");
    chmod(path, 0o600);
}

fn remove(path: &Path) {
    fs::remove_file(path).expect("it is there");
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).expect("it is ours");
}

fn long_log(data: &Path) {
    let log = fs::File::create(data.join("app.db-wal")).expect("it is ours");
    log.set_len(300 << 20).expect("a file with a hole");
    chmod(&data.join("app.db-wal"), 0o600);
}

fn another_key(data: &Path) {
    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    fs::write(data.join("master.key"), other).expect("it is ours");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    chmod(to, 0o700);
    for entry in from.read_dir().expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_file() {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

#[test]
fn a_folder_broken_in_each_way_is_diagnosed_and_mended_where_that_loses_nothing() {
    let sound = used();
    let place = folder();
    for (number, (name, broken, check, severity, is_mended)) in BREAKAGES.iter().enumerate() {
        let data = place.path().join(number.to_string());
        copy(sound.path(), &data);
        broken(&data);
        let told = ask(&data, &[]);
        assert_eq!(told.severity(check), *severity, "{name}: {:?} {}", told.ailing(), told.stderr);
        let has_error = told.findings.iter().any(|finding| finding["severity"] == "error");
        assert_eq!(told.status, i32::from(has_error), "{name}");
        assert_eq!(ask(&data, &["--strict"]).status, 1, "{name}");
        let is_fixable =
            told.findings.iter().any(|finding| finding["check"] == *check && finding["fixable"] == true);
        assert_eq!(is_fixable, *is_mended, "{name}: {}", told.text(check));
        if *is_mended {
            let mended = ask(&data, &["--fix"]);
            assert!(!mended.stderr.is_empty(), "{name}: it says what it did");
            assert_eq!(mended.severity(check), "ok", "{name}: {}", mended.text(check));
            let again = ask(&data, &["--strict"]);
            assert_eq!((again.status, again.ailing()), (0, vec![]), "{name}");
            let server = Server::start(&data);
            assert_eq!(server.get("/readyz").0, 200, "{name}");
        }
    }
}

/// Pages of a database overwritten one after the other.
#[test]
fn a_page_that_is_damaged_is_found_wherever_it_lies() {
    let sound = used();
    let app = sound.path().join("app.db");
    const PAGE: u64 = 4096;
    let pages = app.metadata().expect("it is there").len() / PAGE;
    let place = folder();
    let step = if e2e::is_long() { 1 } else { usize::try_from(pages / 12).expect("small").max(1) };
    for page in (1..pages).step_by(step) {
        let data = place.path().join(page.to_string());
        copy(sound.path(), &data);
        let file = fs::OpenOptions::new().write(true).open(data.join("app.db")).expect("it is ours");
        file.write_all_at(&[0xA5; PAGE as usize], page * PAGE).expect("a write");
        let told = ask(&data, &[]);
        let worst = [told.severity("database"), told.severity("integrity")];
        assert!(worst.contains(&"error"), "page {page}: {:?}", told.ailing());
        assert_eq!(told.status, 1);
    }
}

#[test]
fn what_a_start_would_meet_outside_of_the_folder_is_said() {
    let data = used();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let told = ask_with(data.path(), &[], &[("UNKEY_LISTEN", &address)]);
    assert_eq!((told.status, told.severity("listen")), (1, "error"), "{}", told.text("listen"));
    let told = ask_with(data.path(), &[], &[("UNKEY_TRUSTED_PROXIES", "0.0.0.0/0")]);
    assert_eq!((told.status, told.severity("proxies")), (1, "error"));
    let told = ask_with(data.path(), &[], &[("UNKEY_PUBLIC_URL", "https://keys.example.com")]);
    assert_eq!((told.status, told.severity("proxies")), (0, "warning"));
    let nowhere = data.path().join("nowhere");
    let told = ask(&nowhere, &[]);
    assert_eq!((told.status, told.severity("folder")), (1, "error"));
    assert!(!nowhere.exists(), "looking makes no folder");
}

#[test]
fn a_server_is_looked_over_while_it_serves() {
    let data = used();
    let server = Server::start(data.path());
    assert_eq!(ask(data.path(), &["--strict"]).ailing(), Vec::<String>::new());
    fs::rename(data.path().join("master.key"), data.path().join("kept")).expect("it is ours");
    chmod(&data.path().join("events.db"), 0o666);
    flip(&index_file(data.path(), "audit"));
    let told = ask(data.path(), &[]);
    assert_eq!(told.status, 1);
    for (check, severity) in [("master-key", "error"), ("permissions", "error"), ("indexes", "warning")] {
        assert_eq!(told.severity(check), severity, "{check}: {:?}", told.ailing());
    }
    fs::rename(data.path().join("kept"), data.path().join("master.key")).expect("it is ours");
    assert_eq!(ask(data.path(), &["--fix"]).severity("permissions"), "ok");
    eventually("the indexes to be built again", || {
        ask(data.path(), &["--strict"]).ailing().is_empty().then_some(())
    });
    assert_eq!(server.stop(), Some(0));
}

/// Answers every request as a web server does that is none of ours.
fn web_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello\n");
        }
    });
    url
}

#[test]
fn a_public_url_that_leads_elsewhere_is_told_from_one_that_leads_nowhere() {
    for (url, severity) in [
        (web_server(), "error"),
        ("http://127.0.0.1:1".to_owned(), "warning"),
        ("https://nowhere.invalid".to_owned(), "warning"),
    ] {
        let data = folder();
        let server = Server::start_with_settings(data.path(), &[("UNKEY_PUBLIC_URL", &url)]);
        let told = ask(data.path(), &[]);
        assert_eq!(told.severity("public-url"), severity, "{url}: {}", told.text("public-url"));
        assert_eq!(server.stop(), Some(0));
    }
    let data = folder();
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let address = format!("127.0.0.1:{port}");
    let mut server = Command::new(binary())
        .args(["serve", "--listen", &address, "--public-url", &format!("http://{address}"), "--data-dir"])
        .arg(data.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary is built");
    let mut first = String::new();
    BufReader::new(server.stdout.take().expect("stdout is piped")).read_line(&mut first).expect("a line");
    assert_eq!(ask(data.path(), &["--strict"]).ailing(), Vec::<String>::new());
    let text = ask(data.path(), &[]).text("public-url");
    assert!(text.contains("leads here"), "{text}");
    server.kill().expect("it runs");
    server.wait().expect("it ends");
}

#[test]
fn a_server_that_stands_still_is_said_to() {
    let data = folder();
    let server = Server::start(data.path());
    server.signal("STOP");
    let told = ask(data.path(), &[]);
    server.signal("CONT");
    assert_eq!((told.status, told.severity("folder")), (1, "error"), "{:?}", told.ailing());
    assert_eq!(cli(data.path(), &["doctor"]).status.code(), Some(0));
    assert_eq!(server.stop(), Some(0));
}
