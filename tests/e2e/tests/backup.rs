//! Backups: made under load, killed in the middle, put on an empty machine; whatever is
//! wrong with one is told in a line, and nothing is half done.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use e2e::{Random, Server, binary, cli, cli_ok, eventually, folder, refused_start};
use serde_json::json;
use tempfile::TempDir;

const CREDITS: i64 = 1_000_000;
const LIMIT: i64 = 100_000;
const PASSPHRASE: &str = "correct horse battery staple";

/// A command with the passphrase in its environment.
fn with_passphrase(data: &Path, passphrase: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.args(arguments).arg("--data-dir").arg(data).env("UNKEY_BACKUP_PASSPHRASE", passphrase);
    command.stdin(Stdio::null()).output().expect("the binary is built: run `cargo build` first")
}

fn spawn(data: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(binary());
    command.args(arguments).arg("--data-dir").arg(data);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary is built")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a command says that must fail: one line, and a cause perhaps.
#[track_caller]
fn refused(output: &Output) -> String {
    let said = stderr(output);
    assert!(!output.status.success(), "it was done: {said}");
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("unkey: "), "{said}");
    assert!(lines.len() == 1 || (lines.len() == 2 && lines[1].starts_with("  because: ")), "{said}");
    assert!(!said.contains("unexpected error"), "{said}");
    said
}

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = folder
        .read_dir()
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// A folder that was used, and a backup of it.
fn used() -> (TempDir, TempDir, PathBuf) {
    let (data, backups) = (folder(), folder());
    let server = Server::start(data.path());
    let api = server.api();
    for _ in 0..3 {
        let (_, key) = server.key(&api, json!({}));
        assert_eq!(server.verify(&key), "VALID");
    }
    let path = backups.path().join("one.tar.zst");
    cli_ok(data.path(), &["backup", text(&path)]);
    assert_eq!(server.stop(), Some(0));
    (data, backups, path)
}

/// The limit of a key as it counts now: how much of it is left.
fn left(server: &Server, key: &str, cost: i64) -> i64 {
    let limit = json!([{ "name": "used", "limit": LIMIT, "duration": 86_400_000, "cost": cost }]);
    let data = server.call("keys.verifyKey", &json!({ "key": key, "ratelimits": limit })).data();
    data["ratelimits"][0]["remaining"].as_i64().unwrap_or_else(|| panic!("{data}"))
}

#[test]
fn what_was_acknowledged_before_a_backup_is_there_after_a_restore() {
    let rounds = if e2e::is_long() { 20 } else { 3 };
    for round in 0..rounds {
        round_of_load(round);
    }
}

/// Backup under load, kill -9, restore on an empty machine.
fn round_of_load(round: u64) {
    let (data, backups) = (folder(), folder());
    let mut server = Server::start(data.path());
    let api = server.api();
    let (funded_id, funded) = server.key(&api, json!({ "credits": { "remaining": CREDITS } }));
    let (_, limited) = server.key(&api, json!({}));
    let keys: Mutex<Vec<String>> = Mutex::default();
    let (spent, asked, counted) = (AtomicI64::new(0), AtomicI64::new(0), AtomicI64::new(0));
    let ends = AtomicBool::new(false);
    let path = backups.path().join("load.tar.zst");
    let (before, after) = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !ends.load(Ordering::SeqCst) {
                    let Ok(answer) = server.try_call("keys.createKey", &json!({ "apiId": api })) else {
                        break;
                    };
                    let key = answer.data()["key"].as_str().expect("a key").to_owned();
                    keys.lock().expect("no panic").push(key);
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                while !ends.load(Ordering::SeqCst) {
                    asked.fetch_add(1, Ordering::SeqCst);
                    let Ok(answer) = server.try_call("keys.verifyKey", &json!({ "key": funded })) else {
                        break;
                    };
                    assert_eq!(answer.data()["code"], "VALID");
                    spent.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        scope.spawn(|| {
            while !ends.load(Ordering::SeqCst) {
                left(&server, &limited, 1);
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        let _end = End(&ends);
        eventually("load", || {
            (keys.lock().expect("no panic").len() >= 30 + round as usize * 7).then_some(())
        });
        let known = keys.lock().expect("no panic").len();
        let before = (known, spent.load(Ordering::SeqCst), counted.load(Ordering::SeqCst));
        let made = with_passphrase(data.path(), PASSPHRASE, &["backup", text(&path), "--with-master-key"]);
        assert!(made.status.success(), "{}", stderr(&made));
        // What was asked by now may be in it, what is asked later is not.
        (before, (asked.load(Ordering::SeqCst), counted.load(Ordering::SeqCst) + 1))
    });
    server.kill();
    drop(data);
    let (known, spent, counted) = before;
    let machine = folder();
    let restored = machine.path().join("data");
    let said = with_passphrase(&restored, PASSPHRASE, &["restore", text(&path)]);
    assert!(said.status.success(), "{}", stderr(&said));
    assert!(stderr(&said).contains("What happened since is lost"), "{}", stderr(&said));
    let server = Server::start(&restored);
    for key in &keys.into_inner().expect("no panic")[..known] {
        assert_eq!(server.verify(key), "VALID", "it was acknowledged before the backup");
    }
    let credits = server.call("keys.getKey", &json!({ "keyId": funded_id })).data()["credits"].clone();
    let gone = CREDITS - credits["remaining"].as_i64().expect("finite credits");
    assert!((spent..=after.0).contains(&gone), "round {round}: {gone} spent, {spent} to {} were", after.0);
    let used = LIMIT - left(&server, &limited, 0);
    assert!(
        (counted..=after.1).contains(&used),
        "round {round}: {used} counted, {counted} to {} were",
        after.1
    );
    assert_eq!(server.get("/readyz").0, 200);
    eventually("the doctor to find nothing, once the indexes are built", || {
        cli(&restored, &["doctor", "--strict"]).status.success().then_some(())
    });
    assert_eq!(server.stop(), Some(0));
}

fn integrity(database: &Path) -> String {
    let output = Command::new("sqlite3").arg(database).arg("PRAGMA integrity_check").output();
    let output = output.expect("sqlite3 is installed by tests/run.sh");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Ends the load when dropped, even if waiting was in vain.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_backup_of_a_server_at_rest_is_exact() {
    let (data, backups) = (folder(), folder());
    let server = Server::start(data.path());
    let (funded_id, funded) = server.key(&server.api(), json!({ "credits": { "remaining": 10 } }));
    assert_eq!(server.verify(&funded), "VALID");
    assert_eq!(left(&server, &funded, 3), LIMIT - 3);
    let running = backups.path().join("running.tar.zst");
    let backup = |path: &Path| {
        let made = with_passphrase(data.path(), PASSPHRASE, &["backup", text(path), "--with-master-key"]);
        assert!(made.status.success(), "{}", stderr(&made));
        assert_eq!(String::from_utf8_lossy(&made.stdout).trim(), text(path));
    };
    backup(&running);
    assert_eq!(server.stop(), Some(0));
    let stopped = backups.path().join("stopped.tar.zst");
    backup(&stopped);
    assert!(!data.path().join("backup.part").exists());
    for path in [running, stopped] {
        assert_eq!(path.metadata().expect("a file").permissions().mode() & 0o077, 0, "others may read it");
        assert!(cli_ok(data.path(), &["backup", "verify", text(&path)]).contains("is whole: 1 keys, "));
        let restored = backups.path().join("restored");
        let said = with_passphrase(&restored, PASSPHRASE, &["restore", text(&path)]);
        assert!(said.status.success(), "{}", stderr(&said));
        assert_eq!(entries(&restored), ["app.db", "events.db", "lock", "master.key"]);
        let server = Server::start(&restored);
        let key = server.call("keys.getKey", &json!({ "keyId": funded_id })).data();
        assert_eq!(key["credits"]["remaining"], 8);
        assert_eq!(left(&server, &funded, 0), LIMIT - 3, "what was counted is there to the last one");
        // Indexes are built anew by themselves.
        eventually("the index", || {
            cli_ok(&restored, &["events", "list", "--key", funded_id.as_str()]).lines().nth(1).map(|_| ())
        });
        assert_eq!(server.stop(), Some(0));
        fs::remove_dir_all(restored).expect("it is ours");
    }
}

/// Indexes are no part of a backup: the first question of a restored folder waits for them.
#[test]
fn questions_right_after_a_restore_are_answered_from_everything() {
    let (data, backups, path) = used();
    let question = ["analytics", "query", "SELECT count() AS n FROM key_verifications_v1", "--format", "csv"];
    let lists =
        [question.as_slice(), &["events", "list", "--format", "csv"], &["audit", "list", "--format", "csv"]];
    for list in lists {
        let restored = backups.path().join("restored");
        cli_ok(&restored, &["restore", text(&path)]);
        fs::copy(data.path().join("master.key"), restored.join("master.key")).expect("ours");
        let first = cli_ok(&restored, list);
        assert!(list != question || first.trim_end().ends_with("\n3"), "{first}");
        assert_eq!(first, cli_ok(&restored, list));
        fs::remove_dir_all(restored).expect("ours");
    }
}

#[test]
fn a_folder_gets_a_file_for_each_and_its_newest_is_restored() {
    let (data, backups, first) = used();
    fs::remove_file(first).expect("it is ours");
    let begun = backups.path().join("unkey-20000101T000000.000Z.tar.zst.part");
    fs::write(begun, zstd::encode_all(&b"abandoned"[..], 3).expect("it compresses")).expect("ours");
    fs::write(backups.path().join("notes.txt.part"), "of somebody else").expect("ours");
    let one = cli_ok(data.path(), &["backup", text(backups.path())]);
    let two = cli_ok(data.path(), &["backup", &format!("{}/", text(backups.path()))]);
    let names: Vec<PathBuf> = entries(backups.path()).iter().map(|name| backups.path().join(name)).collect();
    assert_eq!(names, [backups.path().join("notes.txt.part"), one.into(), two.clone().into()]);
    let said = cli(&backups.path().join("new"), &["restore", text(backups.path())]);
    assert!(
        said.status.success() && String::from_utf8_lossy(&said.stdout).contains(&two),
        "{}",
        stderr(&said)
    );
    let empty = folder();
    let said = refused(&cli(&empty.path().join("new"), &["restore", text(empty.path())]));
    assert!(said.contains("there is no backup in the folder"), "{said}");
}

#[test]
fn a_backup_goes_through_standard_streams() {
    let (data, _backups, _) = used();
    let server = Server::start(data.path());
    let made = cli(data.path(), &["backup", "-"]);
    assert!(made.status.success(), "{}", stderr(&made));
    assert!(stderr(&made).contains("Backed up 3 keys"), "{}", stderr(&made));
    drop(server);
    let machine = folder();
    let mut command = Command::new(binary());
    command.args(["restore", "-", "--data-dir"]).arg(machine.path().join("data")).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary is built");
    let mut input = child.stdin.take().expect("stdin is piped");
    std::io::Write::write_all(&mut input, &made.stdout).expect("it reads");
    drop(input);
    let mut said = String::new();
    child.stdout.take().expect("stdout is piped").read_to_string(&mut said).expect("text");
    assert!(child.wait().expect("it ends").success());
    assert!(said.contains("Restored 3 keys"), "{said}");
}

/// Cut at any byte, a backup is refused and leaves nothing. With any bit changed too, or
/// what is restored is the same: some bits of the compressed form mean nothing.
#[test]
fn a_backup_that_is_cut_or_changed_is_noticed() {
    let (_data, backups, path) = used();
    let whole = fs::read(&path).expect("a backup");
    let unchanged = backups.path().join("unchanged");
    cli_ok(&unchanged, &["restore", text(&path)]);
    let databases = |folder: &Path| ["app.db", "events.db"].map(|name| fs::read(folder.join(name)).ok());
    assert!(databases(&unchanged).iter().all(Option::is_some));
    let broken = backups.path().join("broken.tar.zst");
    let new = backups.path().join("new");
    let mut random = Random(whole.len() as u64);
    let tries = if e2e::is_long() { 300 } else { 12 };
    let last = whole.len() - 1;
    let cuts = [0, 1, 4, 100, last, last - 3].into_iter();
    for cut in cuts.chain((0..tries).map(|_| random.below(last as u64) as usize).collect::<Vec<_>>()) {
        fs::write(&broken, &whole[..cut]).expect("ours");
        let said = refused(&cli(&new, &["restore", text(&broken)]));
        assert!(said.contains("broken.tar.zst: it is"), "{cut}: {said}");
        assert!(!new.exists(), "{cut}: something was restored");
    }
    for _ in 0..tries {
        let place = random.below(whole.len() as u64) as usize;
        let mut changed = whole.clone();
        changed[place] ^= 1 << random.below(8);
        fs::write(&broken, &changed).expect("ours");
        let output = cli(&new, &["restore", text(&broken)]);
        if output.status.success() {
            assert_eq!(databases(&new), databases(&unchanged), "{place}: something else was restored");
            fs::remove_dir_all(&new).expect("ours");
            continue;
        }
        let said = refused(&output);
        assert!(!new.exists(), "{place}: something was restored");
        assert!(said.contains("broken.tar.zst: "), "{place}: {said}");
    }
    fs::write(&broken, [&whole[..], b"more"].concat()).expect("ours");
    refused(&cli(&new, &["restore", text(&broken)]));
}

#[test]
fn what_is_no_backup_is_told_and_never_written_over() {
    let (data, backups, path) = used();
    let new = backups.path().join("new");
    let database = fs::read(data.path().join("app.db")).expect("it is there");
    for (name, content) in [("empty", Vec::new()), ("text", b"some text\n".repeat(200)), ("app.db", database)]
    {
        let foreign = backups.path().join(name);
        fs::write(&foreign, &content).expect("ours");
        for arguments in [["restore", text(&foreign)].as_slice(), &["backup", "verify", text(&foreign)]] {
            let said = refused(&cli(&new, arguments));
            let told = if content.is_empty() { "cut short" } else { "no backup of this program" };
            assert!(said.contains(told), "{said}");
        }
        assert!(!new.exists());
        if !content.is_empty() {
            let said = refused(&cli(data.path(), &["backup", text(&foreign)]));
            assert!(said.contains("is no backup"), "{said}");
            assert_eq!(fs::read(&foreign).expect("it is there"), content);
        }
    }
    // An older backup makes room for the next.
    cli_ok(data.path(), &["backup", text(&path)]);
    for (target, told) in [
        ("/no/such/folder/x.tar.zst", "there is no such file"),
        ("/dev/null", "is no file"),
        ("ftp://x", "is no file"),
    ] {
        let said = refused(&cli(data.path(), &["backup", target]));
        assert!(said.contains(told), "{said}");
    }
    let said = refused(&cli(&backups.path().join("nowhere"), &["backup", text(&path)]));
    assert!(said.contains("there is no data folder"), "{said}");
    assert!(!backups.path().join("nowhere").exists());
}

#[test]
fn a_folder_with_anything_in_it_is_not_restored_to() {
    let (_data, backups, path) = used();
    let stale = folder();
    let log = stale.path().join("app.db-wal");
    fs::write(&log, "what another database left").expect("ours");
    fs::set_permissions(&log, PermissionsExt::from_mode(0o644)).expect("ours");
    let said = refused(&cli(stale.path(), &["restore", text(&path)]));
    assert!(said.contains("is not empty, it has app.db-wal"), "{said}");
    assert_eq!(entries(stale.path()), ["app.db-wal"]);
    assert_eq!(log.metadata().expect("a file").permissions().mode() & 0o777, 0o644, "it was touched");
    let (data, _others, _) = used();
    let before = entries(data.path());
    refused(&cli(data.path(), &["restore", text(&path)]));
    assert_eq!(entries(data.path()), before);
    let server = Server::start(data.path());
    let said = refused(&cli(data.path(), &["restore", text(&path)]));
    assert!(said.contains("is not empty"), "{said}");
    drop(server);
    let empty = backups.path().join("empty");
    fs::create_dir(&empty).expect("ours");
    cli_ok(&empty, &["restore", text(&path)]);
    assert_eq!(empty.metadata().expect("a folder").permissions().mode() & 0o777, 0o700);
}

#[test]
fn the_master_key_is_behind_its_passphrase_alone() {
    let (data, backups, _) = used();
    let path = backups.path().join("key.tar.zst");
    let key = fs::read_to_string(data.path().join("master.key")).expect("it is there");
    let short = with_passphrase(data.path(), "short", &["backup", text(&path), "--with-master-key"]);
    assert!(refused(&short).contains("characters or more"));
    let said = refused(&with_passphrase(data.path(), "", &["backup", text(&path), "--with-master-key"]));
    assert!(said.contains("UNKEY_BACKUP_PASSPHRASE_FILE"), "{said}");
    let made = with_passphrase(data.path(), PASSPHRASE, &["backup", text(&path), "--with-master-key"]);
    assert!(made.status.success(), "{}", stderr(&made));
    let new = backups.path().join("new");
    let said = refused(&with_passphrase(&new, "another passphrase", &["restore", text(&path)]));
    assert!(said.contains("the passphrase is not the one"), "{said}");
    assert!(!new.exists());
    let said = with_passphrase(&new, "another passphrase", &["restore", text(&path), "--without-master-key"]);
    assert!(said.status.success() && stderr(&said).contains("put it into master.key"), "{}", stderr(&said));
    assert!(refused_start(&new).contains("master.key is missing"));
    fs::write(new.join("master.key"), &key).expect("ours");
    assert_eq!(Server::start(&new).stop(), Some(0));
}

/// Whoever dies, the next backup works and takes away what was left.
#[test]
fn a_backup_that_is_killed_leaves_nothing_in_the_way() {
    let (data, backups, _) = used();
    let path = backups.path().join("killed.tar.zst");
    let mut random = Random(7);
    let rounds = if e2e::is_long() { 40 } else { 8 };
    for round in 0..rounds {
        let server = (round % 2 == 0).then(|| Server::start(data.path()));
        let mut command = spawn(data.path(), &["backup", text(&path)]);
        std::thread::sleep(Duration::from_millis(random.below(120)));
        match server {
            Some(mut server) if round % 4 == 0 => {
                server.kill();
                command.wait().expect("it ends by itself");
            }
            server => {
                command.kill().expect("it is ours");
                command.wait().expect("it ends");
                drop(server);
            }
        }
        if path.exists() {
            cli_ok(data.path(), &["backup", "verify", text(&path)]);
        }
    }
    let server = Server::start(data.path());
    eventually("the backup of a process that is gone to end", || {
        cli(data.path(), &["backup", text(&path)]).status.success().then_some(())
    });
    assert_eq!(entries(backups.path()), ["killed.tar.zst", "one.tar.zst"]);
    assert!(!data.path().join("backup.part").exists());
    assert_eq!(server.stop(), Some(0));
    cli_ok(data.path(), &["backup", "verify", text(&path)]);
}

/// At whatever moment a restore dies: no server takes half of it for a folder, and the
/// next restore completes it.
#[test]
fn a_restore_that_is_killed_is_repeated() {
    let (_data, backups, path) = used();
    let mut random = Random(11);
    let rounds = if e2e::is_long() { 60 } else { 10 };
    for round in 0..rounds {
        let new = backups.path().join(format!("new{round}"));
        let mut command = spawn(&new, &["restore", text(&path)]);
        std::thread::sleep(Duration::from_micros(random.below(60_000)));
        command.kill().expect("it is ours");
        let ended = command.wait().expect("it ends");
        if new.join("restore.part").exists() {
            let said = refused_start(&new);
            assert!(said.contains("half of a restore"), "{said}");
        }
        let is_whole = new.join("app.db").exists() && !new.join("restore.part").exists();
        if !ended.success() && !is_whole {
            cli_ok(&new, &["restore", text(&path)]);
        }
        assert_eq!(entries(&new), ["app.db", "events.db", "lock"], "round {round}");
        assert_eq!(integrity(&new.join("app.db")), "ok");
    }
}

/// A command whose files cannot grow past so many KiB, as on a full disk.
fn limited(data: &Path, kib: u64, arguments: &[&str]) -> Output {
    let script = format!("trap '' XFSZ; ulimit -S -f {kib}; exec \"$0\" \"$@\"");
    let mut command = Command::new("bash");
    command.arg("-c").arg(script).arg(binary()).args(arguments).arg("--data-dir").arg(data);
    command.output().expect("bash runs")
}

#[test]
fn a_full_disk_ends_a_backup_or_a_restore_and_nothing_else() {
    let (data, backups, path) = used();
    let before = fs::read(&path).expect("a backup");
    for kib in [0, 1, 8, 64] {
        let said = refused(&limited(data.path(), kib, &["backup", text(&path)]));
        assert!(said.contains("too large") || said.contains("full") || said.contains("I/O"), "{said}");
        assert_eq!(fs::read(&path).expect("it is there"), before, "the older one was touched");
        assert_eq!(entries(backups.path()), ["one.tar.zst"]);
        let new = backups.path().join("new");
        let said = refused(&limited(&new, kib, &["restore", text(&path)]));
        assert!(said.contains("cannot be written"), "{said}");
        assert!(!new.exists());
    }
    let server = Server::start_limitable(data.path());
    let (_, key) = server.key(&server.api(), json!({}));
    server.limit_files(Some(4096));
    let said = refused(&cli(data.path(), &["backup", text(&path)]));
    assert!(said.contains("app.db cannot be copied"), "{said}");
    assert_eq!(server.verify(&key), "VALID");
    server.limit_files(None);
    cli_ok(data.path(), &["backup", text(&path)]);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_clock_that_is_years_ahead_is_said_and_harms_nothing() {
    let (data, backups) = (folder(), folder());
    let clock = e2e::MachineClock::at("2099-03-01 14:00:00");
    let server = Server::start_with_clock(data.path(), &clock);
    let (_, key) = server.key(&server.api(), json!({}));
    assert_eq!(server.verify(&key), "VALID");
    let path = backups.path().join("ahead.tar.zst");
    cli_ok(data.path(), &["backup", text(&path)]);
    let new = backups.path().join("new");
    let said = cli(&new, &["restore", text(&path)]);
    assert!(said.status.success() && stderr(&said).contains("made in the future"), "{}", stderr(&said));
    clock.set("1999-03-01 14:00:00");
    cli_ok(data.path(), &["backup", text(&path)]);
    cli_ok(data.path(), &["backup", "verify", text(&path)]);
    assert_eq!(server.stop(), Some(0));
}
