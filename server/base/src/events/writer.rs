//! The task that stores recorded events.

use std::time::Duration;

use tokio::task::JoinHandle;

use super::queue::Segment;
use super::{ChunkKind, Recorder, chunk, store};
use crate::clock::Stopwatch;
use crate::error::{Error, Result};
use crate::store::Database;

/// How long events may gather before they are stored
/// (docs/decisions.md#what-a-crash-may-lose).
const GATHER: Duration = Duration::from_millis(40);
/// How long a chunk is tried before it is given up
/// (docs/decisions.md#what-a-crash-may-lose).
const PATIENCE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(250);

/// The running writer; stop it with [`Writer::shutdown`].
pub struct Writer {
    recorder: Recorder,
    task: JoinHandle<()>,
}

impl Writer {
    pub fn start(recorder: Recorder, database: Database) -> Self {
        let task = tokio::spawn(run(recorder.clone(), database));
        Self { recorder, task }
    }

    /// Stores what was recorded so far and ends. Later events are not stored.
    pub async fn shutdown(self) -> Result<()> {
        self.recorder.close();
        self.task.await.map_err(Error::internal)
    }
}

async fn run(recorder: Recorder, database: Database) {
    loop {
        recorder.filled().await;
        if !recorder.is_closed() {
            tokio::time::sleep(GATHER).await;
        }
        let closing = recorder.is_closed();
        store_waiting(&recorder, &database, closing).await;
        if closing {
            return;
        }
    }
}

/// Stores what waits: those that are full, and the one that gathers. What is
/// recorded meanwhile gathers into a chunk worth its row, unless this is the end.
async fn store_waiting(recorder: &Recorder, database: &Database, closing: bool) {
    for kind in ChunkKind::ALL {
        let segments = if closing { usize::MAX } else { recorder.full(kind) + 1 };
        for _ in 0..segments {
            let Some(segment) = recorder.take(kind) else { break };
            persist(recorder, database, &segment).await;
            recorder.settled(kind);
        }
    }
}

/// Stores a segment, trying again for ten seconds; then it is lost and counted,
/// and verification goes on.
async fn persist(recorder: &Recorder, database: &Database, segment: &Segment) {
    let trying = Stopwatch::start();
    loop {
        let stored = match chunk::compress(&segment.bytes).await {
            Ok(body) => store::insert(database.writer(), segment, body).await,
            Err(error) => Err(error),
        };
        match stored {
            Ok(()) => return recorder.count_stored(segment),
            Err(error) if trying.elapsed() >= PATIENCE || recorder.is_closed() => {
                recorder.say_failing();
                recorder.count_lost(segment);
                tracing::error!(
                    events = segment.events,
                    ?error,
                    "events were lost: they could not be stored"
                );
                return;
            }
            Err(error) => {
                recorder.say_failing();
                tracing::warn!(?error, "storing events failed, trying again");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{
        Chunk, KeyFacts, Noted, RatelimitDecision, Request, Stored, Verification, read_after,
    };
    use crate::store::Durability;

    fn facts() -> KeyFacts {
        KeyFacts {
            workspace: "ws".into(),
            api: "api".into(),
            keyspace: "ks".into(),
            key: "key".into(),
            balance: None,
            lineage: None,
            identity: Some("id".into()),
            external_id: Some("user".to_owned()),
            noted: Noted::default(),
        }
    }

    fn verification(facts: &KeyFacts, number: i64) -> Verification<'_> {
        Verification {
            time_ms: number,
            request_id: "req",
            facts,
            door: "v2",
            root_key: Some("key_root"),
            ip: Some([127, 0, 0, 1].into()),
            outcome: "VALID",
            denial: None,
            spent_credits: 1,
            balance: Some(number),
            latency_us: 12,
            tags: &[],
        }
    }

    const DECISION: RatelimitDecision<'_> = RatelimitDecision {
        time_ms: 5,
        request_id: "req",
        workspace: "ws",
        namespace: "rlns",
        identifier: "user",
        passed: false,
        limit: 1,
        remaining: 0,
        reset_ms: 60_000,
        cost: 2,
        ratelimit_override: Some("rlor"),
        root_key: None,
        latency_us: 3,
    };

    const REQUEST: Request<'_> = Request {
        time_ms: 6,
        request_id: "req_6",
        workspace: "",
        door: "v2",
        method: "POST",
        path: "/v2/apis.getApi",
        status: 400,
        latency_us: 9,
        root_key: None,
        ip: Some(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)),
        user_agent: Some("curl"),
        outcome: Some("unkey:application:invalid_input"),
        request_bytes: 2,
        response_bytes: 3,
        request_body: Some("{}"),
        response_body: None,
    };

    async fn database(dir: &tempfile::TempDir) -> Database {
        Database::open::<migration::Events>(&dir.path().join("events.db"), Durability::Normal).await.unwrap()
    }

    fn events_of(chunk: &Chunk) -> Vec<Stored> {
        chunk.open().unwrap().iter().collect::<Result<_>>().unwrap()
    }

    #[tokio::test]
    async fn recorded_events_are_read_back_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let database = database(&dir).await;
        let recorder = Recorder::default();
        let writer = Writer::start(recorder.clone(), database.clone());
        let (facts, tags) = (facts(), ["a".to_owned(), "b".to_owned()]);
        for number in 0..45_000 {
            recorder.verification(&Verification { tags: &tags, ..verification(&facts, number) });
        }
        recorder.ratelimit(&DECISION);
        writer.shutdown().await.unwrap();
        let chunks = read_after(database.reader(), 0, 100).await.unwrap();
        assert!(chunks.len() >= 2 && chunks.is_sorted_by_key(|chunk| chunk.id));
        let events: Vec<Stored> = chunks.iter().flat_map(events_of).collect();
        assert_eq!(events.len(), 45_001);
        for (number, event) in events.iter().take(45_000).enumerate() {
            let Stored::Verification(event) = event else { panic!("{event:?}") };
            assert_eq!((event.time_ms, event.balance), (number as i64, Some(number as i64)));
            assert_eq!((event.ip, event.latency_us), (Some([127, 0, 0, 1].into()), 12));
            assert_eq!((event.identity.as_deref(), &event.tags[..]), (Some("id"), &tags[..]));
        }
        let Some(Stored::Ratelimit(last)) = events.last() else { panic!("a decision comes last") };
        assert_eq!((last.cost, last.ratelimit_override.as_deref(), last.reset_ms), (2, Some("rlor"), 60_000));
        assert_eq!(recorder.health().stored, 45_001);
    }

    #[tokio::test]
    async fn requests_are_read_back_from_chunks_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let database = database(&dir).await;
        let recorder = Recorder::default();
        let writer = Writer::start(recorder.clone(), database.clone());
        recorder.ratelimit(&DECISION);
        recorder.request(&REQUEST);
        writer.shutdown().await.unwrap();
        let chunks = read_after(database.reader(), 0, 100).await.unwrap();
        assert_eq!(chunks.len(), 2);
        let events = events_of(&chunks[1]);
        let [Stored::Request(request)] = &events[..] else { panic!("{events:?}") };
        assert_eq!((request.status, request.latency_us, request.response_bytes), (400, 9, 3));
        assert_eq!((request.ip, request.user_agent.as_deref()), (REQUEST.ip, REQUEST.user_agent));
        assert_eq!((request.request_body.as_deref(), &request.response_body), (Some("{}"), &None));
        let health = recorder.health();
        assert_eq!((health.stored, health.stored_requests), (1, 1));
    }

    #[tokio::test]
    async fn what_was_recorded_before_a_flush_is_stored_after_it() {
        let dir = tempfile::tempdir().unwrap();
        let database = database(&dir).await;
        let recorder = Recorder::default();
        assert!(recorder.flush(Duration::ZERO).await, "nothing waits");
        recorder.ratelimit(&DECISION);
        assert!(!recorder.flush(Duration::ZERO).await, "nobody stores it");
        let writer = Writer::start(recorder.clone(), database.clone());
        for round in 1..=3 {
            recorder.ratelimit(&DECISION);
            recorder.request(&REQUEST);
            assert!(recorder.flush(PATIENCE).await);
            assert_eq!((recorder.health().stored, recorder.health().stored_requests), (round + 1, round));
        }
        writer.shutdown().await.unwrap();
    }

    #[tokio::test]
    async fn a_flood_of_requests_pushes_out_no_other_event() {
        let recorder = Recorder::with_capacity(2, 1);
        recorder.ratelimit(&DECISION);
        (0..5).for_each(|_| recorder.request(&REQUEST));
        let health = recorder.health();
        assert_eq!((health.lost, health.lost_requests, health.waiting), (0, 3, 3));
    }

    #[tokio::test]
    async fn a_burst_of_many_segments_is_stored_in_one_round() {
        let dir = tempfile::tempdir().unwrap();
        let database = database(&dir).await;
        let recorder = Recorder::with_capacity(50, 1);
        (0..40).for_each(|_| recorder.ratelimit(&DECISION));
        assert_eq!(recorder.full(ChunkKind::Events), 40);
        store_waiting(&recorder, &database, false).await;
        let health = recorder.health();
        assert_eq!((health.stored, health.waiting, health.storing_now), (40, 0, false));
        assert_eq!(read_after(database.reader(), 0, 100).await.unwrap().len(), 40);
    }

    #[tokio::test]
    async fn a_full_queue_drops_the_oldest_and_counts_them() {
        let recorder = Recorder::with_capacity(3, 1);
        let facts = facts();
        for number in 0..5 {
            recorder.verification(&verification(&facts, number));
        }
        let health = recorder.health();
        assert_eq!((health.lost, health.waiting), (2, 3));
        let kept: Vec<i64> = std::iter::from_fn(|| recorder.take(ChunkKind::Events))
            .map(|segment| segment.first_time_ms)
            .collect();
        assert_eq!(kept, [2, 3, 4]);
    }

    #[tokio::test]
    async fn events_that_cannot_be_stored_are_counted_lost() {
        let dir = tempfile::tempdir().unwrap();
        let database = database(&dir).await;
        database.close().await.unwrap();
        let recorder = Recorder::default();
        recorder.ratelimit(&DECISION);
        Writer::start(recorder.clone(), database).shutdown().await.unwrap();
        let health = recorder.health();
        assert_eq!((health.lost, health.storing), (1, false));
    }
}
