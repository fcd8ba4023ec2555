//! The task that stores recorded events.

use std::time::Duration;

use tokio::task::JoinHandle;

use super::{Event, LastUsed, Recorder, store};
use crate::clock::Stopwatch;
use crate::error::Result;
use crate::store::Database;

/// How long events may gather before they are stored (D28).
const GATHER: Duration = Duration::from_millis(40);
/// How long a batch is tried before it is given up (D28).
const PATIENCE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(250);
const MAX_EVENTS_PER_CHUNK: usize = 20_000;

/// The running writer; stop it with [`Writer::shutdown`].
pub struct Writer {
    recorder: Recorder,
    task: JoinHandle<()>,
}

impl Writer {
    pub fn start(recorder: Recorder, database: Database, last_used: LastUsed) -> Self {
        let task = tokio::spawn(run(recorder.clone(), database, last_used));
        Self { recorder, task }
    }

    /// Stores what was recorded so far and ends. Later events are not stored.
    pub async fn shutdown(self) -> Result<()> {
        self.recorder.close();
        self.task.await.map_err(crate::error::Error::internal)
    }
}

async fn run(recorder: Recorder, database: Database, last_used: LastUsed) {
    loop {
        recorder.filled().await;
        if !recorder.is_closed() {
            tokio::time::sleep(GATHER).await;
        }
        let closing = recorder.is_closed();
        let events = recorder.take();
        last_used.note(&events);
        for batch in events.chunks(MAX_EVENTS_PER_CHUNK) {
            persist(&recorder, &database, batch).await;
        }
        if closing {
            return;
        }
    }
}

/// Stores a batch, trying again for ten seconds; then it is lost and counted,
/// and verification goes on.
async fn persist(recorder: &Recorder, database: &Database, batch: &[Event]) {
    let trying = Stopwatch::start();
    loop {
        match store::insert(database.writer(), batch).await {
            Ok(()) => return recorder.count_stored(batch.len()),
            Err(error) if trying.elapsed() >= PATIENCE || recorder.is_closed() => {
                recorder.say_failing();
                recorder.count_lost(batch.len());
                tracing::error!(events = batch.len(), ?error, "events were lost: they could not be stored");
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
    use std::sync::Arc;

    use super::*;
    use crate::events::{KeyFacts, RatelimitDecision, Stored, Verification, read_after};
    use crate::store::Durability;

    fn verification(number: i64) -> Event {
        let facts = KeyFacts {
            workspace: "ws".into(),
            api: "api".into(),
            keyspace: "ks".into(),
            key: "key".into(),
            identity: Some("id".into()),
            external_id: Some("user".to_owned()),
        };
        Event::Verification(Verification {
            time_ms: number,
            request_id: "req".into(),
            facts: Arc::new(facts),
            door: "v2",
            root_key: Some("key_root".into()),
            ip: Some([127, 0, 0, 1].into()),
            outcome: "VALID",
            denial: None,
            spent_credits: 1,
            balance: Some(number),
            latency_us: 12,
            tags: vec!["a".into(), "b".into()],
        })
    }

    fn decision() -> Event {
        Event::Ratelimit(RatelimitDecision {
            time_ms: 5,
            request_id: "req".into(),
            workspace: "ws".into(),
            namespace: "rlns".into(),
            identifier: "user".to_owned(),
            passed: false,
            limit: 1,
            remaining: 0,
            reset_ms: 60_000,
            cost: 2,
            ratelimit_override: Some("rlor".into()),
            root_key: None,
            latency_us: 3,
        })
    }

    async fn database(dir: &tempfile::TempDir) -> Database {
        Database::open::<migration::Events>(&dir.path().join("events.db"), Durability::Normal).await.unwrap()
    }

    #[tokio::test]
    async fn recorded_events_are_read_back_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let database = database(&dir).await;
        let recorder = Recorder::default();
        let writer = Writer::start(recorder.clone(), database.clone(), LastUsed::default());
        for number in 0..45_000 {
            recorder.record(verification(number));
        }
        recorder.record(decision());
        writer.shutdown().await.unwrap();
        let chunks = read_after(database.reader(), 0, 100).await.unwrap();
        assert!(chunks.len() >= 3 && chunks.is_sorted_by_key(|chunk| chunk.id));
        let events: Vec<Stored> = chunks.into_iter().flat_map(|chunk| chunk.events).collect();
        assert_eq!(events.len(), 45_001);
        for (number, event) in events.iter().take(45_000).enumerate() {
            let Stored::Verification(event) = event else { panic!("{event:?}") };
            assert_eq!((event.time_ms, event.balance), (number as i64, Some(number as i64)));
            assert_eq!((event.ip.as_deref(), event.tags.len(), event.latency_us), (Some("127.0.0.1"), 2, 12));
        }
        let Some(Stored::Ratelimit(last)) = events.last() else { panic!("a decision comes last") };
        assert_eq!((last.cost, last.ratelimit_override.as_deref(), last.reset_ms), (2, Some("rlor"), 60_000));
        assert_eq!(recorder.health().stored, 45_001);
    }

    #[tokio::test]
    async fn a_full_queue_drops_the_oldest_and_counts_them() {
        let recorder = Recorder::with_capacity(10);
        for number in 0..12 {
            recorder.record(verification(number));
        }
        assert_eq!(recorder.health().lost, 5);
        let kept: Vec<i64> = recorder.take().iter().map(Event::time_ms).collect();
        assert_eq!(kept, [5, 6, 7, 8, 9, 10, 11]);
    }

    #[tokio::test]
    async fn events_that_cannot_be_stored_are_counted_lost() {
        let dir = tempfile::tempdir().unwrap();
        let database = database(&dir).await;
        database.close().await.unwrap();
        let recorder = Recorder::default();
        recorder.record(verification(1));
        Writer::start(recorder.clone(), database, LastUsed::default()).shutdown().await.unwrap();
        let health = recorder.health();
        assert_eq!((health.lost, health.storing), (1, false));
    }
}
