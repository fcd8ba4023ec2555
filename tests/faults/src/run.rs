//! A run: rounds of work, fault, comparison, restart and comparison again, until
//! there were enough or something is wrong.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::checker::{await_quiet, check_files};
use crate::faults::Kind;
use crate::journal::{Tally, Violation};
use crate::schedule::{Round, Schedule};
use crate::site::Site;
use crate::time::now;
use crate::workload::Owner;

/// Threads that own objects.
const OWNERS: usize = 3;
/// How long they are at work before and after a fault.
const BEFORE: Duration = Duration::from_millis(900);
const AFTER: Duration = Duration::from_millis(700);

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub kinds: Vec<Kind>,
    /// Rounds at most.
    pub rounds: usize,
    /// Keeps the folder in any case.
    pub keeps_all: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Report {
    /// Faults by kind.
    pub faults: BTreeMap<&'static str, u32>,
    pub starts: u32,
    pub tally: Tally,
    pub violations: Vec<Violation>,
    /// The folder with the data, the log and the journal; kept if something is wrong or it was asked for.
    pub kept: Option<PathBuf>,
}

impl Plan {
    /// Runs it. `say` is told about each round.
    pub fn run(&self, mut say: impl FnMut(&str)) -> std::io::Result<Report> {
        let start = now();
        let site = Site::new()?;
        let mut faults = BTreeMap::new();
        {
            let mut schedule = Schedule::new(self.seed, &self.kinds).take(self.rounds).peekable();
            let first = schedule.peek().map(|round| round.fault.equipment());
            site.equip(first.unwrap_or_default());
            site.await_ready();
            if site.journal.violations().is_empty() {
                let mut owners: Vec<_> =
                    (0..OWNERS).map(|number| Owner::new(&site, number, self.seed)).collect();
                for round in schedule {
                    say(&line(&site, start, &round));
                    *faults.entry(round.kind.name()).or_default() += 1;
                    play(&site, &mut owners, round);
                    if !site.journal.violations().is_empty() {
                        break;
                    }
                }
            }
        }
        site.stop();
        let (tally, violations) = (site.journal.tally(), site.journal.violations());
        let starts = site.starts();
        let kept = (self.keeps_all || !violations.is_empty()).then(|| site.keep());
        Ok(Report { faults, starts, tally, violations, kept })
    }
}

fn line(site: &Site, start: Instant, round: &Round) -> String {
    let Tally { done, refused, unsure, .. } = site.journal.tally();
    let elapsed = start.elapsed().as_secs();
    format!(
        "{elapsed:4} s, round {}: {:?} ({done} done, {refused} refused, {unsure} unsure so far)",
        round.number, round.fault
    )
}

fn play(site: &Site, owners: &mut [Owner<'_>], mut round: Round) {
    site.journal.begin(format!("round {}, {}: {:?}", round.number, round.kind, round.fault));
    if round.fault.is_elsewhere() {
        return round.fault.strike(site, &mut round.rng);
    }
    site.equip(round.fault.equipment());
    site.await_ready();
    at_work(owners, || {
        std::thread::sleep(BEFORE);
        round.fault.strike(site, &mut round.rng);
        if site.revive() && !round.fault.may_end_the_server() {
            site.journal.violation("the server", "goes on", "it ended by itself");
        }
        std::thread::sleep(AFTER);
    });
    compare(site, owners);
    round.fault.check(site, &mut round.rng);
    if round.ends_in_a_kill {
        site.kill();
    } else {
        site.stop();
    }
    site.start();
    compare(site, owners);
}

/// Lets owners work while something happens.
fn at_work(owners: &mut [Owner<'_>], happens: impl FnOnce()) {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for owner in owners {
            let is_over = &is_over;
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    owner.step();
                }
            });
        }
        // Also when a panic ends it: nobody would get to know of that otherwise.
        let _end = OnDrop(&is_over);
        happens();
    });
}

/// Is set once this is dropped.
struct OnDrop<'a>(&'a AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Compares everything, once the server is ready and nothing is under way.
fn compare(site: &Site, owners: &mut [Owner<'_>]) {
    site.await_ready();
    await_quiet(site);
    let Some(stored) = check_files(site) else { return };
    std::thread::scope(|scope| {
        for owner in owners {
            let stored = &stored;
            scope.spawn(move || owner.check(stored));
        }
    });
    site.journal.line("compared");
}
