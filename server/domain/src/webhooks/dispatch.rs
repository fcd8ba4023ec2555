//! Sending what is due, many at once, and noting what came of it.
//!
//! A delivery is claimed by putting its due time a minute ahead: whoever sends it has
//! noted by then what came of it, and if nobody has, because the process ended, it is
//! due again. Another process on the same database finds it later than now, and leaves
//! it.
//!
//! Endpoints share the places fairly. One gets a few of them; those that are failing
//! get one each and a part of all together, so that many which hang leave room for the
//! others.

use std::collections::HashMap;
use std::pin::Pin;
use std::time::Duration;

use base::ids::{WebhookId, WorkspaceId};
use tokio::task::JoinSet;

use super::deliveries::body;
use super::{DISABLE_AFTER_MS, Delivery, Endpoint, Webhooks, secrets, store};
use base::access::{Door, OpCtx, Principal, Task};
use base::audit::{self, Event, Group};
use base::clock::{HOUR_MS, MINUTE_MS, SECOND_MS};
use base::entropy::Entropy;
use base::error::{Error, Result};
use base::ids::RequestId;
use base::secret::PlainKey;
use base::store::Tx;

/// Requests at once, of one endpoint, and of all that are failing.
const PLACES: usize = 32;
const PLACES_OF_ONE: usize = 4;
const PLACES_OF_FAILING: usize = 16;

/// For how long nobody else sends what was claimed: four times what a request may take.
const CLAIM_MS: i64 = MINUTE_MS;

/// How often it is looked for more while requests are on their way.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Between the first two attempts; then three times as long each time, up to the longest.
const FIRST_WAIT_MS: i64 = 10 * SECOND_MS;
const LONGEST_WAIT_MS: i64 = 12 * HOUR_MS;

/// A request to an endpoint.
#[derive(Clone, Debug)]
pub struct Letter {
    pub url: String,
    /// One for each event, whatever endpoint and attempt.
    pub message_id: String,
    /// Unix seconds.
    pub timestamp_s: i64,
    /// One for each secret that signs, parted by spaces.
    pub signature: String,
    /// JSON.
    pub body: String,
}

/// What came of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posted {
    pub duration_ms: i64,
    /// Of HTTP, if there was an answer.
    pub status: Option<u16>,
    /// What went wrong, for people.
    pub failure: Option<String>,
    /// The beginning of the answer's body.
    pub answer: Option<String>,
}

impl Posted {
    fn is_taken(&self) -> bool {
        self.failure.is_none() && self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// How requests travel, bounded in time and size, and to where they may go.
pub trait Transport: Send + Sync {
    fn post(&self, letter: Letter) -> Pin<Box<dyn Future<Output = Posted> + Send + '_>>;
}

/// A delivery that nobody else sends meanwhile.
struct Claimed {
    delivery: Delivery,
    endpoint: Endpoint,
    sealed_secrets: Vec<Vec<u8>>,
}

impl Webhooks {
    /// Sends what is due until nothing is; answers how many requests that were.
    pub async fn deliver_due(&self) -> Result<u64> {
        let _turn = self.turn.lock().await;
        let mut places = Places::default();
        let mut sending = JoinSet::new();
        let mut sent = 0;
        loop {
            for claimed in self.claim(&places).await? {
                places.take(&claimed.endpoint.id);
                sent += 1;
                let webhooks = self.clone();
                sending.spawn(async move {
                    let endpoint = claimed.endpoint.id.clone();
                    if let Err(error) = webhooks.send(claimed).await {
                        tracing::error!(?error, %endpoint, "a webhook could not be sent, trying again");
                    }
                    endpoint
                });
            }
            if sending.is_empty() {
                return Ok(sent);
            }
            if let Ok(Some(done)) = tokio::time::timeout(LOOK_EVERY, sending.join_next()).await {
                places.give_back(&done.map_err(Error::internal)?);
            }
        }
    }

    async fn claim(&self, places: &Places) -> Result<Vec<Claimed>> {
        let now_ms = self.clock.now_ms();
        let due = store::endpoints_with_due(self.store.read(), now_ms).await?;
        let shares = places.shares(&due);
        if shares.is_empty() {
            return Ok(Vec::new());
        }
        self.store
            .write(|tx| async move {
                let mut claimed = Vec::new();
                for (endpoint, places) in shares {
                    let sealed_secrets = store::secrets(tx.db(), &endpoint.id, now_ms).await?;
                    let due = store::claim(&tx, &endpoint.id, now_ms, now_ms + CLAIM_MS, places).await?;
                    claimed.extend(due.into_iter().map(|delivery| Claimed {
                        delivery,
                        endpoint: endpoint.clone(),
                        sealed_secrets: sealed_secrets.clone(),
                    }));
                }
                Ok(claimed)
            })
            .await
    }

    async fn send(&self, claimed: Claimed) -> Result<()> {
        let started_at = self.clock.now_ms();
        let letter = self.letter(&claimed, started_at).await?;
        let posted = self.transport.post(letter).await;
        self.note(claimed, started_at, posted).await
    }

    async fn letter(&self, claimed: &Claimed, now_ms: i64) -> Result<Letter> {
        let Claimed { delivery, endpoint, sealed_secrets } = claimed;
        let workspace = &delivery.workspace;
        let entry = audit::find(self.store.read(), workspace, &delivery.audit).await?;
        let entry = entry.ok_or_else(|| Error::internal("a delivery tells of no entry"))?;
        let (body, message_id, timestamp_s) = (body(&entry), delivery.audit.to_string(), now_ms / SECOND_MS);
        let binding = secrets::binding(workspace, &endpoint.id);
        let mut signatures = Vec::with_capacity(sealed_secrets.len());
        for sealed in sealed_secrets {
            let secret = self.vault.open_text(workspace, &binding, sealed).await?;
            let secret = PlainKey::new(String::from_utf8(secret).map_err(Error::internal)?);
            signatures.push(secrets::sign(&secret, &message_id, timestamp_s, &body)?);
        }
        let (url, signature) = (endpoint.url.clone(), signatures.join(" "));
        Ok(Letter { url, message_id, timestamp_s, signature, body })
    }

    /// Notes an attempt. What was deleted meanwhile stays deleted.
    async fn note(&self, claimed: Claimed, started_at: i64, posted: Posted) -> Result<()> {
        let now_ms = self.clock.now_ms();
        let Claimed { delivery, endpoint, .. } = claimed;
        self.store
            .write(|tx| async move {
                let Some(delivery) = store::delivery(tx.db(), &endpoint.id, &delivery.id).await? else {
                    return Ok(());
                };
                store::note_attempt(&tx, &delivery, started_at, &posted).await?;
                if posted.is_taken() {
                    store::end(&tx, &delivery, now_ms, true).await?;
                    return store::set_failing_since(&tx, &endpoint.id, None).await;
                }
                match next_attempt(&self.entropy, &delivery, now_ms) {
                    Some(due_at) => store::wait(&tx, &delivery, due_at).await?,
                    None => store::end(&tx, &delivery, now_ms, false).await?,
                }
                self.note_failure(&tx, &endpoint, &posted, now_ms).await
            })
            .await
    }

    /// Remembers since when an endpoint fails, and disables it after too long.
    async fn note_failure(&self, tx: &Tx, endpoint: &Endpoint, posted: &Posted, now_ms: i64) -> Result<()> {
        let Some(endpoint) = store::find(tx.db(), &endpoint.workspace, &endpoint.id).await? else {
            return Ok(());
        };
        let Some(failing_since) = endpoint.failing_since else {
            return store::set_failing_since(tx, &endpoint.id, Some(now_ms)).await;
        };
        if !endpoint.enabled || now_ms - failing_since < DISABLE_AFTER_MS {
            return Ok(());
        }
        let what = match (&posted.failure, posted.status) {
            (Some(failure), _) => failure.clone(),
            (None, status) => format!("it answered {}", status.unwrap_or_default()),
        };
        let reason = format!("Nothing arrived for three days. The last time: {what}.");
        store::disable(tx, &endpoint.id, &reason, now_ms).await?;
        let mut group = Group::new();
        let text = format!("Disabled webhook endpoint {}: {reason}", endpoint.origin());
        group.push(Event::WebhookDisable, text, vec![endpoint.audit_target()]);
        let cx = self.cx(endpoint.workspace.clone(), now_ms);
        group.record(&cx, tx, &self.entropy).await
    }

    fn cx(&self, workspace: WorkspaceId, now_ms: i64) -> OpCtx {
        let request_id = self.entropy.id(RequestId::PREFIX, now_ms);
        OpCtx::new(Principal::Job(Task::WebhookDelivery), workspace, now_ms, request_id, Door::Job)
    }
}

/// When a delivery that just failed is tried again: after a quarter more or less than
/// its turn says, so that those which failed together do not come back together. The last
/// attempt is when it is time to give up.
fn next_attempt(entropy: &Entropy, delivery: &Delivery, now_ms: i64) -> Option<i64> {
    if now_ms >= delivery.give_up_at {
        return None;
    }
    let failures = u32::try_from(delivery.failures).unwrap_or(u32::MAX);
    let wait_ms = FIRST_WAIT_MS.saturating_mul(3_i64.saturating_pow(failures)).min(LONGEST_WAIT_MS);
    let share = i64::from(u16::from_be_bytes(entropy.bytes()));
    let jitter_ms = (wait_ms / 2) * share / i64::from(u16::MAX) - wait_ms / 4;
    Some((now_ms + wait_ms + jitter_ms).min(delivery.give_up_at))
}

/// Which endpoints have how many requests on their way.
#[derive(Default)]
struct Places(HashMap<WebhookId, usize>);

impl Places {
    fn take(&mut self, endpoint: &WebhookId) {
        *self.0.entry(endpoint.clone()).or_default() += 1;
    }

    fn give_back(&mut self, endpoint: &WebhookId) {
        if let Some(taken) = self.0.get_mut(endpoint) {
            *taken -= 1;
            if *taken == 0 {
                self.0.remove(endpoint);
            }
        }
    }

    fn of(&self, endpoint: &WebhookId) -> usize {
        self.0.get(endpoint).copied().unwrap_or_default()
    }

    /// How many more requests each endpoint with something due may have: those with the
    /// fewest come first.
    fn shares(&self, due: &[Endpoint]) -> Vec<(Endpoint, u64)> {
        let mut free = PLACES.saturating_sub(self.0.values().sum());
        let is_failing = |endpoint: &&Endpoint| endpoint.failing_since.is_some();
        let failing: usize = due.iter().filter(is_failing).map(|endpoint| self.of(&endpoint.id)).sum();
        let mut free_of_failing = PLACES_OF_FAILING.saturating_sub(failing);
        let mut due: Vec<&Endpoint> = due.iter().collect();
        due.sort_by_key(|endpoint| (endpoint.failing_since.is_some(), self.of(&endpoint.id)));
        let mut shares = Vec::new();
        for endpoint in due {
            let taken = self.of(&endpoint.id);
            let share = match endpoint.failing_since {
                Some(_) => usize::from(taken == 0).min(free_of_failing),
                None => PLACES_OF_ONE.saturating_sub(taken),
            };
            let share = share.min(free);
            free -= share;
            if endpoint.failing_since.is_some() {
                free_of_failing -= share;
            }
            if share > 0 {
                shares.push((endpoint.clone(), share as u64));
            }
        }
        shares
    }
}

#[cfg(test)]
mod tests {
    use base::clock::DAY_MS;
    use base::ids::AuditId;

    use super::super::{DeliveryState, EventChoice, RETRY_FOR_MS};
    use super::*;

    const NOW_MS: i64 = 1_790_000_000_000;

    fn delivery(failures: i64) -> Delivery {
        Delivery {
            id: "whd_1".into(),
            workspace: "ws_1".into(),
            endpoint: "whep_1".into(),
            audit: AuditId::from("log_1"),
            event: "key.create".to_owned(),
            created_at: NOW_MS,
            state: DeliveryState::Waiting,
            due_at: Some(NOW_MS),
            give_up_at: NOW_MS + RETRY_FOR_MS,
            attempts: failures,
            failures,
            ended_at: None,
        }
    }

    fn endpoint(id: &str, failing: bool) -> Endpoint {
        Endpoint {
            id: id.into(),
            workspace: "ws_1".into(),
            url: "https://example.com".to_owned(),
            description: None,
            events: EventChoice::new(vec!["*".to_owned()]).unwrap(),
            enabled: true,
            disabled_reason: None,
            failing_since: failing.then_some(NOW_MS),
            old_secret_ends_at: None,
            created_at: NOW_MS,
            updated_at: None,
        }
    }

    #[test]
    fn waits_grow_threefold_within_a_quarter_and_end_after_three_days() {
        for seed in 0..50 {
            let entropy = Entropy::seeded(seed);
            let (mut now_ms, mut failures, mut middle_ms) = (NOW_MS, 0, FIRST_WAIT_MS);
            while let Some(due_at) = next_attempt(&entropy, &delivery(failures), now_ms) {
                let is_last = due_at == NOW_MS + RETRY_FOR_MS;
                let wait_ms = due_at - now_ms;
                let least_ms = middle_ms - middle_ms / 4;
                assert!(is_last || (least_ms..=middle_ms + middle_ms / 4).contains(&wait_ms), "{wait_ms}");
                (now_ms, failures) = (due_at, failures + 1);
                middle_ms = (middle_ms * 3).min(LONGEST_WAIT_MS);
            }
            assert_eq!(now_ms, NOW_MS + RETRY_FOR_MS, "the last attempt is at the end");
            assert!((11..=16).contains(&failures), "{failures} attempts");
        }
        assert_eq!(next_attempt(&Entropy::seeded(1), &delivery(i64::MAX), NOW_MS + 4 * DAY_MS), None);
        assert!(next_attempt(&Entropy::seeded(1), &delivery(i64::MAX), NOW_MS).is_some());
    }

    #[test]
    fn endpoints_that_fail_leave_room_for_others() {
        let mut due: Vec<Endpoint> = (0..40).map(|n| endpoint(&format!("bad_{n}"), true)).collect();
        due.extend((0..3).map(|n| endpoint(&format!("good_{n}"), false)));
        let mut places = Places::default();
        for (endpoint, share) in places.shares(&due) {
            assert_eq!(share, if endpoint.failing_since.is_some() { 1 } else { 4 });
            (0..share).for_each(|_| places.take(&endpoint.id));
        }
        assert_eq!(places.0.len(), 3 + 16, "half of the places at most are for those that fail");
        assert!(places.shares(&due).is_empty(), "each has what it may have");
        let later = [endpoint("late", false)];
        assert_eq!(places.shares(&later)[0].1, 4);
        places.give_back(&"good_1".into());
        let again = places.shares(&due);
        assert_eq!((again.len(), again[0].0.id.as_str(), again[0].1), (1, "good_1", 1));
    }
}
