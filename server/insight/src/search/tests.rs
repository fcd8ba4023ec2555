//! Tests of indexing: nothing lost, nothing twice, whatever happens to folders.

use std::net::IpAddr;

use super::*;
use base::clock::DAY_MS;
use base::events::{StoredRatelimit, StoredRequest, StoredVerification};

/// A Monday at midnight.
const MONDAY_MS: i64 = 1_790_553_600_000;

fn verification(time_ms: i64, key: &str) -> Stored {
    Stored::Verification(StoredVerification {
        time_ms,
        request_id: format!("req_{time_ms}_{key}"),
        workspace: "ws_1".into(),
        api: "api_1".into(),
        keyspace: "ks_1".into(),
        key: key.into(),
        identity: None,
        external_id: None,
        door: "v2".into(),
        root_key: None,
        ip: Some(IpAddr::from([127, 0, 0, 1])),
        outcome: "VALID".into(),
        denial: None,
        spent_credits: 1,
        balance: None,
        latency_us: 5,
        tags: vec!["a".into()],
    })
}

fn ratelimit(time_ms: i64) -> Stored {
    Stored::Ratelimit(StoredRatelimit {
        time_ms,
        request_id: format!("req_{time_ms}"),
        workspace: "ws_1".into(),
        namespace: "rlns_1".into(),
        identifier: "u".into(),
        passed: true,
        limit: 1,
        remaining: 0,
        reset_ms: 0,
        cost: 1,
        ratelimit_override: None,
        root_key: None,
        latency_us: 5,
    })
}

fn request(time_ms: i64) -> Stored {
    Stored::Request(StoredRequest {
        time_ms,
        request_id: format!("req_{time_ms}"),
        workspace: String::new(),
        door: "v2".into(),
        method: "POST".into(),
        path: "/v2/keys.getKey".into(),
        status: 404,
        latency_us: 5,
        root_key: None,
        ip: None,
        user_agent: None,
        outcome: None,
        request_bytes: 0,
        response_bytes: 0,
        request_body: None,
        response_body: None,
    })
}

/// Ten chunks over three weeks, all kinds in each.
fn chunks() -> Vec<Chunk> {
    let chunk = |id: i64| {
        let time_ms = MONDAY_MS + id * 2 * DAY_MS;
        let events = [
            verification(time_ms, "key_1"),
            ratelimit(time_ms),
            verification(time_ms, "key_2"),
            request(time_ms),
        ];
        Chunk::holding(id, &events)
    };
    (1..=10).map(chunk).collect()
}

fn events(search: &Search, kind: Kind) -> u64 {
    search.between(kind, 0, i64::MAX / 2).iter().map(|week| week.events()).sum()
}

#[track_caller]
fn complete(search: &Search) {
    assert_eq!(Kind::ALL.map(|kind| events(search, kind)), [20, 10, 10]);
    assert_eq!(search.cursor(), 10);
}

#[test]
fn weeks_begin_on_monday() {
    assert_eq!(week_of(MONDAY_MS), week_of(MONDAY_MS - 1) + 1);
    assert_eq!(week_of(MONDAY_MS), week_of(MONDAY_MS + 7 * DAY_MS - 1));
    assert_eq!(week::end_of(week_of(MONDAY_MS)), MONDAY_MS + 7 * DAY_MS);
}

#[test]
fn events_are_found_by_kind_and_week_after_a_restart_too() {
    let dir = tempfile::tempdir().unwrap();
    let search = Search::open(dir.path()).unwrap();
    search.index(0, &chunks()).unwrap();
    complete(&search);
    assert_eq!(search.between(Kind::Verifications, MONDAY_MS, MONDAY_MS + 1).len(), 1);
    assert_eq!(search.between(Kind::Verifications, MONDAY_MS, MONDAY_MS + 60 * DAY_MS).len(), 3);
    search.rest().unwrap();
    drop(search);
    complete(&Search::open(dir.path()).unwrap());
}

#[test]
fn a_crash_between_commits_counts_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let search = Search::open(dir.path()).unwrap();
    search.index(0, &chunks()[..4]).unwrap();
    let before = std::fs::read(dir.path().join("manifest.json")).unwrap();
    search.index(4, &chunks()[4..]).unwrap();
    search.rest().unwrap();
    drop(search);
    // The indexes were committed, the manifest was not: all later chunks are offered again.
    std::fs::write(dir.path().join("manifest.json"), before).unwrap();
    let search = Search::open(dir.path()).unwrap();
    assert_eq!(search.cursor(), 4);
    search.index(4, &chunks()[4..]).unwrap();
    complete(&search);
}

#[test]
fn a_missing_or_corrupt_index_is_built_again_and_the_others_stay() {
    for damage in [(|path| std::fs::remove_dir_all(path).unwrap()) as fn(PathBuf), |path| {
        std::fs::write(path.join("meta.json"), "{").unwrap()
    }] {
        let dir = tempfile::tempdir().unwrap();
        let search = Search::open(dir.path()).unwrap();
        search.index(0, &chunks()).unwrap();
        search.rest().unwrap();
        drop(search);
        damage(dir.path().join(format!("verifications-{}", week_of(MONDAY_MS + 8 * DAY_MS))));
        let search = Search::open(dir.path()).unwrap();
        assert!(search.status().rebuilding && search.cursor() == 0);
        assert!(events(&search, Kind::Verifications) < 20);
        search.index(0, &chunks()).unwrap();
        complete(&search);
    }
}

/// Every file of an index, one after the other, is removed, emptied or changed
/// while the index is open.
#[test]
fn whatever_file_is_damaged_while_running_is_noticed_and_the_index_built_again() {
    let damages: [fn(&std::path::Path); 2] = [
        |file| std::fs::remove_file(file).unwrap(),
        |file| {
            // Another file in its place: what is mapped stays as it was.
            let mut bytes = std::fs::read(file).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x55;
            std::fs::remove_file(file).unwrap();
            std::fs::write(file, bytes).unwrap();
        },
    ];
    let week = |dir: &tempfile::TempDir| {
        dir.path().join(format!("verifications-{}", week_of(MONDAY_MS + 8 * DAY_MS)))
    };
    let (mut position, mut looked_at) = (0, 0);
    loop {
        let dir = tempfile::tempdir().unwrap();
        let search = Search::open(dir.path()).unwrap();
        search.index(0, &chunks()).unwrap();
        search.rest().unwrap();
        assert_eq!(search.mend(true).unwrap(), 0, "sound as it was written");
        let is_data = |path: &PathBuf| path.extension().is_some_and(|kind| kind != "lock" && kind != "json");
        let mut files: Vec<_> =
            week(&dir).read_dir().unwrap().map(|entry| entry.unwrap().path()).filter(is_data).collect();
        files.sort();
        files.push(week(&dir).join("meta.json"));
        let Some(file) = files.get(position / damages.len()) else { break };
        damages[position % damages.len()](file);
        assert_eq!(search.mend(true).unwrap(), 1, "{}", file.display());
        assert!(search.status().rebuilding && search.cursor() == 0);
        search.index(0, &chunks()).unwrap();
        complete(&search);
        (position, looked_at) = (position + 1, looked_at + 1);
    }
    assert!(looked_at > 10, "{looked_at}");
}

#[test]
fn without_a_manifest_of_this_form_everything_is_built_again() {
    let dir = tempfile::tempdir().unwrap();
    let search = Search::open(dir.path()).unwrap();
    search.index(0, &chunks()).unwrap();
    search.rest().unwrap();
    drop(search);
    std::fs::write(dir.path().join("manifest.json"), r#"{"format":0}"#).unwrap();
    let search = Search::open(dir.path()).unwrap();
    assert_eq!((events(&search, Kind::Verifications), search.cursor()), (0, 0));
    search.index(0, &chunks()).unwrap();
    complete(&search);
}

#[test]
fn a_batch_read_before_a_rebuild_does_not_skip_what_came_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let search = Search::open(dir.path()).unwrap();
    search.index(0, &chunks()[..4]).unwrap();
    search.rebuild().unwrap();
    search.index(4, &chunks()[4..]).unwrap();
    assert_eq!(search.cursor(), 0);
    search.index(0, &chunks()).unwrap();
    complete(&search);
}

#[test]
fn a_rebuild_and_an_end_of_retention_leave_what_they_should() {
    let dir = tempfile::tempdir().unwrap();
    let search = Search::open(dir.path()).unwrap();
    search.index(0, &chunks()).unwrap();
    search.rebuild().unwrap();
    assert_eq!((events(&search, Kind::Ratelimits), search.cursor()), (0, 0));
    search.index(0, &chunks()).unwrap();
    complete(&search);
    let floor_ms = MONDAY_MS + 7 * DAY_MS;
    assert_eq!(search.forget_before(Kind::Verifications, floor_ms).unwrap(), 1);
    assert!(events(&search, Kind::Verifications) < 20);
    assert_eq!((events(&search, Kind::Ratelimits), search.status().indexes), (10, 8));
    search.rest().unwrap();
    drop(search);
    let search = Search::open(dir.path()).unwrap();
    assert_eq!((search.floor(Kind::Verifications), search.floor(Kind::Requests)), (floor_ms, i64::MIN));
    // What the index of a week had before its time was over is not counted again.
    search.rebuild().unwrap();
    assert_eq!(search.floor(Kind::Verifications), floor_ms);
}

#[test]
fn an_index_of_chunks_that_are_no_more_is_built_again() {
    let dir = tempfile::tempdir().unwrap();
    let search = Search::open(dir.path()).unwrap();
    search.index(0, &chunks()).unwrap();
    let last = search.cursor();
    search.check_events(last).unwrap();
    complete(&search);
    search.check_events(last - 1).unwrap();
    assert_eq!((events(&search, Kind::Verifications), search.cursor()), (0, 0));
    search.index(0, &chunks()).unwrap();
    complete(&search);
}

#[test]
fn a_sealed_week_keeps_its_events_and_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let search = Search::open(dir.path()).unwrap();
    for (at, chunk) in chunks().chunks(1).enumerate() {
        search.index(at as i64, chunk).unwrap();
    }
    search.rest().unwrap();
    let segments = |search: &Search| -> Vec<bool> {
        search.0.weeks.read().values().map(|week| week.is_sealed()).collect()
    };
    assert!(segments(&search).contains(&false));
    while search.seal_one().unwrap() {}
    // The last week of each kind goes on.
    assert!(segments(&search).iter().filter(|sealed| !**sealed).count() <= 3);
    complete(&search);
    drop(search);
    let search = Search::open(dir.path()).unwrap();
    complete(&search);
    // Chunks that are offered again are still known.
    let weeks: Vec<_> = search.0.weeks.read().values().cloned().collect();
    assert!(weeks.iter().all(|week| week.cursor() > 0));
}

#[test]
fn nobody_reads_at_rest_what_was_merged() {
    let dir = tempfile::tempdir().unwrap();
    let search = Search::open(dir.path()).unwrap();
    for at in 0..8 {
        let chunk = Chunk::holding(at + 1, &[verification(MONDAY_MS + at, "key_1")]);
        search.index(at, &[chunk]).unwrap();
    }
    // The merge begins with the last commit and ends after it.
    search.rest().unwrap();
    let week = search.0.weeks.read()[&(Kind::Verifications, week_of(MONDAY_MS))].clone();
    assert_eq!((week.segments().len(), week.events()), (1, 8));
}

#[test]
fn a_week_that_a_clock_wrote_ahead_seals_none_that_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let search = Search::open(dir.path()).unwrap();
    let ahead_ms = MONDAY_MS + 7 * DAY_MS;
    let times = [MONDAY_MS, ahead_ms, MONDAY_MS + 1, MONDAY_MS + 2, ahead_ms, ahead_ms + 1];
    for (at, time_ms) in times.into_iter().enumerate() {
        let chunk = Chunk::holding(at as i64 + 1, &[verification(time_ms, "key_1")]);
        search.index(at as i64, &[chunk]).unwrap();
        let is_over = time_ms >= ahead_ms && at > 1;
        search.rest().unwrap();
        assert_eq!(search.seal_one().unwrap(), at == 4, "after {at}");
        let week = search.0.weeks.read()[&(Kind::Verifications, week_of(MONDAY_MS))].clone();
        assert_eq!(week.is_sealed(), is_over || at < 2, "after {at}");
    }
}

#[test]
fn events_count_again_where_a_clock_that_was_ahead_said_they_were_gone() {
    let dir = tempfile::tempdir().unwrap();
    let search = Search::open(dir.path()).unwrap();
    let (kind, ahead_ms) = (Kind::Verifications, MONDAY_MS + 900 * DAY_MS);
    search.forget_before(kind, ahead_ms).unwrap();
    search.lower_floor(kind, ahead_ms, Some(MONDAY_MS)).unwrap();
    assert_eq!(search.floor(kind), ahead_ms, "it has come");
    search.lower_floor(kind, MONDAY_MS, Some(MONDAY_MS - 5)).unwrap();
    assert_eq!(search.floor(kind), MONDAY_MS - 5);
    drop(search);
    assert_eq!(Search::open(dir.path()).unwrap().floor(kind), MONDAY_MS - 5);
}

#[test]
fn a_batch_that_failed_comes_again_and_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let search = Search::open(dir.path()).unwrap();
    search.index(0, &chunks()[..4]).unwrap();
    search.rest().unwrap();
    // One of the folders cannot be written: its writer's lock is held.
    let week = search.0.weeks.read().iter().next_back().unwrap().1.clone();
    let held = week.hold();
    assert!(search.index(4, &chunks()[4..]).is_err());
    drop(held);
    search.index(4, &chunks()[4..]).unwrap();
    complete(&search);
}
