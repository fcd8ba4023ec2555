//! Jobs of a server whose clock is wrong for a moment.

use super::*;

/// What the clock was ahead by, for a moment.
const YEARS_MS: i64 = 73 * 365 * DAY_MS;

/// A server that ran a while, was ahead by so much, ran its jobs and is right again.
async fn ahead_for_a_moment(jobs: &Jobs, clock: &Clock, by_ms: i64) {
    jobs.run_by(clock).await;
    clock.step_ms(by_ms);
    jobs.run_by(clock).await;
    clock.step_ms(-by_ms);
    clock.advance_ms(20_000);
    jobs.run_by(clock).await;
}

#[tokio::test]
async fn jobs_go_on_after_a_clock_that_was_ahead() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let (jobs, clock) = (jobs(&test, &dir).await, Clock::manual(NOW_MS));
    ahead_for_a_moment(&jobs, &clock, YEARS_MS).await;
    let now_ms = clock.now_ms();
    let amend = schedules::find(test.store.read(), JobName::Amend.as_str()).await.unwrap();
    assert!(amend.is_none(), "it waits for an hour");
    for Job { name, pattern, .. } in JOBS.iter().filter(|job| job.name != JobName::Amend) {
        let due = schedules::find(test.store.read(), name.as_str()).await.unwrap().unwrap();
        assert_eq!(due.next_run_at, next_run(pattern, now_ms).unwrap(), "{name:?}");
        assert!(due.last_run_at.unwrap() <= now_ms, "{name:?}");
    }
    assert_eq!(
        jobs.clock_report(clock.moment()).await.unwrap(),
        ClockReport { steps_back: 1, stored_ahead_ms: 0, deletion_waits: false }
    );
}

#[tokio::test]
async fn jobs_that_an_earlier_process_planned_ahead_run_at_the_start() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    jobs(&test, &dir).await.run_at(NOW_MS + YEARS_MS).await;
    let later = jobs(&test, &dir).await;
    let at = Moment { now_ms: NOW_MS, uptime_ms: 0, steps_back: 0 };
    assert_eq!(later.clock_report(at).await.unwrap().stored_ahead_ms, YEARS_MS);
    later.run_due(at).await.unwrap();
    assert_eq!(later.clock_report(at).await.unwrap().stored_ahead_ms, 0);
    let runs = later.last_runs().await.unwrap();
    assert!(runs.iter().all(|run| run.name == JobName::Amend.as_str() || run.last_run_at == Some(NOW_MS)));
}

/// Balance and last refill of a key that is used up and looked at.
async fn use_up(test: &TestStore, id: &str) -> (i64, i64) {
    let sql = format!("SELECT remaining, last_refill_at FROM keys WHERE id = '{id}'");
    let statement = base::store::statement(test.store.read(), sql, []);
    let row = sea_orm::ConnectionTrait::query_one_raw(test.store.read(), statement).await.unwrap().unwrap();
    test.force(&format!("UPDATE keys SET remaining = 0 WHERE id = '{id}'")).await;
    (row.try_get("", "remaining").unwrap(), row.try_get("", "last_refill_at").unwrap())
}

/// A daily key and one of the first of the month, both used up.
async fn refilling_keys(test: &TestStore, at_ms: i64) {
    for (id, day) in [("daily", "NULL"), ("monthly", "1")] {
        let values = format!("0, 100, {day}, {at_ms}");
        add_key(test, id, "remaining, refill_amount, refill_day, last_refill_at", &values).await;
    }
}

#[tokio::test]
async fn refills_come_on_their_day_after_a_clock_that_was_years_ahead() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let (jobs, clock) = (jobs(&test, &dir).await, Clock::manual(NOW_MS));
    refilling_keys(&test, NOW_MS).await;
    ahead_for_a_moment(&jobs, &clock, YEARS_MS).await;
    let back_ms = clock.now_ms();
    for id in ["daily", "monthly"] {
        // It cannot be known that the clock was wrong: this one was a gift.
        assert_eq!(use_up(&test, id).await, (100, NOW_MS + YEARS_MS), "{id}");
    }
    clock.advance_ms(HOUR_MS);
    jobs.run_by(&clock).await;
    for id in ["daily", "monthly"] {
        assert_eq!(use_up(&test, id).await, (0, back_ms), "nothing more on the same day: {id}");
    }
    let (mut daily, mut monthly) = (0, 0);
    for _ in 0..365 {
        clock.advance_ms(DAY_MS);
        jobs.run_by(&clock).await;
        daily += use_up(&test, "daily").await.0;
        monthly += use_up(&test, "monthly").await.0;
    }
    assert_eq!((daily, monthly), (36_500, 1200));
}

#[tokio::test]
async fn a_midnight_soon_after_a_clock_that_was_ahead_has_its_refill() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let midnight = NOW_MS.div_euclid(DAY_MS) * DAY_MS + DAY_MS;
    let (jobs, clock) = (jobs(&test, &dir).await, Clock::manual(midnight - HOUR_MS / 2));
    refilling_keys(&test, midnight - DAY_MS).await;
    ahead_for_a_moment(&jobs, &clock, YEARS_MS).await;
    assert_eq!(use_up(&test, "daily").await.0, 100);
    for expected in [0, 0, 100, 0, 0] {
        assert_eq!(use_up(&test, "daily").await.0, expected, "at {}", clock.now_ms() - midnight);
        clock.advance_ms(HOUR_MS / 2);
        jobs.run_by(&clock).await;
    }
}

#[tokio::test]
async fn no_period_is_refilled_twice_by_a_clock_that_was_ahead_of_midnight() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let midnight = NOW_MS.div_euclid(DAY_MS) * DAY_MS + DAY_MS;
    let (jobs, clock) = (jobs(&test, &dir).await, Clock::manual(midnight - 2000));
    refilling_keys(&test, midnight - DAY_MS).await;
    // Three seconds ahead for a moment: the refill of midnight comes early.
    jobs.run_by(&clock).await;
    clock.step_ms(3000);
    jobs.run_by(&clock).await;
    assert_eq!(use_up(&test, "daily").await, (100, midnight + 1000));
    clock.step_ms(-3000);
    jobs.run_by(&clock).await;
    for (after_ms, expected) in [(2000, 0), (1000, 0), (DAY_MS, 100), (1000, 0), (DAY_MS, 100)] {
        clock.advance_ms(after_ms);
        jobs.run_by(&clock).await;
        assert_eq!(use_up(&test, "daily").await.0, expected, "at {}", clock.now_ms() - midnight);
    }
}

#[tokio::test]
async fn a_key_made_by_a_clock_that_was_ahead_is_refilled_on_its_day() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let (jobs, clock) = (jobs(&test, &dir).await, Clock::manual(NOW_MS));
    jobs.run_by(&clock).await;
    clock.step_ms(YEARS_MS);
    refilling_keys(&test, clock.now_ms()).await;
    test.force(&format!("UPDATE keys SET created_at = {}", clock.now_ms())).await;
    test.force("UPDATE keys SET last_refill_at = NULL WHERE id = 'daily'").await;
    clock.step_ms(-YEARS_MS);
    jobs.run_by(&clock).await;
    clock.advance_ms(HOUR_MS);
    jobs.run_by(&clock).await;
    clock.advance_ms(DAY_MS);
    jobs.run_by(&clock).await;
    assert_eq!(use_up(&test, "daily").await.0, 100);
}

/// Rows of everything that lasts for some time, made at this time.
async fn make_what_lasts(test: &TestStore, id: &str, at_ms: i64) {
    for sql in [
        format!(
            "INSERT INTO sessions (id, user_id, created_at, expires_at, last_seen_at) \
             VALUES ('{id}', 'user_1', {at_ms}, {at_ms} + 1209600000, {at_ms})"
        ),
        format!(
            "INSERT INTO invitations (id, workspace_id, token_hash, role, created_by, created_at, expires_at) \
             VALUES ('{id}', 'ws_1', '{id}', 'viewer', 'user_1', {at_ms}, {at_ms} + 2592000000)"
        ),
        format!(
            "INSERT INTO one_time_links (token_hash, purpose, workspace_id, created_at, expires_at) \
             VALUES ('{id}', 'setup', 'ws_1', {at_ms}, {at_ms} + 3600000)"
        ),
        format!(
            "INSERT INTO secret_links (id, workspace_id, token_hash, key_id, ciphertext, created_at, expires_at) \
             VALUES ('{id}', 'ws_1', '{id}', 'key_1', {}, {at_ms}, {at_ms} + 259200000)",
            test.bytes("00")
        ),
        format!(
            "INSERT INTO portal_sessions (id, portal_id, workspace_id, api_id, external_id, scopes, code_hash, \
             code_expires_at, token_hash, expires_at, created_at) VALUES \
             ('{id}', 'p', 'ws_1', 'api_1', 'u', 's', '{id}', {at_ms} + 900000, '{id}', {at_ms} + 86400000, {at_ms})"
        ),
        format!(
            "INSERT INTO idempotency_keys (workspace_id, claimant, key_hash, request_hash, created_at) \
             VALUES ('ws_1', 'key_r', '{id}', '', {at_ms})"
        ),
    ] {
        test.force(&sql).await;
    }
}

/// How many of the six kinds are as they are when made at this time.
async fn lasting_as_made_at(test: &TestStore, id: &str, at_ms: i64) -> i64 {
    let mut found = 0;
    for (table, condition) in [
        ("sessions", format!("id = '{id}' AND expires_at = {at_ms} + 1209600000 AND last_seen_at = {at_ms}")),
        ("invitations", format!("id = '{id}' AND expires_at = {at_ms} + 2592000000")),
        ("one_time_links", format!("token_hash = '{id}' AND expires_at = {at_ms} + 3600000")),
        ("secret_links", format!("id = '{id}' AND expires_at = {at_ms} + 259200000")),
        (
            "portal_sessions",
            format!("id = '{id}' AND code_expires_at = {at_ms} + 900000 AND expires_at = {at_ms} + 86400000"),
        ),
        ("idempotency_keys", format!("key_hash = '{id}' AND created_at = {at_ms}")),
    ] {
        found += test.count(table, &condition).await;
    }
    found
}

async fn with_people_and_portals() -> TestStore {
    let test = TestStore::open().await;
    add_key(&test, "key_1", "name", "'n'").await;
    for sql in [
        "INSERT INTO users (id, email, email_folded, name, password_hash, created_at) \
         VALUES ('user_1', 'a@b', 'a@b', 'Ada', '', 0)",
        "INSERT INTO portals (id, workspace_id, api_id, slug, display_name, created_at) \
         VALUES ('p', 'ws_1', 'api_1', 'p', 'p', 0)",
    ] {
        test.force(sql).await;
    }
    test
}

#[tokio::test]
async fn what_may_last_for_some_time_lasts_no_longer_after_a_clock_that_was_ahead() {
    let (test, dir) = (with_people_and_portals().await, tempfile::tempdir().unwrap());
    let (jobs, clock) = (jobs(&test, &dir).await, Clock::manual(NOW_MS));
    let ahead_ms = NOW_MS + YEARS_MS;
    make_what_lasts(&test, "right", NOW_MS).await;
    make_what_lasts(&test, "ahead", ahead_ms).await;
    jobs.run_by(&clock).await;
    clock.step_ms(YEARS_MS);
    clock.now_ms();
    clock.step_ms(-YEARS_MS);
    jobs.run_by(&clock).await;
    clock.advance_ms(HOUR_MS - 1);
    jobs.run_by(&clock).await;
    assert_eq!(lasting_as_made_at(&test, "ahead", ahead_ms).await, 6, "the clock may be behind for a moment");
    clock.advance_ms(1);
    jobs.run_by(&clock).await;
    assert_eq!(lasting_as_made_at(&test, "ahead", clock.now_ms()).await, 6);
    assert_eq!(lasting_as_made_at(&test, "right", NOW_MS).await, 6);
}

#[tokio::test]
async fn a_start_with_a_clock_that_is_behind_for_a_moment_cuts_nothing_short() {
    let (test, dir) = (with_people_and_portals().await, tempfile::tempdir().unwrap());
    make_what_lasts(&test, "right", NOW_MS).await;
    jobs(&test, &dir).await.run_at(NOW_MS).await;
    let (later, clock) = (jobs(&test, &dir).await, Clock::manual(0));
    for step_ms in [0, NOW_MS] {
        clock.step_ms(step_ms);
        for _ in 0..5 {
            clock.advance_ms(HOUR_MS / 6);
            later.run_by(&clock).await;
        }
    }
    // The link for setting up was good for an hour.
    let left = test.count("one_time_links", "TRUE").await;
    assert_eq!(lasting_as_made_at(&test, "right", NOW_MS).await, 5 + left);
}

/// A server with a past: old rows that are about to be deleted, and some that are not.
async fn with_a_past(test: &TestStore, events: &Database) {
    record(events, &[390, 5, 0].map(|days| NOW_MS - days * DAY_MS)).await;
    add_key(test, "deleted", "deleted_at", &(NOW_MS - DAY_MS).to_string()).await;
    test.force(&format!(
        "INSERT INTO idempotency_keys (workspace_id, claimant, key_hash, request_hash, created_at) \
         VALUES ('ws_1', 'key_r', 'k', '', {NOW_MS})"
    ))
    .await;
}

async fn left(test: &TestStore, events: &Database) -> (usize, usize, i64, i64) {
    let (decisions, requests) = stored(events).await;
    (decisions, requests, test.count("keys", "TRUE").await, test.count("idempotency_keys", "TRUE").await)
}

#[tokio::test]
async fn a_clock_that_leaps_ahead_deletes_nothing_for_an_hour() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let (jobs, clock) = (jobs(&test, &dir).await, Clock::manual(NOW_MS));
    let events = open_events(&dir).await;
    jobs.run_by(&clock).await;
    with_a_past(&test, &events).await;
    let all = (3, 3, 1, 1);
    clock.step_ms(YEARS_MS);
    for _ in 0..3 {
        jobs.run_by(&clock).await;
        assert_eq!(left(&test, &events).await, all);
        assert!(jobs.clock_report(clock.moment()).await.unwrap().deletion_waits);
        clock.advance_ms(HOUR_MS / 4);
    }
    // It was wrong: nothing was lost, and deletion goes on as ever.
    clock.step_ms(-YEARS_MS);
    jobs.run_by(&clock).await;
    assert!(!jobs.clock_report(clock.moment()).await.unwrap().deletion_waits);
    assert_eq!(left(&test, &events).await, (3, 2 + 1, 1, 1));
    clock.advance_ms(16 * DAY_MS);
    jobs.run_by(&clock).await;
    assert_eq!(left(&test, &events).await, (2, 0, 1, 0));
}

#[tokio::test]
async fn a_start_with_a_clock_far_ahead_deletes_nothing_for_an_hour() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let events = open_events(&dir).await;
    jobs(&test, &dir).await.run_at(NOW_MS).await;
    with_a_past(&test, &events).await;
    let (later, clock) = (jobs(&test, &dir).await, Clock::manual(NOW_MS + YEARS_MS));
    for _ in 0..4 {
        later.run_by(&clock).await;
        assert_eq!(left(&test, &events).await, (3, 3, 1, 1));
        clock.advance_ms(HOUR_MS / 4);
    }
    // Another start is another hour.
    let again = jobs(&test, &dir).await;
    again.run_by(&clock).await;
    assert_eq!(left(&test, &events).await, (3, 3, 1, 1));
    // It says the same for an hour: the server was down for long.
    later.run_by(&clock).await;
    assert_eq!(left(&test, &events).await, (0, 0, 0, 0));
}

#[tokio::test]
async fn events_count_again_after_a_clock_that_was_ahead_for_long_deleted_by_it() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let (jobs, clock) = (jobs(&test, &dir).await, Clock::manual(NOW_MS));
    let events = open_events(&dir).await;
    jobs.run_by(&clock).await;
    with_a_past(&test, &events).await;
    clock.step_ms(YEARS_MS);
    jobs.run_by(&clock).await;
    clock.advance_ms(HOUR_MS);
    jobs.run_by(&clock).await;
    assert_eq!(left(&test, &events).await, (0, 0, 0, 0));
    let floor = |kind| jobs.retention.search().floor(kind);
    assert!(Kind::ALL.iter().all(|kind| floor(*kind) > clock.now_ms() - 401 * DAY_MS));
    clock.step_ms(-YEARS_MS);
    record(&events, &[clock.now_ms() - 5000]).await;
    jobs.run_by(&clock).await;
    clock.advance_ms(HOUR_MS);
    jobs.run_by(&clock).await;
    assert!(Kind::ALL.iter().all(|kind| floor(*kind) <= clock.now_ms() - HOUR_MS - 5000));
}

#[tokio::test]
async fn a_clock_that_was_ahead_ends_no_override_for_good() {
    let (test, dir) = (TestStore::open().await, tempfile::tempdir().unwrap());
    let (jobs, clock) = (jobs(&test, &dir).await, Clock::manual(NOW_MS));
    test.force(
        "INSERT INTO namespaces (id, workspace_id, name, created_at) VALUES ('rlns_1', 'ws_1', 'a', 1)",
    )
    .await;
    let end_ms = NOW_MS + 2 * HOUR_MS;
    test.force(&format!(
        "INSERT INTO overrides (id, workspace_id, namespace_id, identifier, max_count, duration_ms, created_at,
                                expires_at, afterwards_max_count, afterwards_duration_ms)
         VALUES ('rlor_1', 'ws_1', 'rlns_1', 'ann', 9, 1000, 1, {end_ms}, 5, 2000)"
    ))
    .await;
    ahead_for_a_moment(&jobs, &clock, YEARS_MS).await;
    assert_eq!(test.count("overrides", &format!("max_count = 9 AND expires_at = {end_ms}")).await, 1);
    clock.advance_ms(2 * HOUR_MS);
    jobs.run_by(&clock).await;
    assert_eq!(
        test.count("overrides", "max_count = 5 AND duration_ms = 2000 AND expires_at IS NULL").await,
        1
    );
}
