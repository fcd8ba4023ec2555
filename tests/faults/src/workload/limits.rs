//! Rate limits with windows of a day: identifiers, counted by both APIs on one
//! counter, and keys that every verification counts. What was admitted is never
//! more than the limit.

use std::fmt;
use std::time::Instant;

use serde_json::{Value, json};

use super::{Hand, Workload};
use crate::checker::Stored;
use crate::doors::change::{Change, Door};
use crate::model::Outcome;
use crate::time::{ServerClock, now};

const MOST: usize = 6;
const WINDOW_MS: i64 = 86_400_000;

/// What one thread counts.
pub struct Limits {
    namespace: String,
    counted: Vec<Counted>,
}

struct Counted {
    subject: Subject,
    limit: u32,
    admitted: Vec<Admission>,
    /// Requests of which nobody can tell.
    unsure: u32,
}

#[derive(Clone)]
enum Subject {
    Identifier { namespace: String, identifier: String },
    Key { name: String, secret: String },
}

struct Admission {
    at: Instant,
    /// The windows that the server may have counted it in.
    windows: (i64, i64),
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::Identifier { namespace, identifier } => {
                write!(f, "identifier {identifier} in {namespace}, limit {}", self.limit)
            }
            Subject::Key { name, .. } => write!(f, "limited key {name}, limit {}", self.limit),
        }
    }
}

impl Subject {
    /// Counts one; whether it was admitted.
    fn take(&self, hand: &mut Hand<'_>, limit: u32) -> Outcome<bool> {
        let door = hand.doors.any_api();
        let connection = &mut hand.doors.connection;
        match self {
            Self::Identifier { namespace, identifier } => {
                let body = json!({
                    "namespace": namespace, "identifier": identifier, "limit": limit, "duration": WINDOW_MS,
                });
                let answer = match door {
                    Door::V1 => connection.v1("ratelimits.limit", &body),
                    _ => connection.v2("ratelimit.limit", &body),
                };
                answer.map(|answer: Value| answer["success"] == true)
            }
            Self::Key { secret, .. } => {
                connection.verify(door, secret, 0, None).map(|verdict| verdict.code == "VALID")
            }
        }
    }
}

impl Limits {
    pub fn new(hand: &mut Hand<'_>) -> Self {
        let namespace = hand.fresh("counts");
        // Made by its first use.
        let body =
            json!({ "namespace": namespace, "identifier": "first", "limit": 1, "duration": WINDOW_MS });
        hand.prepare_v2("ratelimit.limit", &body);
        Self { namespace, counted: Vec::new() }
    }

    fn create(&mut self, hand: &mut Hand<'_>) {
        let limit = hand.below(12) + 1;
        let subject = if hand.chance(0.6) {
            Subject::Identifier { namespace: self.namespace.clone(), identifier: hand.fresh("id") }
        } else {
            let mut new = hand.new_key("limited");
            new.daily_limit = Some(limit.into());
            let name = new.name.clone();
            let Outcome::Done(made) = hand.doors.make(&Change::CreateKey(new)).1 else { return };
            let Some(secret) = made.secret else { return };
            Subject::Key { name, secret }
        };
        self.counted.push(Counted { subject, limit, admitted: Vec::new(), unsure: 0 });
    }
}

impl Counted {
    fn take(&mut self, hand: &mut Hand<'_>) {
        let before = hand.site.clock.bounds_ms().0;
        let outcome = self.subject.clone().take(hand, self.limit);
        let after = hand.site.clock.bounds_ms().1;
        hand.site.journal.outcome(&format!("take of {self}"), &outcome);
        match outcome {
            Outcome::Done(true) => {
                let windows = (before / WINDOW_MS, after / WINDOW_MS);
                self.admitted.push(Admission { at: now(), windows });
                self.check_admitted(hand);
            }
            Outcome::Done(false) => self.check_denied(hand),
            Outcome::Refused(_) => {}
            Outcome::Unsure { .. } => self.unsure += 1,
        }
    }

    /// Windows that admissions may have fallen into, and those that the clock was moved back
    /// to in between: what was counted by then is counted there, and fades from there on
    /// (docs/architecture.md), so the day after begins once more.
    fn windows(&self, clock: &ServerClock) -> usize {
        let admitted = self.admitted.iter().map(|admission| admission.windows.0);
        let begun = self.admitted.first().map(|admission| admission.at);
        let moved_to = begun.and_then(|at| clock.oldest_since(at)).map(|shown_ms| shown_ms / WINDOW_MS);
        let first = admitted.chain(moved_to).min();
        let last = self.admitted.iter().map(|admission| admission.windows.1).max();
        usize::try_from(last.unwrap_or_default() - first.unwrap_or_default() + 1).unwrap_or(1)
    }

    fn check_admitted(&self, hand: &Hand<'_>) {
        let forgotten =
            self.admitted.iter().filter(|admission| hand.site.is_forgettable(admission.at)).count();
        let windows = self.windows(&hand.site.clock);
        let most = self.limit as usize * windows + forgotten;
        if self.admitted.len() > most {
            let model = format!("at most {most} admitted in {windows} windows");
            hand.violation(self, model, format!("{} admitted", self.admitted.len()));
        }
    }

    /// A refusal needs a reason: as many as the limit may have been counted.
    fn check_denied(&self, hand: &Hand<'_>) {
        let counted = self.admitted.len() + self.unsure as usize;
        if counted < self.limit as usize && !hand.site.clock.was_moved() {
            let model = format!("{} of {} used at most", counted, self.limit);
            hand.violation(self, model, "denied");
        }
    }
}

impl Workload for Limits {
    fn step(&mut self, hand: &mut Hand<'_>) {
        if self.counted.len() < 2 || hand.chance(0.08) {
            return self.create(hand);
        }
        if let Some(chosen) = hand.index(self.counted.len()) {
            for _ in 0..hand.below(3) + 1 {
                self.counted[chosen].take(hand);
            }
        }
    }

    /// The counters are in memory: they are compared by counting on.
    fn check(&mut self, hand: &mut Hand<'_>, _: &Stored) {
        for counted in &mut self.counted {
            counted.take(hand);
        }
        self.counted.drain(..self.counted.len().saturating_sub(MOST));
    }
}
