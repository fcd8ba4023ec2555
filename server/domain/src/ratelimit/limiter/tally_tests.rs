//! Places are taken and given back exactly, wherever counters go meanwhile.

use std::collections::HashMap;

use proptest::prelude::*;

use super::tally::{Demand, WindowCount};
use super::*;

fn own<'a>(subject: &'a str, name: &'a str, duration_ms: u64) -> Check<'a> {
    Check { workspace: "ws", scope: Scope::Key, subject, name, limit: 100, duration_ms, cost: 1 }
}

fn in_namespace<'a>(workspace: &'a str, name: &'a str) -> Check<'a> {
    Check { workspace, scope: Scope::Namespace, ..own("rlns", name, 1000) }
}

fn taken(limiter: &Limiter, subject: &str) -> [u64; 2] {
    let counts = limiter.tally.taken(limiter.tally.owners("ws", Scope::Key, subject));
    [counts[0], counts[1]]
}

#[test]
fn a_key_brings_up_so_many_counters_and_no_more() {
    let limiter = Limiter::new(1_000_000);
    let names: Vec<String> = (0..MAX_OWN + 1).map(|n| format!("n{n}")).collect();
    let take = |names: &[String], now_ms| {
        let checks: Vec<_> = names.iter().map(|name| own("key", name, 1000)).collect();
        limiter.take_own(&checks, now_ms)
    };
    let most = usize::try_from(MAX_OWN).unwrap();
    for hundred in names[..most].chunks(100) {
        assert!(matches!(take(hundred, 0), Attempt::Taken(_)));
    }
    // Of a batch with one counter too many, nothing is taken.
    let last = [names[0].clone(), names[most].clone()];
    assert!(matches!(take(&last, 0), Attempt::Full(Full::Owner)));
    let Attempt::Taken(counted) = take(&last[..1], 0) else { panic!("the counter is there") };
    assert_eq!(counted.decisions[0].remaining, 98);
    // Other keys, and limits that are stored, are not affected.
    assert!(matches!(limiter.take_own(&[own("other", "n", 1000)], 0), Attempt::Taken(_)));
    assert!(matches!(limiter.take_many(&[own("key", &last[1], 1000)], 0), Attempt::Taken(_)));
    assert_eq!(taken(&limiter, "key"), [MAX_OWN + 1, MAX_OWN + 2]);
    // Dead counters give their places back.
    limiter.overflow(3000);
    assert_eq!(taken(&limiter, "key"), [0, 0]);
    assert!(matches!(take(&names[..100], 3000), Attempt::Taken(_)));
}

#[test]
fn a_workspace_has_so_many_counters_whoever_asks() {
    let limiter = Limiter::new(1000).max_per_workspace(3);
    let check = in_namespace;
    let take = |checks: &[Check<'_>]| limiter.take_many(checks, 0);
    assert!(matches!(take(&[check("ws", "a"), check("ws", "b")]), Attempt::Taken(_)));
    let two = [check("ws", "c"), check("ws", "d")];
    assert!(matches!(take(&two), Attempt::Full(Full::Workspace(3))));
    assert!(matches!(take(&two[..1]), Attempt::Taken(_)));
    assert!(matches!(take(&[check("ws", "a")]), Attempt::Taken(_)));
    assert!(matches!(take(&[check("other", "a")]), Attempt::Taken(_)));
    // A key takes a place in both, or in none.
    assert!(matches!(limiter.take_own(&[own("key", "n", 1000)], 0), Attempt::Full(Full::Workspace(3))));
    assert_eq!(taken(&limiter, "key"), [0, 3]);
    // Looking, and being denied, need no place.
    assert!(matches!(limiter.look_many(&[check("ws", "e")], 0), Attempt::Taken(_)));
    let denied = Check { limit: 0, ..check("ws", "e") };
    assert!(matches!(take(&[denied]), Attempt::Taken(Taken { passed: false, .. })));
    // The budget of API requests is no counter of the workspace's own.
    let budget = Check { scope: Scope::RootKey, ..check("ws", "api") };
    assert!(matches!(take(&[budget]), Attempt::Taken(_)));
}

#[test]
fn a_restart_counts_what_it_restores() {
    let limiter = Limiter::new(1000);
    limiter.take_own(&[own("key", "a", 60_000), own("key", "b", 60_000)], 0);
    let restarted = Limiter::new(1000);
    restarted.restore(limiter.live_rows(0), 0);
    assert_eq!(taken(&restarted, "key"), [2, 2]);
}

#[derive(Clone, Debug)]
enum Step {
    Take { subject: usize, name: usize, duration_ms: u64 },
    Tend,
    Pass { ms: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let take = (0..2_usize, 0..12_usize, prop_oneof![Just(1000), Just(5000), Just(60_000)])
        .prop_map(|(subject, name, duration_ms)| Step::Take { subject, name, duration_ms });
    let pass = (0..4000_i64).prop_map(|ms| Step::Pass { ms });
    proptest::collection::vec(prop_oneof![6 => take, 1 => Just(Step::Tend), 2 => pass], 1..120)
}

proptest! {
    /// With counters that go to disk and come back, places are those of the
    /// counters that still count, as soon as somebody has looked for dead ones.
    #[test]
    fn places_are_those_of_live_counters(steps in steps()) {
        const SUBJECTS: [&str; 2] = ["one", "two"];
        let limiter = Limiter::new(1);
        let mut disk: HashMap<(String, String, u64), CounterRow> = HashMap::new();
        // Until when each counter counts.
        let mut live: HashMap<(usize, usize, u64), i64> = HashMap::new();
        let mut now_ms = 0;
        for step in steps.into_iter().chain([Step::Tend]) {
            match step {
                Step::Pass { ms } => now_ms += ms,
                Step::Take { subject, name, duration_ms } => {
                    let text = format!("n{name}");
                    let checks = [own(SUBJECTS[subject], &text, duration_ms)];
                    if let Attempt::NeedsLoad(_) = limiter.take_own(&checks, now_ms) {
                        let row = disk.get(&(SUBJECTS[subject].to_owned(), text.clone(), duration_ms)).cloned();
                        limiter.restore(row, now_ms);
                        limiter.loaded(&checks);
                        limiter.take_own(&checks, now_ms);
                    }
                    let window = Window { index: now_ms.div_euclid(duration_ms as i64), current: 0, previous: 0 };
                    live.insert((subject, name, duration_ms), window.dead_at_ms(duration_ms));
                }
                Step::Tend => {
                    let rows = limiter.overflow(now_ms);
                    for row in &rows {
                        disk.insert((row.subject.clone(), row.name.clone(), row.duration_ms), row.clone());
                    }
                    limiter.forget(&rows);
                    live.retain(|_, dead_at_ms| *dead_at_ms > now_ms);
                    for (subject, name) in SUBJECTS.iter().enumerate() {
                        let expected = live.keys().filter(|(of, _, _)| *of == subject).count() as u64;
                        prop_assert_eq!(taken(&limiter, name), [expected, live.len() as u64], "at {}", now_ms);
                    }
                }
            }
        }
    }
}

#[test]
fn places_never_exceed_the_bound_whatever_runs_at_once() {
    let tally = WindowCount::new();
    let owners = tally.owners("ws", Scope::Identity, "id");
    let admitted = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..MAX_OWN / 4 {
                    if tally.take(owners, Demand::Own).is_ok() {
                        admitted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(admitted.into_inner(), MAX_OWN);
    assert_eq!(tally.taken(owners), [MAX_OWN, MAX_OWN]);
}
