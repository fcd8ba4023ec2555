//! Group-committed spends.
//!
//! Every spend is decided inside a transaction that reads the balance itself, so
//! sets, refills and other spends can never be lost or counted twice. Callers
//! that arrive while one runs share the next: one commit for all of them, then
//! all are answered.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::ids::{IdentityId, KeyId};
use tokio::sync::{mpsc, oneshot};

use crate::identities::{self, MonthAccount, Spending};
use crate::keys::balances;
use base::error::{Code, Error, Result};
use base::month::Month;
use base::store::{Store, Tx};

/// Spends that share one transaction at most.
const BATCH: usize = 512;
/// Spends that may wait; later callers wait to get in line.
const QUEUE: usize = 8192;

/// What became of a spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spend {
    /// The cost was deducted, durably; `None` is the balance of a key without finite
    /// credits, whose identity has a cap.
    Spent { balance: Option<i64> },
    /// The balance does not cover the cost; nothing was deducted.
    Insufficient { balance: i64 },
    /// The month of the identity does not cover the cost; nothing was deducted.
    CapReached { balance: Option<i64> },
    /// There is nothing to deduct from.
    Unlimited,
}

/// The month of an identity, which spends of its keys count in.
pub type MonthOf = (IdentityId, Month);

struct Request {
    key: KeyId,
    month: Option<MonthOf>,
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

    /// Takes `cost` from the balance, and from the month of an identity that has a cap,
    /// all or nothing (docs/decisions.md#a-spend-is-whole-or-not-at-all). A cost of 0
    /// always passes. Answers after the commit.
    ///
    /// Fails for a negative cost, a key that is gone, and a database that
    /// cannot commit; nothing is deducted then.
    pub async fn spend(&self, key: &KeyId, month: Option<MonthOf>, cost: i64) -> Result<Spend> {
        if cost < 0 {
            return Err(Error::invalid("A cost cannot be negative."));
        }
        let (reply, answer) = oneshot::channel();
        let request = Request { key: key.clone(), month, cost, reply };
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

/// One answer per request.
///
/// Keys that can pay for all of their spends do so in one statement, which is a
/// transaction of its own. Only the spends of the others, and those that count in a
/// month, are decided one by one, in a second transaction: if that fails, the spends of
/// the first are made all the same.
async fn commit(store: &Store, requests: &[Request]) -> Result<Vec<Result<Spend>>> {
    let counted: HashSet<&KeyId> =
        requests.iter().filter(|request| request.month.is_some()).map(|request| &request.key).collect();
    let mut totals: HashMap<&KeyId, i64> = HashMap::new();
    for request in requests.iter().filter(|request| !counted.contains(&request.key)) {
        let total = totals.entry(&request.key).or_default();
        *total = total.saturating_add(request.cost);
    }
    let mut balances = match totals.is_empty() {
        true => HashMap::new(),
        false => balances::spend_totals(store.database().writer(), &totals).await?,
    };
    for (key, balance) in &mut balances {
        *balance += totals[key];
    }
    let rest: Vec<&Request> =
        requests.iter().filter(|request| !balances.contains_key(&request.key)).collect();
    let decided = match rest.is_empty() {
        true => Ok(Vec::new()),
        false => store.write(|tx| async move { one_by_one(&tx, &rest).await }).await,
    };
    let mut decided = decided.inspect_err(told).map(Vec::into_iter);
    let outcome = |request: &Request| match (balances.get_mut(&request.key), &mut decided) {
        (Some(balance), _) => {
            *balance -= request.cost;
            Ok(Spend::Spent { balance: Some(*balance) })
        }
        (None, Ok(decided)) => decided.next().flatten().ok_or_else(|| Error::absent(Code::KeyNotFound)),
        (None, Err(error)) => Err(Error::new(error.code(), error.detail())),
    };
    Ok(requests.iter().map(outcome).collect())
}

/// Decides spends in their order; what does not fit takes nothing. `None` stands for a
/// key that is gone.
async fn one_by_one(tx: &Tx, spends: &[&Request]) -> Result<Vec<Option<Spend>>> {
    let mut keys: Vec<&KeyId> = spends.iter().map(|request| &request.key).collect();
    keys.sort_unstable();
    keys.dedup();
    let before = balances::locked_balances(tx.db(), &keys).await?;
    let months_before = months(tx, spends).await?;
    let (mut after, mut months) = (before.clone(), months_before.clone());
    let outcome = |request: &&Request| {
        let month = request.month.as_ref().and_then(|month| months.get_mut(month));
        Some(decide(after.get_mut(&request.key)?, month.map(|month| &mut month.spending), request.cost))
    };
    let outcomes = spends.iter().map(outcome).collect();
    let changed: HashMap<&KeyId, i64> = after
        .iter()
        .filter(|(key, balance)| before.get(*key) != Some(balance))
        .filter_map(|(key, balance)| Some((key, (*balance)?)))
        .collect();
    balances::set_balances(tx.db(), &changed).await?;
    months.retain(|month, account| months_before.get(month) != Some(account));
    save(tx, &months).await?;
    Ok(outcomes)
}

/// The months that spends count in. Of a batch they are one or, when a month ends, two.
async fn months(tx: &Tx, spends: &[&Request]) -> Result<HashMap<MonthOf, MonthAccount>> {
    let counted: BTreeSet<(Month, &IdentityId)> = spends
        .iter()
        .filter_map(|request| request.month.as_ref().map(|(identity, month)| (*month, identity)))
        .collect();
    let mut accounts = HashMap::new();
    for month in counted.iter().map(|(month, _)| *month).collect::<BTreeSet<_>>() {
        let ids: Vec<&IdentityId> =
            counted.iter().filter(|(of, _)| *of == month).map(|(_, identity)| *identity).collect();
        let found = identities::month_accounts(tx.db(), month, &ids).await?;
        accounts.extend(found.into_iter().map(|(identity, account)| ((identity, month), account)));
    }
    Ok(accounts)
}

async fn save(tx: &Tx, accounts: &HashMap<MonthOf, MonthAccount>) -> Result<()> {
    for month in accounts.keys().map(|(_, month)| *month).collect::<BTreeSet<_>>() {
        let of_month: Vec<(&IdentityId, &MonthAccount)> = accounts
            .iter()
            .filter(|((_, of), _)| *of == month)
            .map(|((identity, _), account)| (identity, account))
            .collect();
        identities::save_month_accounts(tx.db(), month, &of_month).await?;
    }
    Ok(())
}

/// What the key lacks is told before what its identity does.
fn decide(remaining: &mut Option<i64>, month: Option<&mut Spending>, cost: i64) -> Spend {
    if let Some(balance) = *remaining
        && cost > 0
        && cost > balance
    {
        return Spend::Insufficient { balance };
    }
    if month.as_ref().is_some_and(|month| cost > 0 && cost > month.left()) {
        return Spend::CapReached { balance: *remaining };
    }
    let is_limited = remaining.is_some() || month.is_some();
    if let Some(balance) = remaining {
        *balance -= cost;
    }
    if let Some(month) = month {
        month.spent_credits += cost;
    }
    match is_limited {
        true => Spend::Spent { balance: *remaining },
        false => Spend::Unlimited,
    }
}

fn answer(requests: impl Iterator<Item = Request>, outcome: Result<Vec<Result<Spend>>>) {
    match outcome {
        Ok(spends) => {
            for (request, spend) in requests.zip(spends) {
                // A caller that left does not hear of its spend; it is made all the same.
                let _ = request.reply.send(spend);
            }
        }
        Err(error) => {
            told(&error);
            for request in requests {
                let _ = request.reply.send(Err(Error::new(error.code(), error.detail())));
            }
        }
    }
}

fn told(error: &Error) {
    tracing::error!(?error, "a batch of spends could not be committed");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cost_is_taken_whole_or_not_at_all() {
        let mut balance = Some(3);
        assert_eq!(decide(&mut balance, None, 4), Spend::Insufficient { balance: 3 });
        assert_eq!(decide(&mut balance, None, 3), Spend::Spent { balance: Some(0) });
        assert_eq!(decide(&mut balance, None, 0), Spend::Spent { balance: Some(0) });
        assert_eq!(decide(&mut None, None, 9), Spend::Unlimited);
    }

    #[test]
    fn a_month_and_a_balance_are_both_charged_or_neither() {
        let mut month = Spending { monthly_credits: 10, spent_credits: 4 };
        let mut balance = Some(5);
        assert_eq!(decide(&mut balance, Some(&mut month), 6), Spend::Insufficient { balance: 5 });
        assert_eq!(decide(&mut balance, Some(&mut month), 5), Spend::Spent { balance: Some(0) });
        assert_eq!(month.spent_credits, 9);
        let mut other = Some(8);
        assert_eq!(decide(&mut other, Some(&mut month), 2), Spend::CapReached { balance: Some(8) });
        assert_eq!(decide(&mut None, Some(&mut month), 2), Spend::CapReached { balance: None });
        assert_eq!(decide(&mut None, Some(&mut month), 1), Spend::Spent { balance: None });
        assert_eq!(decide(&mut other, Some(&mut month), 0), Spend::Spent { balance: Some(8) });
        assert_eq!((other, month.spent_credits), (Some(8), 10));
    }

    proptest! {
        #[test]
        fn a_batch_never_spends_more_than_there_is(
            start in 0..1000_i64,
            most in prop::option::of(0..1000_i64),
            costs in prop::collection::vec(0..100_i64, 0..100),
        ) {
            let mut balance = Some(start);
            let mut month = most.map(|monthly_credits| Spending { monthly_credits, spent_credits: 0 });
            let spent: i64 = costs
                .iter()
                .map(|cost| {
                    let spend = decide(&mut balance, month.as_mut(), *cost);
                    matches!(spend, Spend::Spent { .. }).then_some(*cost).unwrap_or(0)
                })
                .sum();
            prop_assert!(spent <= start);
            prop_assert!(most.is_none_or(|most| spent <= most));
            prop_assert_eq!(balance, Some(start - spent));
            prop_assert_eq!(month.map(|month| month.spent_credits), most.map(|_| spent));
        }
    }
}
