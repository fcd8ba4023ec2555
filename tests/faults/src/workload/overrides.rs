//! Overrides of a namespace: set, changed and deleted through every door, and
//! seen by the next request they apply to.

use std::fmt;

use serde_json::json;

use super::{Hand, Workload};
use crate::checker::Stored;
use crate::doors::change::{Change, Door, Place};
use crate::model::{Known, Outcome};

const MOST: usize = 5;
/// What requests ask for where no override applies.
const ASKED: u64 = 1_000_000;

/// The overrides of one thread, in a namespace of its own.
pub struct Overrides {
    namespace: String,
    namespace_id: String,
    overrides: Vec<Override>,
}

struct Override {
    place: Place,
    known: Known<Option<u64>>,
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "override of {} in {}", self.place.identifier, self.place.namespace)
    }
}

impl Overrides {
    pub fn new(hand: &mut Hand<'_>) -> Self {
        let namespace = hand.fresh("places");
        let body = json!({ "namespace": namespace, "identifier": "first", "limit": 1, "duration": 60_000 });
        hand.prepare_v2("ratelimit.limit", &body);
        Self { namespace, namespace_id: String::new(), overrides: Vec::new() }
    }
}

impl Override {
    fn act(&mut self, hand: &mut Hand<'_>) {
        let Some(state) = self.known.sure().copied() else { return };
        let place = self.place.clone();
        let (change, next) = match state {
            Some(_) if hand.chance(0.3) => (Change::DeleteOverride { place }, None),
            _ => {
                let limit = u64::from(hand.below(1000)) + 1;
                if state == Some(limit) {
                    return;
                }
                (Change::SetOverride { place, limit }, Some(limit))
            }
        };
        let (_, outcome) = hand.doors.make(&change);
        self.known.note(&outcome, next);
        // Its page is known by the id; only an answer or the database tells it.
        self.place.override_id = match (next, outcome) {
            (Some(_), Outcome::Done(made)) => made.id.or(self.place.override_id.take()),
            (None, Outcome::Done(_)) => None,
            _ => self.place.override_id.take(),
        };
    }

    /// Asks without taking anything: the limit that applies is in the answer.
    fn look(&self, hand: &mut Hand<'_>, door: Door) -> Outcome<u64> {
        let body = json!({
            "namespace": self.place.namespace, "identifier": self.place.identifier,
            "limit": ASKED, "duration": 60_000, "cost": 0,
        });
        let answer = match door {
            Door::V1 => hand.doors.connection.v1("ratelimits.limit", &body),
            _ => hand.doors.connection.v2("ratelimit.limit", &body),
        };
        answer.map(|answer| answer["limit"].as_u64().unwrap_or_default())
    }

    fn observe(&mut self, hand: &mut Hand<'_>) {
        let door = hand.doors.any_api();
        if let Outcome::Done(limit) = self.look(hand, door) {
            let seen = format!("{door:?} applies {limit}");
            let seen = self.known.observe(&seen, |state| state.unwrap_or(ASKED) == limit);
            hand.site.journal.compare(&self.to_string(), seen);
        }
    }

    fn check(&mut self, hand: &mut Hand<'_>, stored: &Stored) {
        let namespace_id = self.place.namespace_id.clone();
        let mut rows = stored.rows("overrides", "namespace_id", &namespace_id);
        let row = rows.find(|row| row["identifier"] == self.place.identifier.as_str());
        let live = row.filter(|row| row["deleted_at"].is_null());
        let state = live.and_then(|row| row["max_count"].as_u64());
        let id = row.and_then(|row| row["id"].as_str());
        let groups = stored.groups(id);
        hand.site.journal.compare(&self.to_string(), self.known.settle(&state, groups));
        self.place.override_id = live.and(id).map(ToOwned::to_owned);
        for door in [Door::V1, Door::V2] {
            let outcome = self.look(hand, door);
            let found = hand.answered(self, outcome);
            if found != Some(state.unwrap_or(ASKED)) {
                hand.violation(self, format!("stored: {state:?}"), format!("{door:?} applies {found:?}"));
            }
        }
        self.check_shown(hand, state);
    }

    fn check_shown(&self, hand: &mut Hand<'_>, state: Option<u64>) {
        let Place { namespace, identifier, namespace_id, override_id } = &self.place;
        let path = format!("ratelimits.getOverride?namespaceName={namespace}&identifier={identifier}");
        let v1 = hand.doors.connection.v1_read(&path);
        let body = json!({ "namespace": namespace, "identifier": identifier });
        let v2 = hand.doors.connection.v2("ratelimit.getOverride", &body);
        let mut shown = Vec::new();
        for (door, answer) in [(Door::V1, v1), (Door::V2, v2)] {
            shown.push((door, hand.answered(self, answer).and_then(|found| found["limit"].as_u64())));
        }
        if let Some(id) = override_id {
            let path = format!("/ratelimits/{namespace_id}/overrides/{id}");
            if let Some(page) = hand.open(&path) {
                let limit =
                    page.form(&path).and_then(|form| form.value("limit")?.replace(',', "").parse().ok());
                shown.push((Door::Dashboard, limit));
            }
        }
        for (door, found) in shown {
            if found != state {
                hand.violation(self, format!("stored: {state:?}"), format!("{door:?} shows {found:?}"));
            }
        }
    }
}

impl Workload for Overrides {
    fn step(&mut self, hand: &mut Hand<'_>) {
        if self.overrides.len() < MOST {
            let identifier = hand.fresh("place");
            let (namespace, namespace_id) = (self.namespace.clone(), self.namespace_id.clone());
            let place = Place { namespace, namespace_id, identifier, override_id: None };
            self.overrides.push(Override { place, known: Known::new(None) });
        }
        if let Some(chosen) = hand.index(self.overrides.len()) {
            let one = &mut self.overrides[chosen];
            one.observe(hand);
            one.act(hand);
            one.observe(hand);
        }
    }

    fn check(&mut self, hand: &mut Hand<'_>, stored: &Stored) {
        if let Some(row) = stored.rows("namespaces", "name", &self.namespace).next() {
            self.namespace_id = row["id"].as_str().unwrap_or_default().to_owned();
        }
        for one in &mut self.overrides {
            one.place.namespace_id.clone_from(&self.namespace_id);
            one.check(hand, stored);
        }
    }
}
