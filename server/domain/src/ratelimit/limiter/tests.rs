use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;

use super::*;

fn check(name: &str, limit: u64, cost: u64) -> Check<'_> {
    Check {
        workspace: "ws",
        scope: Scope::Namespace,
        subject: "rlns",
        name,
        limit,
        duration_ms: 60_000,
        cost,
    }
}

fn take(limiter: &Limiter, checks: &[Check<'_>], now_ms: i64) -> Taken {
    match limiter.take_many(checks, now_ms) {
        Attempt::Taken(taken) => taken,
        other => panic!("nothing was spilled and there is room, yet {other:?}"),
    }
}

#[test]
fn counts_down_and_denies_without_taking() {
    let limiter = Limiter::new(100);
    let remaining: Vec<_> = (0..4)
        .map(|_| take(&limiter, &[check("a", 3, 1)], 0).decisions[0])
        .map(|d| (d.exceeded, d.remaining))
        .collect();
    assert_eq!(remaining, [(false, 2), (false, 1), (false, 0), (true, 0)]);
    assert_eq!(take(&limiter, &[check("a", 3, 0)], 0).decisions[0].remaining, 0);
    assert!(take(&limiter, &[check("a", 4, 1)], 0).passed, "the limit is no part of the counter");
}

#[test]
fn a_batch_takes_all_or_nothing() {
    let limiter = Limiter::new(100);
    let refused = take(&limiter, &[check("a", 10, 2), check("b", 1, 2)], 0);
    assert!(!refused.passed);
    let seen: Vec<_> = refused.decisions.iter().map(|d| (d.exceeded, d.remaining)).collect();
    assert_eq!(seen, [(false, 10), (true, 0)]);
    assert_eq!(take(&limiter, &[check("a", 10, 0)], 0).decisions[0].remaining, 10);
}

#[test]
fn looking_answers_like_taking_and_takes_nothing() {
    let limiter = Limiter::new(100);
    let look = |cost| match limiter.look_many(&[check("a", 3, cost)], 0) {
        Attempt::Taken(taken) => taken,
        other => panic!("{other:?}"),
    };
    for cost in [0, 1, 3, 4] {
        let looked = look(cost);
        assert_eq!(looked, look(cost));
        let fresh = Limiter::new(100);
        assert_eq!(looked, take(&fresh, &[check("a", 3, cost)], 0));
    }
    assert_eq!(take(&limiter, &[check("a", 3, 3)], 0).decisions[0].remaining, 0);
}

#[test]
fn items_on_one_counter_see_each_other() {
    let limiter = Limiter::new(100);
    assert!(!take(&limiter, &[check("a", 3, 2), check("a", 3, 2)], 0).passed);
    let passed = take(&limiter, &[check("a", 4, 2), check("a", 4, 2)], 0);
    assert_eq!(passed.decisions.iter().map(|d| d.remaining).collect::<Vec<_>>(), [2, 0]);
}

#[test]
fn two_limits_around_a_window_edge_are_refused() {
    let limiter = Limiter::new(100);
    assert!(take(&limiter, &[check("a", 10, 10)], 59_999).passed);
    assert!(!take(&limiter, &[check("a", 10, 1)], 60_000).passed);
    assert!(take(&limiter, &[check("a", 10, 1)], 66_000).passed);
}

#[test]
fn zero_and_huge_numbers_are_safe() {
    let limiter = Limiter::new(100);
    assert!(!take(&limiter, &[check("a", 0, 0)], 0).passed);
    assert!(take(&limiter, &[check("a", u64::MAX, u64::MAX)], 0).passed);
    assert!(!take(&limiter, &[check("a", 1, 0)], 0).passed);
    assert!(!take(&limiter, &[check("b", 5, u64::MAX), check("b", 5, u64::MAX)], 0).passed);
    assert_eq!(take(&limiter, &[check("b", 5, 0)], 0).decisions[0].remaining, 5);
}

#[test]
fn a_request_that_took_long_finds_no_fresh_window() {
    let limiter = Limiter::new(100);
    assert!(take(&limiter, &[check("a", 5, 5)], 600_000).passed);
    for now_ms in [1, 599_999, 600_000] {
        assert!(!take(&limiter, &[check("a", 5, 1)], now_ms).passed, "at {now_ms}");
    }
}

#[test]
fn a_clock_set_back_gives_nothing_back_and_freezes_nothing() {
    let limiter = Limiter::new(100);
    assert!(take(&limiter, &[check("a", 5, 5)], 7_200_000).passed);
    limiter.rebase(30_000);
    let refused = take(&limiter, &[check("a", 5, 1)], 30_000);
    assert_eq!((refused.passed, refused.decisions[0].reset_ms), (false, 60_000));
    assert!(take(&limiter, &[check("a", 5, 5)], 120_000).passed);
}

#[test]
fn what_was_on_its_way_when_the_clock_was_set_back_is_brought_back_in_passing() {
    let limiter = Limiter::new(100);
    limiter.rebase(0);
    assert!(take(&limiter, &[check("late", 5, 5)], 7_200_000).passed);
    assert!(limiter.overflow(0).is_empty());
    assert_eq!(limiter.dirty_rows(0, 60_000)[0].window, Window { index: 0, current: 5, previous: 0 });
    assert!(take(&limiter, &[check("late", 5, 5)], 120_000).passed);
}

#[test]
fn spilled_counters_come_back_with_their_count() {
    let limiter = Limiter::new(1);
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"].iter().cycle().take(800).map(|n| n.to_string()) {
        take(&limiter, &[check(&name, 1000, 1)], 0);
    }
    for extra in 0..500 {
        take(&limiter, &[check(&format!("n{extra}"), 1000, 1)], 0);
    }
    let rows = limiter.overflow(0);
    assert!(!rows.is_empty());
    limiter.forget(&rows);
    for row in &rows {
        let name = row.name.clone();
        let wanted = [check(&name, 1000, 1)];
        let Attempt::NeedsLoad(positions) = limiter.take_many(&wanted, 0) else {
            panic!("{name} was forgotten")
        };
        assert_eq!(positions, [0]);
        limiter.restore([row.clone()], 0);
        limiter.loaded(&wanted);
        assert_eq!(take(&limiter, &wanted, 0).decisions[0].remaining, 1000 - row.window.current - 1);
    }
}

#[test]
fn long_names_leave_memory_sooner() {
    let limiter = Limiter::new(64 * 100);
    for index in 0..6400 {
        let name = format!("{}{index}", "n".repeat(1024));
        take(&limiter, &[check(&name, 10, 1)], 0);
    }
    let rows = limiter.overflow(0);
    assert!((5000..=5200).contains(&rows.len()), "{}", rows.len());
    limiter.forget(&rows);
    assert!(limiter.overflow(0).is_empty());
}

#[test]
fn a_counter_that_changed_is_not_forgotten() {
    let limiter = Limiter::new(1);
    for index in 0..200 {
        take(&limiter, &[check(&format!("n{index}"), 10, 1)], 0);
    }
    let rows = limiter.overflow(0);
    for row in &rows {
        take(&limiter, &[check(&row.name, 10, 1)], 0);
    }
    limiter.forget(&rows);
    assert_eq!(limiter.len(), 200);
}

#[test]
fn snapshots_hold_what_changed_and_restore_it() {
    let limiter = Limiter::new(100);
    take(&limiter, &[check("a", 10, 4)], 0);
    let rows = limiter.dirty_rows(0, 60_000);
    assert_eq!(rows.len(), 1);
    assert!(limiter.dirty_rows(0, 60_000).is_empty());
    take(&limiter, &[check("a", 10, 1)], 0);
    assert_eq!(limiter.live_rows(0)[0].window.current, 5);
    let restarted = Limiter::new(100);
    restarted.restore(limiter.live_rows(0), 0);
    assert_eq!(take(&restarted, &[check("a", 10, 0)], 0).decisions[0].remaining, 5);
    assert!(restarted.dirty_rows(0, 60_000).is_empty());
    assert!(limiter.overflow(200_000).is_empty() && limiter.is_empty(), "dead counters are dropped");
}

#[test]
fn two_hundred_threads_share_fifty_tokens() {
    let limiter = Arc::new(Limiter::new(100));
    let admitted = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..200 {
            scope.spawn(|| {
                if take(&limiter, &[check("other", 1000, 1), check("a", 50, 1)], 0).passed {
                    admitted.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(admitted.load(Ordering::Relaxed), 50);
    assert_eq!(take(&limiter, &[check("other", 1000, 0)], 0).decisions[0].remaining, 950);
}

#[derive(Clone, Debug)]
struct Call {
    items: Vec<(usize, u64)>,
    after_ms: i64,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let item = (0..3_usize, 0..4_u64);
    let call = (prop::collection::vec(item, 1..4), 0..20_000_i64)
        .prop_map(|(items, after_ms)| Call { items, after_ms });
    prop::collection::vec(call, 1..60)
}

const NAMES: [&str; 3] = ["a", "b", "c"];
const LIMITS: [u64; 3] = [5, 7, 3];

proptest! {
    /// Whatever the interleaving of batches over threads, no window ever admits
    /// more than its limit, and refused batches take nothing.
    #[test]
    fn no_interleaving_admits_more_than_a_limit(plan in calls(), threads in 1..5_usize) {
        let limiter = Limiter::new(100);
        let admitted = [const { AtomicU64::new(0) }; 3];
        std::thread::scope(|scope| {
            for part in plan.chunks(plan.len().div_ceil(threads)) {
                let (limiter, admitted) = (&limiter, &admitted);
                scope.spawn(move || for call in part {
                    let checks: Vec<_> = call.items.iter().map(|(n, cost)| check(NAMES[*n], LIMITS[*n], *cost)).collect();
                    if take(limiter, &checks, 1000).passed {
                        for (n, cost) in &call.items {
                            admitted[*n].fetch_add(*cost, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        for (n, name) in NAMES.iter().enumerate() {
            let taken = admitted[n].load(Ordering::Relaxed);
            prop_assert!(taken <= LIMITS[n], "{name}: {taken} of {}", LIMITS[n]);
            prop_assert_eq!(take(&limiter, &[check(name, LIMITS[n], 0)], 1000).decisions[0].remaining, LIMITS[n] - taken);
        }
    }

    /// Over time the limiter is the plain sliding window: a model that keeps
    /// every admission agrees with each decision.
    #[test]
    fn decisions_follow_the_sliding_window(plan in calls()) {
        let limiter = Limiter::new(100);
        let mut log: Vec<(usize, u64, i64)> = Vec::new();
        let mut now_ms = 0_i64;
        for call in plan {
            now_ms += call.after_ms;
            let window = now_ms / 60_000;
            let mut pending = log.clone();
            let mut fits = true;
            for (n, cost) in &call.items {
                let sum = |at: i64| pending.iter().filter(|(m, _, w)| m == n && *w == at).map(|(_, c, _)| c).sum::<u64>();
                let left = u64::try_from(60_000 - now_ms % 60_000).unwrap();
                let total = sum(window) + sum(window - 1) * left / 60_000 + cost;
                fits &= total <= LIMITS[*n];
                pending.push((*n, *cost, window));
            }
            let checks: Vec<_> = call.items.iter().map(|(n, cost)| check(NAMES[*n], LIMITS[*n], *cost)).collect();
            prop_assert_eq!(take(&limiter, &checks, now_ms).passed, fits);
            if fits {
                log = pending;
            }
        }
    }
}
