//! kill -9 under load: no acknowledged key is lost, no credit is granted twice,
//! the databases stay sound. Five rounds; twenty with `LONG_TESTS=1`.

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use e2e::{Server, eventually, folder};
use serde_json::json;

const CREDITS: i64 = 1_000_000;
const WRITERS: usize = 4;
const SPENDERS: usize = 8;

fn integrity(database: &Path) -> String {
    let output = Command::new("sqlite3")
        .arg(database)
        .arg("PRAGMA integrity_check")
        .output()
        .expect("sqlite3 is installed by tests/run.sh");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn acknowledged_writes_survive_kill_9() {
    let rounds = if e2e::is_long() { 20 } else { 5 };
    let data = folder();
    let mut server = Server::start(data.path());
    let api = server.api();
    let (funded_id, funded) = server.key(&api, json!({ "credits": { "remaining": CREDITS } }));
    let acknowledged = Mutex::new(Vec::new());
    let spent = AtomicI64::new(0);

    for round in 0..rounds {
        // Load until enough was acknowledged, then kill in the middle of it.
        let (created, unsure) = (AtomicUsize::new(0), AtomicI64::new(0));
        let before = spent.load(Ordering::SeqCst);
        std::thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| {
                    while let Ok(answer) = server.try_call("keys.createKey", &json!({ "apiId": api })) {
                        let data = answer.data();
                        let pair = (data["keyId"].clone(), data["key"].as_str().expect("a key").to_owned());
                        acknowledged.lock().expect("no panic").push(pair);
                        created.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            for _ in 0..SPENDERS {
                scope.spawn(|| {
                    loop {
                        match server.try_call("keys.verifyKey", &json!({ "key": funded })) {
                            Ok(answer) if answer.status == 200 => {
                                assert_eq!(answer.data()["code"], "VALID");
                                spent.fetch_add(1, Ordering::SeqCst);
                            }
                            _ => {
                                unsure.fetch_add(1, Ordering::SeqCst);
                                break;
                            }
                        }
                    }
                });
            }
            let enough = 20 + round * 3;
            let _end = Kill(&server);
            eventually("keys and spends", || {
                let spends = spent.load(Ordering::SeqCst) - before;
                (created.load(Ordering::SeqCst) >= enough && spends >= 50).then_some(())
            });
        });
        server.kill();
        for name in ["app.db", "events.db"] {
            assert_eq!(integrity(&data.path().join(name)), "ok", "{name} in round {round}");
        }
        server = Server::start(data.path());
        let credits =
            server.call("keys.getKey", &json!({ "keyId": funded_id })).data()["credits"]["remaining"]
                .as_i64();
        let gone = CREDITS - credits.expect("finite credits");
        let known = spent.load(Ordering::SeqCst);
        // What was answered was spent; of the calls cut off, each may have been.
        assert!(gone >= known, "round {round}: {known} answered, only {gone} spent");
        assert!(
            gone <= known + unsure.load(Ordering::SeqCst),
            "round {round}: {gone} spent of {known} answered"
        );
        spent.store(gone, Ordering::SeqCst);
    }
    for (key_id, key) in acknowledged.into_inner().expect("no panic") {
        assert_eq!(server.verify(&key), "VALID", "{key_id} was acknowledged");
    }
}

/// Kills the server when dropped, even if waiting was in vain: its clients, which
/// are mid-call, end no other way.
struct Kill<'a>(&'a Server);

impl Drop for Kill<'_> {
    fn drop(&mut self) {
        let pid = self.0.pid().to_string();
        let status = Command::new("kill").args(["-KILL", &pid]).status().expect("kill runs");
        assert!(status.success());
    }
}
