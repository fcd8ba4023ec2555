mod backup;
mod clock;

use super::*;
use base::clock::{Clock, DAY_MS, HOUR_MS};
use base::entropy::Entropy;
use base::events::{Events, RatelimitDecision, Recorder, Request, Stored, Writer, free_bytes, read_after};
use base::store::testing::{NOW_MS, TestStore};
use base::store::{Durability, stored_bytes};
use domain::ratelimit::namespaces::Namespaces;
use domain::vault::{MasterKey, MasterKeySource, Vault};
use insight::search::Kind;

impl Jobs {
    /// Runs what is due at a time that measured time agrees with.
    async fn run_at(&self, now_ms: i64) {
        self.run_due(Moment { now_ms, uptime_ms: now_ms, steps_back: 0 }).await.unwrap();
    }

    async fn run_by(&self, clock: &Clock) {
        self.run_due(clock.moment()).await.unwrap();
    }
}

async fn jobs(test: &TestStore, dir: &tempfile::TempDir) -> Jobs {
    jobs_with(test, dir, 0).await
}

async fn open_events(dir: &tempfile::TempDir) -> Database {
    Database::open::<migration::Events>(&dir.path().join("events.db"), Durability::Normal).await.unwrap()
}

async fn jobs_with(test: &TestStore, dir: &tempfile::TempDir, max_bytes: u64) -> Jobs {
    let events = open_events(dir).await;
    let master = MasterKeySource::Given(MasterKey::new([1; 32]));
    let vault = Vault::open(test.store.clone(), Entropy::seeded(1), master, NOW_MS).await.unwrap();
    let keys = Keys::new(test.store.clone(), Entropy::seeded(2), vault.clone());
    let namespaces = Namespaces::new(test.store.clone(), Entropy::seeded(3));
    let search = Search::open(&dir.path().join("index")).unwrap();
    Jobs::new(
        test.store.clone(),
        events,
        keys,
        Overrides::new(test.store.clone(), Entropy::seeded(4), namespaces),
        Idempotency::new(test.store.clone(), vault),
        search,
        max_bytes,
    )
}

async fn add_key(test: &TestStore, id: &str, columns: &str, values: &str) {
    test.force(
        "INSERT INTO apis (id, workspace_id, keyspace_id, name, created_at) VALUES ('api_1', 'ws_1', 'ks_1', 'a', 0) ON CONFLICT DO NOTHING",
    )
    .await;
    test.force(&format!(
        "INSERT INTO keys (id, workspace_id, api_id, hash, start, last4, created_at, {columns}) \
         VALUES ('{id}', 'ws_1', 'api_1', '{id}', '', '', {NOW_MS}, {values})"
    ))
    .await;
}

#[tokio::test]
async fn a_missed_refill_happens_once_at_the_next_run() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let jobs = jobs(&test, &dir).await;
    jobs.run_at(NOW_MS).await;
    add_key(&test, "low", "remaining, refill_amount", "3, 100").await;
    add_key(&test, "high", "remaining, refill_amount", "500, 100").await;
    add_key(&test, "unlimited", "refill_amount", "100").await;
    jobs.run_at(NOW_MS + 1000).await;
    assert_eq!(test.count("keys", "last_refill_at IS NOT NULL").await, 0, "not before midnight");
    // Down for three days.
    let later = NOW_MS + 3 * DAY_MS;
    jobs.run_at(later).await;
    assert_eq!(
        test.count("keys", &format!("id = 'low' AND remaining = 100 AND last_refill_at = {later}")).await,
        1
    );
    assert_eq!(test.count("keys", "id = 'high' AND remaining = 500").await, 1);
    assert_eq!(test.count("keys", "id = 'unlimited' AND remaining IS NULL").await, 1);
    test.force("UPDATE keys SET remaining = 5 WHERE id = 'low'").await;
    jobs.run_at(later + 1000).await;
    assert_eq!(test.count("keys", "id = 'low' AND remaining = 5").await, 1, "once only");
}

#[tokio::test]
async fn the_sweep_removes_rows_deleted_thirty_days_ago() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let jobs = jobs(&test, &dir).await;
    add_key(&test, "old", "deleted_at", &(NOW_MS - 31 * DAY_MS).to_string()).await;
    add_key(&test, "recent", "deleted_at", &(NOW_MS - 29 * DAY_MS).to_string()).await;
    jobs.run_at(NOW_MS).await;
    assert_eq!(test.count("keys", "id = 'old'").await, 0);
    assert_eq!(test.count("keys", "id = 'recent'").await, 1);
}

/// Stores a chunk of requests and one of limit decisions for each of these times,
/// each of about 20 KB that do not compress.
async fn record(events: &Database, times: &[i64]) {
    let mut random = 1_u64;
    let mut noise = || -> String {
        let digits = (0..2500).map(|_| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            format!("{random:016x}")
        });
        digits.take(2500).collect()
    };
    for time_ms in times {
        let recorder = Recorder::default();
        let writer = Writer::start(recorder.clone(), events.clone());
        let (identifier, path) = (noise(), noise());
        recorder.ratelimit(&RatelimitDecision {
            time_ms: *time_ms,
            request_id: "req",
            workspace: "ws_1",
            namespace: "rlns_1",
            identifier: &identifier,
            passed: true,
            limit: 1,
            remaining: 0,
            reset_ms: 0,
            cost: 1,
            ratelimit_override: None,
            root_key: None,
            latency_us: 1,
        });
        recorder.request(&Request {
            time_ms: *time_ms,
            request_id: "req",
            workspace: "ws_1",
            door: "v2",
            method: "POST",
            path: &path,
            status: 200,
            latency_us: 1,
            root_key: None,
            ip: None,
            user_agent: None,
            outcome: None,
            request_bytes: 0,
            response_bytes: 0,
            request_body: None,
            response_body: None,
        });
        writer.shutdown().await.unwrap();
    }
}

/// How many events of each kind there are.
async fn stored(events: &Database) -> (usize, usize) {
    let chunks = read_after(events.reader(), 0, 1000).await.unwrap();
    let open: Vec<Events> = chunks.iter().map(|chunk| chunk.open().unwrap()).collect();
    let all: Vec<Stored<&str>> = open.iter().flat_map(Events::iter).collect::<Result<_, _>>().unwrap();
    let requests = all.iter().filter(|event| matches!(event, Stored::Request(_))).count();
    (all.len() - requests, requests)
}

#[tokio::test]
async fn requests_go_after_two_weeks_and_the_rest_after_four_hundred_days() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let jobs = jobs(&test, &dir).await;
    let events = open_events(&dir).await;
    record(&events, &[401, 399, 15, 13].map(|days| NOW_MS - days * DAY_MS)).await;
    let before = stored_bytes(events.reader()).await.unwrap();
    jobs.run_at(NOW_MS).await;
    assert_eq!(stored(&events).await, (3, 1));
    assert!(stored_bytes(events.reader()).await.unwrap() < before * 3 / 4);
    // The space went back to the file system, not only to the database.
    assert_eq!(free_bytes(events.reader()).await.unwrap(), 0);
    assert_eq!(jobs.dropped_events(), 0);
}

#[tokio::test]
async fn a_full_log_loses_its_oldest_requests_first() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let events = open_events(&dir).await;
    record(&events, &(0..60).map(|number| NOW_MS - 1000 + number).collect::<Vec<_>>()).await;
    let all = stored_bytes(events.reader()).await.unwrap();
    // Requests are half of it: a cap of 80 % takes some of them, one of 30 % all and more.
    let jobs = jobs_with(&test, &dir, all * 8 / 10).await;
    jobs.run_at(NOW_MS).await;
    let (events_left, requests_left) = stored(&events).await;
    assert_eq!(events_left, 60);
    assert!(requests_left < 60, "{requests_left}");
    assert_eq!(jobs.dropped_events(), 60 - requests_left as u64);
    drop(jobs);
    let jobs = jobs_with(&test, &dir, all * 3 / 10).await;
    jobs.run_at(NOW_MS + HOUR_MS).await;
    let (events_left, requests_left) = stored(&events).await;
    assert!(events_left < 60 && requests_left == 0, "{events_left}");
    assert!(stored_bytes(events.reader()).await.unwrap() <= all * 3 / 10);
}

#[tokio::test]
async fn the_sweep_removes_what_people_left_behind() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let jobs = jobs(&test, &dir).await;
    test.force(
        "INSERT INTO users (id, email, email_folded, name, password_hash, created_at) \
         VALUES ('user_1', 'a@b', 'a@b', 'Ada', '', 0)",
    )
    .await;
    let old = NOW_MS - 31 * DAY_MS;
    for (id, expires_at) in [("old", old), ("ended", NOW_MS - 1), ("live", NOW_MS + 1)] {
        for sql in [
            format!(
                "INSERT INTO sessions (id, user_id, created_at, expires_at) VALUES ('{id}', 'user_1', 0, {expires_at})"
            ),
            format!(
                "INSERT INTO invitations (id, workspace_id, token_hash, role, created_by, created_at, expires_at) \
                 VALUES ('{id}', 'ws_1', '{id}', 'viewer', 'user_1', 0, {expires_at})"
            ),
            format!(
                "INSERT INTO secret_links (id, workspace_id, token_hash, key_id, ciphertext, created_at, expires_at) \
                 VALUES ('{id}', 'ws_1', '{id}', 'key_1', {}, 0, {expires_at})",
                test.bytes("00")
            ),
        ] {
            test.force(&sql).await;
        }
    }
    jobs.run_at(NOW_MS).await;
    for (table, left) in [("sessions", 2), ("invitations", 2), ("secret_links", 1)] {
        assert_eq!(test.count(table, "TRUE").await, left, "{table}");
        assert_eq!(test.count(table, "id = 'old'").await, 0, "{table}");
    }
}

#[test]
fn every_pattern_has_a_next_run() {
    for Job { name, pattern, .. } in JOBS {
        assert!(next_run(pattern, NOW_MS).unwrap() > NOW_MS, "{name:?}");
    }
}

#[tokio::test]
async fn keys_of_a_deleted_api_are_deleted_with_an_entry_each() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let jobs = jobs(&test, &dir).await;
    for number in 0..150 {
        add_key(&test, &format!("key_{number}"), "name", "'n'").await;
    }
    jobs.run_at(NOW_MS).await;
    assert_eq!(test.count("keys", "deleted_at IS NOT NULL").await, 0);
    test.force("UPDATE apis SET deleted_at = 1").await;
    jobs.run_at(NOW_MS + 60_000).await;
    assert_eq!(test.count("keys", "deleted_at IS NULL").await, 0);
    assert_eq!(test.count("audit_log", "event = 'key.delete'").await, 150);
    jobs.run_at(NOW_MS + 120_000).await;
    assert_eq!(test.count("audit_log", "event = 'key.delete'").await, 150);
}
