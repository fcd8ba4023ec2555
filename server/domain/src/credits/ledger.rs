//! Group-committed spends.
//!
//! Every spend is decided inside a transaction that reads the balance itself, so
//! sets, refills and other spends can never be lost or counted twice. Callers
//! that arrive while one runs share the next: one commit for all of them, then
//! all are answered.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::ids::KeyId;
use tokio::sync::{mpsc, oneshot};

use crate::keys::balances;
use base::error::{Code, Error, Result};
use base::store::{Store, Tx};

/// Spends that share one transaction at most.
const BATCH: usize = 512;
/// Spends that may wait; later callers wait to get in line.
const QUEUE: usize = 8192;

/// What became of a spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spend {
    /// The cost was deducted, durably.
    Spent { balance: i64 },
    /// The balance does not cover the cost; nothing was deducted.
    Insufficient { balance: i64 },
    /// The key has no finite credits.
    Unlimited,
}

struct Request {
    key: KeyId,
    cost: i64,
    reply: oneshot::Sender<Result<Spend>>,
}

/// The way to spend. Cheap to clone; ends when every clone is dropped.
#[derive(Clone)]
pub struct Ledger {
    requests: mpsc::Sender<Request>,
    counts: Arc<Counts>,
}

/// Since the start, for metrics.
#[derive(Default)]
struct Counts {
    commits: AtomicU64,
    spends: AtomicU64,
}

impl Ledger {
    /// Starts the task that commits.
    pub fn start(store: Store) -> Self {
        let (requests, queue) = mpsc::channel(QUEUE);
        let counts = Arc::new(Counts::default());
        tokio::spawn(run(store, queue, counts.clone()));
        Self { requests, counts }
    }

    /// Commits, and the spends they carried, since the start.
    pub fn counts(&self) -> (u64, u64) {
        (self.counts.commits.load(Ordering::Relaxed), self.counts.spends.load(Ordering::Relaxed))
    }

    /// Takes `cost` from the balance, all or nothing
    /// (docs/decisions.md#a-spend-is-whole-or-not-at-all). A cost of 0 always
    /// passes. Answers after the commit.
    ///
    /// Fails for a negative cost, a key that is gone, and a database that
    /// cannot commit; nothing is deducted then.
    pub async fn spend(&self, key: &KeyId, cost: i64) -> Result<Spend> {
        if cost < 0 {
            return Err(Error::invalid("A cost cannot be negative."));
        }
        let (reply, answer) = oneshot::channel();
        let request = Request { key: key.clone(), cost, reply };
        self.requests.send(request).await.map_err(|_| Error::internal("the ledger has ended"))?;
        answer.await.map_err(|_| Error::internal("the ledger dropped a spend"))?
    }
}

async fn run(store: Store, mut queue: mpsc::Receiver<Request>, counts: Arc<Counts>) {
    let mut batch = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        let outcome = commit(&store, &batch).await;
        counts.commits.fetch_add(1, Ordering::Relaxed);
        counts.spends.fetch_add(batch.len() as u64, Ordering::Relaxed);
        answer(batch.drain(..), outcome);
    }
}

/// One outcome per request; `None` stands for a key that is gone.
///
/// Keys that can pay for all of their spends do so in one statement, which is a
/// transaction of its own. Only the spends of the others are decided one by one.
async fn commit(store: &Store, requests: &[Request]) -> Result<Vec<Option<Spend>>> {
    let mut totals: HashMap<&KeyId, i64> = HashMap::new();
    for request in requests {
        let total = totals.entry(&request.key).or_default();
        *total = total.saturating_add(request.cost);
    }
    let mut balances = balances::spend_totals(store.database().writer(), &totals).await?;
    for (key, balance) in &mut balances {
        *balance += totals[key];
    }
    let rest: Vec<(&KeyId, i64)> = requests
        .iter()
        .filter(|request| !balances.contains_key(&request.key))
        .map(|request| (&request.key, request.cost))
        .collect();
    let mut decided = if rest.is_empty() {
        Vec::new().into_iter()
    } else {
        store.write(|tx| async move { one_by_one(&tx, &rest).await }).await?.into_iter()
    };
    let outcome = |request: &Request| match balances.get_mut(&request.key) {
        Some(balance) => {
            *balance -= request.cost;
            Some(Spend::Spent { balance: *balance })
        }
        None => decided.next().flatten(),
    };
    Ok(requests.iter().map(outcome).collect())
}

/// Decides spends in their order; what does not fit takes nothing.
async fn one_by_one(tx: &Tx, spends: &[(&KeyId, i64)]) -> Result<Vec<Option<Spend>>> {
    let mut keys: Vec<&KeyId> = spends.iter().map(|(key, _)| *key).collect();
    keys.sort_unstable();
    keys.dedup();
    let before = balances::locked_balances(tx.db(), &keys).await?;
    let mut after = before.clone();
    let outcomes = spends.iter().map(|(key, cost)| Some(decide(after.get_mut(*key)?, *cost))).collect();
    let changed: HashMap<&KeyId, i64> = after
        .iter()
        .filter(|(key, balance)| before.get(*key) != Some(balance))
        .filter_map(|(key, balance)| Some((key, (*balance)?)))
        .collect();
    balances::set_balances(tx.db(), &changed).await?;
    Ok(outcomes)
}

fn decide(remaining: &mut Option<i64>, cost: i64) -> Spend {
    match remaining {
        None => Spend::Unlimited,
        Some(balance) if cost == 0 || cost <= *balance => {
            *balance -= cost;
            Spend::Spent { balance: *balance }
        }
        Some(balance) => Spend::Insufficient { balance: *balance },
    }
}

fn answer(requests: impl Iterator<Item = Request>, outcome: Result<Vec<Option<Spend>>>) {
    match outcome {
        Ok(spends) => {
            for (request, spend) in requests.zip(spends) {
                // A caller that left does not hear of its spend; it is made all the same.
                let _ = request.reply.send(spend.ok_or_else(|| Error::absent(Code::KeyNotFound)));
            }
        }
        Err(error) => {
            tracing::error!(?error, "a batch of spends could not be committed");
            for request in requests {
                let _ = request.reply.send(Err(Error::new(error.code(), error.detail())));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cost_is_taken_whole_or_not_at_all() {
        let mut balance = Some(3);
        assert_eq!(decide(&mut balance, 4), Spend::Insufficient { balance: 3 });
        assert_eq!(decide(&mut balance, 3), Spend::Spent { balance: 0 });
        assert_eq!(decide(&mut balance, 0), Spend::Spent { balance: 0 });
        assert_eq!(decide(&mut None, 9), Spend::Unlimited);
    }

    proptest! {
        #[test]
        fn a_batch_never_spends_more_than_there_is(start in 0..1000_i64, costs in prop::collection::vec(0..100_i64, 0..100)) {
            let mut balance = Some(start);
            let spent: i64 = costs
                .iter()
                .map(|cost| matches!(decide(&mut balance, *cost), Spend::Spent { .. }).then_some(*cost).unwrap_or(0))
                .sum();
            prop_assert!(spent <= start);
            prop_assert_eq!(balance, Some(start - spent));
        }
    }
}
