use proptest::prelude::*;

use super::*;
use base::clock::Clock;

const D: u64 = 1000;

#[test]
fn the_previous_window_fades_linearly() {
    let window = Window { index: 5, current: 3, previous: 10 };
    for (now_ms, tokens) in [(5000, 13), (5001, 12), (5100, 12), (5500, 8), (5999, 3)] {
        assert_eq!(window.base(now_ms, D), Base { tokens, reset_ms: 6000 }, "at {now_ms}");
    }
}

#[test]
fn requests_move_windows_forward_only() {
    let window = Window { index: 5, current: 3, previous: 10 };
    assert_eq!(window.at(5999, D), window);
    assert_eq!(window.at(6000, D), Window { index: 6, current: 0, previous: 3 });
    assert_eq!(window.at(7000, D), Window { index: 7, current: 0, previous: 0 });
    assert_eq!(window.at(1, D), window);
    assert_eq!(window.at(1, D).base(1, D), Base { tokens: 13, reset_ms: 6000 });
}

#[test]
fn a_window_dies_after_the_next_one() {
    let window = Window { index: 5, current: 3, previous: 10 };
    assert!(!window.is_dead(6999, D));
    assert!(window.is_dead(7000, D));
    assert_eq!(window.dead_at_ms(D), 7000);
}

#[test]
fn a_window_that_has_not_begun_comes_back_with_all_it_counted() {
    let window = Window { index: 50, current: 3, previous: 10 };
    assert_eq!(window.rebased(5400, D), Window { index: 5, current: 13, previous: 0 });
    assert_eq!(window.rebased(48_999, D), Window { index: 48, current: 13, previous: 0 });
    // Clocks that are read at the same time differ by as much.
    assert_eq!(window.rebased(49_000, D), window);
    assert_eq!(window.rebased(50_999, D), window);
    assert_eq!(window.rebased(90_000, D), window);
}

#[test]
fn extremes_saturate() {
    let window = Window { index: i64::MAX, current: u64::MAX, previous: u64::MAX };
    let base = window.at(i64::MAX, u64::MAX).base(i64::MAX, u64::MAX);
    assert_eq!((base.tokens, base.reset_ms), (u64::MAX, i64::MAX));
    assert_eq!(index_at(-1, 1000), -1);
    assert_eq!(index_at(5, 0), 5);
    let back = window.rebased(5, u64::MAX);
    assert_eq!(back, Window { index: 0, current: u64::MAX, previous: 0 });
    assert_eq!(back.rebased(i64::MIN, u64::MAX).current, u64::MAX);
}

/// What happens to a limit and to the clock it is counted by.
#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(i64),
    /// And whether the server has dealt with it before anything else happens.
    SetBack(i64, bool),
    SetAhead(i64),
    Take(u64),
    /// The server deals with a clock that was set back.
    Tend,
}

const LIMIT: u64 = 10;
/// Longer than the second that a clock stands still, so that both kinds of step happen within.
const LONG: u64 = 10_000;

/// One counter, used as the limiter uses it.
struct Counter {
    clock: Clock,
    window: Window,
    /// True time and cost of what was admitted since the clock last jumped ahead.
    admitted: Vec<(i64, u64)>,
}

impl Counter {
    fn new() -> Self {
        Self { clock: Clock::manual(1_000_000), window: Window::default(), admitted: Vec::new() }
    }

    fn base(&self) -> Base {
        let now_ms = self.clock.now_ms();
        self.window.at(now_ms, LONG).base(now_ms, LONG)
    }

    fn take(&mut self, cost: u64) -> bool {
        let passes = self.base().tokens + cost <= LIMIT;
        if passes {
            self.window = self.window.at(self.clock.now_ms(), LONG);
            self.window.current += cost;
            self.admitted.push((self.clock.moment().uptime_ms, cost));
        }
        passes
    }

    fn tend(&mut self) {
        self.window = self.window.rebased(self.clock.now_ms(), LONG);
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Pass(ms) => self.clock.advance_ms(ms),
            Step::SetBack(ms, tended) => {
                self.clock.step_ms(-ms);
                if tended {
                    self.tend();
                }
            }
            Step::SetAhead(ms) => {
                self.clock.step_ms(ms);
                // From a counter's view so much time has passed.
                self.admitted.clear();
            }
            Step::Take(cost) => drop(self.take(cost)),
            Step::Tend => self.tend(),
        }
    }

    /// What was admitted within the last `LONG` of true time.
    fn lately(&self) -> u64 {
        let since = self.clock.moment().uptime_ms - LONG.cast_signed();
        self.admitted.iter().filter(|(at, _)| *at > since).map(|(_, cost)| cost).sum()
    }
}

fn back() -> impl Strategy<Value = Step> {
    let by = prop_oneof![1 => 0..2_000_i64, 3 => 1_000..12_000_i64, 1 => 0..900_000_i64];
    (by, any::<bool>()).prop_map(|(ms, tended)| Step::SetBack(ms, tended))
}

fn forward() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..4_000_i64).prop_map(Step::Pass),
        1 => (0..30_000_i64).prop_map(Step::Pass),
        5 => (0..=LIMIT).prop_map(Step::Take),
        1 => Just(Step::Tend),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ahead = prop_oneof![0..30_000_i64, 0..2_300_000_000_000_i64].prop_map(Step::SetAhead);
    prop::collection::vec(prop_oneof![6 => forward(), 1 => back(), 1 => ahead], 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// While the clock only goes forward there is nothing to rebase.
    #[test]
    fn a_clock_that_goes_forward_never_rebases(steps in prop::collection::vec(forward(), 1..80)) {
        let mut counter = Counter::new();
        for step in steps {
            counter.run(step);
            let before = counter.window;
            counter.tend();
            prop_assert_eq!(counter.window, before);
        }
    }

    /// However the clock is set, at the moment it is set back no more may be
    /// taken than before, whether that was dealt with or not.
    #[test]
    fn setting_the_clock_back_gives_nothing_back(steps in steps(), back in back()) {
        let mut counter = Counter::new();
        steps.into_iter().for_each(|step| counter.run(step));
        let before = counter.base().tokens;
        counter.run(back);
        prop_assert!(counter.base().tokens >= before);
        counter.tend();
        prop_assert!(counter.base().tokens >= before);
    }

    /// In a window's length of true time a clock that is set back now and then
    /// admits no more than one that never is: the limit at the end of a window,
    /// and as much again while that fades. One more, because tokens are whole.
    #[test]
    fn setting_the_clock_back_admits_no_more(
        steps in prop::collection::vec(prop_oneof![5 => forward(), 1 => back()], 1..120),
    ) {
        let mut counter = Counter::new();
        for step in steps {
            counter.run(step);
            prop_assert!(counter.lately() <= 2 * LIMIT + 1, "{} in {:?}", counter.lately(), counter.admitted);
        }
    }

    /// Once the clock is right and that was dealt with, the current window ends
    /// when it would (a clock may be a second off), and what was counted before is
    /// forgotten with the end of the next one.
    #[test]
    fn everything_recovers_within_two_windows(steps in steps(), waits in 0..=LONG) {
        let mut counter = Counter::new();
        steps.into_iter().for_each(|step| counter.run(step));
        counter.clock.step_ms(-5_000_000_000_000);
        counter.tend();
        let window = LONG.cast_signed();
        prop_assert!(counter.base().reset_ms <= counter.clock.now_ms() + window + STANDSTILL_MS);
        counter.clock.advance_ms(2 * window + STANDSTILL_MS);
        prop_assert_eq!(counter.base().tokens, 0);
        counter.clock.advance_ms(waits.cast_signed());
        prop_assert!(counter.take(LIMIT));
    }
}
