//! Identities, each with a key: made, changed and deleted through every door, and
//! shown by every verification of the key.

use std::fmt;

use serde_json::{Value, json};

use super::{Hand, Workload};
use crate::checker::Stored;
use crate::doors::Verdict;
use crate::doors::change::{Change, Door};
use crate::model::{Known, Outcome};

const MOST: usize = 4;

/// The identities of one thread.
pub struct Identities(Vec<Identity>);

struct Identity {
    external_id: String,
    id: Option<String>,
    /// Of the key that belongs to it.
    secret: Option<String>,
    /// The plan in its metadata; `None` while it does not exist.
    known: Known<Option<u32>>,
    /// That a key was attached is in the same log.
    was_deleted: bool,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "identity {} ({})", self.external_id, self.id.as_deref().unwrap_or("no id"))
    }
}

impl Identities {
    pub fn new() -> Self {
        Self(Vec::new())
    }

    fn create(&mut self, hand: &mut Hand<'_>) {
        let external_id = hand.fresh("person");
        let plan = hand.below(1000);
        let change = Change::CreateIdentity { external_id: external_id.clone(), plan };
        let (_, outcome) = hand.doors.make(&change);
        let mut known = Known::new(None);
        known.note(&outcome, Some(plan));
        let id = match outcome {
            Outcome::Refused(_) => return,
            Outcome::Done(made) => made.id,
            Outcome::Unsure { .. } => None,
        };
        self.0.push(Identity { external_id, id, secret: None, known, was_deleted: false });
    }
}

impl Identity {
    fn act(&mut self, hand: &mut Hand<'_>) {
        let Some(Some(plan)) = self.known.sure().copied() else { return };
        let (Some(id), external_id) = (self.id.clone(), self.external_id.clone()) else { return };
        if self.secret.is_none() {
            return self.attach_key(hand);
        }
        let (change, next) = if hand.chance(0.2) {
            (Change::DeleteIdentity { id, external_id }, None)
        } else {
            let next = plan + 1;
            (Change::SetIdentityMeta { id, external_id, plan: next }, Some(next))
        };
        let (_, outcome) = hand.doors.make(&change);
        self.known.note(&outcome, next);
        self.was_deleted |= next.is_none() && matches!(outcome, Outcome::Done(_));
    }

    fn attach_key(&mut self, hand: &mut Hand<'_>) {
        let mut new = hand.new_key("belonging");
        new.external_id = Some(self.external_id.clone());
        if let Outcome::Done(made) = hand.doors.make(&Change::CreateKey(new)).1 {
            self.secret = made.secret;
        }
    }

    fn verify(&self, hand: &mut Hand<'_>, door: Door) -> Option<Outcome<Verdict>> {
        let secret = self.secret.as_ref()?;
        Some(hand.doors.connection.verify(door, secret, 0, None))
    }

    fn look(&mut self, hand: &mut Hand<'_>) {
        let door = hand.doors.any_api();
        let Some(Outcome::Done(verdict)) = self.verify(hand, door) else { return };
        let external_id = self.external_id.clone();
        let seen = format!("{door:?} verifies: {:?}", verdict.identity);
        let seen = self.known.observe(&seen, |state| shows(&verdict, door, &external_id, *state));
        hand.site.journal.compare(&self.to_string(), seen);
    }

    fn check(&mut self, hand: &mut Hand<'_>, stored: &Stored) {
        let live: Vec<_> = stored
            .rows("identities", "external_id", &self.external_id)
            .filter(|row| row["deleted_at"].is_null())
            .collect();
        if live.len() > 1 {
            hand.violation(self, "one identity", format!("stored: {live:?}"));
        }
        let row = live.first();
        let state = row.and_then(|row| plan_in(row["meta"].as_str()));
        if let Some(row) = row {
            self.id = row["id"].as_str().map(ToOwned::to_owned);
        }
        let groups = stored.groups(self.id.as_deref());
        hand.site.journal.compare(&self.to_string(), self.known.settle(&state, groups));
        self.check_doors(hand, state);
    }

    fn check_doors(&self, hand: &mut Hand<'_>, state: Option<u32>) {
        let v1 =
            hand.doors.connection.v1_read(&format!("identities.getIdentity?externalId={}", self.external_id));
        let v2 = hand.doors.connection.v2("identities.getIdentity", &json!({ "identity": self.external_id }));
        for (door, answer) in [(Door::V1, v1), (Door::V2, v2)] {
            let found = hand.answered(self, answer).and_then(|found| found["meta"]["plan"].as_u64());
            if found != state.map(u64::from) {
                hand.violation(self, format!("stored: {state:?}"), format!("{door:?} shows {found:?}"));
            }
            let verdict = self.verify(hand, door).and_then(|outcome| hand.answered(self, outcome));
            if let Some(verdict) = verdict
                && !shows(&verdict, door, &self.external_id, state)
            {
                let found = format!("{door:?} verifies: {:?}", verdict.identity);
                hand.violation(self, format!("stored: {state:?}"), found);
            }
        }
        if let (Some(id), Some(_)) = (&self.id, state) {
            let path = format!("/identities/{id}/edit");
            let Some(page) = hand.open(&path) else { return };
            let found = page.form(&path).and_then(|form| plan_in(form.value("meta")));
            if found != state {
                hand.violation(self, format!("stored: {state:?}"), format!("the dashboard shows {found:?}"));
            }
        }
    }
}

/// Whether a verification shows an identity in this state.
fn shows(verdict: &Verdict, door: Door, external_id: &str, state: Option<u32>) -> bool {
    match (&verdict.identity, state) {
        (None, None) => true,
        // v1 shows whose key it is, not what is known of them.
        (Some((shown, _)), Some(_)) if door == Door::V1 => shown == external_id,
        (Some((shown, plan)), Some(state)) => shown == external_id && *plan == u64::from(state),
        _ => false,
    }
}

fn plan_in(meta: Option<&str>) -> Option<u32> {
    let meta: Value = serde_json::from_str(meta?).ok()?;
    meta["plan"].as_u64().and_then(|plan| u32::try_from(plan).ok())
}

impl Workload for Identities {
    fn step(&mut self, hand: &mut Hand<'_>) {
        if self.0.len() < MOST {
            return self.create(hand);
        }
        if let Some(chosen) = hand.index(self.0.len()) {
            let identity = &mut self.0[chosen];
            identity.look(hand);
            identity.act(hand);
            identity.look(hand);
        }
    }

    fn check(&mut self, hand: &mut Hand<'_>, stored: &Stored) {
        for identity in &mut self.0 {
            identity.check(hand, stored);
        }
        // A deleted one was compared; another takes its place.
        self.0.retain(|identity| !identity.was_deleted && identity.id.is_some());
    }
}
