//! Several processes on one Postgres spend, add, take, set and reroll credits of the
//! same keys at once, which are refilled at midnight, and are killed at any moment: each
//! balance is one that some order of what was asked leads to.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use e2e::postgres::Database;
use e2e::{FAKETIME, Launch, MachineClock, Random, Server, eventually, folder, preloadable};
use serde_json::{Value, json};
use tempfile::TempDir;

const MASTER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const FIRST_BALANCE: i64 = 1_000_000;
const KEYS: usize = 8;
const PROCESSES: u64 = 3;
/// For longer no statement goes on, whatever became of the process that sent it.
const STATEMENT: Duration = Duration::from_secs(10);
/// By so much each refill is larger than the one before, so that each is more than what
/// is there, and sets the balance.
const REFILL_STEP: i64 = 10_000_000;
const DAY_SECONDS: u64 = 86_400;

/// A key and what became of it by rerolling: all have one balance.
struct Balance {
    /// Ids and plaintexts, the oldest first.
    keys: Mutex<Vec<(String, String)>>,
    changes: Mutex<Vec<Change>>,
}

/// What was asked about a balance, and when.
#[derive(Clone, Copy)]
struct Change {
    effect: Effect,
    sent_at: Instant,
    /// Where there was no answer, it happened or did not.
    is_answered: bool,
    /// From then on nothing comes of it.
    settled_at: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Add(i64),
    Set(i64),
}

/// What all processes have in common.
struct Site {
    database: Database,
    clock: MachineClock,
    /// By so much the clock was ahead when all began, at noon: far from any midnight.
    ahead_seconds: u64,
}

impl Site {
    fn create() -> Self {
        let database = Database::create();
        let noon = database.ask("SELECT 129600 - extract(epoch FROM now())::bigint % 86400");
        let ahead_seconds = noon.parse().expect("a number");
        let clock = MachineClock::ahead_by(ahead_seconds);
        Self { database, clock, ahead_seconds }
    }

    fn start(&self) -> (Server, TempDir) {
        let data = folder();
        let launch = Launch::new(data.path()).env("UNKEY_DATABASE_URL", self.database.url());
        let launch = launch.preload(&[preloadable(FAKETIME)]).clock_file(&self.clock.file());
        (launch.env("UNKEY_MASTER_KEY", MASTER_KEY).start(), data)
    }
}

/// What is asked next, and what it does to the balance.
fn request(random: &mut Random, (id, key): &(String, String)) -> (&'static str, Value, Effect) {
    let amount = 1 + random.below(9) as i64;
    let credits = |operation: &str, value| json!({ "keyId": id, "operation": operation, "value": value });
    match random.below(400) {
        0..=9 => {
            let to = FIRST_BALANCE + 1000 * random.below(1000) as i64;
            ("keys.updateCredits", credits("set", to), Effect::Set(to))
        }
        10..=49 => ("keys.updateCredits", credits("increment", amount), Effect::Add(amount)),
        50..=89 => ("keys.updateCredits", credits("decrement", amount), Effect::Add(-amount)),
        // Which writes every column of the key.
        90..=129 => ("keys.updateKey", json!({ "keyId": id, "name": format!("n{amount}") }), Effect::Add(0)),
        // Valid for longer than the days that go by.
        130 => {
            ("keys.rerollKey", json!({ "keyId": id, "expiration": 4_000_000_000_000_u64 }), Effect::Add(0))
        }
        _ => {
            let body = json!({ "key": key, "credits": { "cost": amount } });
            ("keys.verifyKey", body, Effect::Add(-amount))
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "what came before what is told by a clock")]
fn now() -> Instant {
    Instant::now()
}

/// Asks one process after the other, each killed while the last call is under way.
fn work(seed: u64, site: &Site, balances: &[Balance]) {
    let mut random = Random(seed);
    let end = now() + Duration::from_secs(600);
    let is_over = |done| if e2e::is_long() { now() > end } else { done >= 4 };
    for done in 0.. {
        if is_over(done) {
            return;
        }
        let (mut server, _data) = site.start();
        let calls = 100 + random.below(300);
        for call in 0..calls {
            let balance = &balances[random.below(KEYS as u64) as usize];
            let key = {
                let keys = balance.keys.lock().expect("nobody panicked");
                keys[random.below(keys.len() as u64) as usize].clone()
            };
            let (operation, body, effect) = request(&mut random, &key);
            let killer = (call + 1 == calls).then(|| {
                let (pid, delay) = (server.pid(), Duration::from_micros(random.below(5000)));
                std::thread::spawn(move || {
                    std::thread::sleep(delay);
                    e2e::kill(pid);
                })
            });
            ask(&server, operation, &body, effect, balance);
            if let Some(killer) = killer {
                killer.join().expect("it kills");
            }
        }
        server.kill();
    }
}

fn ask(server: &Server, operation: &str, body: &Value, effect: Effect, balance: &Balance) {
    let sent_at = now();
    let answer = server.try_call(operation, body).ok().filter(|answer| answer.status == 200);
    let is_answered = answer.is_some();
    let settled_at = if is_answered { now() } else { now() + STATEMENT };
    let change = Change { effect, sent_at, is_answered, settled_at };
    balance.changes.lock().expect("nobody panicked").push(change);
    let Some(answer) = answer else { return };
    let data = &answer.body["data"];
    match operation {
        "keys.verifyKey" => assert_eq!(data["code"], "VALID", "{data}"),
        "keys.rerollKey" => {
            let text = |name: &str| data[name].as_str().expect("text").to_owned();
            balance.keys.lock().expect("nobody panicked").push((text("keyId"), text("key")));
        }
        _ => {}
    }
}

/// Lets midnights pass while the others work, and has all balances refilled after each.
fn refill(server: &Server, site: &Site, balances: &[Balance], is_over: impl Fn() -> bool) -> i64 {
    let mut day = 0;
    while !is_over() {
        day += 1;
        let amount = REFILL_STEP * day;
        for balance in balances {
            let (id, _) = balance.keys.lock().expect("nobody panicked")[0].clone();
            let refill = json!({ "interval": "daily", "amount": amount });
            let body = json!({ "keyId": id, "credits": { "refill": refill } });
            assert_eq!(server.call("keys.updateKey", &body).status, 200);
        }
        let sent_at = now();
        let ahead = site.ahead_seconds + DAY_SECONDS * day.unsigned_abs();
        site.clock.set_ahead_by(ahead);
        // Whoever runs or starts sees to it, and nobody knows who is first.
        let refilled = format!(
            "SELECT count(*) FROM keys WHERE refill_amount = {amount} AND balance_key_id IS NULL \
             AND last_refill_at > (extract(epoch FROM now()) + {ahead} - 21600) * 1000"
        );
        eventually("the refills", || (site.database.ask(&refilled) == KEYS.to_string()).then_some(()));
        let settled_at = now();
        for balance in balances {
            let change = Change { effect: Effect::Set(amount), sent_at, is_answered: true, settled_at };
            balance.changes.lock().expect("nobody panicked").push(change);
        }
    }
    day
}

/// Whether some order of the changes, in which none that was answered comes after one
/// that was sent later, leads to `left`.
fn is_explained(changes: &[Change], left: i64) -> bool {
    let epoch = changes.iter().map(|change| change.sent_at).min().expect("some change");
    let first =
        Change { effect: Effect::Set(FIRST_BALANCE), sent_at: epoch, is_answered: true, settled_at: epoch };
    let precedes = |one: &Change, other: &Change| one.settled_at < other.sent_at;
    let sets: Vec<Change> = [first]
        .into_iter()
        .chain(changes.iter().copied().filter(|change| matches!(change.effect, Effect::Set(_))))
        .collect();
    sets.iter().enumerate().any(|(place, last)| {
        let Effect::Set(to) = last.effect else { unreachable!("it is a set") };
        let was_first = place == 0;
        // A set that was surely carried out later would be the last one.
        let is_replaced =
            sets.iter().skip(1).any(|other| other.is_answered && (was_first || precedes(last, other)));
        let (mut least, mut most) = (to, to);
        for change in changes {
            let Effect::Add(amount) = change.effect else { continue };
            if !was_first && precedes(change, last) {
                continue;
            }
            let is_sure = change.is_answered && (was_first || precedes(last, change));
            least += if is_sure { amount } else { amount.min(0) };
            most += if is_sure { amount } else { amount.max(0) };
        }
        !is_replaced && (least..=most).contains(&left)
    })
}

#[test]
fn credits_are_exact_among_processes_that_are_killed() {
    let site = Site::create();
    let (first, _data) = site.start();
    let api = first.api();
    let balances: Vec<Balance> = (0..KEYS)
        .map(|_| {
            let key = first.key(&api, json!({ "credits": { "remaining": FIRST_BALANCE } }));
            Balance { keys: Mutex::new(vec![key]), changes: Mutex::default() }
        })
        .collect();
    let days = std::thread::scope(|scope| {
        let (site, balances) = (&site, &balances);
        let workers: Vec<_> =
            (0..PROCESSES).map(|seed| scope.spawn(move || work(seed, site, balances))).collect();
        refill(&first, site, balances, || workers.iter().all(|worker| worker.is_finished()))
    });
    assert!(days > 1, "hardly anything was refilled");
    let database = &site.database;
    for balance in &balances {
        let (keys, changes) =
            (balance.keys.lock().expect("nobody panicked"), balance.changes.lock().expect("nobody panicked"));
        // What users are shown of any of them is what is stored once.
        let newest = &keys.last().expect("a key").0;
        let stored = database.ask(&format!(
            "SELECT remaining FROM keys WHERE id = (SELECT coalesce(balance_key_id, id) FROM keys WHERE id = '{newest}')"
        ));
        let left: i64 = stored.parse().expect("a number");
        assert!(is_explained(&changes, left), "{newest}: {left} after {} changes", changes.len());
        assert!(!is_explained(&changes, left + 700), "anything would be explained");
        for (id, _) in keys.iter() {
            let shown = first.call("keys.getKey", &json!({ "keyId": id })).data();
            assert_eq!(shown["credits"]["remaining"], left, "{id}");
        }
    }
    let deadlocks = database.ask("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
    assert_eq!(deadlocks, "0");
    spends_touch_no_index(&first, database, &balances);
}

/// New values of a balance stay on its page, but for some of rows that find it full.
fn spends_touch_no_index(server: &Server, database: &Database, balances: &[Balance]) {
    const SPENDS: usize = 1000;
    database.ask("SELECT pg_stat_reset_single_table_counters('keys'::regclass)");
    for number in 0..SPENDS {
        let (_, key) =
            balances[number % KEYS].keys.lock().expect("nobody panicked").last().cloned().expect("a key");
        assert_eq!(server.verify(&key), "VALID");
    }
    let counts = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'keys'";
    let (updates, hot) = eventually("the counts of the updates", || {
        let counts = database.ask(counts);
        let (updates, hot) = counts.split_once('|')?;
        let (updates, hot): (usize, usize) = (updates.parse().ok()?, hot.parse().ok()?);
        (updates >= SPENDS).then_some((updates, hot))
    });
    assert!(hot * 100 >= updates * 99, "{hot} of {updates} updates are HOT");
}
